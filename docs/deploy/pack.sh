#!/usr/bin/env bash
# An archive for a release: the program, manual pages, completions, licences, and the digest beside it; and a
# package for Debian where cargo-deb is there. Into target/pack; `pack.sh TARGET` cross-compiles for that target.
#   bash docs/deploy/pack.sh
#   FETCHALL=target/debug/fetchall bash docs/deploy/pack.sh     # packs a program that is built already
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${1:-}
out=target/pack
# Archives of the same commit are the same, byte by byte.
when=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || date +%s)}

if [ -n "${FETCHALL:-}" ]; then
    program=$FETCHALL
else
    cargo build --release --locked --features parquet ${target:+--target "$target"}
    program=${CARGO_TARGET_DIR:-target}/${target:+$target/}release/fetchall
fi
# Pages and completions are written by a program that runs here.
speaker=$program
"$speaker" --version > /dev/null 2>&1 || speaker=$(command -v fetchall) || { echo 'pack.sh: no fetchall that runs here' >&2; exit 1; }
version=$("$speaker" --version | awk '{print $2}')
triple=${target:-$(rustc -vV | sed -n 's/^host: //p')}
name=fetchall-$version-$triple

rm -rf "$out/papers" "${out:?}/$name"
mkdir -p "$out/papers/man" "$out/papers/completions" "$out/$name"
"$speaker" man "$out/papers/man"
gzip -9nf "$out/papers/man"/*.1
"$speaker" completions bash > "$out/papers/completions/fetchall"
"$speaker" completions zsh > "$out/papers/completions/_fetchall"
"$speaker" completions fish > "$out/papers/completions/fetchall.fish"
"$speaker" completions powershell > "$out/papers/completions/_fetchall.ps1"

cp "$program" LICENSE-APACHE LICENSE-MIT README.md docs/CHANGELOG.md "$out/$name/"
cp -r "$out/papers/man" "$out/papers/completions" "$out/$name/"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$when" -C "$out" -cf - "$name" | gzip -9n > "$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" > "$name.tar.gz.sha256")
rm -rf "${out:?}/$name"
echo "$out/$name.tar.gz"

if command -v cargo-deb > /dev/null && [ -z "$target" ] && [ -z "${FETCHALL:-}" ]; then
    cargo deb --no-build --no-strip --output "$out/"
fi
