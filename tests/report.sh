#!/usr/bin/env bash
# The page of --report html and of `fetchall report`, in a real browser.
#
# Installs what it needs (Chromium, Node.js, jq) on a Debian machine, builds the page's script and style anew
# and compares them with what is committed, makes runs of several kinds, and looks at their pages: offline,
# numbers against jq, 100,000 records, hostile text, axe-core, keyboard, links into a page, without scripts, narrow,
# on paper; and at runs while they go on (--dashboard). FETCHALL names a program that is built already.
set -euo pipefail
cd "$(dirname "$0")/.."

needed=()
command -v chromium > /dev/null || needed+=(chromium)
command -v node > /dev/null || needed+=(nodejs)
command -v npm > /dev/null || needed+=(npm)
command -v jq > /dev/null || needed+=(jq)
if [ ${#needed[@]} -gt 0 ]; then
    sudo=''; [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${needed[@]}"
fi

page=src/report/html/page
echo '== the page is built from its sources'
(cd "$page" && npm ci --ignore-scripts --silent && npm run --silent check)
kept=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2> /dev/null || true; rm -rf "$kept"' EXIT
cp -r "$page/dist" "$kept/dist"
(cd "$page" && npm run --silent build)
diff -r "$kept/dist" "$page/dist" || { echo "dist is not what the sources make: commit $page/dist"; exit 1; }

if [ -z "${FETCHALL:-}" ]; then
    cargo build --locked --quiet
    FETCHALL=${CARGO_TARGET_DIR:-target}/debug/fetchall
fi
FETCHALL=$(realpath "$FETCHALL")

echo '== runs'
# A real one: the demo's list of good and bad pages, with its page written by the run itself.
"$FETCHALL" demo --serve -q > "$kept/site" & server=$!
for _ in $(seq 100); do [ -s "$kept/site" ] && break; sleep 0.1; done
site=$(head -1 "$kept/site"); site=${site%/}
real() { local want=$1; shift; local got=0; "$FETCHALL" "$@" -q || got=$?; [ "$got" = "$want" ] || { echo "fetchall $* ended with $got"; exit 1; }; }
"$FETCHALL" "$site/list" --no-proxy '*' --with body -q -f jsonl | jq -r .body > "$kept/list.txt"
real 1 "$kept/list.txt" --no-proxy '*' -t 3s -r 1 --backoff 50ms..200ms --rate-per-host 40/s -H 'Authorization: Bearer hunter2' \
    --with headers,attempts -o "$kept/real.jsonl" --report html="$kept/real.html" --max-body 2MiB
real 1 crawl "$site/catalogue/" --no-proxy '*' --depth 2 --max-pages 60 --robots ignore -o "$kept/crawl.jsonl" --report html="$kept/crawl.html" || true
mkdir "$kept/docs"
printf '# A\n\n[gone](missing.md) [here](b.md#nowhere) [well](b.md)\n' > "$kept/docs/a.md"
printf '# B\n\n[gone too](missing.md) <script>window.hit=1</script>\n' > "$kept/docs/b.md"
real 1 check "$kept/docs" --report html="$kept/check.html" --report jsonl="$kept/check.jsonl"
# Made up, large and hostile.
node tests/report/synthetic.mjs 3000 > "$kept/small.jsonl"
node tests/report/synthetic.mjs 100000 > "$kept/large.jsonl"
for name in small large; do "$FETCHALL" report "$kept/$name.jsonl" -o "$kept/$name.html"; done

echo '== every page gives its run back'
for name in real crawl small large; do "$FETCHALL" report "$kept/$name.html" --format jsonl | cmp - "$kept/$name.jsonl"; done
"$FETCHALL" report "$kept/check.html" --format jsonl | jq -cS . | sort | cmp - <(jq -cS . "$kept/check.jsonl" | sort)
if grep -q hunter2 "$kept/real.html"; then echo 'a secret stands in the page'; exit 1; fi

echo '== numbers by jq'
for name in real crawl check small large; do
    jq -s '{all: length, failed: map(select(.ok | not)) | length, skipped: map(select(.ok and .outcome == "skipped")) | length,
        codes: (map(select(.ok | not) | .error.code) | group_by(.) | map({key: (.[0] // "none"), value: length}) | from_entries),
        hosts: (map(.host | values) | group_by(.) | map({key: .[0], value: length}) | from_entries)}' "$kept/$name.jsonl" > "$kept/$name.json"
done

echo '== in the browser'
PAGES="$kept" FETCHALL="$FETCHALL" node --test --test-concurrency=1 tests/report/text.test.mjs tests/report/page.test.mjs tests/report/live.test.mjs
