"""The catalogue of `fetchall demo` with Scrapy: every thing with name, price, stock and place.

    catalogue_scrapy.py BASE OUTPUT
"""

import sys

import scrapy
from scrapy.crawler import CrawlerProcess

base, output = sys.argv[1:]


class Catalogue(scrapy.Spider):
    name = "catalogue"
    start_urls = [base + "/catalogue/page/1"]

    def parse(self, response):
        yield from response.follow_all(css="a.item", callback=self.thing)
        yield from response.follow_all(css="a.next", callback=self.parse)

    def thing(self, response):
        stock = response.css(".stock::text").re_first(r"\d+")
        crumbs = response.xpath("//article/preceding-sibling::nav[1]//a")
        yield {
            "name": response.css("article h1::text").get(),
            "price": float(response.css("article .price::text").re_first(r"[\d.]+")),
            "stock": int(stock) if stock else None,
            "path": [{"text": a.css("::text").get(), "url": response.urljoin(a.attrib["href"])} for a in crumbs],
        }


process = CrawlerProcess({
    "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
    "DOWNLOAD_DELAY": 0,
    "FEEDS": {output: {"format": "jsonlines", "overwrite": True}},
    "LOG_LEVEL": "WARNING",
    "TELNETCONSOLE_ENABLED": False,
})
process.crawl(Catalogue)
process.start()
