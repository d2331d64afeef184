//! How old an answer is, and for how long it may be used (RFC 9111, section 4.2).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, header};

use super::directives::{Directives, seconds};

/// The part of an answer's age when it was made for which it is taken to hold on, where the server says
/// nothing (section 4.2.2): the usual tenth.
const TENTH: u32 = 10;
/// The same at most. What a server never spoke of is looked at again after a day.
const UNSPOKEN_MOST: Duration = Duration::from_secs(24 * 60 * 60);
/// How far a clock may have been set back before what was kept is no longer trusted.
const SLACK: Duration = Duration::from_secs(60);

/// An answer that is there, but for its content.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// Status code.
    pub status: u16,
    /// Fields, as updated last.
    pub headers: &'a HeaderMap,
    /// When it was asked for.
    pub asked_at: SystemTime,
    /// When it came, or was confirmed.
    pub came_at: SystemTime,
}

/// Whose word says what is fresh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Word {
    /// The server's.
    #[default]
    Server,
    /// The user's: what came within this time, whatever the server said, and nothing else.
    Within(Duration),
    /// Nobody's: everything is, since nothing else can be had.
    Any,
}

/// What may be done with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It is the answer.
    Fresh,
    /// It is, if the server confirms it.
    Stale,
}

/// What may be done with it for a request with these fields; what is older than `most` is never fresh, if
/// somebody can be asked.
pub fn judge(kept: &Kept<'_>, request: &HeaderMap, word: Word, most: Option<Duration>, now: SystemTime) -> Use {
    let asked = Directives::of(request);
    let fresh = match word {
        Word::Any => true,
        _ if most.is_some_and(|most| age(kept, now) > most) => false,
        _ if asked.has("no-cache") => false,
        Word::Within(time) => resident(kept, now).is_some_and(|resident| resident <= time),
        Word::Server => is_fresh(kept, &asked, now),
    };
    if fresh { Use::Fresh } else { Use::Stale }
}

fn is_fresh(kept: &Kept<'_>, asked: &Directives, now: SystemTime) -> bool {
    let said = Directives::of(kept.headers);
    if said.has("no-cache") || resident(kept, now).is_none() {
        return false;
    }
    let (age, lifetime) = (age(kept, now), lifetime(kept, &said));
    if asked.seconds("max-age").is_some_and(|most| age > most) {
        return false;
    }
    if let Some(least) = asked.seconds("min-fresh") {
        return lifetime >= age.saturating_add(least) && lifetime > age;
    }
    // Section 4.2.4: nothing stale where the server forbids it.
    let stale = match said.has("must-revalidate") {
        true => Duration::ZERO,
        false if asked.is_bare("max-stale") => Duration::MAX,
        false => asked.seconds("max-stale").unwrap_or_default(),
    };
    lifetime > age || (!stale.is_zero() && age.saturating_sub(lifetime) <= stale)
}

/// How old it is (section 4.2.3): the largest of what the fields say, and the time since.
pub fn age(kept: &Kept<'_>, now: SystemTime) -> Duration {
    let since = |later: SystemTime, earlier| later.duration_since(earlier).unwrap_or_default();
    let apparent = date(kept.headers, header::DATE).map_or(Duration::ZERO, |date| since(kept.came_at, date));
    let told = kept.headers.get(header::AGE).and_then(|value| seconds(Some(value.to_str().ok()?.trim())));
    let told = Duration::from_secs(told.unwrap_or_default());
    let corrected = told.saturating_add(since(kept.came_at, kept.asked_at));
    apparent.max(corrected).saturating_add(since(now, kept.came_at))
}

/// How long it has been here; `None` if by the clock it has not come yet.
fn resident(kept: &Kept<'_>, now: SystemTime) -> Option<Duration> {
    match now.duration_since(kept.came_at) {
        Ok(time) => Some(time),
        Err(error) if error.duration() <= SLACK => Some(Duration::ZERO),
        Err(_) => None,
    }
}

/// For how long it may be used since it was made (section 4.2.1). `s-maxage` is for shared caches.
fn lifetime(kept: &Kept<'_>, said: &Directives) -> Duration {
    if let Some(time) = said.seconds("max-age") {
        return time;
    }
    let made = date(kept.headers, header::DATE).unwrap_or(kept.came_at);
    if kept.headers.contains_key(header::EXPIRES) {
        let expires = date(kept.headers, header::EXPIRES);
        // What is no date is in the past (section 5.3).
        return expires.and_then(|expires| expires.duration_since(made).ok()).unwrap_or_default();
    }
    let may_guess = !matches!(kept.status, 302 | 303 | 307) || said.has("public");
    let changed = date(kept.headers, header::LAST_MODIFIED).filter(|_| may_guess);
    let unchanged = changed.and_then(|changed| made.duration_since(changed).ok()).unwrap_or_default();
    (unchanged / TENTH).min(UNSPOKEN_MOST)
}

/// A date in a field that is there once, in any of the three formats (RFC 9110, section 5.6.7).
fn date(fields: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    let mut values = fields.get_all(name).iter();
    let first = values.next().filter(|_| values.next().is_none())?;
    httpdate::parse_http_date(first.to_str().ok()?.trim()).ok()
}
