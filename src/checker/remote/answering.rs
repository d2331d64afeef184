//! From answers to findings: what is asked again, what goes to the judge, who is told.
//!
//! Must not know when something is asked.

use std::sync::atomic::Ordering::Relaxed;

use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    answer::{self, Fields},
    hub::{Hub, Round},
    keep,
    target::{Outcome, State, Target, Wants, Way},
};
use crate::{
    checker::{
        finding::finding,
        judge::START,
        mention::is_worth,
        news::{Asks, Outward, Page},
    },
    engine::Stop,
    model::{Record, Severity, redact},
};

/// Bytes of names and words kept of pages whose links were judged, for links that come later.
const TEXTS: usize = 4 << 20;

impl Hub {
    pub(super) async fn answer(&mut self, id: u32, mut record: Record) {
        self.requests += u64::from(record.attempts) + record.redirects.len() as u64;
        let Some(target) = self.targets.get(id as usize) else { return };
        let State::Asked { way, had, conditional } = target.state else { return };
        self.crawling -= usize::from(had.links);
        if conditional && record.status == Some(304) {
            let row = keep::row(&self.kept, &target.url).and_then(|row| answer::of_row(row, target.wants));
            let url = target.url.clone();
            if let Some(outcome) = row {
                keep::renew(&mut self.kept, &url, &self.shared);
                return self.settle(id, outcome).await;
            }
            // More is wanted by now than the row says.
            return self.send(id, Way::Get).await;
        }
        let fields = Fields { etag: record.etag.take(), last_modified: record.last_modified.take() };
        let mut outcome = answer::of_record(&mut record, if way == Way::Head { Wants::default() } else { had });
        let url = Url::parse(&target.url).ok();
        let is_refused = url.as_ref().is_some_and(|url| answer::is_refused(&outcome, url, &self.shared));
        let wants_more = outcome.is_success() && !outcome.had.has(target.wants);
        let is_open = (way == Way::Head && is_refused) || wants_more;
        if is_open && self.is_stopped() {
            // What HEAD said is not enough to judge by.
            outcome = self.unasked();
        } else if is_open {
            return self.send(id, Way::Get).await;
        }
        let is_second = self.firsts.contains_key(&id);
        if let Some(first) = self.firsts.remove(&id) {
            outcome = second(*first, outcome);
        } else if self.round == Round::First && self.may_ask_again(&outcome) {
            self.doubtful.push(id);
            if let Some(target) = self.targets.get_mut(id as usize) {
                target.state = State::Doubtful(Box::new(outcome));
            }
            return;
        }
        let is_cut = !is_second && self.shared.reach.second_round && outcome.is_doubtful();
        self.hand_over(id, &mut outcome, record);
        if let Some(target) = self.targets.get(id as usize) {
            let url = target.url.clone();
            keep::note(&mut self.kept, &url, &mut outcome, &fields, is_cut, &self.shared);
        }
        self.settle(id, outcome).await;
    }

    /// Gives a page to the judge, if its links are wanted.
    fn hand_over(&mut self, id: u32, outcome: &mut Outcome, record: Record) {
        let is_start = (id as usize) < self.starts;
        if !outcome.had.links || !outcome.is_success() {
            return;
        }
        let Some(target) = self.targets.get(id as usize) else { return };
        let Ok(asked) = Url::parse(&target.url) else { return };
        let final_url = outcome.answered.final_url.as_deref().and_then(|url| Url::parse(url).ok());
        let url = final_url.unwrap_or(asked);
        if is_start {
            self.scope.add(&url);
        }
        let is_wanted = is_start || self.scope.covers(&url) || url.path().ends_with(".xml");
        let Some(sighting) = record.sighting.filter(|_| is_wanted) else { return };
        let Some(outline) = sighting.outline else { return };
        if !self.taken.insert(xxh3_64(redact::url(&url).as_bytes())) {
            return;
        }
        let page = Page { url, text: record.body.unwrap_or_default(), outline, fields: sighting.link_fields };
        if self.pages.as_ref().is_some_and(|pages| pages.send(page).is_ok()) {
            self.judging += 1;
        }
    }

    fn may_ask_again(&self, outcome: &Outcome) -> bool {
        self.shared.reach.second_round && outcome.is_doubtful() && !self.is_stopped()
    }

    /// An address came to its end: everyone who waited for it is told.
    pub(super) async fn settle(&mut self, id: u32, mut outcome: Outcome) {
        let Some(target) = self.targets.get_mut(id as usize) else { return };
        if outcome.title.is_some() && outcome.is_success() && outcome.cached.is_none() {
            // A title that gives nothing away is not looked at again.
            let parsed = Url::parse(&target.url);
            let says = parsed.is_ok_and(|url| !answer::founds(&url, &outcome, None, &self.shared).is_empty());
            outcome.title = outcome.title.filter(|_| says);
        }
        target.state = State::Known(Box::new(outcome));
        let waiting = std::mem::take(&mut target.waiting);
        for link in &waiting {
            self.say(link).await;
        }
        let is_last = self.is_quiet();
        let Some(Target { state: State::Known(outcome), .. }) = self.targets.get_mut(id as usize) else { return };
        if is_last {
            // Few links can still ask for a fragment: those of pages that the second round brings.
            // For them it is asked again.
            outcome.forget_texts();
            outcome.anchors = None;
            outcome.had = Wants { links: outcome.had.links, ..Wants::default() };
            return;
        }
        self.texts += outcome.text_bytes();
        if self.texts > TEXTS {
            self.texts -= outcome.text_bytes();
            outcome.forget_texts();
        }
    }

    /// The finding about a link whose address came to its end.
    pub(super) async fn say(&mut self, link: &Outward) {
        let Some(Target { url, state: State::Known(outcome), .. }) = self.targets.get(link.target as usize) else {
            return;
        };
        let Ok(parsed) = Url::parse(url) else { return };
        let shown = redact::url(&parsed);
        let judged = answer::judged(&shown, &parsed, outcome, link, &self.shared);
        let is_start = link.mention.element == START && link.asks == Asks::Links;
        // Nothing is made of what nobody wants to see.
        let is_silent = judged.found.is_none() && judged.skip.is_none();
        let marks = self.handle.marks();
        if is_silent && (!self.shared.all || is_start) {
            marks.judged.fetch_add(u64::from(!is_start), Relaxed);
            return;
        }
        let finding = finding(&link.mention, judged, &self.shared);
        if is_start && finding.severity < Severity::Warning {
            return;
        }
        self.bad_starts += u64::from(is_start);
        marks.judged.fetch_add(1, Relaxed);
        marks.failed.fetch_add(u64::from(!finding.ok), Relaxed);
        if !self.shared.all && !is_worth(&finding) {
            marks.skipped.fetch_add(u64::from(finding.skip.is_some()), Relaxed);
        } else if self.findings.send(finding).await.is_err() {
            self.handle.stop(Stop::Gone);
        }
    }
}

/// What came of an address that was asked again. A host that was given up says nothing new.
fn second(first: Outcome, mut outcome: Outcome) -> Outcome {
    if outcome.skip.is_some() {
        return first;
    }
    outcome.recovered = outcome.is_success();
    outcome.answered.attempts += first.answered.attempts;
    outcome
}
