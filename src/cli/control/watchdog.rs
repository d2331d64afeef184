//! Names what has not moved for long, once, and what it waits for.
//!
//! What is to be said is decided by a function of what is seen, with the time as an argument; a thread of its
//! own looks every few seconds. Silent about what a limit that somebody set explains. Must not know how a run
//! is seen.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use fetchall::{
    engine::{Hold, Live, Progress, State, View},
    model::Wait,
};

use super::Run;
use crate::cli::terminal::Voice;

/// What does not move for so long, beyond what its own limits explain, is named.
const LONG: Duration = Duration::from_secs(60);
/// Time between two looks.
const LOOK: Duration = Duration::from_secs(10);
/// Requests that are seen in one look, and named.
const SEEN: usize = 2000;
const NAMED: usize = 5;
/// Requests that are remembered as named.
const REMEMBERED: usize = 10_000;

/// The watchdog of a run, for as long as this lives.
pub struct Dog {
    ended: Arc<AtomicBool>,
    /// Its end is the end of the watch. Whoever waits for a stuck stderr is not waited for.
    _leash: mpsc::Sender<()>,
}

impl Dog {
    /// Watches a run; nobody who is quiet, and no run without an engine.
    pub fn begin(run: Run, voice: &Voice) -> Option<Dog> {
        if voice.is_quiet() {
            return None;
        }
        let (leash, released) = mpsc::channel();
        let ended = Arc::new(AtomicBool::new(false));
        let (voice, seen) = (voice.clone(), Arc::clone(&ended));
        let watch = move || {
            let mut watch = Watchdog::new(Instant::now());
            while released.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                let view = run.view(SEEN);
                let told = watch.look(Instant::now(), &run.grip.progress(), view.as_ref(), seen.load(Relaxed));
                told.iter().for_each(|line| voice.line(line));
            }
        };
        thread::Builder::new().name("watchdog".to_owned()).spawn(watch).ok()?;
        Some(Dog { ended, _leash: leash })
    }

    /// The engine has come to its end, and the outputs have not.
    pub fn has_ended(&self) {
        self.ended.store(true, Relaxed);
    }
}

/// What was seen before.
struct Watchdog {
    last: Progress,
    moved: Instant,
    /// It was said that nothing moves, and nothing has since.
    told: bool,
    /// That more input is waited for is said once.
    told_of_input: bool,
    named: HashSet<u64>,
}

impl Watchdog {
    fn new(now: Instant) -> Self {
        Watchdog { last: Progress::default(), moved: now, told: false, told_of_input: false, named: HashSet::new() }
    }

    /// What is to be said now. `view` is there while the engine is; `ended` says that it came to its end.
    fn look(&mut self, now: Instant, progress: &Progress, view: Option<&View>, ended: bool) -> Vec<String> {
        // What waits and what is under way may change for ever without anything being done.
        let done = |progress: &Progress| (progress.read, progress.finished, progress.retries, progress.wire_bytes);
        if done(progress) != done(&self.last) {
            (self.last, self.moved, self.told) = (*progress, now, false);
        }
        let still = now.saturating_duration_since(self.moved);
        let mut told = view.map_or_else(Vec::new, |view| self.name(view));
        if still < LONG || self.told {
            return told;
        }
        let reason = match view {
            _ if ended => Some("the outputs to take the last records".to_owned()),
            Some(view) => reason(view),
            None => None,
        };
        let is_input = view.is_some_and(|view| is_idle(view) && view.hold.is_none());
        if let Some(reason) = reason.filter(|_| !(is_input && self.told_of_input)) {
            self.told_of_input |= is_input;
            self.told = true;
            told.push(format!("nothing has moved for {} s: waiting for {reason}", still.as_secs()));
        }
        told
    }

