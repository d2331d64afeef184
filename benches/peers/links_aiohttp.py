"""Title and every link of a list of pages, as most would write it in Python: aiohttp, selectolax.

    links_aiohttp.py LIST CONCURRENCY
"""

import asyncio
import json
import sys

import aiohttp

from rows import title_and_links

path, concurrency = sys.argv[1:]


async def worker(session, urls):
    for url in urls:
        async with session.get(url) as response:
            line = title_and_links(url, response.status, await response.read())
        sys.stdout.write(json.dumps(line) + "\n")


async def main():
    urls = iter(open(path).read().split())
    connector = aiohttp.TCPConnector(limit=int(concurrency))
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(worker(session, urls) for _ in range(int(concurrency))))


asyncio.run(main())
