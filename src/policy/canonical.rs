//! One spelling for the URLs that a crawl finds, so that one page is not taken twice.
//!
//! Goes beyond what the URL Standard does while parsing (case of scheme and host, default ports, dot
//! segments). What is asked for is the canonical URL; what is known as seen may be rougher, its
//! identity. The order of parameters is left alone: servers may mind it. Must not know lists, which
//! are asked for as they are written.

use std::borrow::Cow;

use ::url::Url;

use super::url::canonical as one_spelling;

/// What becomes of parameters that only say where a click came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tracking {
    /// They stay.
    #[default]
    Keep,
    /// They go.
    Drop,
}

/// Parameters that no page depends on: who sets them, and where it is argued that they may go
/// (numbers are issues of brave/brave-browser, whose `query_filter` takes them out of URLs too).
/// `utm_…` is looked for by its start. `ref` and `source` are not here, since sites mean something
/// by them.
const TRACKING: [(&str, &str); 14] = [
    ("gclid", "Google Ads: 4239"),
    ("wbraid", "Google Ads, from an app to the web: 18758"),
    ("dclid", "Google Display & Video 360: 9879"),
    ("srsltid", "Google Merchant Center: 40912"),
    ("fbclid", "Facebook: 4239"),
    ("igshid", "Instagram, when shared: 11580"),
    ("msclkid", "Microsoft Advertising: 4239"),
    ("yclid", "Yandex Direct: 11578"),
    ("ysclid", "Yandex, the search: 33216"),
    ("twclid", "X Ads: 18020"),
    ("mc_eid", "Mailchimp, the reader of a mail: 4239"),
    ("mc_cid", "Mailchimp, the campaign; stands beside mc_eid"),
    ("_hsenc", "HubSpot, the reader of a mail: 9019"),
    ("_hsmi", "HubSpot, the mail; stands beside _hsenc"),
];

/// Campaigns of Google Analytics, which others read too.
const TRACKING_START: &str = "utm_";

/// The URL as it is asked for: no fragment, no empty query, no dot behind the host, unreserved characters not escaped, hex
/// digits in upper case (RFC 3986, section 6.2.2), and without the parameters that only track, if
/// they are to go.
///
/// Doing it twice changes nothing more.
pub fn canonical(url: &Url, tracking: Tracking) -> Url {
    let mut out = match one_spelling(url.as_str()) {
        Cow::Borrowed(_) => url.clone(),
        Cow::Owned(text) => Url::parse(&text).unwrap_or_else(|_| url.clone()),
    };
    out.set_fragment(None);
    // The dot only keeps resolvers from trying the domains of this machine.
    if let Some(host) = out.domain().and_then(|host| host.strip_suffix('.')).filter(|host| !host.ends_with('.')) {
        let host = host.to_owned();
        // What is no host without its dot keeps it.
        let _ = out.set_host(Some(&host));
    }
    if tracking == Tracking::Drop {
        keep_parameters(&mut out, |name, _| !tracks(name));
    }
    if out.query() == Some("") {
        out.set_query(None);
    }
    out
}

/// What a page is known by as seen: its canonical URL without the session that a server wrote into it:
/// `;jsessionid=…` in the path; `PHPSESSID`, `ASPSESSIONID…`, and `CFID` together with `CFTOKEN` in the
/// query, if they have the look of one. Names that others use too (`sid`, `sessionid`) are none: behind
/// them may be stories, talks and forms.
///
/// It is not what is asked for: some servers answer a URL without a session with a redirect to one
/// that has it, over and over. So the first URL with a session is asked for as it is, and the next
/// ones are repeats of it.
pub fn identity(canonical: &Url) -> Cow<'_, Url> {
    let in_path = canonical.path().split('/').any(|segment| matches!(without_session(segment), Cow::Owned(_)));
    let query = canonical.query().unwrap_or_default();
    let coldfusion = is_coldfusion(query);
    if !in_path && !coldfusion && !query.split('&').any(|part| is_session(&pair(part))) {
        return Cow::Borrowed(canonical);
    }
    let mut out = canonical.clone();
    if in_path {
        let segments = out.path().split('/').map(without_session);
        let path = segments.collect::<Vec<_>>().join("/");
        out.set_path(&path);
    }
    keep_parameters(&mut out, |name, value| {
        let known = (name.to_ascii_lowercase(), value);
        let is_theirs = coldfusion && matches!(known.0.as_str(), "cfid" | "cftoken");
        !(is_theirs || is_session(&known))
    });
    Cow::Owned(out)
}

