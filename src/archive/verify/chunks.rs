//! Chunks (RFC 9112, 7.1) taken off while they come along. Pure, and no memory to speak of.

/// Longest line with the length of a chunk, in bytes.
const LINE_MOST: u32 = 4 << 10;

/// Takes chunks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunks {
    state: State,
    /// Chunks that were begun.
    begun: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Within the line that says how long the next chunk is.
    Size { size: u64, digits: u32, length: u32, is_over: bool },
    /// So many bytes of it are still to come.
    Data(u64),
    /// Behind it: a line end.
    LineEnd,
    /// Behind the last one.
    Done,
    /// These are no chunks.
    Broken,
}

const NEXT: State = State::Size { size: 0, digits: 0, length: 0, is_over: false };

impl Chunks {
    /// Before the first.
    pub fn new() -> Self {
        Chunks { state: NEXT, begun: 0 }
    }

    /// More bytes; what is content in them is given to `content`.
    pub fn feed(&mut self, mut bytes: &[u8], mut content: impl FnMut(&[u8])) {
        while let Some((first, rest)) = bytes.split_first() {
            match &mut self.state {
                State::Data(left) => {
                    let (now, later) = bytes.split_at(bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX)));
                    content(now);
                    *left -= now.len() as u64;
                    if *left == 0 {
                        self.state = State::LineEnd;
                    }
                    bytes = later;
                }
                State::Size { .. } | State::LineEnd => {
                    self.step(*first);
                    bytes = rest;
                }
                State::Done | State::Broken => return,
            }
        }
    }

    fn step(&mut self, byte: u8) {
        let State::Size { mut size, mut digits, length, mut is_over } = self.state else {
            self.state = match byte {
                b'\r' => State::LineEnd,
                b'\n' => NEXT,
                _ => State::Broken,
            };
            return;
        };
        self.state = match (byte, char::from(byte).to_digit(16)) {
            (b'\n', _) if digits > 0 => {
                self.begun += 1;
                if size == 0 { State::Done } else { State::Data(size) }
            }
            _ if length == LINE_MOST => State::Broken,
            (_, Some(digit)) if !is_over && digits < 15 => {
                (size, digits) = (size << 4 | u64::from(digit), digits + 1);
                State::Size { size, digits, length: length + 1, is_over }
            }
            (b'\r' | b' ' | b'\t' | b';', _) if digits > 0 => {
                is_over = true;
                State::Size { size, digits, length: length + 1, is_over }
            }
            (byte, _) if is_over && byte != b'\n' => State::Size { size, digits, length: length + 1, is_over },
            _ => State::Broken,
        };
    }

    /// Whether these are no chunks.
    pub fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// How many were begun.
    pub fn begun(&self) -> u64 {
        self.begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Content, and whether they are chunks, whichever way the bytes come.
    fn read(bytes: &[u8]) -> (Vec<u8>, bool) {
        let all = |size: usize| {
            let (mut chunks, mut content) = (Chunks::new(), Vec::new());
            bytes.chunks(size).for_each(|piece| chunks.feed(piece, |part| content.extend_from_slice(part)));
            (content, !chunks.is_broken())
        };
        assert_eq!(all(1), all(7));
        all(1)
    }

    #[test]
    fn chunks_are_taken_off_and_what_is_none_is_told() {
        let read = |text: &str| {
            let (content, are_chunks) = read(text.as_bytes());
            (String::from_utf8(content).unwrap(), are_chunks)
        };
        assert_eq!(
            read("3;x=y\r\nabc\r\n0A \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"),
            ("abc0123456789".into(), true)
        );
        assert_eq!(read("5\r\nabc"), ("abc".into(), true), "cut short");
        assert_eq!(read("5\nabcde\n0\n\n"), ("abcde".into(), true));
        for text in ["<html>", "\r\n", ";\r\n", "3\r\nabcd\r\n", "ffffffffffffffffff\r\n", "3 x", "1\r\na\r\nzz"] {
            let is_chunks = text == "3 x";
            assert_eq!(read(text).1, is_chunks, "{text}");
        }
        assert!(!read(&format!("1;{}", "x".repeat(5000))).1);
    }
}
