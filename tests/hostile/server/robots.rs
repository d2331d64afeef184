//! Robots files that are hard to have or hard to read (RFC 9309). `/page` is asked for.

use std::sync::LazyLock;

use super::{Ask, Behaviour, Seen, Set, Step, behaviour::group, holds, ms, secs};

/// A rule, and 16 MB of comment.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = [b"user-agent: *\ndisallow: /page\n".to_vec(), vec![b'#'; 16 << 20]].concat();
    super::sitemaps::gzip(&text)
});

const TEXT: &str = "content-type: text/plain\r\n";

/// What is sent for `/robots.txt`; every other path is a page.
fn file(
    name: &'static str,
    does: &'static str,
    reply: impl Fn(&Ask) -> Vec<Step> + Send + Sync + 'static,
) -> Behaviour {
    Behaviour::plain(name, does, move |ask| match ask.path.as_str() {
        "/page" => Step::page("x"),
        _ => reply(ask),
    })
    .with(Set::Robots)
    .at("/page")
}

fn says(name: &'static str, does: &'static str, text: impl AsRef<[u8]> + Send + Sync + 'static) -> Behaviour {
    file(name, does, move |_| Step::answer(200, TEXT, &text))
}

/// The page was not asked for, and its record says by which rule.
fn disallowed(it: Behaviour) -> Behaviour {
    it.skipped(&["robots.disallowed"]).check(|_, seen| left_alone(seen))
}

/// The page was not asked for, since nobody knows whether it may be.
fn unknown(it: Behaviour) -> Behaviour {
    it.skipped(&["robots.unavailable"]).check(|_, seen| left_alone(seen))
}

fn left_alone(seen: &Seen) -> Result<(), String> {
    holds(seen.asks.iter().all(|ask| ask.path != "/page"), || "the page was asked for".to_owned())
}

pub fn all() -> Vec<Behaviour> {
    group("Robots", [statuses(), moves(), texts(), sizes()].into_iter().flatten().collect())
}

fn statuses() -> Vec<Behaviour> {
    let status =
        |name, does, status| file(name, does, move |_| Step::answer(status, TEXT, "user-agent: *\ndisallow: /\n"));
    vec![
        status("robots-401", "wants a password for robots.txt, which is as good as none", 401),
        status("robots-403", "forbids robots.txt, which is as good as none", 403),
        status("robots-404", "has no robots.txt, and rules on the page that says so", 404),
        status("robots-410", "had a robots.txt once", 410),
        unknown(status("robots-429", "is asked too often for robots.txt", 429)),
        unknown(status("robots-500", "fails at robots.txt", 500)),
        unknown(status("robots-503", "is overloaded at robots.txt", 503)),
        unknown(status("robots-999", "answers robots.txt with a status that is none", 999)),
        unknown(file("robots-stalls", "never answers for robots.txt", |_| vec![Step::Stall])).within(secs(3)).waits(),
        unknown(file("robots-drips", "sends robots.txt a byte every half second", |_| {
            vec![
                Step::send("HTTP/1.1 200 OK\r\ncontent-length: 26\r\n\r\n"),
                Step::drip("user-agent: *\ndisallow: /\n", ms(500)),
            ]
        }))
        .within(secs(14)),
        file("robots-resets", "resets the connection for robots.txt", |_| vec![Step::Reset])
            .fails(&["connect.reset"])
            .check(|_, seen| left_alone(seen)),
        unknown(file("robots-cut", "cuts robots.txt off", |_| {
            Step::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nuser-agent: *\n")
        })),
        unknown(file("robots-unreadable-packing", "says that robots.txt is packed, which it is not", |_| {
            Step::answer(200, "content-encoding: gzip\r\n", "user-agent: *\ndisallow: /\n")
        })),
    ]
}

fn moves() -> Vec<Behaviour> {
    let hops = |last: u32| {
        move |ask: &Ask| {
            let at: u32 = ask.path.strip_prefix("/hop").and_then(|n| n.parse().ok()).unwrap_or(0);
            match at {
                n if n >= last => Step::answer(200, TEXT, "user-agent: *\ndisallow: /\n"),
                n => Step::answer(302, &format!("location: /hop{}\r\n", n + 1), ""),
            }
        }
    };
    vec![
        disallowed(file("robots-5-redirects", "has robots.txt behind five redirects", hops(5))),
        file("robots-6-redirects", "has robots.txt behind six redirects, which is as good as none", hops(6)).check(
            |_, seen| {
                let hops = seen.asks.iter().filter(|ask| ask.path.starts_with("/hop")).count();
                holds(hops <= 5, || format!("followed {hops} redirects"))
            },
        ),
        file("robots-redirect-loop", "redirects robots.txt to itself", |_| {
            Step::answer(301, "location: /robots.txt\r\n", "")
        }),
        file("robots-redirect-elsewhere", "redirects robots.txt to another host, where there are no rules", |ask| {
            Step::answer(302, &format!("location: {}/robots.txt\r\n", ask.places.good), "")
        }),
        file("robots-redirect-to-a-file", "redirects robots.txt to a file of this machine", |_| {
            Step::answer(302, "location: file:///etc/passwd\r\n", "")
        }),
        file("robots-redirect-to-nowhere", "redirects robots.txt without a place", |_| Step::answer(302, "", "")),
        disallowed(file("robots-redirect-to-the-page", "redirects robots.txt to another file with rules", |ask| {
            match ask.path.as_str() {
                "/robots.txt" => Step::answer(307, "location: /rules\r\n", ""),
                _ => Step::answer(200, TEXT, "user-agent: fetchall\ndisallow: /page\n"),
            }
        })),
    ]
}

