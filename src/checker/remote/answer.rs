//! From a record of the engine, or a row of the cache, to what came of an address; and from that to
//! what it means for one link.
//!
//! Pure. Must not know how anything was asked.

use url::Url;

use super::target::{Outcome, Wants};
use crate::{
    check::{
        Answer, Found, PageKind,
        cache::{Cached, Verdict},
        findings, judge, judge_fragment,
        verdict::{Signs, gravest},
    },
    checker::{
        finding::{Answered, Judged},
        news::{Asks, Outward},
        shared::Shared,
        words,
    },
    model::{Anchors, Code, Failure, LinkKind, Record, Rule, record::host_key, redact},
};

/// What a record says.
pub(super) fn of_record(record: &mut Record, had: Wants) -> Outcome {
    let outline = record.sighting.as_deref_mut().and_then(|sighting| sighting.outline.as_deref_mut());
    // What becomes of fragments there is the business of its script.
    let is_forward = outline.as_deref().is_some_and(|outline| {
        outline.anchors.is_empty() && outline.links.iter().any(|link| link.kind == LinkKind::Refresh)
    });
    let words = record.data.take().as_deref().and_then(words::of_data);
    let failure = record.error.take().map(|error| Failure::new(error.code, error.message));
    let is_fine = failure.is_none() && record.skip.is_none();
    let is_here = record.final_url == record.url;
    let anchors = outline.filter(|_| had.anchors || had.links).map(|outline| match (had.links, had.anchors) {
        // Who judges the links of the page needs them too.
        (true, true) => outline.anchors.clone(),
        (false, _) => std::mem::take(&mut outline.anchors),
        // What is read for its links is asked for its anchors later, if at all.
        (true, false) => Anchors::of_hashes(outline.anchors.hashes().to_vec()),
    });
    let sighting = record.sighting.as_deref();
    Outcome {
        answered: Answered {
            final_url: record.final_url.take().filter(|_| !is_here).map(Into::into),
            host: record.host.take().map(Into::into),
            status: record.status,
            redirects: std::mem::take(&mut record.redirects),
            attempts: record.attempts,
            total_ms: record.timings.total_ms,
        },
        failure,
        skip: record.skip.take().map(|skip| (skip.code, skip.message)),
        title: record.title.take().map(Into::into),
        signs: Signs {
            challenge: sighting.is_some_and(|sighting| sighting.challenge),
            retry_after: sighting.is_some_and(|sighting| sighting.retry_after),
        },
        had,
        recovered: is_fine && record.attempts > 1,
        kind: match is_forward {
            true => PageKind::Other,
            false => kind_of(record.content_type.as_deref(), anchors.is_some()),
        },
        anchors,
        words,
        ..Outcome::empty()
    }
}

fn kind_of(content_type: Option<&str>, is_html: bool) -> PageKind {
    match content_type.unwrap_or_default() {
        _ if is_html => PageKind::Html,
        "application/pdf" => PageKind::Pdf(None),
        media if ["image/", "video/", "audio/"].iter().any(|kind| media.starts_with(kind)) => PageKind::Media,
        _ => PageKind::Other,
    }
}

/// What the cache says; `None` if it does not say all that is wanted.
pub(super) fn of_row(row: &Cached, wants: Wants) -> Option<Outcome> {
    let cached = match row.verdict() {
        Verdict::Unknown => return None,
        // These follow from the addresses.
        Verdict::Good | Verdict::Found(Rule::Redirected | Rule::Insecure) => None,
        Verdict::Found(rule) => Some(Found { rule: Some(rule), error: row.failure(), suggestion: None }),
    };
    let is_bad = cached.as_ref().is_some_and(|found| !is_reached(found.rule));
    let anchors = row.anchors();
    if wants.links || (!is_bad && (wants.words || (wants.anchors && anchors.is_none()))) {
        return None;
    }
    let host = Url::parse(&row.url).ok().as_ref().map(host_key);
    let hop =
        |status: &u16| crate::model::record::Redirect { status: *status, url: String::new(), location: String::new() };
    Some(Outcome {
        answered: Answered {
            final_url: row.final_url.as_deref().map(Into::into),
            host: host.map(Into::into),
            status: row.status,
            redirects: row.redirects.iter().map(hop).collect(),
            ..Answered::default()
        },
        had: Wants { anchors: anchors.is_some(), ..Wants::default() },
        kind: PageKind::Html,
        anchors,
        cached,
        ..Outcome::empty()
    })
}

/// Whether a page came that fragments can be looked for on, whatever else is said of it.
fn is_reached(rule: Option<Rule>) -> bool {
    matches!(rule, Some(Rule::Redirected | Rule::Insecure | Rule::Flaky | Rule::Mixed))
}

/// Everything that holds for an address, its fragment aside.
pub(super) fn founds(url: &Url, outcome: &Outcome, fragment: Option<&str>, shared: &Shared) -> Vec<Found> {
    if let Some(cached) = &outcome.cached {
        return vec![cached.clone()];
    }
    let answered = &outcome.answered;
    let final_url = answered.final_url.as_deref().and_then(|text| Url::parse(text).ok());
    // Nobody is told to write credentials into a link.
    let bare = Url::parse(&redact::url(url)).unwrap_or_else(|_| url.clone());
    let statuses: Vec<u16> = answered.redirects.iter().map(|hop| hop.status).collect();
    let answer = Answer {
        url: &bare,
        final_url: final_url.as_ref().unwrap_or(&bare),
        fragment,
        status: answered.status,
        failure: outcome.failure.as_ref(),
        redirects: &statuses,
        title: outcome.title.as_deref(),
        text: None,
        signs: outcome.signs,
        recovered: outcome.recovered,
    };
    judge(&answer, &shared.accept)
}

