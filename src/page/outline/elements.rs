//! Which attribute of which element means what: the table of everything that links.
//!
//! Names of elements are as people write them (`linearGradient`), those of attributes as HTML reads
//! them. Must not know how a value is read.

use super::super::place::Language;
use crate::model::LinkKind;

/// What the value of an attribute is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Use {
    /// A reference.
    Link(LinkKind),
    /// A reference that may be empty: that is a link to the page.
    Follow(LinkKind),
    /// `href` of `<base>`.
    Base,
    /// `href` of `<link>`, which `rel` explains.
    Related,
    /// Images to choose from.
    Set,
    /// References with spaces between them.
    Words,
    /// `content` of `<meta>`, which other attributes explain.
    Content,
    /// `srcdoc`: a page.
    Document,
    /// Declarations of CSS.
    Css,
    /// A `url()` among other things, as in `fill`.
    Paint,
    /// A name that fragments may point to.
    Anchor,
    /// Nothing by itself: it explains others.
    Aside,
}

type Entry = (&'static str, Use);

/// What is read of an element.
pub(super) struct Element {
    /// Its name.
    pub name: &'static str,
    /// The attributes.
    pub attributes: &'static [Entry],
}

const ID: Entry = ("id", Use::Anchor);
const STYLE: Entry = ("style", Use::Css);
const ALT: Entry = ("alt", Use::Aside);
const TYPE: Entry = ("type", Use::Aside);
const SRCSET: Entry = ("srcset", Use::Set);
const LONGDESC: Entry = ("longdesc", Use::Link(LinkKind::Cite));

macro_rules! element {
    ($name:literal $(, $entry:expr)*) => {
        &Element { name: $name, attributes: &[ID, STYLE $(, $entry)*] }
    };
}

/// What is read of an element of this name; without `links` only what fragments may point to, and
/// the base.
pub(super) fn element(language: Language, name: &[u8], links: bool) -> &'static Element {
    const BASE: Entry = ("href", Use::Base);
    match language {
        Language::Html if !links => match name {
            b"a" => &Element { name: "a", attributes: &[ID, ("name", Use::Anchor)] },
            b"base" => &Element { name: "base", attributes: &[ID, BASE] },
            _ => &Element { name: "", attributes: &[ID] },
        },
        _ if !links => &Element { name: "", attributes: &[ID] },
        Language::Html => html(name),
        Language::Svg => svg(name),
        Language::Math => element!(""),
    }
}

