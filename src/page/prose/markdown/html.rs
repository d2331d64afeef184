//! HTML within Markdown: the copy of a document that has nothing else, and the few things about
//! inline tags that bear on the text around them.

use std::{iter, ops::Range};

/// A copy of a document under way: blank but for some parts, byte for byte of the same length.
#[derive(Default)]
pub(super) struct Mask {
    copy: String,
}

impl Mask {
    /// Keeps this part. Parts come in order; one that comes late is left out.
    pub(super) fn keep(&mut self, body: &str, part: Range<usize>) {
        if let (Some(gap), Some(kept)) = (part.start.checked_sub(self.copy.len()), body.get(part)) {
            self.copy.extend(iter::repeat_n(' ', gap));
            self.copy.push_str(kept);
        }
    }

    /// Keeps an inline tag, which reads `tag`: marks of quotes that its lines begin with are no part
    /// of it.
    pub(super) fn keep_tag(&mut self, body: &str, part: Range<usize>, tag: &str) {
        let mut at = part.start;
        let mut lines = tag.split_inclusive('\n');
        for raw in body.get(part).unwrap_or_default().split_inclusive('\n') {
            let own = lines.next().map_or("", |line| line.trim_end());
            let end = at + raw.len();
            let start = at + raw.trim_end().strip_suffix(own).map_or(0, str::len);
            self.keep(body, start..end);
            at = end;
        }
    }

    /// The copy, up to the end of the last part; `None` if nothing was kept.
    pub(super) fn finish(self) -> Option<String> {
        (!self.copy.is_empty()).then_some(self.copy)
    }
}

/// Inline elements whose content is no prose: `a` because it is a link already, the others because
/// they are code.
const QUIET: &[&str] = &["a", "code", "pre", "kbd", "samp", "tt", "script", "style"];

/// An inline tag, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// Opens an element of [`QUIET`].
    Open(&'static str),
    /// Closes one.
    Close(&'static str),
}

impl Tag {
    /// What this tag does, if it does anything.
    pub(super) fn of(tag: &str) -> Option<Tag> {
        let tag = tag.strip_prefix('<')?;
        let (tag, closes) = tag.strip_prefix('/').map_or((tag, false), |tag| (tag, true));
        let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let name = tag.get(..end)?;
        let name = QUIET.iter().find(|quiet| quiet.eq_ignore_ascii_case(name))?;
        match closes {
            true => Some(Tag::Close(name)),
            false if tag.ends_with("/>") => None,
            false => Some(Tag::Open(name)),
        }
    }
}