fn texts() -> Vec<Behaviour> {
    vec![
        says("robots-empty", "has an empty robots.txt", ""),
        disallowed(says(
            "robots-bom",
            "has a byte order mark before the first rule",
            "\u{feff}user-agent: *\ndisallow: /\n",
        )),
        disallowed(says("robots-cr-only", "ends its lines with CR alone", "user-agent: *\rdisallow: /page\r")),
        says(
            "robots-utf16",
            "writes robots.txt in UTF-16, in which there are no rules",
            "\u{feff}user-agent: *\ndisallow: /\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
        ),
        says("robots-binary", "sends noise as robots.txt", (0..=255).cycle().take(50_000).collect::<Vec<u8>>()),
        says(
            "robots-html",
            "sends a page as robots.txt",
            "<!doctype html><title>x</title><p>user-agents: all\n<p>disallow: nothing\n",
        ),
        disallowed(says(
            "robots-nul",
            "has NUL and other controls between its rules",
            "\0\0user-agent: *\n\0\x01\x02\nuser-agent: *\ndisallow: /page\n",
        )),
        disallowed(says(
            "robots-group-again",
            "has rules for one agent in three places",
            "user-agent: fetchall\nallow: /a\n\nuser-agent: other\ndisallow: /\n\nuser-agent: FetchAll/9.9\ndisallow: /page\n",
        )),
        says(
            "robots-group-of-its-own",
            "forbids all to everybody else",
            "user-agent: *\ndisallow: /\n\nuser-agent: fetchall\nallow: /\n",
        ),
        says("robots-allow-wins-ties", "allows and forbids the same", "user-agent: *\ndisallow: /page\nallow: /page\n"),
        disallowed(says(
            "robots-longest-wins",
            "allows all, and forbids more exactly",
            "user-agent: *\nallow: /\ndisallow: /pag\nallow: /pa\n",
        )),
        disallowed(says(
            "robots-encoded",
            "writes its path in escapes of any case",
            "user-agent: *\ndisallow: /%70a%67e\n",
        )),
        says(
            "robots-huge-delay",
            "wants 99,999,999,999 seconds between requests",
            "user-agent: *\ncrawl-delay: 99999999999999999999\nallow: /\n",
        ),
        says(
            "robots-odd-delay",
            "wants delays that are no numbers",
            "user-agent: *\ncrawl-delay: -1\ncrawl-delay: NaN\ncrawl-delay: 1e400\ncrawl-delay: inf\n",
        ),
    ]
}

fn sizes() -> Vec<Behaviour> {
    let filler = |bytes: usize| "# nothing at all to see here\n".repeat(bytes / 29 + 1);
    let bomb = || {
        let rules: String = (0..4_000).map(|n| format!("disallow: /{}{n}$\n", "*a".repeat(50))).collect();
        format!("user-agent: *\n{rules}")
    };
    vec![
        disallowed(says(
            "robots-500-kib",
            "has a rule within the first 500 KiB, and much behind them",
            format!("user-agent: *\n{}disallow: /page\n{}", filler(400 << 10), filler(300 << 10)),
        )),
        says(
            "robots-rule-beyond-500-kib",
            "has its rule behind the first 500 KiB",
            format!("user-agent: *\nallow: /x\n{}disallow: /page\n", filler(501 << 10)),
        ),
        disallowed(file("robots-endless", "sends robots.txt without end", |_| {
            vec![
                Step::send("HTTP/1.1 200 OK\r\n\r\nuser-agent: *\ndisallow: /page\n"),
                Step::repeat("# and on and on and on\n".repeat(500), 1_000_000),
            ]
        }))
        .within(secs(4)),
        disallowed(file("robots-gzip-bomb", "packs 16 MB into 16 KB of robots.txt", |_| {
            Step::answer(200, "content-encoding: gzip\r\n", &*BOMB)
        }))
        .within(secs(4)),
        says("robots-wildcard-bomb", "has 4,000 patterns of 50 wildcards each", bomb()).at("/page").within(secs(4)),
        disallowed(says(
            "robots-line-of-500-kib",
            "has one line of 400 KB before its rule",
            format!("user-agent: *\nallow: /{}\ndisallow: /page\n", "x".repeat(400_000)),
        )),
        disallowed(says("robots-agents-by-the-thousand", "names 20,000 agents, ours among them", {
            let agents: String = (0..20_000).map(|n| format!("user-agent: bot{n}\n")).collect();
            format!("{agents}user-agent: fetchall\ndisallow: /\n")
        })),
    ]
}
