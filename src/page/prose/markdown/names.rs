//! Names of the headings of a document, in the way of its dialect.

use super::Dialect;
use crate::page::prose::{
    draft::folded,
    slug::{Slugger, slug},
    toc,
};

/// Headings so far.
pub(super) enum Names {
    GitHub(Slugger),
    Python(toc::Ids),
}

/// A heading whose end was met.
#[derive(Default)]
pub(super) struct Heading {
    /// The name that it was given.
    pub(super) id: Option<String>,
    pub(super) text: String,
    /// The text with the words that stand for images, if there are any.
    pub(super) with_images: Option<String>,
}

impl Names {
    pub(super) fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Markdown | Dialect::Mdx => Names::GitHub(Slugger::default()),
            Dialect::Python => Names::Python(toc::Ids::default()),
        }
    }

    /// Adds the names of the next heading.
    pub(super) fn heading(&mut self, heading: Heading, names: &mut Vec<String>) {
        match (self, heading.id) {
            (Names::GitHub(_), Some(id)) => names.push(id),
            (Names::GitHub(slugger), None) => {
                names.push(slugger.slug(&heading.text));
                // Generators that follow mdast count the words of images, GitHub does not.
                names.extend(heading.with_images.map(|text| slug(&text)));
            }
            (Names::Python(ids), id) => {
                let given = id.as_deref().or_else(|| attribute(&heading.text));
                names.push(match given {
                    Some(id) => {
                        ids.take(id);
                        id.to_owned()
                    }
                    None => ids.next(without_attributes(&heading.text)),
                });
            }
        }
    }

    /// Adds the names of a heading that is written in HTML. Whether white space around it counts is
    /// told differently; Python-Markdown gives it no name.
    pub(super) fn html_heading(&mut self, text: &str, names: &mut Vec<String>) {
        if let Names::GitHub(slugger) = self {
            names.push(slugger.slug(&folded(text)));
            names.push(slug(text));
        }
    }
}

/// The id in the attribute list at the end of a heading: `{: #id .class }`.
fn attribute(text: &str) -> Option<&str> {
    let list = text.trim_end().strip_suffix('}')?;
    let list = list.get(list.rfind("{:")? + 2..)?;
    list.split_ascii_whitespace().find_map(|part| part.strip_prefix('#'))
}

fn without_attributes(text: &str) -> &str {
    match text.rfind("{:").filter(|_| text.trim_end().ends_with('}')) {
        Some(at) => text.get(..at).unwrap_or(text),
        None => text,
    }
}
