//! The outline against a tree: anchors and the plain links by html5ever's full tree construction,
//! scripting off, over pages of our own and, where the toolchain has them, of the Rust documentation.

use std::{fs, path::Path, time::Duration};

use scraper::{ElementRef, Html};

use super::*;
use crate::page::{budget::Clock, reference::rust_documentation, tree};

const SVG: &str = "http://www.w3.org/2000/svg";

/// Links that need no explanation, and whether an empty one is one.
const LINKS: &[(&str, &str, bool)] =
    &[("a", "href", true), ("img", "src", false), ("link", "href", false), ("script", "src", false)];

/// Elements of the tree, but for what templates hold.
fn elements(html: &Html) -> Vec<ElementRef<'_>> {
    let in_template = |node: &ElementRef<'_>| node.ancestors().any(|node| node.value().is_fragment());
    let elements = html.tree.root().descendants().filter_map(ElementRef::wrap);
    elements.filter(|element| !in_template(element)).collect()
}

fn anchors_of_tree(elements: &[ElementRef<'_>]) -> Vec<String> {
    let mut names = Vec::new();
    for element in elements.iter().map(|element| element.value()) {
        let is_a = element.name() == "a" && &*element.name.ns != SVG;
        for (name, value) in element.attrs() {
            if !value.is_empty() && (name == "id" || (is_a && name == "name")) {
                names.push(value.to_owned());
            }
        }
    }
    names.sort();
    names
}

/// Element and value of the plain links.
fn links_of_tree(elements: &[ElementRef<'_>]) -> Vec<(String, String)> {
    // scraper does not know that `annotation-xml` may hold HTML, so formulas are not left out.
    let elements = elements.iter().map(|element| element.value()).filter(|element| &*element.name.ns != SVG);
    let links = elements.filter_map(|element| {
        let (name, attribute, empty) = LINKS.iter().find(|(name, _, _)| *name == element.name())?;
        let value = element.attr(attribute)?.trim_matches(|c| c <= ' ');
        let hint = *name == "link" && rel::kind(element.attr("rel").unwrap_or_default()).is_none();
        (!hint && (*empty || !value.is_empty())).then(|| ((*name).to_owned(), value.to_owned()))
    });
    links.collect()
}

fn compare(path: &Path) {
    let html = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let tree = tree::build(&html, &Clock::of(Duration::from_secs(600))).tree.expect("not too deep");
    let elements = elements(&tree);
    let found = outline(&html, Look::ALL);
    let plain = found.links.iter().filter(|link| {
        let of_html = link.kind != crate::model::LinkKind::Drawing;
        of_html && LINKS.iter().any(|(name, attribute, _)| link.element == *name && link.attribute == Some(attribute))
    });
    let plain: Vec<_> = plain.map(|link| (link.element.to_owned(), link.value.clone().into_string())).collect();
    assert_eq!(plain, links_of_tree(&elements), "links of {}", path.display());
    let mut anchors: Vec<_> = found.anchors.names().map(str::to_owned).collect();
    anchors.sort();
    assert_eq!(anchors, anchors_of_tree(&elements), "anchors of {}", path.display());
    for link in found.links.iter().filter(|link| link.attribute.is_some()) {
        let written = html.get(link.span.clone()).expect("within the page");
        assert!(written.contains('&') || written.contains(&*link.value), "{written} in {}", path.display());
    }
}

#[test]
fn outline_and_tree_agree_on_pages_of_our_own() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut seen = 0;
    for folder in ["pages", "demo"] {
        for entry in fs::read_dir(fixtures.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "html") {
                compare(&path);
                seen += 1;
            }
        }
    }
    assert!(seen >= 12, "{seen} pages in {}", fixtures.display());
}

#[test]
fn outline_and_tree_agree_on_the_rust_documentation() {
    let Some(pages) = rust_documentation() else {
        println!("skipped: this toolchain has no share/doc/rust/html (rustup component add rust-docs)");
        return;
    };
    let step = (pages.len() / 500).max(1);
    let sample: Vec<_> = pages.iter().skip(step / 2).step_by(step).take(500).collect();
    sample.iter().for_each(|path| compare(path));
    println!("{} pages compared", sample.len());
}
