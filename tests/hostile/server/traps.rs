//! Sites that make up pages without end. A crawl of them ends by itself, and does not need its budget
//! of pages for it where the trap can be known.

use super::{Ask, Behaviour, Set, Step, Tale, behaviour::group, holds, secs};

/// A site whose every path is a page that `html` writes.
fn trap(name: &'static str, does: &'static str, html: impl Fn(&Ask) -> String + Send + Sync + 'static) -> Behaviour {
    Behaviour::plain(name, does, move |ask| match ask.path.as_str() {
        "/robots.txt" => Step::answer(404, "", ""),
        _ => Step::page(html(ask)),
    })
    .with(Set::Crawl)
    .flags(&["--depth=1000", "--max-pages=100"])
    .within(secs(8))
    .tells(|tale| at_most(tale, 99))
}

fn at_most(tale: &Tale, most: usize) -> Result<(), String> {
    let count = tale.seen.asks.len();
    holds(count <= most, || format!("{count} requests, {most} at most"))
}

/// A number that differs from path to path.
fn sum(path: &str) -> u64 {
    path.bytes().fold(7, |sum, byte| (sum * 31 + u64::from(byte)) % 1_000_003)
}

/// The number at the end of the path.
fn number(ask: &Ask) -> u64 {
    let digits = ask.path.len() - ask.path.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    ask.path[ask.path.len() - digits..].parse().unwrap_or(0)
}

pub fn all() -> Vec<Behaviour> {
    group("Crawl traps", [paths(), queries(), spellings(), moves()].into_iter().flatten().collect())
}

fn paths() -> Vec<Behaviour> {
    vec![
        trap("trap-folder-in-itself", "links each page to a folder of the same name below it", |_| {
            "<a href='a/'>".into()
        })
        .tells(|tale| at_most(tale, 5)),
        trap("trap-two-folders", "goes down two folders by turns", |ask| {
            let next = if ask.path.ends_with("a/") { "b/" } else { "a/" };
            format!("<a href='{next}'>")
        })
        .tells(|tale| at_most(tale, 8)),
        trap("trap-deep-path", "goes down folders with ever new names", |ask| {
            format!("<a href='d{}/'>", ask.path.len())
        })
        .tells(|tale| at_most(tale, 25)),
        trap("trap-empty-folders", "has one slash more in each link", |ask| {
            format!("<a href='{}{}/'>", ask.origin, ask.path)
        })
        .tells(|tale| at_most(tale, 25)),
        trap("trap-calendar", "has a calendar whose every month leads to the next", |ask| {
            let at = ask.path.strip_prefix("/cal/").unwrap_or("2026/11");
            let (year, month) = at.split_once('/').unwrap_or((at, "1"));
            let months = year.parse::<u64>().unwrap_or(2026) * 12 + month.parse::<u64>().unwrap_or(1);
            format!("<a href='/cal/{}/{:02}'>", months / 12, months % 12 + 1)
        })
        .tells(|tale| at_most(tale, 40)),
        trap("trap-session-in-the-path", "has a new session in the path of every link", |ask| {
            format!("<a href='/page;jsessionid={:032x}'>", ask.path.len() as u64 * 7919 + number(ask) + 1)
        })
        .tells(|tale| at_most(tale, 5)),
        trap("trap-long-address", "has a link of 100 KB", |_| format!("<a href='/{}'>", "x".repeat(100_000)))
            .tells(|tale| at_most(tale, 2)),
        trap("trap-numbers", "has a next page for every number", |ask| format!("<a href='/n/{}'>", number(ask) + 1))
            .tells(|tale| at_most(tale, 101)),
        trap("trap-wide", "has 2,000 links on every page", |ask| {
            (0..2_000).map(|n| format!("<a href='/w{}/{n}'>", number(ask))).collect()
        })
        .tells(|tale| at_most(tale, 101)),
    ]
}

