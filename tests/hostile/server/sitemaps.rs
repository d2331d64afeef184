//! Sitemaps and feeds that never end, unpack to too much, or lead elsewhere. robots.txt names `/map`,
//! and the crawl reads it.

use std::{io::Write as _, sync::LazyLock};

use super::{Ask, Behaviour, Set, Step, Tale, behaviour::group, holds, secs};

/// An address, and 16 MB of blanks.
static BOMB: LazyLock<Vec<u8>> =
    LazyLock::new(|| gzip(&[urlset(&loc("/page2")).into_bytes(), vec![b' '; 16 << 20]].concat()));

const XML: &str = "content-type: application/xml\r\n";

/// Packed by gzip.
pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(text).and_then(|()| packer.finish()).unwrap_or_default()
}

/// A site of one page whose robots.txt names `/map`; `reply` answers all but those two.
fn map(name: &'static str, does: &'static str, reply: impl Fn(&Ask) -> Vec<Step> + Send + Sync + 'static) -> Behaviour {
    Behaviour::plain(name, does, move |ask| match ask.path.as_str() {
        "/" => Step::page("<title>x</title>"),
        "/robots.txt" => Step::answer(200, "content-type: text/plain\r\n", "sitemap: /map\n"),
        "/sitemap.xml" => Step::answer(404, "", ""),
        path if path.starts_with("/page") => Step::page("<title>x</title>"),
        _ => reply(ask),
    })
    .with(Set::Crawl)
    .flags(&["--sitemaps=on"])
    .within(secs(6))
}

/// `/map` is this text, with the places filled in.
fn text(name: &'static str, does: &'static str, body: impl Into<String>) -> Behaviour {
    let body = body.into();
    map(name, does, move |ask| {
        let filled = body.replace("HERE", &ask.origin).replace("ELSEWHERE", &ask.places.good);
        if ask.path == "/map" { Step::answer(200, XML, filled) } else { Step::answer(404, "", "") }
    })
}

fn urlset(inner: &str) -> String {
    format!("<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{inner}</urlset>")
}

fn loc(place: &str) -> String {
    format!("<url><loc>{place}</loc></url>")
}

fn index(of: &[String]) -> String {
    let maps: String = of.iter().map(|place| format!("<sitemap><loc>{place}</loc></sitemap>")).collect();
    format!("<sitemapindex>{maps}</sitemapindex>")
}

/// Only these, beside what is always there.
fn only(tale: &Tale, more: &[&str]) -> Result<(), String> {
    tale.asked_only(&[&["/", "/map", "/sitemap.xml"], more].concat())
}

pub fn all() -> Vec<Behaviour> {
    group("Sitemaps and feeds", [loops(), entities(), shapes(), feeds()].into_iter().flatten().collect())
}

fn loops() -> Vec<Behaviour> {
    let levels = |ask: &Ask| {
        let level: usize = ask.path.strip_prefix("/level").and_then(|n| n.parse().ok()).unwrap_or(1);
        let next = index(&[format!("{}/level{}", ask.origin, level + 1)]);
        Step::answer(200, XML, next)
    };
    vec![
        map("sitemap-index-of-itself", "has an index of nothing but itself", |ask| {
            Step::answer(200, XML, index(&[format!("{}/map", ask.origin)]))
        })
        .tells(|tale| holds(tale.hits("/map") == 1, || format!("asked {} times", tale.hits("/map")))),
        map("sitemap-index-loop", "has two indexes of each other", |ask| {
            let other = if ask.path == "/map" { "map2" } else { "map" };
            Step::answer(200, XML, index(&[format!("{}/{other}", ask.origin)]))
        })
        .tells(|tale| {
            let hits = (tale.hits("/map"), tale.hits("/map2"));
            holds(hits == (1, 1), || format!("asked {hits:?} times"))
        }),
        map("sitemap-levels-without-end", "has indexes of indexes without end", levels)
            .tells(|tale| only(tale, &["/level2", "/level3", "/level4", "/level5"])),
        map("sitemap-index-of-50000", "has an index of 50,000 sitemaps, none of which is there", |ask| {
            match ask.path.as_str() {
                "/map" => {
                    let all: Vec<_> = (0..50_000).map(|n| format!("/m{n}")).collect();
                    Step::answer(200, XML, index(&all))
                }
                _ => Step::answer(404, "", ""),
            }
        })
        .tells(|tale| holds(tale.seen.asks.len() < 150, || format!("{} requests", tale.seen.asks.len()))),
        map("sitemap-redirects-to-itself", "redirects the sitemap to itself", |_| {
            Step::answer(302, "location: /map\r\n", "")
        })
        .tells(|tale| holds(tale.hits("/map") <= 2, || format!("asked {} times", tale.hits("/map")))),
        map("sitemap-stalls", "never answers for the sitemap", |_| vec![Step::Stall]).tells(|tale| only(tale, &[])),
    ]
}

