# shellcheck shell=bash
# An archive of real pages: what writing it costs, whether others find fault with it, whether the run that is
# answered from it is the same, and whether another player gives back what was served.
part_warc() {
    local count=$((full ? 10000 : 1000)) judges=$target/warc-judges/bin missing said wrong=0
    [ -d "$(documentation)" ] || { say "warc: no documentation of the toolchain here"; return; }
    title "warc: $count pages of the documentation, 8 at once"
    start_nginx "$(documentation)"
    documentation_list "$count" > "$work/warc-list.txt"
    tool fetchall "$bin" "$work/warc-list.txt" -q -o "$work/warc.jsonl" --warc "$work/w.warc.gz" --state "$work/w.db" --restart
    tool without "$bin" "$work/warc-list.txt" -q -o "$work/warc-without.jsonl" --state "$work/w2.db" --restart
    compare page "$count"
    "$bin" "$work/warc-list.txt" -q -o "$work/replayed.jsonl" --replay "$work/w.warc.gz"
    local same='del(.seq, .timings, .started_at, .ip, .saved, .attempts)'
    jq -cS "$same" "$work/warc.jsonl" | sort > "$work/first"
    jq -cS "$same" "$work/replayed.jsonl" | sort > "$work/second"
    say
    say "replayed: $(wc -l < "$work/second") records, lines that differ from the first run: $(comm -3 "$work/first" "$work/second" | wc -l)"
    if ! missing=$(warc_judges "$target/warc-judges"); then
        say "$missing"
    else
        said=$("$judges/warcio" check "$work/w.warc.gz" 2>&1) && said="no complaint"
        say "warcio check: $said; cdxj-indexer: $("$judges/cdxj-indexer" "$work/w.warc.gz" 2> /dev/null | wc -l) answers"
        mkdir -p "$work/player"
        (cd "$work/player" && "$judges/wb-manager" init w && "$judges/wb-manager" add w "$work/w.warc.gz") > "$work/said" 2>&1
        start_wayback "$judges" "$work/player"
        pids+=("$wayback")
        while IFS= read -r url; do
            curl -s "$url" | cmp -s - <(curl -sS --compressed "http://127.0.0.1:$wayback_port/w/20990101000000id_/$url") || wrong=$((wrong + 1))
        done < "$work/warc-list.txt"
        say "pywb gives back other bytes than were served: $wrong of $count pages"
    fi
    stop_servers
}
