#!/usr/bin/env bash
# Runs every command of the `sh` blocks of the README and of docs/recipes.md against the demo site, in order, in a
# folder of its own. A command may end with `# exit N`; without it, 0 is expected. A block that says `sh TOOL` is
# left out where that tool is not. Then the examples, and the links of all pages. FETCHALL names a program that is
# built already.
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
cp urls.example.txt "$work/"
mkdir "$work/fixtures"
cp -r fixtures/check "$work/fixtures/"

passed=0 failed=0
run() {
    local command=$1 expected=0 got=0
    if [[ $command =~ \#\ exit\ ([0-9]+)$ ]]; then expected=${BASH_REMATCH[1]}; fi
    (cd "$work" && timeout 60 bash -o pipefail -c "$command") > "$work/.out" 2> "$work/.err" < /dev/null || got=$?
    if [ "$got" = "$expected" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED (exit %s, not %s): %s\n' "$got" "$expected" "$command"
        head -n 5 "$work/.out" "$work/.err"
    fi
}
# Blocks marked `sh` are run, one command a line; a line that ends with \ goes on.
blocks() {
    awk '/^```sh( |$)/ {inside = 1; tool = $2; next} /^```/ {inside = 0} inside {print (tool ? tool : "-") "\t" $0}' "$1" \
        | sed -e ':a' -e '/\\$/N; s/\\\n[^\t]*\t *//; ta' | grep -v "$(printf '\t') *#" | grep -v "$(printf '\t') *\$"
}
left_out=
for page in README.md docs/recipes.md; do
    while IFS=$'\t' read -r tool command; do
        if [ "$tool" != - ] && ! command -v "$tool" > /dev/null; then
            case $left_out in *" $tool"*) ;; *) left_out="$left_out $tool" ;; esac
            continue
        fi
        run "${command//8080/$port}"
    done < <(blocks "$page")
done
[ -z "$left_out" ] || echo "left out, for they are not here: the blocks of$left_out"
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
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
