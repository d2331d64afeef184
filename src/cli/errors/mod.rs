//! `--report-errors DSN`: panics of this program, sent to an address of Sentry or its kin, on request only.
//!
//! A report says where the program broke, which command and version it was, and on what system. A message that
//! was put together at run time may hold what a page said, so only fixed texts are sent; no URL, no field, no
//! argument. Must not know why anything broke.

mod dsn;

use std::{
    panic::PanicHookInfo,
    sync::{Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use fetchall::model::units::rfc3339;
use http::{HeaderName, HeaderValue, header};
use serde_json::{Value, json};

pub use self::dsn::Dsn;
use super::{courier::Courier, terminal::Voice};

/// Panics that are reported of one run: those after them follow from them, most likely.
const MOST: usize = 5;

/// Where reports go, and which command it was, once somebody has asked for them.
static ADDRESS: OnceLock<(Dsn, &'static str)> = OnceLock::new();
/// What has broken so far.
static BROKEN: Mutex<Vec<Breakage>> = Mutex::new(Vec::new());

/// Where the program broke.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Breakage {
    /// The message, if it is a fixed text.
    says: Option<&'static str>,
    file: String,
    line: u32,
    column: u32,
    at: SystemTime,
}

/// From now on what breaks is reported there.
pub fn begin(dsn: &Dsn, command: &'static str) {
    ADDRESS.get_or_init(|| (dsn.clone(), command));
}

/// Notes a panic; called from the hook, so it does next to nothing.
pub fn note(panic: &PanicHookInfo<'_>) {
    if ADDRESS.get().is_none() {
        return;
    }
    let says = panic.payload().downcast_ref::<&'static str>().copied();
    let (file, line, column) =
        panic.location().map_or_else(Default::default, |at| (inside(at.file()), at.line(), at.column()));
    let mut broken = BROKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let is_known = broken.iter().any(|other| (&other.file, other.line) == (&file, line));
    if broken.len() < MOST && !is_known {
        broken.push(Breakage { says, file, line, column, at: SystemTime::now() });
    }
}

/// Sends what was noted, and says so.
pub fn send(voice: &Voice) {
    let Some((dsn, command)) = ADDRESS.get() else { return };
    let broken = std::mem::take(&mut *BROKEN.lock().unwrap_or_else(PoisonError::into_inner));
    if broken.is_empty() {
        return;
    }
    let sent = Courier::new().map_err(|error| error.to_string()).and_then(|courier| {
        broken.iter().try_for_each(|one| courier.deliver(dsn.envelopes(), &headers(dsn), envelope(one, command)))
    });
    match sent {
        Ok(()) => voice.line(&format!("the bug was reported to {}", dsn.host())),
        Err(why) => voice.error(&format!("the bug could not be reported to {}: {why}", dsn.host())),
    }
}

/// The path of a source file from its package on: what is before that tells of the machine that built it.
fn inside(file: &str) -> String {
    let file = file.replace('\\', "/");
    match file.rfind("/src/") {
        Some(at) => file[file[..at].rfind('/').map_or(0, |slash| slash + 1)..].to_owned(),
        None if file.starts_with("src/") => file,
        None => file.rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

fn headers(dsn: &Dsn) -> Vec<(HeaderName, HeaderValue)> {
    let client = concat!("fetchall/", env!("CARGO_PKG_VERSION"));
    let auth = format!("Sentry sentry_version=7, sentry_client={client}, sentry_key={}", dsn.key());
    let auth = HeaderValue::try_from(auth).ok().map(|auth| (HeaderName::from_static("x-sentry-auth"), auth));
    let kind = HeaderValue::from_static("application/x-sentry-envelope");
    auth.into_iter().chain([(header::CONTENT_TYPE, kind)]).collect()
}

/// An envelope with one event: its own line, the event's, the event.
fn envelope(broken: &Breakage, command: &str) -> Vec<u8> {
    let id = format!("{:032x}", fastrand::u128(..));
    let event = event(broken, command, &id).to_string();
    let head = json!({ "event_id": id, "sent_at": rfc3339(SystemTime::now()) });
    let item = json!({ "type": "event", "length": event.len() });
    format!("{head}\n{item}\n{event}\n").into_bytes()
}

fn event(broken: &Breakage, command: &str, id: &str) -> Value {
    let frame = json!({
        "filename": broken.file, "lineno": broken.line, "colno": broken.column,
        "in_app": broken.file.starts_with("src/"),
    });
    json!({
        "event_id": id,
        "timestamp": rfc3339(broken.at),
        "platform": "native",
        "level": "fatal",
        "release": concat!("fetchall@", env!("CARGO_PKG_VERSION")),
        "tags": {
            "code": "internal.panic",
            "command": command,
            "os": std::env::consts::OS,
            "arch": std::env::consts::ARCH,
        },
        "exception": { "values": [{
            "type": "panic",
            "value": broken.says.unwrap_or("(the message was put together at run time and is not sent)"),
            "mechanism": { "type": "panic", "handled": false },
            "stacktrace": { "frames": [frame] },
        }] },
    })
}

#[cfg(test)]
mod tests;
