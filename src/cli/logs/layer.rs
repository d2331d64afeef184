//! Who is listened to, and how weighty it has to be.
//!
//! Our own rooms up to the level that was asked for; at `trace` some libraries too: those whose events show
//! neither fields nor bodies. Spans are nobody's business here. Must not know where lines go.

use std::time::SystemTime;

use tracing::{Event, Level, Metadata, Subscriber, level_filters::LevelFilter, subscriber::Interest};
use tracing_subscriber::{Layer, layer::Context};

use super::{
    line::{About, Form, Said, is_ours},
    post::Post,
};

/// Libraries that are listened to at `trace`. Others may show what a page or a statement says.
const LIBRARIES: [&str; 5] = ["h2", "hyper", "hyper_util", "reqwest", "rustls"];

/// Makes lines of events.
#[derive(Clone, Debug)]
pub struct Lines {
    level: Level,
    form: Form,
    post: Post,
}

impl Lines {
    /// Up to this level, in this form, into this post.
    pub fn new(level: Level, form: Form, post: Post) -> Self {
        Lines { level, form, post }
    }

    fn wants(&self, target: &str, level: &Level) -> bool {
        match is_ours(target) {
            true => *level <= self.level,
            false => self.level == Level::TRACE && is_known(target),
        }
    }

    fn tell(&self, said: Said, level: Level, target: &str) {
        self.post.put(said.line(About { at: SystemTime::now(), level, target }, self.form));
    }
}

fn is_known(target: &str) -> bool {
    target.split("::").next().is_some_and(|library| LIBRARIES.contains(&library))
}

impl<S: Subscriber> Layer<S> for Lines {
    fn register_callsite(&self, about: &'static Metadata<'static>) -> Interest {
        // A question whether something is told is no event, and is answered in the same way.
        match !about.is_span() && self.wants(about.target(), about.level()) {
            true => Interest::always(),
            false => Interest::never(),
        }
    }

    fn enabled(&self, about: &Metadata<'_>, _: Context<'_, S>) -> bool {
        !about.is_span() && self.wants(about.target(), about.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level.into())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        self.tell(said, *event.metadata().level(), event.metadata().target());
    }
}

/// Libraries that tell what they do in another way (`log`).
#[derive(Debug)]
pub struct Libraries(Lines);

impl Libraries {
    /// Into the same lines.
    pub fn new(lines: Lines) -> Self {
        Libraries(lines)
    }
}

impl log::Log for Libraries {
    fn enabled(&self, about: &log::Metadata<'_>) -> bool {
        is_known(about.target())
    }

    fn log(&self, record: &log::Record<'_>) {
        if !is_known(record.target()) {
            return;
        }
        let level = match record.level() {
            log::Level::Error => Level::ERROR,
            log::Level::Warn => Level::WARN,
            log::Level::Info => Level::INFO,
            log::Level::Debug => Level::DEBUG,
            log::Level::Trace => Level::TRACE,
        };
        self.0.tell(Said::words(record.args()), level, record.target());
    }

    fn flush(&self) {}
}
