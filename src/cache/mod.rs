//! Answers kept from one run to the next: a wire that asks the network only for what it must.
//!
//! Joins what `policy::cache` decides with a file in a folder, and the decoding of bodies. What is fresh is
//! there for the asking ([`Cache::recall`]); for the rest another wire is asked, under conditions where
//! there are validators ([`Cache::exchange`]). A cache is a convenience: what is wrong with its file is
//! told once ([`Cache::fault`]) and costs no answer. Must not know queues, pages or flags.

mod desk;
mod store;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};

use self::{
    desk::{Change, Desk},
    store::{Entry, New, Store},
};
use crate::{
    cookies::CookieJar,
    fetch::{
        Wire,
        replay::{Recall, Stored},
    },
    model::{Ask, CacheUse, Capture, Code, Exchange, Failure, Head, capture::Raw},
    policy::cache::{self as policy, Asking, Kept, Key, Sum, Use, Word},
    settings::{CacheSettings, Reach},
};

/// The file in the folder.
const FILE: &str = "cache.sqlite";
/// An answer that was used so shortly before is not noted as used again: that would be a write for each.
const USED_AGAIN: Duration = Duration::from_secs(60);
/// Of the size of a cache, what one answer may take: a fourth. A larger one would have to drive out most of
/// the others, and be the next to go.
const SHARE: u64 = 4;

/// Why there is no cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Another program's file, or none at all.
    #[error("{} is no cache of fetchall's; it is left as it is", .0.display())]
    Foreign(PathBuf),
    /// A later version wrote it.
    #[error("{} was written by a newer fetchall; it is left as it is", .0.display())]
    Newer(PathBuf),
    /// It cannot be made, read or written.
    #[error("{} cannot be used: {}; a cache may be deleted at any time", .0.display(), .1)]
    Unusable(PathBuf, String),
}

/// Answers in a folder.
#[derive(Debug)]
pub struct Cache {
    desk: Desk,
    path: PathBuf,
    recall: Recall,
    word: Word,
    reach: Reach,
    jar: Option<CookieJar>,
    /// What says who asks, beside the fields of a request.
    identity: Sum,
    /// What is kept of one answer at most, in bytes.
    largest: u64,
}

/// What there is to answer with.
enum Found {
    Fresh(Entry, Bytes),
    Stale(Entry),
}

impl Cache {
    /// Opens the folder, and makes it if there is none: only its owner may look into it. `recall` makes
    /// exchanges of what is there; `jar` has the cookies that will go along, `identity` says who asks where
    /// no field does.
    ///
    /// # Errors
    /// The folder cannot be used, or what is in it is no cache.
    pub fn open(
        settings: &CacheSettings,
        recall: Recall,
        jar: Option<CookieJar>,
        identity: Sum,
    ) -> Result<Cache, CacheError> {
        let path = settings.dir.join(FILE);
        make_folder(&settings.dir).map_err(|error| CacheError::Unusable(settings.dir.clone(), error.to_string()))?;
        let desk = Desk::open(&path, settings.size)?;
        let word = match (settings.reach, settings.max_age) {
            (Reach::Offline, _) => Word::Any,
            (Reach::Network, Some(age)) => Word::Within(age),
            (Reach::Network, None) => Word::Server,
        };
        let largest = settings.size / SHARE;
        Ok(Cache { desk, path, recall, word, reach: settings.reach, jar, identity, largest })
    }

    /// Whether nobody is asked.
    pub fn is_offline(&self) -> bool {
        self.reach == Reach::Offline
    }

    /// A sentence about what went wrong with it, if anything did.
    pub fn fault(&self) -> Option<String> {
        let fault = self.desk.fault()?;
        Some(format!("the cache {} was not of use throughout: {fault}", self.path.display()))
    }

    /// The answer to a request that needs no network: what is fresh, and without a network everything.
    pub async fn recall(&self, mut ask: Ask) -> Option<Exchange> {
        let offline = self.reach == Reach::Offline;
        if policy::asking(&ask) != Asking::Usual {
            return offline.then(|| missing(&ask, self.reach));
        }
        self.add_cookies(&mut ask);
        if ask.another_try && !offline {
            return None;
        }
        match self.find(&ask).await {
            Some(Found::Fresh(entry, content)) => Some(self.hit(&ask, entry, content).await),
            _ if offline || policy::is_only_if_cached(&ask.headers) => Some(missing(&ask, self.reach)),
            _ => None,
        }
    }

    /// What comes of a request: by `wire`, if it must.
    pub async fn exchange<W: Wire>(&self, wire: &W, mut ask: Ask) -> Exchange {
        let asking = policy::asking(&ask);
        if self.reach == Reach::Offline || asking == Asking::Usual {
            self.add_cookies(&mut ask);
        }
        match asking {
            _ if self.reach == Reach::Offline => {
                let there = self.recall(ask.clone()).await;
                there.unwrap_or_else(|| missing(&ask, self.reach))
            }
            Asking::Usual => self.usual(wire, ask).await,
            Asking::Past => past(wire.exchange(ask).await),
            Asking::Changes => {
                let url = Arc::clone(&ask.url);
                let exchange = past(wire.exchange(ask).await);
                if let Some(head) = &exchange.head {
                    let places = policy::invalidated(&url, head.status, &head.headers);
                    if !places.is_empty() {
                        self.desk.make(Change::Forget(places)).await;
                    }
                }
                exchange
            }
        }
    }

