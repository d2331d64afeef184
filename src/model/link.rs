//! A link as it was found: what it says, what it is, where it stands.
//!
//! Plain values. Must not know how documents are read (that is `page`) nor what a link leads to
//! (that is `check`).

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// What a link is for. The names are API (`--kinds`): kinds are added, never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LinkKind {
    /// People follow it: `a`, `area`, a Markdown link.
    Anchor,
    /// `img`, `srcset`, `input type=image`, `link rel=icon`, a Markdown image.
    Image,
    /// `video`, `audio`, `source`, `track`, `poster`.
    Media,
    /// `iframe`, `frame`.
    Frame,
    /// `embed`, `object`.
    Embed,
    /// `form action`, `formaction`.
    Form,
    /// `script src`, `modulepreload`.
    Script,
    /// `link rel=stylesheet` and `@import`.
    Stylesheet,
    /// `url()` in a style sheet, style element or style attribute.
    Style,
    /// Any other `link` element or `Link` field: canonical, alternate, preload, manifest.
    Resource,
    /// `cite` of `blockquote`, `q`, `del`, `ins`; `longdesc`.
    Cite,
    /// `meta http-equiv=refresh`.
    Refresh,
    /// OpenGraph and Twitter cards.
    Card,
    /// A URL in JSON-LD.
    Data,
    /// `href` and `xlink:href` within SVG.
    Drawing,
    /// `ping`.
    Ping,
    /// A bare URL in prose, in a comment-free text or in a string of JSON, TOML or YAML.
    Text,
    /// An entry of a sitemap or feed.
    Entry,
}

impl LinkKind {
    /// Every kind.
    pub const ALL: &'static [LinkKind] = &[
        LinkKind::Anchor,
        LinkKind::Image,
        LinkKind::Media,
        LinkKind::Frame,
        LinkKind::Embed,
        LinkKind::Form,
        LinkKind::Script,
        LinkKind::Stylesheet,
        LinkKind::Style,
        LinkKind::Resource,
        LinkKind::Cite,
        LinkKind::Refresh,
        LinkKind::Card,
        LinkKind::Data,
        LinkKind::Drawing,
        LinkKind::Ping,
        LinkKind::Text,
        LinkKind::Entry,
    ];

    /// The name that records and `--kinds` have for it.
    pub const fn name(self) -> &'static str {
        match self {
            LinkKind::Anchor => "anchor",
            LinkKind::Image => "image",
            LinkKind::Media => "media",
            LinkKind::Frame => "frame",
            LinkKind::Embed => "embed",
            LinkKind::Form => "form",
            LinkKind::Script => "script",
            LinkKind::Stylesheet => "stylesheet",
            LinkKind::Style => "style",
            LinkKind::Resource => "resource",
            LinkKind::Cite => "cite",
            LinkKind::Refresh => "refresh",
            LinkKind::Card => "card",
            LinkKind::Data => "data",
            LinkKind::Drawing => "drawing",
            LinkKind::Ping => "ping",
            LinkKind::Text => "text",
            LinkKind::Entry => "entry",
        }
    }
}

impl Serialize for LinkKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A link of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub kind: LinkKind,
    /// The element (`a`, `img`), or what stands for it elsewhere: `link`, `image`, `definition`,
    /// `autolink`, `wikilink` in markup; `url()`, `@import` in CSS; `string` in data; `text`.
    pub element: &'static str,
    /// The attribute, where there is one.
    pub attribute: Option<&'static str>,
    /// What people read: the text of the link or the `alt` of an image, white space folded, at
    /// most [`Link::TEXT_CHARS`] characters.
    pub text: Box<str>,
    /// The reference as it is meant: entities and escapes of the format decoded, white space
    /// around it cut, nothing resolved.
    pub value: Box<str>,
    /// Bytes of the document that hold the reference as written (without quotes or brackets), so
    /// that it can be shown and replaced. Within a value that was decoded in steps (CSS in an
    /// attribute, `srcdoc`) it is the span of that value.
    pub span: Range<usize>,
}

impl Link {
    /// Longest `text`, in characters.
    pub const TEXT_CHARS: usize = 120;
}

/// What is looked for. The base comes always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Links and directives.
    pub links: bool,
    /// What fragments may point to.
    pub anchors: bool,
    /// The names of those too, not only their hashes.
    pub names: bool,
    /// What a crawl wants to know, which is read apart from the rest.
    pub facts: bool,
    /// The body itself, of whatever type.
    pub body: bool,
    /// Which bodies are received at all.
    pub reads: Reads,
}

