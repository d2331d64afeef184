//! From answers to records, and to what follows from them.
//!
//! Must not know when something is asked.

use tokio::time::Instant;
use url::Url;

use super::{
    following::Arrived,
    hub::Hub,
    judging::Landed,
    known::Standing,
    left::Left,
    open::{Open, Role},
    page::CrawledPage,
    plan::Links,
    queue::Waiting,
};
use crate::{
    crawl::{Followed, Reason, Trap, reason},
    model::{
        Code, Facts, FoundIn, PageRow, Record, Sighting,
        record::{Outcome, RecordKind, host_key},
        redact,
    },
    policy::{canonical::identity, robots_tag::Directives},
};

/// Links out of the scope that wait for the last seed at most; beyond it they are out of the scope at
/// once.
const DOUBTFUL: usize = 100_000;
/// Places that the scope took in are told up to this number.
const PLACES: usize = 5;

impl Hub {
    /// An answer came.
    pub(super) fn land(&mut self, open: Open, record: Record) {
        self.hear_of_maps();
        match open.role {
            Role::Page(key) => self.land_page(open, key, record),
            Role::Outside(way) => self.land_outside(open, way, record),
            Role::Map(level) => self.land_map(open, level, record),
            Role::Robots => {
                self.land_robots(record);
                self.end(&open);
            }
        }
    }

    /// Nothing more follows from this one.
    pub(super) fn end(&mut self, open: &Open) {
        if let Some(place) = &open.place {
            self.stock.lanes.end(place, Instant::now().into_std());
        }
    }

    fn land_page(&mut self, open: Open, key: Option<u128>, mut record: Record) {
        record.seq = open.seq;
        let was_asked = record.started_at.is_some();
        self.met.budget.settle(was_asked);
        if !was_asked && let Some(url) = record.url.as_deref().and_then(|url| Url::parse(url).ok()) {
            self.met.traps.give_back(&url);
        }
        let sighting = record.sighting.take().map(|sighting| *sighting).unwrap_or_default();
        let answered = sighting.url.clone().filter(|_| has_arrived(&record));
        if open.found_in == FoundIn::Seed {
            self.land_seed(open.asked.as_deref(), answered.as_deref());
        }
        if !was_asked && self.is_silent(&open, &record) {
            let skipped = record.skip.as_ref().map(|skip| skip.code);
            if !matches!(skipped, Some(Code::RobotsDisallowed | Code::Excluded)) {
                self.tally.unasked += 1;
            }
            self.keep_captures(&mut record);
            self.end(&open);
            return self.void(open.seq);
        }
        let mut row = open.row();
        let directives = self.directives(&sighting);
        if record.status.is_some() {
            (row.noindex, row.nofollow) = (Some(directives.noindex), Some(directives.nofollow));
        }
        if let (Some(captures), Some(facts)) = (&mut record.captures, &sighting.facts) {
            captures.outlinks = facts.links.iter().map(|link| redact::url(&link.url)).collect();
        }
        if let Some(facts) = &sighting.facts {
            row.lang = facts.lang.as_deref().map(str::to_owned);
            row.canonical = facts.canonical.as_ref().map(redact::url);
        }
        self.tally.pages += 1;
        let Some(url) = answered else {
            self.trace(&open, &mut record, None);
            return self.finish_page(&open, record, row);
        };
        if record.outcome == Outcome::Ok {
            self.succeed();
        }
        let facts = sighting.facts.map(|facts| (*facts).into());
        self.judge(Landed { open, key, record, row, url, facts, grown: self.told.grown }, directives);
    }

    /// A seed came to its end. Where it was redirected to, the crawl may go as well.
    pub(super) fn land_seed(&mut self, asked: Option<&str>, answered: Option<&Url>) {
        self.tally.has_lost_seeds |= answered.is_none();
        let asked = asked.and_then(|asked| Url::parse(asked).ok());
        if let (Some(asked), Some(url)) = (asked, answered) {
            if self.told.rules.seeds.follow(&asked, url) {
                self.told.grown += 1;
                if self.tally.places.len() < PLACES {
                    self.tally.places.push(redact::url(url));
                }
            }
            if self.told.extras.sitemaps && !self.is_stopped() && self.told.rules.seeds.covers(url) {
                self.look_for_more_maps(url);
            }
        }
        self.end_seed();
    }

