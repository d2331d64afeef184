//! The view `meta`: what a page says about itself, mostly in its head.
//!
//! Read wherever it stands: pages are many whose head ends early by a stray element, and what they
//! say behind it is meant all the same. Of what should stand once, the first counts.

use std::collections::BTreeMap;

use crate::page::{
    base::Base,
    fold::Folded,
    place::{Language, Place},
    scan::{Seek, scan},
    tags::{StartTag, Tags, Watcher},
};
use html5gum::{State, Tokenizer};
use serde_json::{Value, json};

/// Longest value, in characters.
const VALUE_CHARS: usize = 4_096;

/// Icons, alternates and card properties taken from one page, of each kind at most.
const MOST: usize = 5_000;

/// Prefixes of OpenGraph properties. That of `og:` itself is cut.
const OPEN_GRAPH: &[&str] = &["og:", "article:", "book:", "profile:", "music:", "video:", "product:"];

/// Reads the view.
pub(super) fn read(html: &str, base: impl FnOnce(Option<&str>) -> Base) -> Value {
    let mut meta = Meta::default();
    // The tokenizer returns at the end; a string cannot fail to be read.
    let _ = Tokenizer::new_with_emitter(html, Tags::new(&mut meta)).next();
    let title = scan(html, Seek::Title).title;
    let base = base(meta.base.as_deref());
    let canonical = meta.canonical.and_then(|href| base.resolve(&href));
    json!({
        "title": title,
        "description": meta.description,
        "canonical": canonical,
        "lang": meta.lang.or(meta.content_language),
        "robots": (!meta.robots.is_empty()).then(|| meta.robots.join(", ")),
        "author": meta.author,
        "og": properties(meta.open_graph),
        "twitter": properties(meta.twitter),
        "icons": relations(meta.icons, &base, Relation::icon),
        "alternates": relations(meta.alternates, &base, Relation::alternate),
    })
}

/// A string for what is said once, a list for what is said more often.
fn properties(properties: BTreeMap<String, Vec<String>>) -> Value {
    let value = |mut values: Vec<String>| match (values.pop(), values.is_empty()) {
        (Some(only), true) => Value::String(only),
        (last, _) => values.into_iter().chain(last).collect(),
    };
    properties.into_iter().map(|(name, values)| (name, value(values))).collect()
}

fn relations(relations: Vec<Relation>, base: &Base, json: impl Fn(Relation, String) -> Value) -> Value {
    let absolute = relations.into_iter().filter_map(|it| Some((base.resolve(&it.href)?, it)));
    absolute.map(|(href, relation)| json(relation, href)).collect()
}

/// A `<link>`, as far as it is of use here.
struct Relation {
    href: String,
    rel: String,
    media_type: Option<String>,
    sizes: Option<String>,
    language: Option<String>,
    title: Option<String>,
}

impl Relation {
    fn icon(self, href: String) -> Value {
        json!({ "href": href, "rel": self.rel, "type": self.media_type, "sizes": self.sizes })
    }

    fn alternate(self, href: String) -> Value {
        json!({ "href": href, "hreflang": self.language, "type": self.media_type, "title": self.title })
    }
}

#[derive(Default)]
struct Meta {
    place: Place,
    base: Option<String>,
    lang: Option<String>,
    content_language: Option<String>,
    description: Option<String>,
    author: Option<String>,
    canonical: Option<String>,
    robots: Vec<String>,
    open_graph: BTreeMap<String, Vec<String>>,
    twitter: BTreeMap<String, Vec<String>>,
    cards: usize,
    icons: Vec<Relation>,
    alternates: Vec<Relation>,
}

impl Meta {
    fn meta(&mut self, tag: &StartTag<'_, ()>) {
        let Some(content) = said(tag, "content") else { return };
        if tag.get("http-equiv").is_some_and(|name| name.trim().eq_ignore_ascii_case("content-language")) {
            self.content_language.get_or_insert_with(|| content.clone());
        }
        // Either attribute is used for either vocabulary, whatever their makers say.
        for attribute in ["name", "property"] {
            for name in tag.get(attribute).unwrap_or_default().split_ascii_whitespace() {
                self.named(&name.to_ascii_lowercase(), &content);
            }
        }
    }

    fn named(&mut self, name: &str, content: &str) {
        let first = |slot: &mut Option<String>| {
            slot.get_or_insert_with(|| content.to_owned());
        };
        match name {
            "description" => first(&mut self.description),
            "author" => first(&mut self.author),
            "robots" if self.robots.len() < MOST => self.robots.push(content.to_owned()),
            _ if self.cards >= MOST => {}
            _ => {
                let (cards, key) = match name.strip_prefix("twitter:") {
                    Some(key) => (&mut self.twitter, key),
                    None if OPEN_GRAPH.iter().any(|prefix| name.starts_with(prefix)) => {
                        (&mut self.open_graph, name.strip_prefix("og:").unwrap_or(name))
                    }
                    None => return,
                };
                self.cards += 1;
                cards.entry(cut(key)).or_default().push(content.to_owned());
            }
        }
    }

    fn link(&mut self, tag: &StartTag<'_, ()>) {
        let href = tag.get("href").unwrap_or_default().trim();
        let rel = tag.get("rel").unwrap_or_default().to_ascii_lowercase();
        let has = |name: &str| rel.split_ascii_whitespace().any(|word| word == name);
        if href.is_empty() {
            return;
        }
        if has("canonical") {
            self.canonical.get_or_insert_with(|| href.to_owned());
        }
        let icon = rel.split_ascii_whitespace().any(|word| word == "mask-icon" || word.starts_with("apple-touch-icon"));
        let list = match (icon || has("icon"), has("alternate") && !has("stylesheet")) {
            (true, _) => &mut self.icons,
            (false, true) => &mut self.alternates,
            (false, false) => return,
        };
        if list.len() < MOST {
            list.push(Relation {
                href: href.to_owned(),
                rel: cut(&rel),
                media_type: said(tag, "type"),
                sizes: said(tag, "sizes"),
                language: said(tag, "hreflang"),
                title: said(tag, "title"),
            });
        }
    }
}

