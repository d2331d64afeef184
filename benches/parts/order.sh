# shellcheck shell=bash
# A list sorted by host runs as fast as a shuffled one.
part_order() {
    title "order: 2,000 URLs on 20 hosts, 50 ms each, 2 at once per host; the arithmetic minimum is 2.50 s"
    start_delay 20 50
    local host
    for host in $(seq 20); do seq 100 | sed "s|^|http://127.0.0.$host:$port/|"; done > "$work/sorted.txt"
    shuf --random-source=<(yes) "$work/sorted.txt" > "$work/shuffled.txt"
    tool sorted "$bin" "$work/sorted.txt" --per-host 2 -c 64 -q
    tool shuffled "$bin" "$work/shuffled.txt" --per-host 2 -c 64 -q
    base=sorted rounds=3 compare request 2000
    stop_servers
}
