//! What is wanted of pages: selectors by name, and ready-made views.
//!
//! As they were asked for; they are read and tried in `page`. Must not know pages.

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

    /// The name without `[]`: the key of the record's `data`.
    pub fn key(&self) -> &str {
        let name = self.name.trim();
        name.strip_suffix("[]").map_or(name, str::trim_end)
    }

    /// Whether bodies are asked that are no HTML.
    pub fn reads_other_bodies(&self) -> bool {
        match self.what {
            What::Css(_) | What::Group(..) => false,
            What::Json(_) | What::Regex(_) => true,
        }
    }
}

/// A ready-made view of a page. The names are API: views are added, never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// Title, description, canonical address, language, OpenGraph and Twitter cards, icons, alternates.
    Meta,
    /// Every node of structured data in `application/ld+json` blocks.
    Jsonld,
    /// Every link, with its text, its `rel` and what it is for.
    Links,
    /// Every table, its rows as objects.
    Tables,
    /// The main content as plain text.
    Text,
    /// The main content as Markdown.
    Markdown,
}

impl View {
    /// Every view.
    pub const ALL: &'static [View] = &[View::Meta, View::Jsonld, View::Links, View::Tables, View::Text, View::Markdown];

    /// The name that `--view` and records have for it.
    pub const fn name(self) -> &'static str {
        match self {
            View::Meta => "meta",
            View::Jsonld => "jsonld",
            View::Links => "links",
            View::Tables => "tables",
            View::Text => "text",
            View::Markdown => "markdown",
        }
    }

    /// The view of this name.
    pub fn of_name(name: &str) -> Option<View> {
        View::ALL.iter().copied().find(|view| view.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_name_without_its_brackets() {
        for (name, key) in [("a", "a"), ("a[]", "a"), (" a [] ", "a")] {
            assert_eq!(Rule::css(name, "p").key(), key);
        }
    }

    #[test]
    fn every_view_is_found_by_its_name() {
        assert!(View::ALL.iter().all(|view| View::of_name(view.name()) == Some(*view)));
        assert_eq!(View::of_name("Meta"), None);
    }
}
