//! Pages made to cost time, memory or stack: each is about as large as a body may be.
//!
//! Links are asked for (one pass) and selectors too (a tree). The same pages go through `check` and
//! `crawl` in `tests/hostile/alone.rs`.

use serde_json::json;

use super::{Behaviour, Step, Tale, behaviour::group, holds, ms, secs};

/// About so many bytes: what a run takes, and a little less.
const SIZE: usize = (1 << 20) - 4096;

/// Flags for pages above a mebibyte.
const LARGE: &[&str] = &["--max-body=32MiB", "--with=links"];

/// CPU that a process may take for a page of a mebibyte: one second, and what it takes to start. A
/// build for tests is slower than what people run.
const CPU_MOST: std::time::Duration = if cfg!(debug_assertions) { ms(8_000) } else { ms(1_200) };

fn fill(start: &str, piece: &str) -> Vec<u8> {
    let times = (SIZE - start.len()) / piece.len();
    [start.as_bytes(), piece.repeat(times).as_bytes()].concat()
}

/// It cost no more than it may.
pub fn costs_little(tale: &Tale) -> Result<(), String> {
    holds(tale.cpu < CPU_MOST, || format!("took {:?} of CPU", tale.cpu))
}

/// It cost no more than it may, and the page beside it came at once.
fn is_bounded(tale: &Tale) -> Result<(), String> {
    costs_little(tale)?;
    beside(tale)
}

/// The page beside it came at once.
fn beside(tale: &Tale) -> Result<(), String> {
    let is_it = |record: &&serde_json::Value| record["input"].as_str().is_some_and(|url| url.ends_with("/neighbour"));
    let beside = tale.records.iter().find(is_it);
    let took = beside.and_then(|record| record["timings"]["total_ms"].as_f64());
    holds(took.is_some_and(|ms| ms < 900.0), || format!("the page beside it took {took:?} ms"))
}

