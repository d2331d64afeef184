//! The address of a project: `https://KEY@HOST/PROJECT`.
//!
//! <https://develop.sentry.dev/sdk/overview/#parsing-the-dsn>. Must not know what is sent there.

use std::{fmt, str::FromStr};

use url::Url;

/// Where reports of a project go, and by which key.
#[derive(Clone, PartialEq, Eq)]
pub struct Dsn {
    key: String,
    host: String,
    envelopes: String,
}

impl Dsn {
    /// The key that is sent along.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Who gets reports, in words.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where envelopes go.
    pub fn envelopes(&self) -> &str {
        &self.envelopes
    }
}

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dsn").field("host", &self.host).finish_non_exhaustive()
    }
}

impl FromStr for Dsn {
    type Err = String;

    /// The sentence repeats nothing of the text: there is a key in it.
    fn from_str(text: &str) -> Result<Dsn, String> {
        let wrong = || "write it as the project shows it: https://KEY@HOST/PROJECT".to_owned();
        let mut url = Url::parse(text).map_err(|_| wrong())?;
        let key = url.username().to_owned();
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !matches!(url.scheme(), "http" | "https") || !is_key {
            return Err(wrong());
        }
        // Both fail only for URLs that cannot have userinfo, and this one has it.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        let (folder, project) = path.rsplit_once('/').ok_or_else(wrong)?;
        if project.is_empty() {
            return Err(wrong());
        }
        let host = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        url.set_path(&format!("{folder}/api/{project}/envelope/"));
        Ok(Dsn { key, host, envelopes: url.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_has_an_address_for_envelopes() {
        for (text, envelopes) in [
            ("https://abc@o1.example.com/42", "https://o1.example.com/api/42/envelope/"),
            ("http://abc:old@127.0.0.1:9000/errors/42/", "http://127.0.0.1:9000/errors/api/42/envelope/"),
        ] {
            let dsn: Dsn = text.parse().unwrap();
            assert_eq!((dsn.envelopes(), dsn.key()), (envelopes, "abc"));
            assert!(!format!("{dsn:?}").contains("abc"));
        }
    }

    #[test]
    fn what_is_none_is_refused_without_being_repeated() {
        for text in
            ["", "secret", "https://host/42", "https://secret@host/", "ftp://secret@host/1", "https://sec%0aret@h/1"]
        {
            let told = text.parse::<Dsn>().unwrap_err();
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
