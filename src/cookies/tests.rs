//! What goes into a jar, what comes out of it, and what it says of itself.

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn set(jar: &CookieJar, set: &str, from: &str) {
    let headers = [(header::SET_COOKIE, HeaderValue::from_bytes(set.as_bytes()).unwrap())].into_iter().collect();
    jar.keep(&url(from), &headers);
}

fn back(jar: &CookieJar, to: &str) -> Option<String> {
    jar.field_for(&url(to)).map(|value| String::from_utf8(value.as_bytes().to_vec()).unwrap())
}

fn sent(text: &str, from: &str, to: &str) -> Option<String> {
    let jar = CookieJar::new();
    set(&jar, text, from);
    back(&jar, to)
}

#[test]
fn a_cookie_goes_back_where_it_belongs_and_nowhere_else() {
    assert_eq!(sent("a=1", "http://x.example/", "http://x.example/p").as_deref(), Some("a=1"));
    assert_eq!(sent("a=1", "http://x.example/", "http://y.example/"), None);
    assert_eq!(sent("a=ü", "http://x.example/", "http://x.example/").as_deref(), Some("a=ü"));
    assert_eq!(
        sent("a=1; Domain=example.com", "http://x.example.com/", "http://y.example.com/").as_deref(),
        Some("a=1")
    );
}

#[test]
fn a_jar_is_never_overfull() {
    let jar = CookieJar::new();
    for host in 0..100 {
        let url = url(&format!("http://h{host}.example/"));
        for n in 0..3 {
            let set = |n: usize| (header::SET_COOKIE, HeaderValue::from_str(&format!("c{n}=1")).unwrap());
            jar.keep(&url, &(n * 100..(n + 1) * 100).map(set).collect());
        }
    }
    assert_eq!(jar.len(), MOST_IN_ALL);
    let count = |jar: &CookieJar, to: &str| back(jar, to).map_or(0, |field| field.split("; ").count());
    // Of a full jar each keeps as many as RFC 6265 asks for before one keeps more, and the newest stay.
    assert_eq!([0, 39, 40, 99].map(|host| count(&jar, &format!("http://h{host}.example/"))), [0, 0, 50, 50]);
    let text: String = (0..200).map(|n| format!("h\tFALSE\t/\tFALSE\t0\tc{n}\t1\n")).collect();
    let jar = CookieJar::new();
    assert_eq!(jar.load(&text).unwrap(), Loaded { kept: MOST, expired: 0, refused: 200 - MOST });
    assert_eq!(count(&jar, "http://h/"), MOST);
}

#[test]
fn a_full_jar_takes_cookies_of_new_hosts_and_lets_go_of_what_was_used_the_longest_ago() {
    let jar = CookieJar::new();
    let host = |number: usize| format!("http://h{number}.example/");
    for number in 0..MOST_IN_ALL {
        set(&jar, "a=1", &host(number));
    }
    assert_eq!(jar.len(), MOST_IN_ALL);
    // The oldest is in use.
    assert_eq!(back(&jar, &host(0)).as_deref(), Some("a=1"));
    set(&jar, "a=1", "http://new.example/");
    set(&jar, "a=2", &host(2));
    set(&jar, "a=1", "http://newer.example/");
    let is_there = |text: &str| back(&jar, text).is_some();
    assert!(is_there("http://new.example/") && is_there("http://newer.example/") && is_there(&host(0)));
    assert_eq!(back(&jar, &host(2)).as_deref(), Some("a=2"), "one that was set anew is none of the oldest");
    assert!(!is_there(&host(1)) && !is_there(&host(3)) && is_there(&host(4)));
    assert_eq!(jar.len(), MOST_IN_ALL);
}

#[test]
fn what_is_over_goes_first_and_then_what_domains_with_many_have() {
    let jar = CookieJar::new();
    let host = |number: usize| format!("http://h{number}.example/");
    set(&jar, "first=1", &host(0));
    for number in 0..MOST {
        set(&jar, &format!("c{number}=1"), "http://many.example/");
    }
    for number in 1..MOST_IN_ALL - MOST {
        set(&jar, "a=1", &host(number));
    }
    set(&jar, "a=1; Max-Age=0", &host(7));
    set(&jar, "a=1", "http://new.example/");
    let many = |jar: &CookieJar| back(jar, "http://many.example/").unwrap().split("; ").count();
    let count = many(&jar);
    assert_eq!((count, jar.len()), (MOST, MOST_IN_ALL), "the one that is over made room");
    for number in 0..MOST - 50 {
        set(&jar, "a=1", &format!("http://n{number}.example/"));
    }
    assert_eq!(many(&jar), 50);
    assert!(back(&jar, &host(0)).is_some(), "older, and of a domain with few");
    set(&jar, "a=1", "http://last.example/");
    assert_eq!((many(&jar), back(&jar, &host(0))), (50, Some("first=1".to_owned())), "it was just sent");
    assert_eq!((back(&jar, &host(1)), jar.len()), (None, MOST_IN_ALL));
}

