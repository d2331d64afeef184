//! Keys of indexes: a URL turned round, so that what belongs together stands together (SURT).
//!
//! Made as the `surt` module of the Internet Archive makes them, which `cdxj-indexer` and pywb use: host
//! reversed, without `www.`, all in lower case, query sorted, session ids left out. Pure.

use std::{net::Ipv4Addr, sync::LazyLock};

use regex::bytes::Regex;

/// Bytes that are not escaped, beside letters and digits.
const SAFE: &[u8] = b"!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~";

#[expect(clippy::expect_used, reason = "constant patterns, compiled by a test")]
fn patterns(texts: &[&str]) -> Vec<Regex> {
    texts.iter().map(|text| Regex::new(text).expect("constant")).collect()
}

/// Session ids in paths, between what stays.
static IN_PATHS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"(?i-u)^(.*/)(?:\((?:[a-z]\([0-9a-z]{24}\))+\)/)([^?]+\.aspx.*)$",
        r"(?i-u)^(.*/)(?:\([0-9a-z]{24}\)/)([^?]+\.aspx.*)$",
    ])
});
/// Session ids in queries.
static IN_QUERIES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"(?i-u)^(.*)(?:jsessionid=[0-9a-zA-Z]{32})(?:&(.*))?$",
        r"(?i-u)^(.*)(?:phpsessid=[0-9a-zA-Z]{32})(?:&(.*))?$",
        r"(?i-u)^(.*)(?:sid=[0-9a-zA-Z]{32})(?:&(.*))?$",
        r"(?i-u)^(.*)(?:ASPSESSIONID[a-zA-Z]{8}=[a-zA-Z]{24})(?:&(.*))?$",
        r"(?i-u)^(.*)(?:cfid=[^&]+&cftoken=[^&]+)(?:&(.*))?$",
    ])
});

/// The key of a URL; the URL itself where it is none that can be read.
pub fn surt(url: &str) -> String {
    if url.starts_with("filedesc") {
        return url.to_owned();
    }
    match key(url) {
        Some(key) => String::from_utf8_lossy(&key).into_owned(),
        None => url.to_owned(),
    }
}

/// A URL in its parts (RFC 2396, appendix B).
struct Parts<'a> {
    scheme: &'a str,
    authority: &'a str,
    path: &'a str,
    query: &'a str,
}

fn key(url: &str) -> Option<Vec<u8>> {
    let url: String = url.trim().chars().filter(|c| !['\n', '\r', '\t'].contains(c)).collect();
    let url = one_scheme(&url);
    let Parts { scheme, authority, path, query } = split(&url);
    let (host, port) = host_and_port(authority.trim_end_matches(':'))?;
    let (mut host, mut path) = (host.to_owned(), path.to_owned());
    if host.is_empty() && scheme.starts_with("http") {
        // http:////www.example.com
        let whole = path.trim_start_matches('/').to_owned();
        let (first, rest) = whole.split_once('/').unwrap_or((&whole, ""));
        (host, path) = (first.to_owned(), format!("/{rest}"));
    }
    let mut key = Vec::with_capacity(url.len() + 8);
    if host.is_empty() {
        key.extend_from_slice(scheme.as_bytes());
        key.push(b':');
    } else {
        let host = host_key(&host, scheme);
        for (at, part) in host.split(|byte| *byte == b'.').rev().enumerate() {
            key.extend_from_slice(if at > 0 { b"," } else { b"" });
            key.extend_from_slice(part);
        }
        let usual = match scheme.to_ascii_lowercase().as_str() {
            "http" => 80,
            "https" => 443,
            _ => 0,
        };
        if port != 0 && port != usual {
            key.extend_from_slice(format!(":{port}").as_bytes());
        }
        key.push(b')');
    }
    let has_host = !host.is_empty();
    let path = path_key(path.as_bytes(), has_host);
    let query = query_key(query.as_bytes());
    key.extend_from_slice(if path.is_empty() && query.is_some() { b"/" } else { &path });
    if let Some(query) = query {
        key.push(b'?');
        key.extend_from_slice(&query);
    }
    Some(key)
}

/// With a scheme, and with one only: `http://https://h` is that of `https://h`.
fn one_scheme(url: &str) -> String {
    let (scheme, has_more) = url.split_once(':').map_or((url, false), |(scheme, _)| (scheme, true));
    let is_scheme = has_more
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let url = if is_scheme || url.is_empty() { url.to_owned() } else { format!("http://{url}") };
    let (mut last, mut rest) = ("", url.as_str());
    while let Some(scheme) = ["http://", "https://"].into_iter().find(|scheme| rest.starts_with(scheme)) {
        (last, rest) = (scheme, rest.get(scheme.len()..).unwrap_or_default());
    }
    format!("{last}{rest}")
}

fn split(url: &str) -> Parts<'_> {
    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    let rest = rest.split('#').next().unwrap_or_default();
    let (hierarchy, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match hierarchy.strip_prefix("//") {
        Some(hierarchy) => hierarchy.split_at(hierarchy.find('/').unwrap_or(hierarchy.len())),
        None => ("", hierarchy),
    };
    Parts { scheme, authority, path, query }
}

/// Userinfo is left out; a port of 0 is none. `None` if the port is no number.
fn host_and_port(authority: &str) -> Option<(&str, u16)> {
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let (host, port) = match place.split_once('[') {
        Some((_, bracketed)) => {
            let (host, behind) = bracketed.split_once(']').unwrap_or((bracketed, ""));
            (host, behind.split_once(':').map_or("", |(_, port)| port))
        }
        None => place.split_once(':').unwrap_or((place, "")),
    };
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = if port.is_empty() { Some(0) } else { port.parse().ok().filter(|_| is_number) };
    Some((host, port?))
}

