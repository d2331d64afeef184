#!/usr/bin/env bash
# The figures of benches/README.md, measured on this machine: servers on loopback that count, tools
# in turns, medians. Run by root on Debian it installs what it needs; else it says what is missing.
#   bash benches/run.sh [short|full] [PART ...]
# PART is pages, order, closed, cpu, tls, delay, html, bodies, memory, start, sinks, state, warc, scale, check or crawl; without, all.
# `short` takes a minute or, on a busy machine, three; `full` adds the biggest sizes.
set -euo pipefail
cd "$(dirname "$0")/.."
short=0 full=0 rounds=5
case ${1:-} in
    short) short=1 rounds=3; shift ;;
    full) full=1; shift ;;
esac
# shellcheck source=lib.sh
. benches/lib.sh
# shellcheck source=../tests/judges.sh
. tests/judges.sh
parts=()
for file in benches/parts/*.sh; do
    # shellcheck source=/dev/null
    . "$file"
    parts+=("$(basename "$file" .sh)")
done
for part in "$@"; do
    declare -F "part_$part" > /dev/null || { say "usage: bash benches/run.sh [short|full] [${parts[*]}]" >&2; exit 2; }
done
cargo build --release --locked --quiet --example delay_server --example crawl_million --example floor_reqwest --example floor_hyper
# The program by itself and last: built together with the others, it would have the features of their libraries.
cargo build --release --locked --quiet --bin fetchall
install_needed
have nginx || { say "nginx is needed (apt-get install nginx-light)" >&2; exit 2; }

if [ $# -eq 0 ]; then
    if ((short)); then set -- cpu tls delay html bodies memory start; else set -- pages order closed cpu tls delay html bodies memory start sinks state warc scale check crawl; fi
fi
say "$(date -u +%F), $(nproc) cores, load $(cut -d' ' -f1 < /proc/loadavg) at the start; $rounds rounds in turns, medians"
for part in "$@"; do "part_$part"; done
