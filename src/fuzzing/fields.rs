//! Fields of messages, and files that say how to behave: waits, robots, cookies.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::tools::{QUICK, choice, lengthened, within};
use crate::{
    cookies::{CookieFormat, CookieJar},
    model::{
        Head,
        record::content_type,
        redact,
        units::{self, Rate, StatusSet},
    },
    policy::{
        cache::{self, Kept, Word},
        range,
        retry::retry_after,
        robots::{READ, Robots, Why},
        robots_tag::Directives,
    },
};

/// A year: no wait is longer.
const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);

/// A wait that a server asks for is capped and never overflows a clock; what cannot be read is none. Other
/// fields, and times, sizes, rates as people write them, are read without surprise.
pub fn header_fields(data: &[u8]) {
    let (kind, data) = choice(data);
    let data = lengthened(data);
    let text = String::from_utf8_lossy(&data);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    for now in [now, SystemTime::UNIX_EPOCH] {
        let wait = within(QUICK, "a wait", || retry_after(&text, now));
        assert!(wait.is_none_or(|wait| wait <= YEAR && now.checked_add(wait).is_some()), "{wait:?}");
    }
    let digits = text.trim();
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let wait = digits.parse().map_or(YEAR, |seconds| Duration::from_secs(seconds).min(YEAR));
        assert_eq!(retry_after(&text, now), Some(wait));
    }
    let (media_type, charset) = content_type(&text);
    for part in [&media_type, &charset].into_iter().flatten() {
        assert!(!part.is_empty() && *part == part.to_ascii_lowercase(), "{part:?}");
    }
    let mut directives = Directives::default();
    within(QUICK, "X-Robots-Tag", || directives.field("fetchall", &text));
    directives.meta("fetchall", "robots", &text);
    let _ = redact::text(&text);
    measures(&text);
    if let Ok(value) = HeaderValue::from_bytes(&data) {
        cached(kind, &value, now);
    }
}

/// What people write as limits: what is read and shown reads the same again.
fn measures(text: &str) {
    assert!(units::duration(text).is_ok_and(|time| time <= units::LONGEST) || units::duration(text).is_err());
    if let Ok(size) = units::size(text) {
        assert!(!units::human_size(size).is_empty());
    }
    if let Ok(rate) = text.parse::<Rate>() {
        assert!(!rate.per.is_zero());
        assert_eq!(rate.to_string().replace(' ', "").parse::<Rate>().as_ref(), Ok(&rate), "{text:?} {rate}");
    }
    if let Ok(set) = text.parse::<StatusSet>() {
        assert!((0..=u16::MAX).any(|status| set.contains(status)));
    }
}

/// A field that says how long something is kept, or which part of it this is.
fn cached(kind: usize, value: &HeaderValue, now: SystemTime) {
    let names = [header::CACHE_CONTROL, header::EXPIRES, header::AGE, header::DATE, header::LAST_MODIFIED];
    let name = names[kind % names.len()].clone();
    let mut headers: HeaderMap = [(name, value.clone())].into_iter().collect();
    let kept = Kept { status: 200, headers: &headers, asked_at: now, came_at: now };
    let later = now + Duration::from_secs(100);
    cache::judge(&kept, &headers, Word::Server, Some(YEAR), later);
    let _ = (cache::age(&kept, later), cache::conditions(&kept), cache::variant(&headers, &headers));
    headers.insert(header::CONTENT_RANGE, value.clone());
    headers.insert(header::CONTENT_LENGTH, value.clone());
    headers.insert(header::ETAG, value.clone());
    for status in [200, 206] {
        let head = Head { status, version: http::Version::HTTP_11, headers: headers.clone() };
        let whole = range::rest(&head, range::Had { validator: "\"a\"", bytes: 3, whole: None });
        assert!(whole.is_none_or(|whole| whole > 3), "{whole:?}");
        let _ = (range::validator(&head), range::length(&head));
    }
}

/// Paths that are asked about: some that rules are likely to be for, and one out of the input.
const PATHS: [&str; 6] = ["/", "/a", "/a/b.html?x=1", "/%61%2a$", "/index.htm", "/é"];

