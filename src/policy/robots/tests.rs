//! Whole files against paths: `fixtures/robots/expectations.txt`, and what cannot be written there.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{lines::LINE, *};

const EXPECTATIONS: &str = include_str!("../../../fixtures/robots/expectations.txt");

fn judge(file: &str, path: &str) -> (bool, Option<u32>) {
    let robots = Robots::parse(file.as_bytes(), "wren");
    let verdict = robots.judge(path);
    (verdict.allowed, verdict.line)
}

#[test]
fn files_mean_what_google_and_the_rfc_expect() {
    let mut questions = 0;
    for case in EXPECTATIONS.split("\n=== ").skip(1) {
        let (name, case) = case.split_once('\n').unwrap();
        let (file, asked) = match case.strip_prefix("---\n") {
            Some(asked) => ("", asked),
            None => case.split_once("\n---\n").unwrap(),
        };
        for question in asked.lines().filter(|line| !line.is_empty()) {
            let [want, agent, path] = question.split('|').map(str::trim).collect::<Vec<_>>().try_into().unwrap();
            let robots = Robots::parse(file.as_bytes(), agent);
            let verdict = robots.judge(path);
            assert_eq!(if verdict.allowed { "yes" } else { "no" }, want, "{name}: {question}\n{verdict:?}");
            questions += 1;
        }
    }
    assert!(questions > 140, "{questions} questions");
}

#[test]
fn what_is_disallowed_in_either_spelling_is_left_alone() {
    for (rules, path, allowed) in [
        ("disallow: /%7Ejoe/", "/~joe/a", false),
        ("disallow: /~joe/", "/%7ejoe/a", false),
        ("disallow: /%61bc/", "/abc/x", false),
        ("disallow: /star-%2A.html", "/star-*.html", false),
        ("disallow: /star-%2A.html", "/star-a.html", true),
        ("disallow: /cost%24", "/cost$", false),
        ("disallow: /{x}", "/%7Bx%7D", false),
        ("disallow: /a%2fb", "/a/b", true),
        ("disallow: /\nallow: /%7Ejoe/", "/%7Ejoe/", true),
        ("disallow: /\nallow: /%7Ejoe/", "/~joe/", false),
        ("disallow: /*%3Fx", "/a?x", true),
        ("disallow: /p\nallow: /p/%7e", "/p/%7E", true),
    ] {
        let got = judge(&format!("user-agent: *\n{rules}\n"), path);
        assert_eq!(got.0, allowed, "{rules} {path}");
    }
    assert_eq!(judge("user-agent: *\nallow: /\ndisallow: /%7Ejoe/\n", "/~joe/"), (false, Some(3)));
}

#[test]
fn the_verdict_names_the_line_and_the_rule() {
    let file = "# ours\r\nUser-agent: wren\r\n  Disallow : /a*c # why\r\nAllow: /abc/index.html\r\n";
    let robots = Robots::parse(file.as_bytes(), "Wren");
    let verdict = robots.judge("/abcd");
    assert_eq!((verdict.allowed, verdict.line, verdict.rule), (false, Some(3), Some("Disallow : /a*c")));
    assert_eq!(verdict.sentence("https://h/robots.txt"), "line 3 of https://h/robots.txt: `Disallow : /a*c`");
    assert_eq!(verdict.code(), Some(Code::RobotsDisallowed));
    let folder = robots.judge("/abc/");
    assert_eq!((folder.code(), folder.line, folder.rule), (None, Some(4), Some("Allow: /abc/index.html")));
    let long = Robots::parse(format!("user-agent: *\nallow: /{}", "é".repeat(5_000)).as_bytes(), "wren");
    let sentence = long.judge(&format!("/{}", "%C3%A9".repeat(5_000))).sentence("robots.txt");
    assert_eq!(sentence.chars().count(), "line 2 of robots.txt: `…`".chars().count() + 200);
    let none = robots.judge("/");
    assert_eq!((none.allowed, none.line, none.rule, none.why), (true, None, None, Why::NoRule));
}

#[test]
fn of_rules_that_are_equal_the_first_is_named() {
    assert_eq!(judge("user-agent: *\ndisallow: /a\ndisallow: /b\ndisallow: /a\n", "/a"), (false, Some(2)));
    assert_eq!(judge("user-agent: *\ndisallow: /a\nallow: /a\nallow: /a\n", "/a"), (true, Some(3)));
}

#[test]
fn lines_end_with_lf_cr_or_both() {
    let lines = ["User-Agent: wren", "Allow: /one/two", "User-Agent: wren", "", "", "Disallow: /"];
    for end in ["\n", "\r\n", "\r"] {
        for file in [lines.join(end), lines.join(end) + end] {
            assert_eq!(judge(&file, "/one/two"), (true, Some(2)), "{file:?}");
            assert_eq!(judge(&file, "/one"), (false, Some(6)), "{file:?}");
        }
    }
    let mixed = "User-Agent: wren\nAllow: /one/two\r\nUser-Agent: wren\n\r\n\nDisallow: /";
    assert_eq!((judge(mixed, "/one/two").1, judge(mixed, "/one").1), (Some(2), Some(6)));
}

