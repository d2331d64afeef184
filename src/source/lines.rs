//! Lists of one URL a line, and the splitter that cuts any stream into lines.
//!
//! Fed with chunks of any size; holds at most one line, and of a line that is too long only its
//! beginning. Must not know where the chunks come from.

use memchr::memchr;

use super::excerpt;
use crate::model::Request;

/// The longest line of a plain list, in bytes; no server takes a URL of that length.
const LONGEST: usize = 64 << 10;

/// What is kept of a line that is too long: enough for any [`excerpt`].
const KEPT: usize = 4 * super::EXCERPT_CHARS;

/// One line, without its line feed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// The beginning of one that passed the limit.
    TooLong(&'a [u8]),
}

/// Cuts chunks into lines.
#[derive(Debug)]
pub(super) struct Splitter {
    limit: usize,
    held: Vec<u8>,
    too_long: bool,
    number: u64,
}

impl Splitter {
    /// A splitter for lines of at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Splitter { limit, held: Vec::new(), too_long: false, number: 0 }
    }

    /// Calls `each` with the number (from 1) and the content of every line that ends in `chunk`.
    pub(super) fn push(&mut self, mut chunk: &[u8], mut each: impl FnMut(u64, Line<'_>)) {
        while let Some(end) = memchr(b'\n', chunk) {
            self.number += 1;
            if self.held.is_empty() && !self.too_long && end <= self.limit {
                each(self.number, Line::Whole(&chunk[..end]));
            } else {
                self.hold(&chunk[..end]);
                self.hand_out(&mut each);
            }
            chunk = &chunk[end + 1..];
        }
        self.hold(chunk);
    }

    /// Hands out a last line that has no line feed.
    pub(super) fn end(&mut self, mut each: impl FnMut(u64, Line<'_>)) {
        if !self.held.is_empty() || self.too_long {
            self.number += 1;
            self.hand_out(&mut each);
        }
    }

    fn hold(&mut self, part: &[u8]) {
        if self.too_long {
            return;
        }
        if self.held.len() + part.len() > self.limit {
            let room = KEPT.saturating_sub(self.held.len()).min(part.len());
            self.held.extend_from_slice(&part[..room]);
            self.held.truncate(KEPT);
            self.held.shrink_to(KEPT);
            self.too_long = true;
        } else {
            self.held.extend_from_slice(part);
        }
    }

    fn hand_out(&mut self, each: &mut impl FnMut(u64, Line<'_>)) {
        let line = if self.too_long { Line::TooLong(&self.held) } else { Line::Whole(&self.held) };
        each(self.number, line);
        self.too_long = false;
        self.held.clear();
        // One huge line must not be paid for until the end of the list.
        self.held.shrink_to(LONGEST);
    }
}

/// Reads a plain list.
#[derive(Debug)]
pub(super) struct Lines(Splitter);

impl Lines {
    /// A reader at the beginning of a list.
    pub(super) fn new() -> Self {
        Lines(Splitter::new(LONGEST))
    }

    /// Takes the next chunk; requests of the lines that end in it go to `out`.
    pub(super) fn push(&mut self, chunk: &[u8], out: &mut Vec<Request>) {
        self.0.push(chunk, |number, line| out.extend(request(number, line)));
    }

    /// Takes the end of the list.
    pub(super) fn end(&mut self, out: &mut Vec<Request>) {
        self.0.end(|number, line| out.extend(request(number, line)));
    }
}

/// The request of a line; `None` for blank lines and comments.
fn request(number: u64, line: Line<'_>) -> Option<Request> {
    let (text, fault) = match line {
        Line::Whole(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => return wanted(text).map(Request::get),
            Err(_) => (String::from_utf8_lossy(bytes).into_owned(), "is not valid UTF-8"),
        },
        Line::TooLong(bytes) => (excerpt(&String::from_utf8_lossy(bytes)).to_owned(), "is longer than 64 KiB"),
    };
    wanted(&text).map(|input| Request::unreadable(input, format!("line {number} {fault}")))
}

/// The line without blanks around it; `None` if nothing is left, or a comment.
fn wanted(line: &str) -> Option<&str> {
    // A byte order mark stands wherever lists with one were concatenated.
    let text = line.trim().trim_start_matches('\u{feff}').trim_start();
    (!text.is_empty() && !text.starts_with('#')).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<Request> {
        let (mut lines, mut out) = (Lines::new(), Vec::new());
        chunks.iter().for_each(|chunk| lines.push(chunk, &mut out));
        lines.end(&mut out);
        out
    }

    fn inputs(text: &[u8]) -> Vec<String> {
        read(&[text]).iter().map(|request| request.input.to_string()).collect()
    }

    fn fault(request: &Request) -> Option<&str> {
        request.fault.as_deref().map(|failure| failure.message.as_str())
    }

    #[test]
    fn blank_lines_comments_blanks_crlf_and_marks_are_tolerated() {
        let text = "\u{feff}https://a\r\n\n  \t\r\n# no\n  # no\n\t https://b/x y \n\u{feff}c.org\nlast";
        assert_eq!(inputs(text.as_bytes()), ["https://a", "https://b/x y", "c.org", "last"]);
        assert!(read(&[text.as_bytes()]).iter().all(|request| request.fault.is_none() && request.url.is_none()));
    }

    #[test]
    fn nothing_is_read_as_an_option() {
        assert_eq!(inputs(b"--help\n-\n"), ["--help", "-"]);
    }

    #[test]
    fn a_line_that_is_not_utf_8_says_so_and_the_next_is_read() {
        let requests = read(&[b"http://x/\xff\nhttp://y\n# caf\xe9\n"]);
        assert_eq!(requests.len(), 2);
        assert_eq!(&*requests[0].input, "http://x/\u{fffd}");
        assert_eq!(fault(&requests[0]), Some("line 1 is not valid UTF-8"));
        assert_eq!(fault(&requests[1]), None);
    }

    #[test]
    fn the_longest_line_passes_and_one_more_byte_does_not() {
        let fits = "é".repeat(LONGEST / 2);
        let long = format!("{fits}x");
        let requests = read(&[format!("{fits}\n{long}\nhttp://y").as_bytes()]);
        assert_eq!(&*requests[0].input, fits);
        assert_eq!(fault(&requests[0]), None);
        assert_eq!(&*requests[1].input, "é".repeat(256));
        assert_eq!(fault(&requests[1]), Some("line 2 is longer than 64 KiB"));
        assert_eq!(&*requests[2].input, "http://y");
    }

    #[test]
    fn a_huge_line_is_held_in_little_memory() {
        let mut splitter = Splitter::new(LONGEST);
        let chunk = vec![b'x'; LONGEST];
        for _ in 0..1_600 {
            splitter.push(&chunk, |_, _| panic!("no line ends here"));
            assert!(splitter.held.capacity() <= 2 * LONGEST);
        }
        let mut seen = Vec::new();
        splitter.push(b"\nnext\n", |number, line| seen.push((number, matches!(line, Line::TooLong(_)))));
        assert_eq!(seen, [(1, true), (2, false)]);
    }

    fn split(text: &[u8], cuts: &[usize], limit: usize) -> Vec<(u64, bool, Vec<u8>)> {
        let mut seen = Vec::new();
        let mut each = |number, line: Line<'_>| match line {
            Line::Whole(bytes) => seen.push((number, true, bytes.to_vec())),
            Line::TooLong(bytes) => seen.push((number, false, bytes.to_vec())),
        };
        let mut splitter = Splitter::new(limit);
        let mut rest = text;
        for &cut in cuts {
            let (chunk, more) = rest.split_at(cut.min(rest.len()));
            splitter.push(chunk, &mut each);
            rest = more;
        }
        splitter.push(rest, &mut each);
        splitter.end(&mut each);
        seen
    }

    proptest! {
        #[test]
        fn chunk_boundaries_change_nothing(
            text in proptest::collection::vec(any::<u8>(), 0..9_000),
            cuts in proptest::collection::vec(0usize..700, 0..20),
            limit in KEPT..2 * KEPT,
        ) {
            let whole = split(&text, &[], limit);
            prop_assert_eq!(&whole, &split(&text, &cuts, limit));
            let naive: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
            let count = if naive.last().is_some_and(|last| last.is_empty()) { naive.len() - 1 } else { naive.len() };
            prop_assert_eq!(whole.len(), count);
            for ((_, is_whole, bytes), line) in whole.iter().zip(naive) {
                prop_assert_eq!(*is_whole, line.len() <= limit);
                let kept = if *is_whole { line } else { &line[..KEPT] };
                prop_assert_eq!(bytes, kept);
            }
        }
    }
}
