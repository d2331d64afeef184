//! Links that lead elsewhere than they seem to: what a browser would ask for is what is asked for.

use super::{Ask, Behaviour, Set, Step, Tale, behaviour::group, holds};

/// A page at `/` whose links a crawl follows; every other path is a page without links.
fn linked(name: &'static str, does: &'static str, html: &'static str) -> Behaviour {
    Behaviour::plain(name, does, move |ask: &Ask| match ask.path.as_str() {
        "/robots.txt" => Step::answer(404, "", ""),
        "/" => Step::page(html.replace("ELSEWHERE", &ask.places.good).replace("HERE", &ask.origin)),
        _ => Step::page("<title>x</title>"),
    })
    .with(Set::Crawl)
}

/// Nothing but the page itself was asked for.
fn nothing_else(tale: &Tale) -> Result<(), String> {
    tale.asked_only(&["/"])
}

pub fn all() -> Vec<Behaviour> {
    group("HTML", [bases(), spellings(), hidden(), schemes(), moves()].into_iter().flatten().collect())
}

fn bases() -> Vec<Behaviour> {
    vec![
        linked(
            "base-javascript",
            "has a base of javascript:, which is none",
            "<base href='javascript:alert(1)'><a href=next>",
        )
        .tells(|tale| tale.asked_only(&["/", "/next"])),
        linked("base-data", "has a base of data:, which is none", "<base href='data:text/html,x'><a href=next>")
            .tells(|tale| tale.asked_only(&["/", "/next"])),
        linked(
            "base-file",
            "has a base of file:, so that its links are files",
            "<base href='file:///etc/'><a href=passwd>",
        )
        .tells(nothing_else),
        linked("base-elsewhere", "has a base on another host", "<base href='ELSEWHERE/'><a href=next>")
            .tells(nothing_else),
        linked(
            "base-twice",
            "has two bases, of which the first counts",
            "<base href=/one/><base href=/two/><a href=x>",
        )
        .tells(|tale| tale.asked_only(&["/", "/one/x"])),
        linked("base-after-the-link", "has its base behind the links", "<a href=x><base href=/late/>")
            .tells(|tale| tale.asked_only(&["/", "/late/x"])),
        linked(
            "base-without-address",
            "has a base without an address before one with",
            "<base target=_top><base href=/b/><a href=x>",
        )
        .tells(|tale| tale.asked_only(&["/", "/b/x"])),
        linked("base-invalid", "has a base that is no address", "<base href='http://[::1'><base href=/two/><a href=x>")
            .tells(|tale| tale.asked_only(&["/", "/x"])),
        linked("base-that-climbs", "has a base above the top", "<base href='../../../../a/../'><a href=../x>")
            .tells(|tale| tale.asked_only(&["/", "/x"])),
    ]
}

fn spellings() -> Vec<Behaviour> {
    vec![
        linked("link-with-tabs-and-newlines", "has tabs and line ends within an address", "<a href='/a\tb\nc\r\nd'>")
            .tells(|tale| tale.asked_only(&["/", "/abcd"])),
        linked("link-with-backslashes", "writes backslashes for slashes", "<a href='\\a\\b'><a href='/x\\..\\y'>")
            .tells(|tale| tale.asked_only(&["/", "/a/b", "/y"])),
        linked("link-with-backslashes-to-elsewhere", "leads to another host by backslashes", "<a href='\\\\127.0.0.2\\x'>")
            .tells(nothing_else),
        linked("link-with-dots", "climbs above the top with dots, plain and encoded", "<a href='/../../a'><a href='/%2e%2E/.%2e/b'>")
            .tells(|tale| tale.asked_only(&["/", "/a", "/b"])),
        linked("link-with-references", "writes an address in character references", "<a href='&#47;a&quest;b=1&amp;c=2&copy=3'>")
            .tells(|tale| tale.asked_only(&["/", "/a?b=1&c=2&copy=3"])),
        linked("link-with-blanks-around", "has blanks and control characters around an address", "<a href=' \u{c}\u{1}/a\u{1f} '>")
            .tells(|tale| tale.asked_only(&["/", "/a"])),
        linked("link-with-a-request-in-it", "has a line end and a field in an address", "<a href='/a&#13;&#10;X-Evil: 1&#13;&#10;'><a href='/b%0d%0aX-Evil:%201'>")
            .tells(|tale| {
                let evil = tale.seen.asks.iter().any(|ask| ask.header("x-evil").is_some());
                holds(!evil, || "a field was smuggled in".to_owned())?;
                tale.asked_only(&["/", "/aX-Evil:%201", "/b%0D%0AX-Evil:%201"])
            }),
        linked("link-with-a-password", "has a name and a password in an address", "<a href='http://me:hunter2@127.0.0.1/'><a href='//me:hunter2@HOST/'>")
            .tells(|tale| {
                let told = tale.seen.asks.iter().any(|ask| ask.header("authorization").is_some());
                let shown = String::from_utf8_lossy(&tale.stdout).contains("hunter2");
                holds(!told && !shown, || "a password of a page was sent or shown".to_owned())
            }),
        linked("link-of-invalid-utf8", "has bytes in an address that are no text", "<a href='/\u{fffd}'>")
            .tells(|tale| tale.asked_only(&["/", "/%EF%BF%BD"])),
        linked("links-of-one-page", "leads to one page by 1,000 fragments and spellings", "<a href='/a#1'><a href='/a#2'><a href='/./a'><a href='HERE/a'><a href='/b/../a'><a href='/%61'>")
            .tells(|tale| holds(tale.hits("/a") == 1, || format!("asked {} times", tale.hits("/a")))),
        linked("links-that-are-no-addresses", "leads to hosts that cannot be", "<a href='http://[::1/'><a href='http://1.2.3.4.5/'><a href='http://a b/'><a href='http://:80/'><a href='http://x:99999/'><a href='http://%00/'>")
            .tells(nothing_else),
        linked("attribute-twice", "has an attribute twice, of which the first counts", "<a href=/yes href=/no>")
            .tells(|tale| tale.asked_only(&["/", "/yes"])),
    ]
}

