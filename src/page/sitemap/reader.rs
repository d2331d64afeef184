//! From chunks of bytes to items: the encoding, the kind of file, and the limits of both.

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};
use url::Url;

use super::{BYTES, ENTRIES, Item, json_feed::JsonFeed, lines::Lines, xml::Xml};

/// Bytes within which an XML declaration ends.
const DECLARATION: usize = 1 << 10;

/// Bytes given to the parser at once.
const PIECE: usize = 64 << 10;

/// What the text is read as.
enum Parser {
    /// Nothing but blanks so far.
    Unknown,
    Xml(Box<Xml>),
    Json(Box<JsonFeed>),
    Lines(Lines),
}

/// Reads a sitemap or feed in chunks of any size.
pub struct Reader {
    url: Option<Url>,
    /// The beginning, until its encoding is known.
    head: Vec<u8>,
    decoder: Option<Decoder>,
    text: String,
    parser: Parser,
    read: usize,
    entries: usize,
    over: bool,
}

impl Reader {
    /// A reader at the beginning of a file. Relative addresses are resolved against `url`, if the
    /// file does not say otherwise.
    pub fn new(url: Option<&Url>) -> Reader {
        Reader {
            url: url.cloned(),
            head: Vec::new(),
            decoder: None,
            text: String::new(),
            parser: Parser::Unknown,
            read: 0,
            entries: 0,
            over: false,
        }
    }

    /// Takes the next chunk; what ends in it goes to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<Item>) {
        for piece in chunk.chunks(PIECE) {
            if self.over {
                return;
            }
            self.read += piece.len();
            if self.read > BYTES {
                let message = format!("the file is longer than {} MiB; the rest is not read", BYTES >> 20);
                return self.give_up(message, out);
            }
            self.take(piece, false, out);
        }
    }

    /// Takes the end of the file.
    pub fn end(&mut self, out: &mut Vec<Item>) {
        if !self.over {
            self.take(&[], true, out);
            self.over = true;
        }
    }

    /// Whether nothing that follows would be read.
    pub fn is_over(&self) -> bool {
        self.over
    }

    fn take(&mut self, piece: &[u8], last: bool, out: &mut Vec<Item>) {
        self.head.extend_from_slice(piece);
        if self.decoder.is_none() {
            if !last && !knows_encoding(&self.head) {
                return;
            }
            self.decoder = Some(encoding(&self.head).new_decoder());
        }
        let bytes = std::mem::take(&mut self.head);
        if let Some(decoder) = &mut self.decoder {
            decode(decoder, &bytes, last, &mut self.text);
        }
        let before = out.len();
        self.parse(last, out);
        self.limit(before, out);
    }

    /// Hands the decoded text to its parser, which is found out first.
    fn parse(&mut self, last: bool, out: &mut Vec<Item>) {
        if let Parser::Unknown = self.parser {
            let blank = self.text.len() - self.text.trim_start().len();
            self.parser = match self.text.as_bytes().get(blank) {
                None => return,
                Some(b'<') => Parser::Xml(Box::new(Xml::new(self.url.take()))),
                Some(b'{') => Parser::Json(Box::new(JsonFeed::new(self.url.take()))),
                Some(_) => Parser::Lines(Lines::default()),
            };
        }
        self.over = match &mut self.parser {
            Parser::Unknown => false,
            Parser::Xml(xml) => xml.push(&self.text, last, out),
            Parser::Json(json) => json.push(&self.text, last, out),
            Parser::Lines(lines) => lines.push(&self.text, last, out),
        };
        self.text.clear();
    }

    /// Ends the reading where there are too many entries since `before`.
    fn limit(&mut self, before: usize, out: &mut Vec<Item>) {
        self.entries += out.len() - before;
        if let Some(beyond) = self.entries.checked_sub(ENTRIES).filter(|beyond| *beyond > 0) {
            out.truncate(out.len() - beyond);
            self.give_up(format!("the file has more than {ENTRIES} entries; the rest is not read"), out);
        }
    }

    fn give_up(&mut self, message: String, out: &mut Vec<Item>) {
        self.over = true;
        out.push(Item::fault("", message));
    }
}

/// Whether the encoding can be told: there is no XML declaration, or all of it.
fn knows_encoding(head: &[u8]) -> bool {
    const MARKS: [&[u8]; 2] = [b"<?xml", b"\xef\xbb\xbf<?xml"];
    let begins = MARKS.iter().any(|mark| head.starts_with(mark) || mark.starts_with(head));
    !begins || head.len() >= DECLARATION || memchr::memmem::find(head, b"?>").is_some()
}

/// The encoding by byte order mark, else by XML declaration, else UTF-8.
fn encoding(head: &[u8]) -> &'static Encoding {
    let declared = || {
        let head = head.get(..head.len().min(DECLARATION))?;
        let declaration = str::from_utf8(head.get(..memchr::memmem::find(head, b"?>")?)?).ok()?;
        let (_, behind) = declaration.strip_prefix("<?xml")?.split_once("encoding")?;
        let value = behind.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let label = value.get(1..)?.split(quote).next()?;
        // Whoever could be read so far is not written in UTF-16, whatever is said.
        Encoding::for_label(label.as_bytes()).map(Encoding::output_encoding)
    };
    Encoding::for_bom(head).map(|(encoding, _)| encoding).or_else(declared).unwrap_or(UTF_8)
}

fn decode(decoder: &mut Decoder, mut bytes: &[u8], last: bool, text: &mut String) {
    loop {
        text.reserve(decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len()).max(16));
        let (result, read) = decoder.decode_to_string_without_replacement(bytes, text, last);
        bytes = bytes.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
}
