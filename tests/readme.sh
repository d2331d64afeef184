#!/usr/bin/env bash
# Runs the blocks of the README and of all pages of docs/ (tests/blocks.py says how) against the demo site, then the
# examples, and the links of all pages. FETCHALL names a program that is built already.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
target=${CARGO_TARGET_DIR:-$root/target}
[ -n "${FETCHALL:-}" ] || cargo build --release --locked --quiet
program=$(realpath "${FETCHALL:-$target/release/fetchall}")
work=$(mktemp -d)
trap 'kill "${site:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

# The site that the README talks about, on a free port in place of 8080.
mkdir "$work/.bin"
ln -s "$program" "$work/.bin/fetchall"
PATH=$work/.bin:$PATH
fetchall demo --serve --port 0 > "$work/base" 2> /dev/null & site=$!
for _ in $(seq 100); do [ -s "$work/base" ] && break; sleep 0.05; done
port=$(sed -n '1s/.*:\([0-9]*\).*/\1/p' "$work/base")
[ -n "$port" ] || { echo "the demo site did not start" >&2; exit 1; }

# Several pages at a time, each in a folder of its own.
failed=0
python3 tests/blocks.py "$port" README.md docs/*.md || failed=1

passed=0
run() {
    local command=$1 got=0
    (cd "$work" && timeout 60 bash -o pipefail -c "$command") > "$work/.out" 2> "$work/.err" < /dev/null || got=$?
    if [ "$got" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED (exit %s): %s\n' "$got" "$command"
        head -n 5 "$work/.out" "$work/.err"
    fi
}
# The examples, as their own heads say.
cd "$root"
cargo build --locked --quiet --examples --all-features
examples=${CARGO_TARGET_DIR:-$root/target}/debug/examples
cd "$work"
run "$examples/fetch_many http://127.0.0.1:$port/ http://127.0.0.1:$port/missing | grep -q 'http.client_error'"
run "$examples/catalogue 2> sum | jq -se 'length == 50 and (map(.name) | unique | length) == 50 and all(.path | length == 3)'"
run "grep -qx '50 things, 2677.75 € in all' sum"
run "printf 'http://127.0.0.1:$port/article/%s\n' 3 1 2 | $examples/jsonl | jq -se 'map(.seq) == [0, 1, 2] and all(.data.heading)'"
# Links of all pages, to files and headings.
cd "$root"
run "fetchall check $root/docs $root/README.md $root/benches/README.md --external off"
echo "examples and links: $passed passed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
