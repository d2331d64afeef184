# shellcheck shell=bash
# What a journal costs: CPU of a request with and without --state, and a finished list that is started again.
part_state() {
    local count=$((full ? 500000 : short ? 20000 : 100000)) lines=$((short ? 100000 : 1000000)) row
    page_site
    start_nginx "$work/site"
    lists "$count" "http://127.0.0.1:$port/page.html?"
    title "state: $count requests for a 200-byte page, 64 at once"
    tool fetchall "$bin" "$work/list.txt" -c 64 --per-host 64 -q -o "$work/out.jsonl" --state "$work/run.db" --restart
    tool without "$bin" "$work/list.txt" -c 64 --per-host 64 -q -o "$work/out.jsonl"
    compare request "$count" without:1.2
    stop_servers
    title "state: $lines lines that are done"
    seq "$lines" | sed 's|^|http://127.0.0.1:9/|' > "$work/list.txt"
    "$bin" "$work/list.txt" --exclude . -q -o "$work/out.jsonl" --state "$work/done.db"
    read -ra row < <(measure -o "$work/said" "$bin" "$work/list.txt" --exclude . -o "$work/out.jsonl" --state "$work/done.db")
    say "told in ${row[1]} s (at most 5 s: $(verdict "${row[1]}" 5)), CPU ${row[0]} s, peak $(awk -v kib="${row[2]}" 'BEGIN { printf "%.1f", kib / 1024 }') MiB"
    say "records: $(wc -l < "$work/out.jsonl")"
}
