//! AsciiDoc: blocks, titles and attributes. Macros and URLs within a line are read by `inline`.
//!
//! Lines of a paragraph are read one by one, so a macro that goes over lines is found where it
//! begins only. Sections are named as Asciidoctor names them and as GitHub does, unless the document
//! says how. `{attributes}` in a target are filled in where the document sets them.

mod inline;

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use self::inline::Inline;
use super::{bare, draft::Draft};
use crate::model::link::LinkKind;

/// Adds what a document says.
pub(super) fn read(text: &str, draft: &mut Draft) {
    let mut reader =
        Reader { text, draft, block: None, style: Style::Prose, fresh: true, sections: Sections::default() };
    let mut attributes = HashMap::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let span = at..at + line.trim_end().len();
        at += line.len();
        reader.line(span, &mut attributes);
    }
}

/// What a block attribute line made of the block below.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Prose,
    /// `[source]`, `[listing]`, `[literal]`: code even without a fence.
    Code,
    /// A paragraph of code that goes on.
    InCode,
}

struct Reader<'a, 'd> {
    text: &'a str,
    draft: &'d mut Draft,
    /// The fence that ends the verbatim block which is open.
    block: Option<&'a str>,
    style: Style,
    /// Whether the line before was blank.
    fresh: bool,
    sections: Sections,
}

impl<'a> Reader<'a, '_> {
    fn line(&mut self, span: Range<usize>, attributes: &mut HashMap<&'a str, &'a str>) {
        let line = self.text.get(span.clone()).unwrap_or_default();
        if let Some(fence) = self.block {
            if line == fence {
                self.block = None;
            }
            return;
        }
        let fresh = std::mem::replace(&mut self.fresh, line.is_empty());
        if line.is_empty() {
            self.style = if self.style == Style::InCode { Style::Prose } else { self.style };
        } else if let Some(fence) = fence(line) {
            (self.block, self.style) = (Some(fence), Style::Prose);
        } else if self.style == Style::InCode {
            // code goes on
        } else if let Some(comment) = line.strip_prefix("//").filter(|rest| !rest.starts_with('/')) {
            self.draft.comment(comment, span);
        } else if let Some((name, value)) = attribute(line) {
            self.attribute(name, value, span.end - value.len(), attributes);
        } else if self.is_block_attributes(line) {
            self.block_attributes(line, span.start, attributes);
        } else if self.style == Style::Code && !is_delimiter(line) || fresh && is_literal(line) {
            self.style = Style::InCode;
        } else {
            self.style = Style::Prose;
            if let Some(title) = title(line) {
                self.sections.name(title, attributes, &mut self.draft.names);
            }
            Inline::new(self.text, attributes, self.draft).read(span);
        }
    }

    fn attribute(&mut self, name: &'a str, value: &'a str, at: usize, attributes: &mut HashMap<&'a str, &'a str>) {
        let mut part = Draft::default();
        bare::read(value, LinkKind::Text, "attribute", &mut part);
        self.draft.take(part, at);
        match name.strip_prefix('!').or(name.strip_suffix('!')) {
            Some(name) => attributes.remove(name),
            None => attributes.insert(name, value),
        };
    }

    /// Whether a line is `[…]` and nothing else.
    fn is_block_attributes(&self, line: &str) -> bool {
        line.starts_with('[') && line.ends_with(']') && !line.contains("](") && !line.contains("]:")
    }

    fn block_attributes(&mut self, line: &'a str, start: usize, attributes: &mut HashMap<&'a str, &'a str>) {
        if line.starts_with("[[") {
            return Inline::new(self.text, attributes, self.draft).read(start..start + line.len());
        }
        let inside = line.get(1..line.len() - 1).unwrap_or_default();
        let first = inside.split(',').next().unwrap_or_default();
        let style = first.split(['#', '.', '%']).next().unwrap_or_default().trim();
        if matches!(
            style,
            "source" | "listing" | "literal" | "stem" | "latexmath" | "asciimath" | "mermaid" | "plantuml"
        ) {
            self.style = Style::Code;
        }
        if let Some((_, id)) = first.split_once('#') {
            let id = id.split(['.', '%', '#']).next().unwrap_or_default();
            self.draft.names.push(id.to_owned());
        }
        for part in inside.split(',') {
            if let Some(id) = part.trim().strip_prefix("id=") {
                self.draft.names.push(id.trim_matches(['"', '\'']).to_owned());
            }
        }
    }
}

