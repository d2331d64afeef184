//! SIGINT and SIGTERM: the first asks the run to end, the second ends the process. SIGUSR1: what the run is
//! doing now, on stderr.
//!
//! Must not know what the run does to end.

use std::{
    io,
    process::ExitCode,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI32, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use fetchall::{engine::Stop, sink::outlet};
use signal_hook::{
    consts::{SIGINT, SIGTERM, SIGUSR1, SIGXFSZ},
    iterator::Signals,
    low_level::{self, emulate_default_handler},
};

use super::{run::Stopper, terminal::Voice, tui};

/// A run that was asked to end gets so long, whatever hangs: 5 s for what is in flight, the rest to
/// write it down.
const LAST: Duration = Duration::from_millis(5_600);
/// How long a line that is half written is waited for before the process ends at once.
const LINE: Duration = Duration::from_millis(200);

/// What tells what a run is doing now, as text whose every character may go to a terminal.
pub type Teller = Arc<dyn Fn() -> String + Send + Sync>;

/// Whether a signal ends the process at once, where the kernel does not see to that: nobody waits for it yet.
static ENDS_AT_ONCE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));

/// Whether this is the first process of a container: the kernel spares it from every signal that it has no handler
/// for, also from one that it raises itself (pid_namespaces(7)).
fn is_first() -> bool {
    std::process::id() == 1
}

/// As the first process of a container: SIGINT and SIGTERM end it, as they end any other process.
pub fn heed_as_first() {
    if is_first() {
        for signal in [SIGINT, SIGTERM] {
            // Only for signals that cannot be handled would this fail.
            drop(signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&ENDS_AT_ONCE)));
        }
    }
}

/// What signals are to end, and to show.
#[derive(Clone, Default)]
pub struct Watch {
    first: Arc<AtomicI32>,
    run: Arc<Mutex<Option<Stopper>>>,
    teller: Arc<Mutex<Option<Teller>>>,
    /// A list is being written.
    telling: Arc<AtomicBool>,
}

impl Watch {
    /// From now on signals come here, for as long as the process lives.
    pub fn begin(voice: Voice) -> io::Result<Watch> {
        // A file above `ulimit -f` is a fault of writing (EFBIG), not a reason to die of.
        signal_hook::flag::register(SIGXFSZ, Arc::default())?;
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGUSR1])?;
        ENDS_AT_ONCE.store(false, SeqCst);
        let watch = Watch::default();
        let watching = watch.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in signals.forever() {
                match signal {
                    SIGUSR1 => watching.tell(&voice),
                    signal => watching.take(signal, &voice),
                }
            }
        })?;
        Ok(watch)
    }

    /// Signals are to end this run; one that came before ends it at once.
    pub fn follow(&self, stop: &Stopper) {
        *self.run() = Some(Arc::clone(stop));
        if self.signal().is_some() {
            stop(Stop::Asked);
        }
    }

    /// From now on SIGUSR1 shows this.
    pub fn show(&self, teller: Teller) {
        *self.teller.lock().unwrap_or_else(PoisonError::into_inner) = Some(teller);
    }

    /// Writes the list on a thread of its own: neither a stderr that is stuck nor a run that does not answer
    /// keeps other signals from being heard. One at a time; a signal that comes meanwhile asks for nothing more.
    fn tell(&self, voice: &Voice) {
        let Some(teller) = self.teller.lock().unwrap_or_else(PoisonError::into_inner).clone() else { return };
        if self.telling.swap(true, SeqCst) {
            return;
        }
        let (voice, telling) = (voice.clone(), Arc::clone(&self.telling));
        let list = thread::Builder::new().name("list".to_owned()).spawn(move || {
            voice.raw(teller().trim_end());
            telling.store(false, SeqCst);
        });
        if list.is_err() {
            self.telling.store(false, SeqCst);
        }
    }

    /// The signal that came first.
    pub fn signal(&self) -> Option<i32> {
        Some(self.first.load(SeqCst)).filter(|signal| *signal != 0)
    }

    fn run(&self) -> MutexGuard<'_, Option<Stopper>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, signal: i32, voice: &Voice) {
        let is_second = self.first.swap(signal, SeqCst) != 0;
        let Some(stop) = self.run().clone().filter(|_| !is_second) else {
            outlet::leave(LINE);
            die_of(signal);
            return;
        };
        // Before anything is said: a stderr that is stuck must not keep the run going.
        stop(Stop::Asked);
        let last_resort = thread::Builder::new().name("last resort".to_owned());
        // Without a thread to spare, a second signal is still heard.
        drop(last_resort.spawn(move || {
            thread::sleep(LAST);
            outlet::leave(LINE);
            die_of(signal)
        }));
        // On a thread of its own too, since whoever waits for such a stderr hears no second signal.
        let voice = voice.clone();
        let last_word = thread::Builder::new().name("last word".to_owned());
        let word = "stopping; what is in flight gets 5 s (once more leaves at once)";
        drop(last_word.spawn(move || voice.line(word)));
    }
}

/// Waits for a signal, for commands that run until one comes.
pub fn wait() -> io::Result<i32> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    ENDS_AT_ONCE.store(false, SeqCst);
    Ok(signals.forever().next().unwrap_or(SIGTERM))
}

/// As Ctrl-C.
pub fn interrupt() {
    // Our own process is there, and takes signals of ours.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT);
}

/// The screen is given back, but a terminal that takes nothing any more is not waited for.
fn give_screen_back() {
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let restoring = thread::Builder::new().name("screen".to_owned()).spawn(move || {
        tui::restore();
        drop(done);
    });
    if restoring.is_ok() {
        let _ = is_done.recv_timeout(LINE);
    }
}

/// Ends the process by this signal; where that does not work, the status says it.
pub fn die_of(signal: i32) -> ExitCode {
    give_screen_back();
    if is_first() {
        low_level::exit(128 + signal);
    }
    // Only for signals that do not end a process would this return.
    drop(emulate_default_handler(signal));
    ExitCode::from(u8::try_from(128 + signal).unwrap_or(1))
}
