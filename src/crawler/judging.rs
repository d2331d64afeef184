//! Work beside the loop: the links of long pages, and sitemaps, are read and judged on threads of their
//! own, and come back when they are done.
//!
//! Must not know what follows.

use std::sync::Arc;

use tokio::task::{Id, JoinError};
use url::Url;

use super::{hub::Hub, maps::Listed, open::Open, plan::Links};
use crate::{
    crawl::{Followed, PageFacts, Reason, follow, reason},
    model::{Code, Facts, Failure, PageRow, Record, record::Outcome},
    policy::robots_tag::Directives,
};

/// Links of a page above which they are judged on a thread of their own: about a millisecond.
const MANY: usize = 1_000;

/// A page that answered, until its links are judged.
pub(super) struct Landed {
    pub open: Open,
    /// The key of what was asked for, if that is its URL alone.
    pub key: Option<u128>,
    pub record: Record,
    pub row: PageRow,
    /// The URL that answered.
    pub url: Arc<Url>,
    pub facts: Option<Arc<Facts>>,
    /// How often the scope had grown.
    pub grown: u32,
}

/// What waits for a judgement.
pub(super) enum Pending {
    Page(Box<Landed>),
    Map { open: Open, level: usize, parent: String, grown: u32 },
}

/// A judgement.
pub(super) enum Judged {
    Page(Vec<Followed>),
    Map(Listed),
}

impl Hub {
    /// Judges the links of a page: here, or apart if there are many.
    pub(super) fn judge(&mut self, mut landed: Landed, directives: Directives) {
        let Some(facts) = landed.facts.clone().filter(|_| self.told.links == Links::Follow) else {
            return self.take_page(landed, None);
        };
        landed.grown = self.told.grown;
        let depth = landed.open.depth;
        if facts.links.len() <= MANY {
            let page = PageFacts { url: &landed.url, links: &facts.links, directives, depth };
            let followed = follow(&page, &self.told.rules);
            return self.take_page(landed, Some(followed));
        }
        let (url, rules) = (Arc::clone(&landed.url), self.told.rules.clone());
        let work = move || {
            let page = PageFacts { url: &url, links: &facts.links, directives, depth };
            Judged::Page(follow(&page, &rules))
        };
        self.judge_apart(Pending::Page(Box::new(landed)), work);
    }

    pub(super) fn judge_apart(&mut self, pending: Pending, work: impl FnOnce() -> Judged + Send + 'static) {
        let task = self.judging.spawn_blocking(work);
        self.pending.insert(task.id(), pending);
    }

    /// A judgement came, or its thread panicked.
    pub(super) fn have_judged(&mut self, done: Result<(Id, Judged), JoinError>) {
        let (id, judged) = match done {
            Ok((id, judged)) => (id, Some(judged)),
            Err(error) => (error.id(), None),
        };
        match (self.pending.remove(&id), judged) {
            (Some(Pending::Page(landed)), Some(Judged::Page(followed))) => self.take_page(*landed, Some(followed)),
            (Some(Pending::Page(mut landed)), _) => {
                break_down(&mut landed.record);
                self.trace(&landed.open, &mut landed.record, None);
                self.finish_page(&landed.open, landed.record, landed.row);
            }
            (Some(Pending::Map { open, level, parent, grown }), judged) => {
                match judged {
                    Some(Judged::Map(listed)) => self.take_map(&open, level, &parent, listed, grown),
                    _ => self.tally.maps.1 += 1,
                }
                self.end(&open);
            }
            (None, _) => {}
        }
    }

    /// Links that were out of the scope when they were judged, if it has grown since.
    pub(super) fn judge_again(&self, all: &mut [Followed], depth: u32, grown: u32) {
        if grown == self.told.grown {
            return;
        }
        for one in all.iter_mut().filter(|one| matches!(one.left, Some(Reason::Scope(_)))) {
            one.left = reason(&one.url, one.nofollow, depth, &self.told.rules);
        }
    }
}

/// The work on a page panicked: its record says so.
fn break_down(record: &mut Record) {
    (record.ok, record.outcome) = (false, Outcome::Error);
    let failure = Failure::new(Code::InternalPanic, "a bug in fetchall: judging the links of this page panicked");
    record.error = Some(failure.into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ending, Request, Visit, record::Heavy};

    #[test]
    fn a_page_whose_links_could_not_be_judged_says_so() {
        let visit = Visit::refused(0, Request::get("http://h/"), None, Ending::Ok);
        let mut record = Record::of(visit, Heavy::default());
        break_down(&mut record);
        assert_eq!((record.ok, record.error.map(|error| error.code)), (false, Some(Code::InternalPanic)));
    }
}