/// The fence that a line is, if it opens a block that is no prose: listing, literal, passthrough,
/// comment, fenced code.
fn fence(line: &str) -> Option<&str> {
    let mark = line.bytes().next()?;
    if line.starts_with("```") {
        return Some("```");
    }
    let is_fence =
        matches!(mark, b'-' | b'.' | b'+' | b'/') && line.len() >= 4 && line.bytes().all(|byte| byte == mark);
    is_fence.then_some(line)
}

/// Whether a line is the fence of a block whose content is prose.
fn is_delimiter(line: &str) -> bool {
    let mark = line.bytes().next().unwrap_or_default();
    line == "--" || (line.len() >= 4 && matches!(mark, b'=' | b'*' | b'_') && line.bytes().all(|byte| byte == mark))
}

/// Whether the first line of a paragraph makes it literal: it is indented and no item of a list.
fn is_literal(line: &str) -> bool {
    let content = line.trim_start();
    let mark = content.split(' ').next().unwrap_or_default();
    let is_item = mark.bytes().all(|byte| matches!(byte, b'*' | b'-' | b'.'))
        || mark.strip_suffix(['.', ')']).is_some_and(|mark| mark.chars().all(char::is_alphanumeric))
        || mark.starts_with(['<', '|'])
        || content.contains("::");
    content.len() < line.len() && !is_item
}

/// An attribute entry, `:name: value`.
fn attribute(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix(':')?.split_once(':')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '!'));
    (is_name && (value.is_empty() || value.starts_with(' '))).then(|| (name, value.trim_start()))
}

/// The text of a section title below the document title.
fn title(line: &str) -> Option<&str> {
    let mark = line.bytes().next().filter(|mark| matches!(mark, b'=' | b'#'))?;
    let level = line.bytes().take_while(|byte| *byte == mark).count();
    let title = line.get(level..)?.strip_prefix(' ')?.trim();
    (level <= 6 && !title.is_empty()).then_some(title)
}

/// Names of sections, one after another.
#[derive(Default)]
struct Sections {
    taken: [HashSet<String>; 2],
    counts: [HashMap<String, usize>; 2],
}

impl Sections {
    /// Adds the names of a section: its ids and, for `<<Title>>`, its title.
    fn name(&mut self, title: &str, attributes: &HashMap<&str, &str>, names: &mut Vec<String>) {
        let (prefix, separator) = (attributes.get("idprefix"), attributes.get("idseparator"));
        let told = [(prefix.copied().unwrap_or("_"), separator.copied().unwrap_or("_")), ("", "-")];
        let ways = if prefix.is_some() || separator.is_some() { 1 } else { 2 };
        for (index, (prefix, separator)) in told.into_iter().enumerate().take(ways) {
            let plain = id(title, prefix, separator);
            let (Some(taken), Some(counts)) = (self.taken.get_mut(index), self.counts.get_mut(index)) else { return };
            let mut id = plain.clone();
            let count = counts.entry(plain.clone()).or_insert(1);
            while !taken.insert(id.clone()) {
                *count += 1;
                id = format!("{plain}{separator}{count}");
            }
            names.push(id);
        }
        names.push(title.to_owned());
    }
}

/// The id that Asciidoctor makes of a title (`Section.generate_id`).
fn id(title: &str, prefix: &str, separator: &str) -> String {
    let mut out = String::from(prefix);
    let mut gap = false;
    let words = inline::plain(title).to_lowercase();
    for c in words.chars() {
        match c {
            ' ' | '-' | '.' => gap = true,
            _ if c == '_' || c.is_alphanumeric() => {
                // A prefix that is a separator is not followed by another.
                if std::mem::take(&mut gap) && !(out.is_empty() || out == prefix && out.ends_with(separator)) {
                    out.push_str(separator);
                }
                out.push(c);
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_named_as_asciidoctor_names_them() {
        for (title, expected) in [
            ("Section Title", "_section_title"),
            ("What's new?", "_whats_new"),
            ("1.2 Setup - first steps", "_1_2_setup_first_steps"),
            ("Größe", "_größe"),
            ("The `x` *option*", "_the_x_option"),
            ("A & B", "_a_b"),
            ("snake_case", "_snake_case"),
            ("See link:x.html[that page]", "_see_that_page"),
        ] {
            assert_eq!(id(title, "_", "_"), expected, "{title}");
        }
        assert_eq!(id("Section Title", "", "-"), "section-title");
        let (mut sections, mut names) = (Sections::default(), Vec::new());
        for _ in 0..3 {
            sections.name("Same", &HashMap::from([("idprefix", "")]), &mut names);
        }
        assert_eq!(names, ["same", "Same", "same_2", "Same", "same_3", "Same"]);
    }
}
