//! Progress on stderr while a run is under way: a bar, plain lines, or JSON.
//!
//! A thread of its own asks how far the run is. Must not know records.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use fetchall::{
    engine::Progress,
    model::units::{human_duration, human_size},
    report::Summary,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{flags::ProgressArg, terminal::Voice, tui};

/// What the records say in sum, so far.
pub type Tally = Arc<Mutex<Summary>>;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A bar that repaints itself.
    Bar,
    /// A line every 10 s.
    Plain,
    /// A JSON object every second, and one at the end.
    Json,
    /// The whole screen.
    Tui,
    /// Nothing.
    None,
}

/// What the style depends on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stage {
    /// Only errors are wanted.
    pub quiet: bool,
    /// stderr is a terminal that can repaint.
    pub can_repaint: bool,
    /// Records appear on the same terminal.
    pub records_on_terminal: bool,
    /// Records go to another program, whose own output may appear there.
    pub records_on_pipe: bool,
}

/// The style: what was asked for, where it can be had. Records that run over a terminal are
/// progress enough, and a bar between them would tear lines.
pub fn style(asked: ProgressArg, stage: Stage) -> Style {
    let bar_fits = stage.can_repaint && !stage.records_on_terminal;
    match asked {
        _ if stage.quiet => Style::None,
        ProgressArg::None => Style::None,
        ProgressArg::Json => Style::Json,
        ProgressArg::Plain => Style::Plain,
        ProgressArg::Tui => Style::Tui,
        ProgressArg::Bar if bar_fits => Style::Bar,
        ProgressArg::Auto if bar_fits && !stage.records_on_pipe => Style::Bar,
        ProgressArg::Auto if stage.records_on_terminal => Style::None,
        ProgressArg::Bar | ProgressArg::Auto => Style::Plain,
    }
}

/// Refuses a way of showing that needs what is not there, before anything is sent.
///
/// # Errors
/// What it needs, in a sentence.
pub fn check(asked: Option<ProgressArg>, stage: Stage) -> anyhow::Result<()> {
    match asked {
        Some(ProgressArg::Tui) => tui::check(stage).map_err(anyhow::Error::msg),
        _ => Ok(()),
    }
}

/// Progress that is being shown.
pub struct Shown {
    stop: mpsc::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Shown {
    /// What `thread` shows until it hears from `stop` no more.
    pub fn new(stop: mpsc::Sender<()>, thread: thread::JoinHandle<()>) -> Self {
        Shown { stop, thread }
    }

    /// Takes it off the screen.
    pub fn end(self) {
        drop(self.stop);
        // A panic there was told by its hook, and the run does not depend on it.
        drop(self.thread.join());
    }
}

/// Starts showing what `ask` tells; without a thread to spare, nothing is shown.
pub fn show(style: Style, ask: impl Fn() -> Progress + Send + 'static, voice: &Voice) -> Option<Shown> {
    let (stop, stopped) = mpsc::channel();
    let voice = voice.clone();
    let began = Instant::now();
    let body: Box<dyn FnOnce() + Send> = match style {
        // The screen shows more than how far it is: `tui::show`.
        Style::None | Style::Tui => return None,
        Style::Bar => Box::new(move || bar(&ask, &voice, &stopped)),
        Style::Plain => Box::new(move || {
            every(Duration::from_secs(10), &stopped, |_| voice.line(&plain(began.elapsed(), &ask())));
        }),
        Style::Json => Box::new(move || {
            every(Duration::from_secs(1), &stopped, |_| voice.raw(&json(began.elapsed(), &ask())));
            voice.raw(&json(began.elapsed(), &ask()));
        }),
    };
    let thread = thread::Builder::new().name("progress".to_owned()).spawn(body).ok()?;
    Some(Shown { stop, thread })
}

/// Calls `tick` each `period` until the other end of the channel is gone.
fn every(period: Duration, stopped: &mpsc::Receiver<()>, mut tick: impl FnMut(u64)) {
    let mut count = 0;
    while stopped.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
        count += 1;
        tick(count);
    }
}

