//! The public, versioned row: what users, scripts and schemas see.
//!
//! Made from a [`Visit`] in one place, [`Record::of`]; the order of the fields is the order of the
//! keys. Must not know formats (that is `sink`) or what counts towards an exit code beyond `ok`.

use std::{borrow::Cow, sync::Arc, time::Duration};

use base64::Engine as _;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::earlier::{Earlier, Turn};
pub use super::page_row::{LinkCounts, PageRow, schema as page_schema};
pub use super::rows::{
    AttemptRow, Error, Ms, Outcome, RecordKind, Redirect, Saved, SavedWarc, Skip, Timings, TlsRow, WatchRow, hex,
};
use super::{
    CacheUse, Capture, Captures, Code, Course, Ending, Exchange, Sighting, Step, Visit, Wait, redact, redact::MASK,
    units,
};

/// Version of the record; changes only when a key is removed, renamed or retyped.
pub const VERSION: u8 = 1;

/// Which heavy keys a record carries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heavy {
    /// `headers`.
    pub headers: bool,
    /// `body` or `body_base64`.
    pub body: bool,
    /// `tls`.
    pub tls: bool,
    /// `attempt_log`.
    pub attempts: bool,
}

/// One request in, exactly one of these out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Record {
    /// Version of the record, 1.
    pub v: u8,
    /// What kind of row.
    #[serde(rename = "type")]
    pub kind: RecordKind,
    /// Position of the request in the input, from 0.
    pub seq: u64,
    /// The input's own identifier, where it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub id: Option<Box<RawValue>>,
    /// False exactly when this record counts against the exit code.
    pub ok: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// The source text, with credentials cut.
    pub input: Box<str>,
    /// The URL asked for, normalised.
    pub url: Option<String>,
    /// The URL that answered.
    pub final_url: Option<String>,
    /// `host[:port]` that limits apply to.
    pub host: Option<String>,
    /// Request method asked for; a redirect may have turned it into GET.
    pub method: Option<String>,
    /// Status of the last response.
    pub status: Option<u16>,
    /// Why it is not `ok`.
    pub error: Option<Error>,
    /// Why it was left out.
    pub skip: Option<Skip>,
    /// First launch, RFC 3339, UTC, milliseconds.
    pub started_at: Option<String>,
    /// Tries made.
    pub attempts: u32,
    /// `1.0`, `1.1`, `2` or `3`.
    pub http_version: Option<&'static str>,
    /// Address of the peer (of the proxy, where one is used).
    pub ip: Option<String>,
    /// Media type, lower case, without parameters.
    pub content_type: Option<String>,
    /// Character encoding, lower case.
    pub charset: Option<String>,
    /// Length of the decoded body.
    pub bytes: Option<u64>,
    /// Length of the body as it crossed the network.
    pub wire_bytes: Option<u64>,
    /// SHA-256 of the decoded body, hex.
    pub sha256: Option<String>,
    /// `ETag`, as received.
    pub etag: Option<String>,
    /// `Last-Modified`, as received.
    pub last_modified: Option<String>,
    /// Title of the page, trimmed, at most 512 characters.
    pub title: Option<String>,
    /// Redirects that were followed, in order.
    pub redirects: Vec<Redirect>,
    /// Where the time went, in milliseconds.
    pub timings: Timings,
    /// Where the body was saved.
    pub saved: Option<Saved>,
    /// Handed through from the input.
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub tags: Option<Box<RawValue>>,
    /// What a crawl knows of it, in a record of type `page`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub page: Option<Box<PageRow>>,
    /// Length of the content that the request was to carry, where it had any; the content itself
    /// is not in the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_bytes: Option<u64>,
    /// What became of it since the earlier run (`--since FILE`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Turn>,
    /// Which round of `--watch D` it is of, and what changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<Box<WatchRow>>,
    /// What the cache had to do with the answer (`--cache DIR`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheUse>,
    /// The proxy that the last attempt went through, without credentials; only where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// What `--select`, `--json` and `--regex` found.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "pairs")]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub data: Option<Vec<(String, serde_json::Value)>>,
    /// What the page looks like in the views of `--view`; each is null where the body is no HTML.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "pairs")]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub view: Option<Vec<(&'static str, serde_json::Value)>>,
    /// Links of the page, absolute, in document order (`--with links`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<String>>,
    /// Response fields: lower-case name to list of values (`--with headers`).
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "pairs")]
    #[schemars(with = "Option<std::collections::BTreeMap<String, Vec<String>>>")]
    pub headers: Option<Vec<(String, Vec<String>)>>,
    /// Decoded body as text (`--with body`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Decoded body that is not text, base64 (`--with body`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// TLS facts (`--with tls`; always present under `--insecure`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsRow>,
    /// Every exchange, in order (`--with attempts`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_log: Option<Vec<AttemptRow>>,
    /// What a link checker or a crawl asked for; not part of the row.
    #[serde(skip)]
    #[schemars(skip)]
    pub sighting: Option<Box<Sighting>>,
    /// Its exchanges as they were sent and received, where an archive wants them; not part of the row.
    #[serde(skip)]
    #[schemars(skip)]
    pub captures: Option<Box<Captures>>,
    /// What the rest of a crawl follows from, where a journal keeps it; not part of the row.
    #[serde(skip)]
    #[schemars(skip)]
    pub step: Option<Box<Step>>,
    /// Our own waiting by cause, for the summary; not part of the row.
    #[serde(skip)]
    #[schemars(skip)]
    pub waits: Vec<(Wait, Duration)>,
    /// When it was under way; not part of the row.
    #[serde(skip)]
    #[schemars(skip)]
    pub course: Option<Course>,
    /// Every exchange where there were several, for pictures of a run; not part of the row.
    #[serde(skip)]
    #[schemars(skip)]
    pub tries: Vec<AttemptRow>,
}

