//! What every request looks like.

use std::{collections::HashMap, io::Read as _, path::PathBuf};

use bytes::Bytes;
use fetchall::settings::{AskDefaults, AssumeScheme, Contact, EVERY_HOST, Settings};
use http::{HeaderName, HeaderValue, Method, header};

use super::{BadFlag, auth_file, header as field, netrc, values};

/// `--assume-scheme`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SchemeArg {
    /// https:// is put in front
    Https,
    /// http:// is put in front
    Http,
    /// such a line is no URL
    None,
}

/// Flags of the group "Request".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Request")]
pub struct RequestFlags {
    /// Request method [default: GET, or POST with --data]
    #[arg(short = 'X', long, value_name = "METHOD", value_parser = method)]
    pub method: Option<Method>,
    /// Request content: TEXT, @FILE or @- for stdin
    ///
    /// Sent as it is; repeated values are joined with `&`. The content type is
    /// application/x-www-form-urlencoded unless --header gives another.
    #[arg(short, long, value_name = "TEXT|@FILE", allow_hyphen_values = true)]
    pub data: Vec<String>,
    /// Scheme of a line that has none [default: https]
    #[arg(long, value_name = "SCHEME")]
    pub assume_scheme: Option<SchemeArg>,
    #[command(flatten)]
    pub common: CommonFlags,
}

/// Flags of the group "Request" that say nothing about method or content: for every command that
/// makes requests.
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Request")]
pub struct CommonFlags {
    /// 'K: V', HOST='K: V' for one host, or @FILE
    ///
    /// A header field; may be repeated. A file holds one field a line; # starts a comment. The fields go to the
    /// origin that a URL names and are dropped when a redirect leaves it.
    #[arg(short = 'H', long, value_name = "FIELD", allow_hyphen_values = true)]
    pub header: Vec<String>,
    /// User-Agent [default: fetchall/VERSION]
    #[arg(short = 'A', long, value_name = "TEXT")]
    pub user_agent: Option<String>,
    /// Who runs this: a mail address or a URL
    ///
    /// Operators of sites can write to you before they lock you out. It stands behind the User-Agent,
    /// `fetchall/VERSION (+https://who.example/bot)`, and a mail address in `From` too. Rules of a
    /// robots.txt for `fetchall` hold as before.
    #[arg(long, value_name = "MAIL|URL")]
    pub contact: Option<String>,
    /// Redirects followed at most [default: 10]
    #[arg(long, value_name = "N", value_parser = values::number)]
    pub redirects: Option<u32>,
    /// Largest body, packed or unpacked [default: 64MiB]
    #[arg(long, value_name = "SIZE", value_parser = values::body_size)]
    pub max_body: Option<u64>,
    /// Credentials from $NETRC or ~/.netrc, by host
    #[arg(long)]
    pub netrc: bool,
    /// Credentials by host from a file
    ///
    /// A line is `HOST basic USER:PASSWORD`, `HOST bearer TOKEN` or `HOST header K: V`.
    #[arg(long, value_name = "FILE")]
    pub auth_file: Option<PathBuf>,
}

/// A method; the usual ones in any case, since `-X post` means POST.
fn method(text: &str) -> Result<Method, String> {
    const USUAL: [Method; 7] =
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if let Some(usual) = USUAL.into_iter().find(|usual| usual.as_str().eq_ignore_ascii_case(text)) {
        return Ok(usual);
    }
    match Method::from_bytes(text.as_bytes()) {
        Ok(Method::CONNECT) => Err("CONNECT opens tunnels and is not for fetching".to_owned()),
        Ok(other) => Ok(other),
        Err(_) => Err(format!("`{text}` is not a method; write GET, HEAD or POST")),
    }
}

impl RequestFlags {
    /// Fills `ask`.
    pub fn resolve(&self, settings: &mut Settings) -> Result<(), BadFlag> {
        self.common.resolve(settings)?;
        let ask = &mut settings.ask;
        ask.assume_scheme = match self.assume_scheme {
            Some(SchemeArg::Http) => AssumeScheme::Http,
            Some(SchemeArg::None) => AssumeScheme::None,
            Some(SchemeArg::Https) => AssumeScheme::Https,
            None => ask.assume_scheme,
        };
        ask.body = self.content()?;
        if let Some(method) = &self.method {
            ask.method = method.clone();
        } else if ask.body.is_some() {
            ask.method = Method::POST;
        }
        let typed = ask.headers.iter().any(|(name, _)| name == header::CONTENT_TYPE);
        if ask.body.is_some() && !typed {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            ask.headers.push((header::CONTENT_TYPE, form));
        }
        Ok(())
    }

