"""What the Python peers read out of a page, the fast way: selectolax."""

from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

WHERE = {"a": "href", "area": "href", "link": "href", "form": "action"}
SOURCES = ("img", "script", "iframe", "source", "video", "audio", "embed")
WHERE.update({tag: "src" for tag in SOURCES})
SELECTOR = ",".join(f"{tag}[{attribute}]" for tag, attribute in WHERE.items())


def absolute(base, links):
    """The links that are URLs, absolute."""
    for link in links:
        try:
            link = urljoin(base, link.strip())
            urlsplit(link).port
        except ValueError:
            continue
        yield link


def title_and_links(url, status, body, as_written=False):
    tree = LexborHTMLParser(body)
    title, base = tree.css_first("title"), tree.css_first("base[href]")
    # SVG's `xlink:href` answers to `[href]` as well.
    nodes = ((node.attributes, WHERE[node.tag]) for node in tree.css(SELECTOR))
    links = (attributes[where] or "" for attributes, where in nodes if where in attributes)
    if not as_written:
        links = absolute(urljoin(url, base.attributes["href"]) if base else url, links)
    title = " ".join(title.text().split()) if title else None
    return {"url": url, "status": status, "title": title, "links": list(links)}
