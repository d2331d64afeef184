//! What each key of a request object means.
//!
//! Messages complete the sentence "`key` …" and never show a value that may be a secret.

use std::{borrow::Cow, time::Duration};

use base64::Engine as _;
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method,
    header::{IF_MODIFIED_SINCE, IF_NONE_MATCH},
};
use serde_json::value::RawValue;

use super::pairs::{self, Pairs};
use crate::model::{
    Wish,
    request::NOT_FOR_REQUESTS,
    units::{self, StatusSet},
    wanted::Rule,
};

/// Every key, in the order of the contract.
pub(super) const NAMES: [&str; 17] = [
    "url",
    "method",
    "headers",
    "body",
    "body_base64",
    "timeout",
    "retries",
    "redirects",
    "accept",
    "select",
    "json",
    "regex",
    "if_none_match",
    "if_modified_since",
    "priority",
    "id",
    "tags",
];

/// Largest `retries` and `redirects`: a list may ask for more patience, not for a siege.
const MOST_TRIES: u32 = 100;

/// Deepest nesting of `tags`: others have to read them again, and many readers stop at 128.
const DEEPEST: usize = 64;

/// Puts the value of one key (any but `url`) into the wish.
pub(super) fn set(wish: &mut Wish, name: &str, value: &RawValue) -> Result<(), String> {
    match name {
        "method" => wish.method = Some(method(value)?),
        "headers" => headers(wish, value)?,
        "body" => body(wish, Bytes::from(text(value)?.into_owned().into_bytes()))?,
        "body_base64" => body(wish, base64(value)?)?,
        "timeout" => wish.timeout = Some(timeout(value)?),
        "retries" => wish.retries = Some(tries(value)?),
        "redirects" => wish.redirects = Some(tries(value)?),
        "accept" => wish.accept = Some(accept(value)?),
        "select" => rules(wish, value, Rule::css)?,
        "json" => rules(wish, value, Rule::json)?,
        "regex" => rules(wish, value, Rule::regex)?,
        "if_none_match" => wish.headers.push((IF_NONE_MATCH, field(&text(value)?)?)),
        "if_modified_since" => wish.headers.push((IF_MODIFIED_SINCE, field(&text(value)?)?)),
        "priority" => wish.priority = number(value, "a whole number")?,
        "id" => wish.id = Some(id(value)?),
        "tags" => wish.tags = Some(tags(value)?),
        _ => return Err("is not a key of a request".to_owned()),
    }
    Ok(())
}

/// What a value is, for "must be … and is …".
fn kind(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

fn must_be(what: &str, value: &RawValue) -> String {
    format!("must be {what}, and is {}", kind(value))
}

/// A string.
pub(super) fn text(value: &RawValue) -> Result<Cow<'_, str>, String> {
    pairs::string(value).ok_or_else(|| match kind(value) {
        "a string" => "is a string with half a surrogate pair, which is not Unicode".to_owned(),
        _ => must_be("a string", value),
    })
}

fn number<N: serde::de::DeserializeOwned>(value: &RawValue, what: &str) -> Result<N, String> {
    serde_json::from_str(value.get()).map_err(|_| match kind(value) {
        "a number" => format!("must be {what}"),
        _ => must_be(what, value),
    })
}

fn tries(value: &RawValue) -> Result<u32, String> {
    let what = format!("a whole number from 0 to {MOST_TRIES}");
    number(value, &what).and_then(|count| if count <= MOST_TRIES { Ok(count) } else { Err(format!("must be {what}")) })
}

fn method(value: &RawValue) -> Result<Method, String> {
    let text = text(value)?.to_ascii_uppercase();
    match Method::from_bytes(text.as_bytes()) {
        Ok(Method::CONNECT) => Err("cannot be CONNECT, which is for proxies only".to_owned()),
        Ok(method) if text.len() <= 32 => Ok(method),
        _ => Err("is not a request method; write GET, POST, PUT, …".to_owned()),
    }
}

fn headers(wish: &mut Wish, value: &RawValue) -> Result<(), String> {
    for (name, value) in object(value)? {
        let of = |message: String| format!("of `{}` {message}", super::excerpt(&name));
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| of("is not possible: that is not the name of a header field".to_owned()))?;
        if NOT_FOR_REQUESTS.contains(&header.as_str()) {
            return Err(of("is not possible: the length of the body is worked out".to_owned()));
        }
        for value in one_or_more(value, "a string or a list of strings").map_err(of)? {
            let value = text(value).and_then(|text| field(&text)).map_err(of)?;
            wish.headers.push((header.clone(), value));
        }
    }
    Ok(())
}

