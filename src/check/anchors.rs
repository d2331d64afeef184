//! Whether a fragment points to something, as a browser finds it.
//!
//! HTML Standard, "find a potential indicated element": the fragment as it is, then
//! percent-decoded; `top` and nothing are the top. What scripts make of a fragment cannot be told
//! from outside. Must not know how a page is read.

use percent_encoding::percent_decode_str;

use super::{
    suggest::{self, Nearness},
    text_directive::{self, Words},
};
use crate::model::Anchors;

/// What kind of thing the fragment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// A page of HTML, or what browsers treat so (SVG, XHTML).
    Html,
    /// A document that becomes a page, or that a code host shows as one.
    Markup,
    /// A PDF, with its number of pages where that is known.
    Pdf(Option<u32>),
    /// Text that code hosts show with numbered lines, with their number where that is known.
    Source(Option<u32>),
    /// Sound, moving or still pictures (Media Fragments URI).
    Media,
    /// Anything else.
    Other,
}

/// Whether a fragment points to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// It does.
    Fine,
    /// It does not.
    Missing,
    /// That cannot be told from outside.
    Unverifiable,
}

/// What code hosts put in front of the ids that authors wrote.
const USER_CONTENT: &str = "user-content-";

/// Starts of ids that hosts make with scripts: comments, reviews, differences.
const SCRIPTED: [&str; 6] =
    ["issuecomment-", "discussion_r", "discussioncomment-", "pullrequestreview-", "diff-", "note_"];

/// Whether `fragment` (without `#`, as written) points to something. `text` holds the words of the
/// page, where they are known: text directives ask for them.
pub fn judge_fragment(fragment: &str, page: PageKind, anchors: &Anchors, text: Option<&Words>) -> Fragment {
    let (element, directives) = text_directive::split(fragment);
    let element_is = judge_element(element, page, anchors);
    let Some(directives) = directives else { return element_is };
    // A page that finds the words does not ask for the element: that is what to fall back to.
    let wanted = text_directive::parse(directives);
    match text {
        _ if element_is == Fragment::Missing => Fragment::Missing,
        None if !wanted.is_empty() => Fragment::Unverifiable,
        Some(words) if !wanted.iter().all(|directive| words.have(directive)) => Fragment::Missing,
        _ => element_is,
    }
}

fn judge_element(fragment: &str, page: PageKind, anchors: &Anchors) -> Fragment {
    if fragment.is_empty() {
        return Fragment::Fine;
    }
    match page {
        PageKind::Pdf(pages) => pdf(fragment, pages),
        PageKind::Source(lines) => match line_range(fragment) {
            Some(last) => within(last, lines),
            None => Fragment::Unverifiable,
        },
        PageKind::Media | PageKind::Other => Fragment::Unverifiable,
        PageKind::Html | PageKind::Markup => named(fragment, page, anchors),
    }
}

/// By id or name, in the order of the standard.
fn named(fragment: &str, page: PageKind, anchors: &Anchors) -> Fragment {
    let decoded = percent_decode_str(fragment).decode_utf8_lossy();
    let has = |name: &str| anchors.has(name) || anchors.has(&format!("{USER_CONTENT}{name}"));
    // In a repository's documents the id is written with and without the host's prefix.
    let bare = decoded.strip_prefix(USER_CONTENT).filter(|_| page == PageKind::Markup);
    if has(fragment) || has(&decoded) || bare.is_some_and(has) || decoded.eq_ignore_ascii_case("top") {
        return Fragment::Fine;
    }
    let is_route = fragment.starts_with(['/', '!']);
    let is_view = fragment.starts_with("svgView(");
    // Documentation of code has an id for each line, and a script for more than one.
    let is_lines = decoded.split_once('-').is_some_and(|(first, last)| {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number(first) && is_number(last) && has(first) && has(last)
    });
    let is_scripted =
        is_lines || SCRIPTED.iter().any(|start| decoded.starts_with(start)) || line_range(&decoded).is_some();
    match is_route || is_view || is_scripted {
        true => Fragment::Unverifiable,
        false => Fragment::Missing,
    }
}

/// Parameters of a PDF (PDF Open Parameters; RFC 8118): only the page can be looked up.
fn pdf(fragment: &str, pages: Option<u32>) -> Fragment {
    let page = fragment.split(['&', '#']).find_map(|one| one.strip_prefix("page="));
    match page {
        Some(page) => match page.parse() {
            Ok(page) => within(page, pages),
            Err(_) => Fragment::Missing,
        },
        None => Fragment::Unverifiable,
    }
}

fn within(number: u32, of: Option<u32>) -> Fragment {
    match of {
        _ if number == 0 => Fragment::Missing,
        None => Fragment::Unverifiable,
        Some(of) if number <= of => Fragment::Fine,
        Some(_) => Fragment::Missing,
    }
}

