//! reStructuredText: blocks. What stands in a line of prose is read by `rst_inline`.
//!
//! A block is told by how its first line begins and how far lines are indented (docutils,
//! "reStructuredText Markup Specification"). Section titles, `.. _targets:` and the ids that docutils
//! makes of them are anchors. `:doc:`, `:download:` and entries of a `toctree` are links; `:ref:` and
//! other roles lead into a project and are none.

use std::{collections::HashSet, ops::Range};

use super::{bare, draft::Draft, rst_inline};
use crate::{model::link::LinkKind, page::Look};

/// Directives whose content is no prose.
#[rustfmt::skip]
const CODE: &[&str] = &[
    "code", "code-block", "sourcecode", "highlight", "literalinclude", "raw", "math", "parsed-literal", "doctest",
    "testcode", "testoutput", "testsetup", "productionlist", "graphviz", "digraph", "mermaid", "prompt", "ipython",
    "plot", "uml", "command-output", "program-output", "toctree", "autosummary", "image", "include",
];

/// Adds what a document says.
pub(super) fn read(text: &str, draft: &mut Draft) {
    let mut reader =
        Reader { text, lines: lines(text), at: 0, paragraph: None, draft, titles: HashSet::new(), repeats: 0 };
    while reader.at < reader.lines.len() {
        reader.line();
    }
    reader.end_paragraph();
}

/// A line without its newline.
struct Line {
    span: Range<usize>,
    /// Blanks that it begins with; a tab counts as one.
    indent: usize,
}

fn lines(text: &str) -> Vec<Line> {
    let mut at = 0;
    let line = |line: &str| {
        let content = line.trim_end();
        let span = at..at + content.len();
        at += line.len();
        Line { span, indent: content.len() - content.trim_start().len() }
    };
    text.split_inclusive('\n').map(line).collect()
}

struct Reader<'a> {
    text: &'a str,
    lines: Vec<Line>,
    at: usize,
    /// Lines of prose that belong together.
    paragraph: Option<Range<usize>>,
    draft: &'a mut Draft,
    /// Ids of titles.
    titles: HashSet<String>,
    /// How many titles were repeats.
    repeats: usize,
}

