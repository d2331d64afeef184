//! What a link leads to: a file, an address, a mailbox, a place on the same page.
//!
//! A document is a file, a page, or a file that will be a page (`--base-url`). References resolve
//! as browsers do it (URL Standard; HTML, `base`); without an address files are walked the same
//! way on their paths. Must not know what exists.

use std::borrow::Cow;

use ::url::{ParseError, Url};

use super::{
    paths::{self, Floor, Form, Way, form_of},
    remap::remap,
    site::{Edge, Site},
};
use crate::{model::redact, policy::url::MAX_URL};

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file or folder, as paths of this run name it.
    File {
        /// The path, clean, percent-decoded, the query cut.
        path: String,
        /// How it was written.
        form: Form,
        /// What names it.
        way: Way,
        /// What stands behind `#`, as written.
        fragment: Option<String>,
    },
    /// Above the root of the site: nothing of it is served.
    Above {
        /// The path as written.
        path: String,
    },
    /// Below a root that nobody knows.
    Rootless {
        /// The path as written, with its `/` in front.
        path: String,
    },
    /// An address.
    Url {
        /// Without fragment.
        url: Url,
        /// What stands behind `#`, as the address has it.
        fragment: Option<String>,
    },
    /// What stands behind `mailto:`.
    Mail(String),
    /// What stands behind `tel:`.
    Tel(String),
    /// The document itself.
    SamePage {
        /// What stands behind `#`.
        fragment: Option<String>,
    },
    /// Something that is not looked at: `javascript`, `data`, an application's own scheme.
    Other {
        /// The scheme, lower case.
        scheme: String,
    },
    /// Nothing that a browser could follow.
    Invalid {
        /// A sentence.
        message: String,
    },
}

/// Where a document stands, worked out once for all its links.
#[derive(Clone, Debug)]
pub struct Base<'s> {
    site: &'s Site,
    document: Place,
    here: Place,
    /// What relative references are joined to, where that is an address: the page's, or the one
    /// that the file will have.
    address: Option<Url>,
}

/// A place that references start from.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// A file, or a folder in which references start.
    File(String),
    Folder(String),
    Page(Url),
}

impl Place {
    fn address(&self, site: &Site) -> Option<Url> {
        match self {
            Place::Page(url) => Some(url.clone()),
            Place::File(path) => site.url_of(path),
            Place::Folder(path) => site.url_of(&paths::join(path, "index.html")),
        }
    }
}

impl<'s> Base<'s> {
    /// Of a file; the path as this run names it.
    pub fn of_file(site: &'s Site, path: &str) -> Self {
        let place = Place::File(paths::clean(path));
        Base { site, address: place.address(site), here: place.clone(), document: place }
    }

    /// Of a page that was fetched from here.
    pub fn of_page(site: &'s Site, url: &Url) -> Self {
        let mut url = url.clone();
        url.set_fragment(None);
        Base { site, address: Some(url.clone()), here: Place::Page(url.clone()), document: Place::Page(url) }
    }

    /// With the `href` of its `<base>`, as written. One that leads nowhere counts as absent (HTML,
    /// "set the frozen base URL").
    pub fn with_href(mut self, href: Option<&str>) -> Self {
        let place = href.and_then(|href| match lead(href, &self) {
            Lead::File { path, form: Form::Leaf, .. } => Some(Place::File(path)),
            Lead::File { path, .. } => Some(Place::Folder(path)),
            Lead::Url(mut url) => {
                url.set_fragment(None);
                Some(Place::Page(url))
            }
            _ => None,
        });
        if let Some(place) = place {
            self.address = place.address(self.site);
            self.here = place;
        }
        self
    }

    /// The folder in which relative references start, where that is a folder of this run.
    pub fn folder(&self) -> Option<&str> {
        match &self.here {
            Place::File(path) => Some(paths::parent(path)),
            Place::Folder(path) => Some(path),
            Place::Page(_) => None,
        }
    }

