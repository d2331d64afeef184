//! Which links of a page lead on to pages, and which of them the crawl takes.
//!
//! Must not know how links are found, nor what was seen before.

use std::collections::{HashMap, hash_map::Entry};

use ::url::Url;

use super::{
    Trap,
    traps::{TrapLimits, trap},
};
use crate::{
    model::{Code, FoundIn, PageLink},
    policy::{
        canonical::{Tracking, canonical},
        choose,
        robots_tag::Directives,
        scope::Seeds,
    },
    settings::Choose,
};

/// What a page says, as far as the next requests depend on it.
#[derive(Clone, Copy, Debug)]
pub struct PageFacts<'a> {
    /// Where the page was found in the end.
    pub url: &'a Url,
    /// Its links, in the order of the document.
    pub links: &'a [PageLink],
    /// What it asks of robots.
    pub directives: Directives,
    /// How many links it is away from a seed, which is at 0.
    pub depth: u32,
}

/// What is done about wishes not to follow a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nofollow {
    /// They are granted.
    #[default]
    Obey,
    /// They are not looked at.
    Ignore,
}

/// What the crawl is allowed.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What it covers.
    pub seeds: Seeds,
    /// Patterns that URLs must or must not match.
    pub choose: Choose,
    /// How many links a page may be away from a seed.
    pub depth: u32,
    /// What looks like a trap; `None` if nothing does.
    pub traps: Option<TrapLimits>,
    /// What becomes of parameters that only track.
    pub tracking: Tracking,
    /// What is done about wishes not to follow a link.
    pub nofollow: Nofollow,
}

/// What becomes of a URL that a page leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// In its canonical spelling.
    pub url: Url,
    /// The element of the first link to it, or of the first that may be followed.
    pub element: FoundIn,
    /// The wish not to follow it is there and granted.
    pub nofollow: bool,
    /// Why it is left out; `None` if it is to be asked for, one link further from the seeds.
    pub left: Option<Reason>,
}

/// Why a URL is left out. If several reasons hold, it is the first of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No seed covers it; the sentence says which scope it is about.
    Scope(String),
    /// The user left it out; the sentence says by which pattern.
    Excluded(String),
    /// The link or the page asks not to follow it.
    Nofollow,
    /// It looks like a trap.
    Trap(Trap),
    /// It is further from the seeds than the crawl goes: that many links.
    Depth(u32),
}

impl Reason {
    /// The code of the skip.
    pub fn code(&self) -> Code {
        match self {
            Reason::Scope(_) => Code::Scope,
            Reason::Excluded(_) => Code::Excluded,
            Reason::Nofollow => Code::RobotsNofollow,
            Reason::Trap(trap) => trap.code(),
            Reason::Depth(_) => Code::Depth,
        }
    }

    /// The sentence for the record of the skip.
    pub fn sentence(&self) -> String {
        match self {
            Reason::Scope(sentence) | Reason::Excluded(sentence) => sentence.clone(),
            Reason::Nofollow => "the link or its page is marked nofollow".to_owned(),
            Reason::Trap(trap) => trap.to_string(),
            Reason::Depth(most) => format!("more than {most} links away from a seed"),
        }
    }
}

/// What follows from a page: each http URL that its links lead to as pages, in the order of the
/// document, once, in its canonical spelling and without userinfo: whoever writes a link has no say in
/// which credentials are sent. The page itself is not among them. Where one link may be followed and
/// another to the same URL may not, it is followed.
pub fn follow(page: &PageFacts<'_>, rules: &Rules) -> Vec<Followed> {
    let itself = spelt(page.url, rules.tracking);
    let mut out: Vec<Followed> = Vec::new();
    let mut places = HashMap::with_capacity(page.links.len());
    for link in page.links.iter().filter(|link| leads_to_a_page(link)) {
        if !matches!(link.url.scheme(), "http" | "https") {
            continue;
        }
        let url = spelt(&link.url, rules.tracking);
        if url == itself {
            continue;
        }
        match places.entry(url) {
            Entry::Vacant(place) => {
                out.push(judged(page, link, place.key().clone(), rules));
                place.insert(out.len() - 1);
            }
            Entry::Occupied(place) => {
                let Some(known) = out.get_mut(*place.get()) else { continue };
                if known.nofollow && !is_nofollow(page, link, rules) {
                    *known = judged(page, link, place.key().clone(), rules);
                }
            }
        }
    }
    out
}

