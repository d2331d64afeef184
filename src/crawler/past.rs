//! What became of a request, in the bytes that a journal keeps of it.
//!
//! URLs of a page begin alike, so each is kept as what differs from the one before. Pure. Must not know
//! where it is kept, nor what is made of it.

use super::queue::{Waiting, number, take_number, take_text, text};
use crate::model::FoundIn;

/// A request that has its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Past {
    pub kind: Kind,
    /// It went out, so it counts among the pages that may.
    pub was_asked: bool,
    /// What was asked for, and how it was found; of what was left out, why. Its number is kept beside it.
    pub waiting: Waiting,
    /// What follows from it, if it answered well.
    pub answer: Option<Answer>,
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page.
    Page,
    /// A page out of the scope that was only looked at.
    Outside,
    /// Nothing: it was found and left out.
    Left,
}

/// What follows from a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// The URL that answered, without userinfo.
    pub url: String,
    pub title: String,
    /// Where it leads, in the order of the page.
    pub links: Vec<Onward>,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Onward {
    /// In its one spelling.
    pub url: String,
    pub element: FoundIn,
    pub nofollow: bool,
}

/// Stands for what is not there: no URL has such a byte.
const NONE: &[u8] = b"\0";
/// Bits of the first byte, above the kind.
const ASKED: u8 = 4;
const ANSWERED: u8 = 8;
/// Bit of the byte of a link, below the element.
const NOFOLLOW: u8 = 1;

fn element(found_in: FoundIn) -> u8 {
    FoundIn::ALL.iter().position(|way| *way == found_in).unwrap_or_default() as u8
}

impl Past {
    /// As bytes.
    pub fn pack(&self) -> Vec<u8> {
        let Past { kind, was_asked, waiting, answer } = self;
        let mut out = Vec::new();
        let flags = (if *was_asked { ASKED } else { 0 }) | (if answer.is_some() { ANSWERED } else { 0 });
        out.push(*kind as u8 | flags);
        out.push(element(waiting.found_in));
        number(&mut out, waiting.depth.into());
        let (mut last, mut words) = (Vec::new(), Vec::new());
        text(&mut out, &mut last, waiting.parent.as_ref().map_or(NONE, |parent| parent.as_bytes()));
        text(&mut out, &mut last, waiting.url.as_bytes());
        text(&mut out, &mut words, waiting.note.as_bytes());
        if let Some(Answer { url, title, links }) = answer {
            text(&mut out, &mut last, url.as_bytes());
            text(&mut out, &mut words, title.as_bytes());
            for link in links {
                out.push(element(link.element) << 1 | if link.nofollow { NOFOLLOW } else { 0 });
                text(&mut out, &mut last, link.url.as_bytes());
            }
        }
        out
    }

    /// What [`pack`](Self::pack) wrote of this number; `None` if the bytes are nothing of the kind.
    pub fn unpack(seq: u64, mut rest: &[u8]) -> Option<Past> {
        let rest = &mut rest;
        let head = byte(rest)?;
        let kind = *[Kind::Page, Kind::Outside, Kind::Left].get(usize::from(head & (ASKED - 1)))?;
        let found_in = *FoundIn::ALL.get(usize::from(byte(rest)?))?;
        let depth = u32::try_from(take_number(rest)?).ok()?;
        let (mut last, mut words) = (Vec::new(), Vec::new());
        let parent = string(rest, &mut last)?;
        let parent = (parent.as_bytes() != NONE).then_some(parent);
        let (url, note) = (string(rest, &mut last)?, string(rest, &mut words)?);
        let answer = match head & ANSWERED {
            0 => None,
            _ => {
                let mut answer =
                    Answer { url: string(rest, &mut last)?, title: string(rest, &mut words)?, ..Answer::default() };
                while !rest.is_empty() {
                    let way = byte(rest)?;
                    let element = *FoundIn::ALL.get(usize::from(way >> 1))?;
                    let url = string(rest, &mut last)?;
                    answer.links.push(Onward { url, element, nofollow: way & NOFOLLOW != 0 });
                }
                Some(answer)
            }
        };
        let waiting = Waiting { seq, url, parent, found_in, depth, note };
        rest.is_empty().then_some(Past { kind, was_asked: head & ASKED != 0, waiting, answer })
    }
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (byte, after) = rest.split_first()?;
    *rest = after;
    Some(*byte)
}

fn string(rest: &mut &[u8], last: &mut Vec<u8>) -> Option<String> {
    take_text(rest, last)?;
    String::from_utf8(last.clone()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn onward() -> impl Strategy<Value = Onward> {
        ("[ab/é]{0,9}", 0_usize..9, any::<bool>()).prop_map(|(url, element, nofollow)| Onward {
            url,
            element: FoundIn::ALL[element],
            nofollow,
        })
    }

    fn answers() -> impl Strategy<Value = Option<Answer>> {
        let parts = ("[ab/é]{0,9}", "[xyé]{0,9}", proptest::collection::vec(onward(), 0..9));
        proptest::option::of(parts.prop_map(|(url, title, links)| Answer { url, title, links }))
    }

    proptest! {
        #[test]
        fn what_became_of_a_request_comes_back_as_it_was(
            (kind, was_asked, seq, depth) in (0_usize..3, any::<bool>(), any::<u64>(), any::<u32>()),
            (url, parent, note) in ("[ab/é]{0,9}", proptest::option::of("[ab]{0,5}"), "[xy]{0,3}"),
            found_in in 0_usize..9,
            answer in answers(),
        ) {
            let kind = [Kind::Page, Kind::Outside, Kind::Left][kind];
            let waiting = Waiting { seq, url, parent, found_in: FoundIn::ALL[found_in], depth, note };
            let past = Past { kind, was_asked, waiting, answer };
            prop_assert_eq!(Past::unpack(seq, &past.pack()), Some(past));
        }

        #[test]
        fn bytes_of_any_kind_are_a_past_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = Past::unpack(0, &bytes);
        }
    }

    #[test]
    fn a_page_of_fifty_links_takes_a_few_hundred_bytes() {
        let (base, element) = ("https://shop.example.com/catalogue/", FoundIn::A);
        let links = (0..50).map(|n| Onward { url: format!("{base}item-{n}.html"), element, nofollow: false });
        let answer = Answer { url: format!("{base}index.html"), title: "Shop".to_owned(), links: links.collect() };
        let (url, parent) = (answer.url.clone(), Some(base.to_owned()));
        let waiting = Waiting { seq: 1, url, parent, found_in: element, depth: 2, note: String::new() };
        let bytes = Past { kind: Kind::Page, was_asked: true, waiting, answer: Some(answer) }.pack().len();
        assert!(bytes < 600, "{bytes}");
    }
}
