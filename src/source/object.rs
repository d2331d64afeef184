//! One JSON object (or string) of a list, read as a request.
//!
//! Every fault says line, column and key. Keys that would weaken the run (proxies, TLS, rates,
//! paths) do not exist here: a list may come from a stranger. Must not know how the text was cut
//! out of its list.

mod kept;
mod keys;
mod pairs;

use std::borrow::Cow;

use http::Method;
use serde_json::value::RawValue;

pub(super) use self::kept::{has_body, is_bodiless, kept};
use self::pairs::Pairs;
use super::excerpt;
use crate::model::{Code, Request, Wish, units};

/// The longest URL text, in bytes; the same as a line of a plain list may have.
const LONGEST_URL: usize = 64 << 10;

/// Keys of records that say what is asked for, beside those that a person writes.
const OF_RECORDS: [&str; 3] = ["input", "v", "type"];

/// Where a text begins: both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Line in the list.
    pub(super) line: u64,
    /// Column in the line.
    pub(super) column: u64,
}

impl Place {
    /// The place of byte `offset` of `text`, which begins here.
    fn at(self, text: &str, offset: usize) -> Place {
        let before = text.get(..offset).unwrap_or(text);
        match before.rsplit_once('\n') {
            None => Place { line: self.line, column: self.column + before.chars().count() as u64 },
            Some((lines, last)) => Place {
                line: self.line + 1 + memchr::memchr_iter(b'\n', lines.as_bytes()).count() as u64,
                column: 1 + last.chars().count() as u64,
            },
        }
    }

    fn says(self, message: &str) -> String {
        format!("line {}, column {}: {message}", self.line, self.column)
    }
}

/// The request that `text` (trimmed) describes: an object, a string that is a URL, or a record
/// that fetchall wrote.
pub(super) fn request(text: &str, place: Place) -> Request {
    let first = text.as_bytes().first();
    if first == Some(&b'"') {
        return match serde_json::from_str::<String>(text) {
            Ok(url) => plain(url, place),
            Err(error) => Request::unreadable(excerpt(text), syntax(text, place, &error)),
        };
    }
    if first != Some(&b'{') {
        return Request::unreadable(excerpt(text), place.says("expected a JSON object with the key `url`"));
    }
    let pairs = match serde_json::from_str::<Pairs<'_>>(text) {
        Ok(pairs) => pairs,
        Err(error) => return Request::unreadable(excerpt(text), syntax(text, place, &error)),
    };
    if let Some((key, name)) = pairs.twice(&keys::NAMES).or_else(|| pairs.twice(&OF_RECORDS)) {
        let message = place.at(text, pairs::offset(text, key)).says(&format!("the key `{name}` is there twice"));
        return with_wish(Request::unreadable(excerpt(text), message), told_apart_by(&pairs));
    }
    match pairs.get("v").is_some() && pairs.get("type").is_some() {
        true => from_record(&pairs, text, place),
        false => from_wish(&pairs, text, place),
    }
}

/// What the caller tells requests apart by.
fn told_apart_by(pairs: &Pairs<'_>) -> Wish {
    let mut wish = Wish::default();
    for name in ["id", "tags"] {
        if let Some(value) = pairs.get(name) {
            let _ = keys::set(&mut wish, name, value);
        }
    }
    wish
}

/// A request for a URL text, unless it is far too long to be one.
fn plain(url: String, place: Place) -> Request {
    if url.len() > LONGEST_URL {
        return Request::unreadable(excerpt(&url), place.says("the URL is longer than 64 KiB"));
    }
    Request::get(url)
}

/// A sentence for what serde_json found, at its place in the list.
fn syntax(text: &str, place: Place, error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    // serde_json counts columns in bytes from 1, and 0 stands for the line feed before.
    let line_start = match error.line() {
        0 | 1 => 0,
        line => memchr::memchr_iter(b'\n', text.as_bytes()).nth(line - 2).map_or(text.len(), |at| at + 1),
    };
    let offset = line_start + error.column().saturating_sub(1);
    place.at(text, text.floor_char_boundary(offset)).says(message)
}

