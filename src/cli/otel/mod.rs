//! OpenTelemetry: a span for each request, sent to a collector as OTLP in JSON over HTTP.
//!
//! Told by the environment, as every program that speaks it is: `OTEL_EXPORTER_OTLP_ENDPOINT` turns it on. What
//! nobody takes is lost and counted, and never holds a run up. Must not know where records go.

mod place;
mod span;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow};
use fetchall::engine::writer::OnRecord;

use self::{place::Place, span::Clock};
use super::{courier::Courier, terminal::Voice};

/// Spans that are sent together at most, and how long they are gathered for that.
const BATCH: usize = 512;
const LINGER: Duration = Duration::from_secs(2);
/// Records whose spans may wait.
const WAITING: usize = 4096;
/// How long the end of a run waits for what is still to be sent.
const PATIENCE: Duration = Duration::from_secs(3);

/// Sends spans.
pub struct Exporter {
    spans: Option<SyncSender<Vec<String>>>,
    lost: Arc<AtomicU64>,
    clock: Clock,
    thread: thread::JoinHandle<()>,
    /// Why spans were not taken, told once.
    voice: Voice,
}

impl Exporter {
    /// As the environment wants it; `None` if it does not.
    ///
    /// # Errors
    /// What it says cannot be used.
    pub fn begin(command: &str, voice: &Voice) -> anyhow::Result<Option<Exporter>> {
        let place = Place::of(|name| std::env::var(name).ok()).map_err(|problem| anyhow!(problem))?;
        place.map(|place| Exporter::to(place, command, voice)).transpose()
    }

    fn to(place: Place, command: &str, voice: &Voice) -> anyhow::Result<Exporter> {
        let (spans, received) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let head = span::head(&place, command);
        let (counted, told) = (Arc::clone(&lost), voice.clone());
        let thread = thread::Builder::new().name("otel".to_owned());
        let thread =
            thread.spawn(move || send(&received, &place, &head, &counted, &told)).context("cannot send spans")?;
        Ok(Exporter { spans: Some(spans), lost, clock: Clock::now(), thread, voice: voice.clone() })
    }

    /// Makes spans of each record.
    pub fn on_record(&self) -> OnRecord {
        let (spans, lost, clock) = (self.spans.clone(), Arc::clone(&self.lost), self.clock);
        Box::new(move |record| {
            let own = span::of(record, &clock);
            let count = own.len() as u64;
            if count > 0 && spans.as_ref().is_none_or(|spans| spans.try_send(own).is_err()) {
                lost.fetch_add(count, Relaxed);
            }
        })
    }

    /// Sends what is left, if that is quick, and says what was lost.
    pub fn finish(mut self) {
        drop(self.spans.take());
        let end = Instant::now() + PATIENCE;
        while !self.thread.is_finished() && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
        }
        match self.lost.load(Relaxed) {
            0 => {}
            1 => self.voice.line("1 span was not taken by the collector and is lost"),
            lost => self.voice.line(&format!("{lost} spans were not taken by the collector and are lost")),
        }
    }
}

/// Sends what comes until nobody can send any more.
fn send(received: &Receiver<Vec<String>>, place: &Place, head: &str, lost: &AtomicU64, voice: &Voice) {
    let courier = match Courier::new() {
        Ok(courier) => courier,
        Err(error) => return voice.error(&format!("cannot send spans: {error}")),
    };
    let mut is_told = false;
    let mut is_over = false;
    while !is_over {
        let Ok(mut spans) = received.recv() else { return };
        let by = Instant::now() + LINGER;
        while spans.len() < BATCH && !is_over {
            match received.recv_timeout(by.saturating_duration_since(Instant::now())) {
                Ok(more) => spans.extend(more),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => is_over = true,
            }
        }
        let body = format!("{head}{}]}}]}}]}}", spans.join(","));
        if let Err(why) = courier.deliver(place.url(), place.headers(), body.into_bytes()) {
            lost.fetch_add(spans.len() as u64, Relaxed);
            if !std::mem::replace(&mut is_told, true) {
                voice.line(&format!("the collector at {} takes no spans: {why}", place.host()));
            }
        }
    }
}
