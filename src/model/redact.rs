//! Secrets, taken out: the one place that every record, log line, report and error goes through.
//!
//! Userinfo is cut from URLs, and the values of the fields that carry credentials are masked.
//! Must not know who asks.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;
use url::Url;

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// Fields whose values never leave the process.
const SECRET_FIELDS: [&str; 4] = ["authorization", "cookie", "set-cookie", "proxy-authorization"];

/// Whether the values of this field (any case) are masked.
pub fn is_secret_field(name: &str) -> bool {
    SECRET_FIELDS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Words in the names of fields whose values are secrets, most likely: `X-Api-Key`, `X-Auth-Token`.
const SECRET_WORDS: [&str; 18] = [
    "apikey",
    "auth",
    "authentication",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "csrf",
    "jwt",
    "key",
    "passwd",
    "password",
    "secret",
    "session",
    "sid",
    "signature",
    "token",
];

/// Whether the value of a field of a request (any case) may be a secret, by its name.
pub fn may_be_secret_field(name: &str) -> bool {
    let is_word = |word: &str| SECRET_WORDS.iter().any(|secret| word.eq_ignore_ascii_case(secret));
    is_secret_field(name) || name.split(['-', '_']).any(is_word) || name.to_ascii_lowercase().contains("token")
}

/// A line that was to be a request in JSON and could not be read, up to its fields and its content: whatever is in
/// these may be a secret.
pub fn request(line: &str) -> Cow<'_, str> {
    if !line.trim_start().starts_with(['{', '[']) {
        return Cow::Borrowed(line);
    }
    let (start, end) = match REQUEST.find(line) {
        Some(found) => (&line[..found.end()], " ***"),
        None => (line, ""),
    };
    // A mistyped `headers` may have it all the same.
    let masked = PAIR.replace_all(start, |found: &regex::Captures<'_>| match may_be_secret_field(&found[2]) {
        true => format!("{}\"{MASK}\"", &found[1]),
        false => found[0].to_owned(),
    });
    Cow::Owned(format!("{masked}{end}"))
}

/// The URL as text, without userinfo.
pub fn url(url: &Url) -> String {
    if url.username().is_empty() && url.password().is_none() {
        return url.as_str().to_owned();
    }
    let mut clean = url.clone();
    // Both fail only for URLs that cannot have userinfo, and this one has it.
    let _ = clean.set_username("");
    let _ = clean.set_password(None);
    clean.into()
}

#[expect(clippy::expect_used, reason = "constant patterns, compiled by a test")]
static USERINFO: LazyLock<Regex> = LazyLock::new(|| {
    // Of http and its kin, any number of slashes will do (URL Standard, "special authority slashes state").
    Regex::new(
        r#"(?i)((?:https?|wss?|ftp):[\\/]*|[a-z][a-z0-9+.-]*:[\\/]{2,}|(?:^|[\s<>"'=(,;])[\\/]{2,}|^)[^\s/\\?#]*@"#,
    )
    .expect("constant")
});

#[expect(clippy::expect_used, reason = "constant patterns, compiled by a test")]
static FIELD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)("?(?:proxy-)?authorization"?|"?(?:set-)?cookie"?)(\s*[:=]\s*)("(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,}\r\n]+)"#)
        .expect("constant")
});

#[expect(clippy::expect_used, reason = "constant patterns, compiled by a test")]
static REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)["']?\b(?:headers?|body|body_base64|data|cookies?)\b["']?\s*[:=]"#).expect("constant")
});

#[expect(clippy::expect_used, reason = "constant patterns, compiled by a test")]
static PAIR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"("([^"\\]{1,64})"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|\[[^\]]*\]?)"#).expect("constant"));

/// A password with a `/`, `?` or `#` in it, in what is therefore no URL: what stands behind the first colon of its
/// authority is no port.
#[expect(clippy::expect_used, reason = "constant patterns, compiled by a test")]
static BROKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)([a-z][a-z0-9+.-]*:[\/]{2,})[^\[\s/\\?#@:]*:[0-9]*[^\s/\\?#@0-9][^\s/\\?#@]*[/\\?#]\S*@"#)
        .expect("constant")
});

