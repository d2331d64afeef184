//! A page from an archive becomes a page like any other. Must not know archives beyond one page of them.

use bytes::Bytes;
use http::header;
use url::Url;

use super::document::{Charset, Found};
use crate::{
    model::{Code, Failure, record},
    source::{
        saved::{self, Facts, Kept},
        warc::page::Stored,
    },
};

/// The page, with what the archive says of it.
pub(super) fn found(mut stored: Stored) -> Found {
    let content_type = stored.field(header::CONTENT_TYPE);
    let (media_type, charset) = content_type.as_deref().map(record::content_type).unwrap_or_default();
    let facts = Facts {
        status: stored.status,
        content_type: media_type,
        charset,
        etag: stored.field(header::ETAG),
        last_modified: stored.field(header::LAST_MODIFIED),
        started_at: stored.date.take(),
        ..Facts::default()
    };
    let body = stored.content().map(Bytes::from).map_err(|why| Failure::new(Code::IoRead, why));
    let url = Url::parse(&stored.url).ok();
    let shown = url.as_ref().map(crate::model::redact::url);
    let kept = Kept {
        input: stored.url.into(),
        url: shown.clone(),
        final_url: shown,
        method: stored.status.map(|_| "GET".to_owned()),
        facts,
        ..Kept::default()
    };
    let lacks_nothing = saved::is_bodiless(kept.facts.status, kept.method.as_deref());
    Found { kept, url, body, content_type, charset: Charset::Read, lacks_nothing }
}
