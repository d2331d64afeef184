//! How a folder is deployed: what each kind of server or generator answers to `/x`, `/x/`,
//! `/x.html`, `/x.md`.
//!
//! A preset is a row of facts that [`super::files`] goes through. Presets of generators also take
//! their sources, so that links can be checked before the site is built. Must not look at files.

use std::str::FromStr;

use crate::model::units::nearest;

/// How a folder is deployed (`--preset`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Files as they are: an editor, a repository's pages, `file:`.
    #[default]
    Plain,
    /// GitHub Pages, sources of Jekyll included.
    GithubPages,
    /// Netlify with pretty URLs, and `_redirects`.
    Netlify,
    /// nginx with `index index.html`.
    Nginx,
    /// MkDocs with directory URLs, built or source.
    Mkdocs,
    /// Docusaurus, built or source.
    Docusaurus,
    /// Hugo with pretty URLs, built or source.
    Hugo,
}

/// What a deployment answers with.
#[derive(Clone, Copy, Debug)]
pub struct Serves {
    /// Files that stand for their folder.
    pub indexes: &'static [&'static str],
    /// What may be left out at the end of `/x`.
    pub leaf: &'static [&'static str],
    /// What may be left out at the end of `/x/`, with the slash.
    pub folder: &'static [&'static str],
    /// Written so, kept so: an address's end and the end of the file that becomes it.
    pub swaps: &'static [(&'static str, &'static str)],
    /// Folders below the root whose files appear at the root.
    pub roots: &'static [&'static str],
    /// What a folder without index file is.
    pub bare: Bare,
    /// Whether `01-intro` appears as `intro`.
    pub numbered: Numbered,
    /// Whether `_redirects` counts.
    pub redirects: Redirects,
}

/// What a folder without index file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// A list of its files, or something that can be opened.
    Shown,
    /// An error.
    Refused,
}

/// What becomes of numbers in front of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbered {
    /// They stay.
    Kept,
    /// They are for sorting only.
    Cut,
}

/// Whether a `_redirects` file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// It does.
    Read,
    /// It is a file like others.
    Ignored,
}

const PLAIN: Serves = Serves {
    indexes: &["index.html", "index.htm", "README.md", "index.md"],
    leaf: &[],
    folder: &[],
    swaps: &[],
    roots: &[],
    bare: Bare::Shown,
    numbered: Numbered::Kept,
    redirects: Redirects::Ignored,
};

impl Preset {
    /// Every preset.
    pub const ALL: [Preset; 7] = [
        Preset::Plain,
        Preset::GithubPages,
        Preset::Netlify,
        Preset::Nginx,
        Preset::Mkdocs,
        Preset::Docusaurus,
        Preset::Hugo,
    ];

    /// The name that `--preset` has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Preset::Plain => "plain",
            Preset::GithubPages => "github-pages",
            Preset::Netlify => "netlify",
            Preset::Nginx => "nginx",
            Preset::Mkdocs => "mkdocs",
            Preset::Docusaurus => "docusaurus",
            Preset::Hugo => "hugo",
        }
    }

    /// Files of which one marks the folder of its project.
    pub const fn marks(self) -> &'static [&'static str] {
        match self {
            Preset::Plain | Preset::Netlify | Preset::Nginx => &[],
            Preset::GithubPages => &["_config.yml", "_config.yaml", "_config.toml"],
            Preset::Mkdocs => &["mkdocs.yml", "mkdocs.yaml"],
            Preset::Docusaurus => &[
                "docusaurus.config.js",
                "docusaurus.config.ts",
                "docusaurus.config.mjs",
                "docusaurus.config.cjs",
                "docusaurus.config.mts",
            ],
            Preset::Hugo => &["hugo.toml", "hugo.yaml", "hugo.json", "config.toml", "config.yaml"],
        }
    }

    /// What paths from the folder of the project begin with in its documents.
    pub const fn home(self) -> Option<&'static str> {
        match self {
            Preset::Docusaurus => Some("@site/"),
            _ => None,
        }
    }

    /// What it answers with.
    pub const fn serves(self) -> Serves {
        match self {
            Preset::Plain => PLAIN,
            // `/x` is x.html before x/; Jekyll turns x.md into x.html and, by default plugins, takes
            // README.md as index and links to .md files as meant for the page.
            Preset::GithubPages => Serves {
                indexes: &["index.html", "index.md", "README.md"],
                leaf: &[".html", ".md"],
                swaps: &[(".html", ".md"), (".css", ".scss"), (".css", ".sass")],
                bare: Bare::Refused,
                ..PLAIN
            },
            Preset::Netlify => Serves {
                indexes: &["index.html", "index.htm"],
                leaf: &[".html", ".htm"],
                folder: &[".html", ".htm"],
                bare: Bare::Refused,
                redirects: Redirects::Read,
                ..PLAIN
            },
            Preset::Nginx => Serves { indexes: &["index.html"], bare: Bare::Refused, ..PLAIN },
            // x.md becomes x/index.html.
            Preset::Mkdocs => Serves {
                indexes: &["index.html", "index.md", "README.md"],
                leaf: &[".md"],
                folder: &[".md"],
                bare: Bare::Refused,
                ..PLAIN
            },
            Preset::Docusaurus => Serves {
                indexes: &["index.html", "index.md", "index.mdx", "README.md", "README.mdx"],
                leaf: &[".html", ".md", ".mdx"],
                folder: &[".html", ".md", ".mdx"],
                roots: &["static", "src/pages"],
                bare: Bare::Refused,
                numbered: Numbered::Cut,
                ..PLAIN
            },
            Preset::Hugo => Serves {
                indexes: &["index.html", "_index.md", "index.md"],
                leaf: &[".md"],
                folder: &[".md"],
                roots: &["content", "static"],
                bare: Bare::Refused,
                ..PLAIN
            },
        }
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Preset::ALL.iter().map(|preset| preset.name());
        Preset::ALL.iter().find(|preset| preset.name() == name).copied().ok_or_else(|| match nearest(name, names()) {
            Some(near) => format!("unknown preset `{name}`; did you mean `{near}`?"),
            None => format!("unknown preset `{name}`; there are {}", names().collect::<Vec<_>>().join(", ")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_read_by_name() {
        for preset in Preset::ALL {
            assert_eq!(preset.name().parse(), Ok(preset));
        }
        assert!("github-page".parse::<Preset>().unwrap_err().contains("`github-pages`"));
        assert!("?".parse::<Preset>().unwrap_err().contains("nginx, mkdocs"));
    }
}
