//! From what was found about a link to its public row: weights, grace, the baseline.
//!
//! The one place where findings are made. Must not know how anything was found.

use super::{mention::Mention, shared::Shared};
use crate::{
    check::{Found, baseline::fingerprint, date::Stamp},
    model::{
        Code, Failure, Finding, Rule, Severity, Suggestion, SuggestionKind,
        record::{Error, Ms, Outcome, RecordKind, Redirect, Skip, VERSION},
    },
};

/// What was found about a link.
#[derive(Debug, Default)]
pub(super) struct Judged<'a> {
    /// The target without fragment: an address without userinfo, or a path.
    pub target: Option<&'a str>,
    /// As written.
    pub fragment: Option<&'a str>,
    /// The gravest of what holds.
    pub found: Option<Found>,
    /// Why it was left out.
    pub skip: Option<(Code, String)>,
    /// What came back, for addresses.
    pub answer: Option<&'a Answered>,
    pub grace: Option<Grace>,
}

/// A failure that does not count yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grace {
    pub until: Stamp,
    /// When it first failed.
    pub since: Option<Stamp>,
}

/// What came back for an address, as rows show it.
#[derive(Clone, Debug, Default)]
pub(super) struct Answered {
    pub final_url: Option<Box<str>>,
    pub host: Option<Box<str>>,
    pub status: Option<u16>,
    pub redirects: Vec<Redirect>,
    pub attempts: u32,
    pub total_ms: Option<Ms>,
}

impl Judged<'_> {
    /// Left out.
    pub fn skipped(code: Code, message: impl Into<String>) -> Self {
        Judged { skip: Some((code, message.into())), ..Judged::default() }
    }
}

/// The row.
pub(super) fn finding(mention: &Mention, judged: Judged<'_>, shared: &Shared) -> Finding {
    let Judged { target, fragment, found, skip, answer, grace } = judged;
    let Found { rule, error, suggestion } = found.unwrap_or(Found { rule: None, error: None, suggestion: None });
    let is_fault = rule.is_some() || error.is_some();
    let mut severity = match rule {
        Some(rule) => shared.severities.of(rule),
        None if is_fault => Severity::Error,
        None => Severity::Off,
    };
    let mark = rule.or(is_fault.then_some(Rule::Dead));
    let [origin, leads_to] =
        [mention.origin.name(), target.unwrap_or_default()].map(|path| shared.named_from_here(path));
    let print = |rule| fingerprint(rule, origin, leads_to, fragment, mention.nth as usize);
    let fingerprint = mark.map(print).unwrap_or_default();
    let (mut skip, mut error, mut seen) = (skip, error, None);
    if let Some(Grace { until, since }) = grace.filter(|_| severity == Severity::Error) {
        severity = Severity::Warning;
        seen = since.map(|since| since.to_string());
        if let Some(error) = &mut error {
            error.message.push_str(&format!("; it worked before, and counts from {until} on"));
        }
    }
    let known = shared.baseline.as_ref().filter(|_| severity > Severity::Off).and_then(|all| all.known(&fingerprint));
    if let Some(known) = known {
        skip = Some((Code::Baseline, format!("it was there on {}", known.first_seen)));
        seen = Some(known.first_seen.to_string());
    }
    let is_unasked = skip.as_ref().is_some_and(|(code, _)| is_unasked(*code));
    if skip.is_some() {
        severity = Severity::Off;
    }
    let error = error.filter(|_| severity > Severity::Off && skip.is_none());
    let answer = answer.cloned().unwrap_or_default();
    Finding {
        v: VERSION,
        kind: RecordKind::Link,
        seq: mention.seq,
        ok: severity != Severity::Error && !is_unasked,
        outcome: outcome(severity, error.as_ref(), skip.is_some(), answer.status),
        rule,
        severity,
        source: mention.source(),
        url: target.map(Into::into),
        final_url: answer.final_url,
        fragment: fragment.map(Into::into),
        host: answer.host,
        status: answer.status,
        error: error.map(Error::from),
        skip: skip.map(|(code, message)| Skip { code, message, of: None }),
        suggestion: suggestion.or_else(|| archived(rule, target, shared)),
        redirects: answer.redirects,
        attempts: answer.attempts,
        total_ms: answer.total_ms,
        first_seen: seen.map(Into::into),
        fingerprint: fingerprint.into(),
    }
}

/// Skips of what should have been looked at, had the run not been stopped: no findings, but not good
/// either.
fn is_unasked(code: Code) -> bool {
    matches!(code, Code::BudgetDeadline | Code::BudgetFailures | Code::Cancelled)
}

fn outcome(severity: Severity, error: Option<&Failure>, is_skipped: bool, status: Option<u16>) -> Outcome {
    match error {
        _ if is_skipped => Outcome::Skipped,
        None if severity < Severity::Error => Outcome::Ok,
        Some(error) if error.code.family() == "http" && status.is_some() => Outcome::HttpError,
        Some(error) if error.code.family() == "link" && status.is_some() && severity < Severity::Error => Outcome::Ok,
        _ => Outcome::Error,
    }
}

/// Where a copy of what is gone may be.
fn archived(rule: Option<Rule>, target: Option<&str>, shared: &Shared) -> Option<Suggestion> {
    let is_gone = shared.reach.archive && rule == Some(Rule::Dead);
    let url = target.filter(|target| is_gone && target.starts_with("http"))?;
    Some(Suggestion { kind: SuggestionKind::Archive, url: format!("https://web.archive.org/web/{url}") })
}
