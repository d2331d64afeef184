//! From the HTTP library's errors to codes.
//!
//! The library nests errors of hyper, h2, rustls and the system; each is looked for by type, text
//! only where there is no type. Must not decide what is done about a failure.

use std::{error::Error as StdError, fmt, io};

use rustls::CertificateError;

use super::probe::Reached;
use crate::model::{Code, Failure, redact};

/// Why a name has no usable address.
#[derive(Clone, Debug)]
pub(super) struct NameFault {
    pub code: Code,
    pub message: String,
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for NameFault {}

/// What was going on when it broke.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// How far connecting had come.
    pub reached: Reached,
    /// Whether a proxy stands between.
    pub via_proxy: bool,
}

/// The failure of a request that brought no response head.
pub(super) fn before_head(error: reqwest::Error, context: Context) -> Failure {
    let error = error.without_url();
    let timed_out = error.is_timeout();
    let connecting = error.is_connect();
    if let Some(fault) = find::<NameFault>(&error) {
        let code = match fault.code {
            Code::BlockedPrivateAddress | Code::ConnectDescriptors => fault.code,
            _ if context.via_proxy => Code::ProxyConnect,
            code => code,
        };
        return Failure::new(code, redact::text(&fault.message));
    }
    if let Some(failure) = tls(&error) {
        return failure;
    }
    if timed_out && connecting {
        return connect_timeout(context);
    }
    if let Some(failure) = tunnel(&error) {
        return failure;
    }
    if let Some(error) = find::<io::Error>(&error).filter(|_| connecting) {
        let code = connect_code(error, context);
        return Failure::new(code, io_text(error));
    }
    if connecting && context.via_proxy {
        return Failure::new(Code::ProxyHandshake, innermost(&error));
    }
    on_connection(&error)
}

/// Whether, where a proxy was to be used, it was not even reached: then it is the proxy that is broken.
/// That it says no, or falls silent, may have its reason in the server that it was asked for.
pub(super) fn is_proxy_gone(error: &reqwest::Error) -> bool {
    use io::ErrorKind as Kind;
    let by_system = find::<io::Error>(error).is_some_and(|error| {
        let kinds = [Kind::ConnectionRefused, Kind::HostUnreachable, Kind::NetworkUnreachable, Kind::AddrNotAvailable];
        kinds.contains(&error.kind())
    });
    // What the system said is not passed on by the HTTP library for SOCKS.
    let by_text = || chain(error).any(|error| error.to_string().contains("failed to create underlying"));
    error.is_connect() && (by_system || by_text())
}

/// No connection in time.
pub(super) fn connect_timeout(context: Context) -> Failure {
    match context.reached {
        _ if context.via_proxy => Failure::new(Code::ProxyConnect, "no connection through the proxy in time"),
        Reached::Dns => Failure::new(Code::DnsTimeout, "the name was not resolved in time"),
        _ => Failure::new(Code::ConnectTimeout, "no connection in time"),
    }
}

/// The failure of a body that ended early.
pub(super) fn in_body(error: &(dyn StdError + 'static)) -> Failure {
    let text = innermost(error);
    // The HTTP library has no types for these: what it reads of chunks and trailers is at fault with
    // either kind, and so is TLS, which has a type.
    use io::ErrorKind::{InvalidData, InvalidInput};
    let framing = find::<io::Error>(error).is_some_and(|error| matches!(error.kind(), InvalidData | InvalidInput));
    if framing && text.starts_with("chunk trailers") {
        return Failure::new(Code::ProtocolHeadersTooLarge, "the trailers are too large");
    }
    if framing && find::<rustls::Error>(error).is_none() {
        return Failure::new(Code::ProtocolInvalid, format!("the body is not framed as HTTP says: {text}"));
    }
    if find::<h2::Error>(error).is_some_and(h2::Error::is_library) {
        let message = format!("the body is not as long as promised, or not framed as HTTP/2 says: {text}");
        return Failure::new(Code::BodyTruncated, message);
    }
    Failure::new(Code::BodyTruncated, format!("the body ended before it was complete: {text}"))
}

/// Whether a request failed in the way of a pooled connection that the server was just closing.
pub(super) fn is_stale_connection(error: &reqwest::Error) -> bool {
    let by_hyper = find::<hyper::Error>(error)
        .is_some_and(|error| error.is_incomplete_message() || error.is_canceled() || error.is_closed());
    // A PING that was not answered is all that hyper's client waits for by itself.
    let by_silence = find::<hyper::Error>(error).is_some_and(hyper::Error::is_timeout);
    let by_system = find::<io::Error>(error).is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted
        )
    });
    let by_http2 = find::<h2::Error>(error).is_some_and(h2::Error::is_io);
    by_hyper || by_silence || by_system || by_http2
}

/// Whether a connection of HTTP/2 as a whole ended because something on it was wrong. Not where the server
/// asks us to calm down: then it is not asked again at once.
pub(super) fn is_broken_for_all(error: &reqwest::Error) -> bool {
    find::<h2::Error>(error).is_some_and(|error| {
        let calm = error.is_remote() && error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM);
        error.is_go_away() && !calm
    })
}

/// Whether the server says that it has not looked at the request, so that any may be repeated (RFC 9113,
/// section 8.7): it refused the stream, or went away before it.
pub(super) fn is_unprocessed(error: &reqwest::Error) -> bool {
    find::<h2::Error>(error).is_some_and(|error| {
        let went = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        error.is_remote() && (went || refused)
    })
}

