//! Whether `mailto:` and `tel:` links are well formed. Nobody is written to or called.
//!
//! RFC 6068 and the part of RFC 5322 that mailboxes use; RFC 3966. Must not ask the DNS.

use percent_encoding::percent_decode_str;

/// Looks at what stands behind `mailto:`: several addresses, percent-encoded, and fields.
pub fn check_mail(rest: &str) -> Result<(), String> {
    let rest = rest.split('#').next().unwrap_or_default();
    let (to, fields) = rest.split_once('?').unwrap_or((rest, ""));
    if !to.is_empty() {
        addresses(to)?;
    }
    let mut has_fields = false;
    for field in fields.split('&').filter(|field| !field.is_empty()) {
        has_fields = true;
        let Some((name, value)) = field.split_once('=') else {
            return Err(format!("the field `{field}` has no value; write name=value"));
        };
        match name.to_ascii_lowercase().as_str() {
            "to" | "cc" | "bcc" if !value.is_empty() => addresses(value)?,
            name if name.starts_with("amp;") => return Err("`&amp;` is encoded twice".to_owned()),
            _ => {}
        }
    }
    match to.is_empty() && !has_fields {
        true => Err("there is no address".to_owned()),
        false => Ok(()),
    }
}

/// A list of addresses: parted by commas as written; a comma within one is encoded.
fn addresses(list: &str) -> Result<(), String> {
    for address in list.split(',') {
        if has_bad_escape(address) {
            return Err(format!("`{address}` has a % that encodes nothing"));
        }
        let decoded = percent_decode_str(address).decode_utf8();
        let decoded = decoded.map_err(|_| format!("`{address}` is not UTF-8 when decoded"))?;
        mailbox(decoded.trim()).map_err(|why| format!("`{}`: {why}", decoded.trim()))?;
    }
    Ok(())
}

fn has_bad_escape(text: &str) -> bool {
    text.split('%').skip(1).any(|behind| {
        let digits = behind.as_bytes().get(..2);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// One mailbox: `local@domain` (RFC 5322, addr-spec, without comments; RFC 6531 for what is not
/// ASCII).
fn mailbox(address: &str) -> Result<(), &'static str> {
    let (local, domain) = address.rsplit_once('@').ok_or("an address has an @")?;
    match local.strip_prefix('"') {
        Some(quoted) => quoted_local(quoted)?,
        None => dot_atom(local)?,
    }
    if local.len() > 64 {
        return Err("more than 64 bytes in front of the @ (RFC 5321)");
    }
    match domain.strip_prefix('[') {
        Some(literal) => address_literal(literal),
        None => domain_name(domain),
    }
}

fn dot_atom(local: &str) -> Result<(), &'static str> {
    let is_atom = |c: char| {
        c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c) || (!c.is_ascii() && !c.is_whitespace())
    };
    if local.is_empty() {
        return Err("nothing stands in front of the @");
    }
    match local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom)) {
        true => Ok(()),
        false => Err("what stands in front of the @ holds a blank, doubled dots or a character that needs quotes"),
    }
}

fn quoted_local(quoted: &str) -> Result<(), &'static str> {
    const OPEN: &str = "the quotes in front of the @ are not closed, or hold bare quotes";
    let inner = quoted.strip_suffix('"').ok_or(OPEN)?;
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Err(OPEN),
            '\\' if chars.next().is_none() => return Err(OPEN),
            _ => {}
        }
    }
    Ok(())
}

fn address_literal(literal: &str) -> Result<(), &'static str> {
    let inner = literal.strip_suffix(']').ok_or("the bracket behind the @ is not closed")?;
    let is_address = match inner.strip_prefix("IPv6:") {
        Some(six) => six.parse::<std::net::Ipv6Addr>().is_ok(),
        None => inner.parse::<std::net::Ipv4Addr>().is_ok(),
    };
    if is_address { Ok(()) } else { Err("what stands in brackets is no IP address") }
}

fn domain_name(domain: &str) -> Result<(), &'static str> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || (!c.is_ascii() && c.is_alphanumeric()))
    };
    if domain.is_empty() {
        return Err("nothing stands behind the @");
    }
    if domain.len() > 253 || !domain.split('.').all(is_label) {
        return Err("what stands behind the @ cannot be the name of a host");
    }
    if !domain.contains('.') {
        return Err("the name behind the @ has no dot");
    }
    if domain.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err("the name behind the @ ends in a number; IP addresses stand in brackets");
    }
    Ok(())
}