    /// Requests that are beyond what their own limits explain.
    fn name(&mut self, view: &View) -> Vec<String> {
        if self.named.len() > REMEMBERED {
            return Vec::new();
        }
        let stuck = |live: &&Live| {
            let most = match live.state {
                State::Fetching => live.limit.map(|limit| limit + LONG),
                State::Parsing => Some(LONG),
                State::Writing | State::Waiting => None,
            };
            matches!((live.in_state, most), (Some(time), Some(most)) if time > most)
        };
        let new: Vec<&Live> =
            view.requests.iter().filter(stuck).filter(|live| self.named.insert(live.seq.unwrap_or(u64::MAX))).collect();
        let mut told: Vec<String> = new.iter().take(NAMED).map(|live| sentence(live)).collect();
        if new.len() > NAMED {
            told.push(format!("and {} more requests that do not move", new.len() - NAMED));
        }
        told
    }
}

/// Nothing is open.
fn is_idle(view: &View) -> bool {
    view.fetching + view.parsing + view.writing + view.waiting == 0
}

fn sentence(live: &Live) -> String {
    let what = match live.seq {
        Some(seq) => format!("request {seq}"),
        None => "a robots.txt".to_owned(),
    };
    let seconds = live.in_state.unwrap_or_default().as_secs();
    let (doing, limit) = match live.state {
        State::Parsing => ("being read", String::new()),
        _ => {
            let limit = live.limit.map(|limit| format!(", though its limits allow {} s", limit.as_secs()));
            ("being fetched", limit.unwrap_or_default())
        }
    };
    format!("{what} has not moved for {seconds} s: its page is {doing}{limit}: {}", live.url)
}

/// What everything waits for; `None` if limits that somebody set explain it.
fn reason(view: &View) -> Option<String> {
    match view.hold {
        Some(Hold::Paused) => return Some("the end of the pause (fetchall ps PID --resume)".to_owned()),
        // What is on the wire has limits of its own, and what is read ends by itself.
        _ if view.fetching + view.parsing > 0 => return None,
        Some(Hold::Reader) => return Some("whoever reads the records: stdout, or another output".to_owned()),
        Some(_) => return None,
        None => {}
    }
    if is_idle(view) {
        return (!view.source_dry && !view.draining).then(|| "more input".to_owned());
    }
    let (hold, _) = view.waits().into_iter().find(|(hold, _)| !is_by_choice(*hold))?;
    let first = view.requests.iter().filter(|live| live.wait_for == Some(hold)).min_by_key(|live| live.next)?;
    let next = first.next.map(|next| format!(", its next turn is in {} s", next.as_secs())).unwrap_or_default();
    let count = view.waiting;
    let noun = if count == 1 { "request waits" } else { "requests wait" };
    Some(format!("{} at {}{next}; {count} {noun}", hold.words(), first.host))
}

