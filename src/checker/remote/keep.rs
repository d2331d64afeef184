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
    if let Some((_, cache)) = &mut kept.cache {
        cache.put(row.clone());
    }
    forgive(kept, url, &mut outcome, shared);
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

/// Notes what came of an address that was asked, and whether its failure is given grace.
pub(super) fn note(kept: &mut Kept, url: &str, outcome: &mut Outcome, fields: &Fields, shared: &Shared) {
    let is_kept = kept.cache.is_some() || kept.answers.is_some();
    if let Some(row) = is_kept.then(|| answer::row_of(url, outcome, fields, shared)).flatten() {
        if let Some(answers) = &mut kept.answers {
            answers.note(&row);
        }
        if let Some((_, cache)) = &mut kept.cache {
            cache.put(row);
        }
    }
    forgive(kept, url, outcome, shared);
}

/// Keeps the history of an address, and gives its failure grace, if it has some.
fn forgive(kept: &mut Kept, url: &str, outcome: &mut Outcome, shared: &Shared) {
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
    if is_dead && shared.severities.of(Rule::Dead) == Severity::Error {
        let before = histories.of(&key);
        if let grace::Grace::Until(until) = decide(before, shared.now, *patience) {
            let since = before.and_then(|before| before.failing_since).unwrap_or(shared.now);
            outcome.grace = Some(Grace { until, since: Some(since) });
        }
    }
    histories.note(&key, if is_dead { Seen::Failing } else { Seen::Working }, shared.now);
}

/// What an address is kept by: without credentials.
fn key(url: &str) -> String {
    match url.contains('@') {
        true => Url::parse(url).map_or_else(|_| url.to_owned(), |url| redact::url(&url)),
        false => url.to_owned(),
    }
}
