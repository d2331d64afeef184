"""Feeds a list through a pipe and counts records: first_record.py PROGRAM LIST FLAG ..."""

import subprocess
import sys
import time

program, path, *flags = sys.argv[1:]
begun = time.monotonic()
feed = subprocess.Popen(["cat", path], stdout=subprocess.PIPE)
run = subprocess.Popen([program, "-", "-q", *flags], stdin=feed.stdout, stdout=subprocess.PIPE)
feed.stdout.close()
first, count = None, 0
for line in run.stdout:
    first = first or time.monotonic() - begun
    count += 1
status = run.wait()
feed.wait()
took = time.monotonic() - begun
print(f"- `{' '.join(flags)}`: {count} records, first after {first or 0:.2f} s, all after {took:.1f} s, exit {status}")