    /// Whether stdin is read for the content, and so cannot be a list.
    pub fn takes_stdin(&self) -> bool {
        self.data.iter().any(|data| data == "@-")
    }

    fn content(&self) -> Result<Option<Bytes>, BadFlag> {
        let mut joined = Vec::new();
        for (at, data) in self.data.iter().enumerate() {
            if at > 0 {
                joined.push(b'&');
            }
            match data.strip_prefix('@') {
                None => joined.extend_from_slice(data.as_bytes()),
                Some("-") => {
                    std::io::stdin()
                        .read_to_end(&mut joined)
                        .map_err(|error| BadFlag::new("--data", format!("cannot read stdin: {error}")))?;
                }
                Some(path) => {
                    let bytes = std::fs::read(path)
                        .map_err(|error| BadFlag::new("--data", format!("cannot read {path}: {error}")))?;
                    joined.extend_from_slice(&bytes);
                }
            }
        }
        Ok((!self.data.is_empty()).then(|| joined.into()))
    }
}

impl CommonFlags {
    /// Fills what `ask` says about every request.
    pub fn resolve(&self, settings: &mut Settings) -> Result<(), BadFlag> {
        let ask = &mut settings.ask;
        ask.redirects = self.redirects.unwrap_or(ask.redirects);
        ask.max_body = self.max_body.unwrap_or(ask.max_body);
        if let Some(text) = &self.contact {
            ask.contact = Some(Contact::parse(text).map_err(|problem| BadFlag::new("--contact", problem))?);
        }
        self.headers(ask)?;
        self.credentials(ask)
    }

    fn headers(&self, ask: &mut AskDefaults) -> Result<(), BadFlag> {
        for text in &self.header {
            for (host, name, value) in field::read("--header", text)? {
                match host {
                    Some(host) => ask.host_headers.entry(host).or_default().push((name, value)),
                    // Two user agents would go out otherwise; --user-agent below has the last word.
                    None if name == header::USER_AGENT => ask.user_agent = value,
                    None => ask.headers.push((name, value)),
                }
            }
        }
        if let Some(agent) = &self.user_agent {
            ask.user_agent = HeaderValue::from_str(agent)
                .map_err(|_| BadFlag::new("--user-agent", "holds a character that no header field may hold"))?;
        }
        Ok(())
    }

    /// Credentials by host. What is nearer to the user wins: `--header`, then `--auth-file`, then
    /// `--netrc`.
    fn credentials(&self, ask: &mut AskDefaults) -> Result<(), BadFlag> {
        let mut found = Vec::new();
        if let Some(path) = &self.auth_file {
            found.extend(auth_file::read(path)?);
        }
        let everywhere = ask.headers.iter().any(|(name, _)| name == header::AUTHORIZATION);
        if self.netrc && !everywhere {
            for entry in netrc::read()? {
                let value = auth_file::basic(&entry.login, &entry.password)
                    .ok_or_else(|| BadFlag::new("--netrc", "a login cannot be sent"))?;
                match entry.host {
                    // The first entry of a host counts, as curl reads it.
                    Some(host)
                        if found.iter().any(|(known, name, _)| *known == host && name == header::AUTHORIZATION) => {}
                    Some(host) => found.push((host, header::AUTHORIZATION, value)),
                    None => {
                        found.push((EVERY_HOST.to_owned(), header::AUTHORIZATION, value));
                        break; // `default` matches every host, so nothing after it is ever reached
                    }
                }
            }
        }
        let typed: Vec<(String, HeaderName)> = ask
            .host_headers
            .iter()
            .flat_map(|(host, fields)| fields.iter().map(|(name, _)| (host.clone(), name.clone())))
            .collect();
        for (host, name, value) in found {
            if !typed.contains(&(host.clone(), name.clone())) {
                ask.host_headers.entry(host).or_default().push((name, value));
            }
        }
        fill_ports(&mut ask.host_headers);
        Ok(())
    }
}

/// Only the nearest entry of a host is looked at, so what is said about `host` is filled into
/// `host:port`, where that does not say otherwise.
fn fill_ports(by_host: &mut HashMap<String, Vec<(HeaderName, HeaderValue)>>) {
    let bare: HashMap<_, _> = by_host.iter().map(|(host, fields)| (host.clone(), fields.clone())).collect();
    for (host, fields) in by_host.iter_mut() {
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let wider = name.and_then(|(name, _)| bare.get(name)).into_iter().flatten();
        let missing: Vec<_> =
            wider.filter(|(name, _)| !fields.iter().any(|(known, _)| known == name)).cloned().collect();
        fields.extend(missing);
    }
}
