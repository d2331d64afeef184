//! What parts words where an element begins or ends: the one table of blocks, lines and cells.
//!
//! Must not know who reads the words.

/// What parts two pieces of text; the greater one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    #[default]
    Nothing,
    Space,
    Cell,
    Line,
    Paragraph,
}

impl Gap {
    /// What an element begins and ends with.
    pub(super) fn of(name: &[u8]) -> Gap {
        match name {
            b"head" | b"title" => Gap::Space,
            b"td" | b"th" => Gap::Cell,
            b"br" | b"li" | b"tr" | b"dt" | b"dd" | b"div" | b"option" | b"summary" | b"caption" | b"legend"
            | b"figcaption" | b"button" | b"textarea" | b"select" => Gap::Line,
            b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"ul" | b"ol" | b"dl" | b"menu" | b"dir"
            | b"pre" | b"hr" | b"blockquote" | b"table" | b"thead" | b"tbody" | b"tfoot" | b"form" | b"fieldset"
            | b"article" | b"section" | b"aside" | b"nav" | b"header" | b"footer" | b"main" | b"figure"
            | b"address" | b"details" | b"dialog" | b"hgroup" | b"search" | b"center" | b"body" => Gap::Paragraph,
            _ => Gap::Nothing,
        }
    }

    /// How it is written.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Gap::Nothing => "",
            Gap::Space => " ",
            Gap::Cell => "\t",
            Gap::Line => "\n",
            Gap::Paragraph => "\n\n",
        }
    }
}
