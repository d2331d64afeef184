//! What a behaviour is, and how one is written in a few lines.

use std::{fmt, io, sync::Arc, time::Duration};

use futures::{FutureExt as _, future::BoxFuture};
use serde_json::{Value, json};

use super::{
    port::{Ask, Seen, Stream},
    secs,
    steps::Step,
    tale::{Before, Told},
    tls::Tls,
};

/// Where it happens.
#[derive(Clone, Debug)]
pub enum Door {
    /// After a request was read, on plain TCP.
    Plain,
    /// After a request was read, within TLS.
    Tls(Tls),
    /// As soon as a connection is there, before any byte was read.
    Accept,
    /// The same, and https is asked for: TLS by hand.
    Hello,
    /// As soon as the TLS handshake is through: HTTP/2 by hand, for example.
    Handshake(Tls),
    /// Nobody listens.
    Closed,
}

/// With which command and flags it is tried; all of a set can share one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Set {
    /// `fetchall fetch`.
    Fetch,
    /// `fetchall fetch --robots obey`.
    Robots,
    /// `fetchall fetch --cookies on`.
    Cookies,
    /// `fetchall fetch --save DIR`.
    Save,
    /// `fetchall crawl`, the behaviour's URL being the seed.
    Crawl,
    /// `fetchall check`, the behaviour's URL being a page.
    Check,
}

/// More that must hold of the record, given what the server saw; an error says what does not.
pub type Check = fn(&Value, &Seen) -> Result<(), String>;

/// What an honest record says.
#[derive(Clone, Debug)]
pub struct Expect {
    /// `ok`, `http_error`, `error` or `skipped`.
    pub outcome: &'static str,
    /// The status, where there is one to be told.
    pub status: Option<u16>,
    /// Any of these is right as `error.code` or `skip.code`; none: there is neither.
    pub codes: &'static [&'static str],
    /// The record is there after that long, counted from the start of a run of its own.
    pub within: Duration,
    /// JSON pointers into the record, and the values there.
    pub also: Vec<(&'static str, Value)>,
    pub check: Option<Check>,
}

type Reply = dyn Fn(&Ask) -> Vec<Step> + Send + Sync;
type Talk = dyn Fn(Stream, Arc<super::port::Shared>) -> BoxFuture<'static, io::Result<()>> + Send + Sync;

#[derive(Clone)]
pub(crate) enum Script {
    Reply(Arc<Reply>),
    Talk(Arc<Talk>),
}

/// One way to misbehave.
#[derive(Clone)]
pub struct Behaviour {
    /// Unique, in kebab case.
    pub name: &'static str,
    /// The heading of docs/hostile.md that it stands under.
    pub group: &'static str,
    /// What the server does, one sentence.
    pub does: &'static str,
    pub door: Door,
    pub set: Set,
    /// What is asked for: `/` and more.
    pub path: &'static str,
    /// More keys of the request, as in JSON Lines.
    pub request: Value,
    /// More flags of a run of its own.
    pub flags: &'static [&'static str],
    pub expect: Expect,
    /// More that must hold of a run of its own; such a behaviour shares its run with no other.
    pub tale: Option<Told>,
    /// What is planted in the folder of such a run.
    pub before: Option<Before>,
    /// Time runs out on the way.
    waits: bool,
    pub(crate) script: Script,
}