/// What came of an address means this for a link to it. `shown` is the address without userinfo.
pub(super) fn judged<'a>(
    shown: &'a str,
    url: &Url,
    outcome: &'a Outcome,
    link: &'a Outward,
    shared: &Shared,
) -> Judged<'a> {
    let fragment = link.fragment.as_deref();
    let target = Some(shown);
    let cancelled = outcome.failure.as_ref().filter(|failure| failure.code == Code::Cancelled);
    let cancelled = cancelled.map(|failure| (failure.code, failure.message.to_string()));
    let answer = Some(&outcome.answered);
    let mut found = match outcome.skip.clone().or(cancelled) {
        // The host does not answer: so much is known of each of its links.
        Some((Code::BudgetHost, message)) => vec![Found::failed(Rule::Dead, Code::BudgetHost, message)],
        Some(skip) => return Judged { target, fragment, skip: Some(skip), answer, ..Judged::default() },
        None => founds(url, outcome, fragment, shared),
    };
    let is_there = found.iter().all(|found| is_reached(found.rule));
    if is_there && shared.reach.anchors && link.asks != Asks::Links && !names_another(outcome) {
        found.extend(of_fragment(outcome, link));
    }
    if link.mixed {
        found.push(findings::of_mixed(url));
    }
    let found = gravest(found, &shared.severities);
    let is_dead = found.as_ref().is_some_and(|found| found.rule == Some(Rule::Dead));
    let grace = outcome.grace.filter(|_| is_dead);
    Judged { target, fragment, found, skip: None, answer, grace }
}

/// Whether a redirect has a fragment of its own, which then counts instead of the link's (Fetch
/// Standard, HTTP-redirect fetch).
fn names_another(outcome: &Outcome) -> bool {
    outcome.answered.redirects.iter().any(|hop| hop.location.contains('#'))
}

fn of_fragment(outcome: &Outcome, link: &Outward) -> Option<Found> {
    let fragment = link.fragment.as_deref()?;
    let none = Anchors::default();
    // Without its anchors a page cannot be judged.
    let (kind, anchors) = match (&outcome.anchors, outcome.kind) {
        (Some(anchors), kind) => (kind, anchors),
        // These can be told from their words.
        (None, _) if link.asks == Asks::Nothing => (PageKind::Html, &none),
        (None, PageKind::Html) => (PageKind::Other, &none),
        (None, kind) => (kind, &none),
    };
    let judged = judge_fragment(fragment, kind, anchors, outcome.words.as_ref());
    findings::of_fragment(judged, fragment, &link.mention.raw, anchors)
}

/// The row that the cache keeps of an address; `None` for what says nothing about it.
pub(super) fn row_of(url: &str, outcome: &Outcome, record: &Fields, shared: &Shared) -> Option<Cached> {
    if outcome.skip.is_some() {
        return None;
    }
    let parsed = Url::parse(url).ok()?;
    let found = founds(&parsed, outcome, None, shared).into_iter().next();
    let is_own_fault = found.as_ref().is_some_and(|found| found.rule.is_none());
    if is_own_fault || found.as_ref().is_some_and(|found| matches!(found.rule, Some(Rule::Limited))) {
        return None;
    }
    let row = Cached {
        url: redact::url(&parsed),
        status: outcome.answered.status,
        final_url: outcome.answered.final_url.as_deref().map(str::to_owned),
        redirects: outcome.answered.redirects.iter().map(|hop| hop.status).collect(),
        etag: record.etag.clone(),
        last_modified: record.last_modified.clone(),
        anchors: None,
        checked_at: shared.now,
        rule: found.as_ref().and_then(|found| found.rule).map(|rule| rule.name().to_owned()),
        error: found.and_then(|found| found.error).map(|error| (error.code.name().to_owned(), error.message)),
    };
    Some(match &outcome.anchors {
        Some(anchors) if outcome.had.anchors || outcome.had.links => row.with_anchors(anchors),
        _ => row,
    })
}

/// Fields of an answer that the cache keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

/// Whether HEAD was refused, or says nothing that can be relied on: then GET is asked. What GET
/// cannot answer either is no refusal.
pub(super) fn is_refused(outcome: &Outcome, url: &Url, shared: &Shared) -> bool {
    let host = host_key(url);
    if outcome.skip.is_some() {
        return false;
    }
    match (&outcome.failure, outcome.answered.status) {
        (_, Some(status)) if shared.accept.takes(&host, status) => false,
        (Some(failure), _) => {
            let is_final = matches!(
                failure.code,
                Code::DnsNotFound | Code::UrlInvalid | Code::UrlScheme | Code::Cancelled | Code::InternalPanic
            );
            !is_final && !matches!(failure.code.family(), "tls" | "blocked" | "proxy")
        }
        (None, _) => false,
    }
}
