# shellcheck shell=bash
# A list without end must not show in the memory: peak, and how it stands at 10 %, half and 100 % of the run.
part_memory() {
    local lines=$((short ? 100000 : 1000000)) what row
    title "memory: $lines lines on a pipe, 64 at once, without dedupe"
    say "| against | CPU a line | wall | peak | at most 32 MiB | at 10 % | at 50 % | at 100 % | grows by at most 10 % |"
    say "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for what in "a server that answers at once" "a closed port"; do
        if [ "$what" = "a closed port" ]; then port=$(free_port); else start_delay 1 0; fi
        seq "$lines" | sed "s|^|http://127.0.0.1:$port/|" > "$work/million.txt"
        row=$(measure -i "$work/million.txt" -s "$work/samples" "$bin" - -q --dedupe none -c 64 --per-host 64 -r0 --host-errors 0)
        awk -v what="$what" -v row="$row" -v lines="$lines" '
            { at[NR] = $1; kib[NR] = $2 }
            END {
                split(row, took)
                for (tenth = 1; tenth < NR && at[tenth] < took[2] / 10; tenth++) {}
                for (half = tenth; half < NR && at[half] < took[2] / 2; half++) {}
                grown = kib[NR] / kib[tenth]
                printf "| %s | %.1f µs | %.1f s | %.1f MiB | %s | %.1f MiB | %.1f MiB | %.1f MiB | %+.0f %%: %s |\n", what, took[1] * 1e6 / lines, took[2], took[3] / 1024,
                    (took[3] <= 32 * 1024) ? "met" : "**MISSED**", kib[tenth] / 1024, kib[half] / 1024, kib[NR] / 1024, (grown - 1) * 100, (grown <= 1.1) ? "met" : "**MISSED**"
            }' "$work/samples"
        stop_servers
    done
}
