//! Addresses that a generator does not take from the names of files: what front matter asks for, and
//! dates in names.
//!
//! Sources keep the address of their path as well: whether a generator drops it is not told here.
//! Must not know the disk.

use std::collections::HashMap;

use crate::check::{paths, preset::Preset};

/// Bytes of a source that are looked at for its front matter.
pub const FRONT_BYTES: usize = 4_096;

/// What the front matter of a source says about its address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Front {
    /// By key, in lower case.
    values: HashMap<String, Vec<String>>,
}

impl Front {
    /// Of a text that begins with `---` or `+++`. Read by line, because keys that matter stand at the
    /// top level and have one value or a list of some.
    fn of(text: &str) -> Front {
        let mut front = Front::default();
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        let Some(fence) = lines.next().map(str::trim_end).filter(|line| matches!(*line, "---" | "+++")) else {
            return front;
        };
        let sign = if fence == "---" { ':' } else { '=' };
        let mut open: Option<String> = None;
        for line in lines.take_while(|line| line.trim_end() != fence) {
            let content = line.trim();
            let is_item = content.starts_with("- ") || (sign == '=' && content.starts_with(['"', '\'']));
            if let (Some(key), true) = (&open, is_item || content.starts_with(']')) {
                let item = content.trim_start_matches("- ");
                front.values.entry(key.clone()).or_default().extend(values(item));
            } else if let Some((key, value)) = line.split_once(sign).filter(|_| !line.starts_with([' ', '\t'])) {
                let key = key.trim().to_lowercase();
                // A table of TOML begins with its name in brackets, and what follows is not top level.
                front.values.insert(key.clone(), values(value).collect());
                open = Some(key);
            } else if sign == '=' && line.starts_with('[') {
                break;
            }
        }
        front
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.first().map(String::as_str)
    }

    fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.values.get(key).into_iter().flatten().map(String::as_str)
    }
}

/// The values of a line: one, or those of a list in brackets.
fn values(text: &str) -> impl Iterator<Item = String> {
    let text = text.split(" #").next().unwrap_or_default().trim().trim_end_matches(',');
    let text = text.trim_start_matches('[').trim_end_matches(']');
    let bare = |value: &str| value.trim().trim_matches(['"', '\'']).to_owned();
    text.split(',').map(bare).filter(|value| !value.is_empty()).collect::<Vec<_>>().into_iter()
}

/// Sources by addresses that their names do not tell.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    sources: HashMap<String, String>,
}

impl Routes {
    /// Whether sources of this preset have such addresses.
    pub fn are_kept(preset: Preset) -> bool {
        matches!(preset, Preset::Docusaurus | Preset::Hugo | Preset::GithubPages)
    }

    /// Takes in a source: its path, its path below the root, and how it begins.
    pub fn add(&mut self, preset: Preset, path: &str, below: &str, start: &str) {
        let front = Front::of(start);
        for address in addresses(preset, below, &front) {
            self.sources.entry(key(&address)).or_insert_with(|| path.to_owned());
        }
    }

    /// The source at an address, which is told as a path below the root.
    pub fn source(&self, below: &str) -> Option<&str> {
        self.sources.get(&key(below)).map(String::as_str)
    }
}

/// An address without what may be left out.
fn key(address: &str) -> String {
    let address = paths::follow("", address, paths::Floor::Start);
    let address = address.strip_suffix(".html").unwrap_or(&address);
    address.strip_suffix("/index").unwrap_or(address).to_owned()
}

fn addresses(preset: Preset, below: &str, front: &Front) -> Vec<String> {
    match preset {
        Preset::Hugo => hugo(below, front),
        Preset::Docusaurus => docusaurus(below, front),
        Preset::GithubPages => jekyll(below, front),
        Preset::Plain | Preset::Netlify | Preset::Nginx | Preset::Mkdocs => Vec::new(),
    }
}

/// An address that begins in a folder unless it begins with `/`.
fn within(folder: &str, address: &str) -> String {
    if address.starts_with('/') { address.to_owned() } else { paths::join(folder, address) }
}

/// The path of a page without extension, and without the name of an index.
fn page_of(below: &str) -> &str {
    let page = below.rsplit_once('.').map_or(below, |(stem, _)| stem);
    match paths::name(page) {
        "index" | "_index" | "README" => paths::parent(page),
        _ => page,
    }
}

fn hugo(below: &str, front: &Front) -> Vec<String> {
    let Some(page) = below.strip_prefix("content/").map(page_of) else { return Vec::new() };
    let folder = paths::parent(page);
    let slug = front.get("slug").map(|slug| paths::join(folder, slug));
    let url = front.get("url").map(|url| within("", url));
    // Aliases without `/` in front are relative to the folder of the page.
    let aliases = front.all("aliases").map(|alias| within(folder, alias));
    slug.into_iter().chain(url).chain(aliases).collect()
}

