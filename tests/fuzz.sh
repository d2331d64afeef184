#!/usr/bin/env bash
# Every fuzz target of tests/fuzz/ for so many seconds (60), two at a time or FUZZ_JOBS: `bash tests/fuzz.sh 5`, or only
# some of them: `bash tests/fuzz.sh 60 robots warc`. Needs a nightly toolchain, and says so where there is
# none. On a machine with other work FUZZ_TIMEOUT=300, since libFuzzer goes by the clock (the bounds of the targets
# themselves are of CPU time). What a target finds lies in tests/fuzz/artifacts/TARGET/; mended, it belongs to tests/fuzz/seeds/TARGET/.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift $(($# > 0 ? 1 : 0))
if ! cargo +nightly --version > /dev/null 2>&1; then
    echo "skipped: no nightly toolchain"
    exit 0
fi
cargo fuzz --version > /dev/null 2>&1 || cargo install --quiet --locked cargo-fuzz

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for target in tests/fuzz/targets/*.rs; do targets+=("$(basename "$target" .rs)"); done
fi

# No sanitizer: there is no unsafe code here, and without one a target runs several times as often.
fuzz() { cargo +nightly fuzz "$1" --fuzz-dir tests/fuzz --sanitizer none "${@:2}"; }
if [ ${#targets[@]} -eq 1 ]; then fuzz build "${targets[0]}"; else fuzz build; fi

found=$(mktemp)
trap 'rm -f "$found"' EXIT
one() {
    local target=$1 log
    log=$(mktemp)
    mkdir -p "tests/fuzz/corpus/$target" "tests/fuzz/artifacts/$target"
    if "$bin/$target" -rss_limit_mb=512 -timeout="${FUZZ_TIMEOUT:-10}" -max_len=8192 -max_total_time="$seconds" -print_final_stats=1 \
        -artifact_prefix="tests/fuzz/artifacts/$target/" "tests/fuzz/corpus/$target" "tests/fuzz/seeds/$target" \
        > "$log" 2>&1; then
        echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs," \
            "$(grep -ao 'cov: [0-9]*' "$log" | tail -1)"
    else
        echo "$target" >> "$found"
        echo "$target FAILED:"
        grep -a -A3 -e 'panicked at' -e 'ERROR: libFuzzer' -e 'Test unit written' "$log" | head -20 || tail -5 "$log"
    fi
    rm -f "$log"
}
bin=$(echo tests/fuzz/target/*/release)
for target in "${targets[@]}"; do
    one "$target" &
    while [ "$(jobs -rp | wc -l)" -ge "${FUZZ_JOBS:-2}" ]; do wait -n || true; done
done
wait || true
if [ -s "$found" ]; then
    echo "found something: $(sort "$found" | tr '\n' ' ')(the inputs are in tests/fuzz/artifacts/)"
    exit 1
fi