/// A password in an address: `mailto:me:secret@h`.
#[expect(clippy::expect_used, reason = "constant patterns, compiled by a test")]
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?i)\b((?:mailto|sips?|xmpp):)[^\s@:/]*:\S*@"#).expect("constant"));

#[expect(clippy::expect_used, reason = "constant patterns, compiled by a test")]
static PASSWORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\\/]{2}[^\s/\\?#@]*:[^\s/\\?#@]*@").expect("constant"));

/// Schemes whose `@` belongs to an address and not to credentials.
const ADDRESSES: [&str; 4] = ["mailto:", "sip:", "sips:", "xmpp:"];

/// A line that stands for one URL, without userinfo. `is_url` says whether it was read as one: then
/// its authority ends where the URL Standard says; in any other line everything up to the last `@`
/// may be part of a password.
pub fn line(line: &str, is_url: bool) -> Cow<'_, str> {
    let trimmed = line.trim_start();
    let is_address =
        |scheme: &&&str| trimmed.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let Some(at) = line.rfind('@') else { return Cow::Borrowed(line) };
    if let Some(scheme) = ADDRESSES.iter().find(is_address) {
        // The name of a mailbox has no colon, and credentials have.
        let start = line.len() - trimmed.len() + scheme.len();
        return match line.get(start..at).is_some_and(|user| user.contains(':')) {
            true => Cow::Owned(format!("{}{}", &line[..start], &line[at + 1..])),
            false => Cow::Borrowed(line),
        };
    }
    let scheme = line
        .find("://")
        .map(|at| at + 1)
        .or_else(|| line.find(':').filter(|at| line[at + 1..].starts_with(['/', '\\'])).map(|at| at + 1));
    let after = &line[scheme.unwrap_or(0)..];
    let start = line.len() - after.trim_start_matches(['/', '\\']).len();
    let authority = line[start..].find(['/', '?', '#', '\\']).map_or(line.len(), |at| start + at);
    let has_colon = line[start..authority].contains(':');
    let end = if is_url || !has_colon { authority } else { line.len() };
    match line[start..end].rfind('@') {
        Some(at) => Cow::Owned(format!("{}{}", &line[..start], &line[start + at + 1..])),
        None => Cow::Borrowed(line),
    }
}

/// A reference as it stands in a document, without userinfo. A relative one has none: what stands
/// before an `@` there is part of a name.
pub fn reference(reference: &str) -> Cow<'_, str> {
    if !reference.contains('@') {
        return Cow::Borrowed(reference);
    }
    let start = reference.trim();
    let head = start.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    // Two slashes of either kind (URL Standard, "relative slash state").
    let has_host = start.strip_prefix(['/', '\\']).is_some_and(|rest| rest.starts_with(['/', '\\']));
    match head.contains(':') || has_host {
        // In what is no address at all, everything before an `@` may be part of a password.
        true => line(reference, start.starts_with(['/', '\\']) || Url::parse(start).is_ok()),
        false => Cow::Borrowed(reference),
    }
}

/// A word that somebody typed and that was read as nothing: a name of a file stays as it is, and of what looks like
/// an address everything up to the last `@` may be part of a password.
pub fn word(word: &str) -> Cow<'_, str> {
    let head = word.trim_start().split(['/', '\\', '?', '#']).next().unwrap_or_default();
    if head.contains(':') { line(word, false) } else { reference(word) }
}

/// Whether a password stands before the host of an address, wherever in the text that is.
pub fn holds_password(text: &str) -> bool {
    text.contains('@') && PASSWORD.is_match(text)
}

/// The URL for a message: without userinfo, and without that of addresses in its path and query. These are data of
/// the URL, which a record needs whole; a message does not.
pub fn told(url: &Url) -> String {
    text(&self::url(url)).into_owned()
}

