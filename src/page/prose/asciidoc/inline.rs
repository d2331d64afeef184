//! AsciiDoc: macros, anchors, cross references and URLs within a line.

use std::{borrow::Cow, collections::HashMap, ops::Range};

use crate::{
    model::link::LinkKind,
    page::prose::{bare, draft::Draft},
};

/// Macros that link: name and kind. Two colons make a block of the same thing.
const MACROS: &[(&str, LinkKind)] = &[
    ("link:", LinkKind::Anchor),
    ("xref:", LinkKind::Anchor),
    ("mailto:", LinkKind::Anchor),
    ("image:", LinkKind::Image),
    ("video:", LinkKind::Media),
    ("audio:", LinkKind::Media),
    ("include:", LinkKind::Resource),
    ("anchor:", LinkKind::Anchor),
];

/// Bytes that a target with its attributes filled in may have, beyond what is written.
const FILLED_BYTES: usize = 4096;

/// A line under way.
pub(super) struct Inline<'a, 'd> {
    text: &'a str,
    /// What the document has set so far.
    attributes: &'d HashMap<&'a str, &'a str>,
    draft: &'d mut Draft,
    /// No target that begins before this byte has a bracket behind it: looking again for each would
    /// cost the square of the line.
    no_open: usize,
    /// No bracket closes in the rest of the line.
    no_close: bool,
}

/// Something that was found at a place: where it ends.
type Behind = usize;

impl<'a, 'd> Inline<'a, 'd> {
    /// For one line of this text.
    pub(super) fn new(text: &'a str, attributes: &'d HashMap<&'a str, &'a str>, draft: &'d mut Draft) -> Self {
        Inline { text, attributes, draft, no_open: 0, no_close: false }
    }

    /// Reads a line that stands at `span`.
    pub(super) fn read(&mut self, span: Range<usize>) {
        let bytes = self.text.as_bytes();
        let (mut at, mut prose) = (span.start, span.start);
        let mut word = false;
        while at < span.end {
            let before = at;
            let byte = bytes.get(at).copied().unwrap_or_default();
            let found = match byte {
                b'\\' => {
                    at += 2;
                    word = true;
                    continue;
                }
                b'`' | b'+' => self.code(at..span.end, byte),
                b'<' => self.reference(at..span.end),
                b'[' => self.anchor(at..span.end),
                b'p' if !word && self.passed(at..span.end).is_some() => self.passed(at..span.end),
                _ if byte.is_ascii_lowercase() && !word => self.target(at..span.end),
                _ => None,
            };
            word = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
            match found {
                Some(behind) => {
                    self.urls(prose..before);
                    (at, prose) = (behind, behind);
                }
                None => at += 1,
            }
        }
        self.urls(prose..span.end);
    }

    fn urls(&mut self, span: Range<usize>) {
        let mut part = Draft::default();
        bare::read(self.text.get(span.clone()).unwrap_or_default(), LinkKind::Text, "text", &mut part);
        self.draft.take(part, span.start);
    }

    /// Code or a passthrough, up to the same mark.
    fn code(&self, room: Range<usize>, mark: u8) -> Option<Behind> {
        let rest = self.text.as_bytes().get(room.start + 1..room.end)?;
        let boundary = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        // `+` in the middle of a word is a plus
        let before = room.start.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        let close = memchr::memchr(mark, rest).filter(|close| *close > 0)?;
        (boundary(before) && (mark == b'`' || boundary(rest.get(close + 1)))).then_some(room.start + close + 2)
    }

    /// `pass:[…]`, `pass:q,a[…]`: what is within stays as it is.
    fn passed(&self, room: Range<usize>) -> Option<Behind> {
        let rest = self.text.get(room.clone())?.strip_prefix("pass:")?;
        let open = rest.bytes().take_while(|byte| byte.is_ascii_lowercase() || *byte == b',').count();
        let inside = rest.get(open..)?.strip_prefix('[')?;
        Some(room.end - inside.len() + inside.find(']')? + 1)
    }

    /// `<<id>>`, `<<id,words>>`, `<<file#id>>`.
    fn reference(&mut self, room: Range<usize>) -> Option<Behind> {
        let inside = self.text.get(room.clone())?.strip_prefix("<<")?;
        let end = inside.find(['<', '>', '\n'])?;
        inside.get(end..)?.strip_prefix(">>")?;
        let (target, words) = inside.get(..end)?.split_once(',').unwrap_or((inside.get(..end)?, ""));
        let start = room.start + 2;
        self.cross(target, words, start);
        Some(start + end + 2)
    }

    /// `[[id]]`, `[[id,words]]`, `[[[id]]]`, and `[#id]` before text.
    fn anchor(&mut self, room: Range<usize>) -> Option<Behind> {
        let rest = self.text.get(room.clone())?;
        let (inside, close) = match rest.strip_prefix("[[") {
            Some(inside) => (inside.strip_prefix('[').unwrap_or(inside), "]]"),
            None => (rest.strip_prefix("[#")?, "]"),
        };
        let end = inside.find(['[', ']'])?;
        inside.get(end..)?.strip_prefix(close)?;
        let id = inside.get(..end)?.split([',', '.', '%']).next()?;
        if id.is_empty() || id.contains([' ', '"', '$']) {
            return None;
        }
        self.draft.names.push(id.to_owned());
        Some(room.start + rest.len() - inside.len() + end + close.len())
    }

    /// Where the next bracket closes.
    fn close(&mut self, rest: &str) -> Option<usize> {
        let close = if self.no_close { None } else { rest.find(']') };
        self.no_close = close.is_none();
        close
    }

