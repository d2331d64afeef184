"""Three selectors over a list of pages, as one would write it in Python: aiohttp, selectolax.

    select_three.py LIST CONCURRENCY
"""

import asyncio
import json
import sys

import aiohttp
from selectolax.lexbor import LexborHTMLParser

path, concurrency = sys.argv[1:]


def row(url, status, body):
    tree = LexborHTMLParser(body)
    heading, icon = tree.css_first("h1"), tree.css_first("link[rel=icon]")
    return {
        "url": url,
        "status": status,
        "heading": heading.text() if heading else None,
        "icon": icon.attributes.get("href") if icon else None,
        "items": [node.text() for node in tree.css("li a")],
    }


async def worker(session, urls):
    for url in urls:
        async with session.get(url) as response:
            line = row(url, response.status, await response.read())
        sys.stdout.write(json.dumps(line) + "\n")


async def main():
    urls = iter(open(path).read().split())
    connector = aiohttp.TCPConnector(limit=int(concurrency))
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(worker(session, urls) for _ in range(int(concurrency))))


asyncio.run(main())
