//! One request that somebody wants: what a source yields and what library users build.
//!
//! Small when plain, because tens of thousands wait at once: everything unusual sits behind one
//! pointer. Must not know where it came from, nor whether its URL is any good: the door judges.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use serde_json::value::RawValue;

use super::{Code, Failure, Look, units::StatusSet, wanted::Rule};

/// One request, as asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The source text, for the record's `input`.
    pub input: Box<str>,
    /// The URL to ask for, where it is not the source text itself.
    pub url: Option<Box<str>>,
    /// Why the source text could not be read; such a request goes straight to its record.
    pub fault: Option<Box<Failure>>,
    /// What is not as usual.
    pub wish: Option<Box<Wish>>,
}

/// Everything about a request that is not the default of the run.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Request method; `None` is the method of the run.
    pub method: Option<Method>,
    /// Fields for this request; they replace fields of the run with the same name.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Request content.
    pub body: Option<Bytes>,
    /// Time for one attempt.
    pub timeout: Option<Duration>,
    /// Tries after the first.
    pub retries: Option<u32>,
    /// Redirects followed at most.
    pub redirects: Option<u32>,
    /// Statuses that count as success.
    pub accept: Option<StatusSet>,
    /// What is selected, beside the rules of the run.
    pub rules: Vec<Rule>,
    /// What a link checker wants to know of the answer; its record has a `sighting` then.
    pub look: Option<Look>,
    /// The decoded text of the page is wanted in the record.
    pub text: bool,
    /// Why the source leaves it out: one sentence; its record is a skip then.
    pub excluded: Option<Box<str>>,
    /// What an earlier run knew of it; its record says what became of it then.
    pub earlier: Option<super::earlier::Earlier>,
    /// Higher goes first among requests that wait; 0 is usual.
    pub priority: i32,
    /// The caller's own identifier (a JSON string or number), handed back as it is.
    pub id: Option<Box<RawValue>>,
    /// Any JSON object, handed back as it is.
    pub tags: Option<Box<RawValue>>,
}

impl Wish {
    /// Fields that ask for the body only if it is another than an earlier run's; those that the request sets
    /// itself aside. They are no part of what the request is.
    pub fn conditions(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + use<'_> {
        let answer = self.earlier.as_ref().and_then(|earlier| earlier.answer.as_ref());
        let is_own = |name: &HeaderName| self.headers.iter().any(|(own, _)| own == name);
        answer.into_iter().flat_map(|answer| answer.conditions()).filter(move |(name, _)| !is_own(name))
    }
}

/// Fields that no request may set for itself: the HTTP library sets them, or they belong to the
/// connection or to a proxy (RFC 9110, sections 7.6.1 and 11.7.2).
pub const NOT_FOR_REQUESTS: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

impl Request {
    /// A plain request for `url`.
    pub fn get(url: impl Into<Box<str>>) -> Self {
        Request { input: url.into(), url: None, fault: None, wish: None }
    }

    /// A source text that could not be read as a request; `message` says why.
    pub fn unreadable(input: impl Into<Box<str>>, message: impl Into<String>) -> Self {
        let fault = Box::new(Failure::new(Code::UrlInvalid, message));
        Request { input: input.into(), url: None, fault: Some(fault), wish: None }
    }

    /// With another request method.
    pub fn method(mut self, method: Method) -> Self {
        self.wish_mut().method = Some(method);
        self
    }

    /// With one more header field; repeated calls with one name add values.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.wish_mut().headers.push((name, value));
        self
    }

    /// With request content.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.wish_mut().body = Some(body.into());
        self
    }

    /// With its own time limit for one attempt.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.wish_mut().timeout = Some(timeout);
        self
    }

    /// With its own number of tries after the first.
    pub fn retries(mut self, retries: u32) -> Self {
        self.wish_mut().retries = Some(retries);
        self
    }

    /// With a selector beside those of the run: `name` becomes a key of the record's `data`.
    pub fn select(self, name: impl Into<String>, css: impl Into<String>) -> Self {
        self.rule(Rule::css(name, css))
    }

    /// With a rule of any kind beside those of the run.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.wish_mut().rules.push(rule);
        self
    }

    /// With what a link checker wants to know of the answer.
    pub fn look(mut self, look: Look) -> Self {
        self.wish_mut().look = Some(look);
        self
    }

    /// Ahead of (above 0) or behind (below 0) the others that wait.
    pub fn priority(mut self, priority: i32) -> Self {
        self.wish_mut().priority = priority;
        self
    }

    /// With a JSON object that the record hands back under `tags`.
    pub fn tags(mut self, tags: &serde_json::Map<String, serde_json::Value>) -> Self {
        self.wish_mut().tags = serde_json::value::to_raw_value(tags).ok();
        self
    }

    /// The text of the URL.
    pub fn url_text(&self) -> &str {
        self.url.as_deref().unwrap_or(&self.input)
    }

    /// The priority, 0 where none was asked for.
    pub fn wished_priority(&self) -> i32 {
        self.wish.as_ref().map_or(0, |wish| wish.priority)
    }

    /// Why the source leaves it out.
    pub fn excluded(&self) -> Option<&str> {
        self.wish.as_ref().and_then(|wish| wish.excluded.as_deref())
    }

    /// Length of its own content in bytes.
    pub fn content_len(&self) -> usize {
        self.wish.as_ref().and_then(|wish| wish.body.as_ref()).map_or(0, Bytes::len)
    }

    /// The method to ask with; `default` is the run's.
    pub fn method_or(&self, default: &Method) -> Method {
        self.wish.as_ref().and_then(|wish| wish.method.as_ref()).unwrap_or(default).clone()
    }

    /// The unusual part, made when it is first needed.
    pub fn wish_mut(&mut self) -> &mut Wish {
        self.wish.get_or_insert_default()
    }
}

impl From<&str> for Request {
    fn from(url: &str) -> Self {
        Request::get(url)
    }
}

impl From<String> for Request {
    fn from(url: String) -> Self {
        Request::get(url)
    }
}
