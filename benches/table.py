"""Rounds of several tools as a Markdown table of medians.

    table.py ROUNDS COUNT UNIT BASE [TOOL:LIMIT ...]

A line of ROUNDS is `tool cpu_s wall_s peak_kib exit requests connections`. COUNT is how many UNITs
(requests, pages, runs) a round holds; BASE is the tool that the others are held against, and LIMIT
the most that its CPU may be, in TOOL's.
"""

import statistics
import sys

path, count, unit, base, *limits = sys.argv[1:]
limits = {tool: float(limit) for tool, limit in (text.rsplit(":", 1) for text in limits)}
rounds = {}
with open(path) as lines:
    for line in lines:
        tool, *values = line.split()
        rounds.setdefault(tool, []).append([float(value) if value != "-" else None for value in values])


def median(tool, column):
    values = [row[column] for row in rounds[tool] if row[column] is not None]
    return statistics.median(values) if values else None


def time(seconds):
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} µs"


def whole(value):
    return "-" if value is None else f"{value:.0f}"


print(f"| tool | CPU a {unit} | spread | wall | peak | requests | connections | {base} takes |")
print("| --- | --- | --- | --- | --- | --- | --- | --- |")
for tool in rounds:
    cpus = sorted(row[0] / float(count) for row in rounds[tool])
    cpu = statistics.median(cpus)
    ratio = median(base, 0) / max(median(tool, 0), 1e-9)
    verdict = "" if tool == base else f"{ratio:.2f} of it"
    if tool in limits:
        verdict += f"; at most {limits[tool]:.2f}: " + ("met" if ratio <= limits[tool] else "**MISSED**")
    exits = {row[3] for row in rounds[tool]} - {0.0}
    name = tool + (f" (exit {', '.join(whole(one) for one in sorted(exits))})" if exits else "")
    print(
        f"| {name} | {time(cpu)} | {time(cpus[0])} to {time(cpus[-1])} | {median(tool, 1):.2f} s "
        f"| {median(tool, 2) / 1024:.0f} MiB | {whole(median(tool, 4))} | {whole(median(tool, 5))} | {verdict} |"
    )
