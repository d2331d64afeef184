//! An entry under way: of several ways to say the same, which one counts.

use quick_xml::events::BytesStart;
use url::Url;

use super::{
    Entry, Item, Kind, Root,
    xml::{absolute, attribute, base_of, shown_date, shown_title},
};
use crate::page::xml;

/// What is known of an entry so far; of address and date with their rank, 0 being the best.
pub(super) struct Draft {
    /// The line where it began.
    pub(super) line: u64,
    prefix: String,
    /// What the entry says its addresses are relative to.
    base: Option<Url>,
    kind: Kind,
    /// Whether an entry without an address is a mistake. In feeds it is a note.
    needs_address: bool,
    address: Option<(u8, String)>,
    modified: Option<(u8, String)>,
    priority: Option<f64>,
    title: Option<String>,
    /// Whether the `guid` under way is an address.
    permalink: bool,
}

impl Draft {
    /// An entry that begins with this tag, in a file with this base.
    pub(super) fn new(tag: &BytesStart<'_>, root: Root, line: u64, base: Option<&Url>) -> Self {
        Draft {
            line,
            prefix: prefix(tag),
            base: base_of(tag, base),
            kind: if root == Root::Index { Kind::Sitemap } else { Kind::Page },
            needs_address: root.is_sitemap(),
            address: None,
            modified: None,
            priority: None,
            title: None,
            permalink: false,
        }
    }

    /// An `<outline>` of OPML, which says all in its attributes.
    pub(super) fn outline(tag: &BytesStart<'_>) -> Self {
        let mut draft = Draft::new(tag, Root::Opml, 0, None);
        let said = |name| attribute(tag, name).filter(|url| !url.trim().is_empty());
        let feed = said("xmlUrl").map(|url| (Kind::Feed, url));
        let page = || said("url").or_else(|| said("htmlUrl")).map(|url| (Kind::Page, url));
        if let Some((kind, url)) = feed.or_else(page) {
            draft.kind = kind;
            draft.address = Some((0, url));
        }
        draft.title = attribute(tag, "title").or_else(|| attribute(tag, "text")).and_then(|title| shown_title(&title));
        draft
    }

    /// Takes note of a tag that stands in the entry; answers which of the `fields` it is, if its text
    /// says something. `base` is that of the file.
    pub(super) fn start(
        &mut self,
        tag: &BytesStart<'_>,
        fields: &[&'static str],
        base: Option<&Url>,
    ) -> Option<&'static str> {
        if tag.name().as_ref() == "dc:date" {
            return Some("dc:date");
        }
        if prefix(tag) != self.prefix {
            return None;
        }
        match tag.local_name().as_ref() {
            // An Atom entry has its address in an attribute, and others there too.
            "link" => {
                let rel = attribute(tag, "rel");
                if let Some(href) = attribute(tag, "href").filter(|_| rel.is_none_or(|rel| rel == "alternate")) {
                    let own = base_of(tag, self.base.as_ref().or(base));
                    match own.and_then(|own| own.join(href.trim()).ok()) {
                        Some(url) => self.lead(0, url.as_str()),
                        None => self.lead(0, &href),
                    }
                }
            }
            "enclosure" => {
                if let Some(url) = attribute(tag, "url") {
                    self.lead(2, &url);
                }
            }
            "guid" => self.permalink = xml::is_permalink(tag),
            _ => {}
        }
        fields.iter().copied().find(|field| *field == tag.local_name().as_ref())
    }

    /// Takes what a field says.
    pub(super) fn say(&mut self, field: &'static str, text: &str) {
        let mut date = |rank| {
            let better = self.modified.as_ref().is_none_or(|(known, _)| rank < *known);
            if let Some(date) = shown_date(text).filter(|_| better) {
                self.modified = Some((rank, date));
            }
        };
        match field {
            "lastmod" | "updated" | "modified" | "pubDate" => date(0),
            "dc:date" => date(1),
            "published" | "issued" => date(2),
            "loc" | "link" => self.lead(0, text),
            "guid" if self.permalink && text.contains("://") => self.lead(1, text),
            "priority" => {
                let number = text.trim().parse().ok();
                self.priority = number.filter(|number: &f64| (0.0..=1.0).contains(number)).or(self.priority);
            }
            "title" if self.title.is_none() => self.title = shown_title(text),
            _ => {}
        }
    }

    fn lead(&mut self, rank: u8, address: &str) {
        let better = self.address.as_ref().is_none_or(|(known, _)| rank < *known);
        if better && !address.trim().is_empty() {
            self.address = Some((rank, address.trim().to_owned()));
        }
    }

    /// The entry; nothing for a note of a feed that leads nowhere.
    pub(super) fn finish(self, base: Option<&Url>, place: &str) -> Option<Item> {
        let Some((_, address)) = self.address else {
            return self.needs_address.then(|| Item::fault("", format!("{place}: the entry has no `loc`")));
        };
        Some(match absolute(&address, self.base.as_ref().or(base), place) {
            Err(fault) => fault,
            Ok(url) => Item::Entry(Entry {
                url,
                kind: self.kind,
                modified: self.modified.map(|(_, date)| date),
                priority: self.priority,
                title: self.title,
            }),
        })
    }
}

fn prefix(tag: &BytesStart<'_>) -> String {
    tag.name().prefix().map(|prefix| prefix.as_ref().to_owned()).unwrap_or_default()
}
