//! What a program says of a response before its status is looked at.
//!
//! A plain value; what follows from it is decided by [`step`](super::step). Must not know who said it.

use std::time::Duration;

/// What a response is, in the eyes of the program that asked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Judgement {
    /// What its status says.
    #[default]
    Usual,
    /// An answer, whatever its status; a redirect is not followed.
    Accept,
    /// No answer, whatever its status: `http_error`, with the code `http.unexpected`.
    Reject {
        /// What is wrong with it, for the record.
        message: String,
    },
    /// No answer yet: asked for again under the rules for a failure that may pass (retries, backoff,
    /// budget, method). If that ends it is `http_error`, with the code `http.not_ready`.
    Retry {
        /// What it says, for the record.
        message: String,
    },
    /// The server limits us: the host pauses as it would after 429 with a `Retry-After` of this
    /// long. `None`: as long as the `Retry-After` of the response says, else as after 429 without it.
    RateLimited(Option<Duration>),
}

impl Judgement {
    /// [`Judgement::Reject`], with this message.
    pub fn reject(message: impl Into<String>) -> Judgement {
        Judgement::Reject { message: message.into() }
    }

    /// [`Judgement::Retry`], with this message.
    pub fn retry(message: impl Into<String>) -> Judgement {
        Judgement::Retry { message: message.into() }
    }
}
