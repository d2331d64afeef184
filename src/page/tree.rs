//! From text to a tree, within bounds.
//!
//! html5ever takes time quadratic in nesting depth and, with formatting elements left open, makes
//! many elements out of one tag. So the text goes in small pieces, and between two of them this
//! looks at depth, size and clock. Must not know selectors.

use std::cell::Cell;

use html5ever::{
    ParseOpts,
    driver::{self, Parser},
    interface::{Tracer, TreeSink},
    tendril::{StrTendril, TendrilSink},
    tree_builder::TreeBuilderOpts,
};
use scraper::{Html, HtmlTreeSink};

use super::budget::{Clock, Cut};

/// Elements open at once, those that formatting keeps in mind included, above which a page is not
/// made into a tree. Browsers stop nesting at 512 too.
const DEPTH: usize = 512;

/// Nodes of a tree at most: about 200 MB.
const NODES: usize = 1_000_000;

/// Bytes between two looks at the bounds; at 512 levels such a piece makes 50,000 nodes at worst.
const PIECE: usize = 1 << 10;

/// What became of a page: a tree unless it nests too deeply, and why it is not all of the page.
#[derive(Debug)]
pub(super) struct Grown<T> {
    pub(super) tree: Option<T>,
    pub(super) cut: Option<Cut>,
}

/// The tree of a page, scripting off. None if it nests too deeply; cut short if it has too many
/// nodes, more nodes than bytes, or is not ready in time.
pub(super) fn build(html: &str, clock: &Clock) -> Grown<Html> {
    let nodes = |sink: &HtmlTreeSink| sink.0.borrow().tree.values().len();
    grow(HtmlTreeSink::new(Html::new_document()), nodes, html, clock)
}

/// The same for a tree of any kind; `nodes` counts those it has.
pub(super) fn grow<S: TreeSink>(sink: S, nodes: impl Fn(&S) -> usize, html: &str, clock: &Clock) -> Grown<S::Output> {
    let tree_builder = TreeBuilderOpts { scripting_enabled: false, ..Default::default() };
    let opts = ParseOpts { tree_builder, ..Default::default() };
    let mut parser = driver::parse_document(sink, opts);
    let (mut rest, mut fed, mut cut) = (html, 0, None);
    while !rest.is_empty() && cut.is_none() {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(PIECE));
        parser.process(StrTendril::from_slice(piece));
        rest = behind;
        fed += piece.len();
        if open_elements(&parser) > DEPTH {
            return Grown { tree: None, cut: Some(Cut::Depth) };
        }
        // No honest page has more nodes than bytes, but for the few that every page has.
        if nodes(&parser.tokenizer.sink.sink) > NODES.min(fed + 100) {
            cut = Some(Cut::Room);
        } else if !rest.is_empty() && clock.is_over() {
            cut = Some(Cut::Time);
        }
    }
    Grown { tree: Some(parser.finish()), cut }
}

/// How many elements are open or kept in mind as open formatting.
fn open_elements<S: TreeSink>(parser: &Parser<S>) -> usize {
    struct Count<H>(Cell<usize>, std::marker::PhantomData<H>);
    impl<H> Tracer for Count<H> {
        type Handle = H;
        fn trace_handle(&self, _: &H) {
            self.0.set(self.0.get() + 1);
        }
    }
    let count = Count(Cell::new(0), std::marker::PhantomData);
    parser.tokenizer.sink.trace_handles(&count);
    count.0.get()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn long() -> Clock {
        Clock::of(Duration::from_secs(600))
    }

    fn nodes(html: &str) -> Option<usize> {
        build(html, &long()).tree.map(|html| html.tree.values().len())
    }

    #[test]
    fn depth_ends_it_and_width_does_not() {
        assert!(nodes(&"<div>".repeat(400)).is_some());
        assert!(nodes(&"<div>".repeat(700)).is_none());
        assert!(nodes(&"<ul><li>".repeat(200_000)).is_none());
        assert!(nodes(&"<svg><desc>".repeat(1_000)).is_none());
        // Elements that end where the next begins do not nest.
        assert!(nodes(&"<p>a<li>b<td>c<option>d".repeat(5_000)).is_some_and(|nodes| nodes > 20_000));
    }

    #[test]
    fn formatting_that_multiplies_is_cut() {
        let open: String = (0..200).map(|i| format!("<p><b id={i}>")).collect();
        let hostile = format!("{open}</p>{}", "<p>x".repeat(100_000));
        let nodes = nodes(&hostile).expect("not too deep");
        assert!(nodes < hostile.len(), "{nodes} nodes of {} bytes", hostile.len());
        let misnested = "<b><i>x</b></i>".repeat(20_000);
        assert!(build(&misnested, &long()).tree.is_some());
    }

    #[test]
    fn what_came_before_the_end_of_time_is_kept() {
        let late = build(&format!("<p>first</p>{}<p id=last>", "x".repeat(2 * PIECE)), &Clock::of(Duration::ZERO));
        assert_eq!(late.cut, Some(Cut::Time));
        let text: String = late.tree.unwrap().root_element().text().collect();
        assert!(text.starts_with("first") && text.len() < 2 * PIECE);
    }

    #[test]
    fn pieces_do_not_show() {
        let html = format!("<p>{}</p><a href='/{}'>", "ä€😀".repeat(1_000), "é".repeat(3_000));
        let whole = Html::parse_document(&html);
        assert_eq!(build(&html, &long()).tree.unwrap().html(), whole.html());
        assert!(nodes("").is_some());
    }
}