/// The one spelling of a URL that a crawl goes by: canonical, and without userinfo.
pub fn spelt(url: &Url, tracking: Tracking) -> Url {
    let mut url = canonical(url, tracking);
    if !url.username().is_empty() || url.password().is_some() {
        // Neither can fail on a URL that has userinfo.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    url
}

fn judged(page: &PageFacts<'_>, link: &PageLink, url: Url, rules: &Rules) -> Followed {
    let nofollow = is_nofollow(page, link, rules);
    let left = reason(&url, nofollow, page.depth, rules);
    Followed { url, element: link.element, nofollow, left }
}

/// `a`, `area`, frames, `meta refresh`, entries of sitemaps, and of the `link` elements those that
/// lead to pages of the same site: its neighbours in a series, itself in other languages, itself by
/// its proper name. Other alternates are feeds and forms for print.
pub fn leads_to_a_page(link: &PageLink) -> bool {
    if link.element != FoundIn::Link {
        return true;
    }
    let series = ["next", "prev", "previous", "canonical"].iter().any(|word| has(&link.rel, word));
    series || (link.has_language && has(&link.rel, "alternate"))
}

fn has(rel: &str, word: &str) -> bool {
    rel.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(word))
}

/// Whether the wish is there and granted. The wish of a page is about where others may be found; where
/// the page itself has gone (a refresh) or belongs (canonical) may be looked at all the same. `ugc`
/// and `sponsored` say who set a link, not that it is not to be followed.
fn is_nofollow(page: &PageFacts<'_>, link: &PageLink, rules: &Rules) -> bool {
    let about_itself =
        link.element == FoundIn::Refresh || (link.element == FoundIn::Link && has(&link.rel, "canonical"));
    rules.nofollow == Nofollow::Obey && (has(&link.rel, "nofollow") || (page.directives.nofollow && !about_itself))
}

