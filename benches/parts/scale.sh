# shellcheck shell=bash
# Whether a request costs the same however many there are, and on however many hosts.
part_scale() {
    local count hosts order row cells times
    title "scale: µs of CPU a request, by requests and hosts; list in the order of hosts / shuffled; in brackets, where it is over five times the CPU, the time it took"
    local all_hosts="1 100 1000 10000 100000" counts="1000 10000 100000"
    ((short)) && counts="1000 10000" all_hosts="1 100 1000"
    ((full)) && counts="$counts 1000000"
    start_delay 0 0
    # shellcheck disable=SC2086
    { printf '| requests |'; printf ' %s hosts |' $all_hosts; printf '\n| --- |'; printf ' --- |%.0s' $all_hosts; echo; }
    for count in $counts; do
        cells="| $count |"
        for hosts in $all_hosts; do
            ((hosts <= count)) || { cells+=" |"; continue; }
            scale_list "$count" "$hosts" > "$work/sorted.txt"
            shuf --random-source=<(yes) "$work/sorted.txt" > "$work/shuffled.txt"
            for order in sorted shuffled; do
                times=$((count >= 100000 ? 1 : 3))
                : > "$work/times"
                for _ in $(seq $times); do
                    row=$(measure "$bin" "$work/$order.txt" -q -c 64 --per-host 64 --dedupe none -f none)
                    [ "$(served | cut -d' ' -f1)" = "$count" ] || say "**$count $order on $hosts hosts: not every request arrived**" >&2
                    [ "${row##* }" = 0 ] || say "**$count $order on $hosts hosts: exit ${row##* }**" >&2
                    cut -d' ' -f1,2 <<< "$row" >> "$work/times"
                done
                # Where the run stood and waited, how long it took in all.
                cells+=$(sort -n "$work/times" | awk -v count="$count" '{ cpu[NR] = $1; wall[NR] = $2 }
                    END { at = int((NR + 1) / 2); printf " %.1f", cpu[at] * 1e6 / count; if (wall[at] > 1 && wall[at] > 5 * cpu[at]) printf " (%.0f s)", wall[at] }')
                [ $order = sorted ] && cells+=" /"
            done
            cells+=" |"
        done
        say "$cells"
    done
    stop_servers
}
# COUNT URLs in the order of their HOSTS hosts, from 127.1.0.1 on
scale_list() {
    seq 0 $(($1 - 1)) | awk -v count="$1" -v hosts="$2" -v port="$port" '
        { host = int($1 * hosts / count); printf "http://127.%d.%d.%d:%d/%d\n", 1 + int(host / 63500), int(host / 250) % 254, 1 + host % 250, port, $1 }'
}
