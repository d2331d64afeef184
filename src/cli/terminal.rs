//! The one place that writes to stdout and stderr beside the sinks.
//!
//! A closed stream never panics (`println!` does), text from outside is escaped, what looks like a password is
//! cut, and a progress bar steps aside for a line. Must not know what the lines are about.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::{Arc, Mutex, PoisonError},
};

use fetchall::{
    model::{escape::visible_lines, redact},
    sink::outlet,
};
use indicatif::ProgressBar;

use super::{
    exit::Exit,
    flags::{ColorArg, OutputFlags},
    tui::Notes,
};

/// Writes data to stdout. A reader that left is no fault; a full disk is.
pub fn print(text: &str) -> Exit {
    match outlet::stdout().write_all(text.as_bytes()) {
        Ok(()) => Exit::OK,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::OK,
        Err(error) => {
            Voice::plain().error(&format!("cannot write stdout: {error}"));
            Exit::INCOMPLETE
        }
    }
}

/// What speaks on stderr. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Voice(Arc<Manner>);

#[derive(Debug)]
struct Manner {
    quiet: bool,
    colour: bool,
    /// The bar that is on the screen, if one is.
    bar: Mutex<Option<ProgressBar>>,
    /// Where lines go while the whole screen is taken.
    notes: Mutex<Option<Notes>>,
}

impl Voice {
    /// As the flags want it.
    pub fn of(flags: &OutputFlags) -> Self {
        Voice::new(flags.quiet, flags.color)
    }

    /// Quiet or not, in colour or not.
    pub fn new(quiet: bool, color: Option<ColorArg>) -> Self {
        let colour = colours(color.unwrap_or_default(), &Env::read(), io::stderr().is_terminal());
        Voice(Arc::new(Manner { quiet, colour, bar: Mutex::new(None), notes: Mutex::new(None) }))
    }

    /// Before any flag is known.
    pub fn plain() -> Self {
        Voice::new(false, None)
    }

    /// Whether only errors are said.
    pub fn is_quiet(&self) -> bool {
        self.0.quiet
    }

    /// An error: said even when quiet.
    pub fn error(&self, message: &str) {
        let label = if self.0.colour && self.notes().is_none() { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
        self.write(&format!("{label} {}\n", visible_lines(&redact::text(message))));
    }

    /// A line for people.
    pub fn line(&self, text: &str) {
        if !self.0.quiet {
            self.write(&format!("{}\n", visible_lines(&redact::text(text))));
        }
    }

    /// A line for people with a command in it that is to be run as it stands; whoever made it has seen to
    /// it that there is no secret in it.
    pub fn command(&self, text: &str) {
        if !self.0.quiet {
            self.write(&format!("{}\n", visible_lines(text)));
        }
    }

    /// A line that is said to programs, as it is; the caller has asked whether to be quiet.
    pub fn raw(&self, text: &str) {
        self.write(&format!("{text}\n"));
    }

    /// From now on this bar is on the screen, or none.
    pub fn set_bar(&self, bar: Option<ProgressBar>) {
        *self.0.bar.lock().unwrap_or_else(PoisonError::into_inner) = bar;
    }

    /// From now on lines are kept there, or said again.
    pub fn set_notes(&self, notes: Option<Notes>) {
        *self.0.notes.lock().unwrap_or_else(PoisonError::into_inner) = notes;
    }

    fn notes(&self) -> Option<Notes> {
        self.0.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self, text: &str) {
        if let Some(notes) = self.notes() {
            return notes.add(text);
        }
        // Nobody is left to hear that stderr is closed.
        let write = || drop(io::stderr().lock().write_all(text.as_bytes()));
        let bar = self.0.bar.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

/// What the environment says about colours.
#[derive(Clone, Debug, Default)]
pub struct Env {
    no_color: bool,
    force: bool,
    off: bool,
    dumb: bool,
}

impl Env {
    /// As it is.
    pub fn read() -> Self {
        let var = |name| std::env::var_os(name).unwrap_or_default();
        Env {
            no_color: !var("NO_COLOR").is_empty(),
            force: !var("CLICOLOR_FORCE").is_empty() && var("CLICOLOR_FORCE") != "0",
            off: var("CLICOLOR") == "0",
            dumb: is_dumb(),
        }
    }
}

/// Whether the terminal cannot repaint.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Whether stdout gets colours.
pub fn stdout_has_colours(choice: ColorArg) -> bool {
    colours(choice, &Env::read(), io::stdout().is_terminal())
}

/// Whether a stream gets colours (no-color.org, bixense.com/clicolors).
pub fn colours(choice: ColorArg, env: &Env, is_terminal: bool) -> bool {
    match choice {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto if env.no_color => false,
        ColorArg::Auto if env.force => true,
        ColorArg::Auto => is_terminal && !env.dumb && !env.off,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_flag_then_environment_then_terminal() {
        let none = Env::default();
        let no_color = Env { no_color: true, force: true, ..Env::default() };
        let force = Env { force: true, dumb: true, ..Env::default() };
        let off = Env { off: true, ..Env::default() };
        let dumb = Env { dumb: true, ..Env::default() };
        for (choice, env, terminal, coloured) in [
            (ColorArg::Auto, &none, true, true),
            (ColorArg::Auto, &none, false, false),
            (ColorArg::Auto, &no_color, true, false),
            (ColorArg::Auto, &force, false, true),
            (ColorArg::Auto, &off, true, false),
            (ColorArg::Auto, &dumb, true, false),
            (ColorArg::Always, &no_color, false, true),
            (ColorArg::Never, &force, true, false),
        ] {
            assert_eq!(colours(choice, env, terminal), coloured, "{choice:?} {env:?} {terminal}");
        }
    }
}