/// Why a URL is left out that a page at `depth` leads to, in its canonical spelling; `None` if it is to be
/// asked for.
pub fn reason(url: &Url, nofollow: bool, depth: u32, rules: &Rules) -> Option<Reason> {
    if let Some(sentence) = rules.seeds.refusal(url) {
        return Some(Reason::Scope(sentence));
    }
    if let Some(sentence) = choose::unwanted(url, &rules.choose) {
        return Some(Reason::Excluded(sentence));
    }
    if nofollow {
        return Some(Reason::Nofollow);
    }
    if let Some(trap) = rules.traps.as_ref().and_then(|limits| trap(url, limits)) {
        return Some(Reason::Trap(trap));
    }
    (depth >= rules.depth).then_some(Reason::Depth(rules.depth))
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::policy::scope::Scope;

    fn rules() -> Rules {
        let seed = Url::parse("https://a.org/docs/").unwrap();
        Rules {
            seeds: Seeds::new(Scope::Host, [&seed]),
            choose: Choose::default(),
            depth: 3,
            traps: Some(TrapLimits::in_year(2026)),
            tracking: Tracking::Keep,
            nofollow: Nofollow::Obey,
        }
    }

    fn link(href: &str) -> PageLink {
        let base = Url::parse("https://a.org/docs/page.html").unwrap();
        PageLink { url: base.join(href).unwrap(), element: FoundIn::A, rel: "".into(), has_language: false }
    }

    fn told(links: &[PageLink], depth: u32, directives: Directives, rules: &Rules) -> Vec<String> {
        let url = Url::parse("https://a.org/docs/page.html").unwrap();
        let page = PageFacts { url: &url, links, directives, depth };
        let one = |followed: Followed| match followed.left {
            None => followed.url.to_string(),
            Some(reason) => format!("{} {}", reason.code(), followed.url),
        };
        follow(&page, rules).into_iter().map(one).collect()
    }

    fn from(links: &[PageLink]) -> Vec<String> {
        told(links, 0, Directives::default(), &rules())
    }

    #[test]
    fn links_are_made_canonical_and_listed_once() {
        let links = ["b", "b#part", "./b?", "/%7Eu", "//a.org/c?x=1#y", "", "#top", "page.html?", "//u:p@a.org/d"];
        assert_eq!(
            from(&links.map(link)),
            ["https://a.org/docs/b", "https://a.org/~u", "https://a.org/c?x=1", "https://a.org/d"],
            "the page itself is not among them, nor anybody's credentials"
        );
        assert_eq!(from(&["mailto:a@b", "tel:1", "javascript:x()", "data:,x", "ftp://a.org/"].map(link)), [""; 0]);
    }

    #[test]
    fn pages_are_reached_by_some_links_only() {
        for element in FoundIn::ALL.into_iter().filter(|element| *element != FoundIn::Link) {
            assert_eq!(from(&[PageLink { element, ..link("b") }]).len(), 1, "{element:?}");
        }
        for (rel, has_language, reached) in [
            ("next", false, true),
            ("PREV", false, true),
            ("canonical", false, true),
            ("alternate", true, true),
            ("alternate", false, false),
            ("", true, false),
            ("manifest", false, false),
            ("preload", false, false),
        ] {
            let links = [PageLink { element: FoundIn::Link, rel: rel.into(), has_language, ..link("b") }];
            assert_eq!(from(&links).len(), usize::from(reached), "{rel} {has_language}");
        }
    }

    #[test]
    fn each_reason_has_its_code_and_they_have_an_order() {
        let mut rules = rules();
        rules.choose.exclude = vec![Regex::new("private").unwrap()];
        let marked = |href| PageLink { rel: "noopener NoFollow".into(), ..link(href) };
        let links = [link("https://b.org/private"), marked("private"), marked("a/a/a"), link("b/b/b"), link("c")];
        let want = ["scope https://b.org/private", "excluded https://a.org/docs/private"];
        let more = ["robots.nofollow https://a.org/docs/a/a/a", "budget.trap https://a.org/docs/b/b/b"];
        let told = told(&links, 3, Directives::default(), &rules);
        assert_eq!(told, [&want[..], &more[..], &["depth https://a.org/docs/c"]].concat());
        rules.traps = None;
        let url = Url::parse("https://a.org/b/b/b").unwrap();
        assert_eq!((reason(&url, false, 0, &rules), reason(&url, true, 0, &rules)), (None, Some(Reason::Nofollow)));
    }

    #[test]
    fn a_seed_is_at_depth_zero_and_the_last_depth_leads_nowhere() {
        let at = |depth| told(&[link("b")], depth, Directives::default(), &rules());
        assert_eq!(at(2), ["https://a.org/docs/b"]);
        assert_eq!(at(3), ["depth https://a.org/docs/b"]);
        let none = Rules { depth: 0, ..rules() };
        assert_eq!(told(&[link("b")], 0, Directives::default(), &none), ["depth https://a.org/docs/b"]);
        let page = Reason::Depth(3).sentence();
        assert_eq!(page, "more than 3 links away from a seed");
    }

    #[test]
    fn a_page_may_ask_not_to_follow_its_links_but_says_where_it_is() {
        let wish = Directives { nofollow: true, noindex: false };
        let refresh = PageLink { element: FoundIn::Refresh, ..link("gone") };
        let proper = PageLink { element: FoundIn::Link, rel: "canonical".into(), ..link("proper") };
        let links = [link("b"), refresh, proper];
        let want = ["robots.nofollow https://a.org/docs/b", "https://a.org/docs/gone", "https://a.org/docs/proper"];
        assert_eq!(told(&links, 0, wish, &rules()), want);
        let deaf = Rules { nofollow: Nofollow::Ignore, ..rules() };
        assert_eq!(told(&links, 0, wish, &deaf)[0], "https://a.org/docs/b");
        let index = Directives { noindex: true, nofollow: false };
        assert_eq!(told(&[link("b")], 0, index, &rules()), ["https://a.org/docs/b"]);
    }

    #[test]
    fn one_link_that_may_be_followed_is_enough() {
        let marked = |href| PageLink { rel: "nofollow".into(), ..link(href) };
        assert_eq!(
            from(&[marked("b"), link("b"), link("c"), marked("c")]),
            ["https://a.org/docs/b", "https://a.org/docs/c"]
        );
        assert_eq!(from(&[marked("b"), marked("b")]), ["robots.nofollow https://a.org/docs/b"]);
        assert_eq!(from(&[PageLink { rel: "ugc sponsored".into(), ..link("b") }]), ["https://a.org/docs/b"]);
    }

    #[test]
    fn tracking_goes_where_it_is_to_go() {
        let clean = Rules { tracking: Tracking::Drop, ..rules() };
        let links = ["b?utm_source=x", "b?gclid=1", "page.html?utm_medium=y"].map(link);
        assert_eq!(told(&links, 0, Directives::default(), &clean), ["https://a.org/docs/b"]);
        assert_eq!(from(&links).len(), 3);
    }

    proptest::proptest! {
        #[test]
        fn any_link_can_be_judged(hrefs in proptest::collection::vec("[a-z0-9/?&=;.%#-]{0,30}", 0..8)) {
            let base = Url::parse("https://a.org/docs/").unwrap();
            let urls = hrefs.iter().filter_map(|href| base.join(href).ok());
            let links: Vec<_> = urls.map(|url| PageLink { url, ..link("") }).collect();
            proptest::prop_assert!(from(&links).len() <= links.len());
        }
    }
}