/// Most digits of a number (ITU-T E.164).
const MOST_DIGITS: usize = 15;

/// Looks at what stands behind `tel:`: digits, visual separators, parameters. Numbers without `+`
/// pass although RFC 3966 wants a `phone-context`: nobody writes it, and short numbers have none.
pub fn check_tel(rest: &str) -> Result<(), String> {
    let mut parts = rest.split(';');
    let number = parts.next().unwrap_or_default();
    let (is_global, local) = match number.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let is_allowed = |c: char| c.is_ascii_digit() || "-.()".contains(c) || (!is_global && "*#".contains(c));
    if let Some(bad) = local.chars().find(|c| !is_allowed(*c)) {
        let why = match bad {
            ' ' | '%' => "blanks may not stand in a number: write - or nothing".to_owned(),
            '+' => "+ may only stand at the start".to_owned(),
            ',' => "a pause is not part of a number; extensions are written ;ext=12".to_owned(),
            bad => format!("`{bad}` may not stand in a number"),
        };
        return Err(format!("`{number}`: {why}"));
    }
    let digits = local.chars().filter(char::is_ascii_digit).count();
    let least = if is_global { 4 } else { 1 };
    if digits > MOST_DIGITS || (digits < least && !local.contains(['*', '#'])) {
        return Err(format!("`{number}` has {digits} digits, which is no telephone number"));
    }
    for parameter in parts {
        parameter_of_tel(parameter)?;
    }
    Ok(())
}

fn parameter_of_tel(parameter: &str) -> Result<(), String> {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_value = match name.to_ascii_lowercase().as_str() {
        "ext" => {
            value.contains(|c: char| c.is_ascii_digit())
                && value.chars().all(|c| c.is_ascii_digit() || "-.()".contains(c))
        }
        "isub" | "phone-context" => !value.is_empty(),
        _ => true,
    };
    match is_name && is_value && !value.contains(char::is_whitespace) {
        true => Ok(()),
        false => Err(format!("`;{parameter}` is not a parameter of a telephone number; write ;ext=12")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_are_well_formed_or_not() {
        for good in [
            "a@example.com",
            "first.last+tag@sub.example.co.uk",
            "a@example.com,b@example.com",
            "a%20b@example.com".replace("%20", "%2B").as_str(),
            "?to=a@example.com&subject=Hi%20there",
            "?subject=share",
            "a@example.com?subject=a@b&body=x",
            "a@example.com?cc=b@example.com,c@example.com",
            "%22quoted%20name%22@example.com",
            "gorby%25kremvax@example.com",
            "a@[192.0.2.1]",
            "a@[IPv6:2001:db8::1]",
            "用户@例子.广告",
            "o'brien@example.com",
            "a@example.com#x",
        ] {
            assert_eq!(check_mail(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "?",
            "a",
            "@example.com",
            "a@",
            "a@localhost",
            "a@@example.com",
            "a b@example.com",
            "a..b@example.com",
            ".a@example.com",
            "a@-example.com",
            "a@exam ple.com",
            "a@example..com",
            "a@example.com,",
            "a@example.com;b@example.com",
            "a@192.0.2.1",
            "a@[192.0.2.999]",
            "%22open@example.com",
            "a%zz@example.com",
            "a%FF@example.com",
            "a@example.com?subject",
            "a@example.com?x=1&amp;subject=y",
            "a@example.com?cc=nobody",
            "//a@example.com",
        ] {
            assert!(check_mail(bad).is_err() || bad.starts_with("//"), "{bad}");
        }
        assert!(check_mail(&format!("{}@example.com", "a".repeat(65))).is_err());
    }

    #[test]
    fn telephone_numbers_are_well_formed_or_not() {
        for good in [
            "+49-30-1234567",
            "+1(555)123.4567",
            "112",
            "*100#",
            "030123",
            "+4930123;ext=12",
            "7042;phone-context=example.com",
        ] {
            assert_eq!(check_tel(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "+",
            "+49 30 1234",
            "+49%20301234",
            "1-800-FLOWERS",
            "49+30",
            "+12",
            "+4930123;ext=",
            "+4930123;",
            "+4930123;ext=1 2",
            "030123,12",
            "1234567890123456",
            "---",
            "+49*30123",
        ] {
            assert!(check_tel(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged(text in "[a@.%,;?&=\"\\\\\\[\\]0-9+ ü]{0,24}") {
            let _ = (check_mail(&text), check_tel(&text));
        }
    }
}
