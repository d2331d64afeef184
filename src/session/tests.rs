//! Logins against answers that are made up.

use std::{cell::RefCell, sync::Arc};

use bytes::Bytes;
use futures::executor::block_on;
use http::{HeaderName, Method, header};

use super::*;
use crate::{
    model::{Record, Request, Sighting, Visit, record::Heavy, visit::Ending},
    settings::Settings,
};

const FORM: &str = "<form method=post action=/in><input name=user><input type=password name=pw></form>";

/// An answer: status, `Location` (each line one), page.
type Answer = (u16, Option<&'static str>, &'static str);

fn login(more: &str) -> Login {
    let text = format!(
        "[login]\nurl = 'https://h.example/login'\nfields = {{ user = 'anna', pw = {{ env = 'PW' }} }}\n{more}"
    );
    Login::with(&Recipe::parse(&text).unwrap(), |_| Some("CANARY".to_owned())).unwrap().unwrap()
}

fn record(request: &Request, (status, location, html): Answer) -> Record {
    let mut record = Record::of(Visit::refused(0, request.clone(), None, Ending::Ok), Heavy::default());
    record.status = Some(status);
    record.headers = Some(vec![("content-type".to_owned(), vec!["text/html".to_owned()])]);
    let locations = location.into_iter().flat_map(str::lines).map(|to| to.parse().unwrap()).collect();
    let url = Arc::new(Url::parse(request.url_text()).unwrap());
    let body = Some(Bytes::from_static(html.as_bytes()));
    record.sighting = Some(Box::new(Sighting { url: Some(url), body, locations, ..Sighting::default() }));
    record
}

/// What was asked for, in words, and how it ended.
fn run(login: &Login, answer: impl Fn(&str) -> Answer) -> (Vec<String>, Result<LoggedIn, LoginError>) {
    let asked = RefCell::new(Vec::new());
    let mut settings = Settings::default();
    settings.ask.headers.push((HeaderName::from_static("x-key"), "k".parse().unwrap()));
    let ended = block_on(log_in(login, &settings, |request: Request, settings: Settings| {
        let wish = request.wish.clone().unwrap_or_default();
        let method = request.method_or(&settings.ask.method);
        let given = if settings.ask.headers.is_empty() { " bare" } else { "" };
        let from = wish.headers.iter().find(|(name, _)| *name == header::ORIGIN);
        let from = from.map(|(_, value)| format!(" from {}", value.to_str().unwrap())).unwrap_or_default();
        let content = wish.body.map(|body| format!(" {}", String::from_utf8_lossy(&body))).unwrap_or_default();
        asked.borrow_mut().push(format!("{method} {}{content}{from}{given}", request.url_text()));
        assert!(method != Method::POST || (wish.redirects == Some(0) && content.contains("CANARY")));
        std::future::ready(Some(record(&request, answer(request.url_text()))))
    }));
    (asked.into_inner(), ended)
}

const HOME: Answer = (200, None, "<a href=/logout>x</a>");

#[test]
fn a_form_is_fetched_sent_and_followed() {
    let (asked, ended) = run(&login("check = 'a[href=\"/logout\"]'"), |url| match url {
        "https://h.example/login" => (200, None, FORM),
        "https://h.example/in" => (303, Some("/home"), ""),
        _ => HOME,
    });
    let expected = [
        "GET https://h.example/login",
        "POST https://h.example/in user=anna&pw=CANARY from https://h.example",
        "GET https://h.example/home",
    ];
    assert_eq!(asked, expected);
    let ended = ended.unwrap();
    assert_eq!(ended.to_string(), "logged in at https://h.example/login (303, then 200)");
    assert_eq!((ended.already, ended.doubt), (false, None));
}

#[test]
fn content_is_sent_again_where_a_redirect_says_so_within_the_origin_only() {
    let to = |target: &'static str| {
        move |url: &str| match url {
            "https://h.example/login" => (200, None, FORM),
            "https://h.example/in" => (307, Some(target), ""),
            _ => HOME,
        }
    };
    let (asked, ended) = run(&login(""), to("/there"));
    assert_eq!(
        (asked[2].as_str(), ended.is_ok()),
        ("POST https://h.example/there user=anna&pw=CANARY from https://h.example", true)
    );
    for target in ["https://evil.example/", "http://h.example/", "https://h.example:444/"] {
        let (asked, ended) = run(&login(""), to(target));
        let told = ended.unwrap_err().to_string();
        assert!(asked.len() == 2 && !told.contains("CANARY"), "{target}: {told}");
    }
    let (asked, ended) = run(&login("allow-origin = 'https://other.example'"), to("https://other.example/x"));
    assert!(ended.is_ok() && asked[2].ends_with(" bare"), "{asked:?}");
    let (asked, ended) =
        run(&login(""), |url| if url.ends_with("login") { (200, None, FORM) } else { (307, Some("/in"), "") });
    assert!(ended.unwrap_err().message.contains("307") && asked.len() == 12, "{}", asked.len());
}

