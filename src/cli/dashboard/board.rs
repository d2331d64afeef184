//! What there is to be shown of a run now: shared by the run, which adds to it, and by those who look.
//!
//! Nothing here fails the run: if the pieces cannot be kept, the page says so and the run goes on.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use fetchall::{
    journal,
    model::{Finding, Record},
    report::html::{About, Live, Piece, State},
};

use crate::cli::commands::pages::Spool;

/// Shortest time between two pieces that were not full.
const TICK: Duration = Duration::from_millis(400);

/// A run on a board.
pub struct Board {
    about: About,
    /// Tells this run from one that is served at the same address later.
    run: String,
    began: Instant,
    inner: Mutex<Inner>,
}

struct Inner {
    live: Live<Spool>,
    flushed: Option<Instant>,
    /// How it ended, in sentences.
    over: Option<Vec<String>>,
    broken: Option<String>,
    wall: Option<Duration>,
}

/// What a viewer is to get next.
pub enum Next {
    /// Rows.
    Rows(Piece),
    /// All rows were given; how many there are, and whether there will be more.
    Nothing { rows: u64, is_over: bool },
}

impl Board {
    /// Nothing yet.
    pub fn new(about: About, spool: Spool) -> Board {
        let inner = Inner { live: Live::new(spool), flushed: None, over: None, broken: None, wall: None };
        Board { about, run: journal::new_id(), began: Instant::now(), inner: Mutex::new(inner) }
    }

    /// Tells this run from others.
    pub fn run(&self) -> &str {
        &self.run
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes records in.
    pub fn records(&self, batch: &[Record]) {
        self.lock().add(|live| batch.iter().try_for_each(|record| live.record(record)));
    }

    /// Takes a checked link in.
    pub fn finding(&self, finding: &Finding) {
        self.lock().add(|live| live.finding(finding));
    }

    /// That was all; `notes` say how it ended.
    pub fn end(&self, wall: Duration, notes: Vec<String>) {
        let mut inner = self.lock();
        (inner.wall, inner.over) = (Some(wall), Some(notes));
    }

    /// Why the page has stopped, if it has.
    pub fn fault(&self) -> Option<String> {
        self.lock().broken.clone()
    }

    /// The piece with this number, if it is there by now.
    pub fn next(&self, at: usize) -> Next {
        let mut inner = self.lock();
        let is_due = inner.over.is_some() || inner.flushed.is_none_or(|flushed| flushed.elapsed() >= TICK);
        if at >= inner.live.pieces() && is_due {
            inner.flushed = Some(Instant::now());
            inner.add(Live::flush);
        }
        match inner.live.piece(at) {
            Ok(Some(piece)) => return Next::Rows(piece),
            Ok(None) => {}
            Err(error) => inner.broken = Some(error.to_string()),
        }
        Next::Nothing { rows: inner.live.rows(), is_over: inner.over.is_some() || inner.broken.is_some() }
    }

    /// The verdict and the numbers, as markup.
    pub fn told(&self) -> String {
        let mut inner = self.lock();
        let (about, state) = self.about(&inner);
        inner.live.told(&about, state)
    }

    /// The page itself.
    pub fn page(&self) -> Vec<u8> {
        let mut inner = self.lock();
        let (about, state) = self.about(&inner);
        let mut page = Vec::new();
        // Into memory, which does not fail.
        drop(inner.live.page(&about, &self.run, state, &mut page));
        page
    }

    /// What the page says last.
    pub fn last_words(&self) -> Vec<String> {
        let inner = self.lock();
        match (&inner.broken, &inner.over) {
            (Some(why), _) => vec![format!("the page cannot follow the run any more: {why}")],
            (None, over) => over.clone().unwrap_or_default(),
        }
    }

    fn about(&self, inner: &Inner) -> (About, State) {
        let wall = inner.wall.unwrap_or_else(|| self.began.elapsed());
        let mut about = self.about.clone();
        about.wall_ms = Some(wall.as_micros() as f64 / 1000.0);
        about.notes.extend(inner.over.iter().flatten().cloned());
        (about, if inner.over.is_some() { State::Over } else { State::Running })
    }
}

impl Inner {
    fn add(&mut self, add: impl FnOnce(&mut Live<Spool>) -> std::io::Result<()>) {
        if self.broken.is_none()
            && let Err(error) = add(&mut self.live)
        {
            self.broken = Some(error.to_string());
        }
    }
}