fn pairs<K: Serialize, V: Serialize, S: Serializer>(
    list: &Option<Vec<(K, V)>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(list.iter().flatten().map(|(key, value)| (key, value)))
}

/// `host[:port]` that limits apply to: the port is left out where the scheme implies it.
pub fn host_key(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The source text as a record has it: without credentials.
pub fn shown(input: &str, is_url: bool) -> Cow<'_, str> {
    let clean = redact::line(input, is_url);
    if is_url {
        return clean;
    }
    // A line that could not be read may be half a request, fields and all.
    let cut = redact::request(&clean);
    match redact::fields(&cut) {
        Cow::Owned(cleaner) => Cow::Owned(cleaner),
        Cow::Borrowed(_) => Cow::Owned(cut.into_owned()),
    }
}

impl Record {
    /// The row of a visit: the one place where records are made.
    pub fn of(visit: Visit, heavy: Heavy) -> Record {
        let Visit { seq, mut request, url, method, content, ending, trip, queued, page } = visit;
        let counts_against = match &ending {
            Ending::Ok => false,
            Ending::HttpError(_) | Ending::Error(_) => true,
            Ending::Skipped { code, .. } => {
                use Code::{BudgetDeadline, BudgetFailures, BudgetHost, RobotsUnavailable};
                matches!(code, BudgetHost | BudgetDeadline | BudgetFailures | RobotsUnavailable)
            }
        };
        let (outcome, error, skip) = match ending {
            Ending::Ok => (Outcome::Ok, None, None),
            Ending::HttpError(failure) => (Outcome::HttpError, Some(failure.into()), None),
            Ending::Error(failure) => (Outcome::Error, Some(failure.into()), None),
            Ending::Skipped { code, message, of } => (Outcome::Skipped, None, Some(Skip { code, message, of })),
        };
        if let (true, Some(url)) = (request.input.is_empty(), &url) {
            request.input = url.as_str().into();
        }
        let mut record = Record {
            seq,
            id: request.wish.as_mut().and_then(|wish| wish.id.take()),
            ok: !counts_against,
            outcome,
            input: request.input,
            url: url.as_deref().map(redact::url),
            host: url.as_deref().map(host_key),
            method: url.as_ref().map(|_| method.as_str().to_owned()),
            error,
            skip,
            timings: Timings { queue_ms: Some(queued.into()), ..Timings::default() },
            tags: request.wish.as_mut().and_then(|wish| wish.tags.take()),
            request_bytes: content,
            ..Record::empty()
        };
        if let Cow::Owned(clean) = shown(&record.input, record.url.is_some()) {
            record.input = clean.into();
        }
        let earlier = request.wish.as_mut().and_then(|wish| wish.earlier.take());
        if let Some(look) = request.wish.and_then(|wish| wish.look) {
            let last = trip.as_ref().and_then(|trip| trip.last.as_ref());
            let mut sighting = last.and_then(|last| last.head.as_ref()).map(Sighting::of).unwrap_or_default();
            sighting.body =
                last.and_then(|last| last.body.as_ref()).filter(|_| look.body).map(|body| body.kept.clone());
            sighting.url = trip.as_ref().map(|trip| Arc::clone(&trip.url));
            record.sighting = Some(Box::new(sighting));
        }
        if let Some(mut trip) = trip {
            record.capture(Vec::new(), std::mem::take(&mut trip.captures));
            record.started_at = Some(units::rfc3339(trip.started));
            record.attempts = trip.attempts;
            record.timings.queue_ms = Some(trip.queued.into());
            record.waits = trip.log.iter().map(|attempt| (attempt.wait_for, attempt.wait)).collect();
            if trip.log.len() > 1 {
                record.tries = trip.log.iter().map(AttemptRow::of).collect();
            }
            if heavy.attempts {
                record.attempt_log = Some(trip.log.iter().map(AttemptRow::of).collect());
            }
            record.course = Some(Course { begun: trip.begun, log: std::mem::take(&mut trip.log) });
            record.redirects = trip.hops.iter().map(Redirect::of).collect();
            if let Some(last) = trip.last {
                if last.head.is_some() {
                    record.final_url = Some(redact::url(&trip.url));
                }
                record.fill(*last, heavy, page.as_ref().is_some_and(|page| page.text.is_some()));
            }
        }
        if let Some(earlier) = earlier {
            record.compare(earlier);
        }
        if let Some(page) = page {
            record.charset = page.charset.map(str::to_owned).or(record.charset);
            record.title = page.title;
            let clean = |link: String| match redact::line(&link, true) {
                Cow::Owned(clean) => clean,
                Cow::Borrowed(_) => link,
            };
            record.links = page.links.map(|links| links.into_iter().map(clean).collect());
            record.data = page.data;
            record.view = page.views;
            if let Some(sighting) = &mut record.sighting {
                sighting.outline = page.outline;
                sighting.facts = page.facts;
            }
            record.body = page.text;
        }
        record
    }

