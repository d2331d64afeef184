# shellcheck shell=bash
# The same over TLS 1.3; connections are kept, so handshakes are few.
part_tls() {
    local count=$((short ? 5000 : 20000)) slots=64
    title "tls: $count requests for a 200-byte page over TLS 1.3, $slots at once"
    page_site
    start_nginx "$work/site"
    lists "$count" "https://127.0.0.1:$tls_port/page.html?"
    tool fetchall "$bin" "$work/list.txt" -c $slots --per-host $slots -q -o "$work/out.jsonl" --ca "$work/ca.pem"
    tool floor_reqwest "$examples/floor_reqwest" "$work/list.txt" $slots "$work/ca.pem"
    tool floor_hyper "$examples/floor_hyper" "$work/list.txt" $slots "$work/ca.pem"
    tool curl curl -s -Z --parallel-max $slots --parallel-immediate --cacert "$work/ca.pem" -K "$work/curl.txt"
    have wget2 && tool wget2 wget2 -q --no-config --no-hsts --no-ocsp --max-threads=$slots --ca-certificate="$work/ca.pem" -O /dev/null -i "$work/list.txt"
    compare request "$count" floor_reqwest:1.5
    stop_servers
}
