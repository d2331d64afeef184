//! Values of the flags of `check`, read as people write them.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use fetchall::{
    check::{
        accept::HostAccept,
        preset::Preset,
        remap::Remap,
        rules::{FailOn, RuleWeight},
    },
    model::{
        LinkKind,
        units::{StatusSet, nearest},
    },
    report::Kind,
};
use url::Url;

use super::show::Shown;

/// One word of `--kinds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindChange {
    /// This kind.
    With(LinkKind),
    /// Not this kind.
    Without(LinkKind),
}

/// One `--accept`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// For all hosts that have none of their own.
    Everywhere(StatusSet),
    /// For one host.
    Host(HostAccept),
}

/// One `--report`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it is written.
    pub kind: Kind,
    /// Where to; `None` is stdout.
    pub path: Option<PathBuf>,
}

/// A kind of links, with `-` in front or not.
pub fn kind(text: &str) -> Result<KindChange, String> {
    let word = text.trim();
    let (name, change): (_, fn(LinkKind) -> KindChange) = match word.strip_prefix('-') {
        Some(name) => (name, KindChange::Without),
        None => (word, KindChange::With),
    };
    let names = || LinkKind::ALL.iter().map(|kind| kind.name());
    let known = LinkKind::ALL.iter().find(|kind| kind.name() == name).copied().map(change);
    known.ok_or_else(|| match nearest(name, names()) {
        Some(near) => format!("`{name}` is no kind of link; did you mean `{near}`?"),
        None => format!("`{name}` is no kind of link; there are {}", names().collect::<Vec<_>>().join(", ")),
    })
}

/// Statuses, for all hosts or for one. Ranges have `=` too: `200..=299`.
pub fn accepted(text: &str) -> Result<Accepted, String> {
    match text.split_once('=') {
        Some((host, _)) if !host.ends_with("..") => text.parse().map(Accepted::Host),
        _ => text.parse().map(Accepted::Everywhere),
    }
}

/// An address of the web.
pub fn web_address(text: &str) -> Result<Url, String> {
    let wrong = || format!("`{text}` is not an address; write https://example.com/docs/");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    if is_web { Ok(url) } else { Err(wrong()) }
}

/// A preset by its name.
pub fn preset(text: &str) -> Result<Preset, String> {
    text.parse()
}

/// An expression and what takes its place.
pub fn remap(text: &str) -> Result<Remap, String> {
    text.parse()
}

/// A rule and its weight.
pub fn rule(text: &str) -> Result<RuleWeight, String> {
    text.parse()
}

/// From which weight on a run fails.
pub fn fail_on(text: &str) -> Result<FailOn, String> {
    text.parse()
}

/// How findings are shown; a list of names, so that shells complete them.
pub fn shown() -> impl TypedValueParser<Value = Shown> {
    let names = Kind::ALL.iter().map(|kind| kind.name()).chain(["none"]);
    PossibleValuesParser::new(names.collect::<Vec<_>>()).map(|name| name.parse().map_or(Shown::Nothing, Shown::As))
}

/// `KIND=PATH`.
pub fn report(text: &str) -> Result<Report, String> {
    let wrong = || format!("`{text}` is not a kind with a path; write sarif=links.sarif");
    let (kind, path) = text.split_once('=').ok_or_else(wrong)?;
    let kind = kind.trim().parse()?;
    match path {
        "" => Err(wrong()),
        "-" => Ok(Report { kind, path: None }),
        path => Ok(Report { kind, path: Some(path.into()) }),
    }
}