/// Text from outside with userinfo cut from anything that looks like a URL, and with the values
/// of credential fields masked. Borrowed where there is nothing to hide.
pub fn text(text: &str) -> Cow<'_, str> {
    let mut clean = Cow::Borrowed(text);
    if text.contains('@') {
        for pattern in [&BROKEN, &ADDRESS, &USERINFO] {
            if let Cow::Owned(cut) = pattern.replace_all(&clean, "$1") {
                clean = Cow::Owned(cut);
            }
        }
    }
    match fields(&clean) {
        Cow::Owned(masked) => Cow::Owned(masked),
        Cow::Borrowed(_) => clean,
    }
}

/// Text with the values of credential fields masked.
pub fn fields(text: &str) -> Cow<'_, str> {
    let lower_hint = |needle: &[u8]| text.as_bytes().windows(needle.len()).any(|at| at.eq_ignore_ascii_case(needle));
    // Fields stand in JSON or after blanks; a URL's own query is shown as it is everywhere.
    let has_fields = text.contains(['"', ' ', '\t', '\n']);
    if has_fields
        && (lower_hint(b"authorization") || lower_hint(b"cookie"))
        && let Cow::Owned(masked) = FIELD.replace_all(text, |found: &regex::Captures<'_>| {
            let quote = if found[3].starts_with('"') { "\"" } else { "" };
            format!("{}{}{quote}{MASK}{quote}", &found[1], &found[2])
        })
    {
        return Cow::Owned(masked);
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn userinfo_is_cut_from_urls_in_text() {
        for (raw, clean) in [
            ("http://u:canary@h/p", "http://h/p"),
            ("https://canary@h", "https://h"),
            ("see http://u:p%40canary@h:8/x?q=a@b now", "see http://h:8/x?q=a@b now"),
            ("u:canary@host/path", "host/path"),
            ("http://h/p@x", "http://h/p@x"),
            (r"http:\\u:canary@h", r"http:\\h"),
            ("http:///u:canary@h", "http:///h"),
            ("http:/u:canary@h", "http:/h"),
            ("HTTPS:u:canary@h", "HTTPS:h"),
            ("</a>; rel=x, <//u:canary@h/>", "</a>; rel=x, <//h/>"),
            ("0;url=//u:canary@h/", "0;url=//h/"),
            ("`http://u:p/canary@h` is none", "`http://h` is none"),
            ("http://u:1a?canary@h/x", "http://h/x"),
            ("http://h:80/a@b http://[::1]/a@b", "http://h:80/a@b http://[::1]/a@b"),
            ("http://a/x?u=http://u:canary@b/&v=//u:canary@c", "http://a/x?u=http://b/&v=//c"),
            ("http://a/http://canary@b/", "http://a/http://b/"),
            ("from mailto:u:can/ary@h to mailto:a@b", "from mailto:h to mailto:a@b"),
            ("plain", "plain"),
            ("http://h/?cookie=1", "http://h/?cookie=1"),
        ] {
            assert_eq!(text(raw), clean, "{raw}");
        }
    }

    #[test]
    fn userinfo_of_any_spelling_is_cut_from_lines() {
        for (raw, clean) in [
            ("http://u:pa'canary@h/a", "http://h/a"),
            ("http://u:ca nary@h/b@c", "http://h/b@c"),
            ("u:p<canary@h", "h"),
            (r"http:\\u:canary@h\x", r"http:\\h\x"),
            ("mailto:a@b", "mailto:a@b"),
            ("mailto:u:canary@b", "mailto:b"),
            (" SIP:u:can/ary@b", " SIP:b"),
            ("http://h/p@x?q=http://u@y", "http://h/p@x?q=http://u@y"),
        ] {
            assert_eq!(line(raw, true), clean, "{raw}");
        }
        assert_eq!(line("http://u:can/ary@h/", false), "http://h/");
    }

    #[test]
    fn names_with_an_at_sign_are_no_userinfo() {
        for (raw, clean) in [
            ("@Dir/File.md", "@Dir/File.md"),
            ("foo@bar.md#x", "foo@bar.md#x"),
            ("@alice", "@alice"),
            ("//u:canary@h/p", "//h/p"),
            (r"/\u:canary@h/p", r"/\h/p"),
            ("https://canary@h/p", "https://h/p"),
            (" http:/u:canary@h", " http:/h"),
            ("http://u:can/ary@h/", "http://h/"),
            ("http://h/a@b", "http://h/a@b"),
            ("mailto:a@b", "mailto:a@b"),
        ] {
            assert_eq!(reference(raw), clean, "{raw}");
        }
    }

    #[test]
    fn a_word_that_was_read_as_nothing_shows_no_password() {
        for (raw, clean) in [
            ("http://u:1/canary@h", "http://h"),
            ("u:canary@h/x", "h/x"),
            ("//u:canary@h/p", "//h/p"),
            ("foo@bar.md", "foo@bar.md"),
            ("@Dir/File.md", "@Dir/File.md"),
            ("mailto:u:canary@h", "mailto:h"),
        ] {
            assert_eq!(word(raw), clean, "{raw}");
        }
    }

    #[test]
    fn a_message_shows_no_credentials_of_an_address_within_another_and_a_record_has_its_url_whole() {
        let nested = Url::parse("http://me:canary@a/x?u=http://me:pw@b/").unwrap();
        assert_eq!(url(&nested), "http://a/x?u=http://me:pw@b/");
        assert_eq!(told(&nested), "http://a/x?u=http://b/");
        assert!(holds_password(nested.as_str()) && !holds_password("http://a/x?u=//me@b/&t=1:2"));
    }

    #[test]
    fn credential_fields_in_text_are_masked() {
        for raw in [
            r#"{"url":"x","headers":{"Authorization":"Bearer canary"}"#,
            r#"{"headers":{"cookie":["a=canary","b=canary"]}}"#,
            "Proxy-Authorization: Basic canary",
            r#"{"set-cookie" : "canary \" canary"}"#,
        ] {
            assert!(!text(raw).contains("canary"), "{raw} -> {}", text(raw));
        }
    }

    #[test]
    fn half_a_request_is_shown_up_to_its_fields_and_its_content() {
        for (raw, clean) in [
            (r#"{"url":"x","headers":{"X-Api-Key":"canary"}"#, r#"{"url":"x","headers": ***"#),
            (r#"{"url":"x","body":"canary"#, r#"{"url":"x","body": ***"#),
            (r#"{"url":"x","body_base64":"canary"#, r#"{"url":"x","body_base64": ***"#),
            (r#"{"hedaers":{"X-Api-Key":"can\"ary","a":"b"}}"#, r#"{"hedaers":{"X-Api-Key":"***","a":"b"}}"#),
            (r#"{"tokens":["canary"#, r#"{"tokens":"***""#),
            (r#"{"url":"x","depth":}"#, r#"{"url":"x","depth":}"#),
            ("http://h/?headers=1", "http://h/?headers=1"),
            (r#"{"url":"http://h/data/body.html",}"#, r#"{"url":"http://h/data/body.html",}"#),
        ] {
            assert_eq!(request(raw), clean, "{raw}");
        }
    }

    #[test]
    fn a_field_may_be_secret_by_a_word_of_its_name() {
        for name in
            ["X-Api-Key", "x_auth_token", "X-Amz-Security-Token", "Cookie", "X-CSRFToken", "ApiKey", "X-Session"]
        {
            assert!(may_be_secret_field(name), "{name}");
        }
        for name in ["Accept", "X-All", "Host", "User-Agent", "If-None-Match", "X-Monkey", "X-Author"] {
            assert!(!may_be_secret_field(name), "{name}");
        }
    }

    #[test]
    fn a_url_loses_its_userinfo_and_nothing_else() {
        let secret = Url::parse("http://u:canary@h:81/p?q#f").unwrap();
        assert_eq!(url(&secret), "http://h:81/p?q#f");
    }
}