/// Which bodies are received. Of one that is not nothing is known, not even its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reads {
    /// All of them.
    #[default]
    All,
    /// Those of a type that is text, or of none.
    Texts,
    /// None: an answer is over with its head.
    Nothing,
}

impl Look {
    /// Everything that a link checker wants to know.
    pub const ALL: Look =
        Look { links: true, anchors: true, names: true, facts: false, body: false, reads: Reads::All };
    /// Nothing: only the fields of the answer are of interest.
    pub const NOTHING: Look =
        Look { links: false, anchors: false, names: false, facts: false, body: false, reads: Reads::All };
    /// Only what fragments may point to, which takes less time.
    pub const ANCHORS: Look = Look { anchors: true, ..Look::NOTHING };
    /// Only what a crawl wants to know.
    pub const FACTS: Look = Look { facts: true, ..Look::NOTHING };
    /// Only the body itself.
    pub const BODY: Look = Look { body: true, ..Look::NOTHING };

    /// Whether an outline is needed for it.
    pub const fn wants_outline(self) -> bool {
        self.links || self.anchors
    }
}

/// An instruction to the checker, written into a document as a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// What the comment says after `fetchall:`, for example
    /// `ignore-next until=2027-01-31 reason="moves in January"`.
    pub text: Box<str>,
    /// Bytes of the document that hold the comment.
    pub span: Range<usize>,
}

/// Something in a document that cannot work wherever it would lead, such as a reference that the
/// document does not define.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, for people: one sentence without a full stop.
    pub message: Box<str>,
    /// Bytes of the document that are wrong.
    pub span: Range<usize>,
}

/// What a document says, as far as a link checker cares.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// `href` of the first `<base>` that has one, as written.
    pub base: Option<String>,
    /// In document order, repeats included.
    pub links: Vec<Link>,
    /// What fragments may point to.
    pub anchors: Anchors,
    /// Instructions in comments, in document order.
    pub directives: Vec<Directive>,
    /// What is wrong by itself, in document order.
    pub faults: Vec<Fault>,
}

/// The targets that a document offers to fragments: hashes of all, and the names where they were kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    hashes: Vec<u64>,
    names: Option<Box<str>>,
}

impl Anchors {
    /// Of these names, in any order, repeats allowed. With `keep` the names stay readable, for
    /// suggestions.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>, keep: bool) -> Self {
        let mut hashes = Vec::new();
        let mut text = String::new();
        for name in names {
            hashes.push(Self::hash(name));
            if keep {
                text.push_str(name);
                text.push('\0');
            }
        }
        hashes.sort_unstable();
        hashes.dedup();
        hashes.shrink_to_fit();
        Anchors { hashes, names: keep.then(|| text.into_boxed_str()) }
    }

    /// Of what [`hash`](Self::hash) made of the names, in any order, repeats allowed.
    pub fn of_hashes(mut hashes: Vec<u64>) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        Anchors { hashes, names: None }
    }

    /// What stands for the names, sorted.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// What stands for a name: xxh3, 64 bits. Two of 10,000 names agree by chance once in 10^11.
    pub fn hash(name: &str) -> u64 {
        xxhash_rust::xxh3::xxh3_64(name.as_bytes())
    }

    /// Whether there is a target of this name.
    pub fn has(&self, name: &str) -> bool {
        self.has_hash(Self::hash(name))
    }

    /// The same, by what [`hash`](Self::hash) made of the name.
    pub fn has_hash(&self, hash: u64) -> bool {
        self.hashes.binary_search(&hash).is_ok()
    }

    /// The names, in document order, where they were kept.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.as_deref().unwrap_or_default().split_terminator('\0')
    }

    /// How many targets there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is no target.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Takes in the targets of another part of the same document. Names stay readable if both parts
    /// kept theirs.
    pub fn join(&mut self, other: Anchors) {
        self.hashes.extend(other.hashes);
        self.hashes.sort_unstable();
        self.hashes.dedup();
        self.names = match (self.names.take(), other.names) {
            (Some(names), Some(more)) => Some((names.into_string() + &more).into_boxed_str()),
            _ => None,
        };
    }

    /// Gives the names up and keeps the hashes.
    pub fn forget_names(&mut self) {
        self.names = None;
    }

    /// Bytes of memory held, without the value itself.
    pub fn heap_bytes(&self) -> usize {
        self.hashes.capacity() * size_of::<u64>() + self.names.as_deref().map_or(0, str::len)
    }
}