/// What a person wrote.
fn from_wish(pairs: &Pairs<'_>, text: &str, place: Place) -> Request {
    let mut wish = Wish::default();
    let mut url = None;
    let mut fault = None;
    for (key, name, value) in pairs.iter() {
        let (spot, outcome) = match &*name {
            "url" => (value, keys::text(value).map(|text| url = Some(text.into_owned()))),
            known if keys::NAMES.contains(&known) => (value, keys::set(&mut wish, known, value)),
            unknown => (key, Err(unknown_key(unknown))),
        };
        if let (Err(message), None) = (outcome, &fault) {
            let message = if std::ptr::eq(spot, key) { message } else { format!("`{name}` {message}") };
            fault = Some(place.at(text, pairs::offset(text, spot)).says(&message));
        }
    }
    if url.is_none() && fault.is_none() {
        fault = Some(place.says("the key `url` is missing"));
    }
    match fault {
        None => with_wish(plain(url.unwrap_or_default(), place), wish),
        Some(fault) => {
            let request = Request::unreadable(excerpt(url.as_deref().unwrap_or(text)), fault);
            // What the caller tells requests apart by comes back on a bad one too.
            with_wish(request, Wish { id: wish.id, tags: wish.tags, ..Wish::default() })
        }
    }
}

fn unknown_key(name: &str) -> String {
    let shown = excerpt(name);
    match units::nearest(name, keys::NAMES) {
        Some(near) => format!("unknown key `{shown}`; did you mean `{near}`?"),
        None => format!("unknown key `{shown}`; known are {}", keys::NAMES.join(", ")),
    }
}

/// What fetchall wrote: only what makes it the same request again is looked at, and nothing in it
/// is a fault, since a later version may write more.
fn from_record(pairs: &Pairs<'_>, text: &str, place: Place) -> Request {
    let string = |name: &str| pairs.get(name).and_then(|value| keys::text(value).ok()).map(Cow::into_owned);
    let mut wish = Wish::default();
    for name in ["method", "id", "tags"] {
        if let Some(value) = pairs.get(name) {
            let _ = keys::set(&mut wish, name, value);
        }
    }
    wish.method = wish.method.filter(|method| *method != Method::GET);
    let refused = |input: &str, message: String, wish: Wish| {
        let request = Request::unreadable(excerpt(input), message);
        with_wish(request, Wish { id: wish.id, tags: wish.tags, ..Wish::default() })
    };
    let url = match (string("url"), string("input")) {
        (Some(url), _) => url,
        // It was no request then, and what is left of it must not become another one now.
        (None, Some(input)) if was_unreadable(pairs) => {
            return refused(&input, place.says("this record stands for a line that could not be read"), wish);
        }
        (None, Some(input)) => input,
        (None, None) => return refused(text, place.says("this record has neither `url` nor `input`"), wish),
    };
    // Nothing is sent in place of content that a record does not hold.
    if pairs.get("request_bytes").is_some_and(|bytes| !is_null(bytes)) {
        let message = "this record does not hold the content of its request; take the request from its list";
        return refused(&url, place.says(message), wish);
    }
    with_wish(plain(url, place), wish)
}

fn was_unreadable(pairs: &Pairs<'_>) -> bool {
    #[derive(serde::Deserialize)]
    struct Error {
        code: String,
    }
    let error = pairs.get("error").and_then(|error| serde_json::from_str::<Error>(error.get()).ok());
    error.is_some_and(|error| error.code == Code::UrlInvalid.name())
}

/// A request with its wish, which costs memory only where there is one.
fn with_wish(mut request: Request, wish: Wish) -> Request {
    let Wish {
        method,
        headers,
        body,
        timeout,
        retries,
        redirects,
        accept,
        rules,
        priority,
        id,
        tags,
        look: _,
        text: _,
        excluded: _,
        earlier: _,
    } = &wish;
    let none = method.is_none() && headers.is_empty() && body.is_none() && timeout.is_none() && retries.is_none();
    let none = none && redirects.is_none() && accept.is_none() && rules.is_empty() && *priority == 0;
    if !(none && id.is_none() && tags.is_none()) {
        request.wish = Some(Box::new(wish));
    }
    request
}

/// A raw JSON value that holds nothing at all.
fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

#[cfg(test)]
mod tests;