fn queries() -> Vec<Behaviour> {
    vec![
        trap("trap-session-in-the-query", "has a new session in the query of every link", |ask| {
            let next = sum(&ask.path) + 1;
            format!("<a href='/page?PHPSESSID={next:026}'>")
        })
        .tells(|tale| at_most(tale, 5)),
        trap("trap-session-of-a-common-name", "has a new session in the query, by a name that has other uses", |ask| {
            format!("<a href='/page?sid={}'>", number(ask) + 1)
        })
        .tells(|tale| at_most(tale, 101)),
        trap("trap-growing-query", "adds to the query with every link", |ask| {
            let (path, query) = ask.path.split_once('?').unwrap_or((&ask.path, ""));
            format!("<a href='{path}?{query}&x=1'>")
        })
        .tells(|tale| at_most(tale, 20)),
        trap("trap-long-query", "has queries of 3,000 bytes", |ask| {
            format!("<a href='/?q={}{}'>", "x".repeat(3_000), number(ask) + 1)
        })
        .tells(|tale| at_most(tale, 2)),
        trap("trap-calendar-in-the-query", "has a calendar in its query", |ask| {
            let day = ask
                .path
                .split_once("date=")
                .map_or(2026, |(_, at)| at.get(..4).and_then(|y| y.parse().ok()).unwrap_or(2026));
            format!("<a href='/?date={}-01-01'>", day + 1)
        })
        .tells(|tale| at_most(tale, 10)),
        trap("trap-filters", "orders and filters one list in every way", |ask| {
            let (_, query) = ask.path.split_once('?').unwrap_or(("", ""));
            (0..6).map(|n| format!("<a href='/list?{query}&f{n}={}'>", query.len())).collect()
        })
        .tells(|tale| at_most(tale, 101)),
    ]
}

fn spellings() -> Vec<Behaviour> {
    vec![
        trap("trap-spellings", "spells one page in many ways", |ask| {
            let host = ask.origin.trim_start_matches("http://");
            format!("<a href='HTTP://{host}/p'><a href='/%70'><a href='/./p'><a href='/x/../p'><a href='/p#1'><a href='/p?'>")
        })
        .tells(|tale| holds(tale.hits("/p") <= 1, || format!("asked for {:?}", tale.paths()))),
        trap("trap-escaped-again", "escapes its own address once more with every link", |ask| {
            format!("<a href='/{}'>", ask.path.trim_start_matches('/').replace('%', "%25") + "%20")
        }),
        trap("trap-hosts", "leads to a host of a new name with every link", |ask| {
            let port = ask.origin.rsplit_once(':').map_or("", |(_, port)| port);
            (0..500).map(|n| format!("<a href='http://h{n}.localhost:{port}/'>")).collect()
        })
        .tells(|tale| at_most(tale, 2)),
        trap("trap-numbers-of-the-host", "writes its address as a number, in octal and in hex", |ask| {
            let port = ask.origin.rsplit_once(':').map_or("", |(_, port)| port);
            ["2130706433", "0x7f.1", "0177.0.0.1", "127.1"].map(|host| format!("<a href='http://{host}:{port}/p'>")).concat()
        })
        .tells(|tale| holds(tale.hits("/p") <= 1, || format!("asked for {:?}", tale.paths()))),
    ]
}

fn moves() -> Vec<Behaviour> {
    vec![
        Behaviour::plain(
            "trap-redirects-to-itself",
            "redirects a page to itself with one more parameter, for ever",
            |ask| match ask.path.as_str() {
                "/robots.txt" => Step::answer(404, "", ""),
                "/" => Step::page("<a href='/r?'>"),
                path => Step::answer(302, &format!("location: {path}&x={}\r\n", path.len()), ""),
            },
        )
        .with(Set::Crawl)
        .within(secs(4))
        .tells(|tale| at_most(tale, 14)),
        Behaviour::plain("trap-redirect-between-pages", "redirects 50 pages to each other", |ask| {
            match ask.path.as_str() {
                "/robots.txt" => Step::answer(404, "", ""),
                "/" => Step::page((0..50).map(|n| format!("<a href='/r{n}'>")).collect::<String>()),
                _ => Step::answer(302, &format!("location: /r{}\r\n", (number(ask) + 1) % 50), ""),
            }
        })
        .with(Set::Crawl)
        .within(secs(6))
        .tells(|tale| at_most(tale, 600)),
        trap("trap-soft-404", "has a page for every path, each with ten links to others", |ask| {
            (0..10).map(|n| format!("<a href='/no{}{n}'>", number(ask) % 100_000)).collect()
        })
        .tells(|tale| at_most(tale, 101)),
        trap("trap-canonical", "says of every page that it is another", |ask| {
            format!("<link rel=canonical href='/c{}'><a href='/c{}'>", number(ask) + 1, number(ask) + 1)
        })
        .tells(|tale| at_most(tale, 101)),
        trap("trap-anchors", "has 30,000 links to places within itself", |_| {
            (0..30_000).map(|n| format!("<a href='#{n}'>")).collect()
        })
        .tells(|tale| at_most(tale, 2)),
    ]
}