    async fn usual<W: Wire>(&self, wire: &W, mut ask: Ask) -> Exchange {
        let stale = match self.find(&ask).await {
            Some(Found::Fresh(entry, content)) if !ask.another_try => return self.hit(&ask, entry, content).await,
            Some(Found::Fresh(entry, _) | Found::Stale(entry)) => Some(entry),
            None => None,
        };
        if policy::is_only_if_cached(&ask.headers) {
            return missing(&ask, self.reach);
        }
        let user_raw = ask.raw;
        if ask.raw == Raw::Drop {
            ask.raw = Raw::Received;
        }
        let plain = Arc::clone(&ask.headers);
        let conditions = stale.as_ref().map(|entry| policy::conditions(&entry.kept())).unwrap_or_default();
        let is_conditional = !conditions.is_empty();
        if is_conditional {
            let fields = Arc::make_mut(&mut ask.headers);
            conditions.into_iter().for_each(|(name, value)| _ = fields.insert(name, value));
        }
        let mut exchange = wire.exchange(ask.clone()).await;
        ask.headers = plain;
        if is_conditional && exchange.status() == Some(304) {
            if let Some(entry) = &stale
                && let Some(confirmed) = self.confirmed(&ask, entry, &mut exchange).await
            {
                return given(confirmed, user_raw);
            }
            // It says that nothing has changed about something that is not there.
            exchange = wire.exchange(ask.clone()).await;
        }
        let kept = self.keep(&ask, stale.as_ref(), &exchange).await;
        exchange.cache = exchange.head.is_some().then_some(if kept { CacheUse::Stored } else { CacheUse::Miss });
        given(exchange, user_raw)
    }

    /// What is under the key of a request and fits it.
    async fn find(&self, ask: &Ask) -> Option<Found> {
        let (key, word, now) = (self.key(ask), self.word, SystemTime::now());
        let (headers, method, most) = (Arc::clone(&ask.headers), ask.method.clone(), ask.age_most);
        let look = move |store: &Store| {
            let Some(entry) = fitting(store, &key, &headers, &method)? else { return Ok(None) };
            if policy::judge(&entry.kept(), &headers, word, most, now) == Use::Stale {
                return Ok(Some(Found::Stale(entry)));
            }
            Ok(store.content(&entry.ident)?.map(|content| Found::Fresh(entry, content)))
        };
        let found = self.desk.read(look).await?;
        if let Found::Fresh(entry, _) = &found
            && now.duration_since(entry.used).is_ok_and(|since| since > USED_AGAIN)
        {
            self.desk.hint(Change::Touch(entry.ident, now));
        }
        Some(found)
    }

    fn key(&self, ask: &Ask) -> Key {
        policy::key(&ask.url, &ask.headers, &self.identity)
    }

    /// The cookies that would go along are part of the question.
    fn add_cookies(&self, ask: &mut Ask) {
        if let Some(cookies) = self.jar.as_ref().and_then(|jar| jar.field_for(&ask.url))
            && !ask.headers.contains_key(header::COOKIE)
        {
            Arc::make_mut(&mut ask.headers).insert(header::COOKIE, cookies);
        }
    }

    async fn hit(&self, ask: &Ask, entry: Entry, content: Bytes) -> Exchange {
        let age = policy::age(&entry.kept(), SystemTime::now());
        self.answer(ask, entry, content, Some(age), CacheUse::Hit).await
    }

    /// An answer that is there, as the answer to `ask`.
    async fn answer(&self, ask: &Ask, entry: Entry, content: Bytes, age: Option<Duration>, how: CacheUse) -> Exchange {
        let mut headers = entry.headers;
        if let Some(age) = age {
            headers.insert(header::AGE, HeaderValue::from(age.as_secs()));
        }
        let head = Head { status: entry.status, version: entry.version, headers };
        let content = if ask.method == Method::HEAD { Bytes::new() } else { content };
        let mut exchange = self.recall.exchange(ask, Stored { head, content, cut: None, peer: None }).await;
        if let Some(body) = &mut exchange.body {
            body.wire_len = 0;
        }
        exchange.cache = Some(how);
        exchange
    }

