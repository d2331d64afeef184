//! What is asked for: URLs, where they lead, and the names of files that are made of them.

use std::collections::HashSet;

use http::Method;
use url::Url;

use super::tools::{QUICK, choice, halves, lengthened, within};
use crate::{
    archive::surt::surt,
    check::{
        Base, Site,
        paths::{self, Floor},
        resolve,
    },
    model::{ToldBy, record::host_key, redact},
    policy::{
        canonical::{self, Tracking},
        name::{Case, Subject, Template},
        redirect,
        robots::path_and_query,
        scope::Scope,
        url::{MAX_URL, canonical as one_spelling, normalise},
    },
    settings::AssumeScheme,
};

/// What every URL that is asked for is.
fn is_fit(url: &Url) {
    assert!(matches!(url.scheme(), "http" | "https"), "{url}");
    assert!(url.host_str().is_some_and(|host| !host.is_empty()), "{url}");
    assert!(url.fragment().is_none() && url.as_str().len() <= MAX_URL, "{url}");
    assert!(!url.as_str().contains(|c: char| c.is_control() || c == ' '), "{url}");
}

/// A URL that was made normal stays as it is; so does one in its one spelling. A redirect leads to http or
/// https, without credentials, or nowhere.
pub fn urls(data: &[u8]) {
    let (kind, data) = choice(data);
    let data = lengthened(data);
    let text = String::from_utf8_lossy(&data);
    let (first, second) = halves(&text);
    let assume = [AssumeScheme::Https, AssumeScheme::Http, AssumeScheme::None][kind % 3];
    let from = Url::parse("https://user:pw@site.example:8443/a/b?c=d").expect("a URL");
    if let Ok(url) = within(QUICK, "a URL", || normalise(first, assume)) {
        is_fit(&url);
        assert_eq!(normalise(url.as_str(), AssumeScheme::None).as_ref(), Ok(&url));
        one(&url);
        moved(&url, second, kind);
    }
    moved(&from, first, kind);
    target(first);
    let spelt = one_spelling(&text);
    assert_eq!(one_spelling(&spelt), spelt);
    let _ = (redact::line(&text, true), redact::reference(&text), redact::text(&text));
    within(QUICK, "a SURT", || surt(first));
}

/// What is said of one URL.
fn one(url: &Url) {
    for tracking in [Tracking::Keep, Tracking::Drop] {
        let canonical = within(QUICK, "a canonical URL", || canonical::canonical(url, tracking));
        is_fit(&canonical);
        assert_eq!(canonical::canonical(&canonical, tracking), canonical);
        let identity = canonical::identity(&canonical);
        assert_eq!(*canonical::identity(&identity), *identity, "{canonical}");
    }
    let shown = redact::url(url);
    let shown = Url::parse(&shown).expect("still a URL");
    assert!(shown.username().is_empty() && shown.password().is_none() && shown.path() == url.path(), "{shown}");
    assert!(path_and_query(url).starts_with('/'));
    assert!(!host_key(url).is_empty());
    for scope in [Scope::Any, Scope::Host, Scope::Domain, Scope::Prefix] {
        assert!(scope.covers(url, url), "{url} {}", scope.name());
    }
}

/// A redirect from there, with this `Location`.
fn moved(from: &Url, location: &str, kind: usize) {
    let status = [301, 302, 303, 307, 308][kind % 5];
    let method = if kind & 0x40 == 0 { Method::GET } else { Method::POST };
    let Ok(next) = within(QUICK, "a redirect", || redirect::follow(from, &method, true, status, location)) else {
        return;
    };
    is_fit(&next.url);
    assert!(next.url.username().is_empty() && next.url.password().is_none(), "{}", next.url);
    assert_eq!(next.leaves_origin, next.url.origin() != from.origin());
    let is_dropped = status == 303 || (status < 303 && method == Method::POST);
    assert!(next.with_body != is_dropped && (next.method == Method::GET || !is_dropped), "{status} {method}");
}

/// What a link of a document leads to; paths stay within their root.
fn target(reference: &str) {
    let site = Site::default();
    let base = Base::of_file(&site, "docs/guide/page.md").with_href(None);
    within(QUICK, "a link", || resolve(reference, &base));
    let clean = paths::clean(reference);
    assert_eq!(paths::clean(&clean), clean);
    let path = paths::follow("docs/guide", reference, Floor::Start);
    assert!(path.starts_with("docs/guide"), "{path}");
}

/// Each part of a path is one name, harmless on any system; no two requests have the same path, and none
/// has a file where another has a folder.
pub fn names(data: &[u8]) {
    let (kind, data) = choice(data);
    let data = lengthened(data);
    let text = String::from_utf8_lossy(&data);
    let mut lines = text.split('\n');
    let template = lines.next().unwrap_or_default();
    let own = Template::parse(template).ok().filter(|_| kind & 1 != 0);
    let (template, own) = (own.clone().unwrap_or_default(), own.is_some());
    let media_type = ["", "text/html", "application/pdf", "image/png;../x"][kind / 2 % 4];
    let case = if kind & 8 == 0 { Case::Kept } else { Case::Folded };
    let mut urls = Vec::new();
    for url in lines.take(8).filter_map(|line| normalise(line, AssumeScheme::Https).ok()) {
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    let mut files: HashSet<String> = HashSet::new();
    let mut folders: HashSet<String> = HashSet::new();
    for (seq, url) in urls.iter().enumerate() {
        let media_type = Some(media_type).filter(|media_type| !media_type.is_empty());
        let subject = Subject { url, seq: seq as u64, by: ToldBy::Url, media_type, case };
        let parts = within(QUICK, "a name", || template.path(&subject, "2026-01-31"));
        are_harmless(&parts, own);
        if !template.is_injective() || !url.username().is_empty() || url.password().is_some() {
            continue;
        }
        let folded = |path: &[String]| {
            let path = path.join("/");
            if case == Case::Folded { path.to_ascii_lowercase() } else { path }
        };
        assert!(files.insert(folded(&parts)), "{parts:?} of {url} is another's");
        folders.extend((1..parts.len()).map(|end| folded(&parts[..end])));
    }
    assert!(files.is_disjoint(&folders), "{files:?} {folders:?}");
}

/// Names of files and folders as any system takes them. What stands in one's own template is one's own
/// affair.
fn are_harmless(parts: &[String], own: bool) {
    assert!(!parts.is_empty());
    for part in parts {
        let is_fine = !part.is_empty() && part.len() <= 255 && !part.starts_with(['.', '-']) && !part.ends_with('.');
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~+,=@()[]%&".contains(c);
        let are_fine = part.chars().all(|c| is_plain(c) || (own && !c.is_control() && !"/\\:*?\"<>|".contains(c)));
        assert!(is_fine && are_fine, "{part:?}");
        let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
        assert!(!["con", "prn", "aux", "nul", "com1", "lpt9", "conin$"].contains(&stem.as_str()), "{part:?}");
    }
    assert!(parts.iter().map(|part| part.len() + 1).sum::<usize>() <= 1024, "{parts:?}");
}
