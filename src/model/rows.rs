//! The parts of a record: why, how long, which way, with whom.
//!
//! Plain rows that serialise; how they are filled is [`Record::of`](super::Record::of)'s.

use std::time::{Duration, SystemTime};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::{Code, Exchange, Failure, Wait, redact};

/// What kind of row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// `fetchall fetch`.
    Fetch,
    /// `fetchall crawl`.
    Page,
    /// `fetchall check`.
    Link,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A response whose status is accepted.
    Ok,
    /// A response whose status is not accepted.
    HttpError,
    /// No usable response.
    Error,
    /// Left out on purpose.
    Skipped,
}

impl Outcome {
    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::HttpError => "http_error",
            Outcome::Error => "error",
            Outcome::Skipped => "skipped",
        }
    }
}

/// Why a record is not `ok`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Error {
    /// Stable code.
    pub code: Code,
    /// A sentence.
    pub message: String,
    /// Whether trying again may help.
    pub retryable: bool,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let hint = match failure.code.family() {
            "http" | "cancelled" => None,
            _ => Some(failure.code.facts().advice),
        };
        Error { code: failure.code, message: failure.message, retryable: failure.code.retryable(), hint }
    }
}

/// Why a request was left out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Skip {
    /// Stable code.
    pub code: Code,
    /// A sentence.
    pub message: String,
    /// The `seq` that this one repeats.
    pub of: Option<u64>,
}

/// One redirect that was followed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Redirect {
    /// Its status.
    pub status: u16,
    /// The URL that answered so.
    pub url: String,
    /// Its `Location`.
    pub location: String,
}

/// Milliseconds with microseconds behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ms(pub u64);

impl From<Duration> for Ms {
    fn from(time: Duration) -> Self {
        Ms(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
    }
}

impl Serialize for Ms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 1000.0)
    }
}

impl JsonSchema for Ms {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ms".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "minimum": 0 })
    }
}

/// Where the time went. `queue_ms` is our own waiting and lies outside the total; the other parts
/// add up to `total_ms` of the last hop of the last attempt. `null`: it did not happen, or it
/// cannot be measured.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct Timings {
    /// Waiting for a slot, a rate, a backoff.
    pub queue_ms: Option<Ms>,
    /// Name look-up.
    pub dns_ms: Option<Ms>,
    /// TCP handshake.
    pub connect_ms: Option<Ms>,
    /// TLS handshake.
    pub tls_ms: Option<Ms>,
    /// Sending the request; the HTTP library does not tell, so it is part of `wait_ms`.
    pub send_ms: Option<Ms>,
    /// From the connection being ready to the response head.
    pub wait_ms: Option<Ms>,
    /// From the response head to the end of the body.
    pub receive_ms: Option<Ms>,
    /// All but `queue_ms`.
    pub total_ms: Option<Ms>,
}

/// What a record of a watched list is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WatchRow {
    /// The round, from 1.
    pub round: u64,
    /// What changed since the round before, as `fetchall diff` has it; empty in the first.
    pub changes: Vec<&'static str>,
}

/// Where a body was saved.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Saved {
    /// Path of the file.
    pub path: Option<String>,
    /// Where in an archive the response stands.
    pub warc: Option<SavedWarc>,
}

/// Where a response stands in a WARC file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SavedWarc {
    /// Path of the file.
    pub file: String,
    /// Where its record begins, in bytes.
    pub offset: u64,
    /// Length of its record, packed as it is, in bytes.
    pub length: u64,
    /// `WARC-Record-ID`.
    pub record_id: String,
}

/// TLS facts.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TlsRow {
    /// `1.2` or `1.3`.
    pub version: Option<&'static str>,
    /// Whether the certificate was verified.
    pub verified: bool,
    /// Subject of the peer's certificate.
    pub subject: Option<String>,
    /// Issuer of the peer's certificate.
    pub issuer: Option<String>,
    /// Valid from, RFC 3339.
    pub not_before: Option<String>,
    /// Valid until, RFC 3339.
    pub not_after: Option<String>,
    /// SHA-256 of the peer's certificate, hex.
    pub sha256: Option<String>,
}

/// One exchange.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AttemptRow {
    /// Start, counted from `started_at`.
    pub at_ms: Ms,
    /// Status, if a response came.
    pub status: Option<u16>,
    /// Code, if it failed.
    pub error: Option<Code>,
    /// Our own waiting before it.
    pub wait_ms: Ms,
    /// For what.
    pub wait_for: Option<Wait>,
    /// The proxy that it went through last, without credentials; only where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
}

impl Timings {
    /// Those of an exchange, and the waiting before it; nothing happened where the answer was there.
    pub(super) fn of(exchange: &Exchange, queue_ms: Option<Ms>) -> Self {
        let phases = exchange.phases;
        Timings {
            queue_ms,
            dns_ms: phases.dns.map(Ms::from),
            connect_ms: phases.connect.map(Ms::from),
            tls_ms: phases.tls.map(Ms::from),
            send_ms: None,
            wait_ms: phases.wait.map(Ms::from),
            receive_ms: phases.receive.map(Ms::from),
            total_ms: (!exchange.is_hit()).then(|| phases.total.into()),
        }
    }
}

impl Redirect {
    pub(super) fn of(hop: &super::Hop) -> Self {
        let location = redact::reference(&hop.location).into_owned();
        Redirect { status: hop.status, url: redact::url(&hop.url), location }
    }
}

impl AttemptRow {
    pub(super) fn of(attempt: &super::Attempt) -> Self {
        AttemptRow {
            at_ms: attempt.at.into(),
            status: attempt.status,
            error: attempt.error,
            wait_ms: attempt.wait.into(),
            wait_for: (!attempt.wait.is_zero()).then_some(attempt.wait_for),
            proxy: attempt.proxy.as_deref().map(str::to_owned),
        }
    }
}

impl TlsRow {
    pub(super) fn of(tls: &super::exchange::Tls, full: bool) -> Self {
        use sha2::Digest as _;
        let mut row = TlsRow {
            version: tls.version,
            verified: tls.verified,
            subject: None,
            issuer: None,
            not_before: None,
            not_after: None,
            sha256: None,
        };
        let Some(leaf) = tls.leaf.as_ref().filter(|_| full) else { return row };
        row.sha256 = Some(hex(&sha2::Sha256::digest(leaf)));
        if let Ok((_, certificate)) = x509_parser::parse_x509_certificate(leaf) {
            let time = |at: &x509_parser::time::ASN1Time| {
                let seconds = u64::try_from(at.timestamp()).ok()?;
                Some(
                    humantime::format_rfc3339_seconds(
                        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?,
                    )
                    .to_string(),
                )
            };
            row.subject = Some(certificate.subject().to_string());
            row.issuer = Some(certificate.issuer().to_string());
            row.not_before = time(&certificate.validity().not_before);
            row.not_after = time(&certificate.validity().not_after);
        }
        row
    }
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)].into());
        out.push(DIGITS[usize::from(byte & 15)].into());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_keep_microseconds() {
        let text = serde_json::to_string(&Ms::from(Duration::from_micros(12_345))).unwrap();
        assert_eq!(text, "12.345");
    }
}
