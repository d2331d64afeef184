#!/usr/bin/env bash
# The script of the GitHub action (.github/actions/fetchall), with arguments that mean harm: each has to reach the
# program as it stands, and nothing of them may be run. Then once with the program itself.
#
# shellcheck disable=SC2016,SC1003,SC2015 # what is quoted is not to be expanded
set -euo pipefail
cd "$(dirname "$0")/.."
action=$PWD/.github/actions/fetchall
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "tests/action.sh: $*" >&2; exit 1; }

# What is given stands in no script.
if awk '/^ *(- )?run:/' "$action/action.yml" | grep -vqx ' *\(- \)\?run: bash "\$GITHUB_ACTION_PATH/[a-z]*\.sh"\( [a-z]*\)\?'; then
    fail 'action.yml has a script of its own'
fi
if grep -nE '\beval\b|\$\{\{' "$action"/*.sh; then fail 'a script evaluates, or has an expression in it'; fi
! command -v shellcheck > /dev/null || shellcheck "$action"/*.sh tests/action.sh

# A program that notes down what it was called with.
mkdir "$work/bin" "$work/at"
cat > "$work/bin/fetchall" << 'PROGRAM'
#!/usr/bin/env bash
printf '%s\0' "$@" > "$NOTED"
exit "${STATUS:-0}"
PROGRAM
chmod +x "$work/bin/fetchall"
export NOTED=$work/noted GITHUB_OUTPUT=$work/output GITHUB_STEP_SUMMARY=$work/summary
# run WANTED_STATUS NAME=VALUE…: the script with these inputs.
run() {
    local want=$1 got=0; shift
    : > "$NOTED"; : > "$GITHUB_OUTPUT"; : > "$GITHUB_STEP_SUMMARY"
    (cd "$work/at" && env PATH="$work/bin:$PATH" COMMAND=check "$@" bash "$action/run.sh") > "$work/said" 2>&1 || got=$?
    [ "$got" = "$want" ] || { cat "$work/said" >&2; fail "exit $got, not $want: $*"; }
}
# noted ARGUMENT…: it was called with exactly these.
noted() { printf '%s\0' "$@" | cmp -s - "$NOTED" || { tr '\0' '\n' < "$NOTED" >&2; fail "called otherwise than with: $*"; }; }

hostile=('$(touch pwned)' '`touch pwned`' '; touch pwned' '&& touch pwned' '| tee pwned' '> pwned' '*' '~' '$HOME' '"' "'" 'a  b'
    '\' 'ä ö' '-k' '--output=pwned' '--' '$((1+1))' '{a,b}' '!x' '#x' '%s%n' $'\e[31m' ' leading')
printf -v lines '%s\n' "${hostile[@]}"
run 0 SOURCES="$lines"
noted check --format=github -- "${hostile[@]}"
run 0 ARGS="$lines"
noted check --format=github "${hostile[@]}" --
run 0 SOURCES=$'docs\r\n\r\n   \nREADME.md' ARGS=$'--recurse\n\n' COMMAND=crawl
noted crawl --recurse -- docs README.md
run 0 COMMAND=fetch SOURCES=- FORMAT='$(touch pwned)' SARIF='a b;c' CACHE='-x' RECORDS='*'
noted fetch '--format=$(touch pwned)' '--report=sarif=a b;c' --cache=-x '--output=*' -- -
# One thing is one line, and a command is one that there is.
for name in COMMAND FORMAT SARIF RECORDS CACHE FAIL GIVEN; do
    run 2 "$name"=$'x\nexit-code=0'
    [ ! -s "$GITHUB_OUTPUT" ] && [ ! -s "$NOTED" ] || fail "$name makes outputs up"
done
for command in '' 'check; touch pwned' config --help; do run 2 COMMAND="$command"; [ ! -s "$NOTED" ] || fail "$command was run"; done
run 2 FAIL=maybe
# What comes of it.
for status in 0 1 2 3 4 5 101; do
    run "$status" STATUS="$status"
    grep -qx "exit-code=$status" "$GITHUB_OUTPUT" || fail "the output does not say $status"
done
run 0 STATUS=1 FAIL=false
run 3 STATUS=3 FAIL=false
[ -z "$(find "$work" -name 'pwned*')" ] || fail 'something of it was run'

# With the program itself: annotations, SARIF, and the summary.
program=${FETCHALL:-${CARGO_TARGET_DIR:-target}/release/fetchall}
if [ -x "$program" ]; then
    cp "$program" "$work/bin/fetchall"
    cp -r fixtures/check/faulty "$work/at/site"
    run 1 SOURCES=site SARIF=links.sarif GIVEN=at
    grep -q '^::error file=' "$work/said" || fail 'no annotations'
    [ -s "$GITHUB_STEP_SUMMARY" ] || fail 'no summary'
    grep -qx 'sarif=at/links.sarif' "$GITHUB_OUTPUT" || fail 'SARIF is not told of'
    jq -e '.version == "2.1.0" and (.runs[0].results | length > 0)' "$work/at/links.sarif" > /dev/null
    run 1 COMMAND=fetch SOURCES='http://127.0.0.1:1/' RECORDS=run.jsonl ARGS=--retries=0
    grep -qx 'records=./run.jsonl' "$GITHUB_OUTPUT" || fail 'records are not told of'
    grep -q connect.refused "$GITHUB_STEP_SUMMARY" || fail 'the summary does not say what failed'
    run 0 SOURCES=site FAIL=false FORMAT=text
else
    echo "tests/action.sh: $program is not there, so it was not tried" >&2
fi
echo 'the action takes what it is given as it stands'
