//! A JSON array of URLs and request objects, read element by element.
//!
//! The splitter only tracks strings, escapes and nesting, and holds one element. It is lenient
//! about what stands between elements, so that values one after the other (JSON Lines, arrays that
//! were concatenated) are read as well. Must not know what the keys mean.

use super::{
    excerpt,
    jsonl::LONGEST,
    object::{self, Place},
};
use crate::model::Request;

/// What is kept of an element that is too long.
const KEPT: usize = 4 * super::EXCERPT_CHARS;

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    /// A number, a word, or junk up to the next comma.
    Bare,
    /// An object or list (so many levels deep) outside of its strings.
    Nested(usize),
    /// A string, so many levels deep.
    Text(usize),
    /// The character after a backslash.
    Escape(usize),
}

/// Reads a JSON array.
#[derive(Debug)]
pub(super) struct Json {
    state: State,
    /// Whether the array's `[` was seen and its `]` not yet.
    open: bool,
    held: Vec<u8>,
    too_long: bool,
    begins: Place,
    line: u64,
    column: u64,
}

impl Json {
    /// A reader at the beginning of a list.
    pub(super) fn new() -> Self {
        Json {
            state: State::Between,
            open: false,
            held: Vec::new(),
            too_long: false,
            begins: Place { line: 1, column: 1 },
            line: 1,
            column: 0,
        }
    }

    /// Takes the next chunk; requests of the elements that end in it go to `out`.
    pub(super) fn push(&mut self, chunk: &[u8], out: &mut Vec<Request>) {
        let mut from = 0;
        for (at, &byte) in chunk.iter().enumerate() {
            self.count(byte);
            let before = self.state;
            self.state = self.after(byte);
            if before == State::Between {
                from = at;
                self.begins = Place { line: self.line, column: self.column };
            } else if self.state == State::Between {
                // The byte after a bare word is not part of it; a closing quote or brace is.
                let end = if before == State::Bare { at } else { at + 1 };
                self.hold(&chunk[from..end]);
                out.push(self.request());
                if before == State::Bare && byte == b']' {
                    self.open = false;
                }
            }
        }
        if self.state != State::Between {
            self.hold(&chunk[from..]);
        }
    }

    /// Takes the end of the list.
    pub(super) fn end(&mut self, out: &mut Vec<Request>) {
        if self.state != State::Between {
            out.push(self.request());
        } else if self.open {
            let message =
                format!("line {}: the JSON array does not end with `]`; the list may be cut short", self.line);
            out.push(Request::unreadable("", message));
        }
    }

    fn count(&mut self, byte: u8) {
        if byte == b'\n' {
            self.line += 1;
            self.column = 0;
        } else if byte & 0xc0 != 0x80 {
            self.column += 1; // not a continuation byte of UTF-8
        }
    }

