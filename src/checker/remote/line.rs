//! One run of the engine: requests go in as they come up, records come out.
//!
//! Ends by counting: when nobody has anything more to ask, the way in is closed. Must not know what
//! is asked for.

use std::{collections::HashMap, sync::Arc};

use futures::{StreamExt as _, stream};
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    task::JoinHandle,
};

use crate::{
    engine::{self, End, Engine, Handle},
    fetch::Client,
    model::{Record, Request},
    page::Stage,
    settings::Settings,
};

/// A run of the engine.
#[derive(Debug)]
pub(super) struct Line {
    /// Not bounded: one request for each distinct address, which is kept anyway; and a host with
    /// many must not hold up the others.
    requests: Option<UnboundedSender<Request>>,
    records: mpsc::Receiver<Record>,
    pub handle: Handle,
    end: JoinHandle<End>,
    pushed: u64,
    /// Which address a request is for, by its `seq`.
    open: HashMap<u64, u32>,
}

impl Line {
    /// Starts it, inside a runtime.
    pub fn start(settings: Settings, client: Client, stage: &Arc<Stage>) -> Self {
        let (requests, mut source) = mpsc::unbounded_channel();
        let source = stream::poll_fn(move |context| source.poll_recv(context)).map(Ok).boxed();
        let engine = Engine::new(Arc::new(settings), Arc::new(client), None, Arc::clone(stage));
        let engine::Launched { records, handle, end } = engine.start(source);
        Line { requests: Some(requests), records, handle, end, pushed: 0, open: HashMap::new() }
    }

    /// Asks for an address. False if nothing more can be asked.
    pub fn ask(&mut self, target: u32, request: Request) -> bool {
        let sent = self.requests.as_ref().is_some_and(|requests| requests.send(request).is_ok());
        if sent {
            self.open.insert(self.pushed, target);
            self.pushed += 1;
        }
        sent
    }

    /// The next answer, and whose it is; `None` once the run is over.
    pub async fn next(&mut self) -> Option<(u32, Record)> {
        loop {
            let record = self.records.recv().await?;
            if let Some(target) = self.open.remove(&record.seq) {
                return Some((target, record));
            }
        }
    }

    /// Whether every request was answered.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Nothing more will be asked.
    pub fn close(&mut self) {
        self.requests = None;
    }

    /// Addresses that were asked and not answered, and how the run ended.
    pub async fn finish(self) -> (Vec<u32>, Option<End>) {
        let mut open: Vec<_> = self.open.into_iter().collect();
        open.sort_unstable();
        drop(self.records);
        (open.into_iter().map(|(_, target)| target).collect(), self.end.await.ok())
    }
}
