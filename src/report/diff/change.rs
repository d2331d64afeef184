//! The comparison of two records about the same: pure.

use std::time::Duration;

use serde::Serialize;

/// How something was or is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// It did not count against the exit status.
    pub ok: bool,
    /// Status of the last response.
    pub status: Option<u16>,
    /// Code of the error, or the rule of a finding.
    pub code: Option<Box<str>>,
    /// The error's sentence.
    pub message: Option<Box<str>>,
    /// Digest of the decoded body, if there was one.
    pub content: Option<u128>,
    /// Digest of the redirects and of where they ended.
    pub way: Option<u128>,
    /// Time of the exchange in microseconds, if it was made.
    pub micros: Option<u64>,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was well and is not.
    Broke,
    /// It was not well and is.
    Healed,
    /// It was not well and is not, for another reason.
    Reason,
    /// It answers with another status, well as before.
    Status,
    /// Another body.
    Content,
    /// Other redirects, or another end of them.
    Redirect,
    /// It takes longer.
    Slower,
    /// It was not in the old run.
    New,
    /// It is not in the new run.
    Gone,
}

impl Change {
    /// All of them, the weightiest first.
    pub const ALL: [Change; 9] = [
        Change::Broke,
        Change::Healed,
        Change::Reason,
        Change::Status,
        Change::Content,
        Change::Redirect,
        Change::Slower,
        Change::New,
        Change::Gone,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Change::Broke => "broke",
            Change::Healed => "healed",
            Change::Reason => "reason",
            Change::Status => "status",
            Change::Content => "content",
            Change::Redirect => "redirect",
            Change::Slower => "slower",
            Change::New => "new",
            Change::Gone => "gone",
        }
    }
}

/// From when on something is called slower: so many times the old time, and so much more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slower {
    /// Times the old time.
    pub factor: f64,
    /// Longer by at least this: what takes a few milliseconds varies by more than its own length.
    pub by: Duration,
}

impl Default for Slower {
    fn default() -> Self {
        Slower { factor: 2.0, by: Duration::from_millis(250) }
    }
}

/// What changed with something, and how it was and is; `None` where it was not or is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// What it is about.
    pub about: String,
    /// What changed, the weightiest first.
    pub changes: Vec<Change>,
    /// How it was.
    pub old: Option<Facts>,
    /// How it is.
    pub new: Option<Facts>,
}

/// What changed from `old` to `new`, the weightiest first. Bodies and times of what is not well are not
/// compared: they say what the reason says.
pub fn compare(old: &Facts, new: &Facts, slower: Slower) -> Vec<Change> {
    match (old.ok, new.ok) {
        (true, false) => return vec![Change::Broke],
        (false, true) => return vec![Change::Healed],
        (false, false) if (&old.code, old.status) == (&new.code, new.status) => return Vec::new(),
        (false, false) => return vec![Change::Reason],
        (true, true) => {}
    }
    let differs = |old: Option<u128>, new: Option<u128>| old.zip(new).is_some_and(|(old, new)| old != new);
    let is_slower = old.micros.zip(new.micros).is_some_and(|(old, new)| {
        let by = u64::try_from(slower.by.as_micros()).unwrap_or(u64::MAX);
        new as f64 > old as f64 * slower.factor && new.saturating_sub(old) >= by
    });
    [
        (old.status != new.status, Change::Status),
        (differs(old.content, new.content), Change::Content),
        (differs(old.way, new.way), Change::Redirect),
        (is_slower, Change::Slower),
    ]
    .into_iter()
    .filter_map(|(holds, change)| holds.then_some(change))
    .collect()
}