    /// What a 304 comes to: the answer that is there, with the fields that it brought. `None` if it is not
    /// about that, or if that has gone meanwhile.
    async fn confirmed(&self, ask: &Ask, entry: &Entry, exchange: &mut Exchange) -> Option<Exchange> {
        let head = exchange.head.as_ref().filter(|head| policy::is_confirmed(&entry.headers, &head.headers))?;
        let ident = entry.ident;
        let content = self.desk.read(move |store| store.content(&ident)).await?;
        let renewed = Entry { version: head.version, ..renewed(entry, exchange.started, &head.headers) };
        self.renew(ask, renewed.clone()).await;
        let told = self.answer(ask, renewed, content, None, CacheUse::Revalidated).await;
        Some(Exchange {
            started: exchange.started,
            phases: exchange.phases,
            peer: exchange.peer,
            proxy: exchange.proxy.take(),
            tls: exchange.tls.take(),
            capture: exchange.capture.take(),
            ..told
        })
    }

    /// Notes that an answer was confirmed, if it may stay; says whether it does. The fields that it has now
    /// may be those of another variant, or forbid to keep it.
    async fn renew(&self, ask: &Ask, mut renewed: Entry) -> bool {
        if !policy::may_note(&ask.headers) {
            return false;
        }
        match policy::variant(&renewed.headers, &ask.headers).filter(|_| policy::may_stay(&renewed.headers)) {
            Some(variant) => {
                renewed.variant = variant;
                self.desk.make(Change::Renew(Box::new(renewed))).await
            }
            None => {
                self.desk.make(Change::Remove(renewed.ident)).await;
                false
            }
        }
    }

    /// Keeps an answer, if it may be and all of it is there; says whether it is kept now.
    async fn keep(&self, ask: &Ask, old: Option<&Entry>, exchange: &Exchange) -> bool {
        let Some(head) = exchange.head.as_ref().filter(|_| exchange.failure.is_none()) else { return false };
        if ask.method == Method::HEAD
            && let Some(old) = old.filter(|old| old.method == Method::GET && head.status == 200)
        {
            if policy::is_same_by_head(&old.headers, &head.headers) {
                if self.renew(ask, renewed(old, exchange.started, &head.headers)).await {
                    return true;
                }
            } else {
                self.desk.make(Change::Remove(old.ident)).await;
            }
        }
        let variant = policy::variant(&head.headers, &ask.headers);
        let variant = variant.filter(|_| policy::is_storable(&ask.headers, head.status, &head.headers));
        let Some(variant) = variant else {
            // What is there is no longer what the server says.
            if let Some(old) = old.filter(|old| old.method == ask.method && policy::is_in_place(head.status)) {
                self.desk.make(Change::Remove(old.ident)).await;
            }
            return false;
        };
        let Some(content) = whole(exchange.capture.as_deref()) else { return false };
        if content.len() as u64 > self.largest {
            if let Some(old) = old {
                self.desk.make(Change::Remove(old.ident)).await;
            }
            return false;
        }
        let new = New {
            key: self.key(ask),
            method: ask.method.clone(),
            variant,
            status: head.status,
            version: head.version,
            headers: policy::kept_fields(&head.headers),
            asked_at: exchange.started,
            came_at: SystemTime::now(),
            content,
        };
        self.desk.make(Change::Put(Box::new(new))).await
    }
}

impl Entry {
    fn kept(&self) -> Kept<'_> {
        Kept { status: self.status, headers: &self.headers, asked_at: self.asked_at, came_at: self.came_at }
    }
}

/// An answer that was confirmed just now, with the fields that came with that.
fn renewed(entry: &Entry, asked_at: SystemTime, confirmation: &HeaderMap) -> Entry {
    let headers = policy::updated(&entry.headers, confirmation);
    Entry { headers, asked_at, came_at: SystemTime::now(), ..entry.clone() }
}

/// The answer to a request with these fields.
fn fitting(store: &Store, key: &Key, headers: &HeaderMap, method: &Method) -> rusqlite::Result<Option<Entry>> {
    // A GET answers a HEAD too (RFC 9111, section 4), but not the other way round.
    let fits = |entry: &Entry| {
        (entry.method == *method || entry.method == Method::GET)
            && policy::variant(&entry.headers, headers) == Some(entry.variant)
    };
    Ok(store.entries(key)?.into_iter().find(fits))
}

/// The content as received, if all of it is there.
fn whole(capture: Option<&Capture>) -> Option<Bytes> {
    capture.filter(|capture| capture.cut.is_none()).map(|capture| capture.body.clone())
}

/// The exchange as it was asked for: what was kept for the cache alone is let go.
fn given(mut exchange: Exchange, raw: Raw) -> Exchange {
    if raw == Raw::Drop {
        exchange.capture = None;
    }
    exchange
}

/// An exchange that went past the cache.
fn past(exchange: Exchange) -> Exchange {
    let cache = exchange.head.is_some().then_some(CacheUse::Miss);
    Exchange { cache, ..exchange }
}

fn missing(ask: &Ask, reach: Reach) -> Exchange {
    let why = match reach {
        Reach::Offline => "--offline asks nobody",
        Reach::Network => "the request says only-if-cached",
    };
    let message = format!("the cache has no answer to {} of this URL, and {why}", ask.method);
    Exchange::failed(SystemTime::now(), Failure::new(Code::IoMissing, message))
}

fn make_folder(dir: &Path) -> io::Result<()> {
    let mut folder = fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(dir)
}
