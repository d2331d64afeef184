//! Lists of one JSON object a line. Must not know what the keys mean.

use super::{
    excerpt,
    lines::{Line, Splitter},
    object::{self, Place},
};
use crate::model::Request;

/// The longest line, in bytes: request bodies stand in it.
pub(super) const LONGEST: usize = 16 << 20;

/// Reads JSON Lines.
#[derive(Debug)]
pub(super) struct Jsonl(Splitter);

impl Jsonl {
    /// A reader at the beginning of a list.
    pub(super) fn new() -> Self {
        Jsonl(Splitter::new(LONGEST))
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

/// The request of a line; `None` for blank ones.
fn request(number: u64, line: Line<'_>) -> Option<Request> {
    let (bytes, fault) = match line {
        Line::Whole(bytes) => match std::str::from_utf8(bytes) {
            Ok(line) => {
                let indented = line.trim_start_matches('\u{feff}').trim_start();
                let text = indented.trim_end();
                let column = 1 + line[..line.len() - indented.len()].chars().count() as u64;
                return (!text.is_empty()).then(|| object::request(text, Place { line: number, column }));
            }
            Err(_) => (bytes, "is not valid UTF-8"),
        },
        Line::TooLong(bytes) => (bytes, "is longer than 16 MiB"),
    };
    let text = String::from_utf8_lossy(bytes);
    Some(Request::unreadable(excerpt(text.trim()), format!("line {number} {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<Request> {
        let (mut reader, mut out) = (Jsonl::new(), Vec::new());
        for chunk in text.chunks(7) {
            reader.push(chunk, &mut out);
        }
        reader.end(&mut out);
        out
    }

    #[test]
    fn one_object_a_line_blank_lines_left_out() {
        let requests = read("\u{feff}{\"url\":\"a\"}\r\n\n \"b\" \n{\"url\":\"c\"}".as_bytes());
        let urls: Vec<&str> = requests.iter().map(Request::url_text).collect();
        assert_eq!(urls, ["a", "b", "c"]);
        assert!(requests.iter().all(|request| request.fault.is_none()));
    }

    #[test]
    fn a_bad_line_names_its_place_and_the_next_is_read() {
        let requests = read(b"{\"url\":\"a\"}\n  {\"url\":\"b\",\n{\"url\":\"\xff\"}\n{\"url\":\"c\"}\n");
        let faults: Vec<_> =
            requests.iter().map(|request| request.fault.as_deref().map(|f| f.message.clone())).collect();
        assert_eq!(faults[0], None);
        assert!(faults[1].as_deref().unwrap().starts_with("line 2, column 13: EOF"), "{:?}", faults[1]);
        assert_eq!(faults[2].as_deref(), Some("line 3 is not valid UTF-8"));
        assert_eq!(faults[3], None);
        assert_eq!(&*requests[1].input, "{\"url\":\"b\",");
        assert_eq!(requests[3].url_text(), "c");
    }

    #[test]
    fn a_line_may_hold_megabytes_but_not_without_end() {
        let long = |bytes: usize| format!("{{\"url\":\"a\",\"body\":\"{}\"}}\n", "x".repeat(bytes));
        let (mut reader, mut out) = (Jsonl::new(), Vec::new());
        for line in [long(2 << 20), long(LONGEST), long(1)] {
            line.as_bytes().chunks(1 << 16).for_each(|chunk| reader.push(chunk, &mut out));
        }
        let bodies: Vec<_> = out
            .iter()
            .map(|request| request.wish.as_ref().and_then(|wish| wish.body.as_ref()).map(bytes::Bytes::len))
            .collect();
        assert_eq!(bodies, [Some(2 << 20), None, Some(1)]);
        assert_eq!(out[1].fault.as_ref().unwrap().message, "line 2 is longer than 16 MiB");
        assert_eq!(out[1].input.chars().count(), 256);
    }
}
