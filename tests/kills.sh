#!/usr/bin/env bash
# A run over 50 URLs a kill is killed (SIGKILL) at so many random moments, 100 unless told otherwise, and
# goes on each time: into JSON Lines, zstd, SQLite, PostgreSQL, MariaDB and a WARC at once. Then each of
# them must have each record once. Prints what was asked for again.
set -euo pipefail
cd "$(dirname "$0")/.."
FETCHALL_TEST_KILLS=${1:-100} exec cargo test --locked --all-features --test it -- \
    --nocapture --exact sinks::killed::every_place_has_every_record_once_whenever_the_run_is_killed