    /// The folder that `/` stands for.
    pub fn root(&self) -> Option<&str> {
        self.site.root.as_deref()
    }
}

/// Where a reference leads before it is asked what stands there.
enum Lead {
    File { path: String, form: Form, fragment: Option<String> },
    Above(String),
    Rootless(String),
    Url(Url),
    Scheme { scheme: String, rest: String },
    Invalid(String),
}

/// What the reference `value` leads to from `base`. The value is meant, not written: entities and
/// escapes of the format are decoded.
pub fn resolve(value: &str, base: &Base<'_>) -> Target {
    match lead(value, base) {
        Lead::File { path, form, fragment } => match &base.document {
            Place::File(own) if *own == path && form == Form::Leaf => Target::SamePage { fragment },
            _ => Target::File { path, form, way: way_of(value, base), fragment },
        },
        Lead::Above(path) => Target::Above { path },
        Lead::Rootless(path) => Target::Rootless { path },
        Lead::Url(url) => address(url, way_of(value, base), base),
        Lead::Scheme { scheme, rest } => match scheme.as_str() {
            "mailto" => Target::Mail(rest),
            "tel" => Target::Tel(rest),
            "file" => local(&format!("file:{rest}")),
            _ => Target::Other { scheme },
        },
        Lead::Invalid(message) => Target::Invalid { message },
    }
}

/// What names the target: references from a file to what stands beside it are paths, whatever
/// address the file will have.
fn way_of(value: &str, base: &Base<'_>) -> Way {
    let value = tidy(value);
    let is_beside = matches!(base.document, Place::File(_)) && base.here == base.document;
    match is_beside && !value.starts_with(['/', '\\']) && scheme_of(&value).is_none() {
        true => Way::Path,
        false => Way::Address,
    }
}

/// What an address stands for: the page itself, a file of the site, or something on the network.
fn address(url: Url, way: Way, base: &Base<'_>) -> Target {
    let url = match remap(url.as_str(), &base.site.remaps) {
        Cow::Borrowed(_) => url,
        Cow::Owned(mapped) if mapped.starts_with("file:") => return local(&mapped),
        Cow::Owned(mapped) => match Url::parse(&mapped) {
            Ok(url) => url,
            Err(error) => {
                let message = format!(
                    "--remap turned it into `{mapped}`, which is not an address: {error}",
                    mapped = redact::reference(&mapped)
                );
                return Target::Invalid { message };
            }
        },
    };
    let fragment = url.fragment().map(str::to_owned);
    let mut url = url;
    url.set_fragment(None);
    if let Some((path, form)) = base.site.file_of(&url) {
        return match &base.document {
            Place::File(own) if *own == path && form == Form::Leaf => Target::SamePage { fragment },
            _ => Target::File { path, form, way, fragment },
        };
    }
    if matches!(&base.document, Place::Page(own) if *own == url) {
        return Target::SamePage { fragment };
    }
    if url.as_str().len() > MAX_URL {
        return Target::Invalid { message: format!("the address is longer than {MAX_URL} bytes") };
    }
    Target::Url { url, fragment }
}

/// A `file:` address as a file of this machine.
fn local(text: &str) -> Target {
    match Url::parse(text) {
        Ok(url) if url.host_str().is_none_or(str::is_empty) => Target::File {
            path: paths::follow("/", url.path(), Floor::Start),
            form: form_of(url.path()),
            way: Way::Path,
            fragment: url.fragment().map(str::to_owned),
        },
        Ok(_) => Target::Other { scheme: "file".to_owned() },
        Err(error) => Target::Invalid { message: format!("not a file: address: {error}") },
    }
}

