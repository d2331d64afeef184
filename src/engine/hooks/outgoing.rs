//! What is about to be sent, as a closure sees and changes it.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use super::Leg;
use crate::model::{Ask, Errand};

/// Whether a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes.
    Go,
    /// It does not: its record is `skipped`, with the code `excluded` and this reason.
    Skip(String),
}

impl Verdict {
    /// [`Verdict::Skip`], for this reason.
    pub fn skip(reason: impl Into<String>) -> Verdict {
        Verdict::Skip(reason.into())
    }
}

/// One exchange that is about to be made: a request, a hop of a redirect, another try.
#[derive(Debug)]
pub struct Outgoing<'a> {
    ask: &'a mut Ask,
    leg: Leg,
}

impl<'a> Outgoing<'a> {
    pub(super) fn new(ask: &'a mut Ask, leg: Leg) -> Self {
        Outgoing { ask, leg }
    }
}

impl Outgoing<'_> {
    /// Where it goes, without credentials.
    pub fn url(&self) -> &Url {
        &self.ask.url
    }

    /// Its method.
    pub fn method(&self) -> &Method {
        &self.ask.method
    }

    /// The try that it belongs to, from 1.
    pub fn attempt(&self) -> u32 {
        self.leg.attempt
    }

    /// Redirects followed before it.
    pub fn redirects(&self) -> usize {
        self.leg.redirects
    }

    /// Whether redirects have led away from the origin that was asked for.
    pub fn off_origin(&self) -> bool {
        self.ask.off_origin
    }

    /// Whether it is the robots.txt of an origin, which is asked for before anything else of it. If it
    /// is skipped, so is everything that waits for it.
    pub fn is_robots(&self) -> bool {
        self.leg.errand == Errand::Robots
    }

    /// The fields that are sent; the host, the length of the content and cookies of the jar come later.
    pub fn headers(&self) -> &HeaderMap {
        &self.ask.headers
    }

    /// The content that is sent.
    pub fn body(&self) -> Option<&[u8]> {
        self.ask.body.as_deref()
    }

    /// Puts a field in place of those of that name; false, and nothing is changed, where the request is
    /// [off its origin](Self::off_origin): what the program says to one server is no business of another.
    pub fn set(&mut self, name: HeaderName, value: HeaderValue) -> bool {
        let at_home = !self.ask.off_origin;
        if at_home {
            self.set_anywhere(name, value);
        }
        at_home
    }

    /// Adds a field to those of that name; like [`set`](Self::set), not off the origin.
    pub fn add(&mut self, name: HeaderName, value: HeaderValue) -> bool {
        let at_home = !self.ask.off_origin;
        if at_home {
            Arc::make_mut(&mut self.ask.headers).append(name, value);
        }
        at_home
    }

    /// [`set`](Self::set), wherever the request goes: for what is no secret, or was made for
    /// [this very URL](Self::url).
    pub fn set_anywhere(&mut self, name: HeaderName, value: HeaderValue) {
        Arc::make_mut(&mut self.ask.headers).insert(name, value);
    }

    /// Takes a field away.
    pub fn remove(&mut self, name: &HeaderName) {
        if self.ask.headers.contains_key(name) {
            Arc::make_mut(&mut self.ask.headers).remove(name);
        }
    }
}
