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
        yield {
            "name": response.css("article h1::text").get(),
            "cents": int(response.css(".price::attr(data-cents)").get()),
            "stock": response.css(".stock::text").get(),
            "path": response.css(".breadcrumbs a::text").getall(),
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
