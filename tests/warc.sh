#!/usr/bin/env bash
# Archives before other judges: warcio and our own verify check every one that the tests have written,
# cdxj-indexer makes the same index as we do, pywb replays a site to a client that asks for compression, wacz
# validates a package. Needs python3-venv.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
target=${CARGO_TARGET_DIR:-$root/target}
venv=$target/warc-judges
# shellcheck source=judges.sh
. tests/judges.sh
if ! missing=$(warc_judges "$venv"); then
    echo "skipped: $missing"
    exit 0
fi
bin=$venv/bin
work=$(mktemp -d)
trap 'kill "${site:-}" "${wayback:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $*"; failed=$((failed + 1)); }

# The demo site, whole.
cargo build --release --locked --quiet
PATH=$target/release:$PATH
fetchall demo --serve --port 0 > "$work/base" 2> /dev/null & site=$!
for _ in $(seq 100); do [ -s "$work/base" ] && break; sleep 0.05; done
port=$(sed -n '1s/.*:\([0-9]*\).*/\1/p' "$work/base")
[ -n "$port" ] || { echo "the demo site did not start" >&2; exit 1; }
paths="/ /gzip /deflate /br /json /article/1 /article/2 /echo /list"
for path in $paths; do echo "http://127.0.0.1:$port$path"; done > "$work/urls.txt"
fetchall "$work/urls.txt" --warc "$work/demo.warc.gz" -o "$work/demo.jsonl" -q

checked=0
for archive in "$work/demo.warc.gz" "$target"/tmp/warcs/*.warc*; do
    [ -e "$archive" ] || continue
    "$bin/warcio" check "$archive" > "$work/said" 2>&1 || fail "warcio check $archive: $(tail -n 3 "$work/said")"
    # Of revisits and responses there is a line for each.
    lines=$("$bin/cdxj-indexer" "$archive" 2> /dev/null | wc -l)
    answers=$("$bin/warcio" index -f warc-type "$archive" | grep -cE '"(response|revisit)"' || true)
    [ "$lines" = "$answers" ] || fail "cdxj-indexer $archive: $lines lines, $answers answers"
    # A server that lies about its coding is kept with its lie; the tests have one such page.
    fetchall warc verify "$archive" -f text -q > "$work/said" || true
    if grep ' error ' "$work/said" | grep -vE 'http\.encoding: .*/wrong\)$'; then fail "fetchall warc verify $archive"; fi
    "$bin/cdxj-indexer" --sort "$archive" 2> /dev/null | LC_ALL=C sort > "$work/theirs.cdxj"
    fetchall warc index "$archive" -q > "$work/ours.cdxj" || fail "fetchall warc index $archive"
    diff "$work/theirs.cdxj" "$work/ours.cdxj" > "$work/said" || fail "index of $archive: $(head -n 4 "$work/said")"
    checked=$((checked + 1))
done

# The site as a package.
fetchall warc wacz "$work/demo.warc.gz" -o "$work/demo.wacz" -q || fail "fetchall warc wacz"
"$bin/wacz" validate -f "$work/demo.wacz" > "$work/said" 2>&1 || fail "wacz validate: $(tail -n 3 "$work/said")"

# Replayed by somebody else, with and without compression.
(cd "$work" && "$bin/wb-manager" init demo > /dev/null && "$bin/wb-manager" add demo demo.warc.gz > /dev/null) 2> "$work/said" || fail "wb-manager: $(cat "$work/said")"
start_wayback "$bin" "$work" || fail "pywb does not start: $(tail -n 3 "$work/wayback.log")"
replayed=0
for path in / /gzip /deflate /br /json /article/1; do
    url=http://127.0.0.1:$port$path
    curl -s --compressed "$url" > "$work/served"
    for how in --compressed ''; do
        # shellcheck disable=SC2086
        curl -sS $how "http://127.0.0.1:$wayback_port/demo/20990101000000id_/$url" > "$work/replayed" || fail "pywb $path $how"
        cmp -s "$work/served" "$work/replayed" || fail "pywb $path $how: not what was served"
        replayed=$((replayed + 1))
    done
done
echo "$checked archives checked, $replayed pages replayed, $failed failed"
[ "$failed" = 0 ] && [ "$checked" -gt 1 ]
# The next run of the tests writes its own.
rm -rf "$target/tmp/warcs"