/// What an attribute says, white space folded; `None` if it says nothing.
fn said(tag: &StartTag<'_, ()>, attribute: &str) -> Option<String> {
    tag.get(attribute).map(cut).filter(|value| !value.is_empty())
}

fn cut(text: &str) -> String {
    let mut folded = Folded::new(VALUE_CHARS);
    folded.push(text);
    folded.finish()
}

impl Watcher for Meta {
    const PLACES: bool = false;
    type Use = ();

    fn wanted(&mut self, name: &[u8]) -> &'static [(&'static str, ())] {
        if self.place.language(name) != Language::Html {
            return &[];
        }
        match name {
            b"html" => &[("lang", ()), ("xml:lang", ())],
            b"base" => &[("href", ())],
            b"meta" => &[("name", ()), ("property", ()), ("http-equiv", ()), ("content", ())],
            b"link" => &[("rel", ()), ("href", ()), ("hreflang", ()), ("type", ()), ("sizes", ()), ("title", ())],
            _ => &[],
        }
    }

    fn start(&mut self, tag: &StartTag<'_, ()>) -> Option<State> {
        let hidden = self.place.in_template() || self.place.language(tag.name) != Language::Html;
        let state = self.place.start(tag);
        if hidden {
            return state;
        }
        match tag.name {
            b"html" if self.lang.is_none() => self.lang = said(tag, "lang").or_else(|| said(tag, "xml:lang")),
            b"base" if self.base.is_none() => self.base = tag.get("href").map(str::to_owned),
            b"meta" => self.meta(tag),
            b"link" => self.link(tag),
            _ => {}
        }
        state
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

    fn meta(html: &str) -> Value {
        let url = url::Url::parse("https://h.example/a/page").unwrap();
        read(html, |href| Base::new(Some(&url), href, encoding_rs::UTF_8))
    }

    #[test]
    fn a_page_that_says_everything() {
        let seen = meta(
            "<!doctype html><html lang=de><head><title> A \n page </title><base href='/b/'>\
             <meta name=Description content=' All  of it '><meta name=description content=second>\
             <link rel=canonical href=c><meta name=robots content='noindex'><meta name=ROBOTS content=nofollow>\
             <meta name=author content='A. Writer'>\
             <meta property='og:title' content=T><meta property=og:image content=/1.png>\
             <meta property=og:image content=/2.png><meta property=article:author content=W>\
             <meta name=twitter:card content=summary><meta property=twitter:site content=@x>\
             <link rel='shortcut icon' href=f.ico><link rel=apple-touch-icon sizes=180x180 href=t.png>\
             <link rel=alternate hreflang=en href=/en><link rel='alternate stylesheet' href=no.css>\
             <link rel=alternate type=application/rss+xml title=News href=/feed>",
        );
        assert_eq!(
            seen,
            json!({
                "title": "A page", "description": "All of it", "canonical": "https://h.example/b/c", "lang": "de",
                "robots": "noindex, nofollow", "author": "A. Writer",
                "og": { "title": "T", "image": ["/1.png", "/2.png"], "article:author": "W" },
                "twitter": { "card": "summary", "site": "@x" },
                "icons": [
                    { "href": "https://h.example/b/f.ico", "rel": "shortcut icon", "type": null, "sizes": null },
                    { "href": "https://h.example/b/t.png", "rel": "apple-touch-icon", "type": null, "sizes": "180x180" },
                ],
                "alternates": [
                    { "href": "https://h.example/en", "hreflang": "en", "type": null, "title": null },
                    { "href": "https://h.example/feed", "hreflang": null, "type": "application/rss+xml", "title": "News" },
                ],
            })
        );
    }

    #[test]
    fn a_page_that_says_nothing_has_every_key() {
        let seen = meta("plain");
        let keys: Vec<&str> = seen.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys.len(), 10);
        for key in ["title", "description", "canonical", "lang", "robots", "author"] {
            assert_eq!(seen[key], Value::Null, "{key}");
        }
        assert_eq!((&seen["og"], &seen["icons"]), (&json!({}), &json!([])));
    }

    #[test]
    fn what_stands_behind_the_head_counts_and_what_is_no_part_of_the_page_does_not() {
        let seen = meta(
            "<head><noscript><img src=x></noscript><meta name=description content=late></head>\
             <template><meta name=author content=no></template><!-- <meta name=author content=no> -->\
             <script>'<meta name=author content=no>'</script><svg><title>no</title></svg><title>yes</title>",
        );
        assert_eq!(
            (&seen["description"], &seen["author"], &seen["title"]),
            (&json!("late"), &Value::Null, &json!("yes"))
        );
    }

    #[test]
    fn the_language_may_be_said_in_other_words() {
        assert_eq!(meta("<html xml:lang=fr>")["lang"], "fr");
        assert_eq!(meta("<meta http-equiv=Content-Language content=it>")["lang"], "it");
        assert_eq!(meta("<html lang=''><meta http-equiv=content-language content=it>")["lang"], "it");
    }

    #[test]
    fn a_page_of_cards_only_is_cut() {
        let html = "<meta property=og:a content=b><link rel=icon href=x>".repeat(20_000);
        let seen = meta(&html);
        assert_eq!(seen["og"]["a"].as_array().unwrap().len(), MOST);
        assert_eq!(seen["icons"].as_array().unwrap().len(), MOST);
    }
}
