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
        tool aiohttp+selectolax "$venv/bin/python" benches/peers/links_aiohttp.py "$list" $slots
        peer_scrapy && tool scrapy "$venv/bin/python" benches/peers/links_scrapy.py "$list" $slots "$work/scrapy.jsonl"
    fi
    rounds=$((short ? 1 : rounds)) compare page "$count" pycurl+selectolax:0.3333 same,_links_as_written:0.3333 aiohttp+selectolax:0.3333 scrapy:0.05
    awk -v count="$count" '$1 == "fetchall" { print $2 * 1e6 / count }' "$work/rounds" | median > "$work/each"
    say; say "fetchall: $(cat "$work/each") µs a page; at most 110: $(verdict "$(cat "$work/each")" 110)"
    if ((peers)); then
        links_a_page "$work/links.jsonl" > "$work/links.tsv"
        say "links found: $(awk '{ n += $2 } END { print n }' "$work/links.tsv")"
        say "pages with another number of links: aiohttp+selectolax $(links_a_page "$work/aiohttp+selectolax.out" | comm -13 "$work/links.tsv" - | wc -l)"
        [ ! -e "$work/scrapy.jsonl" ] || say "pages with another number of links: scrapy $(links_a_page "$work/scrapy.jsonl" | comm -13 "$work/links.tsv" - | wc -l)"
    fi

    title "html: three selectors on $count pages, $slots at once"
    tool fetchall "$bin" "$list" -c $slots --per-host $slots -q --select 'heading=h1' --select 'icon=link[rel=icon]::attr(href)' --select 'items[]=li a' -o "$work/select.jsonl"
    ((peers)) && tool aiohttp+selectolax "$venv/bin/python" benches/peers/select_three.py "$list" $slots
    rounds=$((short ? 1 : rounds)) compare page "$count" aiohttp+selectolax:0.5
    stop_servers
}

links_a_page() { jq -r "[.url, (.links | length)] | @tsv" "$1" | sort; }
