//! `--auth-file`: credentials by host, so that they stand neither in a list nor in a process
//! table.
//!
//! A line is `HOST basic USER:PASSWORD`, `HOST bearer TOKEN` or `HOST header K: V`; blank lines
//! and lines that start with `#` are skipped. Errors name file and line, never what stands there.

use std::path::Path;

use base64::Engine as _;
use http::{HeaderName, HeaderValue, header};

use super::{BadFlag, header::name_and_value, read_text, values};

const FLAG: &str = "--auth-file";

/// One field for requests whose URL names the host.
pub type HostField = (String, HeaderName, HeaderValue);

/// The fields of a file.
pub fn read(path: &Path) -> Result<Vec<HostField>, BadFlag> {
    read_text(FLAG, path)?
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            parse(line).map_err(|problem| BadFlag::new(FLAG, format!("{}:{number}: {problem}", path.display())))
        })
        .collect()
}

/// The `Authorization` value for a user and password (RFC 7617).
pub fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    sensitive(&format!("Basic {pair}"))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn parse(line: &str) -> Result<HostField, String> {
    const SHAPE: &str = "write `HOST basic USER:PASSWORD`, `HOST bearer TOKEN` or `HOST header Name: value`";
    let (host, rest) = line.split_once(char::is_whitespace).ok_or(SHAPE)?;
    let (kind, secret) = rest.trim_start().split_once(char::is_whitespace).ok_or(SHAPE)?;
    let host = values::exact_host(host).map_err(|_| format!("the line does not begin with a host; {SHAPE}"))?;
    let secret = secret.trim();
    let (name, value) = match kind {
        "basic" => {
            let (user, password) = secret.split_once(':').ok_or("`basic` takes USER:PASSWORD")?;
            (header::AUTHORIZATION, basic(user, password).ok_or("`basic` takes USER:PASSWORD")?)
        }
        "bearer" => {
            let value = sensitive(&format!("Bearer {secret}"));
            (header::AUTHORIZATION, value.ok_or("the token holds a character that no field may hold")?)
        }
        "header" => {
            let (name, mut value) = name_and_value(secret)?;
            value.set_sensitive(true);
            (name, value)
        }
        _ => return Err(format!("the second word is neither basic, bearer nor header; {SHAPE}")),
    };
    Ok((host, name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_line_gives_its_field() {
        for (line, host, name, value) in [
            ("example.com basic me:pass:word", "example.com", "authorization", "Basic bWU6cGFzczp3b3Jk"),
            ("example.com:8080\tbearer  abc", "example.com:8080", "authorization", "Bearer abc"),
            ("Example.com header X-Api-Key: k", "example.com", "x-api-key", "k"),
        ] {
            let (got_host, got_name, got_value) = parse(line).unwrap();
            assert_eq!((got_host.as_str(), got_name.as_str()), (host, name), "{line}");
            assert_eq!(got_value.to_str().unwrap(), value);
            assert!(got_value.is_sensitive());
        }
    }

    #[test]
    fn a_bad_line_is_named_by_file_and_line_and_never_repeated() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for bad in ["canary", "h canary", "h basic canary", "h digest canary", "h header canary", "a/canary basic u:p"]
        {
            std::fs::write(file.path(), format!("# fine\n\nh bearer ok\n{bad}\n")).unwrap();
            let problem = read(file.path()).unwrap_err().to_string();
            assert!(problem.contains(":4: ") && !problem.contains("canary"), "{problem}");
        }
    }
}
