//! Going on: what an earlier part of the crawl has behind it is taken in, so that what is left is known.
//!
//! The steps come in the order of their numbers, so seeds first and every page behind the one that led to
//! it, and go the way of answers: budgets, traps, scope and what is known are as they were. None of them
//! is asked for or told again; one whose record was not written whole is asked for again, under its
//! number. Must not know where steps are kept.

use std::sync::Arc;

use url::Url;

use super::{
    following::Arrived,
    hub::Hub,
    past::{Answer, Kind, Past},
};
use crate::{
    crawl::{Followed, Rules, reason},
    journal::{Done, JournalError, Trail},
    model::{FoundIn, Step},
};

/// What of an earlier part is to be known while seeds are taken.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// Numbers that have their record.
    pub done: Done,
    /// Numbers whose step is kept.
    pub steps: Done,
}

/// A step, with its links judged.
struct Recalled {
    past: Past,
    key: Option<u128>,
    url: Option<Url>,
    followed: Vec<Followed>,
}

/// Steps that were read, and how often the scope had grown when they were judged.
struct Part {
    steps: Vec<Recalled>,
    grown: u32,
}

impl Recalled {
    /// `None` if the step cannot be read.
    fn of(seq: u64, step: &Step, rules: &Rules) -> Option<Recalled> {
        let mut past = Past::unpack(seq, &step.data)?;
        let links = past.answer.as_mut().map(|answer| std::mem::take(&mut answer.links)).unwrap_or_default();
        let depth = past.waiting.depth;
        let follow = |link: super::past::Onward| {
            let url = Url::parse(&link.url).ok()?;
            let left = reason(&url, link.nofollow, depth, rules);
            Some(Followed { url, element: link.element, nofollow: link.nofollow, left })
        };
        let url = past.answer.as_ref().and_then(|answer| Url::parse(&answer.url).ok());
        Some(Recalled { followed: links.into_iter().filter_map(follow).collect(), key: step.key, url, past })
    }
}

fn read(trail: &Trail, after: Option<u64>, rules: &Rules, grown: u32) -> Result<Part, String> {
    let steps = trail.rows.steps(after).map_err(told)?;
    let recalled = steps.iter().map(|(seq, step)| Recalled::of(*seq, step, rules)).collect::<Option<_>>();
    let steps = recalled.ok_or("a step of the crawl cannot be read in its state; --restart begins anew")?;
    Ok(Part { steps, grown })
}

/// The first step of a trail that is none; a crawl with one cannot go on.
///
/// # Errors
/// The trail cannot be read.
pub fn unreadable(trail: &Trail) -> Result<Option<u64>, JournalError> {
    let mut after = None;
    loop {
        let steps = trail.rows.steps(after)?;
        let Some((last, _)) = steps.last() else { return Ok(None) };
        after = Some(*last);
        if let Some((seq, _)) = steps.iter().find(|(seq, step)| Past::unpack(*seq, &step.data).is_none()) {
            return Ok(Some(*seq));
        }
    }
}

fn told(error: JournalError) -> String {
    error.to_string()
}

impl Hub {
    /// From now on these pages are known: none is asked for because a link leads to it.
    pub(super) async fn know_again(&mut self, trail: &Trail) -> Result<(), String> {
        let mut after = None;
        loop {
            let keys = trail.rows.keys(after).map_err(told)?;
            let Some((last, ..)) = keys.last() else { break };
            after = Some(*last);
            for (seq, key, is_page) in keys {
                self.before.steps.insert(seq);
                let Some(key) = key else { continue };
                // What was left out or looked at counted for nothing when it was met, and does so again.
                _ = if is_page { self.met.known.keep(key) } else { self.met.known.take(key) };
            }
            tokio::task::yield_now().await;
        }
        self.before.done = trail.done.clone();
        Ok(())
    }

    /// Takes in what came before, behind the seeds. An interrupted crawl leaves the rest of it.
    pub(super) async fn recall(&mut self, trail: Trail) -> Result<(), String> {
        let before = std::mem::take(&mut self.before);
        self.number_behind(&before);
        let (mut after, mut rules) = (None, Arc::new(self.told.rules.clone()));
        let mut grown = self.told.grown;
        loop {
            if grown != self.told.grown {
                (grown, rules) = (self.told.grown, Arc::new(self.told.rules.clone()));
            }
            let (trail, rules) = (trail.clone(), Arc::clone(&rules));
            // Reading waits for the disk, and links of many pages are judged.
            let part = tokio::task::spawn_blocking(move || read(&trail, after, &rules, grown)).await;
            let part = part.map_err(|_| "a bug in fetchall: reading the state of the crawl panicked")??;
            let Some(last) = part.steps.last() else { return Ok(()) };
            after = Some(last.past.waiting.seq);
            for step in part.steps {
                match before.done.contains(step.past.waiting.seq) {
                    true => self.recall_one(step, part.grown),
                    false => self.ask_once_more(step.past),
                }
            }
            if self.is_stopped() {
                return Ok(());
            }
        }
    }

    /// New numbers are above all that were ever given to a record; of those below come only what was not
    /// written whole, and seeds.
    fn number_behind(&mut self, before: &Before) {
        let seeds = self.tally.next_seq;
        let last = before.done.last().max(before.steps.last());
        self.tally.next_seq = seeds.max(last.map_or(0, |last| last + 1));
        let mut expected = Done::default();
        let undone = (0..seeds).chain(before.steps.iter()).filter(|seq| !before.done.contains(*seq));
        undone.for_each(|seq| _ = expected.insert(seq));
        self.outlet.go_on(self.tally.next_seq, expected);
    }

    fn recall_one(&mut self, step: Recalled, grown: u32) {
        let Recalled { past: Past { kind, was_asked, waiting, answer }, key, url, followed } = step;
        if kind != Kind::Page {
            return;
        }
        self.met.budget.spend();
        self.met.budget.settle(was_asked);
        if waiting.found_in == FoundIn::Seed {
            self.land_seed(Some(&waiting.url), url.as_ref());
        }
        if !was_asked && let Ok(url) = Url::parse(&waiting.url) {
            self.met.traps.give_back(&url);
        }
        let (Some(url), Some(Answer { title, .. })) = (url, answer) else { return };
        let mut followed = followed;
        self.judge_again(&mut followed, waiting.depth, grown);
        let (parent, title) = (waiting.parent.as_deref(), Some(title.as_str()).filter(|title| !title.is_empty()));
        let (shown, found_in, depth) = (waiting.url.as_str(), waiting.found_in, waiting.depth);
        self.follow(&Arrived { url: &url, key, shown, parent, title, found_in, depth }, &followed);
    }

    /// Its record was not written whole, or is to be made again.
    fn ask_once_more(&mut self, past: Past) {
        match past.kind {
            // It waits among the seeds, which have their numbers by their order.
            Kind::Page if past.waiting.found_in == FoundIn::Seed => {}
            Kind::Page => {
                // It has its place among the pages that may be asked for, whoever else waits.
                self.met.budget.spend();
                self.stock.again.push(&past.waiting);
            }
            Kind::Outside => self.stock.outside.push(&past.waiting),
            Kind::Left => self.stock.left.push(&past.waiting),
        }
    }
}
