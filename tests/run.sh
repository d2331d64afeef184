#!/usr/bin/env bash
# Everything that has to hold: format, lints, tests, docs, the demo and the README's commands.
# Runs on a fresh Debian machine with Rust; installs what else it needs.
set -euo pipefail
cd "$(dirname "$0")/.."

needed=()
command -v cc > /dev/null || needed+=(gcc libc6-dev)
command -v jq > /dev/null || needed+=(jq)
command -v curl > /dev/null || needed+=(curl)
command -v git > /dev/null || needed+=(git)
command -v python3 > /dev/null || needed+=(python3 python3-yaml)
if [ ${#needed[@]} -gt 0 ]; then
    sudo=''; [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq --no-install-recommends "${needed[@]}"
fi

# Databases that records go into: the tests start servers of their own, as far as these are there.
servers=()
[ -n "$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2> /dev/null)" ] && command -v psql > /dev/null || servers+=(postgresql)
command -v mariadbd > /dev/null && command -v mariadb > /dev/null || servers+=(mariadb-server)
if [ ${#servers[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null && apt-get update -qq \
        && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${servers[@]}"; then
        echo "installed: ${servers[*]}"
    else
        echo "skipped: the tests of ${servers[*]}, which cannot be installed here"
    fi
fi

step() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; "$@"; }
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never}
# Quicker to build: nobody steps through these, nothing is built twice, and what is tried is not raced.
export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=${CARGO_PROFILE_DEV_DEBUG:-0}
export CARGO_PROFILE_RELEASE_LTO=${CARGO_PROFILE_RELEASE_LTO:-off} CARGO_PROFILE_RELEASE_CODEGEN_UNITS=${CARGO_PROFILE_RELEASE_CODEGEN_UNITS:-16}
step cargo fmt --check
step cargo clippy --locked --all-targets --all-features -- -D warnings
# The misbehaving server is met by a release build further down, whose times count.
FETCHALL_TEST_HOSTILE=none step cargo test --locked --all-targets --all-features
step cargo test --locked --doc --all-features
RUSTDOCFLAGS='-D warnings' step cargo doc --locked --no-deps --all-features
step cargo run --release --locked --quiet -- demo > /dev/null
step cargo test --release --locked --test hostile
step bash tests/deny.sh
step bash tests/readme.sh
step bash tests/action.sh
step bash tests/papers.sh
step bash tests/warc.sh
FETCHALL=${CARGO_TARGET_DIR:-target}/release/fetchall step bash tests/report.sh
