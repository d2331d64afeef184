"""What a crawl of a folder behind nginx has to find, worked out from the files by other means.

    closure.py ROOT BASE SEED...    BASE is the URL of ROOT, a SEED a path below it; prints a URL a line

Follows `a`, `area`, `iframe`, `frame`, `link rel=next|prev|previous|canonical` and alternates with a
language, and `meta refresh`; heeds `base`, `nofollow` and the segment (no number) that stands three times in a path,
as `fetchall crawl` does. A folder without its slash counts as the folder, where nginx sends it.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit, urlunsplit

root, base = Path(sys.argv[1]), sys.argv[2].rstrip("/")
UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def spelt(url):
    """The URL in one spelling: escapes of unreserved characters undone, others in capitals."""
    parts = urlsplit(urldefrag(url)[0])

    def one(text, safe):
        text = re.sub("%([0-9a-fA-F]{2})", lambda m: c if (c := chr(int(m[1], 16))) in UNRESERVED else m[0].upper(), text)
        return quote(text, safe=safe + "%")

    path = one(parts.path or "/", "!$&'()*+,-./:;=@[\\]^_|~")
    return urlunsplit((parts.scheme, parts.netloc, path, one(parts.query, "!$&()*+,-./:;=?@[\\]^_`{|}~"), ""))


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.base, self.links, self.nofollow, self.hidden = None, [], False, 0

    def handle_starttag(self, tag, attributes):
        found = {}
        for name, value in attributes:
            found.setdefault(name, value or "")
        if tag == "template":
            self.hidden += 1
        if self.hidden:
            return
        rel = found.get("rel", "").lower().split()
        series = {"next", "prev", "previous", "canonical"} & set(rel) or ("alternate" in rel and "hreflang" in found)
        marked = "nofollow" in rel
        if tag in ("a", "area") and "href" in found:
            self.links.append((found["href"], marked))
        elif tag in ("iframe", "frame") and "src" in found:
            self.links.append((found["src"], marked))
        elif tag == "link" and "href" in found and series:
            self.links.append((found["href"], marked and "canonical" not in rel))
        elif tag == "base" and self.base is None:
            self.base = found.get("href")
        elif tag == "meta":
            content = found.get("content", "")
            refresh = re.match(r"\s*\d+(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"]+)", content, re.I)
            if found.get("http-equiv", "").lower() == "refresh" and refresh:
                self.links.append((refresh[1].strip(), None))
            if found.get("name", "").lower() in ("robots", "fetchall"):
                words = set(re.split(r"[,\s]+", content.lower()))
                self.nofollow |= bool({"nofollow", "none"} & words)

    def handle_startendtag(self, tag, attributes):
        # A slash at the end means nothing in HTML.
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag):
        if tag == "template" and self.hidden:
            self.hidden -= 1


def place(url):
    """The URL that answers, and the file behind it if it is a page."""
    path = unquote(urlsplit(url).path)
    file = root / path.lstrip("/")
    if file.is_dir():
        if not path.endswith("/"):
            parts = urlsplit(url)
            return place(urlunsplit(parts._replace(path=parts.path + "/")))
        file = file / "index.html"
    elif path.endswith("/"):
        return url, None
    return url, file if file.is_file() and file.suffix == ".html" else None


def follows(url, file):
    page = Page()
    page.feed(file.read_text(encoding="utf-8", errors="replace"))
    start = urljoin(url, page.base) if page.base is not None else url
    for href, marked in page.links:
        href = href.strip()
        # Who is marked himself, or stands on a marked page, is not followed; a refresh (None) is.
        if not href or marked or (page.nofollow and marked is not None):
            continue
        target = spelt(urljoin(start, href))
        segments = [part for part in urlsplit(target).path.split("/") if part]
        if target.startswith(base + "/") and len(segments) <= 20 and all(part.isdigit() or segments.count(part) <= 2 for part in segments):
            yield target


known, waiting = set(), []
for seed in sys.argv[3:]:
    waiting.append(spelt(base + seed))
while waiting:
    url, file = place(waiting.pop())
    if url not in known:
        known.add(url)
        if file:
            waiting.extend(follows(url, file))
print("\n".join(sorted(known)))
