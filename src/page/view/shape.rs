//! Makes of a page what Markdown can say, before it is written as such.
//!
//! Definitions and captions become paragraphs, cells that span are repeated as in the view `tables`,
//! code names its language where its writer looks for it, and what would be read as a character
//! reference is escaped. Must not know how the page was found or what of it is shown.

use std::{rc::Rc, sync::LazyLock};

use dom_query::{Document, NodeRef};
use regex::Regex;

use super::grid::{Cell, Room, Row, lay_out};

/// Slots and bytes that the tables of a page may take once their spans are written out.
const SLOTS: usize = 100_000;
const BYTES: usize = 8 << 20;

/// What a reader of Markdown takes for a character.
static REFERENCE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});").ok());

/// A language in the classes of code: `language-rust`, `lang-js`, `highlight-source-sh`.
const LANGUAGES: [&str; 5] = ["language-", "lang-", "highlight-source-", "highlight-", "brush:"];

/// The page as Markdown.
pub(super) fn markdown(document: &Document) -> String {
    let nodes: Vec<NodeRef<'_>> = document.root().descendants_it().collect();
    let mut room = Room { slots: SLOTS, cut: false };
    let mut bytes = BYTES;
    for node in nodes.iter().filter(|node| node.is_element()) {
        match node.node_name().as_deref() {
            Some("table") => {
                spread_out(*node, &mut room, &mut bytes);
            }
            Some("pre") => name_language(*node),
            _ => {}
        }
    }
    for node in document.root().descendants_it().collect::<Vec<_>>() {
        if node.is_text() {
            escape(node);
            continue;
        }
        match node.node_name().as_deref() {
            Some("dl" | "dd" | "figure" | "details" | "main" | "header" | "footer" | "nav" | "aside" | "form") => {
                node.rename("div");
            }
            Some("dt" | "figcaption" | "summary" | "address" | "legend") => node.rename("p"),
            Some("caption") => lift(node),
            _ => {}
        }
    }
    document.root().md(None).trim().to_owned()
}

/// Puts the caption of a table before it, where Markdown has a place for it.
fn lift(caption: NodeRef<'_>) {
    let is_table = |node: &NodeRef<'_>| node.has_name("table");
    let table = caption.ancestors_it(Some(2)).find(is_table);
    if let Some(table) = table {
        caption.remove_from_parent();
        caption.rename("p");
        table.insert_before(&caption);
    }
}

/// Writes what would be read as a character in Markdown so that it is not.
fn escape(node: NodeRef<'_>) {
    let text = node.text();
    let Some(reference) = REFERENCE.as_ref().filter(|_| text.contains('&')) else { return };
    let is_code = |node: NodeRef<'_>| ["pre", "code", "script", "style"].iter().any(|name| node.has_name(name));
    if reference.is_match(&text) && !node.ancestors_it(None).any(is_code) {
        node.set_text(reference.replace_all(&text, "&amp;$1;").into_owned());
    }
}

/// Notes the language of code at the code itself.
fn name_language(pre: NodeRef<'_>) {
    let around = pre.ancestors_it(Some(2));
    let inside = pre.element_children().into_iter().filter(|node| node.has_name("code"));
    let places: Vec<NodeRef<'_>> = std::iter::once(pre).chain(inside).chain(around).collect();
    if places.iter().any(|node| node.has_attr("data-lang") || node.has_attr("data-language")) {
        return;
    }
    let language = places.iter().find_map(|node| {
        let classes = node.class()?;
        let mut names = classes.split_ascii_whitespace();
        let known = names.find_map(|name| LANGUAGES.iter().find_map(|start| name.strip_prefix(start)));
        // The Rust documentation has the bare name.
        let bare = || classes.split_ascii_whitespace().find(|name| *name == "rust");
        known.or_else(bare).map(|name| name.trim_end_matches([';', ',']).to_owned())
    });
    if let Some(language) = language.filter(|language| !matches!(&**language, "" | "none" | "plaintext" | "default")) {
        pre.set_attr("data-language", &language);
    }
}

