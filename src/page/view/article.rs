//! The main content of a page, as the reading mode of a browser finds it.
//!
//! Its finder looks at the words below each element again and again, without a clock, so that its
//! cost grows with the number of nodes times their depth. What would cost more than about a second
//! is not begun. Must not know what is shown of a page without an article.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::page::{base::Base, budget::Clock, tree};
use dom_query::{Document, NodeData, NodeRef};
use dom_smoothie::{Config, Readability, TextMode};

/// What finding the article may cost, in nodes times levels. Measured on trees made to be slow, a
/// unit takes 0.2 to 0.4 microseconds; a page of 20,000 nodes has about 400,000.
const MOST: usize = 3_000_000;

/// Bytes of text below an element that cost as much as a node below it: measured, 250.
const BYTES_A_NODE: usize = 250;

/// Levels above which no article is looked for: what serialises it needs stack for each.
const DEPTH: usize = 600;

/// Bytes that addresses take at most once they are absolute.
const ADDRESS_BYTES: usize = 64 << 20;

/// The article as plain text, paragraphs parted by blank lines. `None` if there is none, if the tree
/// is too deep, or if it would take too long.
pub(super) fn text(html: &str, base: &Base, clock: &Clock) -> Option<String> {
    read(html, base, TextMode::Formatted, clock)
}

/// The article as Markdown, with absolute links.
pub(super) fn markdown(html: &str, base: &Base, clock: &Clock) -> Option<String> {
    read(html, base, TextMode::Markdown, clock)
}

fn read(html: &str, base: &Base, text_mode: TextMode, clock: &Clock) -> Option<String> {
    let document = tree::grow(Document::default(), |document| document.tree.len(), html, clock).tree?;
    if !is_affordable(&document, base) {
        return None;
    }
    absolute(&document, base);
    let config = Config { disable_json_ld: true, text_mode, ..Config::default() };
    let find = || Readability::with_document(document, None, Some(config)).ok()?.parse().ok();
    // The finder holds some things for impossible; a page that proves it wrong still has its words.
    let article = catch_unwind(AssertUnwindSafe(find)).ok().flatten()?;
    Some(article.text_content.trim().to_owned())
}

/// Whether an article can be looked for in bounded time and space.
fn is_affordable(document: &Document, base: &Base) -> bool {
    let base = base.url().map_or(0, |url| url.as_str().len());
    let (mut cost, mut addresses, mut depth) = (0usize, 0usize, 0usize);
    let mut next = Some(document.root());
    while let Some(node) = next {
        let (bytes, leads) = node.query_or((0, 0), |node| measure(&node.data));
        addresses += leads;
        cost += (depth + 4) * (1 + bytes / BYTES_A_NODE);
        if cost > MOST || depth > DEPTH || addresses.saturating_mul(base) > ADDRESS_BYTES {
            return false;
        }
        next = node.first_child().inspect(|_| depth += 1).or_else(|| behind(node, &mut depth));
    }
    true
}

/// Makes the addresses of a page absolute: the finder knows neither files nor how a page was written.
fn absolute(document: &Document, base: &Base) {
    let mut next = Some(document.root());
    while let Some(node) = next {
        for name in ["href", "src", "poster"] {
            // What begins with `#` stays on the page, and is shown so.
            if let Some(address) = node.attr(name).filter(|address| !address.starts_with('#'))
                && let Some(url) = base.resolve(&address)
            {
                node.set_attr(name, &url);
            }
        }
        next = node.first_child().or_else(|| behind(node, &mut 0));
    }
}

/// The node that follows a node and all below it.
fn behind<'a>(mut node: NodeRef<'a>, depth: &mut usize) -> Option<NodeRef<'a>> {
    loop {
        if let Some(sibling) = node.next_sibling() {
            return Some(sibling);
        }
        node = node.parent()?;
        *depth = depth.saturating_sub(1);
    }
}

