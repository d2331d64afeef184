//! Who runs the crawler, as operators are told: a mail address or a page.
//!
//! Knows how it is written into fields of requests. Must not know when they are sent.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// What a mail address keeps as it is in a `mailto:` URL (RFC 6068, section 2).
const ADDRESS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'.')
    .remove(b'-')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'*');
/// Characters of a local part beside letters and digits, as HTML has it for `input type=email`.
const LOCAL: &str = ".!#$%&'*+/=?^_`{|}~-";
/// Characters at most: a field that every request carries.
const MOST: usize = 256;

/// Whom the operator of a site can write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// As it stands in the comment of `User-Agent`, without the `+`.
    url: String,
    /// The address, if it is one.
    mail: Option<String>,
}

impl Contact {
    /// Reads a mail address (with or without `mailto:`) or an http(s) URL. The error repeats nothing.
    ///
    /// # Errors
    /// It is neither; or the URL has a user or a password, which every server would be told.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.len() > MOST {
            return Err(format!("has more than {MOST} characters"));
        }
        let (url, mail) = match text.contains("://") {
            true => (page(text)?, None),
            false => {
                let (local, domain) = address(text.strip_prefix("mailto:").unwrap_or(text))
                    .ok_or("is neither a mail address nor a URL; write bot@who.example or https://who.example/bot")?;
                (format!("mailto:{}@{domain}", utf8_percent_encode(local, ADDRESS)), Some(format!("{local}@{domain}")))
            }
        };
        let sendable = HeaderValue::from_str(&url).is_ok();
        if sendable { Ok(Contact { url, mail }) } else { Err("cannot be sent in a header field".to_owned()) }
    }

    /// `User-Agent` with the contact in a comment at its end (RFC 9110, section 10.1.5), unless it is in
    /// there already.
    pub fn sign(&self, agent: &HeaderValue) -> HeaderValue {
        let given = agent.as_bytes();
        let says_so = |what: &str| memchr::memmem::find(given, what.as_bytes()).is_some();
        if says_so(&self.url) || self.mail.as_deref().is_some_and(says_so) {
            return agent.clone();
        }
        let gap: &[u8] = if given.is_empty() { b"" } else { b" " };
        let signed = [given, gap, b"(+", self.url.as_bytes(), b")"].concat();
        HeaderValue::from_bytes(&signed).unwrap_or_else(|_| agent.clone())
    }

    /// `From` (RFC 9110, section 10.1.2): the mail address, if it is one.
    pub fn from_field(&self) -> Option<HeaderValue> {
        self.mail.as_deref().and_then(|mail| HeaderValue::from_str(mail).ok())
    }
}

/// An http(s) URL, normalised. What would end or escape a comment (RFC 9110, section 5.6.5) is encoded.
fn page(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|_| "is not a URL; write https://who.example/bot")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is not a URL of a page; write https://who.example/bot".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user or a password, which every server would be told".to_owned());
    }
    Ok(url.as_str().replace('(', "%28").replace(')', "%29").replace('\\', "%5C"))
}

/// Local part and domain of a mail address by the rule of HTML's `input type=email`; the domain has a dot.
fn address(text: &str) -> Option<(&str, &str)> {
    let (local, domain) = text.split_once('@')?;
    let is_local = !local.is_empty() && local.chars().all(|c| c.is_ascii_alphanumeric() || LOCAL.contains(c));
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_domain = domain.contains('.') && domain.split('.').all(is_label);
    (is_local && is_domain).then_some((local, domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(contact: &str, agent: &str) -> String {
        let agent = Contact::parse(contact).unwrap().sign(&HeaderValue::from_str(agent).unwrap());
        agent.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_contact_stands_in_a_comment_behind_the_product() {
        for (contact, agent, expected) in [
            ("https://who.example/bot", "fetchall/1", "fetchall/1 (+https://who.example/bot)"),
            ("bot@who.example", "fetchall/1", "fetchall/1 (+mailto:bot@who.example)"),
            (" mailto:bot@who.example ", "mine", "mine (+mailto:bot@who.example)"),
            ("https://who.example/a(b)?c=\\d", "x", "x (+https://who.example/a%28b%29?c=%5Cd)"),
            ("a%b?c@who.example", "x", "x (+mailto:a%25b%3Fc@who.example)"),
            ("bot@who.example", "", "(+mailto:bot@who.example)"),
        ] {
            assert_eq!(signed(contact, agent), expected);
        }
    }

    #[test]
    fn what_a_user_agent_says_already_is_not_said_twice() {
        let page = "Wren/2 (+https://who.example/bot)";
        assert_eq!(signed("https://who.example/bot", page), page);
        let mail = "Wren/2 (ask bot@who.example)";
        assert_eq!(signed("bot@who.example", mail), mail);
    }

    #[test]
    fn only_a_mail_address_goes_into_from() {
        let from = |text: &str| Contact::parse(text).unwrap().from_field();
        assert_eq!(from("mailto:bot+x@who.example").unwrap(), "bot+x@who.example");
        assert_eq!(from("https://who.example/"), None);
    }

    #[test]
    fn what_is_neither_is_refused_and_never_repeated() {
        let long = format!("canary@{}.example", "a".repeat(300));
        for text in [
            "",
            "canary",
            "canary@",
            "@canary.example",
            "canary@host",
            "canary@-a.example",
            "canary@a..example",
            "a canary@who.example",
            "canary@who.example@x.example",
            "canary@who.example\r\nX: y",
            "canary)@who.example",
            "canär@who.example",
            "ftp://canary.example/",
            "file:///canary",
            "https://u:canary@who.example/",
            "https://",
            "who.example/canary",
            &long,
        ] {
            let error = Contact::parse(text).unwrap_err();
            assert!(!error.contains("canary"), "{text}: {error}");
        }
    }
}