#[test]
fn the_password_is_sent_to_no_first_of_two_locations_and_to_the_very_name_that_one_says() {
    let to = |target: &'static str| {
        move |url: &str| match url {
            "https://h.example/login" => (200, None, FORM),
            "https://h.example/in" => (307, Some(target), ""),
            _ => HOME,
        }
    };
    let (asked, ended) = run(&login(""), to("/there\n/elsewhere"));
    assert!(asked.len() == 2 && ended.unwrap_err().message.contains("two Locations"), "{asked:?}");
    for (target, url) in [("/there\n/there", "https://h.example/there"), ("@alice", "https://h.example/@alice")] {
        let (asked, ended) = run(&login(""), to(target));
        assert!(ended.is_ok() && asked[2].starts_with(&format!("POST {url} ")), "{asked:?}");
    }
}

#[test]
fn nothing_is_sent_to_an_origin_that_nobody_named() {
    let away =
        "<form method=post action='https://other.example/in'><input name=user><input type=password name=pw></form>";
    let (asked, ended) = run(&login(""), |_| (200, None, away));
    assert_eq!(asked.len(), 1);
    let told = ended.unwrap_err().to_string();
    assert!(told.starts_with("blocked: the form goes to https://other.example, which is another origin"), "{told}");
    assert!(told.ends_with("allow-origin = \"https://other.example\""), "{told}");
    let (asked, ended) = run(&login("allow-origin = ['https://other.example/']"), |_| (200, None, away));
    assert_eq!(asked[1], "POST https://other.example/in user=anna&pw=CANARY from https://h.example bare");
    assert!(ended.unwrap().doubt.unwrap().contains("asks for a password"));
    let (asked, ended) = run(&login(""), |url| match url {
        "https://h.example/login" => (200, None, FORM),
        _ => (302, Some("https://other.example/"), ""),
    });
    assert!(asked.len() == 2 && ended.unwrap_err().message.starts_with("blocked: the answer to the form leads to"));
}

#[test]
fn who_is_logged_in_already_sends_nothing() {
    let (asked, ended) = run(&login("unless = 'a[href=\"/logout\"]'"), |_| HOME);
    assert_eq!(asked.len(), 1);
    assert_eq!(ended.unwrap().to_string(), "already logged in at https://h.example/login (200)");
}

#[test]
fn what_did_not_work_is_said_without_the_values() {
    let check = "check = 'a[href=\"/logout\"]'";
    let after = |more: &str, answer: Answer| {
        run(&login(more), move |url| if url.ends_with("/login") { (200, None, FORM) } else { answer }).1
    };
    let page = |more: &str, answer: Answer| run(&login(more), move |_| answer).1;
    for (ended, told) in [
        (page(check, (404, None, "")), "https://h.example/login answered 404 Not Found, not with a form"),
        (page(check, (200, None, "<p>x")), "no form on the page has a field for a password"),
        (page("form = '#login'", (200, None, FORM)), "`#login` matches nothing on the page"),
        (page("token = { csrf = 'meta::attr(content)' }", (200, None, FORM)), "token `csrf` finds nothing"),
        (page("", (200, None, "<form><input name=usr><input type=password name=pw></form>")), "did you mean `usr`?"),
        (after(check, (403, None, "")), "the form was answered with 403 Forbidden, at https://h.example/in"),
        (after(check, (200, None, FORM)), "`a[href=\"/logout\"]` matches nothing on https://h.example/in after"),
        (after(check, (302, None, "")), "answered with 302 Found"),
        (after(check, (302, Some("ftp://x/"), "")), "the form cannot be sent: "),
    ] {
        let shown = ended.unwrap_err().to_string();
        assert!(shown.contains(told) && !shown.contains("CANARY"), "{told}: {shown}");
    }
    assert!(!format!("{:?}", login("")).contains("CANARY"));
    let recipe = Recipe::parse("[login]\nurl = 'https://h/'\nfields = { pw = { env = 'NOT_SET' } }").unwrap();
    let told = Login::with(&recipe, |_| None).unwrap_err().to_string();
    assert!(told.contains("NOT_SET is not set") && told.contains("`pw`"), "{told}");
}

#[test]
fn a_form_that_is_a_query_is_sent_as_one_and_not_told() {
    let form = "<form action=/in><input name=user><input type=password name=pw></form>";
    let (asked, ended) =
        run(&login(""), |url| if url.ends_with("/login") { (200, None, form) } else { (403, None, "") });
    assert_eq!(asked[1], "GET https://h.example/in?user=anna&pw=CANARY");
    assert!(!ended.unwrap_err().to_string().contains("CANARY"));
}
