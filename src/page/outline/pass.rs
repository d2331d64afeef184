//! One pass over a page: where it stands, and what is under way.

use html5gum::{State, Tokenizer};

use super::{
    super::{
        css::Style,
        fold::Folded,
        place::{Language, Place},
        tags::{StartTag, Tags, Watcher},
    },
    Look,
    elements::{self, Element, Use},
    found::{Document, Found},
    written::Written,
};
use crate::model::{Link, Outline};

/// Reads a page but for the pages within it, which it hands back.
pub(super) fn pass(html: &str, look: Look) -> (Outline, Vec<Document>) {
    let mut pass = Pass::new(html, look);
    // The tokenizer returns at the end; a string cannot fail to be read.
    let _ = Tokenizer::new_with_emitter(html, Tags::new(&mut pass)).next();
    pass.end_block(html.len());
    pass.end_text();
    pass.found.finish()
}

/// An element whose text is more than text, from its start tag on.
enum Block {
    Css,
    /// A style sheet in a drawing, where text is read as elsewhere: what it says so far.
    Drawn(Vec<u8>),
    JsonLd,
}

struct Pass<'h> {
    html: &'h str,
    look: Look,
    place: Place,
    /// What is read of the tag under way, once it was seen to have attributes.
    element: Option<&'static Element>,
    /// What is open of the elements that decide whether others are there, or what they mean.
    form: bool,
    framesets: usize,
    tables: usize,
    picture: bool,
    player: bool,
    /// The block under way, and where its text starts.
    block: Option<(Block, usize)>,
    /// The link whose text is read.
    reading: Option<usize>,
    text: Folded,
    /// Whether text is content that nobody reads, as that of `<script>`.
    mute: bool,
    found: Found<'h>,
}

impl<'h> Pass<'h> {
    fn new(html: &'h str, look: Look) -> Self {
        Pass {
            html,
            look,
            place: Place::default(),
            element: None,
            form: false,
            framesets: 0,
            tables: 0,
            picture: false,
            player: false,
            block: None,
            reading: None,
            text: Folded::new(Link::TEXT_CHARS),
            mute: false,
            found: Found::new(html, look),
        }
    }

    /// Takes note of a start tag of HTML; answers whether the parser makes an element of it here
    /// (HTML standard, 13.2.6.4).
    fn opens(&mut self, name: &[u8]) -> bool {
        match name {
            // A form within a form is not there.
            b"form" => return !std::mem::replace(&mut self.form, true),
            b"frame" => return self.framesets > 0,
            b"caption" | b"colgroup" | b"col" | b"thead" | b"tbody" | b"tfoot" | b"tr" | b"td" | b"th" => {
                return self.tables > 0;
            }
            b"frameset" => self.framesets += 1,
            b"table" => self.tables += 1,
            b"picture" => self.picture = true,
            b"video" | b"audio" => self.player = true,
            _ => {}
        }
        true
    }

    fn closes(&mut self, name: &[u8]) {
        match name {
            b"form" => self.form = false,
            b"frameset" => self.framesets = self.framesets.saturating_sub(1),
            b"table" => self.tables = self.tables.saturating_sub(1),
            b"picture" => self.picture = false,
            b"video" | b"audio" => self.player = false,
            b"a" => self.end_text(),
            _ if self.reading.is_some() && elements::parts_words(name) => self.text.gap(),
            _ => {}
        }
    }

    /// Takes what the attributes of a tag say.
    fn take(&mut self, tag: &StartTag<'_, Use>, element: &'static Element) {
        let first = self.found.len();
        for attribute in tag.attributes() {
            let unused = match (element.name, attribute.name) {
                // A picture chooses by srcset, a player by src (HTML standard, 4.8.2).
                ("source", "src") => self.picture && !self.player,
                ("source", "srcset") => self.player && !self.picture,
                _ => false,
            };
            if !unused {
                self.found.take(tag, element.name, attribute);
            }
        }
        if element.name == "a" {
            self.reading = self.found.followed(first);
        }
    }

    /// Takes note of what a start tag begins or ends, besides what its attributes say.
    fn begins(&mut self, tag: &StartTag<'_, Use>, language: Language, raw: bool) {
        let says = |kinds: &[&str]| {
            let kind = tag.get("type").unwrap_or_default();
            let kind = kind.split_once(';').map_or(kind, |(kind, _)| kind).trim();
            kinds.iter().any(|other| other.eq_ignore_ascii_case(kind))
        };
        let block = match tag.name {
            b"style" if raw && says(&["", "text/css"]) => Some(Block::Css),
            b"style" if language == Language::Svg && !tag.self_closing && says(&["", "text/css"]) => {
                Some(Block::Drawn(Vec::new()))
            }
            b"script" if raw && says(&["application/ld+json"]) => Some(Block::JsonLd),
            b"img" | b"image" | b"area" | b"input" if self.reading.is_some() => {
                self.text.gap();
                self.text.push(tag.get("alt").unwrap_or_default());
                self.text.gap();
                None
            }
            name if self.reading.is_some() && elements::parts_words(name) => {
                self.text.gap();
                None
            }
            _ => None,
        };
        self.block = block.map(|block| (block, tag.end));
    }

    fn end_block(&mut self, end: usize) {
        let Some((block, start)) = self.block.take() else { return };
        match block {
            Block::JsonLd => self.found.json_ld(start..end),
            Block::Css => {
                let text = self.html.get(start..end).unwrap_or_default();
                self.found.style(&mut Written::new(self.html, text, start..end), None, Style::Sheet);
            }
            Block::Drawn(text) => {
                let text = String::from_utf8(text).unwrap_or_default();
                self.found.style(&mut Written::new(self.html, &text, start..end), None, Style::Sheet);
            }
        }
    }

    fn end_text(&mut self) {
        if let Some(index) = self.reading.take() {
            self.found.name(index, self.text.take());
        }
    }
}

impl Watcher for Pass<'_> {
    const PLACES: bool = true;
    type Use = Use;

    fn wanted(&mut self, name: &[u8]) -> &'static [(&'static str, Use)] {
        let language = self.place.language(name);
        let element = elements::element(language, name, self.look.links);
        self.element = Some(element);
        element.attributes
    }

    fn start(&mut self, tag: &StartTag<'_, Use>) -> Option<State> {
        // The template itself is part of the page, its content is not.
        let hidden = self.place.in_template();
        let language = self.place.language(tag.name);
        let element = self.element.take();
        let state = self.place.start(tag);
        self.mute = state.is_some();
        self.end_block(tag.start);
        if hidden || (language == Language::Html && !self.opens(tag.name)) {
            return state;
        }
        if tag.name == b"a" {
            self.end_text();
        }
        if let Some(element) = element {
            self.take(tag, element);
        }
        if self.look.links {
            self.begins(tag, language, state.is_some());
        }
        state
    }

    fn end(&mut self, name: &[u8], at: usize) {
        self.end_block(at);
        self.mute = false;
        self.place.end(name);
        if !self.place.in_template() {
            self.closes(name);
        }
    }

    fn text(&mut self, piece: &[u8]) {
        if let Some((Block::Drawn(text), _)) = &mut self.block {
            text.extend_from_slice(piece);
        } else if self.reading.is_some() && !self.mute && !self.text.is_full() && !self.place.in_template() {
            self.text.push_bytes(piece);
        }
    }

    fn comment(&mut self, text: &[u8], span: std::ops::Range<usize>) {
        self.found.comment(str::from_utf8(text).unwrap_or_default(), span);
    }

    fn takes_cdata(&self) -> bool {
        !self.place.is_html()
    }
}
