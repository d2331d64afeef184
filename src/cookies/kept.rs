//! The jar's store, and which cookies go when there is no room: those whose time is over, then those of domains
//! with many, then those that were sent or set the longest ago (RFC 6265, section 5.3, last paragraphs).
//!
//! Must not know what a server may set, nor how cookies are written down.

use std::collections::{HashMap, HashSet};

use cookie_store::{Cookie, CookieDomain, CookieStore, RawCookie};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::{LONGEST_FIELD, MOST, MOST_IN_ALL};

/// Cookies of one domain that a full jar keeps longer than those of others (RFC 6265, section 6.1: a program keeps
/// 50 of each at least).
const MANY: usize = 50;

#[derive(Default)]
pub(super) struct Kept {
    pub store: CookieStore,
    /// When each was set or sent last, in steps of `now`.
    used: HashMap<u64, u64>,
    /// How many each domain has.
    of_domain: HashMap<u64, usize>,
    now: u64,
    /// A domain has more than it may.
    is_crowded: bool,
}

/// A cookie as far as it matters here.
struct Seat {
    id: u64,
    domain: u64,
    used: u64,
    is_expired: bool,
}

impl Kept {
    /// Takes a cookie, or lets it replace the one of its name. What is too many then goes with
    /// [`make_room`](Self::make_room).
    pub fn take(&mut self, cookie: &RawCookie<'_>, url: &Url) -> bool {
        let Ok(cookie) = Cookie::try_from_raw_cookie(cookie, url) else { return false };
        let (id, domain) = (id_of(&cookie), domain_of(&cookie));
        // A refusal by the store (foreign domain, bad path) is no fault of the run.
        if self.store.insert(cookie.into_owned(), url).is_err() {
            return false;
        }
        self.now += 1;
        if self.used.insert(id, self.now).is_none() {
            let here = self.of_domain.entry(domain).or_default();
            *here += 1;
            self.is_crowded |= *here > MOST;
        }
        true
    }

    /// Lets go of what is too many, and says how many those are; the cookies that were taken last stay.
    pub fn make_room(&mut self) -> usize {
        if !self.is_crowded && self.used.len() <= MOST_IN_ALL {
            return 0;
        }
        let mut seats: Vec<Seat> = self.store.iter_any().map(|cookie| self.seat(cookie)).collect();
        seats.sort_unstable_by_key(|seat| (!seat.is_expired, seat.used));
        let mut gone = HashSet::new();
        let (mut left, counts) = (self.used.len(), &mut self.of_domain);
        let mut go = |seat: &Seat, counts: &mut HashMap<u64, usize>, left: &mut usize| {
            if gone.insert(seat.id) {
                *left -= 1;
                if let Some(here) = counts.get_mut(&seat.domain) {
                    *here -= 1;
                }
            }
        };
        let has = |counts: &HashMap<u64, usize>, seat: &Seat| counts.get(&seat.domain).copied().unwrap_or(0);
        for seat in seats.iter().filter(|seat| seat.is_expired) {
            go(seat, counts, &mut left);
        }
        let stay: Vec<&Seat> = seats.iter().filter(|seat| !seat.is_expired).collect();
        // First those of domains with more than any may have; of a full jar then those of domains with many.
        for seat in &stay {
            if has(counts, seat) > MOST {
                go(seat, counts, &mut left);
            }
        }
        for least in [MANY, 0] {
            for seat in &stay {
                if left > MOST_IN_ALL && has(counts, seat) > least {
                    go(seat, counts, &mut left);
                }
            }
        }
        self.is_crowded = false;
        self.forget(&gone);
        gone.len()
    }

    fn forget(&mut self, gone: &HashSet<u64>) {
        let names: Vec<[String; 3]> = self
            .store
            .iter_any()
            .filter(|cookie| gone.contains(&id_of(cookie)))
            .map(|cookie| [String::from(&cookie.domain), String::from(&cookie.path), cookie.name().to_owned()])
            .collect();
        for [domain, path, name] in names {
            self.store.remove(&domain, &path, &name);
        }
        gone.iter().for_each(|id| _ = self.used.remove(id));
        self.of_domain.retain(|_, here| *here > 0);
    }

    /// The `Cookie` field for a request, empty if there is none; what is in it counts as used now.
    pub fn field_for(&mut self, url: &Url) -> String {
        let mut field = String::new();
        // The store has it that loopback is as good as https; who set them said https.
        let cookies = self
            .store
            .matches(url)
            .into_iter()
            .filter(|cookie| url.scheme() == "https" || cookie.secure() != Some(true));
        for cookie in cookies {
            let (name, value) = cookie.name_value();
            if field.len() + name.len() + value.len() + 3 > LONGEST_FIELD {
                break;
            }
            let part = if field.is_empty() { "" } else { "; " };
            field.extend([part, name, "=", value]);
            self.now += 1;
            self.used.insert(id_of(cookie), self.now);
        }
        field
    }

    fn seat(&self, cookie: &Cookie<'_>) -> Seat {
        let id = id_of(cookie);
        let used = self.used.get(&id).copied().unwrap_or_default();
        Seat { id, domain: domain_of(cookie), used, is_expired: cookie.is_expired() }
    }
}

/// What cookies replace each other by: domain, path and name.
fn id_of(cookie: &Cookie<'_>) -> u64 {
    // None of them has a line end in it.
    xxh3_64([domain(cookie), &cookie.path, cookie.name()].join("\n").as_bytes())
}

fn domain_of(cookie: &Cookie<'_>) -> u64 {
    xxh3_64(domain(cookie).as_bytes())
}

fn domain<'a>(cookie: &'a Cookie<'_>) -> &'a str {
    match &cookie.domain {
        CookieDomain::HostOnly(domain) | CookieDomain::Suffix(domain) => domain,
        CookieDomain::NotPresent | CookieDomain::Empty => "",
    }
}
