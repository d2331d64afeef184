//! Truth tables of what answers mean.

use super::*;

/// A row: what was asked, the answer, and the rules that hold.
struct Row {
    asked: &'static str,
    answered: &'static str,
    status: Option<u16>,
    code: Option<Code>,
    redirects: &'static [u16],
    title: &'static str,
    signs: Signs,
    recovered: bool,
}

const OK: Row = Row {
    asked: "https://h.example/a/b",
    answered: "",
    status: Some(200),
    code: None,
    redirects: &[],
    title: "",
    signs: Signs { challenge: false, retry_after: false },
    recovered: false,
};

fn rules_of(row: &Row) -> String {
    let url = Url::parse(row.asked).unwrap();
    let final_url = if row.answered.is_empty() { url.clone() } else { Url::parse(row.answered).unwrap() };
    let failure = row.code.map(|code| Failure::new(code, "why"));
    let answer = Answer {
        url: &url,
        final_url: &final_url,
        fragment: None,
        status: row.status,
        failure: failure.as_ref(),
        redirects: row.redirects,
        title: Some(row.title).filter(|title| !title.is_empty()),
        text: None,
        signs: row.signs,
        recovered: row.recovered,
    };
    let found = judge(&answer, &Accept::new("2xx".parse().unwrap(), vec!["soft.example=2xx,404".parse().unwrap()]));
    let name = |found: &Found| found.rule.map_or("none", |rule| rule.name().trim_start_matches("link.")).to_owned();
    found.iter().map(name).collect::<Vec<_>>().join(" ")
}

#[test]
fn statuses_mean_what_they_can_be_trusted_to_mean() {
    let challenge = Signs { challenge: true, retry_after: false };
    let later = Signs { challenge: false, retry_after: true };
    let both = Signs { challenge: true, retry_after: true };
    let none = Signs::default();
    for (status, signs, rules) in [
        (200, none, ""),
        (204, none, ""),
        (200, challenge, "blocked"),
        (300, none, "dead"),
        (400, none, "dead"),
        (401, none, "login"),
        (402, none, "blocked"),
        (403, none, "blocked"),
        (403, challenge, "blocked"),
        (404, none, "dead"),
        (404, later, "dead"),
        (405, none, "blocked"),
        (406, none, "blocked"),
        (408, none, "dead"),
        (410, none, "dead"),
        (418, none, "dead"),
        (429, none, "limited"),
        (429, challenge, "limited"),
        (451, none, "blocked"),
        (500, none, "dead"),
        (501, none, "blocked"),
        (502, none, "dead"),
        (503, none, "dead"),
        (503, later, "limited"),
        (503, challenge, "blocked"),
        (503, both, "blocked"),
        (522, none, "dead"),
        (999, none, "blocked"),
        (600, none, "dead"),
    ] {
        assert_eq!(rules_of(&Row { status: Some(status), signs, ..OK }), rules, "{status} {signs:?}");
    }
    assert_eq!(rules_of(&Row { status: Some(503), title: "Just a moment...", ..OK }), "blocked");
    assert_eq!(rules_of(&Row { status: Some(404), asked: "https://soft.example/x", ..OK }), "");
}

#[test]
fn failures_mean_a_dead_link_unless_the_fault_is_ours() {
    for code in Code::ALL.iter().copied() {
        let found = rules_of(&Row { status: None, code: Some(code), ..OK });
        let expected = match code.family() {
            "dns" | "tls" | "timeout" | "redirect" | "protocol" | "body" => "dead",
            "connect" if code == Code::ConnectDescriptors => "none",
            "connect" => "dead",
            "proxy" | "cancelled" | "internal" | "io" => "none",
            "url" if code == Code::UrlScheme => "unverifiable",
            "url" => "invalid",
            "blocked" if code == Code::BlockedPrivateAddress => "none",
            "http" if code == Code::HttpRateLimited => "limited",
            _ => continue,
        };
        assert_eq!(found, expected, "{code}");
    }
}

#[test]
fn a_good_head_is_enough_when_the_body_does_not_come() {
    for (code, status, rules) in [
        (Code::BodyTooLarge, 200, ""),
        (Code::BodyTruncated, 200, ""),
        (Code::TimeoutRead, 200, ""),
        (Code::BodyTruncated, 404, "dead"),
        (Code::BodyTruncated, 403, "blocked"),
        (Code::TimeoutRead, 429, "limited"),
        (Code::ConnectReset, 200, "dead"),
        (Code::HttpClientError, 404, "dead"),
        (Code::HttpClientError, 403, "blocked"),
        (Code::HttpRateLimited, 429, "limited"),
        (Code::HttpServerError, 503, "dead"),
    ] {
        assert_eq!(rules_of(&Row { status: Some(status), code: Some(code), ..OK }), rules, "{code} {status}");
    }
}

#[test]
fn a_refused_status_is_the_error_even_if_the_body_was_cut_too() {
    let url = Url::parse("https://h.example/a").unwrap();
    let cut = Failure::new(Code::BodyTruncated, "cut");
    let answer = Answer {
        url: &url,
        final_url: &url,
        fragment: None,
        status: Some(404),
        failure: Some(&cut),
        redirects: &[],
        title: None,
        text: None,
        signs: Signs::default(),
        recovered: false,
    };
    let found = judge(&answer, &Accept::default());
    assert_eq!(found[0].error.as_ref().map(|error| error.code), Some(Code::HttpClientError));
}

