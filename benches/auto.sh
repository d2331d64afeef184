#!/usr/bin/env bash
# What `--concurrency auto` finds, against every fixed value, on three servers on loopback: one that
# answers at once, one that takes 50 ms, one that answers 503 above 500 requests a second.
#   bash benches/auto.sh [fast|slow|limited|all] [ROUNDS]
# KINDS (default "bucket") says how the third one counts: any of bucket, full, window.
# FIXED lists the fixed values. ROUNDS (default 3) are taken in turns; where other work shares the
# machine, the least times say more than the medians.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all} rounds=${2:-3}
fixed=${FIXED:-1 2 4 8 16 32 64 128 256}
work=$(mktemp -d)
pids=()
cleanup() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$work"; }
trap cleanup EXIT
[ -n "${BUILT:-}" ] || cargo build --release --locked --quiet --bin fetchall --example limited_server
bin=${CARGO_TARGET_DIR:-target}/release/fetchall
free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])' ; }

# NAME COUNT "RATE DELAY_MS KIND" "FIXED…" FLAGS…
measure() {
    local name=$1 count=$2 server=$3 values=$4 port to_server from_server
    shift 4
    port=$(free_port)
    # shellcheck disable=SC2086 # the server's arguments are words
    coproc SERVER { exec "${CARGO_TARGET_DIR:-target}/release/examples/limited_server" "$port" $server; }
    pids+=("$SERVER_PID")
    exec {to_server}>&"${SERVER[1]}" {from_server}<&"${SERVER[0]}"; eval "exec ${SERVER[1]}>&-"
    read -r _ <&"$from_server"
    for n in $(seq "$count"); do echo "http://127.0.0.1:$port/$n"; done > "$work/list.txt"
    echo "== $name: $count requests${*:+, $*}"
    python3 - "$bin" "$work" "$rounds" "$values" "$@" <<'PY'
import json, statistics, subprocess, sys, time
bin, work, rounds, values, *flags = sys.argv[1:]
values = values.split() + ["auto"]
walls, good = {v: [] for v in values}, {v: [] for v in values}
count = sum(1 for _ in open(f"{work}/list.txt"))
for _ in range(int(rounds)):
    for value in values:
        host = [] if value == "auto" else ["--per-host", value]
        begun = time.monotonic()
        subprocess.run([bin, f"{work}/list.txt", "-q", "-o", f"{work}/out.jsonl", "-c", value, *host, *flags],
                       stderr=subprocess.DEVNULL, timeout=300)
        walls[value].append(time.monotonic() - begun)
        good[value].append(sum(json.loads(line)["ok"] for line in open(f"{work}/out.jsonl")))
        time.sleep(1)  # so that a bucket is full again
print("     -c   median s   least s   records ok at least")
for value in values:
    print(f"  {value:>5} {statistics.median(walls[value]):10.2f} {min(walls[value]):9.2f}   {min(good[value])}")
whole = [v for v in values if v != "auto" and min(good[v]) == count]
for name, of in (("medians", statistics.median), ("least times", min)) if whole else ():
    best = min(whole, key=lambda v: of(walls[v]))
    print(f"  auto / best fixed, {name} (-c {best}): {of(walls['auto']) / of(walls[best]):.3f}")
if not whole:
    print("  no fixed value had every record ok")
PY
    exec {to_server}>&-
    sed 's/^/  server, over all runs: /' <&"$from_server"
    exec {from_server}<&-
}

slow() {
    # With fewer at once it takes longer in proportion: 50 ms a request.
    measure "50 ms" 40000 "0 50" "${FIXED:-64 128 256 512}"
}

limited() {
    for kind in ${KINDS:-bucket}; do
        # Fixed values below the rate take no harm; at once and with no delay every one is refused.
        measure "503 above 500/s ($kind), 20 ms" 5000 "500 20 $kind" "$fixed" -r 10 --retry-budget '100%'
        measure "503 above 500/s ($kind), at once" 5000 "500 0 $kind" "${FIXED_AT_ONCE:-1 8}" -r 10 --retry-budget '100%'
    done
}

case $what in
    fast) measure "fast" 120000 "0 0" "$fixed" ;;
    slow) slow ;;
    limited) limited ;;
    all) measure "fast" 120000 "0 0" "$fixed"; slow; limited ;;
    *) echo "usage: bash benches/auto.sh [fast|slow|limited|all] [ROUNDS]" >&2; exit 2 ;;
esac
