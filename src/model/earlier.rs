//! What an earlier run knew of a request, and what became of it since. Plain values.

use http::{
    HeaderName, HeaderValue,
    header::{IF_MODIFIED_SINCE, IF_NONE_MATCH},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::rows::Outcome;

/// What an earlier run knew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// The answer that it took, if it had one that it took.
    pub answer: Option<Box<EarlierAnswer>>,
}

/// An answer that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EarlierAnswer {
    /// SHA-256 of the decoded body, hex.
    pub sha256: Option<Box<str>>,
    /// `ETag`, as received.
    pub etag: Option<Box<str>>,
    /// `Last-Modified`, as received.
    pub last_modified: Option<Box<str>>,
}

/// What became of a page since an earlier run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    /// It was not there, or did not answer well.
    New,
    /// Its body is another.
    Changed,
    /// Its body is the same, or the server says so (304).
    Unchanged,
    /// It was there, and is not any more (404, 410).
    Gone,
}

impl EarlierAnswer {
    /// The fields that ask for the body only if it has changed (RFC 9110, section 13.1).
    pub fn conditions(&self) -> Vec<(HeaderName, HeaderValue)> {
        let field = |name, value: &Option<Box<str>>| Some((name, HeaderValue::from_str(value.as_deref()?).ok()?));
        [field(IF_NONE_MATCH, &self.etag), field(IF_MODIFIED_SINCE, &self.last_modified)]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl Earlier {
    /// What became of it; `None` where that cannot be told.
    pub fn turn(&self, outcome: Outcome, status: Option<u16>, sha256: Option<&str>) -> Option<Turn> {
        match (&self.answer, outcome) {
            (None, Outcome::Ok) => Some(Turn::New),
            (Some(_), Outcome::Ok) if status == Some(304) => Some(Turn::Unchanged),
            (Some(before), Outcome::Ok) => match (before.sha256.as_deref(), sha256) {
                (Some(before), Some(now)) if before == now => Some(Turn::Unchanged),
                (Some(_), Some(_)) => Some(Turn::Changed),
                _ => None,
            },
            (Some(_), Outcome::HttpError) if matches!(status, Some(404 | 410)) => Some(Turn::Gone),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_a_page_is_told_by_status_and_digest() {
        let known = |sha: Option<&str>| Earlier {
            answer: Some(Box::new(EarlierAnswer { sha256: sha.map(Into::into), ..EarlierAnswer::default() })),
        };
        for (earlier, outcome, status, sha, want) in [
            (Earlier::default(), Outcome::Ok, 200, Some("a"), Some(Turn::New)),
            (Earlier::default(), Outcome::HttpError, 404, None, None),
            (known(Some("a")), Outcome::Ok, 304, None, Some(Turn::Unchanged)),
            (known(Some("a")), Outcome::Ok, 200, Some("a"), Some(Turn::Unchanged)),
            (known(Some("a")), Outcome::Ok, 200, Some("b"), Some(Turn::Changed)),
            (known(None), Outcome::Ok, 200, Some("b"), None),
            (known(Some("a")), Outcome::HttpError, 404, None, Some(Turn::Gone)),
            (known(Some("a")), Outcome::HttpError, 410, None, Some(Turn::Gone)),
            (known(Some("a")), Outcome::HttpError, 500, None, None),
            (known(Some("a")), Outcome::Error, 0, None, None),
        ] {
            assert_eq!(earlier.turn(outcome, Some(status), sha), want, "{outcome:?} {status} {sha:?}");
        }
    }
}