fn bar(ask: &dyn Fn() -> Progress, voice: &Voice, stopped: &mpsc::Receiver<()>) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    let unknown = ProgressStyle::with_template("{spinner} [{elapsed}] {wide_msg}");
    let known = ProgressStyle::with_template("{bar:24} {percent:>3}% [{elapsed}] {wide_msg}");
    let (Ok(unknown), Ok(known)) = (unknown, known) else { return };
    bar.set_style(unknown);
    voice.set_bar(Some(bar.clone()));
    let mut known = Some(known);
    let began = Instant::now();
    every(Duration::from_millis(100), stopped, |_| {
        let now = ask();
        if let Some(style) = known.take_if(|_| now.source_dry > 0) {
            bar.set_style(style);
        }
        if now.source_dry > 0 {
            bar.set_length(now.read);
        }
        bar.set_position(now.finished);
        bar.set_message(status(began.elapsed(), &now));
        bar.tick();
    });
    voice.set_bar(None);
    bar.finish_and_clear();
}

fn status(elapsed: Duration, now: &Progress) -> String {
    let failed = if now.failed > 0 { format!(", {} failed", now.failed) } else { String::new() };
    let pace = now.finished as f64 / elapsed.as_secs_f64().max(0.1);
    format!(
        "{} of {}{} done{failed} | {} in flight, {} waiting | {pace:.0}/s, {}",
        now.finished,
        now.read,
        if now.source_dry > 0 { "" } else { "+" },
        now.in_flight,
        now.waiting,
        human_size(now.wire_bytes),
    )
}

fn plain(elapsed: Duration, now: &Progress) -> String {
    format!("{}: {}", human_duration(elapsed), status(elapsed, now))
}

fn json(elapsed: Duration, now: &Progress) -> String {
    serde_json::json!({
        "elapsed_ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        "read": now.read,
        "finished": now.finished,
        "ok": now.ok,
        "failed": now.failed,
        "skipped": now.skipped,
        "in_flight": now.in_flight,
        "waiting": now.waiting,
        "retries": now.retries,
        "wire_bytes": now.wire_bytes,
        "source_dry": now.source_dry > 0,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_drawn_only_where_it_stands_alone_on_a_terminal() {
        let alone = Stage { can_repaint: true, ..Stage::default() };
        let shared = Stage { can_repaint: true, records_on_terminal: true, ..Stage::default() };
        let pipe = Stage::default();
        let quiet = Stage { quiet: true, ..alone };
        for (asked, stage, expected) in [
            (ProgressArg::Auto, alone, Style::Bar),
            (ProgressArg::Auto, shared, Style::None),
            (ProgressArg::Auto, pipe, Style::Plain),
            (ProgressArg::Bar, alone, Style::Bar),
            (ProgressArg::Bar, shared, Style::Plain),
            (ProgressArg::Bar, pipe, Style::Plain),
            (ProgressArg::Json, shared, Style::Json),
            (ProgressArg::None, alone, Style::None),
            (ProgressArg::Json, quiet, Style::None),
        ] {
            assert_eq!(style(asked, stage), expected, "{asked:?} {stage:?}");
        }
    }

    #[test]
    fn a_line_says_how_far_it_is() {
        let now =
            Progress { read: 50, finished: 20, ok: 18, failed: 2, in_flight: 8, waiting: 22, ..Progress::default() };
        assert_eq!(
            plain(Duration::from_secs(10), &now),
            "10.00 s: 20 of 50+ done, 2 failed | 8 in flight, 22 waiting | 2/s, 0 B"
        );
        let json: serde_json::Value = serde_json::from_str(&json(Duration::from_secs(1), &now)).unwrap();
        assert_eq!((&json["finished"], &json["source_dry"]), (&20.into(), &false.into()));
    }
}
