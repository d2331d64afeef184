# shellcheck shell=bash
# Many slow answers at once: wall time against the ideal of requests x delay / slots, and that the
# cap is never passed.
part_delay() {
    local count=5000 delay=50 slots hosts limit row
    title "delay: $count URLs, $delay ms each; wall time against the ideal"
    say "| slots | hosts | ideal | median | ratio | target | most connections at once | most requests at once | CPU a request |"
    say "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for slots in 256 1024; do
        limit=$([ $slots = 256 ] && echo 1.15 || echo 1.9)
        for hosts in 1 250; do
            start_delay 0 $delay
            seq 0 $((count - 1)) | awk -v hosts=$hosts -v port="$port" '{ printf "http://127.0.0.%d:%d/%d\n", 1 + $1 % hosts, port, $1 }' > "$work/list.txt"
            : > "$work/delays"
            for _ in $(seq "$rounds"); do
                row=$(measure "$bin" "$work/list.txt" -q -c $slots --per-host $slots -f none)
                echo >&"$delay_in"
                read -r _ requests _ _ _ most_connections _ most_requests <&"$delay_out"
                [ "$requests" = "$count" ] || say "**$requests requests instead of $count**"
                echo "$row $most_connections $most_requests" >> "$work/delays"
            done
            awk '{ print $2 }' "$work/delays" | median > "$work/wall"
            awk '{ print $1 }' "$work/delays" | median > "$work/cpu"
            awk -v slots=$slots -v hosts=$hosts -v count=$count -v delay=$delay -v limit="$limit" -v wall="$(cat "$work/wall")" -v cpu="$(cat "$work/cpu")" '
                { connections = $5 > connections ? $5 : connections; requests = $6 > requests ? $6 : requests }
                END {
                    ideal = count * delay / slots / 1000; ratio = wall / ideal
                    printf "| %d | %d | %.3f s | %.3f s | %.2f | at most %.2f: %s | %d%s | %d | %.1f µs |\n", slots, hosts, ideal, wall, ratio, limit,
                        ratio <= limit ? "met" : "**MISSED**", connections, (connections > slots) ? " **MISSED**" : "", requests, cpu * 1e6 / count
                }' "$work/delays"
            stop_servers
        done
    done
}
