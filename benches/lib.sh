# shellcheck shell=bash
# What the parts of run.sh share: tools that are installed, servers that count, turns and tables.
# A part names its tools with `tool`, starts a server, and calls `compare`.

work=$(mktemp -d)
target=${CARGO_TARGET_DIR:-target}
target=$(mkdir -p "$target" && cd "$target" && pwd)
bin=$target/release/fetchall
examples=$target/release/examples
system_python=/usr/bin/python3
venv=$target/benches/venv
pids=()
server=none
cleanup() {
    stop_servers
    rm -rf "$work"
}
trap cleanup EXIT

say() { printf '%s\n' "$*"; }
have() { command -v "$1" > /dev/null; }
title() { printf '\n## %s\n\n' "$*"; }

# Debian packages for whoever is root; others are told what is missing.
install_needed() {
    local pair needed=()
    for pair in nginx:nginx-light curl:curl jq:jq wrk:wrk wget2:wget2 openssl:openssl; do
        have "${pair%%:*}" || needed+=("${pair#*:}")
    done
    for pair in pycurl:python3-pycurl aiohttp:python3-aiohttp venv:python3-venv ensurepip:python3-venv; do
        "$system_python" -c "import ${pair%%:*}" 2> /dev/null || needed+=("${pair#*:}")
    done
    [ ${#needed[@]} -eq 0 ] && return
    if [ "$(id -u)" = 0 ] && have apt-get; then
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${needed[@]}"; } \
            > "$work/apt.log" 2>&1 || say "could not install all of: ${needed[*]}"
    else
        say "missing, so some rows are left out: ${needed[*]}"
    fi
}

# A Python with selectolax, beside the system's pycurl and aiohttp.
peer_python() {
    [ -x "$venv/bin/python" ] || "$system_python" -m venv --system-site-packages "$venv" > /dev/null 2>&1 || return 1
    "$venv/bin/python" -c 'import selectolax' 2> /dev/null \
        || "$venv/bin/python" -m pip install --quiet --disable-pip-version-check selectolax > /dev/null 2>&1 || return 1
    "$venv/bin/python" -c 'import selectolax, pycurl, aiohttp' 2> /dev/null
}

# Scrapy beside them.
peer_scrapy() {
    "$venv/bin/python" -c 'import scrapy' 2> /dev/null \
        || "$venv/bin/python" -m pip install --quiet --disable-pip-version-check scrapy > /dev/null 2>&1
    "$venv/bin/python" -c 'import scrapy' 2> /dev/null
}

free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }

# nginx over a folder, one worker: plain on $port, TLS 1.3 on $tls_port. It counts by itself; with
# `log` it writes every request to $work/access.log too.
start_nginx() {
    local root=$1 log=off user=''
    port=$(free_port)
    tls_port=$(free_port)
    [ "${2:-}" = log ] && log="$work/access.log short"
    # Started by root, the worker would be nobody and could not read everything.
    [ "$(id -u)" = 0 ] && user='user root;'
    certificates
    cat > "$work/nginx.conf" << CONF
$user daemon off; worker_processes 1; pid $work/nginx.pid; error_log $work/error.log;
events { worker_connections 4096; }
http {
    types { text/html html; text/css css; application/javascript js; image/svg+xml svg; }
    default_type application/octet-stream; keepalive_requests 10000000; sendfile on;
    open_file_cache max=1000;
    client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work; uwsgi_temp_path $work; scgi_temp_path $work;
    log_format short '\$status \$body_bytes_sent \$request_uri \$connection'; access_log $log;
    server {
        listen 127.0.0.1:$port backlog=4096; listen 127.0.0.1:$tls_port ssl backlog=4096; root $root;
        ssl_certificate $work/site.pem; ssl_certificate_key $work/site.key; ssl_protocols TLSv1.3;
        location = /counted { stub_status; access_log off; }
    }
}
CONF
    nginx -c "$work/nginx.conf" 2> "$work/nginx.err" &
    pids+=($!)
    for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$port/counted" && break; sleep 0.05; done
    server=nginx
    [ "$log" = off ] || : > "$work/access.log"
}

# An authority of our own and what it says of 127.0.0.1: $work/ca.pem, site.pem, site.key
certificates() {
    [ -e "$work/site.pem" ] && return
    local new=(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2)
    "${new[@]}" -keyout "$work/ca.key" -out "$work/ca.pem" -subj /CN=benches 2> /dev/null
    "${new[@]}" -keyout "$work/site.key" -out "$work/site.pem" -subj /CN=127.0.0.1 -CA "$work/ca.pem" -CAkey "$work/ca.key" \
        -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE 2> /dev/null
}

# The delay server: start_delay HOSTS MILLISECONDS; 0 hosts is all of 127.0.0.0/8
start_delay() {
    port=$(free_port)
    coproc DELAY { exec "$examples/delay_server" "$port" "$1" "$2"; }
    # Bash forgets the coprocess's streams when it ends.
    exec {delay_out}<&"${DELAY[0]}" {delay_in}>&"${DELAY[1]}"
    pids+=("$DELAY_PID")
    read -r _ <&"$delay_out"
    server=delay
}

# The practice site.
start_demo() {
    coproc DEMO { exec "$bin" demo --serve --port 0 2> /dev/null; }
    pids+=("$DEMO_PID")
    read -r -t 10 line <&"${DEMO[0]}"
    port=${line##*:} port=${port%%/*}
    server=none
}

stop_servers() {
    for pid in "${pids[@]}"; do
        kill "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done
    pids=()
    [ $server != delay ] || exec {delay_out}<&- {delay_in}>&-
    server=none
}

# `requests connections` since the start (nginx) or the last question (delay server). The question
# itself is one of each at nginx.
counted() {
    case $server in
        nginx) curl -s "http://127.0.0.1:$port/counted" | awk 'NR == 3 { print $3, $1 }' ;;
        delay) echo >&"$delay_in"; read -r _ requests _ connections _ most_connections _ most_requests <&"$delay_out"; echo "$requests $connections" ;;
        none) echo "- -" ;;
    esac
}
served() {
    local now
    now=$(counted)
    if [ $server = nginx ]; then
        awk '{ print $3 - $1 - 1, $4 - $2 - 1 }' <<< "$before $now"
    else
        echo "$now"
    fi
}