/// Whether somebody has set that it takes as long as it takes.
fn is_by_choice(hold: Hold) -> bool {
    matches!(hold, Hold::Turn(Wait::HostRate | Wait::Rate | Wait::Backoff))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(seq: u64, state: State, seconds: u64) -> Live {
        Live {
            seq: Some(seq),
            url: format!("http://h/{seq}"),
            host: "h".to_owned(),
            state,
            wait_for: None,
            next: None,
            ahead: 0,
            in_state: Some(Duration::from_secs(seconds)),
            age: Some(Duration::from_secs(seconds)),
            reach: None,
            limit: (state == State::Fetching).then_some(Duration::from_secs(30)),
            attempt: 1,
        }
    }

    fn waiting(hold: Hold, next: Option<u64>) -> View {
        let live = Live { wait_for: Some(hold), next: next.map(Duration::from_secs), ..live(3, State::Waiting, 100) };
        View { waiting: 1, requests: vec![live], ..View::default() }
    }

    /// What is said about a run that looks like this and has not moved for 70 s.
    fn still(view: &View) -> Option<String> {
        let start = Instant::now();
        let mut watch = Watchdog::new(start);
        let progress = Progress::default();
        assert!(watch.look(start + Duration::from_secs(50), &progress, Some(view), false).is_empty(), "too early");
        let told = watch.look(start + Duration::from_secs(70), &progress, Some(view), false);
        assert!(told.len() <= 1);
        assert!(
            watch.look(start + Duration::from_secs(200), &progress, Some(view), false).is_empty(),
            "once is enough"
        );
        told.into_iter().next()
    }

    #[test]
    fn a_run_that_stands_still_says_what_it_waits_for() {
        let held = |hold| View { hold: Some(hold), writing: 9, ..View::default() };
        let turn = Hold::Turn;
        for (view, told) in [
            (held(Hold::Paused), "the end of the pause"),
            (held(Hold::Reader), "whoever reads the records"),
            (View::default(), "more input"),
            (
                waiting(turn(Wait::RetryAfter), Some(240)),
                "Retry-After at h, its next turn is in 240 s; 1 request waits",
            ),
            (waiting(turn(Wait::Breaker), Some(20)), "a failing host at h"),
            (waiting(turn(Wait::Slot), None), "a free slot at h; 1 request waits"),
        ] {
            let line = still(&view).unwrap_or_else(|| panic!("silent about {view:?}"));
            assert!(line.starts_with("nothing has moved for 70 s: waiting for ") && line.contains(told), "{line}");
        }
    }

    #[test]
    fn what_a_limit_explains_is_no_reason_to_bark() {
        let fetching = View { fetching: 1, requests: vec![live(0, State::Fetching, 80)], ..View::default() };
        for view in [
            fetching,
            waiting(Hold::Turn(Wait::HostRate), Some(3600)),
            waiting(Hold::Turn(Wait::Backoff), Some(90)),
            View { source_dry: true, ..View::default() },
        ] {
            assert_eq!(still(&view), None, "{view:?}");
        }
    }

    #[test]
    fn a_request_beyond_its_limits_is_named_once() {
        let start = Instant::now();
        let mut watch = Watchdog::new(start);
        let requests = vec![live(1, State::Fetching, 91), live(2, State::Fetching, 89), live(3, State::Parsing, 61)];
        let view = View { fetching: 2, parsing: 1, requests, ..View::default() };
        let told = watch.look(start, &Progress::default(), Some(&view), false);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("request 1 has not moved for 91 s") && told[0].contains("allow 30 s: http://h/1"));
        assert!(told[1].contains("request 3") && told[1].contains("being read"), "{told:?}");
        assert!(watch.look(start, &Progress::default(), Some(&view), false).is_empty());
        let many = (10..40).map(|seq| live(seq, State::Parsing, 99)).collect();
        let told = watch.look(start, &Progress::default(), Some(&View { parsing: 30, requests: many, ..view }), false);
        assert_eq!((told.len(), told[NAMED].as_str()), (NAMED + 1, "and 25 more requests that do not move"));
    }

    #[test]
    fn moving_again_makes_it_silent_and_ready_to_speak_again() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut watch = Watchdog::new(start);
        let view = View { hold: Some(Hold::Reader), ..View::default() };
        let done = |finished| Progress { finished, ..Progress::default() };
        assert_eq!(watch.look(at(61), &done(0), Some(&view), false).len(), 1);
        assert!(watch.look(at(70), &done(1), Some(&view), false).is_empty());
        assert!(watch.look(at(120), &done(1), Some(&view), false).is_empty());
        assert_eq!(watch.look(at(131), &done(1), Some(&view), false).len(), 1);
        let told = watch.look(at(400), &done(2), None, true);
        assert!(told.is_empty(), "it has just moved");
        assert!(watch.look(at(500), &done(2), None, true)[0].contains("the outputs"));
        // Between two rounds of a watch there is no engine, and that is no end.
        assert!(Watchdog::new(start).look(at(900), &done(0), None, false).is_empty());
    }
}
