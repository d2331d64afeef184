# shellcheck shell=bash
# 20,000 real pages: records and what the server logged are compared line by line.
part_pages() {
    [ -d "$(documentation)" ] || { say "pages: no documentation of the toolchain here"; return; }
    title "pages: the toolchain's documentation, each page once"
    local code
    start_nginx "$(documentation)" log
    documentation_list $((short ? 2000 : 20000)) > "$work/list.txt"
    : > "$work/access.log"
    "$bin" "$work/list.txt" -q -c 64 -o "$work/out.jsonl" && code=0 || code=$?
    sleep 0.3
    say "exit $code, records $(wc -l < "$work/out.jsonl"), requests at nginx $(wc -l < "$work/access.log"), connections $(awk '{print $4}' "$work/access.log" | sort -u | wc -l)"
    jq -r '"\(.status) \(.bytes)"' "$work/out.jsonl" | sort > "$work/ours"
    awk '{print $1, $2}' "$work/access.log" | sort > "$work/theirs"
    if cmp -s "$work/ours" "$work/theirs"; then say "statuses and sizes are those that nginx logged"; else say "**statuses or sizes differ from what nginx logged**"; fi
    awk 'NR % 100 == 0 { sub(/\.html/, ".missing.html") } { print }' "$work/list.txt" > "$work/missing.txt"
    "$bin" "$work/missing.txt" -q -c 64 -o "$work/out.jsonl" && code=0 || code=$?
    if diff -q <(jq -r 'select(.ok | not) | .url' "$work/out.jsonl" | sort) <(grep 'missing\.html' "$work/missing.txt" | sort) > /dev/null; then
        say "with 1 % missing: exit $code, $(jq -r 'select(.ok | not).error.code' "$work/out.jsonl" | sort | uniq -c | xargs), exactly those"
    else
        say "**with 1 % missing: others failed than were missing**"
    fi
    stop_servers
}
