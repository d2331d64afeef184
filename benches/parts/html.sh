# shellcheck shell=bash
# Real pages: title and every link, and three selectors, against the fastest that Python has.
part_html() {
    [ -d "$(documentation)" ] || { say "html: no documentation of the toolchain here"; return; }
    local count=$((short ? 1000 : 10000)) slots=64 peers=0 list
    peer_python && peers=1 || say "html: no selectolax, pycurl or aiohttp; their rows are left out"
    start_nginx "$(documentation)"
    list=$work/list.txt
    documentation_list "$count" > "$list"
    count=$(wc -l < "$list")
    title "html: title and all links of $count pages, $slots at once"
    tool fetchall "$bin" "$list" -c $slots --per-host $slots -q --with links -o "$work/links.jsonl"
    if ((peers)); then
        tool pycurl+selectolax "$venv/bin/python" benches/peers/links.py "$list" $slots
        tool same,_links_as_written "$venv/bin/python" benches/peers/links.py "$list" $slots as-written
    fi
    rounds=$((short ? 1 : rounds)) compare page "$count" pycurl+selectolax:0.3333 same,_links_as_written:0.3333
    awk -v count="$count" '$1 == "fetchall" { print $2 * 1e6 / count }' "$work/rounds" | median > "$work/each"
    say; say "fetchall: $(cat "$work/each") µs a page; at most 110: $(verdict "$(cat "$work/each")" 110)"
    ((peers)) && say "links found: fetchall $(jq '.links | length' "$work/links.jsonl" | awk '{ n += $1 } END { print n }'), the peer $(jq '.links | length' "$work/pycurl+selectolax.out" | awk '{ n += $1 } END { print n }')"

    title "html: three selectors on $count pages, $slots at once"
    tool fetchall "$bin" "$list" -c $slots --per-host $slots -q --select 'heading=h1' --select 'icon=link[rel=icon]::attr(href)' --select 'items[]=li a' -o "$work/select.jsonl"
    ((peers)) && tool aiohttp+selectolax "$venv/bin/python" benches/peers/select_three.py "$list" $slots
    rounds=$((short ? 1 : rounds)) compare page "$count" aiohttp+selectolax:0.5
    stop_servers
}
