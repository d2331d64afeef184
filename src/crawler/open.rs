//! A request of a crawl that is under way: which place in the crawl its answer has.
//!
//! Plain values.

use std::sync::Arc;

use super::lanes::Place;
use crate::model::{FoundIn, PageRow};

/// What is known of a request while it is under way.
#[derive(Clone, Debug)]
pub(super) struct Open {
    /// Its number among all that gets a record.
    pub seq: u64,
    /// What becomes of the answer.
    pub role: Role,
    /// How far it is from a seed.
    pub depth: u32,
    /// Where it was found.
    pub parent: Option<Arc<str>>,
    /// How it was found.
    pub found_in: FoundIn,
    /// The URL that it goes to, of a seed, of a file that says where pages are, and of a page that is
    /// only looked at: a record shows it without its secrets.
    pub asked: Option<Box<str>>,
    /// Where it counts among those that others wait for, if others may follow from it.
    pub place: Option<Place>,
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A page, whose links are followed; the key of what was asked for, if that is its URL alone.
    Page(Option<u128>),
    /// A page outside of the crawl that is only looked at, asked like this.
    Outside(Way),
    /// A sitemap, so many indexes deep; it has no record.
    Map(usize),
    /// A robots.txt that may name sitemaps; it has no record.
    Robots,
}

/// How a page that is only looked at is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Head,
    Get,
}

impl Open {
    /// Whether its answer has a record.
    pub fn has_record(&self) -> bool {
        matches!(self.role, Role::Page(_) | Role::Outside(_))
    }

    /// What its record says of how it was found.
    pub fn row(&self) -> PageRow {
        let depth = (!matches!(self.role, Role::Outside(_))).then_some(self.depth);
        PageRow::found(depth, self.parent.as_deref().map(str::to_owned), self.found_in)
    }
}
