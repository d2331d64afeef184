//! Text as it is meant, with the way back to the bytes that it was written with.

use std::ops::Range;

/// Decoded text, put together from pieces of a document.
#[derive(Default)]
pub(super) struct Pieces {
    text: String,
    marks: Vec<Mark>,
}

/// Where a piece begins in the text, and where it stands in the document.
struct Mark {
    at: usize,
    source: Range<usize>,
    /// Whether the document has it letter for letter.
    verbatim: bool,
}

impl Pieces {
    /// Adds a piece that stands at `source` of `document`, as it is or in other letters.
    pub(super) fn push(&mut self, piece: &str, source: Range<usize>, document: &str) {
        let verbatim = document.get(source.clone()) == Some(piece);
        match self.marks.last_mut() {
            Some(last) if last.verbatim && verbatim && last.source.end == source.start => last.source.end = source.end,
            _ => self.marks.push(Mark { at: self.text.len(), source, verbatim }),
        }
        self.text.push_str(piece);
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where these bytes of the text stand in the document. Of a piece that was decoded it is all.
    pub(super) fn source(&self, range: Range<usize>) -> Range<usize> {
        let mark = |offset: usize| {
            let behind = self.marks.partition_point(|mark| mark.at <= offset);
            self.marks.get(behind.saturating_sub(1))
        };
        let start = mark(range.start).map_or(0, |mark| match mark.verbatim {
            true => (mark.source.start + (range.start - mark.at)).min(mark.source.end),
            false => mark.source.start,
        });
        let end = mark(range.end.saturating_sub(1)).map_or(start, |mark| match mark.verbatim {
            true => (mark.source.start + (range.end - mark.at)).min(mark.source.end),
            false => mark.source.end,
        });
        start..end.max(start)
    }

    /// Forgets all, for the next text.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.marks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoded_text_is_found_again_in_the_document() {
        let document = "ab &amp; cd\\_e";
        let mut pieces = Pieces::default();
        for (piece, source) in [("ab ", 0..3), ("&", 3..8), (" cd", 8..11), ("_e", 12..14)] {
            pieces.push(piece, source, document);
        }
        assert_eq!(pieces.text(), "ab & cd_e");
        assert_eq!(pieces.source(0..2), 0..2);
        assert_eq!(pieces.source(1..4), 1..8, "a decoded piece is all or nothing");
        assert_eq!(pieces.source(3..4), 3..8);
        assert_eq!(pieces.source(5..9), 9..14);
    }
}
