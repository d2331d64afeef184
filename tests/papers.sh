#!/usr/bin/env bash
# Completions and manual pages, as the shells and man take them: each offers what the program has, and none complains.
# What is not here (zsh, fish, man) is left out with a word. FETCHALL names a program that is built already.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${FETCHALL:-${CARGO_TARGET_DIR:-target}/release/fetchall}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "tests/papers.sh: $*" >&2; exit 1; }
has() { command -v "$1" > /dev/null || { echo "left out, for it is not here: $1"; return 1; }; }
mkdir "$work/bin"
ln -s "$program" "$work/bin/fetchall"
export PATH=$work/bin:$PATH
for shell in bash zsh fish elvish powershell; do
    fetchall completions "$shell" > "$work/$shell"
    grep -q -- per-host "$work/$shell" || fail "completions for $shell do not know --per-host"
done

# offered SHELL WORDS…: what a shell offers behind these words, one a line.
offered() {
    local shell=$1; shift
    case $shell in
        bash)
            bash --norc -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
                _fetchall fetchall "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"; printf "%s\n" "${COMPREPLY[@]}"' \
                bash "$work/bash" "$@" ;;
        fish) fish --no-config -c 'source $argv[1]; complete -C "$argv[2]"' "$work/fish" "$*" | cut -f1 ;;
    esac
}
# offers SHELL WHAT WORDS…: whether WHAT is among it. Through a file: `grep -q` would not read a pipe to its end.
offers() { local shell=$1 what=$2; shift 2; offered "$shell" "$@" > "$work/offered"; grep -qx -- "$what" "$work/offered"; }
for shell in bash fish; do
    has "$shell" || continue
    offers "$shell" --per-host fetchall --per-h || fail "$shell does not offer --per-host"
    offers "$shell" --base-url fetchall check --base || fail "$shell does not offer check --base-url"
    offers "$shell" extract fetchall ex || fail "$shell does not offer extract"
    offers "$shell" obey fetchall fetch --robots '' || fail "$shell does not offer fetch --robots obey"
    if offers "$shell" --update-baseline fetchall crawl --upd; then fail "$shell offers what crawl has not"; fi
done
if has zsh; then
    mkdir "$work/zfunc"
    cp "$work/zsh" "$work/zfunc/_fetchall"
    # As it is loaded: found by its first line, and no word of complaint.
    said=$(HOME=$work zsh -fc 'fpath=("$1" $fpath); autoload -Uz compinit && compinit -u -d "$2"; print -r -- $_comps[fetchall]; autoload +X _fetchall' \
        zsh "$work/zfunc" "$work/zcompdump" 2>&1)
    [ "$said" = _fetchall ] || fail "zsh says: $said"
fi

fetchall man "$work/man"
fetchall man > "$work/man/one.1"
for name in fetch crawl check extract diff report warc demo explain config doctor schema completions; do
    [ -s "$work/man/fetchall-$name.1" ] || fail "no manual page for $name"
done
if has man; then
    for page in "$work/man"/*.1; do
        said=$(MANWIDTH=100 LC_ALL=C.UTF-8 man --warnings -l "$page" 2>&1 > "$work/text") || fail "man refuses $page"
        [ -z "$said" ] || fail "$(basename "$page"): $said"
        [ -s "$work/text" ] || fail "$(basename "$page") is empty"
    done
    LC_ALL=C.UTF-8 MANWIDTH=100 man -l "$work/man/fetchall-fetch.1" > "$work/text"
    grep -q -- '--rate-per-host' "$work/text" || fail 'the page of fetch lacks a flag'
fi
echo 'completions and manual pages are taken as they are'