fn entities() -> Vec<Behaviour> {
    let laughs = |levels: usize| {
        let entities: String =
            (1..levels).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
        format!("<!DOCTYPE urlset [<!ENTITY l0 \"lol\">{entities}]>")
    };
    vec![
        text("sitemap-billion-laughs", "has entities that expand to a billion words", format!("{}{}", laughs(10), urlset(&(loc("HERE/page?&l9;") + &loc("HERE/page2")))))
            .tells(|tale| {
                let longest = tale.paths().into_iter().map(str::len).max().unwrap_or(0);
                holds(longest < 100 && tale.hits("/page2") == 1, || format!("asked for {:?}", tale.paths()))
            }),
        text("sitemap-quadratic-entity", "has one long entity and uses it 10,000 times", format!("<!DOCTYPE urlset [<!ENTITY l \"{}\">]>{}", "x".repeat(50_000), urlset(&loc(&format!("HERE/page{}", "&l;".repeat(10_000))))))
            .tells(|tale| holds(tale.paths().iter().all(|path| path.len() < 100_000), || "expanded".to_owned())),
        text("sitemap-entity-of-a-file", "has an entity that is a file of this machine", format!("<!DOCTYPE urlset [<!ENTITY f SYSTEM \"file:///etc/hostname\">]>{}", urlset(&(loc("HERE/page-&f;") + &loc("HERE/page2")))))
            .tells(|tale| {
                let name = fs_name();
                let told = !name.is_empty() && tale.paths().iter().any(|path| path.contains(&name));
                holds(!told && tale.hits("/page2") == 1, || format!("asked for {:?}", tale.paths()))
            }),
        text("sitemap-entity-of-the-server", "has entities and a document type that are to be fetched", format!("<!DOCTYPE urlset PUBLIC 'x' 'HERE/evil.dtd' [<!ENTITY % p SYSTEM 'HERE/evil-p'>%p;<!ENTITY f SYSTEM 'HERE/evil-f'>]><?xml-stylesheet href='HERE/evil.xsl'?>{}", urlset(&(loc("&f;") + &loc("HERE/page2")))))
            .tells(|tale| {
                let evil = tale.paths().iter().any(|path| path.starts_with("/evil"));
                holds(!evil && tale.hits("/page2") == 1, || format!("asked for {:?}", tale.paths()))
            }),
        text("sitemap-includes", "includes a file of this machine by XInclude", urlset("<url><loc><xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///etc/hostname' parse='text'/></loc></url><url><loc>HERE/page2</loc></url>"))
            .tells(|tale| only(tale, &["/page2"])),
    ]
}

/// The name of this machine, as the file of it has it.
fn fs_name() -> String {
    std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned()
}

