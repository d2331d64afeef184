//! Addresses under way: what is wanted of each, how far it is, who waits for it.
//!
//! Must not know the engine.

use crate::{
    check::{Found, PageKind, text_directive::Words, verdict::Signs},
    checker::{
        finding::{Answered, Grace},
        news::{Asks, Outward},
    },
    model::{Anchors, Code, Failure},
};

/// What is wanted of an address beyond its status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wants {
    pub anchors: bool,
    pub words: bool,
    pub links: bool,
}

impl Wants {
    /// What a link wants.
    pub fn of(asks: Asks) -> Self {
        Wants {
            anchors: matches!(asks, Asks::Anchors | Asks::Words),
            words: asks == Asks::Words,
            links: asks == Asks::Links,
        }
    }

    /// Both.
    pub fn and(self, other: Wants) -> Wants {
        Wants {
            anchors: self.anchors || other.anchors,
            words: self.words || other.words,
            links: self.links || other.links,
        }
    }

    /// Whether this has all that `other` has.
    pub fn has(self, other: Wants) -> bool {
        self.and(other) == self
    }

    /// Whether the body is needed.
    pub fn wants_body(self) -> bool {
        self != Wants::default()
    }
}

/// How an address is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Head,
    Get,
}

/// How far an address is.
#[derive(Debug)]
pub(super) enum State {
    /// Nothing was done about it.
    New,
    /// To be asked once all documents are known: another link may want more of it.
    Held,
    /// It is under way; `conditional`: its answer may be that nothing changed.
    Asked { way: Way, had: Wants, conditional: bool },
    /// It failed, and is asked once more at the end.
    Doubtful(Box<Outcome>),
    /// It came to its end.
    Known(Box<Outcome>),
}

/// An address.
#[derive(Debug)]
pub(super) struct Target {
    pub url: Box<str>,
    pub wants: Wants,
    pub state: State,
    pub waiting: Vec<Outward>,
}

/// What came of an address.
#[derive(Debug)]
pub(super) struct Outcome {
    pub answered: Answered,
    pub failure: Option<Failure>,
    pub skip: Option<(Code, String)>,
    pub title: Option<Box<str>>,
    pub signs: Signs,
    /// It failed before it answered.
    pub recovered: bool,
    /// What of it was asked for.
    pub had: Wants,
    pub kind: PageKind,
    pub anchors: Option<Anchors>,
    pub words: Option<Words>,
    /// What the cache says, where nothing was asked.
    pub cached: Option<Found>,
    pub grace: Option<Grace>,
}

impl Outcome {
    /// Nothing was asked, and why.
    pub fn skipped(code: Code, message: &str) -> Self {
        Outcome { skip: Some((code, message.to_owned())), ..Outcome::empty() }
    }

    /// The check ended before it was asked.
    pub fn cancelled() -> Self {
        let failure = Failure::new(Code::Cancelled, "the check was stopped before it was done");
        Outcome { failure: Some(failure), ..Outcome::empty() }
    }

    pub fn empty() -> Self {
        Outcome {
            answered: Answered::default(),
            failure: None,
            skip: None,
            title: None,
            signs: Signs::default(),
            recovered: false,
            had: Wants::default(),
            kind: PageKind::Other,
            anchors: None,
            words: None,
            cached: None,
            grace: None,
        }
    }

    /// Whether a usable response came.
    pub fn is_success(&self) -> bool {
        self.failure.is_none() && self.skip.is_none()
    }

    /// Whether asking again, later and alone, may bring another answer: nothing that a server said
    /// on purpose, and no name that does not exist.
    pub fn is_doubtful(&self) -> bool {
        if matches!(self.skip, Some((Code::BudgetHost, _))) {
            return true;
        }
        let Some(failure) = &self.failure else { return false };
        match failure.code.family() {
            "connect" | "timeout" | "protocol" => self.answered.status.is_none() || failure.code.retryable(),
            "dns" => failure.code != Code::DnsNotFound,
            "http" => self.answered.status.is_some_and(|status| (500..600).contains(&status) && status != 501),
            _ => failure.code == Code::BodyTruncated,
        }
    }

    /// Bytes of memory that the names and words of its page take.
    pub fn text_bytes(&self) -> usize {
        let names = self.anchors.as_ref().map_or(0, |anchors| anchors.names().map(str::len).sum());
        names + self.words.as_ref().map_or(0, Words::heap_bytes)
    }

    /// Gives names and words up.
    pub fn forget_texts(&mut self) {
        self.words = None;
        if let Some(anchors) = &mut self.anchors {
            anchors.forget_names();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(code: Code, status: Option<u16>) -> Outcome {
        let mut outcome = Outcome { failure: Some(Failure::new(code, "x")), ..Outcome::empty() };
        outcome.answered.status = status;
        outcome
    }

    #[test]
    fn only_what_may_have_been_a_mishap_is_asked_again() {
        for (code, status, doubtful) in [
            (Code::ConnectRefused, None, true),
            (Code::ConnectReset, None, true),
            (Code::TimeoutTotal, None, true),
            (Code::ProtocolEmpty, None, true),
            (Code::DnsTimeout, None, true),
            (Code::HttpServerError, Some(502), true),
            (Code::BodyTruncated, Some(200), true),
            (Code::DnsNotFound, None, false),
            (Code::TlsExpired, None, false),
            (Code::HttpServerError, Some(501), false),
            (Code::HttpClientError, Some(404), false),
            (Code::RedirectLoop, None, false),
            (Code::Cancelled, None, false),
        ] {
            assert_eq!(failed(code, status).is_doubtful(), doubtful, "{code}");
        }
        assert!(Outcome::skipped(Code::BudgetHost, "given up").is_doubtful());
        assert!(!Outcome::skipped(Code::Excluded, "off").is_doubtful());
        assert!(!Outcome::empty().is_doubtful());
    }

    #[test]
    fn who_has_the_words_of_a_page_has_its_anchors() {
        let (anchors, words, links) = (Wants::of(Asks::Anchors), Wants::of(Asks::Words), Wants::of(Asks::Links));
        assert!(words.has(anchors) && !anchors.has(words) && !links.has(anchors));
        assert!(words.and(links).has(links) && !Wants::of(Asks::Nothing).wants_body());
    }
}
