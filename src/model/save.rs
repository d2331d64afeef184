//! How the body of one request is to be saved as a file. Must not know files.

use std::{fmt, sync::Arc};

use url::Url;

use super::{Exchange, units::StatusSet};

/// What tells one request from the others of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToldBy {
    /// Its URL.
    #[default]
    Url,
    /// Its URL and its position: the same URL may be asked for again, or otherwise.
    Seq,
}

/// What becomes of a file that was there before the run, where names do not tell all URLs apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// It is replaced.
    #[default]
    Replace,
    /// It is kept: an earlier part of the same run may have saved another URL there.
    Keep,
}

/// Whether a complete response is to be kept.
type Judge = dyn Fn(&Exchange) -> bool + Send + Sync;

/// How a body is to be saved.
#[derive(Clone)]
pub struct SaveAs {
    /// What was asked for first, normalised: what the name derives from.
    pub url: Arc<Url>,
    /// Position of the request in the input.
    pub seq: u64,
    /// What tells it from the others.
    pub told_by: ToldBy,
    /// Statuses of responses that are saved.
    pub accept: StatusSet,
    /// Decides instead of the status, once the body is there.
    pub judge: Option<Arc<Judge>>,
    /// Largest body, in bytes.
    pub most: u64,
    /// What becomes of files that are there.
    pub existing: Existing,
}

impl SaveAs {
    /// Whether a response with this status may be one that is saved.
    pub fn may_keep(&self, status: u16) -> bool {
        self.judge.is_some() || self.accept.contains(status)
    }

    /// Whether a response whose body is there is saved.
    pub fn keeps(&self, exchange: &Exchange) -> bool {
        match &self.judge {
            Some(judge) => judge(exchange),
            None => exchange.status().is_some_and(|status| self.accept.contains(status)),
        }
    }
}

impl fmt::Debug for SaveAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SaveAs").field("url", &self.url.as_str()).field("seq", &self.seq).finish_non_exhaustive()
    }
}
