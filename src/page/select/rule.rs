//! What somebody asks for, before it is read: the one form that flags, requests and recipes share.

use crate::page::blame::{Kind, Written};

/// A name and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The name; with `[]` at its end, all matches are wanted as a list.
    pub name: String,
    /// Where its value is found.
    pub what: What,
}

/// Where a value is found. All but groups may end with filters: `.price|number`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// By CSS, with `::text`, `::html` or `::attr(NAME)` behind it, or a group: `.card{title=h2}`.
    Css(String),
    /// By CSS, and what is asked of each match.
    Group(String, Vec<Rule>),
    /// By JSONPath (RFC 9535), in a JSON body or the JSON-LD of a page.
    Json(String),
    /// By a regular expression, in the decoded text.
    Regex(String),
}

impl Rule {
    /// What a selector finds.
    pub fn css(name: impl Into<String>, css: impl Into<String>) -> Rule {
        Rule { name: name.into(), what: What::Css(css.into()) }
    }

    /// What a JSONPath finds.
    pub fn json(name: impl Into<String>, path: impl Into<String>) -> Rule {
        Rule { name: name.into(), what: What::Json(path.into()) }
    }

    /// What a regular expression finds: its first group, or all that it matches.
    pub fn regex(name: impl Into<String>, pattern: impl Into<String>) -> Rule {
        Rule { name: name.into(), what: What::Regex(pattern.into()) }
    }

    pub(super) fn written(&self) -> Written<'_> {
        let (kind, text) = match &self.what {
            What::Css(text) | What::Group(text, _) => (Kind::Css, text),
            What::Json(text) => (Kind::Json, text),
            What::Regex(text) => (Kind::Regex, text),
        };
        Written { kind, name: &self.name, text }
    }
}
