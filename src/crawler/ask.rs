//! How a page is asked for: which request, what of the settings holds for whom.
//!
//! Fields that the user gave, and credentials of seeds, go to the origins of the seeds and to nobody
//! else: a crawl goes where strangers' links lead. Pure. Must not know when.

use std::{collections::HashMap, num::NonZeroUsize};

use http::Method;
use url::{Origin, Url};

use super::open::Way;
use crate::{
    crawl::spelt,
    model::{Look, Reads, Request, Wish, capture::Raw, units::StatusSet},
    policy::{canonical::Tracking, canonical::identity},
    settings::{Choose, Dedupe, Named, Order, Settings},
};

/// Most requests that the engine knows of; each takes about a kilobyte.
const WINDOW: NonZeroUsize = NonZeroUsize::MIN.saturating_add(8_191);
/// The same for each slot where records carry bodies.
const WINDOW_OF_BODIES: usize = 8;

/// The same for one host, for each of its slots, and at least so many: some wait for another
/// try.
const WINDOW_OF_A_HOST: (usize, usize) = (8, 512);

/// How many requests may be open at once. Enough that a slow host does not hold up the others, few
/// enough that the rest waits where it takes less.
pub(super) fn window(settings: &Settings) -> usize {
    let most = settings.limits.window.min(WINDOW).get();
    match settings.pages.with.body || settings.pages.raw == Raw::Keep {
        true => most.min(settings.limits.in_flight.get().saturating_mul(WINDOW_OF_BODIES)),
        false => most,
    }
}

/// The same for one host.
pub(super) fn window_of_host(settings: &Settings) -> usize {
    let (each, least) = WINDOW_OF_A_HOST;
    settings.limits.host.in_flight.get().saturating_mul(each).max(least)
}

/// The settings of the engine: what chooses among a list, or ends it early, is the business of the crawl,
/// and fields are for the origins of these seeds.
pub(super) fn settings(run: &Settings, seeds: &[Url]) -> Settings {
    let choose = Choose { dedupe: Dedupe::Off, order: Order::Completion, ..Choose::default() };
    let mut settings = Settings { choose, ..run.clone() };
    settings.ask.method = Method::GET;
    settings.ask.body = None;
    settings.ask.named = Named::of(seeds);
    settings
}

/// Name and password of the seeds that have them, by origin.
#[derive(Clone, Debug, Default)]
pub(super) struct Credentials(HashMap<Origin, (String, String)>);

impl Credentials {
    /// Takes note of those in a seed.
    pub fn learn(&mut self, seed: &Url) {
        if !seed.username().is_empty() || seed.password().is_some() {
            let pair = (seed.username().to_owned(), seed.password().unwrap_or_default().to_owned());
            self.0.entry(seed.origin()).or_insert(pair);
        }
    }

    /// The URL as it is asked for.
    pub fn apply(&self, url: &str) -> String {
        if self.0.is_empty() {
            return url.to_owned();
        }
        let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
        if let Some((name, password)) = self.0.get(&parsed.origin()).filter(|_| parsed.username().is_empty()) {
            // Both are percent-encoded already, and an http URL takes them.
            let _ = parsed.set_username(name);
            let _ = parsed.set_password(Some(password).filter(|password| !password.is_empty()).map(String::as_str));
        }
        parsed.into()
    }
}

/// What a page is known by: XXH3 under a seed of the run, which sites do not know. Two agree by chance:
/// it is no cryptographic hash.
pub(super) fn key(url: &Url, tracking: Tracking, seed: u64) -> u128 {
    key_of_spelt(&spelt(url, tracking), seed)
}

/// The same, for a URL that has its one spelling already.
pub(super) fn key_of_spelt(url: &Url, seed: u64) -> u128 {
    xxhash_rust::xxh3::xxh3_128_with_seed(identity(url).as_str().as_bytes(), seed)
}

/// The same, for the whole of a URL.
pub(super) fn key_of_whole(url: &str, seed: u64) -> u128 {
    xxhash_rust::xxh3::xxh3_128_with_seed(url.as_bytes(), seed)
}

/// Whether a request is its own beyond its URL: it has content, fields or a method.
pub(super) fn is_own(wish: &Wish) -> bool {
    let is_other = |method: &Method| *method != Method::GET;
    wish.body.is_some() || !wish.headers.is_empty() || wish.method.as_ref().is_some_and(is_other)
}

/// A page of the crawl.
pub(super) fn page(url: String) -> Request {
    Request::get(url).look(Look { reads: Reads::Texts, ..Look::FACTS })
}

/// What is asked of a page that is only looked at: the head of its answer. Whether HEAD is answered well is judged here, so
/// that the engine takes every status.
pub(super) fn outside(url: &str, way: Way) -> Request {
    let request = Request::get(url).look(Look { reads: Reads::Nothing, ..Look::NOTHING });
    match way {
        Way::Head => every_status(request.method(Method::HEAD).retries(0)),
        Way::Get => request,
    }
}

/// A file that says where pages are. That there is none is no failure.
pub(super) fn errand(url: &str) -> Request {
    every_status(Request::get(url).look(Look::BODY).priority(1))
}

fn every_status(mut request: Request) -> Request {
    request.wish_mut().accept = "100..=999".parse::<StatusSet>().ok();
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn what_the_user_gave_is_for_the_origins_of_seeds() {
        let named = settings(&Settings::default(), &[url("https://a.org/"), url("http://b.org:81/x")]).ask.named;
        assert!(named.has(&url("https://a.org:443/y")) && named.has(&url("http://b.org:81/")));
        for stranger in ["http://a.org/", "https://b.org:81/", "http://b.org/", "https://x.a.org/"] {
            assert!(!named.has(&url(stranger)), "{stranger}");
        }
    }

    #[test]
    fn credentials_of_a_seed_go_to_its_origin_only() {
        let mut credentials = Credentials::default();
        credentials.learn(&url("http://u%40x:p@h:81/a"));
        credentials.learn(&url("http://plain/"));
        assert_eq!(credentials.apply("http://h:81/b"), "http://u%40x:p@h:81/b");
        for other in ["http://h/b", "https://h:81/b", "http://plain/"] {
            assert_eq!(credentials.apply(other), other);
        }
    }

    #[test]
    fn a_page_is_known_whatever_its_session_and_credentials() {
        let key = |text: &str| key(&url(text), Tracking::Keep, 7);
        assert_eq!(key("http://u:p@h/a;jsessionid=1?#x"), key("http://h/a"));
        assert_ne!(key("http://h/a?b"), key("http://h/a"));
    }
}
