//! `--check-links`: pages out of the scope are looked at once, and lead nowhere.
//!
//! Must not know which links are followed.

use url::Url;

use super::{
    ask,
    hub::Hub,
    landing::dress,
    left::Left,
    open::{Open, Role, Way},
    queue::Waiting,
};
use crate::{
    model::{Code, Record},
    policy::choose,
    settings::Choose,
};

impl Hub {
    /// A page out of the scope is to be looked at once, unless the user wants nothing of it.
    pub(super) fn look_outside(&mut self, left: &Left<'_>, url: &Url) {
        let choose = Choose { exclude: self.told.rules.choose.exclude.clone(), ..Choose::default() };
        if let Some(sentence) = choose::unwanted(url, &choose) {
            return self.leave(left, Code::Excluded, &sentence);
        }
        self.met.known.take(left.key);
        let seq = self.number();
        let (url, parent, note) = (left.url.to_owned(), left.parent.map(str::to_owned), String::new());
        let waiting = Waiting { seq, url, parent, found_in: left.found_in, depth: left.depth, note };
        self.stock.outside.push(&waiting);
    }

    /// The next one goes out.
    pub(super) fn ask_outside(&mut self) {
        let Some(Waiting { seq, url, parent, found_in, depth, .. }) = self.stock.outside.pop() else { return };
        let parent = self.shared(parent);
        let url = self.met.credentials.apply(&url);
        let request = ask::outside(&url, Way::Head);
        let role = Role::Outside(Way::Head);
        self.send(Open { seq, role, depth, parent, found_in, asked: Some(url.into()), place: None }, request);
    }

    pub(super) fn land_outside(&mut self, mut open: Open, way: Way, mut record: Record) {
        record.seq = open.seq;
        if record.started_at.is_none() && self.is_silent(&open, &record) {
            self.keep_captures(&mut record);
            return self.void(open.seq);
        }
        let is_good = record.status.is_some_and(|status| self.told.settings.ask.accept.contains(status));
        if way == Way::Head && record.skip.is_none() && !(record.error.is_none() && is_good) {
            // HEAD is refused by some who answer GET well.
            self.keep_captures(&mut record);
            if self.is_stopped() {
                return self.void(open.seq);
            }
            let Some(url) = &open.asked else { return self.void(open.seq) };
            let request = ask::outside(url, Way::Get);
            open.role = Role::Outside(Way::Get);
            return self.stock.errands.push_back((open, request));
        }
        record.sighting = None;
        self.trace(&open, &mut record, None);
        let row = open.row();
        dress(&mut record, row);
        self.put(record);
    }
}
