//! What an answer means for a link.
//!
//! In: what the engine's record says. Out: every rule that holds, the gravest in kind first, so
//! that whoever knows the weights of this run picks one. A link is dead only if it is surely so:
//! refusals, limits and challenges are something else. Must not know weights or reports.

use ::url::Url;

use super::{accept::Accept, phrases, rules::Severities};
use crate::model::{Code, Failure, LinkKind, Rule, Severity, Suggestion, SuggestionKind, redact};

/// What came back for a target, all tries made.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// What was asked, without fragment.
    pub url: &'a Url,
    /// The URL that answered; the asked one where nothing did.
    pub final_url: &'a Url,
    /// Fragment of the link: what is suggested keeps it.
    pub fragment: Option<&'a str>,
    /// Status of the last response.
    pub status: Option<u16>,
    /// What went wrong.
    pub failure: Option<&'a Failure>,
    /// Statuses of the redirects that were followed.
    pub redirects: &'a [u16],
    /// Title of the page.
    pub title: Option<&'a str>,
    /// Words of the page, where they were read.
    pub text: Option<&'a str>,
    /// Signs of the response's fields.
    pub signs: Signs,
    /// Whether it failed before it answered.
    pub recovered: bool,
}

/// What the fields of the last response give away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// `cf-mitigated: challenge`: a test for browsers was sent instead of the page.
    pub challenge: bool,
    /// `Retry-After` is there.
    pub retry_after: bool,
}

/// One rule that holds. Whoever makes a record of one that weighs nothing leaves the error out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The rule; `None` where the run itself could not look.
    pub rule: Option<Rule>,
    /// What was met.
    pub error: Option<Failure>,
    /// What could stand there instead.
    pub suggestion: Option<Suggestion>,
}

impl Found {
    /// Without words of its own: the rule's meaning says it.
    pub fn rule(rule: Rule) -> Self {
        Found { rule: Some(rule), error: None, suggestion: None }
    }

    /// With what was met.
    pub fn failed(rule: Rule, code: Code, message: impl Into<String>) -> Self {
        Found { rule: Some(rule), error: Some(Failure::new(code, message)), suggestion: None }
    }
}

/// Every rule that holds for an answer; none if the link is good and nothing is to be said.
pub fn judge(answer: &Answer<'_>, accept: &Accept) -> Vec<Found> {
    let host = host_of(answer.final_url);
    let is_accepted = answer.status.is_some_and(|status| accept.takes(&host, status));
    match answer.failure {
        // The head came and says enough: whether the body can be had is not the link's fault.
        Some(failure) if answer.status.is_some() && matches!(failure.code.family(), "body" | "timeout") => {}
        Some(failure) if failure.code.family() != "http" => return vec![of_failure(failure)],
        _ => {}
    }
    let Some(status) = answer.status else {
        return answer.failure.map(of_failure).into_iter().collect();
    };
    match is_accepted {
        true => of_page(answer),
        false => vec![of_status(status, answer)],
    }
}

/// No usable response.
fn of_failure(failure: &Failure) -> Found {
    let rule = match failure.code {
        Code::UrlInvalid => Some(Rule::Invalid),
        Code::UrlScheme => Some(Rule::Unverifiable),
        Code::HttpRateLimited => Some(Rule::Limited),
        // Faults of this run, this machine or its proxy say nothing about the link, nor do its own bans: it was
        // not asked, which is not the same as good.
        Code::BlockedPrivateAddress
        | Code::Cancelled
        | Code::InternalPanic
        | Code::IoMissing
        | Code::IoRead
        | Code::IoWrite
        | Code::ConnectDescriptors => None,
        code if code.family() == "proxy" => None,
        _ => Some(Rule::Dead),
    };
    Found { rule, error: Some(failure.clone()), suggestion: None }
}

/// A response whose status is not accepted.
fn of_status(status: u16, answer: &Answer<'_>) -> Found {
    let is_challenge = answer.signs.challenge || answer.title.is_some_and(phrases::is_challenge);
    let (rule, code) = match status {
        429 => (Rule::Limited, Code::HttpRateLimited),
        503 if answer.signs.retry_after && !answer.signs.challenge => (Rule::Limited, Code::HttpRateLimited),
        _ if is_challenge => (Rule::Blocked, Code::HttpClientError),
        401 => (Rule::Login, Code::HttpClientError),
        // Refused, paid for, not for programs, or not for where we are: 451 by RFC 7725, 999 by
        // LinkedIn; 405 and 501 after HEAD and GET.
        402 | 403 | 405 | 406 | 451 | 501 | 999 => (Rule::Blocked, Code::HttpClientError),
        300..400 => (Rule::Dead, Code::HttpRedirect),
        400..500 => (Rule::Dead, Code::HttpClientError),
        500..600 => (Rule::Dead, Code::HttpServerError),
        _ => (Rule::Dead, Code::HttpUnexpected),
    };
    let code = if (600..).contains(&status) || status < 300 { Code::HttpUnexpected } else { code };
    let code = if status == 501 { Code::HttpServerError } else { code };
    match answer.failure.filter(|failure| failure.code.family() == "http") {
        Some(failure) => Found { rule: Some(rule), error: Some(failure.clone()), suggestion: None },
        None => Found::failed(rule, code, format!("the server answers {status}")),
    }
}