/// Whether a response head was longer, or had more fields, than the client takes.
pub(super) fn is_head_too_large(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse_too_large)
}

/// getaddrinfo's failures reach us as text only.
pub(super) fn name_fault(name: &str, error: &io::Error) -> NameFault {
    let text = error.to_string();
    let lower = text.to_ascii_lowercase();
    let absent =
        ["not known", "no address associated", "nodename nor servname", "no such host", "name does not resolve"];
    let reason = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    let code = if is_out_of_descriptors(error) || lower.contains("too many open files") {
        Code::ConnectDescriptors
    } else if absent.iter().any(|phrase| lower.contains(phrase)) {
        Code::DnsNotFound
    } else {
        Code::DnsFailed
    };
    NameFault { code, message: format!("{name}: {reason}") }
}

/// Whether this process, or the system, has no file descriptor left (EMFILE, ENFILE).
pub(super) fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}

/// An error on an established connection, before the response head.
fn on_connection(error: &reqwest::Error) -> Failure {
    if let Some(error) = find::<h2::Error>(error) {
        let again = matches!(error.reason(), Some(h2::Reason::REFUSED_STREAM | h2::Reason::NO_ERROR)) || error.is_io();
        let code = if again { Code::ConnectReset } else { Code::ProtocolHttp2 };
        return Failure::new(code, error.to_string());
    }
    if let Some(error) = find::<hyper::Error>(error) {
        if error.is_parse_too_large() {
            return Failure::new(Code::ProtocolHeadersTooLarge, "the response head is too large");
        }
        // Said of the whole line, of which the library does not tell the parts.
        if error.is_parse_status() {
            let what = "no status that can be read, or a control character in the reason phrase behind it";
            return Failure::new(Code::ProtocolInvalid, format!("not valid HTTP: {what}"));
        }
        if error.is_parse() {
            return Failure::new(Code::ProtocolInvalid, format!("not valid HTTP: {}", innermost(error)));
        }
        if error.is_incomplete_message() {
            return Failure::new(Code::ProtocolEmpty, "the server closed the connection without a complete answer");
        }
        if error.is_canceled() || error.is_closed() {
            return Failure::new(Code::ConnectReset, "the connection was gone before the request was sent");
        }
    }
    if let Some(error) = find::<io::Error>(error) {
        return Failure::new(
            if is_out_of_descriptors(error) { Code::ConnectDescriptors } else { Code::ConnectReset },
            io_text(error),
        );
    }
    Failure::new(Code::ProtocolInvalid, innermost(error))
}

fn connect_code(error: &io::Error, context: Context) -> Code {
    use io::ErrorKind as Kind;
    match error.kind() {
        _ if is_out_of_descriptors(error) => Code::ConnectDescriptors,
        _ if context.via_proxy => Code::ProxyConnect,
        Kind::ConnectionRefused => Code::ConnectRefused,
        Kind::TimedOut => Code::ConnectTimeout,
        Kind::UnexpectedEof | Kind::InvalidData => Code::TlsHandshake,
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => Code::ConnectReset,
        _ => Code::ConnectUnreachable,
    }
}

fn tls(error: &(dyn StdError + 'static)) -> Option<Failure> {
    use CertificateError as Bad;
    let error = find::<rustls::Error>(error)?;
    let code = match error {
        rustls::Error::InvalidCertificate(bad) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } | Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                Code::TlsExpired
            }
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Code::TlsHostname,
            _ => Code::TlsUntrusted,
        },
        _ => Code::TlsHandshake,
    };
    Some(Failure::new(code, error.to_string()))
}

/// What the HTTP library says of proxies: its types for that are not public everywhere.
fn tunnel(error: &(dyn StdError + 'static)) -> Option<Failure> {
    let texts: Vec<String> = chain(error).map(|error| error.to_string()).collect();
    let first = texts.iter().position(|text| {
        let lower = text.to_ascii_lowercase();
        lower.contains("tunnel") || lower.contains("socks") || lower.contains("proxy auth")
    })?;
    let text = texts[first..].join(": ");
    let all = texts.join(": ").to_ascii_lowercase();
    let code = if all.contains("auth") || all.contains("407") {
        Code::ProxyAuth
    } else if ["unsuccessful", "refused", "unreachable", "failed to create underlying", "connect failed"]
        .iter()
        .any(|word| all.contains(word))
    {
        Code::ProxyConnect
    } else {
        Code::ProxyHandshake
    };
    Some(Failure::new(code, redact::text(&text)))
}

fn io_text(error: &io::Error) -> String {
    let text = error.get_ref().map_or_else(|| error.to_string(), |inner| innermost(inner));
    redact::text(&text).into_owned()
}

/// The message at the bottom of a chain, which says most.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let text = chain(error).last().map(ToString::to_string).unwrap_or_default();
    redact::text(&text).into_owned()
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    // An io::Error hides the error that it wraps from `source` of its own level.
    fn below<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inside) => Some(inside),
            None => error.source(),
        }
    }
    std::iter::successors(Some(error), |error| below(*error)).take(32)
}

fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    chain(error).filter_map(|error| error.downcast_ref::<E>()).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolver_texts_have_codes() {
        for (text, code) in [
            ("failed to lookup address information: Name or service not known", Code::DnsNotFound),
            ("failed to lookup address information: No address associated with hostname", Code::DnsNotFound),
            ("failed to lookup address information: Temporary failure in name resolution", Code::DnsFailed),
        ] {
            assert_eq!(name_fault("h", &io::Error::other(text)).code, code, "{text}");
        }
    }
}