/// Bytes of its own text, and addresses in its attributes.
fn measure(data: &NodeData) -> (usize, usize) {
    match data {
        NodeData::Text { contents } => (contents.len(), 0),
        NodeData::Element(element) => {
            let leads = element.attrs.iter().map(|attribute| match &*attribute.name.local {
                "href" | "src" | "poster" => 1,
                "srcset" => 1 + memchr::memchr_iter(b',', attribute.value.as_bytes()).count(),
                _ => 0,
            });
            (0, leads.sum())
        }
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PROSE: &str = "This is a sentence of the article, with commas, words, and an end that is a full stop. ";

    fn soon() -> Clock {
        Clock::of(Duration::from_secs(600))
    }

    fn url() -> Base {
        found_at(Some("https://h.example/a/"))
    }

    fn found_at(url: Option<&str>) -> Base {
        Base::new(url.map(|url| url::Url::parse(url).unwrap()).as_ref(), None, encoding_rs::UTF_8)
    }

    fn page() -> String {
        let paragraph = format!("<p>{} <a href=more>more</a></p>", PROSE.repeat(3));
        format!(
            "<title>T</title><nav><a href=/>Home</a><a href=/x>Elsewhere</a></nav><article><h2>Head</h2>{}\
             <pre><code>let x = 1;</code></pre><ul><li>one<li>two</ul></article><footer>Imprint</footer>",
            paragraph.repeat(5)
        )
    }

    #[test]
    fn the_article_is_told_from_what_is_around_it() {
        let text = text(&page(), &url(), &soon()).unwrap();
        assert!(text.starts_with("Head\n\nThis is a sentence") && text.contains("one\ntwo"), "{text}");
        assert!(!text.contains("Elsewhere") && !text.contains("Imprint"), "{text}");
    }

    #[test]
    fn as_markdown_it_keeps_links_lists_and_code() {
        let text = markdown(&page(), &url(), &soon()).unwrap();
        assert!(text.starts_with("## Head\n\n"), "{text}");
        for part in ["[more](https://h.example/a/more)", "- one", "let x = 1;"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn as_markdown_it_has_absolute_links_wherever_it_was_found() {
        let of = |base: &Base| markdown(&page(), base, &soon()).unwrap();
        assert!(of(&found_at(Some("file:///saved/a.html"))).contains("[more](file:///saved/more)"));
        let url = url::Url::parse("file:///saved/a.html").unwrap();
        let based = Base::new(Some(&url), Some("https://h.example/b/"), encoding_rs::UTF_8);
        assert!(of(&based).contains("[more](https://h.example/b/more)"));
        assert!(of(&found_at(None)).contains("[more](more)"), "nobody knows better");
    }

    #[test]
    fn what_is_no_page_has_no_article() {
        for html in ["", "<p>", "<frameset><frame src=x></frameset>"] {
            assert_eq!(text(html, &url(), &soon()).filter(|text| !text.is_empty()), None, "{html}");
        }
    }

    #[test]
    fn pages_that_would_take_long_are_not_begun() {
        let affordable_at = |html: &str, base: &Base| {
            let tree = tree::grow(Document::default(), |document| document.tree.len(), html, &soon()).tree;
            tree.is_some_and(|tree| is_affordable(&tree, base))
        };
        let affordable = |html: &str| affordable_at(html, &url());
        let at_depth = |depth, inner: &str| format!("{}{inner}", "<section>".repeat(depth));
        assert!(affordable(&page()));
        assert!(affordable(&at_depth(20, &"<p>some words</p>".repeat(20_000))));
        assert!(!affordable(&at_depth(300, &"<p>some words</p>".repeat(20_000))));
        assert!(!affordable(&at_depth(300, &"word ".repeat(2 << 20))));
        let long = found_at(Some(&format!("http://h/{}/", "x".repeat(1 << 20))));
        assert!(!affordable_at(&"<a href=x>y</a>".repeat(100), &long));
    }

    #[test]
    fn deep_trees_do_not_need_a_deep_stack() {
        for open in ["<div>", "<blockquote>", "<ul><li>", "<b><i>", "<table><tr><td>", "<article class=body>"] {
            let levels = 480 / open.matches('<').count();
            let html = format!("{}{}", open.repeat(levels), PROSE.repeat(20));
            let run = move || (text(&html, &url(), &soon()).is_some(), markdown(&html, &url(), &soon()).is_some());
            let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(run);
            thread.unwrap().join().unwrap();
        }
        assert_eq!(text(&"<div>".repeat(100_000), &url(), &soon()), None);
        assert_eq!(text(&"<font>x".repeat(100_000), &url(), &soon()), None);
    }
}
