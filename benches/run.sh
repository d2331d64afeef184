#!/usr/bin/env bash
# The figures of benches/README.md, measured on this machine: nginx and a delay server on loopback,
# tools in turns, requests counted by the server. Needs Debian with nginx, curl, jq and wrk
# (apt-get install nginx-light curl jq wrk); missing ones are said so and left out.
#   bash benches/run.sh [pages|order|closed|cpu|all]
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
work=$(mktemp -d)
pids=()
cleanup() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$work"; }
trap cleanup EXIT
cargo build --release --locked --quiet --bin fetchall --example delay_server
bin=${CARGO_TARGET_DIR:-target}/release/fetchall
free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])' ; }

# nginx over a folder, one worker, its log in $work/access.log
start_nginx() {
    port=$(free_port)
    # Started by root, the worker would be nobody and could not read everything.
    user=''; [ "$(id -u)" = 0 ] && user='user root;'
    cat > "$work/nginx.conf" <<CONF
$user daemon off; worker_processes 1; pid $work/nginx.pid; error_log $work/error.log;
events { worker_connections 4096; }
http {
    types { text/html html; text/css css; application/javascript js; image/svg+xml svg; }
    default_type application/octet-stream; keepalive_requests 1000000; sendfile on;
    client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work; uwsgi_temp_path $work; scgi_temp_path $work;
    log_format short '\$status \$body_bytes_sent \$request_uri \$connection'; access_log $work/access.log short;
    server { listen 127.0.0.1:$port backlog=4096; root $1; }
}
CONF
    nginx -c "$work/nginx.conf" 2>"$work/nginx.err" & pids+=($!)
    for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$port/" && break; sleep 0.05; done
    : > "$work/access.log"
}
cpu() { # user+system seconds, wall seconds and peak KiB of a command
    /usr/bin/env python3 - "$@" <<'PY'
import os, resource, subprocess, sys, time
begun = time.monotonic()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{used.ru_utime + used.ru_stime:.3f} {time.monotonic() - begun:.3f} {used.ru_maxrss}")
PY
}

pages() {
    docs=$(rustc --print sysroot)/share/doc/rust/html
    [ -d "$docs" ] || { echo "no documentation of the toolchain here"; return; }
    start_nginx "$docs"
    (cd "$docs" && find . -name '*.html' | sort | awk 'NR <= 20000' | sed "s|^\./|http://127.0.0.1:$port/|; s|#|%23|g") > "$work/list.txt"
    echo "== $(wc -l < "$work/list.txt") pages of the toolchain's documentation"
    "$bin" "$work/list.txt" -c 64 -o "$work/out.jsonl" && code=0 || code=$?
    sleep 0.3
    echo "exit $code, records $(wc -l < "$work/out.jsonl"), requests at nginx $(wc -l < "$work/access.log"), connections $(awk '{print $4}' "$work/access.log" | sort -u | wc -l)"
    jq -r '"\(.status) \(.bytes)"' "$work/out.jsonl" | sort > "$work/ours"; awk '{print $1, $2}' "$work/access.log" | sort > "$work/theirs"
    cmp "$work/ours" "$work/theirs" && echo "statuses and sizes are those that nginx logged"
    : > "$work/access.log"
    awk 'NR % 100 == 0 { sub(/\.html/, ".missing.html") } { print }' "$work/list.txt" > "$work/missing.txt"
    "$bin" "$work/missing.txt" -q -c 64 -o "$work/out.jsonl" && code=0 || code=$?
    diff <(jq -r 'select(.ok | not) | .url' "$work/out.jsonl" | sort) <(grep 'missing\.html' "$work/missing.txt" | sort) > /dev/null \
        && echo "with 1 % missing: exit $code, $(jq -r 'select(.ok|not).error.code' "$work/out.jsonl" | sort | uniq -c | xargs), exactly those"
}

order() {
    port=$(free_port)
    coproc DELAY { exec "${CARGO_TARGET_DIR:-target}/release/examples/delay_server" "$port" 20 50; }
    pids+=($DELAY_PID); read -r _ <&"${DELAY[0]}"
    for host in $(seq 20); do for n in $(seq 100); do echo "http://127.0.0.$host:$port/$n"; done; done > "$work/sorted.txt"
    shuf --random-source=<(yes) "$work/sorted.txt" > "$work/shuffled.txt"
    echo "== 2,000 URLs on 20 hosts, 50 ms each, 2 at once per host; the arithmetic minimum is 2.50 s"
    for _ in 1 2 3; do for list in sorted shuffled; do
        echo "$list: $(cpu "$bin" "$work/$list.txt" --per-host 2 -c 64 -q | awk '{print $2}') s"
    done; done
}

closed() {
    echo "== 1,000,000 lines on a pipe to a closed port"
    port=$(free_port)
    for flags in "--dedupe=none" "--dedupe=none -r0 --host-errors=0" "-r0"; do
        seq 1000000 | sed "s|^|http://127.0.0.1:$port/|" > "$work/million.txt"
        python3 - "$bin" "$work/million.txt" $flags <<'PY'
import resource, subprocess, sys, time
begun = time.monotonic()
feed = subprocess.Popen(["cat", sys.argv[2]], stdout=subprocess.PIPE)
run = subprocess.Popen([sys.argv[1], "-", "-q", *sys.argv[3:]], stdin=feed.stdout, stdout=subprocess.PIPE)
first, count = None, 0
for line in run.stdout:
    first = first or time.monotonic() - begun
    count += 1
run.wait()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{' '.join(sys.argv[3:])}: {count} records, first after {first:.2f} s, all after {time.monotonic() - begun:.1f} s, peak {used.ru_maxrss / 1024:.0f} MiB, exit {run.returncode}")
PY
    done
}

cpu_per_request() {
    mkdir -p "$work/site" && printf '<html><head><title>page</title></head><body>%139s</body></html>' x > "$work/site/page.html"
    start_nginx "$work/site"
    count=20000
    for n in $(seq $count); do echo "http://127.0.0.1:$port/page.html?$n"; done > "$work/list.txt"
    for n in $(seq $count); do printf 'url = "http://127.0.0.1:%s/page.html?%s"\noutput = "/dev/null"\n' "$port" "$n"; done > "$work/curl.txt"
    echo "== $count requests for a 200-byte page, 64 at once: CPU seconds, wall seconds, peak KiB; and CPU per request"
    for _ in 1 2 3; do
        for tool in fetchall curl wrk; do
            case $tool in
                fetchall) row=$(cpu "$bin" "$work/list.txt" -c 64 --per-host 64 -q -o "$work/out.jsonl") ;;
                curl) row=$(cpu curl -s -Z --parallel-max 64 --parallel-immediate -K "$work/curl.txt") ;;
                wrk) command -v wrk > /dev/null || continue
                    before=$(wc -l < "$work/access.log"); row=$(cpu wrk -t1 -c64 -d1s "http://127.0.0.1:$port/page.html"); sleep 0.2
                    done_by_wrk=$(($(wc -l < "$work/access.log") - before)) ;;
            esac
            requests=$count; [ $tool = wrk ] && requests=$done_by_wrk
            echo "$tool: $row, $(awk -v n="$requests" '{printf "%.1f us", $1 * 1e6 / n}' <<< "$row") a request"
        done
    done
}

case $what in
    pages) pages ;; order) order ;; closed) closed ;; cpu) cpu_per_request ;;
    all) pages; order; closed; cpu_per_request ;;
    *) echo "usage: bash benches/run.sh [pages|order|closed|cpu|all]" >&2; exit 2 ;;
esac