    /// A macro or a URL with words behind it: `name:target[words]`, `https://…[words]`.
    fn target(&mut self, room: Range<usize>) -> Option<Behind> {
        let rest = self.text.get(room.clone())?;
        let web = rest.starts_with("https://") || rest.starts_with("http://");
        let (name, kind) = match MACROS.iter().find(|(name, _)| rest.starts_with(name)) {
            Some(known) => *known,
            None if web => ("", LinkKind::Anchor),
            None => return None,
        };
        let colons = name.len() + usize::from(!web && rest.get(name.len()..)?.starts_with(':'));
        let start = room.start + colons;
        let (target, pass, open) = self.written(start..room.end)?;
        let words = rest.get(open + 1 - room.start..)?;
        let close = self.close(words)?;
        let words = words.get(..close)?;
        let text = words.split(',').next().unwrap_or_default().trim_matches('"').trim_end_matches('^');
        let at = start + pass;
        match name {
            "xref:" => self.cross(target, text, at),
            "anchor:" => self.draft.names.push(target.to_owned()),
            "mailto:" => self.link(kind, "link", text, &format!("mailto:{target}"), at..at + target.len()),
            "image:" | "video:" | "audio:" => self.media(kind, text, target, at, words),
            "include:" => self.link(kind, "include", "", target, at..at + target.len()),
            _ => self.link(kind, "link", text, target, at..at + target.len()),
        }
        Some(open + 1 + close + 1)
    }

    /// The target of a macro: what it says, how many bytes of passthrough are before it, and where
    /// the bracket behind it stands. White space ends the attempt.
    fn written(&mut self, room: Range<usize>) -> Option<(&'a str, usize, usize)> {
        let rest = self.text.get(room.clone())?;
        if let Some(inside) = rest.strip_prefix("++") {
            if room.start < self.no_open {
                return None;
            }
            let Some(end) = inside.find("++[") else {
                self.no_open = room.end;
                return None;
            };
            return Some((inside.get(..end)?, 2, room.start + end + 4));
        }
        if room.start < self.no_open {
            return None;
        }
        let end = rest.find(|c: char| c == '[' || c.is_whitespace()).unwrap_or(rest.len());
        let (target, behind) = rest.split_at(end);
        if !behind.starts_with('[') {
            self.no_open = room.start + end;
            return None;
        }
        (!target.is_empty()).then_some((target, 0, room.start + end))
    }

    fn media(&mut self, kind: LinkKind, text: &str, target: &str, at: usize, words: &str) {
        let span = at..at + target.len();
        let folder = self.attributes.get("imagesdir").copied().filter(|_| kind == LinkKind::Image).unwrap_or_default();
        let absolute = target.contains(':') || target.starts_with(['/', '{']);
        let hosted = kind == LinkKind::Media && (words.contains("youtube") || words.contains("vimeo"));
        if hosted {
            return;
        }
        match folder.trim_end_matches('/') {
            "" => self.link(kind, "image", text, target, span),
            _ if absolute => self.link(kind, "image", text, target, span),
            folder => self.link(kind, "image", text, &format!("{folder}/{target}"), span),
        }
        // image::picture.png[link=https://…]
        if let Some((before, link)) = words.split_once("link=") {
            let quoted = usize::from(link.starts_with(['"', '\'']));
            let link = link.get(quoted..).unwrap_or_default();
            let link = link.get(..link.find(['"', '\'', ',']).unwrap_or(link.len())).unwrap_or_default();
            let start = at + target.len() + 1 + before.len() + "link=".len() + quoted;
            if !matches!(link, "self" | "none" | "") {
                self.link(LinkKind::Anchor, "link", text, link, start..start + link.len());
            }
        }
    }

    /// A cross reference: within the document, unless it names a file.
    fn cross(&mut self, target: &str, words: &str, at: usize) {
        let span = at..at + target.len();
        // Antora's `component:module:page.adoc` and `version@page.adoc` lead into its catalogue.
        if target.contains(['@', ':', '$']) || target.trim().is_empty() {
            return;
        }
        let value: Cow<'_, str> = match target.split_once('#') {
            Some(("", _)) => target.into(),
            Some((file, place)) => {
                let name = file.rsplit('/').next().unwrap_or_default();
                let extension = if name.contains('.') { "" } else { ".adoc" };
                let place = if place.is_empty() { String::new() } else { format!("#{place}") };
                format!("{file}{extension}{place}").into()
            }
            None if [".adoc", ".asciidoc", ".asc", ".html"].iter().any(|end| target.ends_with(end)) => target.into(),
            None => format!("#{target}").into(),
        };
        self.link(LinkKind::Anchor, "xref", words, &value, span);
    }

    /// Adds a link, its attributes filled in; one that needs what the document does not set is left
    /// out.
    fn link(&mut self, kind: LinkKind, element: &'static str, text: &str, value: &str, span: Range<usize>) {
        if let Some(value) = self.filled(value) {
            self.draft.named(kind, element, text, &value, span);
        }
    }

    fn filled<'v>(&self, value: &'v str) -> Option<Cow<'v, str>> {
        if !value.contains('{') {
            return Some(value.into());
        }
        let mut out = String::new();
        let mut rest = value;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}')?;
            out.push_str(before);
            out.push_str(self.attributes.get(name).filter(|value| !value.contains('{'))?);
            if out.len() > value.len() + FILLED_BYTES {
                return None;
            }
            rest = after;
        }
        out.push_str(rest);
        Some(out.into())
    }
}

/// A title without markup: macros and URLs become their words.
pub(super) fn plain(title: &str) -> String {
    let mut out = String::new();
    for word in title.split_inclusive(' ') {
        let is_macro = MACROS.iter().any(|(name, _)| word.starts_with(name)) || word.contains("://");
        match word.split_once('[').filter(|_| is_macro) {
            Some((_, words)) => out.push_str(words),
            None => out.push_str(word),
        }
    }
    out
}
