//! Seeing inside a run under way, and changing it: SIGUSR1, a socket for `fetchall ps`, a watchdog.
//!
//! Each stands on threads of its own and asks the engine through its handle, so that nothing here keeps a run
//! from going on, or from ending. Must not know flags, nor what a run is made of.

pub mod orders;
#[cfg(unix)]
mod place;
pub mod rows;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod socket;
pub mod table;
mod watchdog;

#[cfg(unix)]
pub mod client;
#[cfg(not(unix))]
#[path = "client_elsewhere.rs"]
pub mod client;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fetchall::{
    engine::{Change, Stop, View},
    model::redact,
};

use self::{
    rows::{Reply, RunRow},
    watchdog::Dog,
};
use super::{descriptors, flags::ControlArg, run::Grip, signals::Watch, terminal::Voice};

/// How long the loop of a run may take to answer; it does so between two turns, in microseconds.
const ANSWER: Duration = Duration::from_secs(2);
/// Requests listed on SIGUSR1.
const LISTED: usize = 200;
/// Sources that a run is told by.
const SOURCES: usize = 4;
/// Characters of each.
const SOURCE: usize = 200;

/// Which run it is, for those who see several.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The command.
    pub command: &'static str,
    /// What it was given, as typed.
    pub sources: Vec<String>,
    /// Whether there is to be a socket.
    pub control: Option<ControlArg>,
}

impl About {
    /// A run of `command`, with what it was given.
    pub fn new(command: &'static str, sources: &[String], control: Option<ControlArg>) -> About {
        let shown = |source: &String| redact::line(source, true).chars().take(SOURCE).collect();
        About { command, sources: sources.iter().take(SOURCES).map(shown).collect(), control }
    }
}

/// A run that can be seen.
#[derive(Clone)]
pub struct Run {
    about: About,
    grip: Arc<dyn Grip>,
    began: Instant,
}

impl Run {
    /// A run that begins now.
    pub fn new(about: About, grip: Arc<dyn Grip>) -> Run {
        Run { about, grip, began: Instant::now() }
    }

    /// What it is doing; `None` if there is nobody who could say, or who says it in time.
    pub fn view(&self, most: usize) -> Option<View> {
        self.grip.engine()?.look_within(most, ANSWER)
    }

    /// The run in a row.
    pub fn row(&self, view: Option<&View>) -> RunRow {
        let stopped = self.grip.stopped();
        RunRow::of(&self.about, self.began.elapsed(), &self.grip.progress(), stopped, view)
    }

    /// Changes it, and says for how many requests or hosts; the error is a sentence.
    pub fn change(&self, change: Change) -> Result<usize, String> {
        // As many as the system lets this process have connections, like at the start of a run.
        let change = match change {
            Change::Concurrency(most) => Change::Concurrency(descriptors::at_most(most)),
            change => change,
        };
        let engine = self.grip.engine().ok_or("nothing is asked of the network now")?;
        let told = "this run takes no orders: it is over, or reads files only";
        engine.change_within(change, ANSWER).ok_or_else(|| told.to_owned())
    }

    /// Asks it to end.
    pub fn stop(&self, why: Stop) {
        self.grip.stop(why);
    }

    /// The run, its hosts and its requests.
    fn list(&self, most: usize) -> Vec<Reply> {
        let view = self.view(most);
        let run = Reply::Run(self.row(view.as_ref()));
        rows::list(run, view.as_ref())
    }

    /// The same as text for people.
    fn text(&self) -> String {
        table::of(&self.list(LISTED))
    }
}

/// What sees to a run for as long as this lives.
pub struct Attendance {
    dog: Option<Dog>,
    #[cfg(unix)]
    _socket: Option<server::Control>,
}

impl Attendance {
    /// The engine has come to its end: what is left is for the outputs to do.
    pub fn has_ended(&self) {
        self.dog.iter().for_each(Dog::has_ended);
    }
}

/// From now on this run can be seen.
pub fn attend(run: Run, watch: &Watch, voice: &Voice) -> Attendance {
    let listed = run.clone();
    watch.show(Arc::new(move || listed.text()));
    Attendance {
        dog: Dog::begin(run.clone(), voice),
        #[cfg(unix)]
        _socket: server::begin(run, voice),
    }
}
