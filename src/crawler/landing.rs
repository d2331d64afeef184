//! From answers to records, and to what follows from them.
//!
//! Must not know when something is asked.

use tokio::{task::spawn_blocking, time::Instant};
use url::Url;

use super::{
    ask,
    hub::{Hub, OUTSIDE},
    left::Left,
    open::{Open, Role, Way},
    page::CrawledPage,
    plan::Links,
    queue::Waiting,
};
use crate::{
    crawl::{Followed, PageFacts, Reason, follow},
    model::{
        Code, Facts, FoundIn, LinkCounts, PageRow, Record, Sighting,
        record::{Outcome, RecordKind},
        redact,
    },
    policy::{choose, robots_tag::Directives},
    settings::Choose,
};

/// Links of a page above which they are judged on a thread of their own: about a millisecond.
const MANY: usize = 1_000;

impl Hub {
    /// An answer came.
    pub(super) async fn land(&mut self, open: Open, record: Record) {
        let (depth, leads_on) = (open.depth, open.leads_on());
        self.hear_of_maps();
        match open.role {
            Role::Page(key) => self.land_page(open, key, record).await,
            Role::Outside(way) => self.land_outside(open, way, record),
            Role::Map(level) => self.land_map(&open, level, record).await,
            Role::Robots => self.land_robots(record),
        }
        if leads_on {
            self.stock.levels.end(depth, Instant::now().into_std());
        }
    }

    async fn land_page(&mut self, open: Open, key: u128, mut record: Record) {
        record.seq = open.seq;
        if record.started_at.is_none() && self.is_silent(&open, &record) {
            let skipped = record.skip.as_ref().map(|skip| skip.code);
            if matches!(skipped, Some(Code::RobotsDisallowed | Code::Excluded)) {
                // It was not fetched, so another one may be.
                self.met.give_back();
            } else {
                self.tally.unasked += 1;
            }
            self.keep_captures(&mut record);
            return self.void(open.seq);
        }
        self.tally.pages += 1;
        let sighting = record.sighting.take().map(|sighting| *sighting).unwrap_or_default();
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
        if let (Outcome::Ok, Some(url)) = (record.outcome, sighting.url) {
            self.succeed();
            let shown = record.url.clone().unwrap_or_default();
            if open.found_in == FoundIn::Seed {
                self.told.rules.seeds.add(&url);
            }
            let is_first = self.is_first(&url, key);
            if let (Some(facts), Links::Follow) = (&sighting.facts, self.told.links) {
                let followed = self.judge(facts, &url, directives, open.depth).await;
                let taken = is_first && self.leads_on(&url, open.found_in);
                row.links = Some(self.take_all(followed, taken, &shown, open.depth));
            }
            self.call(&mut record, &url, sighting.facts.as_deref(), &shown, open.depth);
        }
        if !self.told.settings.pages.with.body {
            (record.body, record.body_base64) = (None, None);
        }
        dress(&mut record, row);
        self.put(record);
    }

    /// Whether a page that was never asked for has no record: nobody named it, and it is no failure of
    /// its host; or somebody interrupted the crawl.
    fn is_silent(&self, open: &Open, record: &Record) -> bool {
        let code = record.skip.as_ref().map(|skip| skip.code).or(record.error.as_ref().map(|error| error.code));
        let is_stop =
            matches!(code, Some(Code::Cancelled | Code::BudgetDeadline | Code::BudgetFailures | Code::BudgetFirst));
        let is_unwanted = open.found_in != FoundIn::Seed && !self.told.extras.skipped && (record.ok || is_stop);
        is_unwanted || code == Some(Code::Cancelled)
    }

    fn directives(&self, sighting: &Sighting) -> Directives {
        let mut directives = Directives::default();
        sighting.robots_tags.iter().for_each(|field| directives.field(&self.told.agent, field));
        for (name, content) in sighting.facts.iter().flat_map(|facts| &facts.metas) {
            directives.meta(&self.told.agent, name, content);
        }
        directives
    }

    /// Whether this is the first time that the page is met which answered; `key` is what was asked for.
    fn is_first(&mut self, url: &Url, key: u128) -> bool {
        let answered = self.told.key(url);
        answered == key || !self.met.known.take(answered).is_taken()
    }

    /// Whether links of a page that was found here may be followed: a redirect may have left the scope,
    /// or have come to what the user left out.
    fn leads_on(&self, url: &Url, found_in: FoundIn) -> bool {
        let is_wanted = found_in == FoundIn::Seed || choose::unwanted(url, &self.told.rules.choose).is_none();
        is_wanted && self.told.rules.seeds.covers(url) && !self.is_stopped()
    }

