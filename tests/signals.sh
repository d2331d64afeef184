#!/usr/bin/env bash
# SIGINT and SIGTERM at 100 random moments each, unless told otherwise: of runs with every kind of output, which
# go on afterwards and must have each record once; of runs into a pipe, half of them told twice; of crawls and
# checks. Then every n-th call that writes, syncs, renames or opens fails, for more n than in the ordinary tests.
set -euo pipefail
cd "$(dirname "$0")/.."
FETCHALL_TEST_SIGNALS=${1:-100} FETCHALL_TEST_FAULTS=${2:-8} exec cargo test --locked --all-features --test faults -- \
    --nocapture signals:: disk::
