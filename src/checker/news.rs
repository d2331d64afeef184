//! What the judge and the hub tell each other. Must not know what is made of it.

use std::collections::BTreeSet;

use url::Url;

use super::mention::Mention;
use crate::model::Outline;

/// What the judge tells the hub.
#[derive(Debug)]
pub(super) enum News {
    /// Links of one document to addresses.
    Links(Vec<Outward>),
    /// All documents of the disk were read.
    Read,
    /// A page was read.
    PageRead,
    /// Everything was read; this is what it came to.
    Ended(Box<Tally>),
}

/// A link to an address.
#[derive(Debug)]
pub(super) struct Outward {
    /// Stands for the address, counted from 0.
    pub target: u32,
    /// The address without fragment, where it is the first link to it.
    pub url: Option<Box<Url>>,
    pub mention: Mention,
    /// As the address has it.
    pub fragment: Option<Box<str>>,
    pub asks: Asks,
    /// A page over https loads it over http.
    pub mixed: bool,
}

/// What is wanted of an address beyond whether it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Asks {
    #[default]
    Nothing,
    /// The anchors of its page.
    Anchors,
    /// The words of its page too.
    Words,
    /// It is a start: its links are wanted.
    Links,
}

/// A page whose links are to be judged.
#[derive(Debug)]
pub(super) struct Page {
    /// What answered.
    pub url: Url,
    pub text: String,
    pub outline: Box<Outline>,
    /// Values of `Link`.
    pub fields: Vec<String>,
}

/// What the documents came to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub documents: u64,
    pub links: u64,
    /// Distinct paths.
    pub places: u64,
    /// Entries of the ignore file that links met.
    pub used: BTreeSet<usize>,
}