/// Elements of HTML (HTML standard; `background` after its section 15.3, `longdesc` after the
/// recommendation of that name).
fn html(name: &[u8]) -> &'static Element {
    use LinkKind::{Anchor, Cite, Embed, Form, Frame, Image, Media, Script};
    const BACKGROUND: Entry = ("background", Use::Link(Image));
    const CITE: Entry = ("cite", Use::Link(Cite));
    const FORMACTION: Entry = ("formaction", Use::Link(Form));
    const IMG: &Element = element!("img", ("src", Use::Link(Image)), SRCSET, ALT, LONGDESC);
    match name {
        b"a" => element!("a", ("href", Use::Follow(Anchor)), ("ping", Use::Words), ("name", Use::Anchor)),
        b"area" => element!("area", ("href", Use::Follow(Anchor)), ("ping", Use::Words), ALT),
        b"link" => {
            element!("link", ("href", Use::Related), ("imagesrcset", Use::Set), ("rel", Use::Aside))
        }
        b"base" => element!("base", ("href", Use::Base)),
        // The parser takes the one for the other.
        b"img" | b"image" => IMG,
        b"source" => element!("source", ("src", Use::Link(Media)), SRCSET),
        b"video" => element!("video", ("src", Use::Link(Media)), ("poster", Use::Link(Media))),
        b"audio" => element!("audio", ("src", Use::Link(Media))),
        b"track" => element!("track", ("src", Use::Link(Media))),
        b"iframe" => element!("iframe", ("src", Use::Link(Frame)), ("srcdoc", Use::Document), LONGDESC),
        b"frame" => element!("frame", ("src", Use::Link(Frame)), LONGDESC),
        b"embed" => element!("embed", ("src", Use::Link(Embed))),
        b"object" => element!("object", ("data", Use::Link(Embed))),
        b"form" => element!("form", ("action", Use::Link(Form))),
        b"button" => element!("button", FORMACTION, TYPE),
        b"input" => element!("input", FORMACTION, ("src", Use::Link(Image)), TYPE, ALT),
        b"script" => element!("script", ("src", Use::Link(Script)), TYPE),
        b"style" => element!("style", TYPE),
        b"blockquote" => element!("blockquote", CITE),
        b"q" => element!("q", CITE),
        b"del" => element!("del", CITE),
        b"ins" => element!("ins", CITE),
        b"body" => element!("body", BACKGROUND),
        b"table" => element!("table", BACKGROUND),
        b"thead" => element!("thead", BACKGROUND),
        b"tbody" => element!("tbody", BACKGROUND),
        b"tfoot" => element!("tfoot", BACKGROUND),
        b"tr" => element!("tr", BACKGROUND),
        b"td" => element!("td", BACKGROUND),
        b"th" => element!("th", BACKGROUND),
        b"meta" => {
            const EQUIV: Entry = ("http-equiv", Use::Aside);
            element!("meta", ("content", Use::Content), EQUIV, ("name", Use::Aside), ("property", Use::Aside))
        }
        _ => element!(""),
    }
}

macro_rules! drawn {
    ($name:literal $(, $entry:expr)*) => {
        element!(
            $name,
            ("fill", Use::Paint), ("stroke", Use::Paint), ("filter", Use::Paint), ("mask", Use::Paint),
            ("clip-path", Use::Paint), ("marker-start", Use::Paint), ("marker-mid", Use::Paint),
            ("marker-end", Use::Paint), ("cursor", Use::Paint) $(, $entry)*
        )
    };
}

/// Elements of SVG: those that SVG 2, 16.1 and SVG Animations let link.
fn svg(name: &[u8]) -> &'static Element {
    const FOLLOW: Use = Use::Follow(LinkKind::Drawing);
    const LINK: Use = Use::Link(LinkKind::Drawing);
    macro_rules! linking {
        ($name:literal) => {
            drawn!($name, ("href", LINK), ("xlink:href", LINK))
        };
    }
    match name {
        b"a" => drawn!("a", ("href", FOLLOW), ("xlink:href", FOLLOW)),
        b"animate" => linking!("animate"),
        b"animatemotion" => linking!("animateMotion"),
        b"animatetransform" => linking!("animateTransform"),
        b"discard" => linking!("discard"),
        b"feimage" => linking!("feImage"),
        b"image" => linking!("image"),
        b"lineargradient" => linking!("linearGradient"),
        b"mpath" => linking!("mpath"),
        b"pattern" => linking!("pattern"),
        b"radialgradient" => linking!("radialGradient"),
        b"script" => linking!("script"),
        b"set" => linking!("set"),
        b"style" => element!("style", TYPE),
        b"textpath" => linking!("textPath"),
        b"use" => linking!("use"),
        _ => drawn!(""),
    }
}

/// Whether text on both sides of such a tag reads as words of their own.
pub(super) fn parts_words(name: &[u8]) -> bool {
    matches!(
        name,
        b"br"
            | b"hr"
            | b"p"
            | b"div"
            | b"li"
            | b"ul"
            | b"ol"
            | b"dl"
            | b"dt"
            | b"dd"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
            | b"td"
            | b"th"
            | b"tr"
            | b"pre"
            | b"section"
            | b"article"
            | b"header"
            | b"footer"
            | b"figure"
            | b"figcaption"
            | b"blockquote"
    )
}
