//! Sitemaps and feeds: the addresses of their entries.
//!
//! The root element says what it is (sitemaps.org; RSS 0.9 to 2.0; RFC 4287). Entities of a document
//! type are not expanded, so a small file cannot become a large one. What is not well-formed ends the
//! reading; what came before it counts.

use std::{borrow::Cow, ops::Range};

use quick_xml::{
    escape::unescape,
    events::{BytesStart, Event},
};

use super::{draft::Draft, pieces::Pieces};
use crate::{
    model::link::{Link, LinkKind},
    page::{sitemap::Root, xml},
};

/// Elements whose text is an address.
const TEXTS: &[&str] = &["loc", "link", "guid", "content_loc", "player_loc", "thumbnail_loc", "comments"];

/// Attributes that hold an address: element, attribute.
const ATTRIBUTES: &[(&str, &str)] =
    &[("link", "href"), ("enclosure", "url"), ("content", "src"), ("content", "url"), ("thumbnail", "url")];

/// Adds the entries.
pub(super) fn read(text: &str, draft: &mut Draft) {
    // The parser passes over a byte order mark without counting it.
    let content = text.trim_start_matches('\u{feff}');
    let mut part = Draft::default();
    entries(content, &mut part);
    draft.take(part, text.len() - content.len());
}

fn entries(text: &str, draft: &mut Draft) {
    let mut reader = xml::reader(text);
    let mut known = false;
    // The element whose text is being read.
    let mut open: Option<&'static str> = None;
    let mut address = Pieces::default();
    let mut at = 0;
    while let Ok(event) = reader.read_event() {
        let end = usize::try_from(reader.buffer_position()).unwrap_or(text.len()).min(text.len());
        let span = at..end;
        at = end;
        match event {
            Event::Start(tag) | Event::Empty(tag) if !known => {
                // An OPML file is somebody's list of feeds, not a list of pages.
                known = Root::of_name(tag.local_name().as_ref()).is_some_and(|root| root != Root::Opml);
                if !known {
                    return;
                }
            }
            Event::Start(tag) => {
                attributes(text, &tag, span, draft);
                let name = tag.local_name();
                open = TEXTS.iter().copied().find(|text| *text == name.as_ref()).filter(|_| xml::is_permalink(&tag));
                address.clear();
            }
            Event::Empty(tag) => attributes(text, &tag, span, draft),
            Event::End(_) => {
                if let Some(element) = open.take() {
                    entry(element, &address, draft);
                }
            }
            Event::Text(piece) if open.is_some() => address.push(&piece, span, text),
            Event::CData(piece) if open.is_some() => {
                let inside = span.start + "<![CDATA[".len()..span.end.saturating_sub("]]>".len());
                address.push(&piece, inside, text);
            }
            Event::GeneralRef(name) if open.is_some() => {
                let written = text.get(span.clone()).unwrap_or_default();
                xml::meaning(&name, |meant| address.push(meant.unwrap_or(written), span, text));
            }
            Event::Comment(comment) => draft.comment(&comment, span),
            Event::Eof => return,
            _ => {}
        }
    }
}

fn entry(element: &'static str, address: &Pieces, draft: &mut Draft) {
    let text = address.text();
    let value = text.trim();
    if !value.is_empty() {
        let start = text.len() - text.trim_start().len();
        draft.link(LinkKind::Entry, element, value, address.source(start..start + value.len()));
    }
}

fn attributes(text: &str, tag: &BytesStart<'_>, span: Range<usize>, draft: &mut Draft) {
    let name = tag.local_name();
    let written = text.get(span.clone()).unwrap_or_default();
    for attribute in tag.attributes().with_checks(false).flatten() {
        let key = attribute.key.local_name();
        let wanted = ATTRIBUTES.iter().find(|(element, key_)| *element == name.as_ref() && *key_ == key.as_ref());
        let Some((element, key)) = wanted else { continue };
        let raw: &str = &attribute.value;
        // The value is borrowed from the tag, so that its place is the distance of the two.
        let Some(offset) = offset(tag, raw).map(|offset| offset + 1) else { continue };
        if written.get(offset..offset + raw.len()) != Some(raw) || raw.trim().is_empty() {
            continue;
        }
        let value = unescape(raw).unwrap_or(Cow::Borrowed(raw));
        let lead = raw.len() - raw.trim_start().len();
        let start = span.start + offset + lead;
        draft.links.push(Link {
            kind: LinkKind::Entry,
            element,
            attribute: Some(key),
            text: "".into(),
            value: value.trim().into(),
            span: start..start + raw.trim().len(),
        });
    }
}

/// Where a part of a tag's content begins in it; the content begins behind the `<`.
fn offset(tag: &BytesStart<'_>, part: &str) -> Option<usize> {
    let content: &str = tag;
    (part.as_ptr() as usize).checked_sub(content.as_ptr() as usize).filter(|offset| *offset <= content.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String)> {
        let mut draft = Draft::default();
        read(text, &mut draft);
        draft.links.iter().map(|link| (link.value.to_string(), text[link.span.clone()].to_owned())).collect()
    }

    fn same(values: &[&str]) -> Vec<(String, String)> {
        values.iter().map(|value| ((*value).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn sitemaps_and_feeds_give_their_entries() {
        let sitemap = "<?xml version='1.0'?>\n<urlset xmlns='x'><url><loc>\n https://a.org/1 </loc><lastmod>2026</lastmod>\
            <xhtml:link rel='alternate' href='https://a.org/de'/><image:image><image:loc>https://a.org/i</image:loc></image:image></url></urlset>";
        assert_eq!(found(sitemap), same(&["https://a.org/1", "https://a.org/de", "https://a.org/i"]));
        let index =
            "\u{feff}<sitemapindex><sitemap><loc><![CDATA[https://a.org/s.xml]]></loc></sitemap></sitemapindex>";
        assert_eq!(found(index), same(&["https://a.org/s.xml"]));
        let rss = "<rss><channel><link>https://a.org</link><item><guid isPermaLink=\"false\">https://no.org</guid>\
            <guid>https://a.org/2</guid><enclosure url='https://a.org/m.mp3' length='1'/></item></channel></rss>";
        assert_eq!(found(rss), same(&["https://a.org", "https://a.org/2", "https://a.org/m.mp3"]));
        let atom =
            "<feed><link href=\"https://a.org/?a=1&amp;b=2\"/><entry><id>tag:x</id><link href='/e'/></entry></feed>";
        assert_eq!(found(atom)[0], ("https://a.org/?a=1&b=2".into(), "https://a.org/?a=1&amp;b=2".into()));
        assert_eq!(found(atom)[1].0, "/e");
    }

    #[test]
    fn references_are_decoded_and_entities_are_not_expanded() {
        let text =
            "<!DOCTYPE urlset [<!ENTITY x 'boom'>]><urlset><loc>https://a.org/?a=1&amp;b=&#x41;&x;</loc></urlset>";
        assert_eq!(found(text)[0], ("https://a.org/?a=1&b=A&x;".into(), "https://a.org/?a=1&amp;b=&#x41;&x;".into()));
    }

    #[test]
    fn other_xml_and_what_follows_a_mistake_is_not_read() {
        assert!(found("<project><link>https://a.org</link></project>").is_empty());
        assert!(found("plain https://a.org").is_empty());
        assert_eq!(found("<urlset><loc>https://a.org</loc><loc>https://b.org</").len(), 1);
    }
}