measure() { python3 benches/measure.py "$@"; }

tools=()
declare -A runs=()
# A tool and its command line, for the next `compare`. What it prints goes to $work/NAME.out
tool() { tools+=("$1"); runs[$1]=$(printf '%q ' "${@:2}"); }

# compare UNIT COUNT [TOOL:LIMIT ...]: every tool in turn, $rounds times; a table of medians
compare() {
    local unit=$1 count=$2 name row
    shift 2
    : > "$work/rounds"
    for _ in $(seq "$rounds"); do
        for name in "${tools[@]}"; do
            before=$(counted)
            row=$(eval "measure -o '$work/$name.out' ${runs[$name]}")
            echo "$name $row $(served)" >> "$work/rounds"
        done
    done
    python3 benches/table.py "$work/rounds" "$count" "$unit" "${base:-fetchall}" "$@"
    tools=()
    runs=()
}

# The middle one of the numbers on standard input.
median() { sort -n | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'; }

# verdict VALUE LIMIT: whether a figure is within its target
verdict() { awk -v value="$1" -v limit="$2" 'BEGIN { print (value <= limit ? "met" : "**MISSED**") }'; }

# COUNT lists as fetchall and the floors read them ($work/list.txt) and as curl does ($work/curl.txt)
lists() {
    local count=$1 prefix=$2
    seq "$count" | sed "s|^|$prefix|" > "$work/list.txt"
    sed 's|.*|url = "&"\noutput = "/dev/null"|' "$work/list.txt" > "$work/curl.txt"
}

# curl's own most is 300: above, it falls back to 50.
curl_slots() { echo $(($1 > 300 ? 300 : $1)); }

documentation() { echo "$(rustc --print sysroot)/share/doc/rust/html"; }
# COUNT pages of the toolchain's documentation, evenly from all of it, as nginx has them
documentation_list() {
    (cd "$(documentation)" && find . -name '*.html' | sort) > "$work/pages"
    awk -v most="$1" -v all="$(wc -l < "$work/pages")" 'all <= most || int(NR * most / all) > int((NR - 1) * most / all)' "$work/pages" \
        | sed "s|^\./|http://127.0.0.1:$port/|; s|#|%23|g"
}
