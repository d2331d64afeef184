use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::prelude::*;

use super::*;

fn subject(url: &Url) -> Subject<'_> {
    Subject { url, seq: 7, by: ToldBy::Url, media_type: Some("text/html"), case: Case::Kept }
}

fn name(url: &str) -> String {
    Template::default().path(&subject(&Url::parse(url).unwrap()), "2026-01-02").join("/")
}

#[test]
fn a_harmless_url_has_the_name_that_one_expects() {
    for (url, want) in [
        ("https://example.com/", "example.com/index.html"),
        ("https://example.com/docs/", "example.com/docs/index.html"),
        ("https://example.com/docs/guide.html", "example.com/docs/guide.html"),
        ("https://example.com/docs/index.html", "example.com/docs/index+.html"),
        ("https://example.com/about", "example.com/about+.html"),
        ("https://example.com/about/team", "example.com/about/team+.html"),
        ("https://example.com/v1.2/a.tar.gz", "example.com/v1.2/a.tar.gz"),
        ("https://example.com/a.html/b.png", "example.com/a.html+/b.png"),
        ("https://example.com/~me/x.css?v=3&w=4", "example.com/~me/x~v=3&w=4.css"),
        ("https://example.com/?page=2", "example.com/index~page=2.html"),
        ("https://example.com/a%20b/c%2Fd.txt", "example.com/a%20b/c%2Fd.txt"),
        ("https://u:p@example.com/a.png#top", "example.com/a.png"),
        ("http://example.com/a.png", "example.com+80/a.png"),
        ("http://127.0.0.1:8080/a.png", "127.0.0.1+8080/a.png"),
        ("https://example.com:8443/a.png", "example.com+8443s/a.png"),
        ("https://[2001:db8::1]/a.png", "[2001-db8--1]/a.png"),
    ] {
        assert_eq!(name(url), want, "{url}");
    }
}

/// What no name may be, on any of the usual systems.
fn check(path: &[String], url: &str) {
    assert!(path.iter().map(|part| part.len() + 1).sum::<usize>() <= 1_200, "{url}: {path:?}");
    for part in path {
        let shown = format!("{url}: {part:?}");
        assert!(!part.is_empty() && part.len() <= 240, "{shown}");
        assert!(part.bytes().all(|b| b.is_ascii_graphic() && !b"/\\:*?\"<>|".contains(&b)), "{shown}");
        assert!(!part.starts_with(['.', '-']) && !part.ends_with('.'), "{shown}");
        assert!(!safe::is_reserved(part), "{shown}");
    }
}

/// URLs that are close to each other, and to what names are made of.
fn nasty() -> Vec<String> {
    let parts = [
        "a",
        "A",
        "a.html",
        "A.HTML",
        "a+",
        "a+.html",
        "a.html+",
        "a~x",
        "a~x.html",
        "index",
        "index.html",
        "index+",
        "index+.html",
        "index~x.html",
        "con",
        "CON.txt",
        "nul.html",
        "com1",
        "lpt9.x",
        "a.",
        "a..",
        ".git",
        "..a",
        "-rf",
        "%2e%2e%2fa",
        "%00",
        "%0A",
        "%5C",
        "a%2Fb",
        "a:b",
        "a|b",
        "a*",
        "$(x)",
        "`x`",
        "'",
        ";x",
        "a&b",
        "%E4%BD%A0",
        "%e4%bd%a0",
        "a~aaaaaaaaaaaaaaaa",
        "a~aaaaaaaaaaaaaaaa.html",
        "v1.2",
        "@me",
        "a=b",
        "{x}",
        "",
        "a%20",
        "a.b.c",
    ];
    let long = "x".repeat(300);
    let deep = "d/".repeat(600);
    let mut urls = Vec::new();
    for host in
        ["https://h", "http://h", "http://h:443", "https://h:80", "https://h.", "https://con", "http://[::1]:81"]
    {
        for first in parts.iter().chain(&[long.as_str()]) {
            for query in ["", "?", "?x", "?x=1.html", "?/", "?~", "?+", "?a+", "?aaaaaaaaaaaaaaaa"] {
                urls.push(format!("{host}/{first}{query}"));
                urls.push(format!("{host}/{first}/{query}"));
            }
            for second in parts {
                urls.push(format!("{host}/{first}/{second}"));
            }
        }
        urls.push(format!("{host}/{deep}"));
        urls.push(format!("{host}/{deep}x"));
        urls.push(format!("{host}/{}", "long-".repeat(2000)));
    }
    urls.push(format!("https://{}.example/", ["a".repeat(60).as_str(); 4].join(".")));
    urls
}

