#!/usr/bin/env bash
# A run over 10,000 URLs onto a disk of 400 KiB, for every kind of output: it ends with 3, and once there is room
# the same command completes it. Then a disk that cannot be written: 2, before anything is sent. Needs root,
# for a tmpfs; without it, it says so.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --release --locked --quiet
bin=$target/release/fetchall
work=$(mktemp -d)
disk=$work/disk
mkdir "$disk"
trap 'kill "${site:-}" 2> /dev/null || true; umount "$disk" 2> /dev/null || true; rm -rf "$work"' EXIT
mount -t tmpfs -o size=400k tmpfs "$disk" 2> /dev/null || { echo "skipped: nothing can be mounted here"; exit 0; }
(cd "$work" && exec "$bin" demo --serve --port 0 > base 2> /dev/null) & site=$!
for _ in $(seq 100); do [ -s "$work/base" ] && break; sleep 0.05; done
base=$(head -n 1 "$work/base")
for n in $(seq 10000); do echo "${base%/}/?$n"; done > "$work/urls.txt"

failed=0
fail() { echo "FAILED: $*"; failed=$((failed + 1)); }
# run WANTED ARGUMENTS: in the disk's folder, ends with WANTED and a message.
run() {
    local wanted=$1 got=0
    (cd "$disk" && exec timeout 60 "$bin" "$work/urls.txt" --per-host 16 -q "${@:2}") 2> "$work/said" || got=$?
    [ "$got" = "$wanted" ] || fail "${*:2}: exit $got, not $wanted: $(cat "$work/said")"
    [ "$wanted" = 0 ] || grep -q "^error: .*cannot" "$work/said" || fail "${*:2}: nothing is said: $(cat "$work/said")"
}
kinds=0
for output in '-o out.jsonl' '-o out.jsonl.zst' '-o out.csv' '-f none --sink sqlite:r.db' '-f none --warc a.warc.gz'; do
    # shellcheck disable=SC2086
    run 3 --state run.db $output
    mount -o remount,size=64m "$disk"
    # shellcheck disable=SC2086
    run 0 --state run.db $output
    case $output in
        *jsonl.zst) count=$(zstd -dc "$disk/out.jsonl.zst" | jq .seq | sort -u | wc -l) ;;
        *jsonl) count=$(jq .seq "$disk/out.jsonl" | sort -u | wc -l) ;;
        *csv) count=$(($(wc -l < "$disk/out.csv") - 1)) ;;
        *sqlite*) count=$(sqlite3 "$disk/r.db" 'SELECT count(DISTINCT seq) FROM fetchall_records') ;;
        *warc*) count=$(gzip -dc "$disk/a.warc.gz" | grep -aE '^WARC-Type: (response|revisit)' | wc -l) ;;
    esac
    [ "$count" = 10000 ] || fail "$output: $count records"
    rm -rf "${disk:?}"/*
    mount -o remount,size=400k "$disk"
    kinds=$((kinds + 1))
done
mount -o remount,ro "$disk"
for output in '-o out.jsonl' '--sink sqlite:r.db' '--warc a.warc.gz' '--state run.db'; do
    # shellcheck disable=SC2086
    run 2 $output
    kinds=$((kinds + 1))
done
echo "$kinds disks that were full or not to be written, $failed failed"
[ "$failed" = 0 ]
