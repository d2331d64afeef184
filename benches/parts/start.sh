# shellcheck shell=bash
# One URL: what starting costs.
part_start() {
    title "start: one http URL; \`true\` is what starting anything costs"
    page_site
    start_nginx "$work/site"
    echo "http://127.0.0.1:$port/page.html" > "$work/list.txt"
    tool fetchall "$bin" "http://127.0.0.1:$port/page.html" -q
    tool floor_reqwest "$examples/floor_reqwest" "$work/list.txt" 1
    tool curl curl -s -o /dev/null "http://127.0.0.1:$port/page.html"
    tool true true
    rounds=$((short ? 10 : 20)) compare run 1
    awk '$1 == "fetchall" { print $2 * 1000 }' "$work/rounds" | median > "$work/each"
    say; say "fetchall: $(cat "$work/each") ms of CPU; at most 8: $(verdict "$(cat "$work/each")" 8)"
    stop_servers
}
