//! The name of the file itself, out of the last part of a path and the query.
//!
//! | the URL ends with | the name is |
//! | --- | --- |
//! | `/` | `index.html`, or `index` and the extension of its type |
//! | `/a.css` | `a.css` |
//! | `/a.php?x=1` | `a~x=1.php` |
//! | `/a` | `a+`, and the extension of its type: `a+.html` |
//! | `/index.html` | `index+.html`: it may be another page than `/` |

use super::{
    PART,
    safe::{self, Part},
};

/// Media types whose extension a name gets that has none.
const TYPES: &[(&str, &str)] = &[
    ("text/html", "html"),
    ("application/xhtml+xml", "xhtml"),
    ("application/json", "json"),
    ("application/ld+json", "jsonld"),
    ("application/xml", "xml"),
    ("text/xml", "xml"),
    ("application/rss+xml", "xml"),
    ("application/atom+xml", "xml"),
    ("text/plain", "txt"),
    ("text/markdown", "md"),
    ("text/css", "css"),
    ("text/csv", "csv"),
    ("text/javascript", "js"),
    ("application/javascript", "js"),
    ("application/pdf", "pdf"),
    ("application/zip", "zip"),
    ("application/gzip", "gz"),
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
    ("image/avif", "avif"),
    ("image/svg+xml", "svg"),
    ("image/x-icon", "ico"),
    ("audio/mpeg", "mp3"),
    ("video/mp4", "mp4"),
    ("video/webm", "webm"),
    ("font/woff2", "woff2"),
];

/// The last part of a URL.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf<'a> {
    kind: Kind,
    stem: &'a str,
    query: Option<&'a str>,
    ext: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A folder was asked for.
    Index,
    /// It has an extension of its own.
    Named,
    /// It has none.
    Bare,
}

impl<'a> Leaf<'a> {
    /// Of the last part of a path.
    pub fn of(last: &'a str, query: Option<&'a str>, media_type: Option<&str>) -> Leaf<'a> {
        let by_type = media_type.and_then(|wanted| TYPES.iter().find(|(name, _)| *name == wanted)).map(|(_, ext)| *ext);
        match (last, safe::extension(last)) {
            ("", _) => Leaf { kind: Kind::Index, stem: "index", query, ext: Some(by_type.unwrap_or("html")) },
            (_, Some((stem, ext))) => Leaf { kind: Kind::Named, stem, query, ext: Some(ext) },
            (_, None) => Leaf { kind: Kind::Bare, stem: last, query, ext: by_type },
        }
    }

    /// One that is made of a name, and will not be exact.
    pub fn similar(stem: &'a str, ext: Option<&'a str>) -> Leaf<'a> {
        Leaf { kind: Kind::Named, stem, query: None, ext }
    }

    /// The extension, with its dot.
    pub fn extension(&self) -> String {
        self.ext.map(|ext| format!(".{ext}")).unwrap_or_default()
    }

    /// The name that can be read back, without its extension, if there is one.
    pub fn stem(&self) -> Option<String> {
        let mut name = self.stem.to_owned();
        if let Some(query) = self.query {
            if !query.bytes().all(|byte| safe::is_plain(byte) || byte == b'&') {
                return None;
            }
            name.push('~');
            name.push_str(query);
        }
        let is_index = self.stem == "index";
        let marked = match self.kind {
            Kind::Index => false,
            Kind::Bare if is_index => return None,
            Kind::Bare => true,
            Kind::Named => is_index,
        };
        if !safe::exact(self.stem, Part::File) || name.ends_with('+') || safe::ends_with_key(&name) {
            return None;
        }
        if marked {
            name.push('+');
        }
        Some(name)
    }

    /// The name that can be read back, if there is one.
    pub fn exact(&self) -> Option<String> {
        Some(self.stem()? + &self.extension())
    }

    /// A name that is similar, without its extension.
    pub fn stem_named(&self, key: &str) -> String {
        let query = self.query.map(|query| format!("_{query}")).unwrap_or_default();
        format!("{}~{key}", safe::similar(&format!("{}{query}", self.stem), PART / 2))
    }

    /// A name that is similar.
    pub fn named(&self, key: &str) -> String {
        self.stem_named(key) + &self.extension()
    }
}