impl fmt::Debug for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Behaviour").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Behaviour {
    /// After a request on plain TCP: these steps. Paths are its own but for `/neighbour`, and
    /// `/robots.txt` unless it is of [`Set::Robots`] or [`Set::Crawl`].
    pub fn plain(
        name: &'static str,
        does: &'static str,
        reply: impl Fn(&Ask) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, does, Door::Plain, Script::Reply(Arc::new(reply)))
    }

    /// The same within TLS.
    pub fn tls(
        name: &'static str,
        does: &'static str,
        tls: impl Into<Tls>,
        reply: impl Fn(&Ask) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, does, Door::Tls(tls.into()), Script::Reply(Arc::new(reply)))
    }

    /// As soon as a TCP connection is there.
    pub fn accept<F>(
        name: &'static str,
        does: &'static str,
        talk: impl Fn(Stream, Arc<super::port::Shared>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let talk = move |stream, shared| talk(stream, shared).boxed();
        Self::new(name, does, Door::Accept, Script::Talk(Arc::new(talk)))
    }

    /// As soon as a TCP connection is there, on which the client wants TLS.
    pub fn hello<F>(
        name: &'static str,
        does: &'static str,
        talk: impl Fn(Stream, Arc<super::port::Shared>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let talk = move |stream, shared| talk(stream, shared).boxed();
        Self::new(name, does, Door::Hello, Script::Talk(Arc::new(talk)))
    }

    /// As soon as the TLS handshake is through.
    pub fn handshake<F>(
        name: &'static str,
        does: &'static str,
        tls: impl Into<Tls>,
        talk: impl Fn(Stream, Arc<super::port::Shared>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let talk = move |stream, shared| talk(stream, shared).boxed();
        Self::new(name, does, Door::Handshake(tls.into()), Script::Talk(Arc::new(talk)))
    }

    /// A port where nobody listens.
    pub fn closed(name: &'static str, does: &'static str) -> Self {
        Self::new(name, does, Door::Closed, Script::Reply(Arc::new(|_| Vec::new())))
    }

    fn new(name: &'static str, does: &'static str, door: Door, script: Script) -> Self {
        let expect =
            Expect { outcome: "ok", status: Some(200), codes: &[], within: secs(2), also: Vec::new(), check: None };
        Behaviour {
            name,
            group: "",
            does,
            door,
            set: Set::Fetch,
            path: "/",
            request: json!({}),
            flags: &[],
            expect,
            tale: None,
            before: None,
            waits: false,
            script,
        }
    }

    /// The record is `ok` with that status (200 unless this is said).
    pub fn ok(mut self, status: u16) -> Self {
        (self.expect.outcome, self.expect.status, self.expect.codes) = ("ok", Some(status), &[]);
        self
    }

    /// A response whose status is not accepted.
    pub fn http_error(mut self, status: u16, code: &'static [&'static str]) -> Self {
        (self.expect.outcome, self.expect.status, self.expect.codes) = ("http_error", Some(status), code);
        self
    }

    /// No usable response: any of these codes. Whatever status the record tells is fine.
    pub fn fails(mut self, codes: &'static [&'static str]) -> Self {
        (self.expect.outcome, self.expect.status, self.expect.codes) = ("error", None, codes);
        self
    }

    /// Left out on purpose.
    pub fn skipped(mut self, codes: &'static [&'static str]) -> Self {
        (self.expect.outcome, self.expect.status, self.expect.codes) = ("skipped", None, codes);
        self
    }

    /// The record is there within that time (2 s unless this is said).
    pub fn within(mut self, time: Duration) -> Self {
        self.expect.within = time;
        self
    }

    /// The value at this JSON pointer of the record.
    pub fn has(mut self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.expect.also.push((pointer, value.into()));
        self
    }

    /// More that must hold.
    pub fn check(mut self, check: Check) -> Self {
        self.expect.check = Some(check);
        self
    }

    /// Asks for this path.
    pub fn at(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    /// One more key of the request, as in JSON Lines (`retries`, `method`, `body`, `select`, …).
    pub fn asking(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.request[key] = value.into();
        self
    }

    /// With which command it is tried ([`Set::Fetch`] unless this is said).
    pub fn with(mut self, set: Set) -> Self {
        self.set = set;
        self
    }

    /// More flags, in a run of its own.
    pub fn flags(mut self, flags: &'static [&'static str]) -> Self {
        self.flags = flags;
        self
    }

    /// More that must hold of a run of its own.
    pub fn tells(mut self, told: Told) -> Self {
        self.tale = Some(told);
        self
    }

    /// What is planted in the folder of its run.
    pub fn before(mut self, before: Before) -> Self {
        self.before = Some(before);
        self
    }

    /// Whether it needs a run of its own: what it tells of is more than its record, or its command
    /// makes many records of one URL.
    pub fn runs_alone(&self) -> bool {
        self.tale.is_some() || !self.flags.is_empty() || matches!(self.set, Set::Crawl | Set::Check)
    }

    /// Whether it is about time running out.
    pub fn is_about_time(&self) -> bool {
        self.waits || self.expect.codes.iter().any(|code| code.contains("timeout"))
    }

    /// Time runs out on the way, though the record does not say so.
    pub fn waits(mut self) -> Self {
        self.waits = true;
        self
    }

    /// Whether its connection is of no use when the record is there. HTTP/2 has other streams on it, and
    /// redirects that lead nowhere are whole answers.
    pub fn ends_its_connection(&self) -> bool {
        let is_whole = self.expect.codes.iter().all(|code| code.starts_with("redirect."));
        self.expect.outcome == "error" && !is_whole && !matches!(self.door, Door::Handshake(_))
    }

    /// Whether the port also has `/neighbour`, an ordinary page that must not suffer. Where the fault is one
    /// of TLS or of robots.txt, it concerns the whole port.
    pub fn has_neighbour(&self) -> bool {
        let is_of_tls = self.expect.codes.iter().any(|code| code.starts_with("tls."));
        matches!(self.door, Door::Plain | Door::Tls(_)) && !is_of_tls && matches!(self.set, Set::Fetch | Set::Save)
    }
}

/// The same group for all of them.
pub(super) fn group(name: &'static str, all: Vec<Behaviour>) -> Vec<Behaviour> {
    all.into_iter().map(|behaviour| Behaviour { group: name, ..behaviour }).collect()
}
