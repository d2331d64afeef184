//! `--metrics ADDR`: figures of a run for Prometheus and its kin, over HTTP, while the run goes on.
//!
//! Counted from records as they complete, so the figures are theirs. Must not know where records go.

mod count;
mod serve;
mod text;

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use anyhow::Context as _;
use fetchall::engine::writer::OnRecord;

use self::count::Counts;
pub use self::text::Dialect;
use super::{run::Grip, terminal::Voice};

/// Figures that are asked for under an address. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Board>);

/// What there is to tell.
#[derive(Default)]
struct Board {
    counts: Mutex<Counts>,
    run: OnceLock<Arc<dyn Grip>>,
}

impl Metrics {
    /// Listens, and answers until the process ends.
    ///
    /// # Errors
    /// The address cannot be listened on; nothing was sent yet.
    pub fn begin(address: SocketAddr, voice: &Voice) -> anyhow::Result<Metrics> {
        let told = || format!("--metrics: cannot listen on {address}");
        let listener = TcpListener::bind(address).with_context(told)?;
        let address = listener.local_addr().with_context(told)?;
        let metrics = Metrics(Arc::default());
        serve::begin(listener, metrics.clone()).with_context(told)?;
        voice.line(&format!("metrics: http://{address}/metrics"));
        if !address.ip().is_loopback() {
            voice
                .line("whoever reaches this machine can read them; --metrics 127.0.0.1:9464 is for this machine alone");
        }
        Ok(metrics)
    }

    /// Counts each record.
    pub fn on_record(&self) -> OnRecord {
        let board = Arc::clone(&self.0);
        Box::new(move |record| board.counts.lock().unwrap_or_else(PoisonError::into_inner).add(record))
    }

    /// From now on this run is asked how far it is.
    pub fn follow(&self, run: Arc<dyn Grip>) {
        self.0.run.get_or_init(|| run);
    }

    /// Everything, as text.
    fn text(&self, dialect: Dialect) -> String {
        let progress = self.0.run.get().map(|run| run.progress()).unwrap_or_default();
        let counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        text::render(&counts, &progress, resident(), dialect)
    }
}

/// Memory of the process in bytes, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
