# shellcheck shell=bash
# A crawl finds exactly the pages that an independent closure over the files finds, each once; and what a
# million pages take.
part_crawl() {
    crawl_documentation
    crawl_million
    crawl_catalogue
}

# The catalogue of the demo: a command line, a program of this library, and a spider for Scrapy.
crawl_catalogue() {
    { peer_python && peer_scrapy; } || { say "crawl: no Scrapy; the catalogue is left out"; return; }
    title "crawl: the catalogue, 55 pages, 4 at once"
    start_demo
    tool fetchall "$bin" crawl "http://127.0.0.1:$port/catalogue/page/1" --include /catalogue/ --depth 99 --per-host 4 -q \
        --select 'name=article h1' --select 'price=article .price|number' --select 'stock=.stock|regex(\d+)|int' \
        --select 'path[]=nav:has(+ article) a{text=:scope, url=::attr(href)|url}' \
        -f jsonl -o "$work/catalogue.jsonl"
    tool program "$examples/catalogue" "http://127.0.0.1:$port"
    tool scrapy "$venv/bin/python" benches/peers/catalogue_scrapy.py "http://127.0.0.1:$port" "$work/scrapy.jsonl"
    compare run 1
    say
    jq -cS 'select(.data.name) | .data' "$work/catalogue.jsonl" | sort > "$work/ours"
    jq -cS . "$work/scrapy.jsonl" | sort > "$work/theirs"
    jq -cS . "$work/program.out" | sort > "$work/programs"
    say "things: $(wc -l < "$work/ours"); lines that differ from the spider's: command $(comm -3 "$work/ours" "$work/theirs" | wc -l), program $(comm -3 "$work/programs" "$work/theirs" | wc -l)"
    say "lines without blanks and comments: command 1, program $(code_lines examples/catalogue.rs), spider $(code_lines benches/peers/catalogue_scrapy.py)"
    stop_servers
}

code_lines() { grep -cvE '^\s*(//.*|#.*|""".*|[})\];]*)?$' "$1"; }

crawl_documentation() {
    [ -d "$(documentation)" ] || { say "crawl: no documentation of the toolchain here"; return; }
    local root seeds=(/index.html) slots=8 requests connections took
    root=$(documentation)
    if ((short)); then
        root=$work/books seeds=()
        mkdir "$root"
        for book in book reference nomicon cargo alloc; do
            cp -a "$(documentation)/$book" "$root"
            seeds+=("/$book/index.html")
        done
    fi
    title "crawl: the documentation at nginx, $slots at once for a host"
    start_nginx "$root" log
    python3 benches/closure.py "$root" "http://127.0.0.1:$port" "${seeds[@]}" > "$work/closure"
    before=$(counted)
    : > "$work/access.log"
    read -ra took < <(measure -o "$work/pages.jsonl" "$bin" crawl "${seeds[@]/#/http://127.0.0.1:$port}" \
        --depth 999 --max-pages 0 --per-host $slots -q -f jsonl)
    read -r requests connections < <(served)
    jq -r '.final_url // .url' "$work/pages.jsonl" | sort -u > "$work/found"
    sort -u "$work/closure" > "$work/wanted"
    say "pages wanted $(wc -l < "$work/wanted"), found $(wc -l < "$work/found"): missing $(comm -23 "$work/wanted" "$work/found" | wc -l), too many $(comm -13 "$work/wanted" "$work/found" | wc -l)"
    say "records $(wc -l < "$work/pages.jsonl"), of one URL twice $(jq -r .url "$work/pages.jsonl" | sort | uniq -d | wc -l); addresses asked for twice without a redirect $(asked_twice)"
    say "requests $requests, connections $connections (at most $slots: $(verdict "$connections" "$slots"))"
    say "CPU ${took[0]} s, wall ${took[1]} s, peak $(awk -v kib="${took[2]}" 'BEGIN { printf "%.1f", kib / 1024 }') MiB; $(awk -v pages="$(wc -l < "$work/pages.jsonl")" -v wall="${took[1]}" 'BEGIN { printf "%.0f", pages / wall }') pages a second"
    stop_servers
}

# Whoever is sent to a page may meet it a second time; nobody else.
asked_twice() {
    jq -r 'select(.redirects != []) | .final_url' "$work/pages.jsonl" | sed "s|^http://127.0.0.1:$port||" | sort -u > "$work/sent"
    awk '{ print $3 }' "$work/access.log" | sort | uniq -d | comm -23 - "$work/sent" | wc -l
}

crawl_million() {
    local pages=$((short ? 100000 : 1000000)) line
    title "crawl: $pages pages that exist in memory only"
    line=$("$examples/crawl_million" "$pages")
    say "$line"
    # 16 bytes a known URL, and 64 MB for everything else.
    say "at most $((16 * pages / 1000000 + 64)) MB: $(verdict "$(sed 's/.*peak \([0-9.]*\) MiB.*/\1/' <<< "$line" | awk '{ print $1 * 1.048576 }')" $((16 * pages / 1000000 + 64)))"
}
