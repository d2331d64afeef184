//! Cookies: what servers set, and what goes back to them.
//!
//! ```text
//! response ─► keep ─► rules ─► jar ─► field_for ─► request
//! text     ─► load ─────┘       └──► text          Netscape or JSON; `file` reads and writes it
//! ```
//!
//! The store checks domains and paths; what it leaves out is in `rules`, and what goes when there is no room in
//! `kept`. A leaf: settings carry a
//! jar and the wire uses it. Must not know when a request is made. Only `file` touches files.

pub mod file;
mod json;
mod kept;
mod netscape;
mod rules;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cookie_store::{Cookie, RawCookie};
use http::{HeaderMap, HeaderValue, header};
use url::Url;

use self::kept::Kept;

/// Cookies of one response, and for one domain, at most (RFC 6265, section 6.1, asks for 50). Of more, those go
/// that were used the longest ago; so do those of a full jar.
const MOST: usize = 180;
/// Cookies in the jar at most.
const MOST_IN_ALL: usize = 3_000;
/// Longest `Cookie` field.
const LONGEST_FIELD: usize = 8 * 1024;
/// Longest cookie, name and value together (RFC 6265, section 6.1).
const LONGEST: usize = 4096;

/// A jar, in memory. Clones are the same jar, so whoever put one into the settings of a run can
/// look into it afterwards, or give it to the next run.
#[derive(Clone, Default)]
pub struct CookieJar(Arc<Mutex<Kept>>);

/// How cookies are written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CookieFormat {
    /// `cookies.txt`, as Netscape had it and curl reads and writes it.
    #[default]
    Netscape,
    /// A list as the crate `cookie_store` writes it.
    Json,
}

/// What became of the cookies of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// In the jar now.
    pub kept: usize,
    /// Left out, because their time is over.
    pub expired: usize,
    /// Left out, because no server may set them like this, or because there is no room.
    pub refused: usize,
}

/// Why a text is no list of cookies. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct CookieTextError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

/// A cookie from a text, and a URL that might have set it.
struct Noted {
    cookie: RawCookie<'static>,
    url: Url,
    is_expired: bool,
}

impl CookieJar {
    /// An empty jar.
    pub fn new() -> Self {
        CookieJar::default()
    }

    /// How many cookies are in it whose time is not over.
    pub fn len(&self) -> usize {
        self.kept().store.iter_unexpired().count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the cookies of a text in either format, as if servers had set them now.
    ///
    /// # Errors
    /// A line that is no cookie; nothing is taken then.
    pub fn load(&self, text: &str) -> Result<Loaded, CookieTextError> {
        let is_json = text.trim_start().starts_with(['[', '{']);
        let noted = if is_json { json::read(text)? } else { netscape::read(text)? };
        let mut loaded = Loaded::default();
        let mut kept = self.kept();
        for Noted { mut cookie, url, is_expired } in noted {
            if is_expired {
                loaded.expired += 1;
            } else if rules::admit(&mut cookie, &url) && kept.take(&cookie, &url) {
                loaded.kept += 1;
            } else {
                loaded.refused += 1;
            }
        }
        let gone = kept.make_room().min(loaded.kept);
        (loaded.kept, loaded.refused) = (loaded.kept - gone, loaded.refused + gone);
        Ok(loaded)
    }

    /// Every cookie whose time is not over, those of a session included; sorted by domain, path and
    /// name. It holds secrets.
    pub fn text(&self, format: CookieFormat) -> String {
        let kept = self.kept();
        let mut cookies: Vec<&Cookie<'_>> = kept.store.iter_unexpired().collect();
        let key =
            |cookie: &Cookie<'_>| (String::from(&cookie.domain), String::from(&cookie.path), cookie.name().to_owned());
        cookies.sort_by_cached_key(|cookie| key(cookie));
        match format {
            CookieFormat::Netscape => netscape::write(&cookies),
            CookieFormat::Json => json::write(&cookies),
        }
    }

    /// The `Cookie` field for a request, if there is anything to send.
    pub(crate) fn field_for(&self, url: &Url) -> Option<HeaderValue> {
        let field = self.kept().field_for(url);
        if field.is_empty() {
            return None;
        }
        let mut value = HeaderValue::from_bytes(field.as_bytes()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Keeps what a response sets.
    pub(crate) fn keep(&self, url: &Url, headers: &HeaderMap) {
        let set = headers.get_all(header::SET_COOKIE).iter().take(MOST);
        let cookies = set.filter_map(|value| str::from_utf8(value.as_bytes()).ok());
        for text in cookies.filter(|text| text.len() <= LONGEST) {
            if let Ok(mut cookie) = RawCookie::parse(text.to_owned())
                && rules::admit(&mut cookie, url)
            {
                self.kept().take(&cookie, url);
            }
        }
        self.kept().make_room();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CookieJar({} cookies)", self.len())
    }
}

/// The same jar, whatever is in it.
impl PartialEq for CookieJar {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for CookieJar {}

#[cfg(test)]
mod tests;
