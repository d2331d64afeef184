//! What a journal is to keep of a record: the step that it was, for a crawl that goes on.
//!
//! Of the links only those are kept that something may follow from. Must not know how steps are kept.

use url::Url;

use super::{
    hub::Hub,
    open::{Open, Role},
    past::{Answer, Kind, Onward, Past},
    queue::Waiting,
};
use crate::{
    crawl::{Followed, Reason},
    model::{Record, Step, redact},
};

impl Hub {
    /// Gives a record the step that it was, where a journal wants it.
    pub(super) fn trace(&self, open: &Open, record: &mut Record, answer: Option<Answer>) {
        if !self.told.keeps_steps {
            return;
        }
        let url = record.url.clone().unwrap_or_default();
        let key = || Url::parse(&url).ok().map(|url| self.told.key(&url));
        let (kind, key) = match open.role {
            Role::Page(key) => (Kind::Page, key),
            Role::Outside(_) => (Kind::Outside, key()),
            Role::Map(_) | Role::Robots => return,
        };
        let (parent, note) = (open.parent.as_deref().map(str::to_owned), String::new());
        let waiting = Waiting { seq: open.seq, url, parent, found_in: open.found_in, depth: open.depth, note };
        let is_page = kind == Kind::Page;
        let past = Past { kind, was_asked: record.started_at.is_some(), waiting, answer };
        record.step = Some(Box::new(Step { key, is_page, data: past.pack() }));
    }

    /// The same of a page that answered, with where it leads.
    pub(super) fn trace_page(&self, open: &Open, record: &mut Record, url: &Url, followed: &[Followed]) {
        if !self.told.keeps_steps {
            return;
        }
        let extras = self.told.extras;
        // What is out of the scope may come to lie in it as long as seeds are under way, and where one has
        // failed that may be asked for again.
        let may_grow = self.tally.seeds > 0 || self.tally.has_lost_seeds;
        let wants_scope = extras.outside || extras.skipped || may_grow;
        let is_wanted = |one: &&Followed| match &one.left {
            None | Some(Reason::Trap(_)) => true,
            Some(Reason::Scope(_)) => wants_scope,
            Some(_) => extras.skipped,
        };
        let links = followed.iter().filter(is_wanted).map(|one| Onward {
            url: one.url.as_str().to_owned(),
            element: one.element,
            nofollow: one.nofollow,
        });
        // Only of addresses with a query the title says whether they are a trap.
        let title = record.title.clone().filter(|_| url.query().is_some()).unwrap_or_default();
        let answer = Answer { url: redact::url(url), title, links: links.collect() };
        self.trace(open, record, Some(answer));
    }
}
