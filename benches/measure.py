"""Runs a command and says what it took: CPU seconds, wall seconds, peak KiB, exit status.

    measure.py [-d DIR] [-i FEED] [-o OUT] [-s SAMPLES] COMMAND ...

`-d` is where it runs; `-i` feeds a file through a pipe, `-o` takes standard output, `-s` writes a line `seconds KiB` for
each look at the memory. The peak is read from /proc: what getrusage calls a peak is never below
that of the program that started the command.
"""

import argparse
import os
import subprocess
import threading
import time

LOOK_EVERY = 0.02  # seconds
LONGEST = 900  # seconds, after which a command is killed


def memory(pid):
    """(KiB now, KiB at most so far) of a process, or None if it is over."""
    try:
        with open(f"/proc/{pid}/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        return tuple(int(fields[name].split()[0]) for name in ("VmRSS", "VmHWM"))
    except (OSError, KeyError, ValueError):
        return None


def watch(pid, over, begun, seen):
    while not over.wait(LOOK_EVERY):
        if now := memory(pid):
            seen.append((time.monotonic() - begun, *now))


parser = argparse.ArgumentParser()
parser.add_argument("-d", dest="folder")
parser.add_argument("-i", dest="feed")
parser.add_argument("-o", dest="out", default=os.devnull)
parser.add_argument("-s", dest="samples")
parser.add_argument("command", nargs=argparse.REMAINDER)
args = parser.parse_args()

feeder = subprocess.Popen(["cat", args.feed], stdout=subprocess.PIPE) if args.feed else None
source = feeder.stdout if feeder else subprocess.DEVNULL
seen, over = [], threading.Event()
with open(args.out, "wb") as out:
    begun = time.monotonic()
    run = subprocess.Popen(args.command, stdin=source, stdout=out, stderr=subprocess.DEVNULL, cwd=args.folder)
    if feeder:
        feeder.stdout.close()
    watcher = threading.Thread(target=watch, args=(run.pid, over, begun, seen))
    watcher.start()
    limit = threading.Timer(LONGEST, run.kill)
    limit.start()
    _, status, used = os.wait4(run.pid, 0)
    wall = time.monotonic() - begun
    limit.cancel()
over.set()
watcher.join()
run.returncode = os.waitstatus_to_exitcode(status)
if feeder:
    feeder.wait()
if args.samples:
    with open(args.samples, "w") as samples:
        samples.writelines(f"{at:.3f} {now}\n" for at, now, _ in seen)
peak = max((most for _, _, most in seen), default=0)
print(f"{used.ru_utime + used.ru_stime:.6f} {wall:.4f} {peak} {run.returncode}")
