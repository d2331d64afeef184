//! What came back for one request of a login, taken out of its record.
//!
//! Must not know forms.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use url::Url;

use super::{LoginError, without_query};
use crate::{
    model::{Failure, Record, record::Outcome},
    page::Input,
    policy::redirect,
};

/// An answer, whether it is a welcome one or not.
pub(super) struct Landing {
    pub(super) url: Arc<Url>,
    pub(super) status: u16,
    /// Statuses of the redirects that led here, then that of the answer.
    pub(super) statuses: Vec<u16>,
    /// Values of `Location`, as received.
    locations: Vec<HeaderValue>,
    content_type: Option<String>,
    body: Bytes,
}

impl Landing {
    /// The answer in a record; `what` is for the error when there is none.
    pub(super) fn of(record: Option<Record>, what: &str) -> Result<Landing, LoginError> {
        let gone = || LoginError::new(format!("{what}: the request was given up"));
        let record = record.ok_or_else(gone)?;
        let told = |record: &Record| {
            let why = record.error.as_ref().map(|error| error.message.clone());
            let why = why.or(record.skip.as_ref().map(|skip| skip.message.clone())).unwrap_or_default();
            LoginError::new(format!("{what}: {why}"))
        };
        if matches!(record.outcome, Outcome::Error | Outcome::Skipped) {
            return Err(told(&record));
        }
        let mut fields = record.headers.iter().flatten();
        let content_type =
            fields.find(|(key, _)| key == "content-type").and_then(|(_, values)| values.first()).cloned();
        let mut statuses: Vec<u16> = record.redirects.iter().map(|hop| hop.status).collect();
        let sighting = record.sighting.as_deref();
        let url = sighting.and_then(|sighting| sighting.url.clone());
        let (Some(status), Some(url)) = (record.status, url) else { return Err(told(&record)) };
        let body = sighting.and_then(|sighting| sighting.body.clone()).unwrap_or_default();
        let locations = sighting.map(|sighting| sighting.locations.clone()).unwrap_or_default();
        statuses.push(status);
        Ok(Landing { url, status, statuses, locations, content_type, body })
    }

    /// Where a redirect leads, as it is written; `None` if this is none, or does not say.
    pub(super) fn location(&self) -> Result<Option<String>, Failure> {
        if !redirect::is_followed(self.status) {
            return Ok(None);
        }
        redirect::location_of(self.status, &self.locations)
    }

    /// The page, to be read.
    pub(super) fn input(&self) -> Input {
        Input { body: self.body.clone(), content_type: self.content_type.clone(), url: Some(Arc::clone(&self.url)) }
    }

    /// The answer in words: `403 Forbidden`.
    pub(super) fn line(&self) -> String {
        let reason = http::StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        reason.map_or_else(|| format!("status {}", self.status), |reason| format!("{} {reason}", self.status))
    }

    /// Where it came from, as it is told.
    pub(super) fn place(&self) -> String {
        without_query(&self.url)
    }
}
