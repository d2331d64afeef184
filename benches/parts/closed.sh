# shellcheck shell=bash
# A pipe of lines to a closed port: when the first record comes, and that each line has one.
part_closed() {
    local lines=$((short ? 100000 : 1000000)) flags
    title "closed: $lines lines on a pipe to a closed port"
    port=$(free_port)
    seq "$lines" | sed "s|^|http://127.0.0.1:$port/|" > "$work/million.txt"
    for flags in "--dedupe=none" "--dedupe=none -r0 --host-errors=0" "-r0"; do
        # shellcheck disable=SC2086
        python3 benches/first_record.py "$bin" "$work/million.txt" $flags
    done
}