fn lead(value: &str, base: &Base<'_>) -> Lead {
    let value = tidy(value);
    if let (Some(home), Some(root)) = (base.site.home, base.site.root.as_deref())
        && let Some(way) = value.strip_prefix(home)
    {
        let (path, fragment) =
            way.split_once('#').map_or((way, None), |(path, behind)| (path, Some(behind.to_owned())));
        let path = path.split('?').next().unwrap_or_default();
        return Lead::File { path: paths::follow(root, path, Floor::Start), form: form_of(path), fragment };
    }
    match scheme_of(&value) {
        Some((scheme, _)) if matches!(&*scheme, "http" | "https") => join(&value, base),
        Some((scheme, rest)) if scheme.len() == 1 && rest.starts_with(['\\', '/']) => {
            Lead::Invalid(format!("`{scheme}:` is a drive of one machine, not an address"))
        }
        Some((scheme, rest)) => {
            let rest = rest.to_owned();
            Lead::Scheme { scheme, rest }
        }
        None if base.address.is_some() => join(&value, base),
        None if value.starts_with(['/', '\\']) && value[1..].starts_with(['/', '\\']) => {
            parsed(Url::parse(&format!("https:{value}")), &value)
        }
        None => walk(&value, base),
    }
}

/// By the rules of the URL Standard.
fn join(value: &str, base: &Base<'_>) -> Lead {
    match &base.address {
        Some(address) => parsed(address.join(value), value),
        None => parsed(Url::parse(value), value),
    }
}

fn parsed(url: Result<Url, ParseError>, value: &str) -> Lead {
    match url {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Lead::Url(url),
        Ok(url) => {
            let rest = url.as_str().split_once(':').map_or("", |(_, rest)| rest).to_owned();
            Lead::Scheme { scheme: url.scheme().to_owned(), rest }
        }
        Err(error) => {
            let shown: String = redact::reference(value).chars().take(200).collect();
            Lead::Invalid(format!("`{shown}` is not an address: {error}"))
        }
    }
}

/// A reference without a scheme from a file without an address.
fn walk(value: &str, base: &Base<'_>) -> Lead {
    let (reference, fragment) = match value.split_once('#') {
        Some((reference, fragment)) => (reference, Some(fragment.to_owned())),
        None => (value, None),
    };
    let path = reference.split_once('?').map_or(reference, |(path, _)| path);
    if path.is_empty() {
        // The document that the base stands for: with `<base>` that is another one.
        return match &base.here {
            Place::File(own) => Lead::File { path: own.clone(), form: Form::Leaf, fragment },
            Place::Folder(own) => Lead::File { path: own.clone(), form: Form::Folder, fragment },
            Place::Page(_) => join(value, base),
        };
    }
    let form = form_of(path);
    let root = base.site.root.as_deref();
    if path.starts_with(['/', '\\']) {
        return match root {
            Some(root) => Lead::File { path: paths::follow(root, path, Floor::Start), form, fragment },
            None => Lead::Rootless(path.to_owned()),
        };
    }
    let folder = base.folder().unwrap_or_default();
    let to = paths::follow(folder, path, Floor::None);
    let is_above = |root| paths::below(folder, root).is_some() && paths::below(&to, root).is_none();
    match root {
        Some(root) if base.site.edge == Edge::Closed && is_above(root) => Lead::Above(path.to_owned()),
        _ => Lead::File { path: to, form, fragment },
    }
}

/// Without what the URL Standard's parser drops: blanks and controls around it, tabs and line
/// ends within.
fn tidy(value: &str) -> Cow<'_, str> {
    let value = value.trim_matches(|c: char| c <= ' ');
    match value.contains(['\t', '\n', '\r']) {
        true => Cow::Owned(value.replace(['\t', '\n', '\r'], "")),
        false => Cow::Borrowed(value),
    }
}

/// The scheme in lower case, and what stands behind its colon.
fn scheme_of(value: &str) -> Option<(String, &str)> {
    let (scheme, rest) = value.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then(|| (scheme.to_ascii_lowercase(), rest))
}

#[cfg(test)]
#[path = "target/tests.rs"]
mod tests;
