//! Header fields as people type them: `K: V`, `HOST='K: V'`, `@FILE`.
//!
//! Values are often secrets: no error here repeats one, and credentials are marked sensitive so
//! that nothing prints them by accident.

use std::path::Path;

use fetchall::model::{redact, request::NOT_FOR_REQUESTS};
use http::{HeaderName, HeaderValue};

use super::{BadFlag, read_text, values};

/// One field, for every request or for those of one host.
pub type Field = (Option<String>, HeaderName, HeaderValue);

/// The fields that one `--header` stands for: one, or a file of them.
pub fn read(flag: &'static str, text: &str) -> Result<Vec<Field>, BadFlag> {
    match text.strip_prefix('@') {
        Some(path) => read_file(flag, Path::new(path)),
        None => parse(text).map(|field| vec![field]).map_err(|problem| BadFlag::new(flag, problem)),
    }
}

fn read_file(flag: &'static str, path: &Path) -> Result<Vec<Field>, BadFlag> {
    read_text(flag, path)?
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            parse(line).map_err(|problem| BadFlag::new(flag, format!("{}:{number}: {problem}", path.display())))
        })
        .collect()
}

fn parse(text: &str) -> Result<Field, String> {
    let (host, field) = match host_part(text) {
        // The host's own error would repeat what was typed, which may be the start of a secret.
        Some((host, field)) => {
            (Some(values::exact_host(host).map_err(|_| "the host before `=` is none".to_owned())?), field)
        }
        None => (None, text),
    };
    let (name, value) = name_and_value(field)?;
    Ok((host, name, value))
}

/// Splits `HOST=K: V`. No field name holds `=`, so a `=` before the first `:` (a port's aside)
/// ends a host.
fn host_part(text: &str) -> Option<(&str, &str)> {
    let (host, field) = text.split_once('=')?;
    let name_end = host.rfind(']').map_or(0, |at| at + 1);
    match host[name_end..].split_once(':') {
        None => Some((host, field)),
        Some((_, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => Some((host, field)),
        Some(_) => None,
    }
}

/// A field as curl reads it: `K: V`, and `K;` for an empty value.
pub fn name_and_value(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = match (text.split_once(':'), text.strip_suffix(';')) {
        (Some((_, value)), _) if value.trim().is_empty() => {
            return Err("the field has no value; write `Name: value`, or `Name;` to send it empty".to_owned());
        }
        (Some((name, value)), _) => (name, value.trim()),
        (None, Some(name)) => (name, ""),
        (None, None) => return Err("not a header field, since it has no colon; write `Name: value`".to_owned()),
    };
    let name = HeaderName::from_bytes(name.trim().as_bytes())
        .map_err(|_| "what stands before the `:` is not a field name; write `Name: value`".to_owned())?;
    if NOT_FOR_REQUESTS.contains(&name.as_str()) {
        return Err(format!("`{name}` is set by fetchall itself; a proxy's credentials stand in --proxy"));
    }
    let mut value = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| format!("the value of `{name}` holds a character that no field may hold"))?;
    value.set_sensitive(redact::may_be_secret_field(name.as_str()));
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Option<String>, String, String) {
        let (host, name, value) = parse(text).unwrap();
        (host, name.to_string(), value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_field_may_name_the_host_it_is_for() {
        for (text, host, name, value) in [
            ("X-A: b", None, "x-a", "b"),
            ("X-A:b=c: d", None, "x-a", "b=c: d"),
            ("Cookie: a=b; c=d", None, "cookie", "a=b; c=d"),
            ("X-Empty;", None, "x-empty", ""),
            ("example.com=X-A: b", Some("example.com"), "x-a", "b"),
            ("example.com:8080=X-A: b=c", Some("example.com:8080"), "x-a", "b=c"),
            ("[::1]:80=X-A: b", Some("[::1]:80"), "x-a", "b"),
        ] {
            assert_eq!(parsed(text), (host.map(str::to_owned), name.to_owned(), value.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_field_is_refused_without_repeating_it() {
        for text in [
            "canary",
            "Authorization Bearer canary",
            "X-A:",
            "X-A: can\u{1}ary",
            "Content-Length: 3",
            "canary/x=X-A: canary",
            "bad name: canary",
        ] {
            let problem = parse(text).unwrap_err();
            assert!(!problem.contains("canary"), "{problem}");
        }
    }

    #[test]
    fn a_bad_line_of_a_file_is_named_by_its_place_only() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# comment\n\nX-A: b\nAuthorization canary\n").unwrap();
        let problem = read("--header", &format!("@{}", file.path().display())).unwrap_err().to_string();
        assert!(problem.contains(":4: not a header field") && !problem.contains("canary"), "{problem}");
        std::fs::write(file.path(), "X-A: b\nX-B: c\n").unwrap();
        assert_eq!(read("--header", &format!("@{}", file.path().display())).unwrap().len(), 2);
    }

    #[test]
    fn credentials_are_marked_sensitive() {
        assert!(parse("Authorization: Bearer x").unwrap().2.is_sensitive());
        assert!(parse("X-Api-Key: x").unwrap().2.is_sensitive());
        assert!(!parse("X-A: x").unwrap().2.is_sensitive());
    }
}
