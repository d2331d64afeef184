//! The view `links`: where a page leads, in document order.
//!
//! Links come from the outline, which a link checker reads as well; only their `rel` is looked for
//! here, in a pass of its own, and found again by place.

use std::ops::Range;

use crate::{
    model::Look,
    page::{
        base::Base,
        fold::Folded,
        outline,
        place::Place,
        tags::{StartTag, Tags, Watcher},
    },
};
use html5gum::{State, Tokenizer};
use serde_json::{Value, json};

/// Links taken from one page at most: about 50 MB of a record.
const MOST: usize = 100_000;

/// Longest `rel`, in characters.
const REL_CHARS: usize = 256;

/// Reads the view. What is no URL is left out, as are `data:` URLs.
pub(super) fn read(html: &str, base: impl FnOnce(Option<&str>) -> Base) -> Value {
    let outline = outline(html, Look { links: true, ..Look::NOTHING });
    let mut rels = Rels::default();
    // The tokenizer returns at the end; a string cannot fail to be read.
    let _ = Tokenizer::new_with_emitter(html, Tags::new(&mut rels)).next();
    let base = base(outline.base.as_deref());
    let mut list = Vec::new();
    for link in &outline.links {
        if list.len() == MOST {
            break;
        }
        let Some(url) = base.resolve(&link.value) else { continue };
        let text = Some(&link.text).filter(|text| !text.is_empty());
        let rel = link.attribute.and_then(|_| rels.at(link.span.start));
        list.push(json!({ "url": url, "text": text, "rel": rel, "kind": link.kind.name() }));
    }
    Value::Array(list)
}

/// What tags say in `rel`, by the bytes that they take.
#[derive(Default)]
struct Rels {
    place: Place,
    found: Vec<(Range<usize>, Box<str>)>,
}

impl Rels {
    /// What the tag says that holds this byte.
    fn at(&self, offset: usize) -> Option<&str> {
        let behind = self.found.partition_point(|(tag, _)| tag.start <= offset);
        let (tag, rel) = self.found.get(behind.checked_sub(1)?)?;
        tag.contains(&offset).then_some(rel)
    }
}

impl Watcher for Rels {
    const PLACES: bool = true;
    type Use = ();

    fn wanted(&mut self, name: &[u8]) -> &'static [(&'static str, ())] {
        if matches!(name, b"a" | b"area" | b"link" | b"form") { &[("rel", ())] } else { &[] }
    }

    fn start(&mut self, tag: &StartTag<'_, ()>) -> Option<State> {
        if let Some(rel) = tag.get("rel").filter(|rel| !rel.trim().is_empty()) {
            let mut folded = Folded::new(REL_CHARS);
            folded.push(&rel.to_ascii_lowercase());
            self.found.push((tag.start..tag.end, folded.finish().into()));
        }
        self.place.start(tag)
    }

    fn end(&mut self, name: &[u8], _: usize) {
        self.place.end(name);
    }

    fn takes_cdata(&self) -> bool {
        !self.place.is_html()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Value {
        let url = url::Url::parse("https://h.example/a/").unwrap();
        read(html, |href| Base::new(Some(&url), href, encoding_rs::UTF_8))
    }

    #[test]
    fn a_link_says_where_with_which_words_and_what_for() {
        let seen = of("<base href=/b/><a href=c rel=' NoFollow  ugc '>To <b>c</b></a><img src=i.png alt=Pic>\
             <a href=mailto:a@b.example>mail</a><link rel=stylesheet href=s.css><a href='data:,x'>no</a><a href='//[bad'>no</a>");
        assert_eq!(
            seen,
            json!([
                { "url": "https://h.example/b/c", "text": "To c", "rel": "nofollow ugc", "kind": "anchor" },
                { "url": "https://h.example/b/i.png", "text": "Pic", "rel": null, "kind": "image" },
                { "url": "mailto:a@b.example", "text": "mail", "rel": null, "kind": "anchor" },
                { "url": "https://h.example/b/s.css", "text": null, "rel": "stylesheet", "kind": "stylesheet" },
            ])
        );
    }

    #[test]
    fn a_rel_belongs_to_its_own_tag() {
        let seen = of(
            "<a rel=one href=1><a href=2><a href=3 rel=three><script type=application/ld+json>{\"url\":\"https://h/4\"}</script>",
        );
        let rels: Vec<&Value> = seen.as_array().unwrap().iter().map(|link| &link["rel"]).collect();
        assert_eq!(rels, [&json!("one"), &Value::Null, &json!("three"), &Value::Null]);
    }

    #[test]
    fn a_page_of_links_only_is_cut() {
        assert_eq!(of(&"<a href=x>".repeat(MOST + 9)).as_array().unwrap().len(), MOST);
    }
}
