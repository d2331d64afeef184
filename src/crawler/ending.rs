//! The end of a crawl: what was found and never asked for has its record, if that is wanted.
//!
//! Must not know why it ended.

use url::Url;

use super::{hub::Hub, landing::dress, left::ending_of_waiting, queue::Waiting};
use crate::{
    engine::Stop,
    model::{Ending, FoundIn, PageRow, Record, Request, Visit, record::Heavy},
};

impl Hub {
    /// A record of what was never asked for.
    pub(super) fn refuse(&mut self, waiting: Waiting, ending: Ending) {
        let url = Url::parse(&waiting.url).ok();
        let mut request = Request::get(waiting.url);
        request.wish = self.stock.wishes.remove(&waiting.seq);
        if waiting.found_in == FoundIn::Seed && !waiting.note.is_empty() {
            request.input = waiting.note.into();
        }
        let mut record = Record::of(Visit::refused(waiting.seq, request, url, ending), Heavy::default());
        let row = PageRow::found(Some(waiting.depth), waiting.parent, waiting.found_in);
        dress(&mut record, row);
        self.put(record);
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
        let is_asked = stopped == Some(Stop::Asked);
        while let Some(waiting) = self.stock.lanes.any() {
            if self.tells_of(&waiting, is_asked) {
                self.refuse(waiting, ending_of_waiting(stopped));
            } else {
                self.void(waiting.seq);
            }
            if !self.hand_over().await {
                return;
            }
        }
        while let Some(waiting) = self.stock.outside.pop() {
            self.void(waiting.seq);
        }
        for (open, _) in std::mem::take(&mut self.stock.errands) {
            if open.has_record() {
                self.void(open.seq);
            }
        }
        while let Some(waiting) = self.stock.left.pop().filter(|_| !is_asked) {
            self.tell_left(waiting);
            if !self.hand_over().await {
                return;
            }
        }
        self.hand_over().await;
    }

    /// Whether a URL that was never asked for has a record: a seed in any case.
    fn tells_of(&self, waiting: &Waiting, is_asked: bool) -> bool {
        waiting.found_in == FoundIn::Seed || (self.told.extras.skipped && !is_asked)
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
