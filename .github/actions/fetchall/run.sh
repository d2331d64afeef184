#!/usr/bin/env bash
# Runs fetchall with what the action was given, all of it by the environment. Nothing is evaluated: each line of
# ARGS and SOURCES is one argument as it stands, and no source is read as an option. Made for bash 3.2 too, which
# macOS has. tests/action.sh tries it with arguments that mean harm.
set -euo pipefail

refuse() { printf '::error::fetchall: %s\n' "$1"; exit 2; }

# What names one thing is one line: with more, outputs of the step could be made up.
for name in COMMAND FORMAT SARIF RECORDS CACHE FAIL GIVEN; do
    value=${!name-}
    case $value in *$'\n'* | *$'\r'*) refuse "the input ${name} has more than one line" ;; esac
done
case ${COMMAND-} in
    check | fetch | crawl | extract | diff | report | warc) ;;
    *) refuse 'the command is none of check, fetch, crawl, extract, diff, report, warc' ;;
esac
case ${FAIL:-true} in true | false) ;; *) refuse 'fail is true or false' ;; esac

call=("$COMMAND")
# The lines of $1, each an argument; blank ones are none.
add_lines() {
    local line
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line%$'\r'}
        if [ -n "${line//[[:space:]]/}" ]; then call+=("$line"); fi
    done <<< "$1"
}
if [ "$COMMAND" = check ]; then call+=("--format=${FORMAT:-github}"); elif [ -n "${FORMAT-}" ]; then call+=("--format=$FORMAT"); fi
if [ -n "${SARIF-}" ]; then call+=("--report=sarif=$SARIF"); fi
if [ -n "${CACHE-}" ]; then call+=("--cache=$CACHE"); fi
if [ -n "${RECORDS-}" ]; then call+=("--output=$RECORDS"); fi
add_lines "${ARGS-}"
# Behind this nothing is an option.
call+=(--)
add_lines "${SOURCES-}"

status=0
fetchall "${call[@]}" || status=$?

# Paths are told as the steps that follow find them.
given=${GIVEN:-.}
tell() { if [ -n "$2" ] && [ -f "$2" ]; then printf '%s=%s\n' "$1" "$3" >> "$GITHUB_OUTPUT"; fi; }
seen() { case $1 in /*) printf '%s' "$1" ;; *) printf '%s/%s' "$given" "$1" ;; esac; }
printf 'exit-code=%s\n' "$status" >> "$GITHUB_OUTPUT"
tell sarif "${SARIF-}" "$(seen "${SARIF-}")"
tell records "${RECORDS-}" "$(seen "${RECORDS-}")"
if [ -n "${RECORDS-}" ] && [ -f "$RECORDS" ] && [ -n "${GITHUB_STEP_SUMMARY-}" ]; then
    fetchall report --format=markdown -- "$RECORDS" >> "$GITHUB_STEP_SUMMARY" || true
fi
if [ "$status" = 1 ] && [ "${FAIL:-true}" = false ]; then exit 0; fi
exit "$status"
