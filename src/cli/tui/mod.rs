//! `--progress tui`: a run on the whole screen, and keys that change it. Drawn on stderr; records go elsewhere.
//!
//! A thread of its own looks at the run, draws and reads keys; the run does not wait for it. Must not know what
//! a run is made of.

mod draw;
mod keys;
mod screen;
mod sight;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use ratatui::crossterm::event::{self, Event};

pub use self::screen::restore;
use self::{keys::Key, screen::Screen, sight::Sight};
use super::{
    control::Run,
    progress::{Shown, Stage, Tally},
    terminal::Voice,
};

/// Time between two looks; a key is answered at once.
const LOOK: Duration = Duration::from_millis(250);
/// Requests that are looked at: more than any screen has lines.
const SEEN: usize = 200;
/// Lines said meanwhile that are kept for the end.
const KEPT: usize = 200;

/// Why there can be no such screen, if there can be none.
pub fn check(stage: Stage) -> Result<(), String> {
    let why = match stage {
        Stage { quiet: true, .. } => "goes not with --quiet",
        Stage { can_repaint: false, .. } => "needs a terminal at stderr that can repaint",
        Stage { records_on_terminal: true, .. } => {
            "needs the screen for itself; send the records elsewhere: -o FILE, or a pipe"
        }
        _ => return Ok(()),
    };
    Err(format!("--progress tui {why}"))
}

/// Lines that are said while the screen is taken.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Mutex<VecDeque<String>>>);

impl Notes {
    /// Keeps what is said; the oldest of too many is lost.
    pub fn add(&self, text: &str) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.extend(text.lines().map(str::to_owned));
        let surplus = notes.len().saturating_sub(KEPT);
        notes.drain(..surplus);
    }

    /// The last of them.
    fn last(&self, most: usize) -> Vec<String> {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.iter().skip(notes.len().saturating_sub(most)).cloned().collect()
    }

    /// All of them, which are forgotten here.
    fn take(&self) -> VecDeque<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Takes the screen; where that does not work nothing is shown, and a line says so.
pub fn show(run: Run, tally: Option<Tally>, voice: &Voice) -> Option<Shown> {
    let screen = match Screen::take() {
        Ok(screen) => screen,
        Err(error) => {
            voice.line(&format!("the screen cannot be taken: {error}"));
            return None;
        }
    };
    let notes = Notes::default();
    voice.set_notes(Some(notes.clone()));
    let (stop, stopped) = mpsc::channel();
    let said = voice.clone();
    let body = move || {
        watch(screen, &run, tally.as_ref(), &notes, &stopped);
        // The screen is what it was: what was said meanwhile is said now.
        said.set_notes(None);
        notes.take().iter().for_each(|line| said.raw(line));
    };
    match thread::Builder::new().name("screen".to_owned()).spawn(body) {
        Ok(thread) => Some(Shown::new(stop, thread)),
        Err(_) => {
            voice.set_notes(None);
            None
        }
    }
}

/// Looks and draws until the run is over, or nothing can be drawn any more.
fn watch(mut screen: Screen, run: &Run, tally: Option<&Tally>, notes: &Notes, stopped: &mpsc::Receiver<()>) {
    let mut sight = Sight::new(run.row(None));
    let mut next = Instant::now();
    loop {
        if Instant::now() >= next {
            next = Instant::now() + LOOK;
            let view = run.view(SEEN);
            sight.see(Instant::now(), run.row(view.as_ref()), view);
            sight.count(tally);
        }
        sight.notes = notes.last(draw::NOTES);
        if !screen.draw(|frame| draw::draw(frame, &sight)) {
            return;
        }
        match stopped.recv_timeout(Duration::from_millis(1)) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
        // Waits for a key, though not for long: the end of the run takes the screen away.
        let pause = next.saturating_duration_since(Instant::now()).min(Duration::from_millis(50));
        // Without keys there is no way out of the screen.
        let Ok(is_there) = event::poll(pause) else { return };
        if is_there
            && let Ok(Event::Key(key)) = event::read()
            && let Some(key) = Key::of(&key)
        {
            keys::press(key, run, &mut sight);
            next = Instant::now();
        }
    }
}