/// The last line of `L10`, `L10-L20`, `L10-20`, `L10C5-L20C3`, `lines-10:20`, as code hosts have
/// them. A number beyond all lines is the largest.
fn line_range(fragment: &str) -> Option<u32> {
    let (rest, between) = match fragment.strip_prefix("lines-") {
        Some(rest) => (rest, ':'),
        None => (fragment.strip_prefix('L')?, '-'),
    };
    let number = |text: &str| {
        let text = text.strip_prefix('L').unwrap_or(text);
        let (line, column) = text.split_once('C').unwrap_or((text, "1"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        (is_number(line) && is_number(column)).then(|| line.parse().unwrap_or(u32::MAX))
    };
    match rest.split_once(between) {
        Some((first, last)) => Some(number(first)?.max(number(last)?)),
        None => number(rest),
    }
}

/// The name on the page that was probably meant, without the host's prefix; needs the names.
pub fn nearest_anchor<'a>(fragment: &str, anchors: &'a Anchors) -> Option<(&'a str, Nearness)> {
    let (element, _) = text_directive::split(fragment);
    let decoded = percent_decode_str(element).decode_utf8_lossy();
    let wanted = decoded.strip_prefix(USER_CONTENT).unwrap_or(&decoded);
    let names = anchors.names().map(|name| name.strip_prefix(USER_CONTENT).unwrap_or(name));
    suggest::nearest_with(wanted, names)
}

#[cfg(test)]
mod tests {
    use super::{Fragment::*, *};

    #[test]
    fn fragments_are_found_as_browsers_find_them() {
        let names = ["intro", "a%20b", "c d", "über", "user-content-own", "L7", "Case", "/known"];
        let anchors = Anchors::of(names, true);
        for (fragment, html, markup) in [
            ("", Fine, Fine),
            ("top", Fine, Fine),
            ("TOP", Fine, Fine),
            ("%74op", Fine, Fine),
            ("intro", Fine, Fine),
            ("Intro", Missing, Missing),
            ("intr%6F", Fine, Fine),
            ("a%20b", Fine, Fine),
            ("a b", Missing, Missing),
            ("c%20d", Fine, Fine),
            ("c d", Fine, Fine),
            ("c+d", Missing, Missing),
            ("%C3%BCber", Fine, Fine),
            ("über", Fine, Fine),
            ("%FF", Missing, Missing),
            ("own", Fine, Fine),
            ("user-content-own", Fine, Fine),
            ("user-content-intro", Missing, Fine),
            ("L7", Fine, Fine),
            ("L8", Unverifiable, Unverifiable),
            ("L8-L9", Unverifiable, Unverifiable),
            ("Level", Missing, Missing),
            ("/route", Unverifiable, Unverifiable),
            ("/known", Fine, Fine),
            ("!route", Unverifiable, Unverifiable),
            ("issuecomment-12", Unverifiable, Unverifiable),
            ("svgView(viewBox(0,0,1,1))", Unverifiable, Unverifiable),
            ("intro#x", Missing, Missing),
        ] {
            assert_eq!(judge_fragment(fragment, PageKind::Html, &anchors, None), html, "{fragment} in html");
            assert_eq!(judge_fragment(fragment, PageKind::Markup, &anchors, None), markup, "{fragment} in markup");
        }
    }

    #[test]
    fn pages_of_a_pdf_and_lines_of_a_text_are_counted() {
        let none = Anchors::default();
        for (fragment, page, is) in [
            ("page=3", PageKind::Pdf(Some(3)), Fine),
            ("zoom=50&page=3", PageKind::Pdf(Some(3)), Fine),
            ("page=4", PageKind::Pdf(Some(3)), Missing),
            ("page=0", PageKind::Pdf(None), Missing),
            ("page=x", PageKind::Pdf(Some(3)), Missing),
            ("page=3", PageKind::Pdf(None), Unverifiable),
            ("chapter.1", PageKind::Pdf(Some(3)), Unverifiable),
            ("L10", PageKind::Source(Some(10)), Fine),
            ("L11", PageKind::Source(Some(10)), Missing),
            ("L1-L11", PageKind::Source(Some(10)), Missing),
            ("L2C1-L3C9", PageKind::Source(Some(10)), Fine),
            ("L2-5", PageKind::Source(Some(10)), Fine),
            ("lines-2:5", PageKind::Source(Some(10)), Fine),
            ("L99999999999999", PageKind::Source(Some(10)), Missing),
            ("L1", PageKind::Source(None), Unverifiable),
            ("L", PageKind::Source(Some(1)), Unverifiable),
            ("t=10", PageKind::Media, Unverifiable),
            ("x", PageKind::Other, Unverifiable),
            ("", PageKind::Other, Fine),
        ] {
            assert_eq!(judge_fragment(fragment, page, &none, None), is, "{fragment} in {page:?}");
        }
    }

    #[test]
    fn text_directives_need_the_text() {
        let anchors = Anchors::of(["id"], false);
        let words = Words::of("Some words here");
        for (fragment, text, is) in [
            (":~:text=some%20words", Some(&words), Fine),
            (":~:text=other", Some(&words), Missing),
            ("id:~:text=here", Some(&words), Fine),
            ("no:~:text=here", Some(&words), Missing),
            (":~:text=some", None, Unverifiable),
            ("no:~:text=some", None, Missing),
            (":~:", None, Fine),
            (":~:text=", None, Fine),
        ] {
            assert_eq!(judge_fragment(fragment, PageKind::Html, &anchors, text), is, "{fragment}");
        }
    }

    #[test]
    fn the_nearest_place_of_a_page_is_suggested_without_the_prefix_of_the_host() {
        let anchors = Anchors::of(["user-content-getting-started", "usage"], true);
        let near = |fragment| nearest_anchor(fragment, &anchors).map(|(name, _)| name);
        assert_eq!(near("getting_started"), Some("getting-started"));
        assert_eq!(near("geting-started:~:text=x"), Some("getting-started"));
        assert_eq!(near("nothing"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_fragment_is_judged(fragment in "[L0-9a%:~=,text&\\-C!/ü]{0,24}", pages in 0..9u32) {
            let anchors = Anchors::of(["a"], true);
            let words = Words::of("text a");
            for page in [PageKind::Html, PageKind::Markup, PageKind::Pdf(Some(pages)), PageKind::Source(Some(pages))] {
                judge_fragment(&fragment, page, &anchors, Some(&words));
            }
            nearest_anchor(&fragment, &anchors);
        }
    }
}