/// Whether a parameter only says where a click came from.
fn tracks(name: &str) -> bool {
    name.starts_with(TRACKING_START) || TRACKING.iter().any(|(known, _)| *known == name)
}

/// The name of a parameter in lower case, and its value.
fn pair(parameter: &str) -> (String, &str) {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    (name.to_ascii_lowercase(), value)
}

/// Whether a parameter of a query is a session by its name and its look. PHP makes 22 to 256 characters
/// (`session.sid_length`), ASP eight letters for the name and 24 for the value.
fn is_session((name, value): &(String, &str)) -> bool {
    let is_php = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b',';
    let is_letter = |byte: u8| byte.is_ascii_alphabetic();
    if name == "phpsessid" {
        return (22..=256).contains(&value.len()) && value.bytes().all(is_php);
    }
    let asp = name.strip_prefix("aspsessionid");
    asp.is_some_and(|more| more.len() == 8 && more.bytes().all(is_letter))
        && value.len() == 24
        && value.bytes().all(is_letter)
}

/// Whether a query has the session of ColdFusion: a number and a token, both.
fn is_coldfusion(query: &str) -> bool {
    let has = |wanted: &str, looks: fn(u8) -> bool| {
        query.split('&').map(pair).any(|(name, value)| name == wanted && !value.is_empty() && value.bytes().all(looks))
    };
    has("cfid", |byte| byte.is_ascii_digit()) && has("cftoken", |byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// A segment of a path without the session that Java servlets write behind it (`;jsessionid=…`).
fn without_session(segment: &str) -> Cow<'_, str> {
    let is_servlet = |part: &&str| {
        let (name, value) = pair(part);
        name == "jsessionid" && !value.is_empty()
    };
    if !segment.split(';').skip(1).any(|part| is_servlet(&part)) {
        return segment.into();
    }
    let mut parts = segment.split(';');
    let name = parts.next().unwrap_or_default();
    let kept: Vec<_> = std::iter::once(name).chain(parts.filter(|part| !is_servlet(part))).collect();
    kept.join(";").into()
}

/// Drops the other parameters of the query, and the query with the last of them.
fn keep_parameters(url: &mut Url, keep: impl Fn(&str, &str) -> bool) {
    let Some(query) = url.query() else { return };
    let parts = query.split('&').filter(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        keep(name, value)
    });
    let kept = parts.collect::<Vec<_>>().join("&");
    if kept.len() != query.len() {
        url.set_query((!kept.is_empty()).then_some(&kept));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn one_page_has_one_spelling() {
        for (text, want) in [
            ("HTTP://A.org:80/x/../y#z", "http://a.org/y"),
            ("http://a.org/?", "http://a.org/"),
            ("http://a.org/?#", "http://a.org/"),
            ("http://a.org/?b=1&a=2", "http://a.org/?b=1&a=2"),
            ("http://a.org/%7euser/%c3%a9%2f", "http://a.org/~user/%C3%A9%2F"),
            ("http://a.org/é?é", "http://a.org/%C3%A9?%C3%A9"),
            ("http://a.org/?%61=%20", "http://a.org/?a=%20"),
            ("http://a.org/%2541", "http://a.org/%2541"),
            ("http://a.org/x/%2e%2E/y", "http://a.org/y"),
            ("http://a.org/?utm_source=x", "http://a.org/?utm_source=x"),
            ("http://a.org//x//", "http://a.org//x//"),
            ("http://a.org./x", "http://a.org/x"),
            ("http://localhost.:81/", "http://localhost:81/"),
            ("http://a.org../", "http://a.org../"),
        ] {
            assert_eq!(canonical(&url(text), Tracking::Keep).as_str(), want, "{text}");
        }
    }

    #[test]
    fn tracking_goes_only_when_asked() {
        for (text, want) in [
            ("http://a.org/?utm_source=x&id=1&utm_medium=y", "http://a.org/?id=1"),
            ("http://a.org/?utm_source=x", "http://a.org/"),
            ("http://a.org/?utm%5Fsource=x", "http://a.org/"),
            ("http://a.org/?gclid=1&fbclid&a", "http://a.org/?a"),
            ("http://a.org/?msclkid=1&mc_cid=1&mc_eid=1&igshid=1&yclid=1&_hsenc=1&_hsmi=1", "http://a.org/"),
            ("http://a.org/?ref=1&source=2&utm=3&autm_x=4", "http://a.org/?ref=1&source=2&utm=3&autm_x=4"),
            ("http://a.org/?a&&b", "http://a.org/?a&&b"),
        ] {
            assert_eq!(canonical(&url(text), Tracking::Drop).as_str(), want, "{text}");
        }
    }

    #[test]
    fn a_session_is_no_part_of_the_identity() {
        for (text, want) in [
            ("http://a.org/x;jsessionid=0F.node1?a=1", "http://a.org/x?a=1"),
            ("http://a.org/x;v=1;JSESSIONID=1/y;q", "http://a.org/x;v=1/y;q"),
            ("http://a.org/?PHPSESSID=0123456789abcdefghijklmnop&a", "http://a.org/?a"),
            ("http://a.org/?a&CFID=1&CFTOKEN=2b-7", "http://a.org/?a"),
            ("http://a.org/?ASPSESSIONIDQABCDEFG=ABCDEFGHIJKLMNOPQRSTUVWX", "http://a.org/"),
        ] {
            assert_eq!(identity(&url(text)).as_str(), want, "{text}");
        }
        assert!(matches!(identity(&url("http://a.org/x?a=1")), Cow::Borrowed(_)));
    }

    #[test]
    fn what_may_be_a_page_is_part_of_the_identity() {
        let id = "0123456789abcdef0123456789abcdef";
        for tail in [
            "talk?sessionid=550e8400-e29b-41d4-a716-446655440000",
            "form?cfid=17",
            "form?cftoken=17",
            "form?cfid=a&cftoken=b!",
            "?PHPSESSID=1",
            "?ASPSESSIONID=ABCDEFGHIJKLMNOPQRSTUVWX",
            "x;jsessionid",
            "x;v=1",
            &format!("?sid={id}"),
            &format!("?session_id={id}"),
            &format!("?jsessionid={id}"),
        ] {
            let url = url(&format!("http://a.org/{tail}"));
            assert_eq!(*identity(&url), url);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn doing_it_twice_changes_nothing(
            host in "(h|H[.]|a[.]b[.]?|h[.][.]|127[.]0[.]0[.]1[.]?|\\[::1\\]|xn--9ca)(:80|:81|:443)?",
            tail in "(/|[.]|%2[eEfF5]|%7e|%41|%|%%|3|4|%3[0-9]|%66|;|;jsessionid=1|;JSESSIONID=|PHPSESSID=0123456789abcdefghijklmnop|\
                cfid=1|cftoken=2|a|é|[?]|&|utm_a=1|%75tm_b|gclid|=|#| |//|\\\\){0,16}",
            track in any::<bool>(),
        ) {
            let Ok(url) = Url::parse(&format!("http://{host}/{tail}")) else { return Ok(()) };
            let tracking = if track { Tracking::Drop } else { Tracking::Keep };
            let once = canonical(&url, tracking);
            prop_assert_eq!(&canonical(&once, tracking), &once);
            prop_assert_eq!(&Url::parse(once.as_str()).unwrap(), &once);
            let known = identity(&once).into_owned();
            prop_assert_eq!(identity(&known).into_owned(), known.clone());
            prop_assert_eq!(&canonical(&known, tracking), &known);
        }
    }
}
