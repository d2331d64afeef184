#!/usr/bin/env bash
# The pictures of the README, made anew: a terminal (terminal.svg), and the report of a run in a browser, light and
# dark (report-light.png, report-dark.png). Needs Python, jq and Chromium; FETCHALL names a program that is built.
# Not part of CI: times differ from run to run.
set -euo pipefail
cd "$(dirname "$0")"
pictures=$PWD
program=${FETCHALL:-../../target/release/fetchall}
program=$(realpath "$program")
work=$(mktemp -d)
site=
trap '[ -z "$site" ] || kill "$site" 2> /dev/null || true; rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$program" "$work/bin/fetchall"
export PATH=$work/bin:$PATH HOME=$work NO_PROXY='*'
cp -r ../../fixtures/check/faulty "$work/docs"
cd "$work"
fetchall demo --serve --port 8080 -q > base & site=$!
for _ in $(seq 100); do [ -s base ] && break; sleep 0.05; done
[ -s base ] || { echo 'make.sh: the practice site did not start (is port 8080 free?)' >&2; exit 1; }

printf 'http://127.0.0.1:8080/%s\n' article/1 article/2 json 'flaky?key=a&fails=1' missing 'slow?delay=3' close article/1 > urls.txt
ours='--color always --progress none'
python3 "$pictures/term.py" 112 > "$pictures/terminal.svg" << COMMANDS
fetchall urls.txt -t 1s	fetchall urls.txt -t 1s -r 1 --backoff 50ms..100ms -f text $ours
fetchall urls.txt -q --select name=h1 --select 'price=.price|number' | jq -c 'select(.data.price).data'	fetchall urls.txt -q -t 1s -r 0 --select name=h1 --select 'price=.price|number' $ours | jq -c 'select(.data.price).data'
fetchall check docs	fetchall check docs $ours | sed "s|$work/||g"
COMMANDS

# A run with enough in it, and a rate, so that there is something to see over time.
fetchall http://127.0.0.1:8080/list --with body -q -f jsonl | jq -r .body > list.txt
printf 'http://127.0.0.1:8080/slow?delay=0.%s\n' $(seq 10 39) >> list.txt
for n in $(seq 60); do printf 'http://127.0.0.1:8080/article/%s?look=%s\n' $((n % 5 + 1)) "$n" "$((n % 3 + 1))" "$((n + 60))"; done >> list.txt
fetchall list.txt -q -t 2s -r 1 --backoff 50ms..200ms --rate-per-host 60/s --max-body 1MiB -o run.jsonl --report html=run.html || [ $? = 1 ]
for look in light dark; do
    scheme=1; [ "$look" = light ] || scheme=0
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 --user-data-dir="$work/$look" \
        --blink-settings=preferredColorScheme=$scheme --window-size=1200,860 --virtual-time-budget=4000 \
        --screenshot="$work/report-$look.png" "file://$work/run.html" 2> "$work/said" || { cat "$work/said" >&2; exit 1; }
    size=$(stat -c %s "$work/report-$look.png")
    [ "$size" -le 150000 ] || { echo "make.sh: report-$look.png has $size bytes" >&2; exit 1; }
    cp "$work/report-$look.png" "$pictures/"
done
ls -l "$pictures"
