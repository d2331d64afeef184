//! The scan against a tree: links by html5ever's full tree construction, scripting off, over pages
//! of our own and, where the toolchain has them, over pages of the Rust documentation.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use encoding_rs::UTF_8;
use scraper::{Html, Selector};
use url::Url;

use super::{
    budget::Clock,
    scan::{Seek, scan},
    tree,
};

const LINKS: &[(&str, &str)] = &[
    ("a", "href"),
    ("area", "href"),
    ("link", "href"),
    ("img", "src"),
    ("script", "src"),
    ("iframe", "src"),
    ("source", "src"),
    ("video", "src"),
    ("audio", "src"),
    ("embed", "src"),
    ("object", "data"),
    ("form", "action"),
];

/// Links of a tree, by walking all of it but for what templates hold.
fn links_of_tree(html: &Html, url: &Url) -> Vec<String> {
    let bases = Selector::parse("base[href]").unwrap();
    let base = html.select(&bases).next().and_then(|base| url.join(base.value().attr("href")?).ok());
    let base = base.as_ref().unwrap_or(url);
    let in_template = |node: &scraper::ElementRef<'_>| node.ancestors().any(|node| node.value().is_fragment());
    let elements = html.tree.root().descendants().filter_map(scraper::ElementRef::wrap);
    let values = elements.filter(|element| !in_template(element)).filter_map(|element| {
        let (_, attribute) = LINKS.iter().find(|(name, _)| *name == element.value().name())?;
        let value = element.value().attr(attribute)?;
        let empty = value.trim().is_empty() && !matches!(element.value().name(), "a" | "area");
        (!empty && !value.trim().starts_with("data:")).then_some(value)
    });
    values.filter_map(|value| base.join(value).ok()).map(String::from).collect()
}

fn title_of_tree(html: &Html) -> Option<String> {
    let titles = Selector::parse("title").unwrap();
    let mut titles = html.select(&titles).filter(|title| &*title.value().name.ns == "http://www.w3.org/1999/xhtml");
    let text: String = titles.next()?.text().collect();
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = folded.chars().take(512).collect();
    Some(cut.trim_end().to_owned()).filter(|title| !title.is_empty())
}

fn compare(path: &Path) {
    let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let url = Url::parse("https://h.test/dir/page.html").unwrap();
    let scanned = scan(&text, Seek::Links);
    let tree = tree::build(&text, &Clock::of(Duration::from_secs(600))).tree.expect("not too deep");
    assert_eq!(scanned.links(Some(&url), UTF_8), links_of_tree(&tree, &url), "links of {}", path.display());
    assert_eq!(scanned.title, title_of_tree(&tree), "title of {}", path.display());
}

#[test]
fn scan_and_tree_agree_on_pages_of_our_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pages");
    let mut seen = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "html") {
            compare(&path);
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen} pages in {}", folder.display());
}

#[test]
fn scan_and_tree_agree_on_the_rust_documentation() {
    let Some(pages) = rust_documentation() else {
        println!("skipped: this toolchain has no share/doc/rust/html (rustup component add rust-docs)");
        return;
    };
    let step = (pages.len() / 300).max(1);
    let sample: Vec<_> = pages.iter().step_by(step).take(300).collect();
    sample.iter().for_each(|path| compare(path));
    println!("{} pages compared", sample.len());
}

/// Pages of the toolchain's documentation, in the order of their names; big ones are left out
/// since a tree takes long in a build for tests.
pub(super) fn rust_documentation() -> Option<Vec<PathBuf>> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().ok()?;
    let root = Path::new(String::from_utf8(output.stdout).ok()?.trim()).join("share/doc/rust/html");
    let (mut folders, mut pages) = (vec![root], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).ok()?.flatten() {
            let (path, kind) = (entry.path(), entry.file_type().ok()?);
            if kind.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "html")
                && entry.metadata().is_ok_and(|data| (3_000..200_000).contains(&data.len()))
            {
                pages.push(path);
            }
        }
    }
    pages.sort();
    Some(pages).filter(|pages| !pages.is_empty())
}