/// What a file allows does not depend on the order of its groups, nor on the case of its keys; a verdict
/// names a line that there is.
pub fn robots(data: &[u8]) {
    let (_, data) = choice(data);
    let data = lengthened(data);
    let robots = within(QUICK, "robots.txt", || Robots::parse(&data, "fetchall"));
    assert!(robots.size() <= 16 * READ, "{}", robots.size());
    let last = String::from_utf8_lossy(data.rsplit(|byte| *byte == b' ').next().unwrap_or_default()).into_owned();
    for path in PATHS.iter().copied().chain([&*last]) {
        let verdict = within(QUICK, "a verdict", || robots.judge(path));
        let lines = memchr::memchr2_iter(b'\r', b'\n', &data).count() + 1;
        assert!(verdict.line.is_none_or(|line| (1..=lines).contains(&(line as usize))), "{verdict:?}");
        assert!(!verdict.sentence("robots.txt").is_empty());
        assert!(verdict.code().is_some() != verdict.allowed, "{verdict:?}");
    }
    assert!(robots.judge("/robots.txt").allowed);
    order(&data, &last);
}

/// The groups of a file, one way and the other.
fn order(data: &[u8], path: &str) {
    let is_rule = |line: &&[u8]| {
        let key: Vec<u8> = line.iter().filter(|byte| byte.is_ascii_alphabetic()).take(3).copied().collect();
        let key = key.to_ascii_lowercase();
        [&b"all"[..], b"dis", b"dia", b"cra"].contains(&&*key)
    };
    let lines: Vec<&[u8]> = data.split(|byte| matches!(byte, b'\r' | b'\n')).filter(is_rule).take(64).collect();
    let groups: Vec<Vec<u8>> = lines
        .chunks(3)
        .zip(["fetchall", "*", "other", "FetchAll/1.0", "* all"].iter().cycle())
        .map(|(rules, agent)| {
            // A rule at the end, so that the next line that names an agent begins a group.
            [format!("User-agent: {agent}\n").as_bytes(), &rules.join(&b'\n'), b"\nDisallow: /never-asked\n"].concat()
        })
        .collect();
    let forward = Robots::parse(&groups.concat(), "fetchall");
    let back = Robots::parse(&groups.iter().rev().cloned().collect::<Vec<_>>().concat(), "fetchall");
    assert_eq!(forward.crawl_delay(), back.crawl_delay());
    for path in PATHS.iter().copied().chain([path]) {
        let (one, other) = (forward.judge(path), back.judge(path));
        if one.why != Why::TooCostly && other.why != Why::TooCostly {
            assert_eq!(one.allowed, other.allowed, "{path:?} {one:?} {other:?}");
        }
    }
}

/// A jar that is written and read holds the same; what it sends is a field of one line, and goes to those
/// who set it.
pub fn cookies(data: &[u8]) {
    let (kind, data) = choice(data);
    let data = lengthened(data);
    let secure = Url::parse("https://www.site.example/a/b").expect("a URL");
    let jar = CookieJar::new();
    if kind & 1 == 0 {
        if let Ok(text) = str::from_utf8(&data) {
            let loaded = within(8 * QUICK, "a file of cookies", || jar.load(text));
            assert!(loaded.is_ok_and(|loaded| jar.len() <= loaded.kept) || jar.is_empty());
        }
    } else {
        let lines = data.split(|byte| *byte == b'\n').take(200);
        let headers = lines.filter_map(|line| Some((header::SET_COOKIE, HeaderValue::from_bytes(line).ok()?)));
        let headers: HeaderMap = headers.collect();
        within(8 * QUICK, "Set-Cookie", || jar.keep(&secure, &headers));
        for other in ["https://other.example/", "https://site.example.evil.example/", "https://example/"] {
            assert_eq!(jar.field_for(&Url::parse(other).expect("a URL")), None, "{other}");
        }
    }
    if let Some(field) = jar.field_for(&secure) {
        assert!(field.is_sensitive() && !field.as_bytes().iter().any(u8::is_ascii_control), "{:?}", field.as_bytes());
    }
    let text = jar.text(CookieFormat::Netscape);
    for format in [CookieFormat::Netscape, CookieFormat::Json] {
        let again = CookieJar::new();
        let loaded = again.load(&jar.text(format)).unwrap_or_else(|error| panic!("{error}: {text:?}"));
        assert_eq!((loaded.kept, loaded.refused), (jar.len(), 0), "{text:?}");
        assert_eq!(again.text(CookieFormat::Netscape), text);
    }
}
