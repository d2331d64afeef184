//! `--netrc`: credentials from the file that ftp, curl and git share.
//!
//! `machine NAME login USER password WORD`, `default` for every other host, `macdef` skipped to
//! its blank line, `#` comments, values quoted with `"` where they hold blanks. Errors name file
//! and line, never what stands there.

use std::path::PathBuf;

use super::{BadFlag, read_text, values};

const FLAG: &str = "--netrc";

/// Credentials of one host, or of every other one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// `None` is `default`.
    pub host: Option<String>,
    /// The user.
    pub login: String,
    /// The password.
    pub password: String,
}

/// Where the file is: `$NETRC`, or `.netrc` in the home directory (`_netrc` on Windows).
fn place() -> Result<PathBuf, BadFlag> {
    if let Some(path) = std::env::var_os("NETRC").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let home = std::env::home_dir().ok_or_else(|| BadFlag::new(FLAG, "there is no home directory; set NETRC"))?;
    Ok(home.join(if cfg!(windows) { "_netrc" } else { ".netrc" }))
}

/// The entries of the user's file.
pub fn read() -> Result<Vec<Entry>, BadFlag> {
    let path = place()?;
    let text = read_text(FLAG, &path)?;
    parse(&text).map_err(|(line, problem)| BadFlag::new(FLAG, format!("{}:{line}: {problem}", path.display())))
}

type Fault = (usize, &'static str);

fn parse(text: &str) -> Result<Vec<Entry>, Fault> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut in_macro = false;
    let mut words = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if in_macro {
            in_macro = !line.trim().is_empty();
            continue;
        }
        let before = words.len();
        split(line, at + 1, &mut words)?;
        if words[before..].iter().any(|(_, word)| word == "macdef") {
            in_macro = true;
        }
    }
    let mut words = words.into_iter();
    while let Some((line, word)) = words.next() {
        let mut value = |problem| words.next().map(|(_, word)| word).ok_or((line, problem));
        match word.as_str() {
            "machine" => {
                let host = value("`machine` lacks its name")?;
                let host = values::exact_host(&host).map_err(|_| (line, "`machine` is not followed by a host"))?;
                entries.push(Entry { host: Some(host), ..Entry::default() });
            }
            "default" => entries.push(Entry::default()),
            "macdef" => drop(value("`macdef` lacks its name")?),
            "account" => drop(value("`account` lacks its value")?),
            "login" | "password" => {
                let secret = value("`login` and `password` need a value")?;
                let entry = entries.last_mut().ok_or((line, "a login stands before any machine"))?;
                if word == "login" { entry.login = secret } else { entry.password = secret }
            }
            _ => return Err((line, "expected machine, default, login, password, account or macdef")),
        }
    }
    Ok(entries)
}

/// Splits a line into words; `"` quotes, `\` escapes inside quotes, `#` at the start of a word
/// ends the line unless the word is a password's value.
fn split(line: &str, number: usize, words: &mut Vec<(usize, String)>) -> Result<(), Fault> {
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let after_key = matches!(words.last(), Some((_, word)) if word == "password" || word == "login");
        match chars.peek() {
            None => return Ok(()),
            Some('#') if !after_key => return Ok(()),
            _ => {}
        }
        let mut word = String::new();
        if chars.next_if_eq(&'"').is_some() {
            loop {
                match chars.next() {
                    None => return Err((number, "a quote is not closed")),
                    Some('"') => break,
                    Some('\\') => word.extend(chars.next()),
                    Some(c) => word.push(c),
                }
            }
        } else {
            while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                word.push(c);
            }
        }
        words.push((number, word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(host: Option<&str>, login: &str, password: &str) -> Entry {
        Entry { host: host.map(str::to_owned), login: login.to_owned(), password: password.to_owned() }
    }

    #[test]
    fn machines_default_macros_comments_and_quotes() {
        let text = "# mine\nmachine Example.com login me password pass#word\nmachine b.example\n  login you\n  password \"a \\\"b\\\" c\"\nmacdef init\ncd /pub\nlogin nobody\n\ndefault login anonymous password me@home\n";
        assert_eq!(
            parse(text).unwrap(),
            [
                entry(Some("example.com"), "me", "pass#word"),
                entry(Some("b.example"), "you", "a \"b\" c"),
                entry(None, "anonymous", "me@home"),
            ]
        );
    }

    #[test]
    fn a_fault_names_its_line() {
        for (text, line) in [
            ("machine", 1),
            ("machine h\nlogin", 2),
            ("login x", 1),
            ("machine h login a password b canary", 1),
            ("machine h\npassword \"canary", 2),
        ] {
            let (at, problem) = parse(text).unwrap_err();
            assert_eq!(at, line, "{text}");
            assert!(!problem.contains("canary"));
        }
    }
}
