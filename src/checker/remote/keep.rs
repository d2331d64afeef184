//! What outlives the check: rows of the cache, histories of failing targets.
//!
//! Must not know how anything was asked.

use url::Url;

use super::{
    answer::{self, Fields},
    target::{Outcome, Wants},
};
use crate::{
    check::{
        cache::{Cached, is_fresh},
        date::Stamp,
        grace::{self, Seen, decide},
    },
    checker::{
        finding::Grace,
        shared::{Kept, Shared},
    },
    model::{Rule, Severity, redact},
};

/// What this run was answered before it was stopped, if that is all that is wanted; its failure is given
/// grace as it would have been.
pub(super) fn answered(kept: &mut Kept, url: &str, wants: Wants, shared: &Shared) -> Option<Outcome> {
    let row = kept.answers.as_ref()?.get(&key(url))?;
    let mut outcome = answer::of_row(row, wants)?;
    let (row, at) = (row.clone(), row.checked_at);
    if let Some((_, cache)) = &mut kept.cache {
        cache.put(row);
    }
    let history = kept.grace.as_ref().and_then(|(_, histories)| histories.of(&key(url)));
    let is_noted = history.is_some_and(|history| history.checked_at >= at);
    forgive(kept, url, &mut outcome, (at, is_noted), shared);
    Some(outcome)
}

/// What the cache says of an address, if it says all that is wanted and is fresh (or nothing may be
/// sent).
pub(super) fn cached(kept: &Kept, url: &str, wants: Wants, shared: &Shared) -> Option<Outcome> {
    let (ages, cache) = kept.cache.as_ref()?;
    let row = cache.get(&key(url))?;
    match shared.reach.offline || is_fresh(row, shared.now, ages) {
        true => answer::of_row(row, wants),
        false => None,
    }
}

/// The row of an address, fresh or not.
pub(super) fn row<'k>(kept: &'k Kept, url: &str) -> Option<&'k Cached> {
    kept.cache.as_ref()?.1.get(&key(url))
}

/// The row of an address holds still.
pub(super) fn renew(kept: &mut Kept, url: &str, shared: &Shared) {
    let Some((_, cache)) = &mut kept.cache else { return };
    if let Some(row) = cache.get(&key(url)) {
        let row = Cached { checked_at: shared.now, ..row.clone() };
        cache.put(row);
    }
}

/// Notes what came of an address that was asked, and whether its failure is given grace. What was to be
/// asked again and is not, because the check was stopped, is nothing to go by.
pub(super) fn note(kept: &mut Kept, url: &str, outcome: &mut Outcome, fields: &Fields, is_cut: bool, shared: &Shared) {
    let is_kept = (kept.cache.is_some() || kept.answers.is_some()) && !is_cut;
    if let Some(row) = is_kept.then(|| answer::row_of(url, outcome, fields, shared)).flatten() {
        if let Some(answers) = &mut kept.answers {
            answers.note(&row);
        }
        if let Some((_, cache)) = &mut kept.cache {
            cache.put(row);
        }
    }
    forgive(kept, url, outcome, (shared.now, false), shared);
}

/// Keeps the history of an address that was asked at a moment, unless an earlier part of the check has noted
/// it, and gives its failure grace, if it has some.
fn forgive(kept: &mut Kept, url: &str, outcome: &mut Outcome, (at, is_noted): (Stamp, bool), shared: &Shared) {
    let Some((patience, histories)) = &mut kept.grace else { return };
    let Ok(parsed) = Url::parse(url) else { return };
    let found = answer::founds(&parsed, outcome, None, shared);
    let is_dead = found.iter().any(|found| found.rule == Some(Rule::Dead));
    let is_unclear = outcome.skip.is_some()
        || found.iter().any(|found| found.rule.is_none_or(|rule| matches!(rule, Rule::Limited | Rule::Blocked)));
    if is_unclear {
        return;
    }
    let key = key(url);
    let mut before = histories.of(&key).cloned();
    if let Some(before) = before.as_mut().filter(|_| is_noted) {
        before.failures = before.failures.saturating_sub(1);
    }
    if is_dead
        && shared.severities.of(Rule::Dead) == Severity::Error
        && let grace::Grace::Until(until) = decide(before.as_ref(), at, *patience)
    {
        let since = before.and_then(|before| before.failing_since).unwrap_or(at);
        outcome.grace = Some(Grace { until, since: Some(since) });
    }
    if !is_noted {
        histories.note(&key, if is_dead { Seen::Failing } else { Seen::Working }, at);
    }
}

/// What an address is kept by: without credentials.
fn key(url: &str) -> String {
    match url.contains('@') {
        true => Url::parse(url).map_or_else(|_| url.to_owned(), |url| redact::url(&url)),
        false => url.to_owned(),
    }
}
