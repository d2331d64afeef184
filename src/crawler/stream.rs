//! `run` plus a closure: the short way to crawl.
//!
//! Must not know how a crawl goes on.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures::Stream;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{CrawlEnd, CrawlLimits, CrawlPlan, CrawlRules, CrawlRun, CrawledPage, Crawler, Links};
use crate::{
    fetcher::Fetcher,
    model::{Record, Request},
};

impl Fetcher {
    /// Fetches the seeds, and whatever `on_page` asks for because of a page: as [`run`](Fetcher::run),
    /// plus a closure. Exactly one record for each page, as each completes.
    ///
    /// The closure is called for each page that answered well, and its answer is the only thing that is
    /// followed: there is no scope, no depth and no number of pages but what it says. A page that is
    /// known is not fetched again. Records are of type `page`, with the distance from a seed and the
    /// page that each was found on. [`Crawler`] follows links by rules.
    ///
    /// ```no_run
    /// use fetchall::{Fetcher, Request};
    /// use futures::StreamExt as _;
    ///
    /// # async fn run() -> Result<(), fetchall::BuildError> {
    /// let fetcher = Fetcher::builder().per_host(2).build()?;
    /// let mut pages = fetcher.crawl(["https://example.com/list"], |page| {
    ///     let more = page.css("a.item, a.next::attr(href)").unwrap_or_default();
    ///     more.iter().filter_map(|href| page.request(href)).collect()
    /// });
    /// while let Some(record) = pages.next().await {
    ///     println!("{:?} {:?}", record.status, record.url);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn crawl<S, F>(&self, seeds: S, on_page: F) -> CrawlRecords
    where
        S: IntoIterator,
        S::Item: Into<Request>,
        F: FnMut(&CrawledPage<'_>) -> Vec<Request> + Send + 'static,
    {
        let plan = CrawlPlan {
            seeds: seeds.into_iter().map(Into::into).collect(),
            rules: CrawlRules { links: Links::Leave, ..CrawlRules::default() },
            limits: CrawlLimits { pages: None, ..CrawlLimits::default() },
            settings: self.settings().clone(),
            ..CrawlPlan::default()
        };
        CrawlRecords(State::Waiting(Box::new(Crawler::with_fetcher(plan, self.clone()).on_page(on_page))))
    }
}

/// The records of a crawl, a [`Stream`]. It begins with the first poll, inside a tokio runtime;
/// dropping it ends the crawl.
#[derive(Debug)]
pub struct CrawlRecords(State);

#[derive(Debug)]
enum State {
    /// Not polled yet.
    Waiting(Box<Crawler>),
    Running(mpsc::Receiver<Record>, JoinHandle<CrawlEnd>),
    Over,
}

impl Stream for CrawlRecords {
    type Item = Record;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Record>> {
        if matches!(self.0, State::Waiting(_))
            && let State::Waiting(crawler) = std::mem::replace(&mut self.0, State::Over)
        {
            let CrawlRun { records, end, .. } = crawler.start();
            self.0 = State::Running(records, end);
        }
        let State::Running(records, end) = &mut self.0 else { return Poll::Ready(None) };
        match records.poll_recv(context) {
            Poll::Ready(None) => {}
            next => return next,
        }
        let Poll::Ready(ended) = Pin::new(end).poll(context) else { return Poll::Pending };
        self.0 = State::Over;
        match ended.map_err(tokio::task::JoinError::try_into_panic) {
            // The closure panicked, which is the business of whoever wrote it.
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            Ok(_) | Err(Err(_)) => Poll::Ready(None),
        }
    }
}
