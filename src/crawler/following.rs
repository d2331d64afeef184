//! What follows from a page that answered, now or in an earlier part of the crawl.
//!
//! Must not know whether a record comes of it.

use url::Url;

use super::hub::Hub;
use crate::{
    crawl::{Followed, Reason, Shown},
    model::{FoundIn, LinkCounts},
    policy::choose,
};

/// A page that answered, as far as something follows from it.
#[derive(Clone, Copy)]
pub(super) struct Arrived<'a> {
    /// What answered.
    pub url: &'a Url,
    /// What it was asked for as.
    pub key: Option<u128>,
    /// The URL of its record, for the pages it leads to.
    pub shown: &'a str,
    pub parent: Option<&'a str>,
    pub title: Option<&'a str>,
    pub found_in: FoundIn,
    pub depth: u32,
}

impl Hub {
    /// What follows from a page whose links are judged: new pages, and what is known of traps from now on.
    /// The same for an answer and for what is kept of one.
    pub(super) fn follow(&mut self, page: &Arrived<'_>, followed: &[Followed]) -> LinkCounts {
        let Arrived { url, key, shown, parent, title, found_in, depth } = *page;
        self.know(url, key);
        let leads_on = self.leads_on(url, found_in);
        let (counts, shows_more) = self.take_all(followed, url, shown, leads_on, depth);
        self.met.traps.read(&Shown { url, parent, title, leads_on: shows_more });
        counts
    }

    /// Takes what a page at `depth` leads to, if it `leads_on`. How much that is, and whether something
    /// new is under another path.
    fn take_all(
        &mut self,
        followed: &[Followed],
        url: &Url,
        shown: &str,
        leads_on: bool,
        depth: u32,
    ) -> (LinkCounts, bool) {
        let (mut counts, mut shows_more) = (LinkCounts::default(), false);
        for one in followed {
            let is_outside = matches!(one.left, Some(Reason::Scope(_)));
            counts.internal += u32::from(!is_outside);
            counts.external += u32::from(is_outside);
            if leads_on && self.take(one, shown, depth + 1) {
                counts.new += 1;
                shows_more |= one.url.path() != url.path();
            }
        }
        (counts, shows_more)
    }

    /// Where a redirect leads is no news any more. What waits under that name still does: it has an answer
    /// of its own to come. The links are followed all the same, from here: this way may be the shorter
    /// one, and that answer may fail.
    fn know(&mut self, url: &Url, key: Option<u128>) {
        let Some(key) = key else { return };
        let answered = self.told.key(url);
        if answered != key && !self.met.known.standing(answered).is_taken() {
            self.met.known.take(answered);
        }
    }

    /// Whether links of a page that was found here may be followed: a redirect may have left the scope,
    /// or have come to what the user left out.
    fn leads_on(&self, url: &Url, found_in: FoundIn) -> bool {
        let is_wanted = choose::unwanted(url, &self.told.rules.choose).is_none() && self.told.rules.seeds.covers(url);
        (found_in == FoundIn::Seed || is_wanted) && !self.is_stopped()
    }
}
