//! Documents that people write: Markdown, reStructuredText, AsciiDoc, plain text, data files,
//! sitemaps. What they link to, what fragments may point to, what they tell the checker.
//!
//! ```text
//! text ─► Language ─► a reader of that language ─► Draft ─► Outline
//! ```
//!
//! Pure and linear in the length of the text; no reader descends by recursion. What a reader does
//! not understand is content, never an error. HTML and CSS are read by [`mod@super::outline`] and
//! [`super::css_links`], also where they stand within Markdown. Must not know files, the network or
//! what is checked.

mod asciidoc;
mod bare;
mod css;
mod data;
mod draft;
mod markdown;
mod pieces;
mod rst;
mod rst_inline;
mod sitemap;
mod slug;
#[cfg(test)]
mod tests;
mod toc;

use std::path::Path;

pub use slug::{Slugger, slug};

use self::draft::Draft;
use super::Look;
use crate::model::link::{LinkKind, Outline};

/// A language that documents are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// HTML and XHTML.
    Html,
    /// CommonMark with what GitHub adds.
    Markdown,
    /// Markdown as Python-Markdown reads it for MkDocs. No extension tells it.
    PythonMarkdown,
    /// Markdown with JSX.
    Mdx,
    /// reStructuredText, of docutils and Sphinx.
    Rst,
    /// AsciiDoc, as Asciidoctor reads it.
    AsciiDoc,
    /// A style sheet.
    Css,
    /// Text without markup.
    Text,
    /// JSON.
    Json,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
    /// XML: a sitemap, a sitemap index, an RSS or Atom feed. Other XML has no links.
    Sitemap,
}

impl Language {
    /// The language of a file, by its extension in any case.
    pub fn of_path(path: impl AsRef<Path>) -> Option<Language> {
        let extension = path.as_ref().extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "html" | "htm" | "xhtml" | "xht" => Language::Html,
            "md" | "markdown" | "mkd" | "mkdn" | "mdwn" | "mdown" => Language::Markdown,
            "mdx" => Language::Mdx,
            "rst" | "rest" => Language::Rst,
            "adoc" | "asciidoc" | "asc" => Language::AsciiDoc,
            "css" => Language::Css,
            "txt" | "text" => Language::Text,
            "json" => Language::Json,
            "toml" => Language::Toml,
            "yaml" | "yml" => Language::Yaml,
            "xml" | "rss" | "atom" => Language::Sitemap,
            _ => return None,
        })
    }

    /// Its name, lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Language::Html => "html",
            Language::Markdown | Language::PythonMarkdown => "markdown",
            Language::Mdx => "mdx",
            Language::Rst => "rst",
            Language::AsciiDoc => "asciidoc",
            Language::Css => "css",
            Language::Text => "text",
            Language::Json => "json",
            Language::Toml => "toml",
            Language::Yaml => "yaml",
            Language::Sitemap => "sitemap",
        }
    }
}

/// What a document says. Never fails. Other languages than HTML are read for everything, whatever
/// is looked for: their texts are short.
pub fn outline(text: &str, language: Language, look: Look) -> Outline {
    let mut draft = Draft::default();
    match language {
        Language::Html => return super::outline(text, look),
        Language::Markdown => return markdown::outline(text, markdown::Dialect::Markdown, look),
        Language::PythonMarkdown => return markdown::outline(text, markdown::Dialect::Python, look),
        Language::Mdx => return markdown::outline(text, markdown::Dialect::Mdx, look),
        Language::Rst => rst::read(text, &mut draft),
        Language::AsciiDoc => asciidoc::read(text, &mut draft),
        Language::Css => {
            draft.links = super::css_links(text);
            css::directives(text, &mut draft);
        }
        Language::Text => bare::read(text, LinkKind::Text, "text", &mut draft),
        Language::Json => data::json(text, &mut draft),
        Language::Toml => data::toml(text, &mut draft),
        Language::Yaml => data::yaml(text, &mut draft),
        Language::Sitemap => sitemap::read(text, &mut draft),
    }
    draft.finish(look.names)
}
