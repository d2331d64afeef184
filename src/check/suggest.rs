//! What could stand there instead: the nearest of the names that exist, and how a link would
//! write it.
//!
//! Bounded: a page with a hundred thousand names costs no more than one with a few thousand. Must
//! not know whether a suggestion is taken.

use super::paths;

/// Names looked at for one suggestion.
const CANDIDATES: usize = 10_000;

/// Work for one suggestion: products of lengths, added up (about 50 ms).
const BUDGET: usize = 8_000_000;

/// Longest name that is compared, in bytes.
const LONGEST: usize = 200;

/// Likeness (0 to 1) from which another name is worth showing: one letter in five may differ.
const LIKE: f64 = 0.8;

/// How near a name is.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Nearness {
    /// It looks alike: for people to judge.
    Alike(f64),
    /// The same letters and digits in the same order; only case and separators differ.
    SameLetters,
}

/// The candidate nearest to `name`, if one is near enough; the first of several.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_with(name, candidates).map(|(candidate, _)| candidate)
}

/// The same, and how near it is.
pub fn nearest_with<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<(&'a str, Nearness)> {
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let (lower, bare) = (name.to_lowercase(), letters(name).collect::<String>());
    let mut budget = BUDGET;
    let mut best: Option<(&str, Nearness)> = None;
    for candidate in candidates.into_iter().take(CANDIDATES) {
        if candidate.len() > LONGEST || candidate == name {
            continue;
        }
        if !bare.is_empty() && letters(candidate).eq(bare.chars()) {
            return Some((candidate, Nearness::SameLetters));
        }
        let (short, long) = (name.len().min(candidate.len()), name.len().max(candidate.len()));
        let Some(left) = budget.checked_sub(short * long) else { break };
        // What is missing in length is missing in likeness.
        if (short as f64) < LIKE * long as f64 {
            continue;
        }
        budget = left;
        let other = candidate.to_lowercase();
        let length = lower.chars().count().max(other.chars().count());
        let like = 1.0 - strsim::osa_distance(&lower, &other) as f64 / length.max(1) as f64;
        let near = Nearness::Alike(like);
        if like >= LIKE && best.is_none_or(|(_, before)| near > before) {
            best = Some((candidate, near));
        }
    }
    best
}

/// The same among names of files: where the extension is the same, what stands before it has to be
/// near, because `y.html` is not nearly `p.html`.
pub fn nearest_file<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let Some((stem, end)) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) else {
        return nearest(name, candidates);
    };
    let (same, other): (Vec<&str>, Vec<&str>) =
        candidates.into_iter().take(CANDIDATES).partition(|one| one.rsplit_once('.').is_some_and(|one| one.1 == end));
    let stem_of = |one: &'a str| one.strip_suffix(end).and_then(|one| one.strip_suffix('.'));
    let same_end = nearest_with(stem, same.iter().filter_map(|one| stem_of(one)));
    let whole = nearest_with(name, other);
    match (same_end, whole) {
        (Some((near, how)), whole) if whole.is_none_or(|(_, other)| how >= other) => {
            same.into_iter().find(|one| stem_of(one) == Some(near))
        }
        (_, whole) => whole.map(|(near, _)| near),
    }
}

/// Letters and digits in lower case.
fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// A link to the file `path` in the form that the link `value` has: from the root or relative, `./`
/// in front or not, with its query and fragment. `folder` is where relative links start, `root`
/// what `/` stands for. `None` if it cannot be written that way.
pub fn spell(value: &str, path: &str, folder: &str, root: Option<&str>) -> Option<String> {
    let value = value.trim();
    let end = value.find(['?', '#']).unwrap_or(value.len());
    let (old, rest) = value.split_at(end);
    if old.contains(':') || old.starts_with("//") {
        return None;
    }
    let way = match old.starts_with(['/', '\\']) {
        true => format!("/{}", paths::encode(paths::below(path, root?)?)),
        false => {
            let way = paths::encode(&paths::way(folder, path)?);
            // `a:b` would be read as a scheme.
            let needs_dot = way.split('/').next().is_some_and(|first| first.contains(':'));
            let has_dot = old.starts_with("./") && !way.starts_with('.');
            if needs_dot || has_dot { format!("./{way}") } else { way }
        }
    };
    let slash = if old.ends_with('/') && !way.ends_with('/') { "/" } else { "" };
    Some(format!("{way}{slash}{rest}"))
}

/// The link with another fragment.
pub fn with_fragment(value: &str, fragment: &str) -> String {
    let before = value.split_once('#').map_or(value, |(before, _)| before);
    let fragment = percent_encoding::utf8_percent_encode(fragment, &FRAGMENT);
    format!("{before}#{fragment}")
}

/// What a fragment cannot hold (URL Standard, fragment percent-encode set), and `%`, which would
/// be decoded.
const FRAGMENT: percent_encoding::AsciiSet =
    percent_encoding::CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'%');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_that_could_be_meant() {
        let names = ["installation", "uninstall", "get_started", "usage-1", "usage-2", "ÜBER-uns"];
        for (name, near) in [
            ("instalation", Some("installation")),
            ("Installation", Some("installation")),
            ("install", None),
            ("get-started", Some("get_started")),
            ("über-uns", Some("ÜBER-uns")),
            ("usage_2", Some("usage-2")),
            ("usaeg-1", Some("usage-1")),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, names), near, "{name}");
        }
        assert_eq!(nearest_with("usage_2", names).unwrap().1, Nearness::SameLetters);
        assert!(matches!(nearest_with("usage-3", names).unwrap().1, Nearness::Alike(_)));
        assert_eq!(nearest("--", ["__", "-"]), None);
        assert_eq!(nearest("same", ["same"]), None, "what is there is no suggestion");
    }

    #[test]
    fn the_extension_makes_no_two_files_alike() {
        let names = ["p.html", "guide.html", "guide.md", "a.b", "get-started.html"];
        for (name, near) in [
            ("y.html", None),
            ("giude.html", Some("guide.html")),
            ("guide.htm", Some("guide.html")),
            ("get_started.html", Some("get-started.html")),
            ("giude.md", Some("guide.md")),
            ("p", None),
            ("p.html", None),
        ] {
            assert_eq!(nearest_file(name, names), near, "{name}");
        }
    }

    #[test]
    fn a_suggestion_costs_no_more_on_a_huge_page() {
        let names: Vec<String> = (0..200_000).map(|n| format!("{}{n:0>9}", "long-name-".repeat(19))).collect();
        let begun = std::time::Instant::now();
        nearest(&"long-nome-".repeat(20), names.iter().map(String::as_str));
        assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
    }

    #[test]
    fn a_suggestion_is_written_as_the_link_was() {
        for (value, path, spelled) in [
            ("../Guide.md#x", "guide.md", Some("../guide.md#x")),
            ("./a.md", "docs/A b.md", Some("./A%20b.md")),
            ("/docs/a?x", "docs/A", Some("/docs/A?x")),
            ("sub/", "docs/Sub", Some("Sub/")),
            ("a.md", "docs/x:y.md", Some("./x:y.md")),
            ("/x", "../outside", None),
            ("https://h/x", "x", None),
        ] {
            assert_eq!(spell(value, path, "docs", Some("")).as_deref(), spelled, "{value}");
        }
        assert_eq!(with_fragment("a.md#old", "neu 100%"), "a.md#neu%20100%25");
    }
}