fn host_key(host: &str, scheme: &str) -> Vec<u8> {
    let mut host = unescaped(host.to_lowercase().as_bytes());
    if !host.is_ascii() {
        let ascii = url::Host::parse(&String::from_utf8_lossy(&host));
        host = ascii.map_or(host, |ascii| ascii.to_string().into_bytes());
    }
    let text = String::from_utf8_lossy(&host).replace("..", ".");
    let text = text.trim_matches('.');
    let host = match address(text) {
        Some(address) => address.to_string().into_bytes(),
        None => escaped(text.to_ascii_lowercase().as_bytes()),
    };
    let digits = host.strip_prefix(b"www").map(|rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    match digits.filter(|digits| scheme != "dns" && host.get(3 + digits) == Some(&b'.')) {
        Some(digits) => host.get(4 + digits..).unwrap_or_default().to_vec(),
        None => host,
    }
}

/// An address in any of the forms of `inet_aton`: `127.1`, `0177.0.0.1`, `2130706433`.
fn address(host: &str) -> Option<Ipv4Addr> {
    if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    if !host.contains('.') {
        // However long it is: the lower 32 bits of it.
        let bits = host.bytes().fold(0_u32, |bits, digit| bits.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')));
        return Some(Ipv4Addr::from(bits));
    }
    let number = |part: &str| match part.strip_prefix('0') {
        Some(rest) if !rest.is_empty() => u32::from_str_radix(rest, 8).ok(),
        _ => part.parse::<u32>().ok(),
    };
    let parts: Vec<u32> = host.split('.').take(5).map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    let room = 8 * (4 - u32::try_from(first.len()).ok().filter(|count| *count < 4)?);
    let fits = first.iter().all(|part| *part < 256) && u64::from(*last) < 1 << room;
    let high = first.iter().enumerate().fold(0_u32, |bits, (at, part)| bits | part << (24 - 8 * at));
    fits.then(|| Ipv4Addr::from(high | last))
}

fn path_key(path: &[u8], has_host: bool) -> Vec<u8> {
    let path = unescaped(path);
    let path = if has_host { normal(&path) } else { path };
    let mut path = escaped(&path).to_ascii_lowercase();
    for pattern in IN_PATHS.iter() {
        if let Some(found) = pattern.captures(&path) {
            path = [group(&found, 1), group(&found, 2)].concat();
        }
    }
    if path.len() > 1 && path.ends_with(b"/") {
        path.pop();
    }
    path
}

fn group<'a>(found: &regex::bytes::Captures<'a>, number: usize) -> &'a [u8] {
    found.get(number).map_or(&[], |group| group.as_bytes())
}

/// Without `.`, `..` and empty parts.
fn normal(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/').skip(1) {
        match part {
            b"." => {}
            b".." if !kept.is_empty() => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    let mut normal = b"/".to_vec();
    let Some((last, first)) = kept.split_last() else { return normal };
    for part in first.iter().filter(|part| !part.is_empty()) {
        normal.extend_from_slice(part);
        normal.push(b'/');
    }
    normal.extend_from_slice(last);
    normal
}

fn query_key(query: &[u8]) -> Option<Vec<u8>> {
    let mut query = escaped(&unescaped(query));
    for pattern in IN_QUERIES.iter() {
        if let Some(found) = pattern.captures(&query) {
            query = [group(&found, 1), group(&found, 2)].concat();
        }
    }
    query.make_ascii_lowercase();
    let mut pairs: Vec<(&[u8], Option<&[u8]>)> = query.split(|byte| *byte == b'&').map(pair).collect();
    pairs.sort_unstable();
    let mut sorted = Vec::with_capacity(query.len());
    for (at, (name, value)) in pairs.into_iter().enumerate() {
        sorted.extend_from_slice(if at > 0 { b"&" } else { b"" });
        sorted.extend_from_slice(name);
        if let Some(value) = value {
            sorted.push(b'=');
            sorted.extend_from_slice(value);
        }
    }
    (!sorted.is_empty()).then_some(sorted)
}

fn pair(pair: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'=', pair) {
        Some(at) => (pair.get(..at).unwrap_or_default(), pair.get(at + 1..)),
        None => (pair, None),
    }
}

/// Escapes taken off until there are none, in one pass: what an escape stands for may be part of another.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    for byte in text {
        out.push(*byte);
        while let [.., b'%', high, low] = out[..]
            && let (Some(high), Some(low)) = (char::from(high).to_digit(16), char::from(low).to_digit(16))
        {
            out.truncate(out.len() - 3);
            out.push(u8::try_from(high << 4 | low).unwrap_or_default());
        }
    }
    out
}

fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte.is_ascii_alphanumeric() || SAFE.contains(byte) {
            true => out.push(*byte),
            false => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_those_of_the_surt_module() {
        // Written by surt 0.3.1.
        for (url, key) in include_str!("../../fixtures/lists/surt.tsv").lines().filter_map(|line| line.split_once('\t'))
        {
            assert_eq!(surt(url), key, "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_url_makes_it_fail(url in "(https?://)?[a-z0-9.:@%/?&=#\\[\\]]{0,60}|\\PC{0,40}") {
            let _ = surt(&url);
        }
    }
}