#[test]
fn a_byte_order_mark_may_stand_at_the_start_even_half_of_it() {
    let rest = b"User-Agent: wren\nDisallow: /AnyValue\n";
    let line = |mark: &[u8]| Robots::parse(&[mark, rest].concat(), "wren").judge("/AnyValue").line;
    assert_eq!(line(b""), Some(2));
    assert_eq!(line(b"\xEF\xBB\xBF"), Some(2));
    assert_eq!(line(b"\xEF\xBB"), Some(2));
    assert_eq!(line(b"\xEF"), Some(2));
    assert_eq!(line(b"\xEF\x11\xBF"), None, "the line that names the agent is broken");
    let within = b"User-Agent: wren\n\xEF\xBB\xBFDisallow: /AnyValue\n";
    assert_eq!(Robots::parse(within, "wren").judge("/AnyValue").line, None, "the line with the rule is broken");
}

#[test]
fn a_long_line_is_cut_and_what_is_left_is_its_rule() {
    let cut = |key: &str, fill: &str| {
        let start = format!("/x/{}", fill.repeat(LINE - 1 - key.len() - "/x/".len()));
        (format!("{key}{start}/end\n"), start)
    };
    let (line, start) = cut("disallow: ", "a");
    let file = format!("user-agent: wren\n{line}");
    assert_eq!(judge(&file, "/other"), (true, None));
    assert_eq!(judge(&file, &format!("{start}/other")), (false, Some(2)));
    let ((first, a), (second, b)) = (cut("allow: ", "a"), cut("allow: ", "b"));
    let file = format!("user-agent: wren\ndisallow: /\n{first}{second}");
    assert_eq!(judge(&file, "/"), (false, Some(2)));
    assert_eq!(judge(&file, &format!("{a}/end")), (true, Some(3)));
    assert_eq!(judge(&file, &format!("{b}/other")), (true, Some(4)));
}

#[test]
fn sitemaps_are_named_anywhere_and_for_everybody() {
    let group = "User-Agent: lark\nAllow: /some/path\nUser-Agent: rook\n\n\n";
    let map = "Sitemap: https://example.org/map.xml?a=1 # all\n";
    for file in [format!("{group}{map}"), format!("{map}{group}"), format!("{group}{map}Disallow: /\n")] {
        assert_eq!(Robots::parse(file.as_bytes(), "wren").sitemaps(), ["https://example.org/map.xml?a=1"]);
    }
    let several = "sitemap: /map.xml\nSite-map: two.xml\nsitemap:\nsitemap map3\n";
    assert_eq!(Robots::parse(several.as_bytes(), "wren").sitemaps(), ["/map.xml", "two.xml", "map3"]);
}

#[test]
fn a_pause_belongs_to_the_agents_listed_since_the_last() {
    let delay = |file: &str| Robots::parse(file.as_bytes(), "wren").crawl_delay();
    for (file, seconds) in [
        ("user-agent: *\ncrawl-delay: 2.5\n", Some(2.5)),
        ("user-agent: wren\nuser-agent: lark\ndisallow: /x\ncrawl-delay: 3\n", Some(3.0)),
        ("user-agent: *\ncrawl-delay: 3\nuser-agent: wren\ndisallow: /x\n", None),
        ("user-agent: lark\ncrawl-delay: 120\nuser-agent: *\ndisallow: /x\n", None),
        ("user-agent: lark\ncrawl-delay: 120\nuser-agent: *\ncrawl-delay: 1\n", Some(1.0)),
        ("user-agent: wren\ncrawl-delay: 3\nuser-agent: *\ncrawl-delay: 10\n", Some(3.0)),
        ("user-agent: *\ncrawl-delay: 1\ncrawl-delay: 4\ncrawl-delay: 2\n", Some(4.0)),
        ("user-agent: *\ncrawl-delay: -1\ncrawl-delay: nan\ncrawl-delay: inf\ncrawl-delay: 1 s\n", None),
        ("user-agent: *\ncrawl-delay: 1e300\n", None),
        ("crawl-delay: 1\n", None),
    ] {
        assert_eq!(delay(file), seconds.map(Duration::from_secs_f64), "{file}");
    }
    let other = Robots::parse(b"user-agent: lark\ncrawl-delay: 9\nuser-agent: *\ndisallow: /x\n", "wren");
    assert!(!other.judge("/x").allowed, "a pause does not end the list of agents for rules");
}

#[test]
fn what_follows_500_kib_is_not_read() {
    let filler = "# nothing\n".repeat(READ / 10 - 5);
    let file = |rule: &str| format!("user-agent: *\n{filler}{rule}");
    assert!(!judge(&file("disallow: /in\n"), "/in").0);
    let late = file(&format!("{}\ndisallow: /out\n", "#".repeat(60)));
    assert!(judge(&late, "/out").0);
    let across = file("disallow: /shop/a-page-that-is-cut-within-its-name\n");
    assert!(across.len() > READ);
    assert!(judge(&across, "/shop/a-page-that-is-cut-within-its-name").0);
}

