//! A flight that ended. Must not know sinks or formats.

use std::{sync::Arc, time::Duration};

use http::Method;
use url::Url;

use super::{Code, Failure, Page, Request, Trip};

/// How a request ended.
#[derive(Debug)]
pub enum Ending {
    /// A response whose status is accepted.
    Ok,
    /// A response whose status is not accepted.
    HttpError(Failure),
    /// No usable response.
    Error(Failure),
    /// Left out on purpose; `of` is the `seq` that a duplicate repeats.
    Skipped {
        /// Why.
        code: Code,
        /// A sentence.
        message: String,
        /// The `seq` of the first one.
        of: Option<u64>,
    },
}

/// A request that came to its end, by whichever way.
#[derive(Debug)]
pub struct Visit {
    /// Position in the input, from 0.
    pub seq: u64,
    /// What was asked for. Its `input` is empty where it is just what `url` says.
    pub request: Request,
    /// The URL asked for, normalised; `None` if the text was no URL.
    pub url: Option<Arc<Url>>,
    /// The method asked with.
    pub method: Method,
    /// Length of the content asked to be sent with it, in bytes.
    pub content: Option<u64>,
    /// How it ended.
    pub ending: Ending,
    /// What happened on the way; `None` if it was never launched.
    pub trip: Option<Box<Trip>>,
    /// Our own waiting of a flight that was never launched.
    pub queued: Duration,
    /// What the body says.
    pub page: Option<Page>,
}

impl Visit {
    /// A visit of something that never became a flight; with the method of the request, or GET.
    pub fn refused(seq: u64, request: Request, url: Option<Url>, ending: Ending) -> Self {
        let method = request.method_or(&Method::GET);
        let url = url.map(Arc::new);
        Visit { seq, request, url, method, content: None, ending, trip: None, queued: Duration::ZERO, page: None }
    }
}