impl<'a> Reader<'a> {
    fn get(&self, at: usize) -> &'a str {
        self.lines.get(at).and_then(|line| self.text.get(line.span.clone())).unwrap_or_default()
    }

    fn indent(&self, at: usize) -> usize {
        self.lines.get(at).map_or(0, |line| line.indent)
    }

    /// Reads the block or the line of prose that comes next.
    fn line(&mut self) {
        let line = self.get(self.at);
        let content = line.trim_start();
        if content.is_empty() {
            self.end_paragraph();
            self.at += 1;
        } else if let Some(markup) = content.strip_prefix(".. ").or((content == "..").then_some("")) {
            self.end_paragraph();
            self.explicit(line.len() - markup.len());
        } else if content.starts_with("__ ") {
            self.end_paragraph();
            let at = self.lines.get(self.at).map_or(0, |line| line.span.start) + line.len() - content.len() + 3;
            self.target_url(at..at + content.len() - 3);
            self.at += 1;
        } else if content.starts_with(">>> ") {
            self.end_paragraph();
            while !self.get(self.at).is_empty() {
                self.at += 1;
            }
        } else if !self.title() {
            self.prose(content);
        }
    }

    /// A line of prose; if it ends in `::`, what is indented below is literal.
    fn prose(&mut self, content: &str) {
        let Some(Line { span, indent }) = self.lines.get(self.at) else { return };
        let (span, indent) = (span.clone(), indent + bullet(content));
        let start = self.paragraph.as_ref().map_or(span.start, |paragraph| paragraph.start);
        self.paragraph = Some(start..span.end);
        self.at += 1;
        let ends = self.get(self.at).is_empty() || content == "::";
        if content.ends_with("::") && ends {
            self.end_paragraph();
            self.skip_block(indent);
        }
    }

    fn end_paragraph(&mut self) {
        if let Some(span) = self.paragraph.take() {
            rst_inline::read(self.text.get(span.clone()).unwrap_or_default(), span.start, self.draft);
        }
    }

    /// Goes behind the lines that are indented more than `indent`, and the blank ones between.
    fn skip_block(&mut self, indent: usize) {
        let mut at = self.at;
        while at < self.lines.len() {
            if self.get(at).is_empty() {
                at += 1;
                continue;
            }
            if self.indent(at) <= indent {
                break;
            }
            at += 1;
            self.at = at;
        }
    }

    /// A section title, with its underline and perhaps an overline.
    fn title(&mut self) -> bool {
        let is_rule = |line: &str| {
            let first = line.chars().next().filter(char::is_ascii_punctuation);
            first.is_some_and(|first| line.chars().all(|c| c == first))
        };
        let line = self.get(self.at);
        let over = is_rule(line) && line.len() >= 2;
        let (title, under) = match over {
            true if self.get(self.at + 2) == line => (self.at + 1, self.at + 2),
            _ => (self.at, self.at + 1),
        };
        let (name, rule) = (self.get(title), self.get(under));
        let width = name.chars().count();
        let long = rule.len() >= width.min(4) && rule.len() >= 2 && is_rule(rule);
        let alone = self.paragraph.is_none() && (title != self.at || self.indent(title) == 0);
        if name.is_empty() || !long || !alone || (is_rule(name) && name.len() >= 2) {
            return false;
        }
        self.name(name.trim());
        if let Some(line) = self.lines.get(title) {
            rst_inline::read(name, line.span.start, self.draft);
        }
        self.at = under + 1;
        true
    }

    /// The ids of a title; of a repeated one those that docutils has used over the years.
    fn name(&mut self, title: &str) {
        let id = rst_inline::id(&rst_inline::plain(title));
        if id.is_empty() || !self.titles.insert(id.clone()) {
            self.repeats += 1;
            self.draft.names.push(format!("id{}", self.repeats));
            self.draft.names.push(format!("{id}-{}", self.repeats));
        }
        if !id.is_empty() {
            self.draft.names.push(id);
        }
    }

    /// Explicit markup: what follows `.. `, which begins at byte `markup` of the line.
    fn explicit(&mut self, markup: usize) {
        let Some(line) = self.lines.get(self.at) else { return };
        let (start, indent) = (line.span.start, line.indent);
        let at = start + markup;
        let content = self.get(self.at).get(markup..).unwrap_or_default();
        let trimmed = content.trim_start();
        let at = at + content.len() - trimmed.len();
        self.at += 1;
        if trimmed.is_empty() && self.get(self.at).is_empty() {
            // nothing but `..` comments nothing out
        } else if let Some(rest) = trimmed.strip_prefix("__:") {
            self.target_url(at + 3..at + 3 + rest.len());
        } else if let Some(rest) = trimmed.strip_prefix('_') {
            self.target(rest, at + 1, indent);
        } else if let Some(behind) = directive(trimmed) {
            self.directive(behind, at, indent);
        } else if trimmed.starts_with('[') {
            // a footnote or citation: its text is prose
            if let Some(end) = trimmed.find(']') {
                self.paragraph = Some(at + end + 1..at + trimmed.len());
            }
        } else {
            let first = self.at;
            self.skip_block(indent);
            let end = self.lines.get(self.at.max(first) - 1).map_or(at, |line| line.span.end);
            self.draft.comment(self.text.get(at..end).unwrap_or_default(), start + indent..end);
        }
    }

    /// `name: URL` or `name:` of a target; `at` is where the name begins.
    fn target(&mut self, rest: &str, at: usize, indent: usize) {
        let Some(colon) = rst_inline::name_end(rest) else { return };
        let name = rest.get(..colon).unwrap_or_default().trim_matches('`').replace('\\', "");
        let url = at + colon + 1..at + rest.len();
        // The target's own name counts where it leads nowhere else; Sphinx keeps it as it is written.
        if !self.target_url(url) {
            let next = self.lines.get(self.at).map(|line| line.span.clone());
            let goes_on = self.indent(self.at) > indent && !self.get(self.at).is_empty();
            if let Some(span) = next.filter(|_| goes_on) {
                self.target_url(span);
                self.at += 1;
                return;
            }
            self.draft.names.push(rst_inline::id(&name));
            self.draft.names.push(name);
        }
    }

    /// The URL of a target, if there is one; a name with `_` behind it leads to another target.
    fn target_url(&mut self, span: Range<usize>) -> bool {
        let raw = self.text.get(span.clone()).unwrap_or_default();
        let url = raw.trim();
        if url.is_empty() {
            return false;
        }
        let start = span.start + raw.len() - raw.trim_start().len();
        if !url.ends_with('_') || url.ends_with("\\_") {
            rst_inline::target(url, start, "definition", "", self.draft);
        }
        true
    }

    /// A directive such as `image:: path`, with its options.
    fn directive(&mut self, behind: Range<usize>, at: usize, indent: usize) {
        let line = self.text.get(at..).unwrap_or_default();
        let line = line.get(..line.find('\n').unwrap_or(line.len())).unwrap_or_default();
        let name = line.get(..behind.start).unwrap_or_default();
        let name = name.rsplit([' ', '\t', '|']).next().unwrap_or_default();
        let argument = line.get(behind.end..).unwrap_or_default();
        let place = at + behind.end + argument.len() - argument.trim_start().len();
        let argument = argument.trim();
        match name {
            "image" | "figure" if !argument.is_empty() => {
                self.draft.link(LinkKind::Image, "image", argument, place..place + argument.len());
            }
            "include" | "literalinclude" if !argument.is_empty() && !argument.starts_with('<') => {
                self.draft.link(LinkKind::Resource, "include", argument, place..place + argument.len());
            }
            _ if !CODE.contains(&name) && !argument.is_empty() => {
                self.paragraph = Some(place..place + argument.len());
            }
            _ => {}
        }
        let is_html = name == "raw" && argument == "html";
        self.options(name, indent);
        if CODE.contains(&name) {
            self.end_paragraph();
            let first = self.at;
            self.skip_block(indent);
            match name {
                "toctree" => self.entries(first..self.at),
                "raw" if is_html => self.html(first..self.at),
                _ => {}
            }
        }
    }

    /// Entries of a table of contents: `path`, `words <path>`.
    fn entries(&mut self, lines: Range<usize>) {
        for line in self.lines.get(lines).unwrap_or_default() {
            let content = self.text.get(line.span.clone()).unwrap_or_default();
            let entry = match content.strip_suffix('>').and_then(|content| content.rsplit_once('<')) {
                Some((_, path)) => path,
                None => content.trim(),
            };
            let at = line.span.start + content.rfind(entry).unwrap_or_default();
            // With `:glob:` a pattern, which may fit nothing.
            if !entry.contains('*') && entry != "self" {
                rst_inline::document(entry, at, self.draft);
            }
        }
    }

    /// HTML that is handed through.
    fn html(&mut self, lines: Range<usize>) {
        let lines = self.lines.get(lines).unwrap_or_default();
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return };
        let text = self.text.get(first.span.start..last.span.end).unwrap_or_default();
        let found = crate::page::outline(text, Look::ALL);
        let names = found.anchors.names().map(str::to_owned).collect();
        let part = Draft { links: found.links, names, directives: found.directives, faults: found.faults };
        self.draft.take(part, first.span.start);
    }

    /// Options of a directive: lines `:name: value` directly below.
    fn options(&mut self, directive: &str, indent: usize) {
        while self.indent(self.at) > indent {
            let line = self.get(self.at);
            let Some((name, value)) = line.trim_start().strip_prefix(':').and_then(|line| line.split_once(':')) else {
                return;
            };
            if name.contains(['`', ' ']) {
                return;
            }
            let end = self.lines.get(self.at).map_or(0, |line| line.span.end);
            let trimmed = value.trim_start();
            let start = end.saturating_sub(trimmed.len());
            if name == "target" && !trimmed.is_empty() && !trimmed.ends_with('_') {
                self.draft.link(LinkKind::Anchor, "target", trimmed, start..end);
            } else if name == "name" {
                self.draft.names.push(rst_inline::id(trimmed));
            } else if !CODE.contains(&directive) {
                let mut part = Draft::default();
                bare::read(trimmed, LinkKind::Text, "text", &mut part);
                self.draft.take(part, start);
            }
            self.end_paragraph();
            self.at += 1;
        }
    }
}

/// How far the text of a list item is indented by its bullet or number.
fn bullet(content: &str) -> usize {
    let mark = content.split(' ').next().unwrap_or_default();
    let number = mark.trim_matches(['(', ')', '.']);
    let is_mark = matches!(mark, "*" | "-" | "+" | "#." | "•")
        || (number != mark && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    if is_mark { mark.len() + 1 } else { 0 }
}

/// Where the `::` of a directive stands in its line, if it is one: `name::` or `|text| name::`.
fn directive(markup: &str) -> Option<Range<usize>> {
    let skip = match markup.strip_prefix('|') {
        Some(rest) => rest.find('|')? + 2,
        None => 0,
    };
    let rest = markup.get(skip..)?;
    let colons = rest.find("::")?;
    let name = rest.get(..colons)?.trim();
    let is_name =
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '+'));
    is_name.then_some(skip + colons..skip + colons + 2)
}
