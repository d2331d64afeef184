# shellcheck shell=bash
# Records a second into databases: servers of our own on loopback, records that need no network, whose
# tags make them as long as those of a page.
# Becomes a program, as another user where root must not run it; call it in a shell of its own.
sinks_as() {
    [ "$(id -u)" != 0 ] || exec setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"
    exec "${@:2}"
}

sinks_turn() {
    local name=$1 count=$2 began ended
    shift 2
    for _ in $(seq "$rounds"); do
        began=$(date +%s%N)
        "$bin" "$work/sinks.jsonl" --exclude . --dedupe none -q "$@"
        ended=$(date +%s%N)
        echo $((count * 1000000000 / (ended - began)))
    done | sort -n | awk -v name="$name" '{ all[NR] = $1 } END { printf "| %s | %d | %d-%d |\n", name, all[int((NR + 1) / 2)], all[1], all[NR] }'
}

part_sinks() {
    local count=$((short ? 50000 : 200000)) home pg my pgbin initdb
    title "sinks: $count records"
    home=$work/sinks
    mkdir -p "$home/pg" "$home/my"
    chmod 755 "$work" "$home"
    python3 - "$count" > "$work/sinks.jsonl" <<'PYTHON'
import json, sys
for n in range(int(sys.argv[1])):
    print(json.dumps({"url": f"https://www.example.com/catalogue/page-{n}.html", "id": n, "tags": {"text": "lorem ipsum " * 40}}))
PYTHON
    echo '| place | records/s, median | least-most |'
    echo '| --- | --- | --- |'
    sinks_turn nowhere "$count" -f none
    sinks_turn jsonl "$count" -o "$work/sinks-out.jsonl"
    sinks_turn jsonl.gz "$count" -o "$work/sinks-out.jsonl.gz"
    sinks_turn jsonl.zst "$count" -o "$work/sinks-out.jsonl.zst"
    sinks_turn sqlite "$count" -f none --sink "sqlite:$work/sinks.db"
    initdb=$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2> /dev/null | tail -n 1) || true
    if [ -n "$initdb" ]; then
        pgbin=$(dirname "$(readlink -f "$initdb")")
        pg=$(free_port)
        [ "$(id -u)" = 0 ] && chown postgres "$home/pg"
        (cd "$home" && sinks_as postgres "$initdb" -D "$home/pg/data" -U bench -A trust -E UTF8 --locale=C) > "$work/pg.log"
        (cd "$home" && sinks_as postgres "$pgbin/postgres" -D "$home/pg/data" -p "$pg" -h 127.0.0.1 -c unix_socket_directories=) >> "$work/pg.log" 2>&1 &
        pids+=($!)
        until "$pgbin/pg_isready" -q -h 127.0.0.1 -p "$pg"; do sleep 0.2; done
        sinks_turn postgres "$count" -f none --sink "postgres://bench@127.0.0.1:$pg/postgres"
    fi
    if have mariadb-install-db; then
        my=$(free_port)
        [ "$(id -u)" = 0 ] && chown mysql "$home/my"
        (sinks_as mysql mariadb-install-db --no-defaults --datadir="$home/my/data" --auth-root-authentication-method=normal) > "$work/my.log" 2>&1
        sinks_as mysql mariadbd --no-defaults --datadir="$home/my/data" --port="$my" --bind-address=127.0.0.1 --socket=sock >> "$work/my.log" 2>&1 &
        pids+=($!)
        until mariadb --no-defaults -h 127.0.0.1 -P "$my" -u root -e 'CREATE DATABASE bench' 2> /dev/null; do sleep 0.2; done
        sinks_turn mariadb "$count" -f none --sink "mysql://root@127.0.0.1:$my/bench"
    fi
    stop_servers
}