#[test]
fn a_domain_keeps_the_newest_of_too_many_whichever_host_has_set_them() {
    let jar = CookieJar::new();
    for number in 0..=MOST {
        set(&jar, &format!("c{number}=1; Domain=x.example"), &format!("http://h{number}.x.example/"));
    }
    let field = back(&jar, "http://h0.x.example/").unwrap();
    let names: Vec<&str> = field.split("; ").collect();
    assert_eq!(names.len(), MOST);
    assert!(!names.contains(&"c0=1") && names.contains(&"c1=1") && names.contains(&"c180=1"));
}

#[test]
fn super_cookies_and_false_prefixes_are_refused() {
    for (set, from) in [
        ("a=1; Domain=co.uk", "http://foo.co.uk/"),
        ("a=1; Domain=other.example", "http://x.example/"),
        ("a=1; Secure", "http://x.example/"),
        ("__Secure-a=1", "https://x.example/"),
        ("__Host-a=1; Secure; Path=/; Domain=x.example", "https://x.example/"),
        ("__Host-a=1; Secure; Path=/p", "https://x.example/p"),
        ("a=1\t2", "https://x.example/p"),
    ] {
        assert_eq!(sent(set, from, from), None, "{set}");
    }
    assert_eq!(
        sent("__Host-a=1; Secure; Path=/", "https://x.example/", "https://x.example/").as_deref(),
        Some("__Host-a=1")
    );
    let whole = "a=1; Domain=github.io";
    assert_eq!(sent(whole, "http://github.io/", "http://github.io/").as_deref(), Some("a=1"));
    assert_eq!(sent(whole, "http://github.io/", "http://anna.github.io/"), None);
}

#[test]
fn the_same_rules_hold_for_what_is_loaded() {
    for (line, to, expected) in [
        (".example.com\tTRUE\t/\tFALSE\t0\ta\t1", "http://x.example.com/", Some("a=1")),
        ("example.com\tFALSE\t/\tFALSE\t0\ta\t1", "http://x.example.com/", None),
        ("example.com\tFALSE\t/p\tFALSE\t0\ta\t1", "http://example.com/p/q", Some("a=1")),
        ("example.com\tFALSE\t/p\tFALSE\t0\ta\t1", "http://example.com/", None),
        ("example.com\tFALSE\t/\tTRUE\t0\ta\t1", "http://example.com/", None),
        ("127.0.0.1\tFALSE\t/\tTRUE\t0\ta\t1", "http://127.0.0.1/", None),
        ("127.0.0.1\tFALSE\t/\tTRUE\t0\ta\t1", "https://127.0.0.1/", Some("a=1")),
        ("#HttpOnly_example.com\tFALSE\t/\tTRUE\t0\ta\t1", "https://example.com/", Some("a=1")),
        (".co.uk\tTRUE\t/\tFALSE\t0\ta\t1", "http://foo.co.uk/", None),
        ("x.example\tFALSE\t/\tFALSE\t0\t__Host-a\t1", "http://x.example/", None),
        ("x.example\tFALSE\t/\tTRUE\t0\t__Host-a\t1", "https://x.example/", Some("__Host-a=1")),
        ("x.example\tTRUE\t/\tTRUE\t0\t__Host-a\t1", "https://x.example/", None),
        ("x.example\tFALSE\t/\tFALSE\t1\ta\t1", "http://x.example/", None),
        ("x.example\tFALSE\t/\tFALSE\t1e99\ta\t1", "http://x.example/", Some("a=1")),
        ("x.example\tFALSE\t/\tFALSE\t\ta", "http://x.example/", Some("a=")),
        ("::1\tFALSE\t/\tFALSE\t0\ta\t1", "http://[::1]:8080/", Some("a=1")),
        ("127.0.0.1\tFALSE\t/\tFALSE\t0\ta\t1", "http://127.0.0.1:8080/", Some("a=1")),
    ] {
        let jar = CookieJar::new();
        let loaded = jar.load(&format!("# c\n\n{line}\r\n")).unwrap();
        assert_eq!(back(&jar, to).as_deref(), expected, "{line}");
        assert_eq!(loaded.kept + loaded.expired + loaded.refused, 1, "{line}");
    }
}