fn field(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text)
        .or_else(|_| HeaderValue::from_bytes(text.as_bytes()))
        .map_err(|_| "has a line break or another control character, which a header field cannot hold".to_owned())
}

fn body(wish: &mut Wish, content: Bytes) -> Result<(), String> {
    match wish.body.replace(content) {
        None => Ok(()),
        Some(_) => Err("is the second body; write either `body` or `body_base64`".to_owned()),
    }
}

pub(super) fn base64(value: &RawValue) -> Result<Bytes, String> {
    let text = text(value)?;
    base64::engine::general_purpose::STANDARD
        .decode(text.as_bytes())
        .map(Bytes::from)
        .map_err(|error| format!("is not base64: {error}"))
}

fn timeout(value: &RawValue) -> Result<Duration, String> {
    let time = match kind(value) {
        "a string" => units::duration(&text(value)?),
        "a number" => units::duration(value.get()),
        _ => return Err(must_be("a duration such as \"10s\" or a number of seconds", value)),
    };
    match time {
        Ok(Duration::ZERO) => Err("must be longer than nothing".to_owned()),
        other => other.map_err(|message| format!("cannot be read: {message}")),
    }
}

fn accept(value: &RawValue) -> Result<StatusSet, String> {
    let what = "a status set such as \"2xx,404\", a number, or a list of them";
    let mut parts = Vec::new();
    for part in one_or_more(value, what)? {
        parts.push(match kind(part) {
            "a string" => text(part)?,
            "a number" => Cow::Borrowed(part.get()),
            _ => return Err(must_be(what, part)),
        });
    }
    parts.join(",").parse().map_err(|message| format!("cannot be read: {message}"))
}

/// Selectors of one kind, as `{"NAME": "SELECTOR"}`; whether they can be read is not looked at here.
fn rules(wish: &mut Wish, value: &RawValue, rule: impl Fn(String, String) -> Rule) -> Result<(), String> {
    for (name, selector) in object(value)? {
        let selector = text(selector).map_err(|message| format!("of `{}` {message}", super::excerpt(&name)))?;
        wish.rules.push(rule(name.into_owned(), selector.into_owned()));
    }
    Ok(())
}

fn id(value: &RawValue) -> Result<Box<RawValue>, String> {
    match kind(value) {
        "a string" => text(value).map(|_| value.to_owned()),
        "a number" => Ok(value.to_owned()),
        _ => Err(must_be("a string or a number", value)),
    }
}

fn tags(value: &RawValue) -> Result<Box<RawValue>, String> {
    if kind(value) != "an object" {
        return Err(must_be("an object", value));
    }
    let text = value.get();
    if depth(text) > DEEPEST {
        return Err(format!("are nested deeper than {DEEPEST} levels"));
    }
    // Half a surrogate pair passes as raw text but is not JSON that every reader of the record takes.
    if text.contains("\\u") && serde_json::from_str::<serde_json::Value>(text).is_err() {
        return Err("hold half a surrogate pair, which is not Unicode".to_owned());
    }
    if !text.contains(['\n', '\r']) {
        return Ok(value.to_owned());
    }
    // A raw line break in JSON is white space: strings have it escaped. A record is one line.
    RawValue::from_string(text.replace(['\n', '\r'], " ")).map_err(|error| error.to_string())
}

/// How deep lists and objects are nested in a valid JSON text.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The pairs of an object.
fn object(value: &RawValue) -> Result<Vec<(Cow<'_, str>, &RawValue)>, String> {
    if kind(value) != "an object" {
        return Err(must_be("an object", value));
    }
    let pairs: Pairs<'_> = serde_json::from_str(value.get()).map_err(|error| format!("cannot be read: {error}"))?;
    Ok(pairs.iter().map(|(_, name, value)| (name, value)).collect())
}

/// The values of a list, or the one that stands without a list.
fn one_or_more<'a>(value: &'a RawValue, what: &str) -> Result<Vec<&'a RawValue>, String> {
    match kind(value) {
        "a list" => serde_json::from_str(value.get()).map_err(|_| must_be(what, value)),
        _ => Ok(vec![value]),
    }
}