    async fn judge(&mut self, facts: &Facts, url: &Url, directives: Directives, depth: u32) -> Vec<Followed> {
        if facts.links.len() <= MANY {
            return follow(&PageFacts { url, links: &facts.links, directives, depth }, &self.told.rules);
        }
        let (links, url, rules) = (facts.links.clone(), url.clone(), self.told.rules.clone());
        let judged = spawn_blocking(move || follow(&PageFacts { url: &url, links: &links, directives, depth }, &rules));
        judged.await.unwrap_or_default()
    }

    /// Counts what follows from a page, and takes it if `taken`.
    fn take_all(&mut self, followed: Vec<Followed>, taken: bool, parent: &str, depth: u32) -> LinkCounts {
        let mut counts = LinkCounts::default();
        for one in followed {
            let is_outside = matches!(one.left, Some(Reason::Scope(_)));
            counts.internal += u32::from(!is_outside);
            counts.external += u32::from(is_outside);
            if taken && self.take(&one, parent, depth + 1) {
                counts.new += 1;
            }
        }
        counts
    }

    /// Takes a URL that a page leads to. False if it was known, or is left out.
    pub(super) fn take(&mut self, one: &Followed, parent: &str, depth: u32) -> bool {
        let extras = self.told.extras;
        if one.left.is_some() && !extras.skipped && !extras.outside {
            return false;
        }
        let key = self.told.key_of_spelt(&one.url);
        let standing = self.met.known.standing(key);
        if standing.is_taken() {
            if one.left.is_none() && standing.is_further_than(depth) {
                self.met.known.wait(key, depth);
                self.met.nearer.insert(key, (parent.into(), one.element));
            }
            return false;
        }
        let (url, parent, found_in) = (one.url.as_str(), Some(parent), one.element);
        let left = Left { key, url, parent, found_in, depth };
        if let Some(reason) = &one.left {
            if matches!(reason, Reason::Scope(_)) && self.told.extras.outside {
                self.look_outside(&left, &one.url);
            } else {
                self.leave_for(&left, reason);
            }
            return false;
        }
        if let Some(trap) = self.met.traps.take(&one.url) {
            self.leave_for(&left, &Reason::Trap(trap));
            return false;
        }
        if !self.met.spend() {
            self.leave_for_budget(&left);
            return false;
        }
        self.met.known.wait(key, depth);
        self.stock.levels.begin(depth);
        self.enqueue(url.to_owned(), parent, found_in, depth, String::new());
        true
    }

    pub(super) fn enqueue(&mut self, url: String, parent: Option<&str>, found_in: FoundIn, depth: u32, note: String) {
        let seq = self.number();
        self.stock.queue.push(&Waiting { seq, url, parent: parent.map(str::to_owned), found_in, depth, note });
    }

    /// A page out of the scope is to be looked at once, unless the user wants nothing of it.
    fn look_outside(&mut self, left: &Left<'_>, url: &Url) {
        let choose = Choose { exclude: self.told.rules.choose.exclude.clone(), ..Choose::default() };
        match choose::unwanted(url, &choose) {
            Some(sentence) => self.leave(left, Code::Excluded, &sentence),
            None => {
                self.met.known.take(left.key);
                let (url, parent) = (left.url.to_owned(), left.parent);
                self.enqueue(url, parent, left.found_in, left.depth, OUTSIDE.to_owned());
            }
        }
    }

    fn land_outside(&mut self, mut open: Open, way: Way, mut record: Record) {
        record.seq = open.seq;
        if record.started_at.is_none() && self.is_silent(&open, &record) {
            self.keep_captures(&mut record);
            return self.void(open.seq);
        }
        let is_good = record.status.is_some_and(|status| self.told.settings.ask.accept.contains(status));
        if way == Way::Head && !(record.error.is_none() && is_good) {
            // HEAD is refused by some who answer GET well.
            self.keep_captures(&mut record);
            if self.is_stopped() {
                return self.void(open.seq);
            }
            let url = self.met.credentials.apply(record.url.as_deref().unwrap_or_default());
            open.role = Role::Outside(Way::Get);
            return self.stock.errands.push_back((open, ask::outside(&url, Way::Get)));
        }
        record.sighting = None;
        let row = open.row();
        dress(&mut record, row);
        self.put(record);
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

/// Makes a record that of a page.
pub(super) fn dress(record: &mut Record, mut row: PageRow) {
    record.kind = RecordKind::Page;
    row.parent = row.parent.map(|parent| redact::line(&parent, true).into_owned());
    if let Some(urls) = record.links.take().filter(|_| record.outcome == Outcome::Ok) {
        row.links.get_or_insert_default().urls = Some(urls);
    }
    record.page = Some(Box::new(row));
}