/// A place in a text for people and editors: lines and columns from 1, columns in characters
/// (Unicode scalar values), the end exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Spot {
    /// Line of the first character.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Line behind the last character.
    pub end_line: u32,
    /// Column behind the last character.
    pub end_column: u32,
}

/// Turns byte offsets of one text into places; offsets asked in rising order cost one pass in all.
#[derive(Debug)]
pub struct Locator<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    line_start: usize,
    /// Characters of the line before `at`: lines of built pages are long and have many links.
    before: usize,
}

impl<'a> Locator<'a> {
    /// For this text.
    pub fn new(text: &'a str) -> Self {
        Locator { text, at: 0, line: 1, line_start: 0, before: 0 }
    }

    /// Where these bytes stand. Offsets beyond the text or within a character are taken as the
    /// nearest before.
    pub fn spot(&mut self, span: &Range<usize>) -> Spot {
        let (line, column) = self.place(span.start);
        let (end_line, end_column) = self.place(span.end.max(span.start));
        Spot { line, column, end_line, end_column }
    }

    fn place(&mut self, offset: usize) -> (u32, u32) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        if offset < self.line_start {
            *self = Locator::new(self.text);
        }
        let from = self.at.clamp(self.line_start, offset.max(self.line_start));
        let bytes = self.text.as_bytes();
        for newline in memchr::memchr_iter(b'\n', bytes.get(from..offset).unwrap_or_default()) {
            self.line = self.line.saturating_add(1);
            self.line_start = from + newline + 1;
        }
        let chars = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default().chars().count();
        self.before = match self.at {
            at if at < self.line_start => chars(self.line_start, offset),
            at if at <= offset => self.before + chars(at, offset),
            at => self.before.saturating_sub(chars(offset, at)),
        };
        self.at = offset;
        (self.line, u32::try_from(self.before).unwrap_or(u32::MAX).saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "ab\näöü link\r\nend";
        let start = text.find("link").unwrap();
        let mut locator = Locator::new(text);
        let end = text.find("end").unwrap();
        assert_eq!(locator.spot(&(start..start + 4)), Spot { line: 2, column: 5, end_line: 2, end_column: 9 });
        assert_eq!(locator.spot(&(end..99)), Spot { line: 3, column: 1, end_line: 3, end_column: 4 });
        // back again, on the same line and before
        assert_eq!(locator.spot(&(start..end)), Spot { line: 2, column: 5, end_line: 3, end_column: 1 });
        assert_eq!(locator.spot(&(0..2)), Spot { line: 1, column: 1, end_line: 1, end_column: 3 });
    }

    #[test]
    fn a_long_line_is_not_counted_again_for_each_newline() {
        let text = "x\n".repeat(1000);
        let mut locator = Locator::new(&text);
        assert_eq!(locator.spot(&(1998..1999)).line, 1000);
        assert_eq!(locator.spot(&(1998..1999)), Spot { line: 1000, column: 1, end_line: 1000, end_column: 2 });
    }

    #[test]
    fn columns_are_counted_from_wherever_the_last_one_was() {
        let text = "äö ü\nxé é x\nöö";
        let columns = |at: usize| text[..at].rsplit('\n').next().map_or(0, |line| line.chars().count()) as u32 + 1;
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        for first in &starts {
            for second in &starts {
                let mut locator = Locator::new(text);
                for at in [*first, *second, *first] {
                    assert_eq!(locator.spot(&(at..at)).column, columns(at), "{first} {second} {at}");
                }
            }
        }
    }

    #[test]
    fn anchors_are_found_with_and_without_their_names() {
        let mut anchors = Anchors::of(["b", "a", "b", "ü"], true);
        assert_eq!(anchors.names().collect::<Vec<_>>(), ["b", "a", "b", "ü"]);
        assert_eq!((anchors.len(), anchors.has("ü"), anchors.has("c")), (3, true, false));
        anchors.forget_names();
        assert_eq!((anchors.names().count(), anchors.has("a")), (0, true));
    }

    #[test]
    fn parts_of_a_document_join_their_anchors() {
        let mut anchors = Anchors::of(["b", "a"], true);
        anchors.join(Anchors::of(["c", "a"], true));
        assert_eq!((anchors.len(), anchors.has("b"), anchors.has("c")), (3, true, true));
        assert_eq!(anchors.names().collect::<Vec<_>>(), ["b", "a", "c", "a"]);
        anchors.join(Anchors::of(["d"], false));
        assert_eq!((anchors.has("d"), anchors.names().count()), (true, 0));
    }
}
