"""Title and every link of a list of pages, with what Python has that is fast: pycurl, selectolax.

    links.py LIST CONCURRENCY [as-written]

A JSON line for each page, links made absolute as fetchall has them; `as-written` leaves them as
they stand in the page.
"""

import io
import json
import sys

import pycurl

from rows import title_and_links

path, concurrency, *rest = sys.argv[1:]
as_written = rest == ["as-written"]
urls = iter(open(path).read().split())
multi = pycurl.CurlMulti()
bodies = {}


def begin(handle):
    """Sends the next URL of the list, if there is one."""
    url = next(urls, None)
    if url is None:
        return
    body = io.BytesIO()
    handle.setopt(pycurl.URL, url)
    handle.setopt(pycurl.WRITEDATA, body)
    bodies[handle] = (url, body)
    multi.add_handle(handle)


def row(handle):
    url, body = bodies.pop(handle)
    return title_and_links(url, handle.getinfo(pycurl.RESPONSE_CODE), body.getvalue(), as_written)


for _ in range(int(concurrency)):
    begin(pycurl.Curl())
while bodies:
    multi.select(1.0)
    multi.perform()
    _, good, bad = multi.info_read()
    for handle in good:
        multi.remove_handle(handle)
        sys.stdout.write(json.dumps(row(handle)) + "\n")
        begin(handle)
    for handle, _, message in bad:
        multi.remove_handle(handle)
        sys.stdout.write(json.dumps({"url": bodies.pop(handle)[0], "error": message}) + "\n")
        begin(handle)
