//! Text that a terminal would act on, in every place where a server has a word. Nothing of it is shown
//! as it came, on stdout and on stderr.

use super::{Behaviour, Set, Step, Tale, behaviour::group, holds, secs};

/// Colour, title of the window, a C1 control, turned text, and a bell.
const EVIL: &str = "\x1b[31mred\x1b]0;owned\x07\u{9b}2J\u{202e}txt\u{2066}\x08\x7f\r\u{200f}";

/// What a terminal would act on, but for the ends of lines.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

fn shows_none(tale: &Tale) -> Result<(), String> {
    for (name, text) in [("stdout", &tale.stdout), ("stderr", &tale.stderr)] {
        let text = std::str::from_utf8(text).map_err(|error| format!("{name} is no UTF-8: {error}"))?;
        holds(!text.contains(acts), || format!("{name} has what a terminal acts on: {text:?}"))?;
    }
    let is_silent = tale.stdout.is_empty() && tale.stderr.is_empty();
    holds(!is_silent, || "nothing was said".to_owned())
}

fn shown(it: Behaviour) -> Behaviour {
    it.flags(&["-ftext"]).tells(shows_none)
}

fn plain(name: &'static str, does: &'static str, answer: impl Into<Vec<u8>>) -> Behaviour {
    let answer = answer.into();
    shown(Behaviour::plain(name, does, move |_| Step::raw(&answer)))
}

pub fn all() -> Vec<Behaviour> {
    group("Terminal", [said(), elsewhere()].into_iter().flatten().collect())
}

fn said() -> Vec<Behaviour> {
    let raw_c1 = b"HTTP/1.1 404 \x9b31m\x9d0;owned\x9c\r\ncontent-length: 0\r\n\r\n".to_vec();
    let page = format!("<title>{EVIL}</title>");
    let length = page.len();
    vec![
        plain(
            "escapes-in-the-title",
            "has escapes and turned text in its title",
            format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {length}\r\n\r\n{page}"
            ),
        ),
        plain(
            "escapes-in-the-title-as-references",
            "has escapes in its title, written as references",
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 49\r\n\r\n<title>&#27;[31m&#155;2J&#x202e;&#7;</title>    \n\n\n",
        ),
        plain(
            "escapes-in-the-reason",
            "has escapes in its reason",
            "HTTP/1.1 404 \x1b[31m\r\ncontent-length: 0\r\n\r\n",
        ),
        plain("c1-in-the-reason", "has C1 controls as single bytes in its reason", raw_c1),
        plain("escapes-in-the-version", "has escapes where the version is to be", "HTTP/\x1b[31m 200 OK\r\n\r\n"),
        plain(
            "escapes-in-a-location",
            "redirects to an address with escapes in it",
            format!(
                "HTTP/1.1 302 x\r\nlocation: http://127.0.0.1:1/{}\r\ncontent-length: 0\r\n\r\n",
                "\u{9b}2J\u{202e}%1b[31m"
            ),
        ),
        plain(
            "escapes-in-a-scheme",
            "redirects to a scheme with turned text behind it",
            "HTTP/1.1 302 x\r\nlocation: evil\u{202e}:\u{9b}2J\r\ncontent-length: 0\r\n\r\n",
        ),
        plain(
            "escapes-in-a-host",
            "redirects to a host with turned text in its name",
            "HTTP/1.1 302 x\r\nlocation: http://a\u{202e}b\u{9b}/\r\ncontent-length: 0\r\n\r\n",
        ),
        plain(
            "escapes-in-a-type",
            "has escapes in its type and charset",
            "HTTP/1.1 200 OK\r\ncontent-type: text/\u{9b}31m; charset=\u{202e}\u{9b}x\r\ncontent-length: 1\r\n\r\nx",
        ),
        plain(
            "escapes-in-a-coding",
            "is packed with a coding of escapes",
            "HTTP/1.1 200 OK\r\ncontent-encoding: \u{9b}31m\u{202e}\r\ncontent-length: 1\r\n\r\nx",
        ),
        plain(
            "escapes-in-retry-after",
            "wants to be asked again after escapes",
            "HTTP/1.1 503 x\r\nretry-after: \u{9b}31m\u{202e}\r\ncontent-length: 0\r\n\r\n",
        ),
        plain(
            "escapes-in-a-transfer-coding",
            "is sent with a transfer coding of escapes",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: \u{9b}31m\u{202e}\r\n\r\nx",
        ),
    ]
}

fn elsewhere() -> Vec<Behaviour> {
    let linked = |ask: &super::Ask| match ask.path.as_str() {
        "/robots.txt" => Step::answer(
            200,
            "content-type: text/plain\r\n",
            format!("user-agent: *\ndisallow: /{EVIL}x\nsitemap: {EVIL}\n"),
        ),
        "/" => Step::page(format!(
            "<title>{EVIL}</title><a href='/gone{EVIL}'>{EVIL}</a><a href='evil{EVIL}:x'>{EVIL}</a><a href='http://a{EVIL}/'>x</a><a href='/gone#{EVIL}'>x</a>"
        )),
        _ => Step::answer(404, "", ""),
    };
    vec![
        Behaviour::plain("escapes-in-links", "has escapes in the links of a page that is checked", linked)
            .with(Set::Check)
            .flags(&["-ftext"])
            .tells(shows_none)
            .within(secs(6)),
        Behaviour::plain("escapes-in-links-for-ci", "has escapes in the links of a page, told to a log of CI", linked)
            .with(Set::Check)
            .flags(&["-fgithub"])
            .tells(shows_none)
            .within(secs(6)),
        Behaviour::plain("escapes-in-a-crawl", "has escapes in the links of a page that is crawled", linked)
            .with(Set::Crawl)
            .flags(&["-ftext", "--sitemaps=on", "--robots=obey"])
            .tells(shows_none)
            .within(secs(6)),
        Behaviour::plain("escapes-in-a-rule", "has escapes in the rule of robots.txt that forbids the page", |ask| {
            match ask.path.as_str() {
                "/robots.txt" => Step::answer(
                    200,
                    "",
                    format!(
                        "user-agent: *\ndisallow: /*\u{9b}31m\u{202e}\ndisallow: /\u{1b}[31m\ndisallow: /  # {EVIL}\n"
                    ),
                ),
                _ => Step::page("x"),
            }
        })
        .with(Set::Robots)
        .flags(&["-ftext"])
        .tells(shows_none),
        Behaviour::plain("escapes-in-data", "has escapes in what a selector finds", |_| {
            Step::page(format!("<p>{EVIL}</p>"))
        })
        .asking("select", serde_json::json!({"p": "p", "n": "p | int"}))
        .flags(&["-ftext", "--view=text"])
        .tells(shows_none),
        Behaviour::plain("escapes-in-records", "has escapes in its title, for a file of records", |_| {
            Step::page(format!("<title>{EVIL}</title>"))
        })
        .flags(&["--with=headers"])
        .tells(shows_none),
    ]
}
