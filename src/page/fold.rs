//! Text as people read it: runs of white space (Unicode's, so no-break spaces too) become one
//! space, none at the ends.

/// Text under way: takes pieces, folds as they come, holds no more than was asked for.
pub(super) struct Folded {
    text: String,
    chars: usize,
    chars_left: usize,
    gap: bool,
    /// Bytes of a character whose rest comes with the next piece.
    split: Vec<u8>,
}

impl Folded {
    /// Room for `chars` characters; what comes after is dropped.
    pub(super) fn new(chars: usize) -> Self {
        Folded { text: String::new(), chars, chars_left: chars, gap: false, split: Vec::new() }
    }

    /// Adds a piece of text; it goes on where the last one ended.
    pub(super) fn push(&mut self, piece: &str) {
        for c in piece.chars() {
            if c.is_whitespace() {
                self.gap();
            } else if self.put(c).is_none() {
                return;
            }
        }
    }

    /// The same for a piece of UTF-8 that may end within a character.
    pub(super) fn push_bytes(&mut self, piece: &[u8]) {
        if let (true, Ok(text)) = (self.split.is_empty(), str::from_utf8(piece)) {
            return self.push(text);
        }
        let mut split = std::mem::take(&mut self.split);
        split.extend_from_slice(piece);
        if let Ok(text) = str::from_utf8(&split) {
            self.push(text);
            split.clear();
        }
        self.split = split;
    }

    /// Ends a word, as white space does.
    pub(super) fn gap(&mut self) {
        self.gap = !self.text.is_empty();
    }

    fn put(&mut self, c: char) -> Option<()> {
        if std::mem::take(&mut self.gap) {
            self.chars_left = self.chars_left.checked_sub(1)?;
            self.text.push(' ');
        }
        self.chars_left = self.chars_left.checked_sub(1)?;
        self.text.push(c);
        Some(())
    }

    /// Whether nothing that comes can change the text any more.
    pub(super) fn is_full(&self) -> bool {
        self.chars_left == 0
    }

    /// The text so far; the next one begins.
    pub(super) fn take(&mut self) -> Box<str> {
        let text = self.text.trim_end().into();
        self.text.clear();
        self.chars_left = self.chars;
        self.gap = false;
        self.split.clear();
        text
    }

    /// The text.
    pub(super) fn finish(mut self) -> String {
        // The last character of a full text may be the space before one that did not fit.
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(chars: usize, pieces: &[&str]) -> String {
        let mut folded = Folded::new(chars);
        pieces.iter().for_each(|piece| folded.push(piece));
        folded.finish()
    }

    #[test]
    fn white_space_is_folded_over_pieces() {
        assert_eq!(fold(99, &["\n a", "b \t", "\u{a0} c\u{3000}", "  "]), "ab c");
        assert_eq!(fold(99, &["", " \n"]), "");
    }

    #[test]
    fn characters_are_put_together_from_pieces() {
        let mut folded = Folded::new(9);
        "a é\u{3000}€".as_bytes().chunks(1).for_each(|piece| folded.push_bytes(piece));
        assert_eq!(&*folded.take(), "a é €");
        folded.push(&"x".repeat(12));
        assert_eq!(folded.finish(), "x".repeat(9), "the next has all the room");
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        assert_eq!(fold(3, &["äöüß"]), "äöü");
        assert_eq!(fold(3, &["ab   ", "  cd"]), "ab");
        assert_eq!(fold(4, &["ab cd"]), "ab c");
    }
}
