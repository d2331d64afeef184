//! The screen, taken and given back: raw keys and another buffer, on stderr.
//!
//! Given back on every way out: the end, a panic anywhere, a signal that ends the process. Must not know what
//! is drawn.

use std::{
    io::{self, Stderr},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use ratatui::{
    Frame, Terminal,
    backend::CrosstermBackend,
    crossterm::{
        cursor::Show,
        execute,
        terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
    },
};

/// Whether the screen is taken: one process has one.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// A screen that is ours until this is dropped.
pub struct Screen(Terminal<CrosstermBackend<Stderr>>);

impl Screen {
    /// Takes it.
    pub fn take() -> io::Result<Screen> {
        restore_on_panic();
        TAKEN.store(true, SeqCst);
        let taken = enable_raw_mode().and_then(|()| {
            execute!(io::stderr(), EnterAlternateScreen)?;
            Terminal::new(CrosstermBackend::new(io::stderr()))
        });
        match taken {
            Ok(terminal) => Ok(Screen(terminal)),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Draws, as long as the screen is ours. False if it is not, or cannot be drawn on.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> bool {
        TAKEN.load(SeqCst) && self.0.draw(draw).is_ok()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the screen back, if it is taken; may be called from anywhere, any number of times.
pub fn restore() {
    if TAKEN.swap(false, SeqCst) {
        // Nobody is left to hear that the terminal is gone.
        drop(disable_raw_mode());
        drop(execute!(io::stderr(), LeaveAlternateScreen, Show));
    }
}

/// A panic is told on a screen that shows it. The run goes on, without the picture.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            tell(panic);
        }));
    });
}