/// Writes a table anew whose rows are not of one width, if there is room for it.
fn spread_out(table: NodeRef<'_>, room: &mut Room, bytes: &mut usize) -> Option<()> {
    let is_cell = |node: &NodeRef<'_>| node.has_name("td") || node.has_name("th");
    if table.descendants_it().any(|node| node.has_name("table")) {
        return None;
    }
    let rows: Vec<NodeRef<'_>> = table.descendants_it().filter(|node| node.has_name("tr")).collect();
    let cells: Vec<Vec<NodeRef<'_>>> =
        rows.iter().map(|row| row.element_children().into_iter().filter(is_cell).collect()).collect();
    let spans = |node: &NodeRef<'_>| node.has_attr("colspan") || node.has_attr("rowspan");
    let width = cells.iter().map(Vec::len).max()?;
    if cells.iter().all(|cells| cells.len() == width && !cells.iter().any(spans)) {
        return None;
    }
    let (mut grid, mut group, mut parent) = (Vec::new(), Vec::new(), None);
    for (row, cells) in rows.iter().zip(cells) {
        let own = row.parent().map(|parent| parent.id);
        if own != parent {
            grid.extend(lay_out(std::mem::take(&mut group), room));
            parent = own;
        }
        group.push(cells.into_iter().map(cell).collect::<Vec<Cell>>());
    }
    grid.extend(lay_out(group, room));
    let width = grid.iter().map(|row| row.slots.len()).max()?;
    let size = |row: &Row| row.slots.iter().flatten().map(|text| text.len() + 9).sum::<usize>() + 9 * width;
    let needed = grid.iter().fold(0usize, |sum, row| sum.saturating_add(size(row)));
    *bytes = bytes.checked_sub(needed).filter(|_| !room.cut)?;
    let mut html = String::from("<table>");
    for caption in table.element_children().into_iter().filter(|node| node.has_name("caption")) {
        html.push_str(&caption.html());
    }
    for (at, row) in grid.iter().enumerate() {
        let (open, close) = if at == 0 && row.head { ("<th>", "</th>") } else { ("<td>", "</td>") };
        html.push_str("<tr>");
        for column in 0..width {
            let text = row.slots.get(column).and_then(Option::as_deref).unwrap_or_default();
            html.extend([open, text, close]);
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
    table.replace_with_html(html);
    Some(())
}

fn cell(node: NodeRef<'_>) -> Cell {
    let number = |name: &str| node.attr(name).and_then(|value| value.trim().parse().ok()).unwrap_or(1);
    let text: Rc<str> = Rc::from(&*node.inner_html());
    Cell { text, span: (number("colspan"), number("rowspan")), head: node.has_name("th") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(html: &str) -> String {
        markdown(&Document::from(html))
    }

    #[test]
    fn definitions_and_captions_are_paragraphs_of_their_own() {
        for (html, want) in [
            ("<dl><dt>Weight<dd>5 kg<dt>Size<dd>10 cm</dl>", "Weight\n\n5 kg\n\nSize\n\n10 cm"),
            ("<figure><img src=a alt=b><figcaption>Fig. 1</figcaption></figure>after", "![b](a)\n\nFig. 1\n\nafter"),
            ("<table><caption>Of it</caption><tr><th>a<tr><td>1</table>", "Of it\n\n\n| a |\n| - |\n| 1 |"),
            ("<details><summary>More</summary>of it</details>", "More\n\nof it"),
        ] {
            assert_eq!(written(html), want, "{html}");
        }
    }

    #[test]
    fn cells_that_span_are_repeated_and_rows_are_filled_up() {
        for (html, want) in [
            (
                "<table><tr><th colspan=2>a<th>b<tr><td rowspan=2>1<td>2<td>3<tr><td>4<td>5</table>",
                "| a | a | b |\n| - | - | - |\n| 1 | 2 | 3 |\n| 1 | 4 | 5 |",
            ),
            ("<table><tr><th>a<th>b<tr><td><b>1</b></table>", "| a | b |\n| - | - |\n| **1** |  |"),
        ] {
            assert_eq!(written(html), want, "{html}");
        }
        let huge = format!("<table>{}</table>", "<tr><td colspan=1000 rowspan=0>x".repeat(5_000));
        assert!(written(&huge).len() < 1 << 20);
    }

    #[test]
    fn code_names_its_language() {
        for open in [
            "<pre class=language-js><code>",
            "<pre><code class='hljs language-js'>",
            "<pre class='brush:js;'><code>",
            "<div class=highlight-js><div><pre>",
            "<div class='highlight-source-js'><pre>",
            "<pre data-lang=js>",
        ] {
            assert_eq!(written(&format!("{open}let x;")), "```js\nlet x;\n```", "{open}");
        }
        assert_eq!(written("<pre class='rust rust-example-rendered'>let x;"), "```rust\nlet x;\n```");
        assert_eq!(written("<pre class=highlight>x"), "```\nx\n```");
    }

    #[test]
    fn what_a_reader_would_take_for_a_character_is_escaped() {
        assert_eq!(written("<p>&amp;amp; &amp;#65; a &amp; b AT&amp;T"), "&amp;amp; &amp;#65; a & b AT&T");
        assert_eq!(written("<p><code>&amp;amp;</code>"), "`&amp;`");
    }
}