    /// Adds exchanges that an archive is to keep: `errands` of the run before those of its own.
    pub fn capture(&mut self, errands: Vec<Capture>, own: Vec<Capture>) {
        if !errands.is_empty() || !own.is_empty() {
            let captures = self.captures.get_or_insert_default();
            captures.errands.extend(errands);
            captures.own.extend(own);
        }
    }

    /// Says what became of it since an earlier run. What a 304 leaves unsaid is as it was, so that the next
    /// run has something to compare with.
    fn compare(&mut self, earlier: Earlier) {
        self.change = earlier.turn(self.outcome, self.status, self.sha256.as_deref());
        if let (Some(304), Some(Turn::Unchanged), Some(before)) = (self.status, self.change, earlier.answer) {
            let kept =
                |own: &mut Option<String>, before: Option<Box<str>>| *own = own.take().or(before.map(String::from));
            self.sha256 = before.sha256.map(String::from);
            kept(&mut self.etag, before.etag);
            kept(&mut self.last_modified, before.last_modified);
        }
    }

    /// A row that says nothing yet.
    fn empty() -> Record {
        Record {
            v: VERSION,
            kind: RecordKind::Fetch,
            seq: 0,
            id: None,
            ok: false,
            outcome: Outcome::Error,
            input: Box::default(),
            url: None,
            final_url: None,
            host: None,
            method: None,
            status: None,
            error: None,
            skip: None,
            started_at: None,
            attempts: 0,
            http_version: None,
            ip: None,
            content_type: None,
            charset: None,
            bytes: None,
            wire_bytes: None,
            sha256: None,
            etag: None,
            last_modified: None,
            title: None,
            redirects: Vec::new(),
            timings: Timings::default(),
            saved: None,
            tags: None,
            page: None,
            request_bytes: None,
            change: None,
            watch: None,
            cache: None,
            proxy: None,
            data: None,
            view: None,
            links: None,
            headers: None,
            body: None,
            body_base64: None,
            tls: None,
            attempt_log: None,
            sighting: None,
            captures: None,
            step: None,
            waits: Vec::new(),
            course: None,
            tries: Vec::new(),
        }
    }

