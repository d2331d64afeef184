//! What was asked for by name: seeds, and requests of closures.
//!
//! Each seed has its record, whatever becomes of it. Must not know links.

use std::collections::HashMap;

use url::Url;

use super::{ask::is_own, hub::Hub, known::Standing, queue::Waiting};
use crate::{
    model::{
        Code, Ending, FoundIn, PageRow, Record, Request, Visit,
        record::{Heavy, host_key},
    },
    policy::url::{normalise, seen_key},
    settings::{AssumeScheme, Dedupe},
};

/// The URLs among seeds.
pub(super) fn urls(seeds: &[Request], assume: AssumeScheme) -> Vec<Url> {
    let readable = seeds.iter().filter(|seed| seed.fault.is_none());
    readable.filter_map(|seed| normalise(seed.url_text(), assume).ok()).collect()
}

impl Hub {
    /// Takes the seeds, and sends for sitemaps if they are wanted.
    pub(super) fn begin(&mut self, seeds: Vec<Request>) {
        if self.told.extras.sitemaps {
            self.look_for_maps(&urls(&seeds, self.told.settings.ask.assume_scheme));
        }
        seeds.into_iter().for_each(|seed| self.wish(seed, None, FoundIn::Seed, 0));
        self.stock.seeds = HashMap::new();
        if self.tally.seeds == 0 {
            self.settle();
        }
    }

    /// A seed came to its end; with the last of them the scope is what it is.
    pub(super) fn end_seed(&mut self) {
        self.tally.seeds = self.tally.seeds.saturating_sub(1);
        if self.tally.seeds == 0 {
            self.settle();
        }
    }

    /// Takes a request that somebody named, unless it is known.
    pub(super) fn wish(&mut self, mut request: Request, parent: Option<&str>, found_in: FoundIn, depth: u32) {
        let url = match request.fault.take() {
            Some(fault) => Err(*fault),
            None => normalise(request.url_text(), self.told.settings.ask.assume_scheme),
        };
        let url = match url {
            Ok(url) => url,
            Err(failure) => {
                let seq = self.number();
                if self.before.done.contains(seq) {
                    return;
                }
                let mut record =
                    Record::of(Visit::refused(seq, request, None, Ending::Error(failure)), Heavy::default());
                super::landing::dress(&mut record, PageRow::found(Some(depth), parent.map(str::to_owned), found_in));
                return self.put(record);
            }
        };
        if found_in == FoundIn::Seed {
            self.met.credentials.learn(&url);
        }
        let key = self.key_of(&request, &url);
        let is_seed = found_in == FoundIn::Seed;
        let standing = self.met.known.standing(key);
        // What is kept of a seed is its own.
        let is_taken = standing.is_taken() && !(is_seed && standing == Standing::Kept);
        let is_known = self.told.settings.choose.dedupe == Dedupe::Url && is_taken;
        if is_known && !is_seed {
            return;
        }
        let note = if *request.input == *url.as_str() { String::new() } else { request.input.into_string() };
        let seq = self.number();
        if self.before.done.contains(seq) {
            return self.pass_seed(seq, key, is_known);
        }
        if let Some(wish) = request.wish {
            self.stock.wishes.insert(seq, wish);
        }
        let host = host_key(&url);
        let parent = parent.map(str::to_owned);
        let waiting = Waiting { seq, url: url.into(), parent, found_in, depth, note };
        if is_known {
            let of = self.stock.seeds.get(&key).copied();
            let message = match of {
                Some(first) => format!("the same page as number {first}"),
                None => "the same page came before".to_owned(),
            };
            return self.refuse(waiting, Ending::Skipped { code: Code::Duplicate, message, of });
        }
        if is_seed {
            self.tally.seeds += 1;
            self.stock.seeds.insert(key, seq);
        }
        self.met.known.take(key);
        self.stock.lanes.push(&host, &waiting);
    }

    /// A seed that has its record. Where it led is still to be taken in, unless it was never asked for.
    fn pass_seed(&mut self, seq: u64, key: u128, is_known: bool) {
        if !is_known {
            self.tally.seeds += u64::from(self.before.steps.contains(seq));
            self.stock.seeds.insert(key, seq);
            self.met.known.take(key);
        }
    }

    /// A page is known by its URL, a request with content or fields of its own by these too.
    fn key_of(&self, request: &Request, url: &Url) -> u128 {
        match request.wish.as_deref().is_some_and(is_own) {
            true => seen_key(request, url, &self.told.settings.ask.method, self.told.seed()),
            false => self.told.key(url),
        }
    }
}
