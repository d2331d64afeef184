//! The book (`docs/book.toml`): every page of docs/ has its place in it, and every place its page.

use std::{collections::BTreeSet, fs, path::PathBuf};

fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Pages of docs/, by their path in it.
fn pages() -> BTreeSet<String> {
    let (root, mut left, mut out) = (docs(), vec![docs()], BTreeSet::new());
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            // What `mdbook build` makes.
            if path.is_dir() && !path.ends_with("book") {
                left.push(path);
            } else if path.extension().is_some_and(|ext| ext == "md") && !path.ends_with("SUMMARY.md") {
                out.insert(path.strip_prefix(&root).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    out
}

/// Targets of the links of a text in Markdown: `](target)`.
fn links(text: &str) -> Vec<String> {
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

#[test]
fn every_page_has_its_place_in_the_book_and_every_place_its_page() {
    let summary = links(&fs::read_to_string(docs().join("SUMMARY.md")).unwrap());
    let places: BTreeSet<String> = summary.iter().cloned().collect();
    assert_eq!(places.len(), summary.len(), "a page has two places");
    let pages = pages();
    let (unplaced, gone): (Vec<_>, Vec<_>) = (pages.difference(&places).collect(), places.difference(&pages).collect());
    assert!(unplaced.is_empty() && gone.is_empty(), "not in docs/SUMMARY.md: {unplaced:?}; not there: {gone:?}");
    assert!(pages.len() > 25, "{}", pages.len());
}

#[test]
fn no_page_leads_out_of_the_book() {
    for page in pages() {
        let out = "../".repeat(page.matches('/').count() + 1);
        let text = fs::read_to_string(docs().join(&page)).unwrap();
        let leaving: Vec<_> = links(&text).into_iter().filter(|link| link.starts_with(&out)).collect();
        assert!(leaving.is_empty(), "{page}: {leaving:?} is nowhere in the built book");
    }
}

#[test]
fn the_readme_leads_to_what_newcomers_look_for() {
    let readme = fs::read_to_string(docs().join("../README.md")).unwrap();
    let links = links(&readme);
    for page in ["CHANGELOG", "CONTRIBUTING", "SECURITY", "architecture", "recipes", "ci", "SUMMARY"] {
        assert!(links.contains(&format!("docs/{page}.md")), "README.md does not link docs/{page}.md");
    }
}
