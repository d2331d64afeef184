//! Whether a page is a list of things that look alike, of which an article would show one.
//!
//! Things are alike that are siblings with one name and one class. Bounded by the tree, whose cost the
//! caller has looked at. Must not know how the article was found.

use std::collections::HashMap;

use dom_query::{Document, NodeRef};

/// Things that make a list at least.
const FEWEST: usize = 3;

/// Characters of a thing that are kept, and of each of the three places that it is known again by.
const KEPT: usize = 480;
const WINDOW: usize = 24;

/// Bytes that are searched at most, in all.
const SEARCHED: usize = 512 << 20;

/// One of several things that look alike.
struct Card {
    /// Its first characters, without white space.
    start: String,
    /// Characters without white space in all.
    length: usize,
}

/// The lists of a page.
pub(super) struct Cards(Vec<Vec<Card>>);

impl Cards {
    /// Finds them.
    pub(super) fn of(document: &Document) -> Cards {
        let mut lists = Vec::new();
        let mut left = vec![document.root()];
        while let Some(node) = left.pop() {
            let mut alike: HashMap<(String, String), Vec<Card>> = HashMap::new();
            for child in node.element_children() {
                let name = child.node_name().unwrap_or_default().to_string();
                if matches!(&*name, "nav" | "header" | "footer" | "aside" | "script" | "style" | "template" | "svg") {
                    continue;
                }
                if matches!(&*name, "article" | "div" | "li" | "section") {
                    let class = child.class().unwrap_or_default().to_string();
                    alike.entry((name, class)).or_default().push(Card::of(child));
                }
                left.push(child);
            }
            lists.extend(alike.into_values().filter(|cards| cards.len() >= FEWEST));
        }
        Cards(lists)
    }

    /// Whether these words hold some things of a list, and less than half of it.
    pub(super) fn are_cut_by(&self, words: &str) -> bool {
        let words = squeezed(words);
        let mut room = SEARCHED;
        self.0.iter().any(|cards| is_cut(cards, &words, &mut room))
    }
}

impl Card {
    fn of(node: NodeRef<'_>) -> Card {
        let mut card = Card { start: String::new(), length: 0 };
        for inner in node.descendants_it().filter(|inner| inner.is_text()) {
            let hidden = |parent: NodeRef<'_>| ["script", "style"].iter().any(|name| parent.has_name(name));
            if inner.parent().is_some_and(hidden) {
                continue;
            }
            for c in inner.text().chars().filter(|c| !c.is_whitespace()) {
                card.start.extend(Some(c).filter(|_| card.length < KEPT));
                card.length += 1;
            }
        }
        card
    }

    /// Places that it may be known again by: its start, its middle, and its end or what is kept of it.
    fn windows(&self) -> impl Iterator<Item = &str> {
        let count = self.length.min(KEPT);
        let width = (count / 3).min(WINDOW);
        let starts = [0, (count - width) / 2, count - width];
        let byte = |chars: usize| self.start.char_indices().nth(chars).map_or(self.start.len(), |(at, _)| at);
        let window = move |start: usize| self.start.get(byte(start)..byte(start + width));
        starts.into_iter().filter_map(window).filter(|window| !window.is_empty())
    }
}

fn is_cut(cards: &[Card], words: &str, room: &mut usize) -> bool {
    let mut often: HashMap<&str, usize> = HashMap::new();
    for card in cards {
        let mut windows: Vec<&str> = card.windows().collect();
        windows.sort_unstable();
        windows.dedup();
        windows.into_iter().for_each(|window| *often.entry(window).or_default() += 1);
    }
    let (mut shown, mut absent) = ((0, 0), (0, 0));
    for card in cards {
        let own: Vec<&str> = card.windows().filter(|window| often.get(window) == Some(&1)).collect();
        if own.is_empty() {
            continue;
        }
        let Some(left) = room.checked_sub(own.len() * words.len()) else { return false };
        *room = left;
        let is_shown = own.iter().any(|window| words.contains(window));
        let side = if is_shown { &mut shown } else { &mut absent };
        *side = (side.0 + 1, side.1 + card.length);
    }
    // What is left out must weigh as much: the rows of a page's frame look alike too.
    shown.0 > 0 && shown.0 < absent.0 && shown.1 <= absent.1
}

/// A text without white space.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(html: &str, words: &str) -> bool {
        Cards::of(&Document::from(html)).are_cut_by(words)
    }

    #[test]
    fn a_list_of_which_little_is_shown_is_cut() {
        let card =
            |name: &str| format!("<div class=card><h2>{name}</h2><p>about the {name} at length</p><i>buy</i></div>");
        let list: String = ["apple", "pear", "plum", "quince"].iter().map(|name| card(name)).collect();
        assert!(cut(&list, "about the plum at length"));
        assert!(!cut(&list, "nothing of it"), "a list that stands beside the article");
        assert!(!cut(&list, "apple about the apple at length pear about the pear at length"), "half of it");
    }

    #[test]
    fn the_frame_of_a_page_is_no_list() {
        let article = "a long article ".repeat(50);
        let html = format!("<div>Head of it</div><div>{article}</div><div>Imprint and so on</div>");
        assert!(!cut(&html, &article));
        assert!(!cut("", "x") && !cut("<div></div><div></div><div></div>", ""));
    }

    #[test]
    fn things_that_say_the_same_are_not_known_apart() {
        assert!(!cut(&"<div>add it to the cart</div>".repeat(9), "add it to the cart"));
        assert!(!cut(&"<li>é</li>".repeat(9), "é"));
    }
}
