//! What was asked for by name: seeds, and requests of closures.
//!
//! Each seed has its record, whatever becomes of it. Must not know links.

use url::Url;

use super::{
    hub::Hub,
    left::BUDGET,
    open::{Open, Role},
    queue::Waiting,
};
use crate::{
    model::{Code, Ending, FoundIn, PageRow, Record, Request, Visit, record::Heavy},
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
        let is_known = self.told.settings.choose.dedupe == Dedupe::Url && self.met.known.standing(key).is_taken();
        let skip = match () {
            () if is_known => Some((Code::Duplicate, "the same page came before")),
            () if !self.met.spend() => Some((Code::BudgetPages, BUDGET)),
            () => None,
        };
        if found_in != FoundIn::Seed && skip.is_some() {
            return;
        }
        let note = if *request.input == *url.as_str() { String::new() } else { request.input.into_string() };
        let seq = self.number();
        if let Some(wish) = request.wish {
            self.stock.wishes.insert(seq, wish);
        }
        let parent = parent.map(str::to_owned);
        let waiting = Waiting { seq, url: url.into(), parent, found_in, depth, note };
        match skip {
            Some((code, message)) => {
                self.refuse(waiting, Ending::Skipped { code, message: message.to_owned(), of: None });
            }
            None => {
                self.met.known.take(key);
                self.stock.levels.begin(depth);
                self.stock.queue.push(&waiting);
            }
        }
    }

    /// A page is known by its URL, a request with content or fields of its own by these too.
    fn key_of(&self, request: &Request, url: &Url) -> u128 {
        let is_own = |wish: &crate::model::Wish| {
            wish.body.is_some()
                || !wish.headers.is_empty()
                || wish.method.as_ref().is_some_and(|method| *method != http::Method::GET)
        };
        match request.wish.as_deref().is_some_and(is_own) {
            true => seen_key(request, url, &self.told.settings.ask.method, self.told.seed()),
            false => self.told.key(url),
        }
    }

    /// Sends for a file that says where pages are, once.
    pub(super) fn send_for(&mut self, url: &Url, role: Role) {
        if !self.met.maps.is_new(self.told.key(url)) {
            return;
        }
        self.stock.levels.begin(0);
        let open = Open { seq: 0, role, depth: 0, parent: None, found_in: FoundIn::Sitemap };
        self.stock.errands.push_back((open, super::ask::errand(&self.met.credentials.apply(url.as_str()))));
    }
}
