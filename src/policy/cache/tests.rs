//! The rules of RFC 9111, section by section.

use std::time::{Duration, SystemTime};

use super::*;

const NOW: u64 = 1_700_000_000;

fn at(offset: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.checked_add_signed(offset).unwrap())
}

fn date(offset: i64) -> String {
    httpdate::fmt_http_date(at(offset))
}

fn fields(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in pairs {
        fields.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    fields
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// What may be done with a 200 that came `ago` seconds before now.
fn used(response: &[(&str, &str)], request: &[(&str, &str)], word: Word, ago: i64) -> Use {
    of_status(200, response, request, word, ago)
}

fn of_status(status: u16, response: &[(&str, &str)], request: &[(&str, &str)], word: Word, ago: i64) -> Use {
    let headers = fields(response);
    let kept = Kept { status, headers: &headers, asked_at: at(-ago), came_at: at(-ago) };
    judge(&kept, &fields(request), word, None, at(0))
}

#[track_caller]
fn fresh(response: &[(&str, &str)], ago: i64) {
    assert_eq!(used(response, &[], Word::Server, ago), Use::Fresh, "{response:?}");
}

#[track_caller]
fn stale(response: &[(&str, &str)], ago: i64) {
    assert_eq!(used(response, &[], Word::Server, ago), Use::Stale, "{response:?}");
}

#[test]
fn section_3_what_may_be_kept() {
    let may = |request, status, response| is_storable(&fields(request), status, &fields(response));
    assert!(may(&[], 200, &[]) && may(&[], 404, &[]) && may(&[], 302, &[]) && may(&[], 200, &[("expires", "0")]));
    for status in [100, 201, 206, 304, 400, 401, 403, 429, 500, 502, 503, 504] {
        assert!(!may(&[], status, &[("cache-control", "max-age=60")]), "{status}");
    }
    assert!(!may(&[], 200, &[("cache-control", "max-age=60, No-Store")]));
    assert!(!may(&[("cache-control", "no-store")], 200, &[]));
    assert!(may(&[], 200, &[("cache-control", "no-store, must-understand")]));
    // The cache of one user.
    assert!(may(&[("authorization", "x")], 200, &[("cache-control", "private")]));
}

#[test]
fn section_3_1_fields_of_a_connection_and_values_of_cookies_are_not_kept() {
    let kept = kept_fields(&fields(&[
        ("connection", "close, X-Own"),
        ("x-own", "1"),
        ("transfer-encoding", "chunked"),
        ("keep-alive", "timeout=5"),
        ("set-cookie", "sid=secret"),
        ("link", "<a>"),
        ("link", "<b>"),
    ]));
    assert_eq!(kept.keys().map(HeaderName::as_str).collect::<std::collections::BTreeSet<_>>().len(), 2);
    assert_eq!(kept.get_all("link").iter().count(), 2);
    assert_eq!(kept["set-cookie"], "***");
}

#[test]
fn section_4_requests_with_conditions_content_or_other_methods_go_past() {
    let of = |method: Method, request: &[(&str, &str)], body: Option<&'static str>| {
        let mut ask = ask("https://h/");
        (ask.method, ask.headers) = (method, std::sync::Arc::new(fields(request)));
        ask.body = body.map(Into::into);
        asking(&ask)
    };
    assert_eq!(of(Method::GET, &[], None), Asking::Usual);
    assert_eq!(of(Method::HEAD, &[], Some("")), Asking::Usual);
    assert_eq!(of(Method::GET, &[], Some("x")), Asking::Past);
    for name in ["if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range"] {
        assert_eq!(of(Method::GET, &[(name, "x")], None), Asking::Past, "{name}");
    }
    assert_eq!(of(Method::OPTIONS, &[], None), Asking::Past);
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        assert_eq!(of(method, &[], None), Asking::Changes);
    }
}

fn ask(text: &str) -> Ask {
    let second = Duration::from_secs(1);
    Ask {
        url: std::sync::Arc::new(url(text)),
        method: Method::GET,
        headers: std::sync::Arc::default(),
        body: None,
        patience: crate::model::Patience { headers: None, read: second, total: second },
        max_body: 1,
        save: None,
        keep: crate::model::Keep::None,
        reads: crate::model::Reads::All,
        digest: crate::model::Digest::Off,
        raw: crate::model::capture::Raw::Drop,
        close: false,
        off_origin: false,
        named: true,
        another_try: false,
        age_most: None,
    }
}

