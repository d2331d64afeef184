# shellcheck shell=bash
# What a request costs: a 200-byte page on kept connections, against the bare libraries and others.
page_site() {
    mkdir -p "$work/site"
    printf '<html><head><title>page</title></head><body>%139s</body></html>' x > "$work/site/page.html"
}
part_cpu() {
    local count=$((full ? 100000 : short ? 5000 : 20000)) slots
    page_site
    start_nginx "$work/site"
    lists "$count" "http://127.0.0.1:$port/page.html?"
    for slots in $( ((short)) && echo 64 || echo 8 64 512); do
        title "cpu: $count requests for a 200-byte page, $slots at once"
        tool fetchall "$bin" "$work/list.txt" -c "$slots" --per-host "$slots" -q -o "$work/out.jsonl"
        tool floor_reqwest "$examples/floor_reqwest" "$work/list.txt" "$slots"
        tool floor_hyper "$examples/floor_hyper" "$work/list.txt" "$slots"
        tool curl curl -s -Z --parallel-max "$(curl_slots "$slots")" --parallel-immediate -K "$work/curl.txt"
        have wget2 && tool wget2 wget2 -q --no-config --no-hsts --max-threads="$slots" -O /dev/null -i "$work/list.txt"
        compare request "$count" floor_reqwest:1.5 curl:0.5 wget2:1
    done
    if have wrk && ! ((short)); then
        local cpu before_wrk
        before_wrk=$(counted)
        cpu=$(measure wrk -t1 -c64 -d2s "http://127.0.0.1:$port/page.html" | cut -d' ' -f1)
        counted | awk -v cpu="$cpu" -v before="$before_wrk" '{ split(before, b); printf "\nwrk, the same request over and over, nothing kept: %.1f µs a request\n", cpu * 1e6 / ($1 - b[1] - 1) }'
    fi
    stop_servers
}
