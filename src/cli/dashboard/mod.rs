//! `--dashboard ADDR`: a run in a browser while it goes on.
//!
//! A server beside the run gives out the page of a report, which then gets rows as they come. It lives as long as the
//! run; a page that was open stays whole behind that. Must not know what is in a page.

mod board;
mod door;
mod events;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use fetchall::{
    model::{Finding, Record},
    report::html::{About, Setting},
    sink::{Sink, SinkError},
};
use futures::future::{BoxFuture, ready};
use http::{HeaderValue, Request, StatusCode, header};
use hyper::body::Incoming;

use self::{
    board::Board,
    door::{Door, Verdict},
};
use super::{
    commands::pages::Spool,
    side_server::{self, Answer, Side, typed, whole},
    terminal::Voice,
};

/// How long viewers have at the end of a run to get what they do not have yet.
const GRACE: Duration = Duration::from_secs(2);
/// Bytes of a token: nobody guesses so many.
const TOKEN: usize = 16;

/// A run that is shown.
pub struct Dashboard {
    board: Arc<Board>,
    side: Side,
}

impl Dashboard {
    /// Listens where the flag says, and says where that is; `None` without the flag.
    ///
    /// # Errors
    /// The address cannot be had, or nothing can be kept for it. Nothing was sent then.
    pub fn of(
        command: &str,
        address: Option<SocketAddr>,
        settings: &[Setting],
        voice: &Voice,
    ) -> anyhow::Result<Option<Dashboard>> {
        let Some(asked) = address else { return Ok(None) };
        let listening = side_server::listen("--dashboard", asked)?;
        let address = listening.address();
        let door = Door::of(address, token).context("--dashboard: there is no chance to be had for a token")?;
        let spool = Spool::beside(&std::env::temp_dir().join("fetchall-dashboard"));
        let spool = spool.context("--dashboard: cannot keep rows among temporary files")?;
        let about = About { command: command.to_owned(), settings: settings.to_vec(), ..About::default() };
        let board = Arc::new(Board::new(about, spool));
        // Without this line nobody knows the token, or the port.
        if !voice.is_quiet() || door.token().is_some() || asked.port() == 0 {
            let secret = door.token().map(|token| format!("?token={token}")).unwrap_or_default();
            voice.raw(&format!("dashboard: http://{address}/{secret}"));
        }
        let shown = Arc::clone(&board);
        let answering = Arc::new(move |request: &Request<Incoming>| answer(&door, &shown, request));
        let side = listening.serve("fetchall-dashboard", answering).context("--dashboard: cannot start its thread")?;
        Ok(Some(Dashboard { board, side }))
    }

    /// What takes the records.
    pub fn sink(&self) -> Box<dyn Sink> {
        Box::new(Shower(Arc::clone(&self.board)))
    }

    /// What takes checked links.
    pub fn shower(&self) -> impl Fn(&Finding) + Send + use<> {
        let board = Arc::clone(&self.board);
        move |finding| board.finding(finding)
    }

    /// The run is over, and took so long: whoever looks is told, with what is said about its end; the server ends.
    pub fn end(self, wall: Duration, notes: Vec<String>, voice: &Voice) {
        self.board.end(wall, notes);
        self.side.end(GRACE);
        if let Some(fault) = self.board.fault() {
            voice.line(&format!("--dashboard could not follow the run to its end: {fault}"));
        }
    }
}

/// Looks whether a dashboard goes with what else is wanted, before anything is sent.
///
/// # Errors
/// Why it does not.
pub fn check(address: Option<SocketAddr>, is_watch: bool) -> anyhow::Result<()> {
    if address.is_some() && is_watch {
        bail!("--dashboard shows one run, and --watch has many rounds");
    }
    Ok(())
}

/// Random hex that nobody guesses.
fn token() -> io::Result<String> {
    let mut bytes = [0; TOKEN];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn answer(door: &Door, board: &Arc<Board>, request: &Request<Incoming>) -> Answer {
    let mut answer = match door.judge(request.method(), request.uri(), request.headers()) {
        Verdict::Page => typed(whole(board.page()), "text/html; charset=utf-8"),
        Verdict::Events(last) => typed(events::body(Arc::clone(board), last.as_deref()), "text/event-stream"),
        Verdict::Welcome => {
            let mut answer = typed(whole(""), "text/plain");
            *answer.status_mut() = StatusCode::SEE_OTHER;
            answer.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/"));
            // Hex and a number make a field.
            if let Ok(cookie) = HeaderValue::from_str(&door.cookie()) {
                answer.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            answer
        }
        Verdict::Refused(status, why) => {
            let mut answer = typed(whole(format!("{why}\n")), "text/plain; charset=utf-8");
            *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
            if status == 405 {
                answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
            }
            answer
        }
    };
    for (name, value) in GUARDS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Fields of every answer. What the page may run and load stands in the page itself.
const GUARDS: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    ("content-security-policy", "frame-ancestors 'none'"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

/// Puts records on the board; never fails and waits for nobody.
struct Shower(Arc<Board>);

impl Sink for Shower {
    fn write<'a>(&'a mut self, batch: &'a [Record]) -> BoxFuture<'a, Result<(), SinkError>> {
        self.0.records(batch);
        Box::pin(ready(Ok(())))
    }

    fn flush(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(ready(Ok(())))
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(ready(Ok(())))
    }
}