fn assert_distinct(urls: impl IntoIterator<Item = String>, case: Case) {
    let (mut files, mut folders) = (HashMap::new(), HashSet::new());
    for url in urls {
        let Ok(url) = Url::parse(&url) else { continue };
        for media_type in [None, Some("text/html"), Some("application/json")] {
            let subject = Subject { media_type, case, ..subject(&url) };
            let path = Template::default().path(&subject, "");
            check(&path, url.as_str());
            let fold = |text: String| if case == Case::Folded { text.to_ascii_lowercase() } else { text };
            for depth in 1..path.len() {
                folders.insert(fold(path[..depth].join("/")));
            }
            let before = files.insert(fold(path.join("/")), bare(&url));
            assert!(before.as_ref().is_none_or(|before| *before == bare(&url)), "{path:?}: {url} and {before:?}");
        }
    }
    for file in files.keys() {
        assert!(!folders.contains(file), "{file} is a folder too");
    }
}

#[test]
fn no_two_urls_have_one_name_and_no_file_that_of_a_folder() {
    for case in [Case::Kept, Case::Folded] {
        assert_distinct(nasty(), case);
    }
}

/// Hosts, ports and schemes that have names close to each other.
const ORIGINS: &str = "https?://(h|h[.]|con|com1|a-b|h-80|[a-b]{62,63}([.][a-b]{60,63}){2}|127[.]0[.]0[.]1|\\[::1\\]|\\[1::\\]|xn--9ca|é)(:80|:443|:81)?/";
/// Paths and queries of what names are made of.
const RESTS: &str =
    "([aA1.+~?/=&%:_-]|html|HTML|index|%2f|%2F|%2e|con|NUL|lpt1|aaaaaaaaaaaaaaaa|é|ſ|İ| |\u{202e}|[{]|[*]|x{100}){0,7}";

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn neither_have_any_others(
        rests in prop::collection::vec("([aA1.+~?/=&%:]|html|index|%2f|aaaaaaaaaaaaaaaa){0,7}", 250),
        others in prop::collection::vec((ORIGINS, RESTS), 120),
    ) {
        for case in [Case::Kept, Case::Folded] {
            assert_distinct(rests.iter().map(|rest| format!("https://h/{rest}")), case);
            assert_distinct(others.iter().map(|(origin, rest)| format!("{origin}{rest}")), case);
        }
    }

    #[test]
    fn nor_by_any_template_that_is_said_to_tell_all_apart(
        template in "((\\{(host|path|name|stem|ext|hash|seq|date)\\}|[a-zA-Z0-9_+.~-]|x{80}){1,4}/){0,2}(\\{(host|path|name|stem|ext|hash|seq|date)\\}|[a-zA-Z0-9_.~-]){1,3}",
        urls in prop::collection::vec((ORIGINS, RESTS), 60),
        case in prop::sample::select(vec![Case::Kept, Case::Folded]),
    ) {
        let Ok(template) = Template::parse(&template) else { return Ok(()) };
        let mut taken: HashMap<String, String> = HashMap::new();
        let mut seqs: HashMap<String, u64> = HashMap::new();
        for (origin, rest) in urls {
            let Ok(url) = Url::parse(&format!("{origin}{rest}")) else { continue };
            // What was asked for before has the number that it had.
            let next = seqs.len() as u64;
            let seq = *seqs.entry(bare(&url)).or_insert(next);
            let subject = Subject { seq, case, ..subject(&url) };
            let path = template.path(&subject, "2026-01-02");
            check(&path, url.as_str());
            let path = if template.is_injective() { path } else { told_apart(path, &subject) };
            check(&path, url.as_str());
            let shown = path.join("/");
            let name = if case == Case::Folded { shown.to_lowercase() } else { shown };
            let before = taken.insert(name, bare(&url));
            prop_assert!(before.as_ref().is_none_or(|before| *before == bare(&url)), "{template:?}: {path:?}: {url} and {before:?}");
        }
    }
}