fn hidden() -> Vec<Behaviour> {
    vec![
        linked("links-behind-plaintext", "has links behind plaintext, which are text", "<a href=/yes><plaintext><a href=/no>")
            .tells(|tale| tale.asked_only(&["/", "/yes"])),
        linked("links-in-an-open-comment", "has links in a comment that never ends", "<a href=/yes><!-- <a href=/no>")
            .tells(|tale| tale.asked_only(&["/", "/yes"])),
        linked("links-behind-a-comment-that-ends-early", "ends comments in all the ways there are", "<!--><a href=/a><!---><a href=/b><!-- --!><a href=/c><!-- -- ><a href=/no>-->")
            .tells(|tale| tale.asked_only(&["/", "/a", "/b", "/c"])),
        linked("links-in-text-elements", "has links where there is text only", "<textarea><a href=/no1></textarea><title><a href=/no2></title><style><a href=/no3></style><script><!--<script></script><a href=/no4>--></script><xmp><a href=/no5></xmp><a href=/yes>")
            .tells(|tale| tale.asked_only(&["/", "/yes"])),
        linked("links-in-a-template", "has links in a template, which nobody sees", "<template><a href=/no></template><a href=/yes>")
            .tells(|tale| tale.asked_only(&["/", "/yes"])),
        linked("links-in-frames", "has its pages in frames", "<frameset><frame src=/a><frame src='javascript:x'><noframes><a href=/b></noframes></frameset>")
            .tells(|tale| holds(tale.hits("/a") == 1, || format!("asked for {:?}", tale.paths()))),
    ]
}

fn schemes() -> Vec<Behaviour> {
    vec![
        linked("links-of-other-schemes", "leads to files, scripts, data and services of old", "<a href='file:///etc/passwd'><a href='javascript:fetch(1)'><a href='data:text/html,<a href=/no>'><a href='gopher://HOST/'><a href='ftp://127.0.0.1/'><a href='unix:/x'><a href='view-source:HERE/no'><a href='blob:HERE/no'><a href='about:blank'><a href='ws://127.0.0.1/'><a href='mailto:a@b'>")
            .tells(nothing_else),
        linked("refresh-to-other-schemes", "sends browsers to a script and to a file", "<meta http-equiv=refresh content='0;url=javascript:x'><meta http-equiv=refresh content='0;url=file:///etc/passwd'>")
            .tells(nothing_else),
        Behaviour::plain("checked-links-of-other-schemes", "has files and data among its links, for a link checker", |ask| match ask.path.as_str() {
            "/" => Step::page("<a href='file:///etc/passwd'>x</a><a href='unix:/run/x'>x</a><img src='data:,x'><a href='/fine'>x</a>"),
            _ => Step::page("x"),
        })
        .with(Set::Check)
        .tells(|tale| {
            let shown = String::from_utf8_lossy(&tale.stdout).contains("root:");
            holds(!shown, || "a file of this machine was read".to_owned())?;
            tale.asked_only(&["/", "/fine"])
        }),
        Behaviour::plain("checked-anchor-in-text-only", "has the id that is looked for in a comment and in a script", |ask| match ask.path.as_str() {
            "/" => Step::page("<a href='/p#here'>x</a><a href='/p#%68%C3%A9'>x</a>"),
            _ => Step::page("<!-- <p id=here> --><script>'<p id=here>'</script><p id='h&eacute;'>"),
        })
        .with(Set::Check)
        .tells(|tale| {
            let codes: Vec<_> = tale.records.iter().filter_map(|it| it["error"]["code"].as_str()).collect();
            holds(codes == ["link.missing_anchor"], || format!("found {codes:?}"))
        }),
    ]
}

fn moves() -> Vec<Behaviour> {
    let refresh = |ask: &Ask| match ask.path.as_str() {
        "/robots.txt" => Step::answer(404, "", ""),
        "/" => Step::page("<meta http-equiv=refresh content='0; url=/a'>"),
        "/a" => Step::page("<meta http-equiv=Refresh content='0;URL=\"/b\"'>"),
        _ => Step::page("<meta http-equiv=refresh content='0,/'>"),
    };
    vec![
        Behaviour::plain("refresh-loop", "sends browsers round three pages for ever", refresh).with(Set::Crawl).tells(
            |tale| {
                tale.asked_only(&["/", "/a", "/b"])?;
                holds(tale.seen.asks.len() <= 4, || format!("{} requests", tale.seen.asks.len()))
            },
        ),
        Behaviour::plain(
            "base-is-where-it-ended",
            "redirects a page into a folder, to which its links are relative",
            |ask| match ask.path.as_str() {
                "/robots.txt" => Step::answer(404, "", ""),
                "/" => Step::answer(302, "location: /dir/page\r\n", ""),
                "/dir/page" => Step::page("<a href=x>"),
                _ => Step::page("x"),
            },
        )
        .with(Set::Crawl)
        .tells(|tale| tale.asked_only(&["/", "/dir/page", "/dir/x"])),
    ]
}