    /// The state after `byte`; an opening or closing bracket of the array itself is noted.
    fn after(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            (State::Between, b' ' | b'\t' | b'\r' | b'\n' | b',') => State::Between,
            (State::Between, b'[') if !self.open => {
                self.open = true;
                State::Between
            }
            (State::Between, b']') if self.open => {
                self.open = false;
                State::Between
            }
            (State::Between, b'"') => State::Text(0),
            (State::Between, b'{' | b'[') => State::Nested(1),
            (State::Between, _) => State::Bare,
            (State::Bare, b' ' | b'\t' | b'\r' | b'\n' | b',' | b']') => State::Between,
            (State::Nested(levels), b'"') => State::Text(levels),
            (State::Nested(levels), b'{' | b'[') => State::Nested(levels + 1),
            (State::Nested(1), b'}' | b']') => State::Between,
            (State::Nested(levels), b'}' | b']') => State::Nested(levels - 1),
            (State::Text(levels), b'\\') => State::Escape(levels),
            (State::Text(0), b'"') => State::Between,
            (State::Text(levels), b'"') => State::Nested(levels),
            (State::Escape(levels), _) => State::Text(levels),
            (state, _) => state,
        }
    }

    fn hold(&mut self, part: &[u8]) {
        if self.too_long {
            return;
        }
        self.held.extend_from_slice(part);
        if self.held.len() > LONGEST {
            self.held.truncate(KEPT);
            self.held.shrink_to(KEPT);
            self.too_long = true;
        }
    }

    /// The request of the element that is held; ready for the next one.
    fn request(&mut self) -> Request {
        let request = match std::str::from_utf8(&self.held) {
            Ok(text) if !self.too_long => object::request(text, self.begins),
            _ => {
                let fault = if self.too_long { "is longer than 16 MiB" } else { "is not valid UTF-8" };
                let message = format!("line {}: the element that begins here {fault}", self.begins.line);
                Request::unreadable(excerpt(&String::from_utf8_lossy(&self.held)), message)
            }
        };
        self.held.clear();
        self.held.shrink_to(64 << 10);
        self.too_long = false;
        self.state = State::Between;
        request
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8], chunk: usize) -> Vec<(String, Option<String>)> {
        let (mut reader, mut out) = (Json::new(), Vec::new());
        text.chunks(chunk).for_each(|chunk| reader.push(chunk, &mut out));
        reader.end(&mut out);
        out.into_iter().map(|request| (request.input.into(), request.fault.map(|fault| fault.message))).collect()
    }

    fn good(urls: &[&str]) -> Vec<(String, Option<String>)> {
        urls.iter().map(|url| ((*url).to_owned(), None)).collect()
    }

    #[test]
    fn strings_and_objects_are_elements() {
        let text = br#" [ "https://a", {"url":"https://b","tags":{"x":["]}",{"\"":1}]}} ,"c\\" ] "#;
        for chunk in [1, 3, 1_000] {
            assert_eq!(read(text, chunk), good(&["https://a", "https://b", "c\\"]), "{chunk}");
        }
    }

    #[test]
    fn an_empty_array_has_no_requests() {
        assert_eq!(read(b"[\n]\n", 9), []);
        assert_eq!(read(b"", 9), []);
    }

    #[test]
    fn objects_one_after_the_other_and_arrays_put_together_are_read_too() {
        assert_eq!(read(b"{\n \"url\": \"a\"\n}\n{\"url\":\"b\"}", 9), good(&["a", "b"]));
        assert_eq!(read(b"[\"a\"]\n[\"b\"]", 9), good(&["a", "b"]));
    }

    #[test]
    fn what_is_no_request_names_its_place_and_the_rest_is_read() {
        let requests = read(b"[\n  12,\n  [\"x\"], {\"url\": 5},\n  \"ok\" ]", 5);
        let message = |at: usize| requests[at].1.as_deref().unwrap();
        assert!(message(0).starts_with("line 2, column 3: expected a JSON object"), "{}", message(0));
        assert!(message(1).starts_with("line 3, column 3: expected a JSON object"), "{}", message(1));
        assert_eq!(message(2), "line 3, column 18: `url` must be a string, and is a number");
        assert_eq!(requests[3], ("ok".to_owned(), None));
        assert_eq!(requests.len(), 4);
    }

    #[test]
    fn a_list_that_is_cut_short_says_so() {
        assert!(read(b"[\"a\",", 9)[1].1.as_deref().unwrap().contains("cut short"));
        assert!(read(b"[\"a\",{\"url\":\"b", 9)[1].1.as_deref().unwrap().contains("EOF while parsing"));
        assert_eq!(read(b"[\"a\",{\"url\":\"b", 9).len(), 2);
    }

    #[test]
    fn an_endless_element_is_held_in_little_memory() {
        let (mut reader, mut out) = (Json::new(), Vec::new());
        reader.push(b"[\"", &mut out);
        let chunk = vec![b'x'; 1 << 16];
        for _ in 0..(LONGEST >> 16) + 8 {
            reader.push(&chunk, &mut out);
        }
        assert!(reader.held.capacity() <= 1 << 16);
        reader.push(b"\",\"ok\"]", &mut out);
        reader.end(&mut out);
        assert_eq!(out.len(), 2);
        assert_eq!(
            out[0].fault.as_ref().unwrap().message,
            "line 1: the element that begins here is longer than 16 MiB"
        );
        assert_eq!(out[1].url_text(), "ok");
    }

    proptest! {
        #[test]
        fn chunk_boundaries_change_nothing_and_no_bytes_panic(
            text in proptest::collection::vec(proptest::sample::select(&b"[]{}\"\\,: \n1ae\xc3\xa9"[..]), 0..60),
            chunk in 1usize..9,
        ) {
            prop_assert_eq!(read(&text, 1_000), read(&text, chunk));
        }
    }
}
