//! Where links of wikis lead: `[[Page name]]` names a document, wherever it stands.
//!
//! Case and the choice between blanks, `-` and `_` do not matter, nor does the extension of a
//! document. Must not know the disk.

use std::collections::HashMap;

use crate::check::paths;

/// The element that such links have.
pub const ELEMENT: &str = "wikilink";

/// Documents by what they are called.
#[derive(Clone, Debug, Default)]
pub struct Names<'a> {
    by_name: HashMap<String, Vec<&'a str>>,
}

impl<'a> Names<'a> {
    /// Of documents with these paths.
    pub fn of(documents: impl IntoIterator<Item = &'a str>) -> Self {
        let mut by_name: HashMap<String, Vec<&str>> = HashMap::new();
        for path in documents {
            by_name.entry(folded(stem(paths::name(path)))).or_default().push(path);
        }
        Names { by_name }
    }

    /// The document that `[[target]]` means (without fragment) in a document of this folder: one
    /// in the folder itself before others, then one of few letters.
    pub fn find(&self, target: &str, folder: &str) -> Option<&'a str> {
        let wanted = folded(target.trim_start_matches('/'));
        let whole = format!("/{wanted}");
        let fits = |path: &&&str| {
            let path = format!("/{}", folded(path));
            path.ends_with(&whole) || stem(&path).ends_with(&whole)
        };
        // A name with a dot in it may have an extension or not: `v1.0` is also `v1.0.md`.
        let last = paths::name(&wanted);
        let keys = [Some(last), Some(stem(last)).filter(|stem| *stem != last)];
        let named = keys.into_iter().flatten().filter_map(|key| self.by_name.get(key)).flatten();
        named.filter(fits).min_by_key(|path| (paths::parent(path) != folder, path.len(), **path)).copied()
    }
}

/// The name of the heading that the fragment of such a link means. Headings below headings are told
/// apart by the last one; a block (`^id`) is nothing that pages show.
pub fn heading(fragment: &str) -> Option<&str> {
    let last = fragment.rsplit('#').next().unwrap_or(fragment).trim();
    (!last.is_empty() && !last.starts_with('^')).then_some(last)
}

/// A name without its extension.
fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() && !stem.ends_with('/') && !end.contains('/') => stem,
        _ => name,
    }
}

fn folded(name: &str) -> String {
    name.to_lowercase().replace([' ', '_'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_by_its_name_wherever_it_stands() {
        let documents = [
            "wiki/Home.md",
            "wiki/deep/b.md",
            "wiki/b.md",
            "other/b.md",
            "wiki/Page-Name.md",
            "wiki/v1.0.md",
            "x/ü.rst",
        ];
        let names = Names::of(documents);
        for (target, folder, expected) in [
            ("b", "wiki", Some("wiki/b.md")),
            ("B", "other", Some("other/b.md")),
            ("b", "wiki/deep", Some("wiki/deep/b.md")),
            ("b", "", Some("wiki/b.md")),
            ("deep/b", "wiki", Some("wiki/deep/b.md")),
            ("/deep/b", "wiki", Some("wiki/deep/b.md")),
            ("b.md", "other", Some("other/b.md")),
            ("page name", "wiki", Some("wiki/Page-Name.md")),
            ("Page_Name", "x", Some("wiki/Page-Name.md")),
            ("v1.0", "wiki", Some("wiki/v1.0.md")),
            ("Ü", "wiki", Some("x/ü.rst")),
            ("b.html", "wiki", None),
            ("eep/b", "wiki", None),
            ("c", "wiki", None),
            ("", "wiki", None),
        ] {
            assert_eq!(names.find(target, folder), expected, "[[{target}]] in {folder}");
        }
    }

    #[test]
    fn the_last_heading_is_meant_and_blocks_are_none() {
        for (fragment, expected) in [("Head", Some("Head")), ("A#B c", Some("B c")), ("^id", None), ("", None)] {
            assert_eq!(heading(fragment), expected, "{fragment}");
        }
    }
}
