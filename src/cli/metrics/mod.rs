//! `--metrics ADDR`: figures of a run for Prometheus and its kin, over HTTP, while the run goes on.
//!
//! Counted from records as they complete, so the figures are theirs. Must not know where records go.

mod count;
mod serve;
mod text;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use anyhow::Context as _;
use fetchall::engine::writer::OnRecord;
use http::Request;
use hyper::body::Incoming;

use self::count::Counts;
pub use self::text::Dialect;
use super::{
    run::Grip,
    side_server::{self, Side},
    terminal::Voice,
};

/// Figures that are asked for under an address, as long as this is kept.
pub struct Metrics {
    board: Arc<Board>,
    _side: Side,
}

/// What there is to tell.
#[derive(Default)]
struct Board {
    counts: Mutex<Counts>,
    run: OnceLock<Arc<dyn Grip>>,
}

impl Metrics {
    /// Listens, and answers from now on.
    ///
    /// # Errors
    /// The address cannot be listened on; nothing was sent yet.
    pub fn begin(address: SocketAddr, voice: &Voice) -> anyhow::Result<Metrics> {
        let listening = side_server::listen("--metrics", address)?.within(serve::BOUNDS);
        let address = listening.address();
        let board = Arc::<Board>::default();
        let asked = Arc::clone(&board);
        let answering = Arc::new(move |request: &Request<Incoming>| serve::answer(request, &asked));
        let side = listening.serve("metrics", answering).context("--metrics: cannot start its thread")?;
        voice.line(&format!("metrics: http://{address}/metrics"));
        if !address.ip().is_loopback() {
            voice
                .line("whoever reaches this machine can read them; --metrics 127.0.0.1:9464 is for this machine alone");
        }
        Ok(Metrics { board, _side: side })
    }

    /// Counts each record.
    pub fn on_record(&self) -> OnRecord {
        let board = Arc::clone(&self.board);
        Box::new(move |record| board.counts.lock().unwrap_or_else(PoisonError::into_inner).add(record))
    }

    /// Takes the run that is asked how far it is, once it has begun.
    pub fn follower(&self) -> impl FnOnce(Arc<dyn Grip>) + Send + use<> {
        let board = Arc::clone(&self.board);
        move |run| drop(board.run.set(run))
    }
}

impl Board {
    /// Everything, as text.
    fn text(&self, dialect: Dialect) -> String {
        let progress = self.run.get().map(|run| run.progress()).unwrap_or_default();
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
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
