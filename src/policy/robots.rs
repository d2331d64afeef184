//! robots.txt: which paths of a host its owner asks us to leave alone (RFC 9309).
//!
//! In: the bytes of the file, or what came instead of them, and our product token. Out: a verdict
//! for each path, with the line that decided. Where the RFC is silent or differs from it, the
//! expectations that Google publishes with its parser decide, because files are written against
//! that one (`fixtures/robots/expectations.txt` has them). Must not know how the file was fetched,
//! how long it is kept, nor who waits for it.

mod access;
mod lines;
mod pattern;
mod reading;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, time::Duration};

use ::url::{Position, Url};

pub use self::access::Access;
use self::{
    lines::{lines, whole_lines},
    pattern::{STEPS, TooCostly, matches, normal_path, upper_hex},
    reading::{Group, Reading, Rule},
};
use crate::model::Code;

/// The product token that fetchall goes by in `robots.txt`, in `<meta name>` and in `X-Robots-Tag`.
pub const PRODUCT: &str = "fetchall";

/// Bytes of a file that are read; what follows is ignored (RFC 9309, section 2.5, asks for at least
/// that much). It bounds the number of rules too: no more than 64,000 fit.
pub const READ: usize = 500 * 1024;

/// Characters of a rule that a sentence shows: a line may have 16 KiB, and stands in many records.
const SHOWN: usize = 200;

/// What the robots.txt of one host asks of one agent.
#[derive(Clone, Debug, Default)]
pub struct Robots {
    access: Access,
    group: Group,
    sitemaps: Vec<String>,
}

/// Whether a path may be fetched, and what says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// Whether it may be fetched.
    pub allowed: bool,
    /// The line of the file that decided, from 1.
    pub line: Option<u32>,
    /// The text of that line, without its comment and the white space around it.
    pub rule: Option<&'a str>,
    /// What the verdict rests on.
    pub why: Why,
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The longest rule that matches the path; allow goes before disallow of the same length.
    Rule,
    /// No rule matches, or there is no file: allowed.
    NoRule,
    /// It is `/robots.txt`, which is always allowed (RFC 9309, section 2.2.2).
    Itself,
    /// The file could not be had for now: nothing is allowed (RFC 9309, section 2.3.1.4).
    Unavailable,
    /// The file is made so that finding the rule takes too long. Since a rule against the path may be
    /// among those not looked at, the path is left alone.
    TooCostly,
}

impl Robots {
    /// What the file says to the agent with this product token: the groups that name it, in any case
    /// of letters, else the groups for `*`. Bytes beyond [`READ`] are ignored, and so is the line that
    /// they cut.
    pub fn parse(bytes: &[u8], agent: &str) -> Robots {
        let mut reading = Reading::new(agent);
        for line in lines(whole_lines(bytes)) {
            reading.take(&line);
        }
        let (group, sitemaps) = reading.end();
        Robots { access: Access::Rules, group, sitemaps }
    }

    /// What holds for a host after a fetch of its file that meant `access`; `bytes` count only if there
    /// are rules to be read.
    pub fn after(access: Access, bytes: &[u8], agent: &str) -> Robots {
        match access {
            Access::Rules => Robots::parse(bytes, agent),
            Access::Open | Access::Closed => Robots { access, ..Robots::default() },
        }
    }