#[test]
fn section_2_the_key_is_the_url_without_fragment_and_whoever_asks() {
    let of = |text: &str, request: &[(&str, &str)]| key(&url(text), &fields(request), &[0; 32]);
    let plain = of("https://h/a?b=1", &[]);
    assert_eq!(of("https://h/a?b=1#c", &[("accept", "x")]), plain);
    assert_ne!(of("https://h/a?b=2", &[]).place, plain.place);
    let secret = of("https://h/a?b=1", &[("authorization", "x")]);
    assert_eq!(secret.place, plain.place);
    for other in [vec![("cookie", "x")], vec![("authorization", "y")], vec![("authorization", "x"), ("cookie", "y")]] {
        assert_ne!(of("https://h/a?b=1", &other).who, secret.who);
    }
    assert_ne!(key(&url("https://h/a?b=1"), &HeaderMap::new(), &[1; 32]).who, plain.who);
}

#[test]
fn section_4_1_vary_tells_answers_apart_and_a_star_fits_nobody() {
    let of = |vary: &[(&str, &str)], request: &[(&str, &str)]| variant(&fields(vary), &fields(request));
    let vary = [("vary", "Accept, accept-language")];
    let de = of(&vary, &[("accept-language", "de")]);
    assert_eq!(of(&[("vary", "accept-language"), ("vary", "ACCEPT")], &[("accept-language", "de"), ("x", "y")]), de);
    assert_ne!(of(&vary, &[("accept-language", "en")]), de);
    assert_ne!(of(&vary, &[]), of(&vary, &[("accept-language", "")]));
    assert_ne!(of(&vary, &[("accept", "a"), ("accept", "b")]), of(&vary, &[("accept", "a")]));
    assert_eq!(of(&[("vary", "accept, *")], &[]), None);
}

#[test]
fn section_4_2_1_max_age_goes_before_expires_and_that_before_a_guess() {
    fresh(&[("cache-control", "max-age=60")], 59);
    stale(&[("cache-control", "max-age=60")], 60);
    stale(&[("cache-control", "max-age=60"), ("expires", &date(900))], 61);
    stale(&[("cache-control", "max-age=x"), ("expires", &date(900))], 1);
    stale(&[("cache-control", "s-maxage=60")], 1);
    fresh(&[("expires", &date(10)), ("date", &date(-10))], 10);
    stale(&[("expires", &date(0)), ("date", &date(-10))], 10);
    stale(&[("expires", "0"), ("last-modified", &date(-9_000_000))], 0);
    stale(&[("expires", &date(900)), ("expires", &date(900))], 1);
    stale(&[], 0);
    stale(&[("etag", "\"a\"")], 0);
}

#[test]
fn section_4_2_2_a_tenth_of_its_age_but_a_day_at_most() {
    let changed = |ago: i64| date(-ago);
    fresh(&[("last-modified", &changed(1100)), ("date", &date(-99))], 99);
    stale(&[("last-modified", &changed(1100)), ("date", &date(-101))], 101);
    let old = [("last-modified", "Sat, 01 Jan 2000 00:00:00 GMT")];
    fresh(&old, 86_399);
    stale(&old, 86_401);
    let guessed = |status| of_status(status, &old, &[], Word::Server, 5);
    assert_eq!([301, 404, 302, 307].map(guessed), [Use::Fresh, Use::Fresh, Use::Stale, Use::Stale]);
    let named = [("cache-control", "max-age=9")];
    assert_eq!(of_status(302, &named, &[], Word::Server, 5), Use::Fresh);
}

#[test]
fn section_4_2_3_age_is_what_caches_on_the_way_and_clocks_say() {
    let (headers, none) = (fields(&[("age", "30"), ("date", &date(-20))]), HeaderMap::new());
    let kept = Kept { status: 200, headers: &headers, asked_at: at(-12), came_at: at(-10) };
    assert_eq!(age(&kept, at(0)), Duration::from_secs(42));
    assert_eq!(age(&Kept { headers: &none, ..kept }, at(0)), Duration::from_secs(12));
    let old = fields(&[("date", &date(-500)), ("age", "no")]);
    assert_eq!(age(&Kept { headers: &old, ..kept }, at(0)), Duration::from_secs(500));
    stale(&[("cache-control", "max-age=60"), ("age", "60")], 0);
    stale(&[("cache-control", "max-age=60"), ("age", "18446744073709551616")], 9);
    // The clock was set back.
    fresh(&[("cache-control", "max-age=60")], -30);
    stale(&[("cache-control", "max-age=999999")], -3600);
}

