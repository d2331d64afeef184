//! A value and where it was written: from a part of the one to the bytes of the other.

use std::ops::Range;

/// A decoded value and the bytes of the page that it was decoded from.
pub(super) struct Written<'a> {
    /// What it means.
    pub value: &'a str,
    /// Where it stands.
    pub span: Range<usize>,
    raw: &'a str,
    /// Whether nothing was decoded.
    exact: bool,
    /// How far into `raw` parts were found; `None` once one was not.
    seen: Option<usize>,
}

impl<'a> Written<'a> {
    pub(super) fn new(html: &'a str, value: &'a str, span: Range<usize>) -> Self {
        let raw = html.get(span.clone()).unwrap_or_default();
        Written { value, span, raw, exact: raw == value, seen: Some(0) }
    }

    /// The value without the white space around it, as URLs are read (URL standard, 4.4), and
    /// where that stands.
    pub(super) fn trimmed(&self) -> (&'a str, Range<usize>) {
        let written = self.raw.trim_matches(|c| is_space(c) && c != '\0');
        let before = self.raw.len() - self.raw.trim_start_matches(|c| is_space(c) && c != '\0').len();
        let start = self.span.start + before;
        (self.value.trim_matches(is_space), start..start + written.len())
    }

    /// Where this part of the value stands. Parts are asked for from left to right.
    ///
    /// Exact where nothing was decoded, and where the part is found as it is or with `&amp;` for
    /// `&`; the whole value else.
    pub(super) fn part(&mut self, part: Range<usize>) -> Range<usize> {
        if self.exact {
            return self.span.start + part.start..self.span.start + part.end;
        }
        let text = self.value.get(part).unwrap_or_default();
        let found = self.seen.and_then(|seen| {
            let rest = self.raw.get(seen..)?;
            let at = |text: &str| rest.find(text).map(|at| seen + at..seen + at + text.len());
            if text.contains('&') { at(&text.replace('&', "&amp;")) } else { at(text) }
        });
        self.seen = found.as_ref().map(|found| found.end);
        match found {
            Some(found) => self.span.start + found.start..self.span.start + found.end,
            None => self.trimmed().1,
        }
    }
}

/// C0 controls and space.
pub(super) fn is_space(c: char) -> bool {
    c <= ' '
}

/// The part of a text that is left without white space at its ends.
pub(super) fn trim(text: &str, part: Range<usize>) -> Range<usize> {
    let inner = text.get(part.clone()).unwrap_or_default();
    let start = part.start + (inner.len() - inner.trim_start_matches(is_space).len());
    start..start + inner.trim_matches(is_space).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_in_what_was_written() {
        for (raw, value, part, written) in [
            ("a b", "a b", "b", "b"),
            ("a?x&amp;y b&c", "a?x&y b&c", "a?x&y", "a?x&amp;y"),
            // Written in a way that is not looked for: all of it, without the space around it.
            (" a&#47;b c ", " a/b c ", "a/b", "a&#47;b c"),
        ] {
            let html = format!("<{raw}>");
            let mut all = Written::new(&html, value, 1..1 + raw.len());
            let at = value.find(part).unwrap();
            assert_eq!(&html[all.part(at..at + part.len())], written, "{raw}");
        }
    }

    #[test]
    fn repeats_are_found_one_after_the_other() {
        let html = "a&lt;, a, a";
        let mut all = Written::new(html, "a<, a, a", 0..html.len());
        assert_eq!([all.part(0..1), all.part(4..5), all.part(7..8)], [0..1, 7..8, 10..11]);
        assert_eq!(all.part(7..8), 0..11, "lost");
    }
}
