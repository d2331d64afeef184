//! Paths of files as text with `/` between their parts, worked out without asking the disk.
//!
//! Relative paths are relative to where the run stands and may begin with `..`; absolute ones begin
//! with `/`. The empty path is where the run stands. Links are percent-decoded part by part, so
//! that `%2F` never becomes a separator. Must not know URLs or what exists.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What a part of a path cannot be in a link without being encoded (URL Standard, path
/// percent-encode set, and what would end the path).
const PART: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'%')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

/// The same path without `.`, `..` behind a name, and doubled `/`.
pub fn clean(path: &str) -> String {
    walk(if path.starts_with('/') { "/" } else { "" }, path.split('/').map(Cow::Borrowed), Floor::None)
}

/// How far up `..` may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// As far as it likes.
    None,
    /// Not above where it began, as browsers do: what is too much is dropped.
    Start,
}

/// The path that a reference leads to from the folder `from` (clean). The reference is a path as a
/// link has it: percent-encoded, `\` counts as `/` (URL Standard, special schemes).
pub fn follow(from: &str, reference: &str, floor: Floor) -> String {
    walk(from, reference.split(['/', '\\']).map(decode), floor)
}

fn walk<'a>(from: &'a str, parts: impl Iterator<Item = Cow<'a, str>>, floor: Floor) -> String {
    let is_absolute = from.starts_with('/');
    let mut stack: Vec<Cow<'a, str>> = from.split('/').filter(|part| !part.is_empty()).map(Cow::Borrowed).collect();
    let start = if floor == Floor::Start { stack.len() } else { 0 };
    for part in parts {
        match &*part {
            "" | "." => {}
            ".." if stack.len() > start && stack.last().is_some_and(|last| last != "..") => {
                stack.pop();
            }
            ".." if is_absolute || floor == Floor::Start => {}
            _ => stack.push(part),
        }
    }
    let mut out = String::new();
    if is_absolute {
        out.push('/');
    }
    for (index, part) in stack.iter().enumerate() {
        if index > 0 {
            out.push('/');
        }
        out.push_str(part);
    }
    out
}

/// A part of a path, percent-decoded. What would then hold a separator or NUL stays as it is: no
/// file has such a name. Bytes that are no UTF-8 become U+FFFD.
fn decode(part: &str) -> Cow<'_, str> {
    match percent_decode_str(part).decode_utf8_lossy() {
        decoded if decoded.contains(['/', '\0']) => Cow::Borrowed(part),
        decoded => decoded,
    }
}

/// Whether a path was written with `/` at its end: servers tell `/x` from `/x/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// `/x`
    Leaf,
    /// `/x/`, also `.` and `..`
    Folder,
}

/// What a reference names a place by. The folders of a project are not those of its site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// Its address on the site: `/x`, `https://…`, anything from a page.
    Address,
    /// Its path among the files, from the document.
    Path,
}

/// Which form a reference's path has.
pub fn form_of(path: &str) -> Form {
    let last = path.rsplit(['/', '\\']).next().unwrap_or_default();
    match last.to_ascii_lowercase().replace("%2e", ".").as_str() {
        "" | "." | ".." => Form::Folder,
        _ => Form::Leaf,
    }
}

/// The folder that a path stands in.
pub fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) => "/",
        Some(at) => &path[..at],
        None => "",
    }
}

/// The last part.
pub fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `folder/name`.
pub fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        _ if name.is_empty() => folder.to_owned(),
        _ if folder.ends_with('/') => format!("{folder}{name}"),
        _ => format!("{folder}/{name}"),
    }
}

/// What of `path` lies below `root` (both clean), empty for the root itself; `None` if it lies
/// elsewhere.
pub fn below<'a>(path: &'a str, root: &str) -> Option<&'a str> {
    let rest = match root {
        "" if path.starts_with('/') => return None,
        "" => path,
        "/" => path.strip_prefix('/')?,
        _ => match path.strip_prefix(root)? {
            "" => "",
            rest => rest.strip_prefix('/')?,
        },
    };
    let climbs = rest == ".." || rest.starts_with("../");
    (!climbs).then_some(rest)
}

