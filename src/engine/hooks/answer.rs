//! A response, as a closure sees it.

use http::{HeaderMap, Method};
use url::Url;

use super::Question;
use crate::model::{Body, Exchange, Head};

/// A response to be judged: every one that is complete, those that redirect and those with a status that
/// is not accepted included.
#[derive(Debug)]
pub struct Answer<'a> {
    question: &'a Question,
    head: &'a Head,
    body: Option<&'a Body>,
}

impl<'a> Answer<'a> {
    /// `None` if there is no response, or none of use.
    pub(super) fn of(question: &'a Question, exchange: &'a Exchange) -> Option<Self> {
        let head = exchange.head.as_ref().filter(|_| exchange.failure.is_none())?;
        Some(Answer { question, head, body: exchange.body.as_ref() })
    }

    /// The URL that answered, without credentials.
    pub fn url(&self) -> &'a Url {
        &self.question.url
    }

    /// The method that it was asked with.
    pub fn method(&self) -> &'a Method {
        &self.question.method
    }

    /// The try that it belongs to, from 1.
    pub fn attempt(&self) -> u32 {
        self.question.leg.attempt
    }

    /// Redirects followed before it.
    pub fn redirects(&self) -> usize {
        self.question.leg.redirects
    }

    /// Its status.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// Its fields.
    pub fn headers(&self) -> &'a HeaderMap {
        &self.head.headers
    }

    /// The first field of this name, in any case; `None` if it is absent or not ASCII.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// The body, all of it, no coding left. It is kept where it is text of any kind (HTML, JSON, XML,
    /// plain text, or of no type), and whatever it is where records carry bodies; else `None`.
    pub fn body(&self) -> Option<&'a [u8]> {
        let body = self.body?;
        (body.kept.len() as u64 == body.len).then_some(&*body.kept)
    }

    /// Whether the body is kept and has these bytes somewhere.
    pub fn contains(&self, text: &str) -> bool {
        self.body().is_some_and(|body| memchr::memmem::find(body, text.as_bytes()).is_some())
    }
}
