//! A run of the engine whose requests come up one by one: each answer comes back to what it was asked for.
//!
//! Ends by counting: when nobody has anything more to ask, the way in is closed. Must not know what is
//! asked for, nor how much at once.

use std::collections::HashMap;

use futures::{StreamExt as _, stream, stream::BoxStream};
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    task::JoinHandle,
};

use super::{End, Handle, Launched};
use crate::{
    model::{Record, Request},
    source::SourceError,
};

/// Where an engine reads from.
pub type Source = BoxStream<'static, Result<Request, SourceError>>;

/// A run of the engine.
#[derive(Debug)]
pub struct Line<T> {
    /// Not bounded itself: who asks counts what is open.
    requests: Option<UnboundedSender<Request>>,
    records: mpsc::Receiver<Record>,
    /// Progress, and a way to stop.
    pub handle: Handle,
    end: JoinHandle<End>,
    pushed: u64,
    /// What each request is for, by the number that the engine gives it.
    open: HashMap<u64, T>,
}

impl<T> Line<T> {
    /// Starts an engine by `launch`, within a runtime.
    pub fn start(launch: impl FnOnce(Source) -> Launched) -> Self {
        let (requests, mut source) = mpsc::unbounded_channel();
        let source = stream::poll_fn(move |context| source.poll_recv(context)).map(Ok).boxed();
        let Launched { records, handle, end } = launch(source);
        Line { requests: Some(requests), records, handle, end, pushed: 0, open: HashMap::new() }
    }

    /// Asks; what cannot be asked any more comes back.
    pub fn ask(&mut self, what: T, request: Request) -> Option<T> {
        let is_sent = self.requests.as_ref().is_some_and(|requests| requests.send(request).is_ok());
        if !is_sent {
            return Some(what);
        }
        self.open.insert(self.pushed, what);
        self.pushed += 1;
        None
    }

    /// The next answer and what it is for; `None` once the run is over.
    pub async fn next(&mut self) -> Option<(T, Record)> {
        loop {
            let record = self.records.recv().await?;
            if let Some(what) = self.open.remove(&record.seq) {
                return Some((what, record));
            }
        }
    }

    /// How many requests are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether every request was answered.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
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
