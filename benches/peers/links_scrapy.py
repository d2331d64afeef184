"""Title and every link of a list of pages with Scrapy.

    links_scrapy.py LIST CONCURRENCY OUTPUT
"""

import sys

import scrapy
from scrapy.crawler import CrawlerProcess

path, concurrency, output = sys.argv[1:]
SOURCES = ("img", "script", "iframe", "source", "video", "audio", "embed")
PATHS = [f"//{tag}/@href" for tag in ("a", "area", "link")] + [f"//{tag}/@src" for tag in SOURCES] + ["//form/@action"]
LINKS = " | ".join(PATHS)


class Links(scrapy.Spider):
    name = "links"

    async def start(self):
        with open(path) as urls:
            for url in urls:
                yield scrapy.Request(url.strip())

    def parse(self, response):
        yield {
            "url": response.url,
            "status": response.status,
            "title": " ".join((response.css("title::text").get() or "").split()),
            "links": [response.urljoin(link.strip()) for link in response.xpath(LINKS).getall()],
        }


process = CrawlerProcess({
    "CONCURRENT_REQUESTS": int(concurrency),
    "CONCURRENT_REQUESTS_PER_DOMAIN": int(concurrency),
    "DOWNLOAD_DELAY": 0,
    "FEEDS": {output: {"format": "jsonlines", "overwrite": True}},
    "LOG_LEVEL": "WARNING",
    "METAREFRESH_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
    "TELNETCONSOLE_ENABLED": False,
})
process.crawl(Links)
process.start()
