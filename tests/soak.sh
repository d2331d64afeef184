#!/usr/bin/env bash
# A long run in which every fault of examples/faulty_server.rs meets 1 % of the requests: 1,000,000 of them
# unless told otherwise. Memory at the end must be within 10 % of memory at a tenth, and descriptors and
# threads must not grow. Prints a table.
#
#   bash tests/soak.sh [REQUESTS]        FETCHALL=… and SERVER=… take other binaries
set -euo pipefail
cd "$(dirname "$0")/.."
requests=${1:-1000000}
port=${PORT:-8097}
if [ -z "${FETCHALL:-}" ] || [ -z "${SERVER:-}" ]; then
    cargo build --release --locked --quiet --bin fetchall --example faulty_server
fi
fetchall=${FETCHALL:-target/release/fetchall}
server=${SERVER:-target/release/examples/faulty_server}
dir=$(mktemp -d)
trap 'exec 3>&-; rm -rf "$dir"' EXIT

mkfifo "$dir/hold"
"$server" "$port" < "$dir/hold" > "$dir/server" &
exec 3> "$dir/hold"
until grep -q ready "$dir/server"; do sleep 0.1; done

begun=$(date +%s)
seq "$requests" | sed "s|^|http://127.0.0.1:$port/|" \
    | "$fetchall" fetch - -c64 --per-host=64 --adaptive=off --dedupe=none --host-errors=0 --retries=1 \
        --backoff=1ms..5ms --timeout=3s --headers-timeout=500ms --read-timeout=500ms --max-body=256KiB \
        --retry-budget=100% --fields=outcome,error --progress=none -o "$dir/out" 2> "$dir/err" &
pid=$!
read_status() { awk -v key="$1:" '$1 == key {print $2}' "/proc/$pid/status" 2> /dev/null || true; }
while rss=$(read_status VmRSS) && [ -n "$rss" ]; do
    records=0; [ ! -e "$dir/out" ] || records=$(wc -l < "$dir/out")
    descriptors=$(find "/proc/$pid/fd" -mindepth 1 2> /dev/null | wc -l || true)
    echo "$records $rss $(read_status VmHWM) $descriptors $(read_status Threads)" >> "$dir/samples"
    sleep 1
done
status=0; wait "$pid" || status=$?
seconds=$(($(date +%s) - begun))
exec 3>&-
[ "$status" = 1 ] || { echo "exit $status instead of 1"; tail -3 "$dir/err"; exit 1; }
records=$(wc -l < "$dir/out")
[ "$records" = "$requests" ] || { echo "$records records for $requests requests"; exit 1; }
! grep -Eq 'panicked|internal\.panic' "$dir/err" "$dir/out" || { echo 'a panic'; exit 1; }

echo "$requests requests in $seconds s; the server counted: $(tail -1 "$dir/server")"
echo
echo '| outcome | records |'
echo '| --- | --- |'
jq -r '.error.code // .outcome' "$dir/out" | sort | uniq -c | sort -rn | awk '{print "| `" $2 "` | " $1 " |"}'
echo
awk -v requests="$requests" '
    NF == 5 && $1 >= requests / 10 && !tenth { tenth = $0 }
    NF == 5 { last = $0 }
    NF == 5 && $1 >= requests / 10 { if ($4 > most) most = $4 }
    END {
        split(tenth, a, " "); split(last, z, " ")
        print "| | at a tenth | at the end |\n| --- | --- | --- |"
        print "| records | " a[1] " | " z[1] " |"
        print "| memory (RSS), KiB | " a[2] " | " z[2] " |"
        print "| most memory (VmHWM), KiB | " a[3] " | " z[3] " |"
        print "| descriptors | " a[4] " | " z[4] " (most " most ") |"
        print "| threads | " a[5] " | " z[5] " |"
        if (tenth == "") { print "too few samples to judge"; exit 0 }
        if (z[2] > a[2] * 1.1 + 2048) { print "memory grows"; exit 1 }
        if (z[4] > a[4] + 70 || z[5] > a[5]) { print "descriptors or threads grow"; exit 1 }
    }' "$dir/samples"