#[test]
fn without_a_file_all_or_nothing_is_allowed() {
    let closed = Robots::after(Access::Closed, b"user-agent: *\nallow: /\n", "wren");
    let verdict = closed.judge("/x");
    assert_eq!((verdict.allowed, verdict.code()), (false, Some(Code::RobotsUnavailable)));
    assert!(closed.judge("/robots.txt").allowed);
    let rules = b"user-agent: *\ndisallow: /\nsitemap: /map\n";
    let open = Robots::after(Access::Open, rules, "wren");
    assert!(open.judge("/x").allowed && open.sitemaps().is_empty());
    assert!(!Robots::after(Access::Rules, rules, "wren").judge("/x").allowed);
    assert!(Robots::default().judge("/x").allowed);
}

#[test]
fn what_is_judged_of_a_url_is_its_path_and_query() {
    let url = |text: &str| Url::parse(text).unwrap();
    for (text, want) in [
        ("http://www.example.org", "/"),
        ("http://www.example.org/", "/"),
        ("http://www.example.org/one", "/one"),
        ("http://www.example.org/one/", "/one/"),
        ("http://www.example.org/one/two?to=http://a.b/", "/one/two?to=http://a.b/"),
        ("http://www.example.org/one/two?c=d&e=f#part", "/one/two?c=d&e=f"),
        ("https://example.org?one", "/?one"),
        ("https://example.org/one;two#three", "/one;two"),
        ("https://a/b/c", "/b/c"),
    ] {
        assert_eq!(path_and_query(&url(text)), want);
    }
    let start = "user-agent: *\nallow: /$\nallow: /?one\ndisallow: /\n";
    assert_eq!([judge(start, ""), judge(start, "?one"), judge(start, "one")].map(|(ok, _)| ok), [true, true, false]);
}

#[test]
fn a_product_token_is_letters_dash_and_underscore() {
    for (agent, token) in [
        ("fetchall/0.1 (+https://example.org)", PRODUCT),
        ("Wren", "Wren"),
        ("Wren-News", "Wren-News"),
        ("Wren_News", "Wren_News"),
        ("Wren*", "Wren"),
        ("Wren/2.1", "Wren"),
        ("Wren News", "Wren"),
        (" Wren ", ""),
        ("ペ", ""),
        ("", ""),
    ] {
        assert_eq!(product_token(agent), token, "{agent}");
    }
}

/// A file full of rules that each have to be searched for through the whole path.
fn hostile() -> String {
    let rules = (0..20_000).map(|n| format!("disallow:/*a*b*{}*\u{1}\n", n % 10)).collect::<String>();
    "user-agent:*\n".to_owned() + &rules
}

#[test]
fn a_file_made_to_waste_our_time_closes_the_paths_that_cost_too_much() {
    let robots = Robots::parse(hostile().as_bytes(), "wren");
    let path = format!("/{}", "ab0123456789".repeat(330));
    let start = Instant::now();
    let verdict = robots.judge(&path);
    assert_eq!((verdict.allowed, verdict.why, verdict.code()), (false, Why::TooCostly, Some(Code::RobotsDisallowed)));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(robots.judge("/short").why, Why::NoRule, "an ordinary path is within the steps");
}

#[test]
fn a_file_of_many_plain_rules_is_no_attack() {
    let rules = (0..20_000).map(|n| format!("disallow: /{n}/*.php\n")).collect::<String>();
    let file = "user-agent: *\n".to_owned() + &rules;
    assert_eq!(judge(&file, &format!("/19999/{}x.php", "a/".repeat(2_000))), (false, Some(20_001)));
    assert_eq!(judge(&file, &format!("/x/{}", "a".repeat(4_000))), (true, None));
}

proptest! {
    #[test]
    fn any_bytes_are_a_file(file in prop::collection::vec(any::<u8>(), 0..400), path in ".{0,40}") {
        let robots = Robots::parse(&file, "wren");
        let verdict = robots.judge(&path);
        prop_assert!(verdict.line.is_some() == (verdict.why == Why::Rule));
    }

    #[test]
    fn anything_that_looks_like_a_file_has_a_verdict(
        file in "((user-agent: ?(wren|[*]|lark)|(dis)?allow: /[a*$%é]{0,6}|sitemap: x|crawl-delay: 1|# x)[\r\n]{1,2}){0,20}",
        path in "/[a$%b]{0,8}",
    ) {
        let robots = Robots::parse(file.as_bytes(), "wren");
        let verdict = robots.judge(&path);
        let number = verdict.line.unwrap_or(0) as usize;
        prop_assert!(number <= file.len());
        prop_assert!(verdict.allowed || verdict.rule.is_some_and(|rule| rule.starts_with("disallow")));
    }
}
