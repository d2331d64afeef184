#!/usr/bin/env python3
"""What a shell shows, as SVG: runs each command line of stdin in a terminal of its own and draws line by line.

Knows colours (SGR) and nothing else of terminals: progress has to be off. Usage: term.py COLUMNS < commands > x.svg
"""
import html
import os
import pty
import re
import sys
import unicodedata

COLOURS = {"31": "#f47067", "32": "#8ddb8c", "33": "#daaa3f", "34": "#6cb6ff", "35": "#dcbdfb", "36": "#76e3ea", "2": "#848d97"}
WIDTH, HEIGHT, PAD = 7.8, 18, 16


def output(command, columns):
    """All that a command writes to a terminal of so many columns."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(COLUMNS=str(columns), TERM="xterm-256color")
        os.execvp("bash", ["bash", "-c", f"stty cols {columns}; {command}"])
    text = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        text += part
    os.waitpid(pid, 0)
    return text.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n")


def cut(line, columns):
    """A line as spans of (style, text), no longer than the terminal is wide."""
    spans, style, left = [], "", columns
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            style = part[2:-1] if part[2:-1] not in ("", "0") else ""
            continue
        part = "".join(c for c in part if unicodedata.category(c) != "Cc")
        if len(part) > left:
            part = part[: max(left - 1, 0)] + "…" if left > 0 else ""
        left -= len(part)
        if part:
            spans.append((style, part))
    return spans


def span(style, text):
    looks = []
    for code in style.split(";"):
        if code in COLOURS:
            looks.append(f'fill="{COLOURS[code]}"')
        elif code == "1":
            looks.append('font-weight="bold"')
    # Spaces that nobody folds: what keeps them otherwise differs between browsers.
    text = html.escape(text).replace(" ", "\u00a0")
    return f'<tspan {" ".join(looks)}>{text}</tspan>' if looks else text


def main():
    columns = int(sys.argv[1])
    lines = []
    for command in sys.stdin.read().splitlines():
        # What is typed, and behind a tab what is run in its place, where the two differ.
        typed, _, really = command.partition("\t")
        lines.append(cut(f"\x1b[32m$ \x1b[1m{typed}", columns))
        lines += [cut(line, columns) for line in output(really or typed, columns).split("\n")]
        lines.append([])
    lines.pop()
    width, height = columns * WIDTH + 2 * PAD, len(lines) * HEIGHT + 2 * PAD + 22
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}" role="img">')
    print("<title>fetchall in a terminal</title>")
    print('<rect width="100%" height="100%" rx="8" fill="#22272e"/>')
    for number, fill in enumerate(("#f47067", "#daaa3f", "#57ab5a")):
        print(f'<circle cx="{PAD + 6 + number * 18}" cy="{PAD + 2}" r="5" fill="{fill}"/>')
    print('<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="13" fill="#cdd9e5">')
    for number, spans in enumerate(lines):
        if spans:
            # The width is said, so that columns stand whatever the font is.
            length = sum(len(text) for _, text in spans) * WIDTH
            drawn = "".join(span(style, text) for style, text in spans)
            print(f'<text x="{PAD}" y="{PAD + 34 + number * HEIGHT}" textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs">{drawn}</text>')
    print("</g>\n</svg>")


main()