fn shapes() -> Vec<Behaviour> {
    let nested = format!("<urlset>{}{}", "<a>".repeat(100_000), loc("HERE/page2"));
    vec![
        map("sitemap-of-50001", "has 50,001 addresses in one file, one more than may be", |_| {
            let all: String = (0..50_001).map(|n| format!("<url><loc>/p{n}</loc></url>")).collect();
            Step::answer(200, XML, format!("<urlset>{all}</urlset>"))
        })
        .flags(&["--sitemaps=on", "--max-body=8MiB"])
        .within(secs(12))
        .tells(|tale| holds(tale.seen.asks.len() <= 70, || format!("{} requests", tale.seen.asks.len()))),
        map("sitemap-gzip-bomb", "packs 16 MB into 16 KB of sitemap", |_| {
            Step::answer(200, "content-type: application/gzip\r\n", &*BOMB)
        })
        .within(secs(10))
        .tells(|tale| holds(tale.cpu < secs(6), || format!("took {:?} of CPU", tale.cpu))),
        map("sitemap-gzip-cut", "cuts a packed sitemap off in the middle", |_| {
            let all: String = (0..2_000).map(|n| loc(&format!("/page{n}"))).collect();
            let packed = gzip(urlset(&all).as_bytes());
            Step::answer(200, "content-type: application/gzip\r\n", &packed[..packed.len() / 2])
        }),
        text(
            "sitemap-wrong-encoding",
            "says that it is UTF-16, which it is not",
            urlset(&loc("HERE/page2")).replace("'1.0'", "'1.0' encoding='utf-16'"),
        )
        .tells(|tale| only(tale, &["/page2"])),
        map("sitemap-in-utf16", "is written in UTF-16", |_| {
            let all = format!("\u{feff}{}", urlset(&loc("/page2")));
            Step::answer(200, XML, all.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>())
        })
        .tells(|tale| only(tale, &["/page2"])),
        text(
            "sitemap-cut",
            "ends in the middle of an address",
            format!("<urlset>{}<url><loc>HERE/pa", loc("HERE/page2")),
        )
        .tells(|tale| only(tale, &["/page2"])),
        text(
            "sitemap-of-other-hosts",
            "has pages of other hosts and schemes",
            urlset(
                &(loc("ELSEWHERE/x")
                    + &loc("file:///etc/passwd")
                    + &loc("javascript:x")
                    + &loc("//127.0.0.2/x")
                    + &loc("HERE/page2")
                    + &loc("http://[::1")
                    + &loc("")),
            ),
        )
        .tells(|tale| only(tale, &["/page2"])),
        text("sitemap-nested-deep", "nests 100,000 elements before its address", nested)
            .tells(|tale| holds(tale.cpu < secs(4), || format!("took {:?} of CPU", tale.cpu))),
        text(
            "sitemap-open-comment",
            "opens a comment that never ends",
            format!("<urlset>{}<!--{}", loc("HERE/page2"), "-".repeat(900_000)),
        )
        .tells(|tale| only(tale, &["/page2"])),
        text(
            "sitemap-address-of-a-megabyte",
            "has an address of 900 KB",
            urlset(&(loc(&format!("HERE/{}", "x".repeat(900_000))) + &loc("HERE/page2"))),
        )
        .tells(|tale| {
            holds(tale.hits("/page2") == 1 && tale.paths().iter().all(|path| path.len() < 20_000), || {
                "asked for it".to_owned()
            })
        }),
        text(
            "sitemap-attributes",
            "has a tag with 100,000 attributes",
            format!("<urlset {}>{}</urlset>", "a='b' ".repeat(100_000), loc("HERE/page2")),
        ),
        map("sitemap-is-a-page", "answers with a page where a sitemap is to be", |_| {
            Step::page("<p><a href=/no>x</a><loc>/no</loc>")
        })
        .tells(|tale| only(tale, &[])),
        map("sitemap-of-noise", "answers with noise where a sitemap is to be", |_| {
            Step::answer(200, XML, (0..=255).cycle().take(100_000).collect::<Vec<u8>>())
        }),
        text(
            "sitemap-with-line-ends-in-addresses",
            "smuggles fields in an address",
            urlset(&(loc("HERE/page&#13;&#10;X-Evil: 1") + &loc("HERE/page2%0d%0aX-Evil:1"))),
        )
        .tells(|tale| {
            let evil = tale.seen.asks.iter().any(|ask| ask.header("x-evil").is_some());
            holds(!evil, || "a field was smuggled in".to_owned())
        }),
    ]
}

fn feeds() -> Vec<Behaviour> {
    vec![
        text("feed-billion-laughs", "has a feed with entities that expand without end", "<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><rss><channel><item><title>&b;</title><link>HERE/page?&b;</link></item><item><link>HERE/page2</link></item></channel></rss>")
            .tells(|tale| holds(tale.hits("/page2") == 1, || format!("asked for {:?}", tale.paths()))),
        text("feed-of-other-schemes", "has a feed of files and scripts", "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='file:///etc/'><entry><link href='passwd'/></entry><entry><link href='javascript:x'/></entry></feed>")
            .tells(|tale| only(tale, &[])),
        map("feed-json-deep", "has a JSON feed of 200,000 lists in lists", |_| {
            let deep = format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":{}", "[".repeat(200_000));
            Step::answer(200, "content-type: application/feed+json\r\n", deep)
        })
        .tells(|tale| only(tale, &[])),
    ]
}