    fn fill(&mut self, exchange: Exchange, heavy: Heavy, has_text: bool) {
        self.ip = exchange.peer.map(|ip| ip.to_string());
        self.cache = exchange.cache;
        self.proxy = exchange.proxy.as_deref().map(str::to_owned);
        self.timings = Timings::of(&exchange, self.timings.queue_ms);
        if let Some(tls) = &exchange.tls
            && (heavy.tls || !tls.verified)
        {
            self.tls = Some(TlsRow::of(tls, heavy.tls));
        }
        if let Some(head) = exchange.head {
            self.status = Some(head.status);
            self.http_version = Some(version_name(head.version));
            let field = |name: http::HeaderName| {
                head.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            };
            if let Some(value) = field(http::header::CONTENT_TYPE) {
                let (media_type, charset) = content_type(&value);
                self.content_type = media_type;
                self.charset = charset;
            }
            self.etag = field(http::header::ETAG);
            self.last_modified = field(http::header::LAST_MODIFIED);
            if heavy.headers {
                self.headers = Some(header_lists(&head.headers));
            }
        }
        if let Some(body) = exchange.body {
            self.bytes = Some(body.len);
            self.wire_bytes = Some(body.wire_len);
            self.sha256 = body.sha256.as_ref().map(|digest| hex(digest));
            self.saved = body.saved.map(|path| Saved { path: Some(path.into()), warc: None });
            if heavy.body && !has_text {
                self.body_base64 = Some(base64::engine::general_purpose::STANDARD.encode(&body.kept));
            }
        }
    }
}

/// What a version of HTTP is called here.
pub fn version_name(version: http::Version) -> &'static str {
    match version {
        http::Version::HTTP_09 => "0.9",
        http::Version::HTTP_10 => "1.0",
        http::Version::HTTP_2 => "2",
        http::Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

/// Media type and charset of a `Content-Type` value, split and in lower case (RFC 9110, section
/// 8.3.1). What stands in the quotes of another parameter is no part of its own (section 5.6.6).
pub fn content_type(value: &str) -> (Option<String>, Option<String>) {
    let (mut quoted, mut before) = (false, ' ');
    let mut parts = value.split(move |c| {
        let escaped = quoted && before == '\\';
        if c == '"' && !escaped {
            quoted = !quoted && before == '=';
        }
        before = if escaped { ' ' } else { c };
        c == ';' && !quoted
    });
    let media_type = parts.next().map(|part| part.trim().to_ascii_lowercase()).filter(|part| !part.is_empty());
    let charset = parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches(['"', '\'']).to_ascii_lowercase())
        .filter(|value| !value.is_empty());
    (media_type, charset)
}

/// Whether a media type, in lower case, is one of texts.
pub fn is_text_type(media_type: &str) -> bool {
    let (kind, subtype) = media_type.split_once('/').unwrap_or((media_type, ""));
    let textual = ["json", "xml", "javascript", "ecmascript", "yaml"];
    kind == "text" || subtype == "x-www-form-urlencoded" || textual.iter().any(|end| subtype.ends_with(end))
}

fn header_lists(headers: &http::HeaderMap) -> Vec<(String, Vec<String>)> {
    let value_text = |name: &http::HeaderName, value: &http::HeaderValue| {
        if redact::is_secret_field(name.as_str()) {
            MASK.to_owned()
        } else {
            let text = String::from_utf8_lossy(value.as_bytes());
            match name {
                &http::header::LOCATION => redact::reference(&text).into_owned(),
                // Link, Refresh and whatever else may hold a URL.
                _ if text.contains('@') && text.contains("//") => redact::text(&text).into_owned(),
                _ => text.into_owned(),
            }
        }
    };
    headers
        .keys()
        .map(|name| {
            let values = headers.get_all(name).iter().map(|value| value_text(name, value)).collect();
            (name.as_str().to_owned(), values)
        })
        .collect()
}

/// The JSON Schema of a row (draft 2020-12).
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Record).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_split_and_lowered() {
        assert_eq!(content_type("Text/HTML; Charset=\"UTF-8\""), (Some("text/html".into()), Some("utf-8".into())));
        assert_eq!(content_type(" ; charset="), (None, None));
        for (value, charset) in [
            ("text/html; x=\"a; charset=utf-8\"; charset=koi8-r", Some("koi8-r")),
            ("text/html; x=\"\\\"; charset=utf-8\"; charset=koi8-r", Some("koi8-r")),
            ("text/html; x=\"\\\\\"; charset=utf-8; charset=koi8-r", Some("utf-8")),
            ("text/html; x=a\"b; charset=utf-8", Some("utf-8")),
            ("text/html; x=\"a; charset=utf-8", None),
            ("text/html; charset=\"utf-8", Some("utf-8")),
        ] {
            assert_eq!(content_type(value).1.as_deref(), charset, "{value}");
        }
    }
}
