//! The end of a crawl: what was found and never asked for has its record, if that is wanted.
//!
//! Must not know why it ended.

use url::Url;

use super::{
    hub::Hub,
    landing::dress,
    left::ending_of_waiting,
    past::{Kind, Past},
    queue::Waiting,
};
use crate::{
    engine::Stop,
    model::{Ending, FoundIn, PageRow, Record, Request, Step, Visit, record::Heavy},
};

impl Hub {
    /// A record of what was never asked for.
    pub(super) fn refuse(&mut self, waiting: Waiting, ending: Ending) {
        self.refuse_with(waiting, ending, None);
    }

    fn refuse_with(&mut self, waiting: Waiting, ending: Ending, step: Option<Box<Step>>) {
        let url = Url::parse(&waiting.url).ok();
        let mut request = Request::get(waiting.url);
        request.wish = self.stock.wishes.remove(&waiting.seq);
        if waiting.found_in == FoundIn::Seed && !waiting.note.is_empty() {
            request.input = waiting.note.into();
        }
        let mut record = Record::of(Visit::refused(waiting.seq, request, url, ending), Heavy::default());
        record.step = step;
        let row = PageRow::found(Some(waiting.depth), waiting.parent, waiting.found_in);
        dress(&mut record, row);
        self.put(record);
    }

    /// The same of what was found and left out, for good: a crawl that goes on does not tell of it again.
    /// Its note says why.
    pub(super) fn refuse_for_good(&mut self, waiting: Waiting, key: Option<u128>, ending: Ending) {
        let step = self.told.keeps_steps.then(|| {
            let past = Past { kind: Kind::Left, was_asked: false, waiting: waiting.clone(), answer: None };
            Box::new(Step { key, is_page: false, data: past.pack() })
        });
        self.refuse_with(waiting, ending, step);
    }

    /// The end: what was found and left out has its record, if that is wanted. Whoever interrupts a
    /// crawl does not want to wait for these.
    pub(super) async fn wind_up(&mut self) {
        while let Some(done) = self.judging.join_next_with_id().await {
            self.have_judged(done);
        }
        let stopped = self.handle.stopped();
        let waiting = self.stock.lanes.len() as u64;
        match stopped {
            None => self.tally.over_budget |= waiting > 0,
            Some(_) => self.tally.unasked += waiting + self.stock.outside.len() as u64,
        }
        // Where the crawl may go on, nothing is left out for good before it has come to its end.
        let is_cut = matches!(stopped, Some(Stop::Asked | Stop::Drain)) || (self.told.keeps_steps && stopped.is_some());
        while let Some(waiting) = self.stock.lanes.any() {
            if self.tells_of(&waiting, is_cut) {
                self.refuse_waiting(waiting, stopped);
            } else {
                self.void(waiting.seq);
            }
            if !self.hand_over().await {
                return;
            }
        }
        while let Some(waiting) = self.stock.again.pop() {
            self.void(waiting.seq);
        }
        while let Some(waiting) = self.stock.outside.pop() {
            self.void(waiting.seq);
        }
        for (open, _) in std::mem::take(&mut self.stock.errands) {
            if open.has_record() {
                self.void(open.seq);
            }
        }
        while let Some(waiting) = self.stock.left.pop().filter(|_| !is_cut) {
            self.tell_left(waiting);
            if !self.hand_over().await {
                return;
            }
        }
        self.hand_over().await;
    }

    /// Whether a URL that was never asked for has a record: a seed in any case.
    fn tells_of(&self, waiting: &Waiting, is_cut: bool) -> bool {
        waiting.found_in == FoundIn::Seed || (self.told.extras.skipped && !is_cut)
    }

    /// A record of a page whose turn never came. A seed is known by its number.
    fn refuse_waiting(&mut self, waiting: Waiting, stopped: Option<Stop>) {
        let ending = ending_of_waiting(stopped);
        match &ending {
            Ending::Skipped { code, message, .. } if waiting.found_in != FoundIn::Seed => {
                let key = Url::parse(&waiting.url).ok().map(|url| self.told.key(&url));
                let note = format!("{code} {message}");
                self.refuse_for_good(Waiting { note, ..waiting }, key, ending);
            }
            _ => self.refuse(waiting, ending),
        }
    }

    /// Records that are ready go out. False if nobody takes them.
    async fn hand_over(&mut self) -> bool {
        while let Some(record) = self.outlet.take() {
            if self.out.send(record).await.is_err() {
                self.handle.stop(Stop::Gone);
                return false;
            }
        }
        true
    }
}
