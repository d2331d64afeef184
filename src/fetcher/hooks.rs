//! What a program may do in the middle of a run, as settings of the builder.

use super::Builder;
use crate::{
    engine::{Answer, Outgoing, Verdict},
    policy::judgement::Judgement,
};

impl Builder {
    /// Calls `hook` before every exchange, just when it is to be sent: each request, hop of a redirect,
    /// other try, and the robots.txt of an origin (see [`Outgoing::is_robots`]). It may change the fields
    /// that are sent, as for a signature, or hold the exchange back.
    ///
    /// Called on many threads at once, while the request has its slot: what it waits for, a slot waits
    /// for. If it panics, the request ends with `internal.panic`, and the run goes on. A later `before`
    /// replaces this one.
    ///
    /// ```
    /// use fetchall::{Fetcher, Verdict};
    /// use http::{HeaderName, HeaderValue};
    ///
    /// # fn sign(_: &fetchall::Outgoing<'_>) -> HeaderValue { HeaderValue::from_static("…") }
    /// let fetcher = Fetcher::builder().before(|outgoing| {
    ///     if outgoing.url().path().starts_with("/private/") {
    ///         return Verdict::skip("not our business");
    ///     }
    ///     let signature = sign(outgoing);
    ///     outgoing.set(HeaderName::from_static("x-signature"), signature);
    ///     Verdict::Go
    /// });
    /// ```
    pub fn before(mut self, hook: impl Fn(&mut Outgoing<'_>) -> Verdict + Send + Sync + 'static) -> Self {
        self.hooks.before(hook);
        self
    }

    /// Calls `hook` with every complete response, before it is decided what follows from it: redirects
    /// and statuses that are not accepted included, robots.txt aside. Its word goes before the status.
    ///
    /// All texts are kept for it (see [`Answer::body`]), so memory is that of the pages under way
    /// instead of their first MiB. Called on many threads at once, on those that move the bytes: a
    /// millisecond is much. If it panics, the request ends with `internal.panic`, and the run goes on. A
    /// later `judge` replaces this one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use fetchall::{Fetcher, Judgement};
    ///
    /// let fetcher = Fetcher::builder().judge(|answer| match answer.status() {
    ///     200 if answer.contains("<title>Page not found") => Judgement::reject("a 404 with status 200"),
    ///     200 if answer.contains("Please wait") => Judgement::retry("a page that says to wait"),
    ///     403 if answer.header("x-limited").is_some() => {
    ///         Judgement::RateLimited(Some(Duration::from_secs(30)))
    ///     }
    ///     410 => Judgement::Accept,
    ///     _ => Judgement::Usual,
    /// });
    /// ```
    pub fn judge(mut self, hook: impl Fn(&Answer<'_>) -> Judgement + Send + Sync + 'static) -> Self {
        self.hooks.judge(hook);
        self
    }
}