    /// Whether a page that was never asked for has no record: nobody named it, and it is no failure of
    /// its host; or somebody interrupted the crawl.
    pub(super) fn is_silent(&self, open: &Open, record: &Record) -> bool {
        let code = record.skip.as_ref().map(|skip| skip.code).or(record.error.as_ref().map(|error| error.code));
        let is_stop =
            matches!(code, Some(Code::Cancelled | Code::BudgetDeadline | Code::BudgetFailures | Code::BudgetFirst));
        let is_unwanted = !self.told.extras.skipped && (record.ok || is_stop);
        open.found_in != FoundIn::Seed && (is_unwanted || code == Some(Code::Cancelled))
    }

    fn directives(&self, sighting: &Sighting) -> Directives {
        let mut directives = Directives::default();
        sighting.robots_tags.iter().for_each(|field| directives.field(&self.told.agent, field));
        for (name, content) in sighting.facts.iter().flat_map(|facts| &facts.metas) {
            directives.meta(&self.told.agent, name, content);
        }
        directives
    }

    /// Takes what follows from a page, and tells of it; `followed` is `None` where there was nothing to be
    /// judged.
    pub(super) fn take_page(&mut self, landed: Landed, followed: Option<Vec<Followed>>) {
        let Landed { open, key, mut record, mut row, url, facts, grown } = landed;
        let shown = record.url.clone().unwrap_or_default();
        let mut followed = followed.filter(|_| self.told.links == Links::Follow);
        if let Some(followed) = &mut followed {
            self.judge_again(followed, open.depth, grown);
        }
        self.trace_page(&open, &mut record, &url, followed.as_deref().unwrap_or_default());
        let (parent, title) = (open.parent.as_deref(), record.title.as_deref());
        let (found_in, depth) = (open.found_in, open.depth);
        let arrived = Arrived { url: &url, key, shown: &shown, parent, title, found_in, depth };
        let counts = self.follow(&arrived, followed.as_deref().unwrap_or_default());
        row.links = followed.map(|_| counts);
        self.call(&mut record, &url, facts.as_deref(), &shown, open.depth);
        self.finish_page(&open, record, row);
    }

    pub(super) fn finish_page(&mut self, open: &Open, mut record: Record, row: PageRow) {
        if !self.told.settings.pages.with.body {
            (record.body, record.body_base64) = (None, None);
        }
        dress(&mut record, row);
        self.end(open);
        self.put(record);
    }

    /// Takes a URL that a page leads to. False if it was known, or is left out.
    pub(super) fn take(&mut self, one: &Followed, parent: &str, depth: u32) -> bool {
        let extras = self.told.extras;
        match &one.left {
            Some(Reason::Scope(_)) if self.is_doubtful(one) => {
                let (seq, url, parent) = (0, one.url.as_str().to_owned(), Some(parent.to_owned()));
                let note = String::new();
                self.stock.doubtful.push(&Waiting { seq, url, parent, found_in: one.element, depth, note });
                return false;
            }
            None | Some(Reason::Trap(_)) => {}
            Some(Reason::Scope(_)) if extras.outside => {}
            Some(_) if extras.skipped => {}
            Some(_) => return false,
        }
        let key = self.told.key_of_spelt(&one.url);
        let (url, parent, found_in) = (one.url.as_str(), Some(parent), one.element);
        let left = Left { key, url, parent, found_in, depth };
        let standing = self.met.known.standing(key);
        if standing == Standing::Kept {
            return self.meet_again(&left, one);
        }
        if standing.is_taken() {
            if one.left.is_none() && standing.is_further_than(depth) {
                self.met.known.wait(key, depth);
                self.met.nearer.insert(key, (parent.unwrap_or_default().into(), one.element, depth));
            }
            self.leave_as_known(&left, &one.url);
            return false;
        }
        if let Some(reason) = &one.left {
            if matches!(reason, Reason::Scope(_)) && extras.outside {
                self.look_outside(&left, &one.url);
            } else {
                self.leave_for(&left, reason);
            }
            return false;
        }
        if self.met.budget.is_gone() {
            self.tally.over_budget = true;
            self.leave(&left, Code::BudgetPages, super::left::BUDGET);
            return false;
        }
        if let Some(trap) = self.met.traps.take(&one.url, parent) {
            self.tally.over_host_budget |= matches!(trap, Trap::ManyPages(_));
            self.leave_for(&left, &Reason::Trap(trap));
            return false;
        }
        self.met.known.wait(key, depth);
        self.know_whole(one);
        let seq = self.number();
        let (url, parent) = (url.to_owned(), parent.map(str::to_owned));
        let waiting = Waiting { seq, url, parent, found_in, depth, note: String::new() };
        self.stock.lanes.push(&host_key(&one.url), &waiting);
        true
    }

