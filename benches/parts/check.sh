# shellcheck shell=bash
# Links of files and of a server, against hyperlink and lychee where they are installed
# (cargo install --locked hyperlink lychee). Findings, requests and connections are counted.
part_check() {
    [ -d "$(documentation)" ] || { say "check: no documentation of the toolchain here"; return; }
    check_files
    check_addresses
    check_site
    check_slow_host
    check_big_pages
}

# findings FILE: how many lines of text output name a rule
findings() { grep -c ': link\.' "$1" || true; }

check_files() {
    local all few
    few=$work/few
    all=$(documentation)
    mkdir "$few" && cp -a "$all/book" "$all/reference" "$few"
    title "check: files of book and reference, anchors on"
    tool fetchall -d "$few" "$bin" check . --external off
    have hyperlink && tool hyperlink -d "$few" hyperlink . --check-anchors
    have lychee && tool lychee -d "$few" lychee --offline --include-fragments --no-progress .
    compare file "$(find "$few" -name '*.html' | wc -l)" hyperlink:1
    say; say "findings: fetchall $(findings "$work/fetchall.out")"
    have hyperlink && say "hyperlink: $(grep '^Found' "$work/hyperlink.out" | paste -sd' ')"
    have lychee && say "lychee: $(grep -c '^\[ERROR\]' "$work/lychee.out")"
    ((short)) && return
    title "check: all files of the documentation, anchors on"
    tool fetchall -d "$all" "$bin" check . --external off
    have hyperlink && tool hyperlink -d "$all" hyperlink . --check-anchors
    rounds=3 compare file "$(find "$all" -name '*.html' | wc -l)" hyperlink:1
}

# Every page once, by a document that names its address, anchors aside.
check_addresses() {
    local count=$((short ? 2000 : 20000)) slots=64
    title "check: $count addresses at nginx, $slots at once"
    start_nginx "$(documentation)"
    documentation_list "$count" | sed 's|.*|[x](<&>)\n|' > "$work/links.md"
    tool fetchall "$bin" check "$work/links.md" -c $slots --per-host $slots -f none -q
    have lychee && tool lychee lychee --no-progress --max-concurrency $slots --host-concurrency $slots --host-request-interval 0ms "$work/links.md"
    compare link "$count" lychee:1
    say; say "links a second of a core: $(awk -v count="$count" '$1 == "fetchall" { print count / $2 }' "$work/rounds" | median)"
    stop_servers
}

check_site() {
    local slots=64
    title "check: book and reference on a site, from page to page"
    mkdir "$work/site" && cp -a "$(documentation)/book" "$(documentation)/reference" "$work/site"
    start_nginx "$work/site" log
    : > "$work/access.log"
    "$bin" check "http://127.0.0.1:$port/book/" "http://127.0.0.1:$port/reference/" --recurse --external off -c $slots --per-host $slots -f none 2> "$work/sum" || true
    sleep 0.3
    tail -n 1 "$work/sum"
    # GET of what HEAD was refused for is a second request for one address.
    say "requests $(wc -l < "$work/access.log"), distinct addresses $(awk '{ print $3 }' "$work/access.log" | sort -u | wc -l), refused $(awk '$1 >= 400 { print $3 }' "$work/access.log" | sort -u | wc -l), connections $(awk '{ print $4 }' "$work/access.log" | sort -u | wc -l)"
    stop_servers
}

# 200 links to a host that takes a second for each stand before 200 to a fast one.
check_slow_host() {
    title "check: a slow host listed first"
    start_delay 1 1000
    local slow=$port done_at
    python3 benches/instant.py > "$work/fast.port" &
    pids+=($!)
    until [ -s "$work/fast.port" ]; do sleep 0.05; done
    { seq 200 | sed "s|.*|[s](http://127.0.0.1:$slow/s&)\n|"; seq 200 | sed "s|.*|[f](http://127.0.0.1:$(cat "$work/fast.port")/f&)\n|"; } > "$work/slow.md"
    done_at=$(begun=$(date +%s.%N) && "$bin" check "$work/slow.md" -f jsonl --second-round off -q | python3 -c '
import json, sys, time
begun, last = float(sys.argv[1]), None
for line in sys.stdin:
    if "/f" in json.loads(line)["url"]: last = time.time() - begun
print(round(last, 2))' "$begun")
    say "the fast host was done after $done_at s (at most 1.5)"
    stop_servers
}

# 300 pages of 1 MB, with a fragment each and without: what is kept of a page is little.
check_big_pages() {
    title "check: 300 pages of 1 MB"
    mkdir "$work/big"
    python3 - "$work/big" << 'PY'
import sys
for page in range(300):
    with open(f"{sys.argv[1]}/{page}.html", "w") as out:
        out.write("<!doctype html><title>x</title>")
        out.writelines(f'<p id="p{line}">{"word " * 17}\n' for line in range(10_000))
PY
    start_nginx "$work/big"
    seq 0 299 | sed "s|.*|[x](http://127.0.0.1:$port/&.html)\n|" > "$work/without.md"
    sed 's|\.html)|.html#p77)|' "$work/without.md" > "$work/with.md"
    local slots
    for slots in 4 64; do
        tool "without,_$slots" "$bin" check "$work/without.md" -c 64 --per-host $slots -f none -q
        tool "with,_$slots" "$bin" check "$work/with.md" -c 64 --per-host $slots -f none -q
    done
    base=without,_4 compare page 300
    say; say "at most 20 MB more with fragments"
    stop_servers
}
