#!/usr/bin/env bash
# The program for the action, built from the sources that lie around it: `key` says by an output what they are,
# `build` builds them unless the cache had them, and puts the program on the path of the steps that follow.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
kept=$HOME/.cache/fetchall-action

case ${1:-} in
    key)
        digest=(sha256sum)
        command -v sha256sum > /dev/null || digest=(shasum -a 256)
        key=$(cd "$root" && find Cargo.toml Cargo.lock src -type f -print0 | LC_ALL=C sort -z | xargs -0 "${digest[@]}" | "${digest[@]}")
        printf 'key=%s\n' "${key%% *}" >> "$GITHUB_OUTPUT"
        ;;
    build)
        if [ ! -x "$kept/bin/fetchall" ]; then
            cargo install --locked --quiet --path "$root" --root "$kept"
        fi
        printf '%s\n' "$kept/bin" >> "$GITHUB_PATH"
        ;;
    *)
        echo 'build.sh key|build' >&2
        exit 2
        ;;
esac
