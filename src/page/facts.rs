//! What a crawl wants to know of a page, in one streaming pass without a tree: where it leads, and how
//! it wants to be treated.
//!
//! Scripting is off, as in `scan`: `<noscript>` counts; scripts, comments and `<template>` do not. Must
//! not know which links are followed.

use std::collections::HashSet;

use encoding_rs::Encoding;
use html5gum::{State, Tokenizer};
use url::Url;
use xxhash_rust::xxh3::Xxh3;

use super::{
    base::Base,
    outline::refresh,
    place::Place,
    tags::{StartTag, Tags, Watcher},
    values::Values,
};
use crate::model::{Facts, FoundIn, PageLink};

/// Bytes of resolved links taken from one page at most: a short link can become as long as the base it
/// is resolved against.
const LINK_BYTES: usize = 32 << 20;
/// What a resolved link takes beside its text, in bytes.
const LINK_SIZE: usize = size_of::<PageLink>();
/// Instructions to robots taken from one page at most, and the longest.
const METAS: usize = 16;
const META_BYTES: usize = 256;

/// Reads a page that was found at `url` and written in `encoding`, which the queries of its links follow
/// (HTML standard, 2.4.2).
pub fn facts(html: &str, url: &Url, encoding: &'static Encoding) -> Facts {
    let mut pass = Pass::default();
    // The tokenizer returns at the end; a string cannot fail to be read.
    let _ = Tokenizer::new_with_emitter(html, Tags::new(&mut pass)).next();
    let base = Base::new(Some(url), pass.base.as_deref(), encoding);
    let is_moved = base.url() != Some(url);
    let mut facts = Facts { metas: pass.metas, lang: pass.lang, ..Facts::default() };
    let mut left = LINK_BYTES;
    for ((element, rel, has_language), href) in pass.about.into_iter().zip(pass.hrefs.iter()) {
        // The page itself, by its table of contents.
        if !is_moved && href.is_empty() {
            continue;
        }
        let Ok(url) = base.join(href) else { continue };
        let Some(rest) = left.checked_sub(url.as_str().len() + LINK_SIZE) else { break };
        left = rest;
        let is_name = element == FoundIn::Link && has_word(&rel, "canonical");
        if is_name && facts.canonical.is_none() {
            facts.canonical = Some(url.clone());
        }
        facts.links.push(PageLink { url, element, rel, has_language });
    }
    facts.base = base.url().filter(|_| is_moved).cloned();
    facts
}

fn has_word(words: &str, wanted: &str) -> bool {
    words.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(wanted))
}

type Names = &'static [(&'static str, ())];

#[derive(Default)]
struct Pass {
    place: Place,
    frameset: bool,
    base: Option<String>,
    lang: Option<Box<str>>,
    metas: Vec<(Box<str>, Box<str>)>,
    /// What is known of each link, and the links themselves.
    about: Vec<(FoundIn, Box<str>, bool)>,
    hrefs: Values,
    /// What is there already, by its hash.
    seen: HashSet<u64>,
}

impl Pass {
    fn link(&mut self, element: FoundIn, href: Option<&str>, tag: &StartTag<'_, ()>) {
        let Some(href) = href.map(|href| href.trim_matches(|c: char| c <= ' ')) else { return };
        if href.is_empty() {
            return;
        }
        // Half of the links of documentation lead to places on pages that are linked to anyway.
        let href = href.split('#').next().unwrap_or_default();
        let rel = tag.get("rel").unwrap_or_default().trim();
        let has_language = tag.get("hreflang").is_some();
        let mut hash = Xxh3::new();
        hash.update(&[element as u8, has_language.into()]);
        hash.update(rel.as_bytes());
        hash.update(b"\0");
        hash.update(href.as_bytes());
        if self.seen.insert(hash.digest()) {
            self.about.push((element, rel.into(), has_language));
            self.hrefs.push(href);
        }
    }

    fn meta(&mut self, tag: &StartTag<'_, ()>) {
        let content = tag.get("content").unwrap_or_default();
        if tag.get("http-equiv").is_some_and(|name| name.trim().eq_ignore_ascii_case("refresh")) {
            let address = refresh::address(content).and_then(|part| content.get(part));
            self.link(FoundIn::Refresh, address, tag);
        }
        let Some(name) = tag.get("name") else { return };
        let says =
            |word: &str| content.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
        let is_short = name.len() <= META_BYTES && content.len() <= META_BYTES;
        if is_short && self.metas.len() < METAS && ["noindex", "nofollow", "none"].into_iter().any(says) {
            self.metas.push((name.into(), content.into()));
        }
    }
}

impl Watcher for Pass {
    const PLACES: bool = false;
    type Use = ();

    fn wanted(&mut self, name: &[u8]) -> Names {
        match name {
            b"a" | b"area" => &[("href", ()), ("rel", ())],
            b"link" => &[("href", ()), ("rel", ()), ("hreflang", ())],
            b"base" => &[("href", ())],
            b"iframe" | b"frame" => &[("src", ())],
            b"meta" => &[("content", ()), ("name", ()), ("http-equiv", ())],
            b"html" => &[("lang", ())],
            _ => &[],
        }
    }

