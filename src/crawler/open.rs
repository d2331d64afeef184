//! A request of a crawl that is under way: which place in the crawl its answer has.
//!
//! Plain values.

use std::sync::Arc;

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
}

/// What becomes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A page, whose links are followed; the key of what was asked for.
    Page(u128),
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
    /// Whether other pages may follow from it, so that pages further away wait for it.
    pub fn leads_on(&self) -> bool {
        !matches!(self.role, Role::Outside(_))
    }

    /// Whether its answer has a record.
    pub fn has_record(&self) -> bool {
        matches!(self.role, Role::Page(_) | Role::Outside(_))
    }

    /// What its record says of how it was found.
    pub fn row(&self) -> PageRow {
        let depth = self.leads_on().then_some(self.depth);
        PageRow::found(depth, self.parent.as_deref().map(str::to_owned), self.found_in)
    }
}