#[test]
fn a_request_that_its_url_does_not_tell_from_others_has_its_number_in_the_digest() {
    let url = Url::parse("https://h/a.html").unwrap();
    let of = |by, seq| Template::default().path(&Subject { by, seq, ..subject(&url) }, "").join("/");
    assert_eq!(of(ToldBy::Url, 1), of(ToldBy::Url, 2));
    assert!(
        of(ToldBy::Seq, 1) != of(ToldBy::Seq, 2)
            && of(ToldBy::Seq, 1).starts_with("h/a~")
            && of(ToldBy::Seq, 1).ends_with(".html")
    );
}

#[test]
fn a_template_says_what_a_name_is_made_of() {
    let url = Url::parse("https://h.example/shop/pot.html?id=7").unwrap();
    let key = key(&subject(&url));
    for (template, want) in [
        ("{host}/{path}", "h.example/shop/pot~id=7.html"),
        ("{seq}-{name}", "7-pot~id=7.html"),
        ("{date}/{host}/{stem}{ext}", "2026-01-02/h.example/pot~id=7.html"),
        ("{hash}{ext}", &format!("{key}.html")),
        ("pages/{name}", "pages/pot~id=7.html"),
    ] {
        let template = Template::parse(template).unwrap();
        assert_eq!(template.path(&subject(&url), "2026-01-02").join("/"), want);
    }
    assert_eq!(Template::parse("{host}/{path}"), Ok(Template::default()));
}

#[test]
fn a_template_that_makes_no_sense_is_refused_with_the_nearest() {
    for (template, told) in [
        ("{hots}", "{host}"),
        ("{zzzz}", "{host}, {path}"),
        ("{name", "other half"),
        ("name}", "other half"),
        ("", "not empty"),
        ("/{name}", "in front of"),
        ("{name}/", "behind"),
        ("../{name}", "begins with `.`"),
        ("a:{name}", "':'"),
        ("{path}/x", "stands alone"),
        ("x{path}", "stands alone"),
        ("{host}/page", "this name"),
    ] {
        let error = Template::parse(template).unwrap_err();
        assert!(error.contains(told), "{template}: {error}");
    }
}

#[test]
fn it_is_known_which_templates_tell_all_requests_apart() {
    for (template, injective) in [
        ("{host}/{path}", true),
        ("{date}/{host}/{path}", true),
        ("{hash}", true),
        ("{hash}{ext}", true),
        ("{seq}", true),
        ("{seq}-{name}", true),
        ("{seq}/{name}", true),
        ("{seq}{name}", false),
        ("{seq}0{name}", false),
        ("{path}", false),
        ("{name}", false),
        ("x{hash}", false),
    ] {
        assert_eq!(Template::parse(template).unwrap().is_injective(), injective, "{template}");
    }
}

#[test]
fn names_by_a_template_are_as_harmless_as_any() {
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for template in ["{host}-{name}", "{hash}{name}", "{seq}-{stem}{ext}", "{ext}{stem}/{name}", "{stem}/{path}"] {
        let template = Template::parse(template).unwrap();
        taken.clear();
        for url in nasty() {
            let url = Url::parse(&url).unwrap();
            let path = template.path(&subject(&url), "2026-01-02");
            check(&path, url.as_str());
            let before = taken.insert(told_apart(path, &subject(&url)).join("/"), bare(&url));
            assert!(before.is_none_or(|before| before == bare(&url)), "{url}");
        }
    }
}

#[test]
fn content_is_named_by_its_digest() {
    let path = by_digest(&[0xab; 32]);
    assert_eq!((path[0].as_str(), path[1].len(), path.len()), ("ab", 62, 2));
}

#[test]
fn what_differs_only_in_what_is_cut_off_has_two_names() {
    let template = Template::parse(&format!("{}/{{host}}/{{path}}", "A".repeat(198))).unwrap();
    assert!(template.is_injective());
    let folders = |last: char| format!("https://h/{}{last}/x", "folder/".repeat(100));
    let name = |url: &str| template.path(&subject(&Url::parse(url).unwrap()), "").join("/");
    assert_ne!(name(&folders('a')), name(&folders('b')));
}