#[test]
fn a_line_that_is_no_cookie_is_told_by_number_and_without_its_value() {
    for (line, told) in [
        ("h\tFALSE\t/\tFALSE\t0\ta\tCANARY\tmore", "a cookie has 7 fields parted by tabs, not 8"),
        ("a=CANARY; Path=/", "a cookie has 7 fields parted by tabs, not 1"),
        ("h\tNO\t/\tFALSE\t0\ta\tCANARY", "the second field says neither TRUE nor FALSE"),
        ("h\tTRUE\t/\t\t0\ta\tCANARY", "the fourth field says neither TRUE nor FALSE"),
        ("h\tTRUE\tp\tTRUE\t0\ta\tCANARY", "the third field is no path"),
        ("h/CANARY\tTRUE\t/\tTRUE\t0\ta\tCANARY", "the first field is no host"),
        ("h\tTRUE\t/\tTRUE\tsoon\ta\tCANARY", "the fifth field is no number of seconds"),
        ("h\tTRUE\t/\tTRUE\tNaN\ta\tCANARY", "the fifth field is no time"),
        ("h\tTRUE\t/\tTRUE\t0\ta\tx; CANARY=1", "its path, name or value holds a character that no cookie can have"),
        ("h\tTRUE\t/\tTRUE\t0\ta\tCANARY\u{1b}", "its path, name or value holds a character that no cookie can have"),
    ] {
        let jar = CookieJar::new();
        let text = format!("x.example\tFALSE\t/\tFALSE\t0\ta\t1\n{line}\n");
        let error = jar.load(&text).unwrap_err();
        assert_eq!((error.line, error.message.as_str()), (2, told), "{line}");
        assert!(jar.is_empty(), "nothing is taken of a text with a fault");
    }
}

#[test]
fn wrong_json_is_told_by_place_and_without_its_value() {
    for (text, line, told) in [
        ("[\n{\"raw_cookie\": \"CANARY\"}]", 2, "this is JSON, but no cookie as cookie_store writes it"),
        ("[{\"name\": \"CANARY\"}]", 1, "this is JSON, but no cookie as cookie_store writes it"),
        ("[\n\"CANARY", 2, "this is no JSON"),
    ] {
        let error = CookieJar::new().load(text).unwrap_err();
        assert_eq!((error.line, error.message.as_str()), (line, told), "{text}");
    }
}

#[test]
fn what_is_written_can_be_read_again_in_either_format() {
    let jar = CookieJar::new();
    for text in ["b=2; Path=/p; Max-Age=1000; HttpOnly", "a=1; Secure; Domain=x.example", "c=x=\"y\" z", "d=", "e=ü"] {
        set(&jar, text, "https://www.x.example/q/r");
    }
    set(&jar, "old=1; Max-Age=0", "https://www.x.example/");
    set(&jar, "six=6", "http://[::1]/");
    let netscape = jar.text(CookieFormat::Netscape);
    assert!(netscape.contains("\n::1\tFALSE\t/\tFALSE\t0\tsix\t6\n"), "{netscape}");
    assert!(netscape.contains("\n.x.example\tTRUE\t/q\tTRUE\t0\ta\t1\n"), "{netscape}");
    assert!(netscape.contains("\n#HttpOnly_www.x.example\tFALSE\t/p\tFALSE\t1"), "{netscape}");
    assert!(!netscape.contains("old"));
    for format in [CookieFormat::Netscape, CookieFormat::Json] {
        let again = CookieJar::new();
        assert_eq!(again.load(&jar.text(format)).unwrap(), Loaded { kept: 6, expired: 0, refused: 0 });
        assert_eq!(again.text(CookieFormat::Netscape), netscape, "{format:?}");
    }
    // As older versions of the crate wrote it: one a line.
    let list: Vec<serde_json::Value> = serde_json::from_str(&jar.text(CookieFormat::Json)).unwrap();
    let lines: String = list.iter().map(|one| format!("{one}\n")).collect();
    assert_eq!(CookieJar::new().load(&lines).unwrap().kept, 6);
    assert_eq!(CookieJar::new().load("").unwrap(), Loaded::default());
}

#[test]
fn a_jar_never_shows_what_is_in_it() {
    let jar = CookieJar::new();
    set(&jar, "name=CANARY", "http://x.example/");
    assert_eq!(format!("{jar:?}"), "CookieJar(1 cookies)");
    assert!(!format!("{:?}", jar.field_for(&url("http://x.example/"))).contains("CANARY"));
    assert!(jar == jar.clone() && jar != CookieJar::new());
}