/// A response whose status is good: what may be wrong all the same, and what could be better.
fn of_page(answer: &Answer<'_>) -> Vec<Found> {
    let mut out = Vec::new();
    let is_moved = answer.url != answer.final_url;
    let (from, to) = (answer.url, answer.final_url);
    let is_login = |url: &Url| phrases::is_login(url.host_str().unwrap_or_default(), url.path());
    if answer.signs.challenge || answer.title.is_some_and(phrases::is_challenge) {
        out.push(Found::rule(Rule::Blocked));
        return out;
    }
    if is_moved && is_login(to) && !is_login(from) {
        out.push(Found::rule(Rule::Login));
        return out;
    }
    let is_sold = is_moved && phrases::is_market(to.host_str().unwrap_or_default()) && host_of(from) != host_of(to);
    if is_sold || phrases::says_parked(answer.title, answer.text) {
        out.push(Found::rule(Rule::Parked));
        return out;
    }
    let says_nothing = phrases::says_nothing_here(answer.title, answer.text) && !is_about_errors(from);
    if says_nothing || (is_moved && is_sent_home(from, to)) {
        out.push(Found::rule(Rule::SoftMissing));
        return out;
    }
    if let Some(found) = moved(answer) {
        out.push(found);
    }
    if answer.recovered {
        out.push(Found::rule(Rule::Flaky));
    }
    out
}

/// Moved for good, or the same over https.
fn moved(answer: &Answer<'_>) -> Option<Found> {
    let (from, to) = (answer.url, answer.final_url);
    if from == to {
        return None;
    }
    let mut there = to.clone();
    if there.fragment().is_none() {
        there.set_fragment(answer.fragment);
    }
    let found = |rule, code, message, kind| {
        let suggestion = Some(Suggestion { kind, url: there.to_string() });
        Some(Found { suggestion, ..Found::failed(rule, code, message) })
    };
    if is_same_over_https(from, to) {
        let message = "the same address works over https".to_owned();
        return found(Rule::Insecure, Code::LinkInsecure, message, SuggestionKind::Https);
    }
    let is_for_good = !answer.redirects.is_empty() && answer.redirects.iter().all(|status| matches!(status, 301 | 308));
    match is_for_good {
        true => {
            let message = format!("moved for good to {}", redact::told(to));
            found(Rule::Redirected, Code::LinkRedirected, message, SuggestionKind::Redirect)
        }
        false => None,
    }
}

/// Whether `to` is `from` with https instead of http.
pub fn is_same_over_https(from: &Url, to: &Url) -> bool {
    from.scheme() == "http"
        && to.scheme() == "https"
        && from.host() == to.host()
        && from.port().is_none() == to.port().is_none()
        && from.path() == to.path()
        && from.query() == to.query()
}

/// Whether someone who asked for a page was sent to the front door of the same site, which is what
/// some sites do instead of answering 404.
fn is_sent_home(from: &Url, to: &Url) -> bool {
    let bare = |url: &Url| url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
    let is_home = matches!(to.path(), "" | "/") && to.query().is_none();
    is_home && bare(from) == bare(to) && !is_front_door(from)
}

/// `/`, `/index.html`, `/home`, `/de/`, `/en-GB`: other names of a front door.
fn is_front_door(url: &Url) -> bool {
    let path = url.path().trim_matches('/').to_ascii_lowercase();
    let is_locale = match path.as_bytes() {
        [a, b] => a.is_ascii_alphabetic() && b.is_ascii_alphabetic(),
        [_, _, b'-' | b'_', _, _] => true,
        _ => false,
    };
    let stem = path.split('.').next().unwrap_or_default();
    path.is_empty() || is_locale || (!path.contains('/') && matches!(stem, "index" | "home" | "default" | "main"))
}

/// Whether an address is that of a page about errors: its title may well say 404.
fn is_about_errors(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    ["404", "not-found", "not_found", "notfound"].iter().any(|word| path.contains(word))
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether a page at `page` may not load `target` this way: browsers block or upgrade what comes
/// over http (Mixed Content, W3C). This machine counts as safe.
pub fn is_mixed(page: &Url, kind: LinkKind, target: &Url) -> bool {
    let is_loaded = matches!(
        kind,
        LinkKind::Image
            | LinkKind::Media
            | LinkKind::Frame
            | LinkKind::Embed
            | LinkKind::Form
            | LinkKind::Script
            | LinkKind::Stylesheet
            | LinkKind::Style
            | LinkKind::Drawing
            | LinkKind::Ping
    );
    let is_here = match target.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    is_loaded && page.scheme() == "https" && target.scheme() == "http" && !is_here
}

/// The one to report: the gravest by these weights, the first of equals.
pub fn gravest(found: Vec<Found>, weights: &Severities) -> Option<Found> {
    let weigh = |found: &Found| found.rule.map_or(Severity::Error, |rule| weights.of(rule));
    // `max_by_key` takes the last of equals.
    found.into_iter().rev().max_by_key(weigh)
}

#[cfg(test)]
#[path = "verdict/tests.rs"]
mod tests;