fn docusaurus(below: &str, front: &Front) -> Vec<String> {
    let page = page_of(below);
    let (part, rest) = page.split_once('/').unwrap_or(("", page));
    let slug = front.get("slug");
    match part {
        "blog" => {
            let own = slug.map(|slug| format!("blog/{slug}"));
            own.or_else(|| Some(format!("blog/{}", dated(rest)?.join("/")))).into_iter().collect()
        }
        _ => {
            let base = if part == "docs" { "docs" } else { "" };
            let folder = paths::parent(page);
            let slug = slug.map(|slug| match slug.strip_prefix('/') {
                Some(whole) => paths::join(base, whole),
                None => paths::join(folder, slug),
            });
            slug.or_else(|| Some(paths::join(folder, front.get("id")?))).into_iter().collect()
        }
    }
}

fn jekyll(below: &str, front: &Front) -> Vec<String> {
    // A template such as `/:title/` is filled in by Jekyll.
    let permalink = front.get("permalink").filter(|link| !link.contains(':')).map(|link| within("", link));
    let post = below.split_once("_posts/").filter(|(before, _)| before.is_empty() || before.ends_with('/'));
    let post = post.and_then(|(folder, name)| {
        let parts = dated(page_of(paths::name(name)))?.join("/");
        let own = front.all("categories").chain(front.all("category")).flat_map(str::split_whitespace);
        let categories: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).chain(own).collect();
        Some(paths::join(&categories.join("/").to_lowercase(), &parts))
    });
    permalink.into_iter().chain(post).collect()
}

/// Year, month, day and name of `2024-01-02-name`.
fn dated(name: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = name.splitn(4, ['-', '/']).collect();
    let [year, month, day, _] = parts.as_slice() else { return None };
    let is_number = |part: &str, len| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(year, 4) && is_number(month, 2) && is_number(day, 2)).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_and_dates_make_addresses() {
        use Preset::{Docusaurus, GithubPages, Hugo, Plain};
        for (preset, below, start, expected) in [
            (Docusaurus, "docs/a.md", "---\nslug: /hello\n---\n", &["docs/hello"][..]),
            (Docusaurus, "docs/x/a.md", "---\nslug: hello # x\n---\n", &["docs/x/hello"]),
            (Docusaurus, "docs/x/a.md", "---\nid: 'own'\n---\n", &["docs/x/own"]),
            (Docusaurus, "docs/x/a.md", "---\nslug: s\nid: own\n---\n", &["docs/x/s"]),
            (Docusaurus, "docs/x/a.md", "id: own\n", &[]),
            (Docusaurus, "blog/2024-01-02-dated.md", "", &["blog/2024/01/02/dated"]),
            (Docusaurus, "blog/2024-01-02-dated/index.mdx", "", &["blog/2024/01/02/dated"]),
            (Docusaurus, "blog/2024-01-02-dated.md", "---\nslug: own\n---\n", &["blog/own"]),
            (Docusaurus, "blog/plain.md", "", &[]),
            (Hugo, "content/posts/a.md", "---\nslug: s\n---\n", &["posts/s"]),
            (Hugo, "content/posts/a/index.md", "+++\nslug = \"s\"\n[params]\nurl = \"no\"\n+++\n", &["posts/s"]),
            (Hugo, "content/a.md", "---\nurl: /u/\naliases: [/old/, \"older\"]\n---\n", &["/u/", "/old/", "older"]),
            (Hugo, "content/p/a.md", "---\naliases:\n  - /old/\n  - b\ntitle: x\n---\n", &["/old/", "p/b"]),
            (Hugo, "content/a.md", "+++\naliases = [\n  \"/old/\",\n  \"/b\"\n]\nx = 1\n+++\n", &["/old/", "/b"]),
            (Hugo, "docs/a.md", "---\nslug: s\n---\n", &[]),
            (GithubPages, "a.md", "---\npermalink: /x/y.html\n---\n", &["/x/y.html"]),
            (GithubPages, "a.md", "---\npermalink: /:title/\n---\n", &[]),
            (GithubPages, "_posts/2024-01-02-t-u.md", "", &["2024/01/02/t-u"]),
            (GithubPages, "c/_posts/2024-01-02-t.md", "---\ncategories: [A, b]\n---\n", &["c/a/b/2024/01/02/t"]),
            (GithubPages, "_posts/t.md", "", &[]),
            (Plain, "a.md", "---\npermalink: /x\n---\n", &[]),
        ] {
            assert_eq!(addresses(preset, below, &Front::of(start)), expected, "{below} {start:?}");
        }
    }

    #[test]
    fn a_source_is_found_by_its_address_in_each_form() {
        let mut routes = Routes::default();
        routes.add(Preset::GithubPages, "site/_posts/2024-01-02-t.md", "_posts/2024-01-02-t.md", "");
        for address in ["2024/01/02/t", "2024/01/02/t.html", "2024/01/02/t/", "2024/01/02/t/index.html"] {
            assert_eq!(routes.source(address), Some("site/_posts/2024-01-02-t.md"), "{address}");
        }
        assert_eq!(routes.source("2024/01/02"), None);
    }
}