    /// Met again as it is, a URL with a session is no other page.
    fn know_whole(&mut self, one: &Followed) {
        if self.told.extras.skipped && matches!(identity(&one.url), std::borrow::Cow::Owned(_)) {
            let whole = self.told.key_of_whole(one.url.as_str());
            self.met.known.take(whole);
        }
    }

    /// A URL that has its record from before: it counts for what it counted for then.
    fn meet_again(&mut self, left: &Left<'_>, one: &Followed) -> bool {
        if one.left.is_some() {
            return false;
        }
        // It was taken then, whatever would become of it now.
        self.met.traps.take(&one.url, left.parent);
        self.met.known.take(left.key);
        self.know_whole(one);
        true
    }

    /// Whether a link out of the scope may come to lie in it.
    fn is_doubtful(&self, one: &Followed) -> bool {
        self.tally.seeds > 0 && !one.nofollow && self.stock.doubtful.len() < DOUBTFUL && !self.is_stopped()
    }

    /// The scope grows no more: what was doubtful is judged again.
    pub(super) fn settle(&mut self) {
        self.tally.seeds = 0;
        self.met.maps.forget();
        let extras = self.told.extras;
        let mut doubtful = std::mem::take(&mut self.stock.doubtful);
        if self.told.grown == 0 && !extras.skipped && !extras.outside {
            return;
        }
        while let Some(Waiting { url, parent, found_in, depth, .. }) = doubtful.pop() {
            let Ok(url) = Url::parse(&url) else { continue };
            let left = reason(&url, false, depth.saturating_sub(1), &self.told.rules);
            let one = Followed { url, element: found_in, nofollow: false, left };
            self.take(&one, parent.as_deref().unwrap_or_default(), depth);
        }
    }

    /// Asks the closure, if there is one, what is to follow.
    fn call(&mut self, record: &mut Record, url: &Url, facts: Option<&Facts>, shown: &str, depth: u32) {
        let Some(mut hook) = self.hook.take() else { return };
        let requests = hook(&CrawledPage::new(record, url, facts, depth));
        self.hook = Some(hook);
        for request in requests {
            self.wish(request, Some(shown), FoundIn::Request, depth + 1);
        }
    }
}

/// Whether the page is there: also where data that it must have were not found, for a list has links and
/// no price.
fn has_arrived(record: &Record) -> bool {
    record.outcome == Outcome::Ok || record.error.as_ref().is_some_and(|error| error.code.family() == "extract")
}

/// Makes a record that of a page.
pub(super) fn dress(record: &mut Record, mut row: PageRow) {
    record.kind = RecordKind::Page;
    row.parent = row.parent.map(|parent| redact::line(&parent, true).into_owned());
    if let Some(urls) = record.links.take().filter(|_| record.outcome == Outcome::Ok) {
        row.links.get_or_insert_default().urls = Some(urls);
    }
    record.page = Some(Box::new(row));
}