fn page(name: &'static str, does: &'static str, body: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Behaviour {
    Behaviour::plain(name, does, move |_| Step::page(body()))
        .asking("select", json!({"first": "nothing", "all[]": "b i", "next": "h1 + p", "late": "i ~ u"}))
        .flags(&["--with=links"])
        .within(secs(5))
        .tells(is_bounded)
}

fn nested(name: &'static str, does: &'static str, piece: &'static str) -> Behaviour {
    page(name, does, move || fill("<title>t</title>", piece)).has("/title", "t")
}

pub fn all() -> Vec<Behaviour> {
    group("HTML", [deep(), wide(), unclosed()].into_iter().flatten().collect())
}

fn deep() -> Vec<Behaviour> {
    vec![
        nested("html-nested-divs", "nests 200,000 divs", "<div>"),
        nested("html-nested-lists", "nests 100,000 lists, each in an item of the one before", "<ul><li>"),
        nested("html-nested-tables", "nests tables in cells of tables", "<table><tr><td>"),
        nested("html-nested-buttons-in-scope", "nests elements that each ask what is in scope", "<button><p><form>"),
        nested("html-nested-selects", "opens selects in selects", "<select><option><optgroup>"),
        nested(
            "html-nested-drawings",
            "goes from HTML to SVG to MathML and back, again and again",
            "<svg><desc><math><mi>",
        ),
        nested("html-nested-templates", "nests templates", "<template>"),
        nested("html-nested-frames", "opens framesets in framesets", "<frameset>"),
        nested(
            "html-misnested-formatting",
            "closes b, i and font in the wrong order for ever",
            "<font><b><p><i></b></font></p></i>",
        ),
        nested("html-links-in-links", "opens 100,000 links and closes none", "<a href=x>"),
        page(
            "html-multiplying-formatting",
            "leaves 300 formatting elements open, which each paragraph opens again",
            || {
                let open: String = (0..300).map(|id| format!("<p><b id={id}>")).collect();
                fill(&open, "<p>x")
            },
        ),
        page("html-fostered-table", "puts text and tags where a table has no room for them", || {
            fill("<title>t</title><table>", "x<tr><b>")
        }),
        page("html-documents-in-documents", "has frames whose srcdoc has frames whose srcdoc has frames", || {
            let mut inner = String::from("<a href=/x>");
            for _ in 0..9 {
                inner = format!("<iframe srcdoc=\"{}\">", inner.replace('&', "&amp;").replace('"', "&quot;"));
            }
            fill("<title>t</title>", &inner)
        }),
        page("html-deep-json-ld", "has JSON-LD of 200,000 lists in lists", || {
            fill("<title>t</title><script type='application/ld+json'>", "[")
        })
        .flags(&["--view=jsonld"])
        .has("/title", "t"),
        page("html-json-ld-of-objects-in-objects", "has JSON-LD whose objects are 100,000 deep and closed", || {
            let n = 90_000;
            let text = format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
            format!("<title>t</title><script type='application/ld+json'>{text}</script>").into_bytes()
        })
        .flags(&["--view=jsonld"])
        .has("/title", "t"),
    ]
}

fn wide() -> Vec<Behaviour> {
    vec![
        page("html-million-links", "has a million links on one page of 10 MB", || b"<a href=x>".repeat(1_000_000))
            .flags(LARGE)
            .within(secs(12))
            .tells(beside),
        page("html-title-of-20-mb", "has a title of 20 MB", || {
            [b"<title>".to_vec(), b"tit ".repeat(5_000_000), b"</title>".to_vec()].concat()
        })
        .flags(LARGE)
        .within(secs(12))
        .tells(beside)
        .check(|record, _| {
            let title = record["title"].as_str().unwrap_or_default();
            holds(title.starts_with("tit tit") && title.chars().count() <= 512, || format!("title {title:?}"))
        }),
        page("html-million-attributes", "has one tag with a million attributes", || {
            let attributes: String = (0..1_000_000).map(|n| format!("a{n} ")).collect();
            format!("<title>t</title><a {attributes} href=x>").into_bytes()
        })
        .flags(LARGE)
        .within(secs(12))
        .tells(beside)
        .has("/title", "t"),
        page("html-attributes-of-one-name", "has one tag with 100,000 attributes of one name", || {
            [fill("<title>t</title><a href=/first ", "href=/x "), b">".to_vec()].concat()
        })
        .check(|record, _| {
            let url = record["links"][0].as_str().unwrap_or_default();
            holds(url.ends_with("/first"), || format!("{} links, the first {url:?}", record["links"]))
        }),
        page("html-attribute-of-5-mb", "has a link whose address has 5 MB", || {
            [b"<title>t</title><a href='/".to_vec(), vec![b'x'; 5 << 20], b"'>x</a>".to_vec()].concat()
        })
        .flags(LARGE)
        .within(secs(12))
        .tells(beside)
        .has("/title", "t"),
        page("html-100000-ids", "has 60,000 ids and as many names", || {
            let ids: String = (0..30_000).map(|n| format!("<p id=i{n}><a name=n{n}>")).collect();
            format!("<title>t</title>{ids}").into_bytes()
        }),
        page("html-references", "has 150,000 character references, most of them wrong", || {
            fill("<title>&amp;&#x110000;&notit;&#0;</title>", "&amp;&notit;&#x110000;&")
        })
        .has("/title", "&\u{fffd}¬it;\u{fffd}"),
        page("html-srcset", "has a srcset of 100,000 candidates with commas and brackets in them", || {
            fill("<title>t</title><img srcset='", "a,b 1x(,), ,")
        })
        .has("/title", "t"),
        page("html-classes", "has a class list of a mebibyte", || fill("<title>t</title><p class='", "a b c ")),
        page("html-end-tags", "closes 150,000 elements that nobody has opened", || {
            fill("<title>t</title>", "</p></x></br>")
        }),
        page("html-base-times-links", "has a base of 4 KiB and 80,000 links relative to it", || {
            fill(&format!("<title>t</title><base href='/{}/'>", "b".repeat(4096)), "<a href=x>")
        })
        .has("/title", "t"),
        page("html-nul", "is a mebibyte of NUL sent as HTML", || vec![0; SIZE]),
        page("html-binary", "sends noise as HTML", || {
            let mut noise: u32 = 1;
            let bytes = std::iter::repeat_with(|| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (noise >> 24) as u8
            });
            bytes.take(SIZE).collect()
        }),
    ]
}

fn unclosed() -> Vec<Behaviour> {
    let open = |name, does, start: &'static str, piece: &'static str| page(name, does, move || fill(start, piece));
    vec![
        open("html-open-comment", "opens a comment that never ends", "<title>t</title><!--", "-"),
        open(
            "html-comments-that-nearly-end",
            "has a comment full of ends that are none",
            "<title>t</title><!--",
            "--!<!--->-- >",
        ),
        open(
            "html-open-script",
            "opens a script that escapes itself twice and never ends",
            "<title>t</title><script>",
            "<!--<script></scrip",
        ),
        open("html-open-style", "opens a style that never ends", "<title>t</title><style>", "</styl url(x)"),
        open(
            "html-open-textarea",
            "opens a textarea that never ends",
            "<title>t</title><textarea>",
            "<a href=/no></textare",
        ),
        open("html-open-title", "opens a title that never ends", "<title>", "t </titl"),
        open("html-open-tag", "opens a tag that never ends", "<title>t</title><a href=x", " <"),
        open("html-open-attribute", "opens an attribute that never ends", "<title>t</title><a href='", "x>"),
        open(
            "html-open-cdata",
            "opens CDATA within a drawing, again and again",
            "<title>t</title><svg>",
            "<![CDATA[x]>",
        ),
        open(
            "html-plaintext",
            "says plaintext, after which nothing is a tag",
            "<title>t</title><plaintext>",
            "<a href=/no>",
        ),
        open("html-only-less-than", "is a mebibyte of <", "<title>t</title>", "<"),
        open("html-doctype", "has a document type that never ends", "<!doctype html PUBLIC '", "x "),
    ]
}