#[test]
fn section_5_2_1_what_the_request_says_is_obeyed() {
    let hour = [("cache-control", "max-age=3600")];
    let asked = |value: &str, ago| used(&hour, &[("cache-control", value)], Word::Server, ago);
    assert_eq!(asked("no-cache", 1), Use::Stale);
    assert_eq!(used(&hour, &[("pragma", "no-cache")], Word::Server, 1), Use::Stale);
    assert_eq!((asked("max-age=10", 9), asked("max-age=10", 11)), (Use::Fresh, Use::Stale));
    assert_eq!((asked("min-fresh=600", 3000), asked("min-fresh=600", 3001)), (Use::Fresh, Use::Stale));
    assert_eq!((asked("max-stale=60", 3660), asked("max-stale=60", 3661)), (Use::Fresh, Use::Stale));
    assert_eq!(asked("max-stale", 999_999), Use::Fresh);
    assert!(is_only_if_cached(&fields(&[("cache-control", "only-if-cached")])) && !is_only_if_cached(&fields(&hour)));
}

#[test]
fn section_5_2_2_no_cache_is_asked_again_and_must_revalidate_is_never_stale() {
    stale(&[("cache-control", "max-age=60, no-cache")], 1);
    stale(&[("cache-control", "no-cache=\"set-cookie\", max-age=60")], 1);
    let strict = [("cache-control", "max-age=60, must-revalidate")];
    let stale_is_fine = [("cache-control", "max-stale")];
    assert_eq!(used(&strict, &stale_is_fine, Word::Server, 61), Use::Stale);
    assert_eq!(used(&strict, &stale_is_fine, Word::Server, 59), Use::Fresh);
}

#[test]
fn the_users_word_goes_before_the_servers() {
    let within = Word::Within(Duration::from_secs(60));
    for said in ["no-cache", "max-age=0, must-revalidate", "max-age=9999"] {
        let said = [("cache-control", said)];
        assert_eq!((used(&said, &[], within, 60), used(&said, &[], within, 61)), (Use::Fresh, Use::Stale));
        assert_eq!(used(&said, &[], Word::Any, 999_999), Use::Fresh);
    }
    assert_eq!(used(&[], &[("cache-control", "no-cache")], within, 1), Use::Stale);
}

