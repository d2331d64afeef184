//! Which file the body of a URL is saved in: names that derive from the URL alone, and differ where URLs do.
//!
//! A URL whose parts are harmless has a name that can be read back: host, folders, file. Any other has a
//! name that is only similar to it, and ends with a digest of it (`~` and 16 characters), which no name of
//! the first kind does. Files and folders never have the same name either: that of a file ends with an
//! extension, `+` or a digest, that of a folder with none of these. What a server says has a part in a name
//! only as the extension of one that has none. Must not know disks.

mod leaf;
mod safe;
mod template;

use sha2::{Digest as _, Sha256};
use url::Url;

pub use self::template::Template;
use self::{leaf::Leaf, safe::Part};
use crate::model::ToldBy;

/// Longest name of a file or folder, in bytes: with room for what is hung on, below the 255 of most systems.
const PART: usize = 200;
/// Longest path, in bytes: below the 1,024 of macOS by a folder to save in of some length.
const PATH: usize = 900;
/// Folders of a path that is only similar to its URL, and the length of each: within [`PATH`] with a host.
const FOLDERS: (usize, usize) = (8, 48);

/// Whether the file system tells `A` from `a`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// It does.
    #[default]
    Kept,
    /// It does not, as those of macOS and Windows.
    Folded,
}

/// What is saved.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The URL that was asked for, normalised; userinfo and fragment have no part in a name.
    pub url: &'a Url,
    /// Position of its request in the input.
    pub seq: u64,
    /// What tells it from all else that is asked for.
    pub by: ToldBy,
    /// What the server says it is: the media type, in lower case.
    pub media_type: Option<&'a str>,
    /// Whether the file system tells `A` from `a`.
    pub case: Case,
}

/// What a request is known by: 80 bits of SHA-256 in base32, 16 characters.
pub fn key(subject: &Subject<'_>) -> String {
    let mut digest = Sha256::new();
    digest.update(bare(subject.url).as_bytes());
    if subject.by == ToldBy::Seq {
        digest.update(format!("\0{}", subject.seq));
    }
    base32(&digest.finalize()[..10])
}

/// RFC 4648, section 6, in lower case: the same on any file system.
fn base32(bytes: &[u8]) -> String {
    data_encoding::BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

/// The URL without userinfo and fragment.
pub fn bare(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    // Neither can fail on a URL that has userinfo.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// The name that content has by its digest: `ab/cdef…`, below the folder to save in.
pub fn by_digest(sha256: &[u8; 32]) -> Vec<String> {
    let hex = data_encoding::HEXLOWER.encode(sha256);
    vec![hex[..2].to_owned(), hex[2..].to_owned()]
}

/// The same path with a digest in its last name, because the path is another's.
pub fn told_apart(mut path: Vec<String>, subject: &Subject<'_>) -> Vec<String> {
    if let Some(last) = path.last_mut() {
        let (stem, ext) = safe::extension(last).map_or((last.as_str(), None), |(stem, ext)| (stem, Some(ext)));
        *last = Leaf::similar(stem, ext).named(&key(subject));
    }
    path
}

/// Host and port as the name of a folder: `example.com` over https, `example.com+80` over http,
/// `example.com+8443s` over https elsewhere.
fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    // An address of IPv6 has hex digits and colons, which not every system takes.
    let name = name.replace(':', "-");
    let port = url.port_or_known_default().unwrap_or_default();
    let shown = match (url.scheme(), port) {
        ("https", 443) if !name.ends_with('.') => name.clone(),
        ("https", port) => format!("{name}+{port}s"),
        (_, port) => format!("{name}+{port}"),
    };
    match () {
        () if safe::is_reserved(&shown) => format!("+{shown}"),
        () if shown.len() > PART => format!("{}~{}", safe::similar(&name, PART / 2), digest_of(&shown)),
        () => shown,
    }
}

fn digest_of(text: &str) -> String {
    base32(&Sha256::digest(text.as_bytes())[..10])
}

/// Folders and file of a URL, below that of its host.
fn path(subject: &Subject<'_>) -> Vec<String> {
    let mut folders: Vec<&str> = subject.url.path().split('/').skip(1).collect();
    let last = folders.pop().unwrap_or_default();
    let leaf = Leaf::of(last, subject.url.query(), subject.media_type);
    if subject.by == ToldBy::Url
        && let Some(path) = readable(&folders, &leaf, subject.case)
    {
        return path;
    }
    let folders = folders.iter().take(FOLDERS.0).map(|folder| safe::folder(&safe::similar(folder, FOLDERS.1)));
    folders.chain([leaf.named(&key(subject))]).collect()
}

/// The path that can be read back, if there is one.
fn readable(folders: &[&str], leaf: &Leaf<'_>, case: Case) -> Option<Vec<String>> {
    let mut path = Vec::with_capacity(folders.len() + 1);
    for folder in folders {
        path.push(safe::exact(folder, Part::Folder).then(|| safe::folder(folder))?);
    }
    path.push(leaf.exact()?);
    let fits = path.iter().all(|part| part.len() <= PART)
        && path.iter().map(|part| part.len() + 1).sum::<usize>() <= PATH - PART
        && (case == Case::Kept || !path.iter().any(|part| part.bytes().any(|byte| byte.is_ascii_uppercase())));
    fits.then_some(path)
}

#[cfg(test)]
mod tests;
