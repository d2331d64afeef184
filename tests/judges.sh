# shellcheck shell=bash
# Other people's tools for archives, from PyPI, in an environment of their own.

# warc_judges FOLDER: makes it, and says what is missing if it cannot be made.
warc_judges() {
    if ! python3 -c 'import ensurepip, venv' 2> /dev/null; then
        echo "there is no python3-venv"
        return 1
    fi
    [ -x "$1/bin/wayback" ] && [ -x "$1/bin/wacz" ] && return
    python3 -m venv "$1"
    if ! "$1/bin/pip" install --quiet warcio cdxj-indexer pywb wacz 2> "$1/install.log"; then
        echo "warcio, cdxj-indexer, pywb and wacz cannot be installed"
        return 1
    fi
}

# start_wayback BIN FOLDER: replays the collections in FOLDER at $wayback_port, as process $wayback.
start_wayback() {
    wayback_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    (cd "$2" && exec "$1/wayback" -b 127.0.0.1 -p "$wayback_port") > "$2/wayback.log" 2>&1 & wayback=$!
    for _ in $(seq 200); do curl -s -o /dev/null "http://127.0.0.1:$wayback_port/" && return; sleep 0.1; done
    return 1
}