    /// May this path be fetched? It comes with its query and percent-encoded, as it goes over the wire
    /// ([`path_and_query`] of a URL is); an empty path is `/`.
    ///
    /// It is left alone if it is disallowed in either way of comparing: as written, which is Google's
    /// parser's (a rule for `/%61` is not one for `/a`), or in the one spelling of RFC 9309, sections
    /// 2.2.2 and 2.2.3 (it is; and `%2A` is a star). For the path may have been written otherwise before
    /// it came here, and owners mean both.
    pub fn judge(&self, path_and_query: &str) -> Verdict<'_> {
        let plain = |allowed, why| Verdict { allowed, line: None, rule: None, why };
        let path: Cow<'_, str> = match path_and_query.starts_with('/') {
            true => path_and_query.into(),
            false => format!("/{path_and_query}").into(),
        };
        if path == "/robots.txt" {
            return plain(true, Why::Itself);
        }
        if self.access == Access::Closed {
            return plain(false, Why::Unavailable);
        }
        let path = upper_hex(path.as_bytes());
        let mut steps = STEPS;
        let Ok(written) = self.first_match(&self.group.rules, &path, &mut steps) else {
            return plain(false, Why::TooCostly);
        };
        let normal = normal_path(&path);
        let has_one_spelling = self.group.normal.is_empty() && *normal == *path;
        if written.is_some_and(|rule| !rule.allows) || has_one_spelling {
            return self.verdict(written);
        }
        let rules = if self.group.normal.is_empty() { &self.group.rules } else { &self.group.normal };
        match self.first_match(rules, &normal, &mut steps) {
            Ok(rule @ Some(Rule { allows: false, .. })) => self.verdict(rule),
            Ok(_) => self.verdict(written),
            Err(_) => plain(false, Why::TooCostly),
        }
    }

    /// The first of these rules that matches the path, which decides.
    fn first_match<'a>(
        &self,
        rules: &'a [Rule],
        path: &[u8],
        steps: &mut usize,
    ) -> Result<Option<&'a Rule>, TooCostly> {
        for rule in rules {
            if matches(self.group.pattern(rule), path, steps)? {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }

    fn verdict(&self, rule: Option<&Rule>) -> Verdict<'_> {
        match rule {
            None => Verdict { allowed: true, line: None, rule: None, why: Why::NoRule },
            Some(rule) => Verdict {
                allowed: rule.allows,
                line: Some(rule.line),
                rule: Some(self.group.text(rule)),
                why: Why::Rule,
            },
        }
    }

    /// The pause between two requests that the file asks for: `Crawl-delay` in seconds, no part of the
    /// RFC. The longest, if there are several. As written, so up to centuries: the caller caps it.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.group.delay
    }

    /// The sitemaps that the file names, to whichever agent: as written, so absolute or not.
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    /// The same, taken out: who keeps the rules need not keep these.
    pub fn take_sitemaps(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sitemaps)
    }

    /// Whether it asks nothing of us: everything may be fetched, and as fast as we like.
    pub fn asks_nothing(&self) -> bool {
        self.access != Access::Closed && self.group.rules.is_empty() && self.group.delay.is_none()
    }

    /// Bytes that its rules take up.
    pub fn size(&self) -> usize {
        self.group.size()
    }
}

impl Verdict<'_> {
    /// The code of the skip; `None` if the path may be fetched.
    pub fn code(&self) -> Option<Code> {
        match self.why {
            _ if self.allowed => None,
            Why::Unavailable => Some(Code::RobotsUnavailable),
            _ => Some(Code::RobotsDisallowed),
        }
    }

    /// The sentence for the record of a skip; `file` is what the file goes by, its URL for example.
    pub fn sentence(&self, file: &str) -> String {
        match (self.why, self.line, self.rule) {
            (_, Some(line), Some(rule)) => {
                let shown: String = rule.chars().take(SHOWN).collect();
                let more = if shown.len() < rule.len() { "…" } else { "" };
                format!("line {line} of {file}: `{shown}{more}`")
            }
            (Why::Unavailable, ..) => format!("{file} could not be had, so nothing may be fetched for now"),
            (Why::TooCostly, ..) => format!("the rules of {file} take too long to match"),
            (Why::Itself, ..) => format!("{file} itself may always be fetched"),
            _ => format!("no rule of {file} matches"),
        }
    }
}

/// What of a URL is matched against the rules: path and query, as they go over the wire.
pub fn path_and_query(url: &Url) -> &str {
    &url[Position::BeforePath..Position::AfterQuery]
}

/// The product token that a `User-Agent` field starts with, which is what groups of a robots.txt name:
/// letters, `-` and `_` (RFC 9309, section 2.2.1). Empty if there is none: then only the groups for
/// `*` count.
pub fn product_token(user_agent: &str) -> &str {
    let end = user_agent.bytes().take_while(|&byte| is_token(byte)).count();
    user_agent.get(..end).unwrap_or_default()
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'-' || byte == b'_'
}
