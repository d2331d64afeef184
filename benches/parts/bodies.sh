# shellcheck shell=bash
# Big bodies: what receiving costs, and what the digest adds.
part_bodies() {
    local count=$((short ? 40 : 200)) slots=8
    title "bodies: $count bodies of 5 MB, $slots at once"
    mkdir -p "$work/big"
    head -c 5000000 /dev/urandom > "$work/big/body"
    start_nginx "$work/big"
    lists "$count" "http://127.0.0.1:$port/body?"
    tool fetchall,_digest_off "$bin" "$work/list.txt" -c $slots --per-host $slots -q -o "$work/out.jsonl" --digest off
    tool fetchall,_digest_on "$bin" "$work/list.txt" -c $slots --per-host $slots -q -o "$work/out.jsonl"
    tool floor_reqwest "$examples/floor_reqwest" "$work/list.txt" $slots
    tool curl curl -s -Z --parallel-max $slots --parallel-immediate -K "$work/curl.txt"
    have wget2 && tool wget2 wget2 -q --no-config --no-hsts --max-threads=$slots -O /dev/null -i "$work/list.txt"
    base=fetchall,_digest_off compare body "$count" curl:1
    stop_servers
}