    fn start(&mut self, tag: &StartTag<'_, ()>) -> Option<State> {
        let state = self.place.start(tag);
        if self.place.in_template() {
            return state;
        }
        match tag.name {
            b"a" => self.link(FoundIn::A, tag.get("href"), tag),
            b"area" => self.link(FoundIn::Area, tag.get("href"), tag),
            b"link" => self.link(FoundIn::Link, tag.get("href"), tag),
            b"iframe" => self.link(FoundIn::Iframe, tag.get("src"), tag),
            // Elsewhere it is no element (HTML standard, 13.2.6.4.7).
            b"frame" if self.frameset => self.link(FoundIn::Frame, tag.get("src"), tag),
            b"frameset" => self.frameset = true,
            b"meta" => self.meta(tag),
            b"base" if self.base.is_none() => self.base = tag.get("href").map(str::to_owned),
            b"html" if self.lang.is_none() => {
                let lang = tag.get("lang").map(str::trim).filter(|lang| !lang.is_empty());
                self.lang = lang.filter(|lang| lang.len() <= Facts::LANG_BYTES).map(Into::into);
            }
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
    use encoding_rs::UTF_8;

    use super::*;

    fn read(html: &str) -> Facts {
        facts(html, &Url::parse("http://h/a/b.html").unwrap(), UTF_8)
    }

    fn links(facts: &Facts) -> Vec<String> {
        facts.links.iter().map(|link| format!("{:?} {}", link.element, link.url)).collect()
    }

    #[test]
    fn every_element_that_leads_to_pages_is_read_in_order() {
        let html = "<html lang=' de '><meta http-equiv=Refresh content='5; url=r'><link rel=next href=n>\
            <a href=' a?x&amp;y#z '>a</a><map><area href=//o/></map><iframe src=/i></iframe><frame src=no>\
            <frameset><frame src=f></frameset><img src=no><form action=no></form><a>no</a><a href=''>no</a><a href=#no>no</a>";
        let facts = read(html);
        let want = ["Refresh http://h/a/r", "Link http://h/a/n", "A http://h/a/a?x&y", "Area http://o/"];
        assert_eq!(links(&facts), [&want[..], &["Iframe http://h/i", "Frame http://h/a/f"]].concat());
        assert_eq!((facts.lang.as_deref(), &*facts.links[1].rel), (Some("de"), "next"));
    }

    #[test]
    fn what_is_no_part_of_the_page_leads_nowhere() {
        let html = "<!--<a href=1>--><script>'<a href=2>'</script><template><a href=3></a></template>\
            <textarea><a href=4></textarea><noscript><a href=5>x</a></noscript><title><a href=6></title>";
        assert_eq!(links(&read(html)), ["A http://h/a/5"]);
    }

    #[test]
    fn a_base_moves_all_links_and_the_first_one_counts() {
        let facts =
            read("<a href=x>x</a><a href=#top>x</a><base href=/c/><base href=/d/><link rel='x CANONICAL' href=y>");
        assert_eq!(links(&facts), ["A http://h/c/x", "A http://h/c/", "Link http://h/c/y"]);
        assert_eq!(facts.canonical.as_ref().map(Url::as_str), Some("http://h/c/y"));
        assert!(read("<base href='javascript:x'><a href=x>").base.is_none());
    }

    #[test]
    fn instructions_to_robots_are_kept_and_other_metas_are_not() {
        let facts = read(
            "<meta name=description content='one thing'><meta name=ROBOTS content='NoIndex'>\
            <meta name=x content=none><meta content=none>",
        );
        let told: Vec<_> = facts.metas.iter().map(|(name, content)| format!("{name}={content}")).collect();
        assert_eq!(told, ["ROBOTS=NoIndex", "x=none"]);
        assert_eq!(read(&"<meta name=robots content=none>".repeat(99)).metas.len(), METAS);
    }

    #[test]
    fn a_link_is_there_once_for_each_way_it_is_written() {
        let html = "<a href=x>x</a><a href=x#a>x</a><a href=x rel=nofollow>x</a><area href=x><a href=./x>x</a><a href=x#b>x</a>";
        let want = ["A http://h/a/x", "A http://h/a/x", "Area http://h/a/x", "A http://h/a/x"];
        assert_eq!(links(&read(html)), want);
    }

    #[test]
    fn queries_are_written_as_the_page_is() {
        let url = Url::parse("http://h/").unwrap();
        let facts = facts("<a href='/ü?ü'>x</a>", &url, encoding_rs::WINDOWS_1252);
        assert_eq!(facts.links[0].url.as_str(), "http://h/%C3%BC?%FC");
    }

    #[test]
    fn links_of_one_page_take_bounded_memory() {
        let html = format!(
            "<base href='/{}/'>{}",
            "b".repeat(100_000),
            (0..10_000).map(|n| format!("<a href={n}>")).collect::<String>()
        );
        let facts = read(&html);
        assert!(facts.links.len() < 400, "{}", facts.links.len());
    }

    proptest::proptest! {
        #[test]
        fn any_page_can_be_read(html in "(<|>|a |href=|base |/|'|meta |content=|x|#|;){0,40}") {
            read(&html);
        }
    }
}