#[test]
fn redirects_are_permanent_only_if_each_is() {
    for (asked, answered, redirects, rules) in [
        ("https://h.example/a", "https://h.example/b", &[301u16][..], "redirected"),
        ("https://h.example/a", "https://h.example/b", &[301, 308], "redirected"),
        ("https://h.example/a", "https://h.example/b", &[301, 302], ""),
        ("https://h.example/a", "https://h.example/b", &[307], ""),
        ("http://h.example/a", "https://h.example/a", &[301], "insecure"),
        ("http://h.example/a", "https://h.example/a", &[302], "insecure"),
        ("http://h.example/a", "https://www.h.example/a", &[301], "redirected"),
        ("https://h.example/a", "http://h.example/a", &[301], "redirected"),
        ("https://h.example/a/b", "https://h.example/", &[301], "soft_404"),
        ("https://h.example/a", "https://www.h.example/", &[302], "soft_404"),
        ("https://h.example/index.php", "https://h.example/", &[301], "redirected"),
        ("https://h.example/en/", "https://h.example/", &[302], ""),
        ("https://h.example/pt-BR", "https://h.example/", &[301], "redirected"),
        ("https://me.github.example/project/", "https://project.example/", &[301], "redirected"),
        ("https://h.example/a", "https://h.example/login?next=/a", &[302], "login"),
        ("https://h.example/a", "https://accounts.h.example/", &[302], "login"),
        ("https://h.example/login", "https://h.example/users/sign-in", &[301], "redirected"),
        ("https://h.example/", "https://www.hugedomains.com/x", &[302], "parked"),
        ("https://hugedomains.com/", "https://www.hugedomains.com/", &[301], "parked"),
    ] {
        assert_eq!(rules_of(&Row { asked, answered, redirects, ..OK }), rules, "{asked} to {answered}");
    }
}

#[test]
fn pages_that_say_they_are_not_there() {
    for (asked, title, rules) in [
        ("https://h.example/a", "Page not found - H", "soft_404"),
        ("https://h.example/wiki/HTTP_404", "HTTP 404 - Wiki", ""),
        ("https://h.example/a", "Domain is for sale", "parked"),
        ("https://h.example/a", "Just a moment...", "blocked"),
        ("https://h.example/a", "Welcome", ""),
    ] {
        assert_eq!(rules_of(&Row { asked, title, ..OK }), rules, "{title}");
    }
    assert_eq!(rules_of(&Row { recovered: true, ..OK }), "flaky");
    let both = Row { recovered: true, answered: "https://h.example/c", redirects: &[301], ..OK };
    assert_eq!(rules_of(&both), "redirected flaky");
}

#[test]
fn what_is_suggested_is_where_it_ended() {
    let (from, to) = (Url::parse("http://h.example/a").unwrap(), Url::parse("https://h.example/a").unwrap());
    let answer = Answer {
        url: &from,
        final_url: &to,
        fragment: Some("part"),
        status: Some(200),
        failure: None,
        redirects: &[301],
        title: None,
        text: None,
        signs: Signs::default(),
        recovered: false,
    };
    let found = judge(&answer, &Accept::default());
    let suggestion = found[0].suggestion.clone().unwrap();
    assert_eq!((suggestion.kind, suggestion.url.as_str()), (SuggestionKind::Https, "https://h.example/a#part"));
}

#[test]
fn the_gravest_is_reported_and_the_first_of_equals() {
    let found = || vec![Found::rule(Rule::Redirected), Found::rule(Rule::Flaky)];
    let pick = |changes: &[&str]| {
        let weights = Severities::with(changes.iter().map(|change| change.parse().unwrap()).collect());
        gravest(found(), &weights).and_then(|found| found.rule)
    };
    assert_eq!(pick(&[]), Some(Rule::Redirected));
    assert_eq!(pick(&["flaky=warn"]), Some(Rule::Flaky));
    assert_eq!(pick(&["flaky=warn", "redirected=error"]), Some(Rule::Redirected));
    assert_eq!(gravest(Vec::new(), &Severities::default()), None);
}

#[test]
fn what_a_page_loads_must_be_as_safe_as_the_page() {
    for (page, kind, target, mixed) in [
        ("https://h.example/", LinkKind::Image, "http://h.example/x.png", true),
        ("https://h.example/", LinkKind::Script, "http://cdn.example/x.js", true),
        ("https://h.example/", LinkKind::Form, "http://h.example/send", true),
        ("https://h.example/", LinkKind::Anchor, "http://h.example/", false),
        ("https://h.example/", LinkKind::Image, "https://h.example/x.png", false),
        ("http://h.example/", LinkKind::Image, "http://h.example/x.png", false),
        ("https://h.example/", LinkKind::Image, "http://localhost:8080/x.png", false),
        ("https://h.example/", LinkKind::Image, "http://127.0.0.1/x.png", false),
        ("https://h.example/", LinkKind::Image, "http://[::1]/x.png", false),
    ] {
        let (page, target) = (Url::parse(page).unwrap(), Url::parse(target).unwrap());
        assert_eq!(is_mixed(&page, kind, &target), mixed, "{page} {kind:?} {target}");
    }
}
