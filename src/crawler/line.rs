//! The run of the engine under a crawl: requests go in, records come back to what they were asked for.
//!
//! Must not know what is asked for, nor how much at once.

use std::collections::HashMap;

use futures::{StreamExt as _, stream, stream::BoxStream};
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    task::JoinHandle,
};

use super::open::Open;
use crate::{
    engine::{End, Handle, Hooks, Launched},
    model::{Record, Request},
    settings::Settings,
    source::SourceError,
};

/// Starts an engine with settings and hooks over a source, within a runtime.
pub(super) type Launch = Box<dyn FnOnce(Settings, Hooks, Source) -> Launched + Send>;

/// Where an engine reads from.
pub(super) type Source = BoxStream<'static, Result<Request, SourceError>>;

/// A run of the engine.
#[derive(Debug)]
pub(super) struct Line {
    /// Not bounded itself: who asks counts what is open.
    requests: Option<UnboundedSender<Request>>,
    records: mpsc::Receiver<Record>,
    pub handle: Handle,
    end: JoinHandle<End>,
    pushed: u64,
    /// What each request is for, by the number that the engine gives it.
    open: HashMap<u64, Open>,
}

impl Line {
    /// Starts it, within a runtime.
    pub fn start(launch: Launch, settings: Settings, hooks: Hooks) -> Self {
        let (requests, mut source) = mpsc::unbounded_channel();
        let source = stream::poll_fn(move |context| source.poll_recv(context)).map(Ok).boxed();
        let Launched { records, handle, end } = launch(settings, hooks, source);
        Line { requests: Some(requests), records, handle, end, pushed: 0, open: HashMap::new() }
    }

    /// Asks; what cannot be asked any more comes back.
    pub fn ask(&mut self, open: Open, request: Request) -> Option<Open> {
        let is_sent = self.requests.as_ref().is_some_and(|requests| requests.send(request).is_ok());
        if !is_sent {
            return Some(open);
        }
        self.open.insert(self.pushed, open);
        self.pushed += 1;
        None
    }

    /// The next answer and what it is for; `None` once the run is over.
    pub async fn next(&mut self) -> Option<(Open, Record)> {
        loop {
            let record = self.records.recv().await?;
            if let Some(open) = self.open.remove(&record.seq) {
                return Some((open, record));
            }
        }
    }

    /// How many requests are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Nothing more will be asked.
    pub fn close(&mut self) {
        self.requests = None;
    }

    /// How the run ended; `None` if it panicked.
    pub async fn finish(self) -> Option<End> {
        drop(self.records);
        self.end.await.ok()
    }
}