#[test]
fn section_4_3_1_what_is_stale_is_asked_for_under_its_validators() {
    let of = |status, response: &[(&str, &str)]| {
        let headers = fields(response);
        let kept = Kept { status, headers: &headers, asked_at: at(0), came_at: at(0) };
        conditions(&kept).into_iter().map(|(name, _)| name.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(200, &[("etag", "W/\"a\""), ("last-modified", "x")]), ["if-none-match", "if-modified-since"]);
    assert_eq!(of(200, &[("last-modified", "x")]), ["if-modified-since"]);
    assert!(of(200, &[]).is_empty() && of(404, &[("etag", "\"a\"")]).is_empty());
}

#[test]
fn section_4_3_4_a_304_confirms_what_has_its_validators_and_renews_its_fields() {
    let is = |kept: &[(&str, &str)], now: &[(&str, &str)]| is_confirmed(&fields(kept), &fields(now));
    let tagged = [("etag", "\"a\""), ("last-modified", "x")];
    assert!(is(&tagged, &[]) && is(&tagged, &[("etag", "W/\"a\"")]) && !is(&tagged, &[("etag", "\"b\"")]));
    assert!(is(&tagged, &[("last-modified", "x")]) && !is(&tagged, &[("last-modified", "y")]));
    let dated = [("last-modified", "x")];
    assert!(is(&dated, &[]) && !is(&dated, &[("etag", "\"a\"")]) && !is(&dated, &[("last-modified", "y")]));
    let kept = fields(&[
        ("content-length", "9"),
        ("content-encoding", "gzip"),
        ("age", "50"),
        ("x", "1"),
        ("x", "2"),
        ("y", "1"),
    ]);
    let now = fields(&[("content-length", "0"), ("x", "3"), ("x", "4"), ("x", "5"), ("connection", "close")]);
    let new = updated(&kept, &now);
    assert_eq!(
        (&new["content-length"], &new["content-encoding"], &new["y"]),
        (&HeaderValue::from_static("9"), &HeaderValue::from_static("gzip"), &HeaderValue::from_static("1"))
    );
    assert_eq!(new.get_all("x").iter().collect::<Vec<_>>(), ["3", "4", "5"]);
    assert!(!new.contains_key("age") && !new.contains_key("connection"));
}

#[test]
fn section_4_3_5_a_head_says_whether_what_is_kept_is_still_true() {
    let kept = [("etag", "\"a\""), ("content-length", "9")];
    let is = |kept: &[(&str, &str)], now: &[(&str, &str)]| is_same_by_head(&fields(kept), &fields(now));
    assert!(is(&kept, &[("etag", "\"a\""), ("content-length", "9")]) && is(&kept, &[("etag", "\"a\"")]));
    assert!(!is(&kept, &[("etag", "\"b\""), ("content-length", "9")]));
    assert!(!is(&kept, &[("etag", "\"a\""), ("content-length", "8")]) && !is(&kept, &[("content-length", "9")]));
}

#[test]
fn section_4_4_a_change_that_was_made_ends_what_is_kept_of_its_url_and_of_those_it_names() {
    let here = url("https://h/list");
    let of = |status, response: &[(&str, &str)]| invalidated(&here, status, &fields(response));
    assert!(of(404, &[]).is_empty() && of(500, &[("location", "/x")]).is_empty());
    let named = [("location", "/new"), ("content-location", "https://other/")];
    assert_eq!(of(201, &named), [place(&here), place(&url("https://h/new"))]);
    assert_eq!(of(303, &[]), [place(&here)]);
}

#[test]
fn what_is_older_than_the_asker_may_use_is_asked_for_again_whatever_the_server_and_the_user_said() {
    let headers = fields(&[("cache-control", "max-age=864000")]);
    let day = Duration::from_hours(24);
    let used = |ago: i64, word| {
        let kept = Kept { status: 200, headers: &headers, asked_at: at(-ago), came_at: at(-ago) };
        judge(&kept, &HeaderMap::new(), word, Some(day), at(0))
    };
    for word in [Word::Server, Word::Within(7 * day)] {
        assert_eq!((used(86_400, word), used(86_401, word)), (Use::Fresh, Use::Stale), "{word:?}");
    }
    assert_eq!(used(10 * 86_400, Word::Any), Use::Fresh, "nobody can be asked");
}

#[test]
fn section_4_3_5_the_length_counts_only_where_both_have_it() {
    let same = |kept, head| is_same_by_head(&fields(kept), &fields(head));
    assert!(same(&[("etag", "\"a\"")], &[("etag", "\"a\""), ("content-length", "5")]));
    assert!(same(&[("etag", "\"a\""), ("content-length", "5")], &[("etag", "\"a\"")]));
    assert!(!same(&[("content-length", "4")], &[("content-length", "5")]));
    assert!(!same(&[("etag", "\"a\"")], &[("content-length", "5")]));
    assert!(!same(&[], &[("etag", "\"a\"")]));
}

#[test]
fn errors_of_the_moment_or_of_the_asker_end_nothing() {
    assert!([200, 204, 206, 301, 404, 410].into_iter().all(is_in_place));
    assert!(![304, 400, 401, 403, 407, 408, 425, 429, 500, 501, 502, 503].into_iter().any(is_in_place));
}

#[test]
fn whatever_may_be_a_credential_is_part_of_the_key_and_what_every_run_sends_is_not() {
    let url = url("https://h/");
    let of = |pairs: &[(&str, &str)]| key(&url, &fields(pairs), &[0; 32]);
    for name in ["x-api-key", "x-tenant", "apikey", "authorization", "cookie", "proxy-authorization"] {
        assert_ne!(of(&[(name, "a")]), of(&[(name, "b")]), "{name}");
    }
    for name in ["accept", "accept-language", "user-agent", "referer", "cache-control", "range", "sec-ch-ua"] {
        assert_eq!(of(&[(name, "a")]), of(&[]), "{name}");
    }
}