/// The way from a folder to a path (both clean): `../img/x.png`. `None` if the folder lies above
/// where the names are known.
pub fn way(folder: &str, path: &str) -> Option<String> {
    if folder.starts_with('/') != path.starts_with('/') {
        return None;
    }
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (parts(folder), parts(path));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if from[common..].iter().any(|part| part == "..") {
        return None;
    }
    let up = from[common..].iter().map(|_| "..");
    let down = to[common..].iter().map(String::as_str);
    let way: Vec<&str> = up.chain(down).collect();
    Some(if way.is_empty() { ".".to_owned() } else { way.join("/") })
}

/// The path as a link has it: encoded where it must be.
pub fn encode(path: &str) -> String {
    utf8_percent_encode(path, PART).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_without_the_disk() {
        for (path, clean_path) in [
            ("", ""),
            (".", ""),
            ("./a//b/", "a/b"),
            ("a/../b", "b"),
            ("../a/../../b", "../../b"),
            ("/..//a/./b", "/a/b"),
            ("/", "/"),
        ] {
            assert_eq!(clean(path), clean_path, "{path}");
        }
    }

    #[test]
    fn references_are_followed_from_a_folder() {
        for (from, reference, floor, to) in [
            ("docs", "a.md", Floor::None, "docs/a.md"),
            ("docs", "../a%20b.md", Floor::None, "a b.md"),
            ("docs", "../../x", Floor::None, "../x"),
            ("docs", "../../x", Floor::Start, "docs/x"),
            ("", "../x", Floor::Start, "x"),
            ("docs", "%2e%2E/x", Floor::None, "x"),
            ("docs", r"sub\x", Floor::None, "docs/sub/x"),
            ("docs", "a%2Fb", Floor::None, "docs/a%2Fb"),
            ("docs", "%00", Floor::None, "docs/%00"),
            ("docs", "100%", Floor::None, "docs/100%"),
            ("docs", "%C3%BC.md", Floor::None, "docs/ü.md"),
            ("/", "../etc", Floor::None, "/etc"),
        ] {
            assert_eq!(follow(from, reference, floor), to, "{from} {reference}");
        }
    }

    #[test]
    fn what_lies_below_a_root_is_told_from_what_does_not() {
        for (path, root, rest) in [
            ("site/a/b", "site", Some("a/b")),
            ("site", "site", Some("")),
            ("sites/a", "site", None),
            ("a", "", Some("a")),
            ("../a", "", None),
            ("/a", "", None),
            ("/a", "/", Some("a")),
            ("../../x", "..", None),
            ("../x", "..", Some("x")),
            ("..x", "", Some("..x")),
        ] {
            assert_eq!(below(path, root), rest, "{path} in {root}");
        }
    }

    #[test]
    fn the_way_between_two_places_is_as_people_write_it() {
        for (folder, path, to) in [
            ("docs/a", "docs/b/c.md", Some("../b/c.md")),
            ("docs", "docs/x.md", Some("x.md")),
            ("", "x.md", Some("x.md")),
            ("docs", "docs", Some(".")),
            ("..", "x", None),
            ("/a", "x", None),
        ] {
            assert_eq!(way(folder, path).as_deref(), to, "{folder} to {path}");
        }
        assert_eq!(encode("a b/ü#1%.md"), "a%20b/%C3%BC%231%25.md");
    }

    proptest::proptest! {
        #[test]
        fn a_way_leads_where_it_should(folder in "([a-c]/){0,3}[a-c]?", path in "([a-c]/){0,3}[a-c]") {
            let (folder, path) = (clean(&folder), clean(&path));
            let way = way(&folder, &path).unwrap();
            proptest::prop_assert_eq!(follow(&folder, &encode(&way), Floor::None), path);
        }
    }
}
