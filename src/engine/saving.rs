//! What of the run's requests is saved, and what follows from a disk that takes no more.
//!
//! Must not know files.

use std::sync::Arc;

use super::{ask::without_userinfo, handle::Stop, hooks::Asked, run::Engine};
use crate::{
    fetch::Wire,
    model::{Ask, Code, Errand, Exchange, Flight, Reads, SaveAs, ToldBy},
    policy::judgement::Judgement,
    settings::Dedupe,
};

impl<W: Wire> Engine<W> {
    /// How the body of this request is saved, if it is. What the run asks for itself is not.
    pub(super) fn save_as(&self, flight: &Flight) -> Option<Arc<SaveAs>> {
        let save = self.settings.save.as_ref().filter(|_| flight.errand == Errand::Asked)?;
        let wish = flight.request.wish.as_deref();
        let look = wish.and_then(|wish| wish.look);
        if look.is_some_and(|look| look.body || look.reads == Reads::Nothing) {
            return None;
        }
        let default = &self.settings.ask.method;
        let is_own = flight.request.method_or(default) != *default
            || wish.is_some_and(|wish| !wish.headers.is_empty() || wish.body.is_some());
        let has_user = !flight.url.username().is_empty() || flight.url.password().is_some();
        // A crawl asks for each of its pages once, whatever the door is told.
        let may_come_again = self.settings.choose.dedupe == Dedupe::Off && look.is_none();
        let is_told = !is_own && (!has_user || look.is_some()) && !may_come_again;
        Some(Arc::new(SaveAs {
            url: without_userinfo(&flight.url),
            seq: flight.seq,
            told_by: if is_told { ToldBy::Url } else { ToldBy::Seq },
            accept: wish.and_then(|wish| wish.accept.clone()).unwrap_or_else(|| self.settings.ask.accept.clone()),
            judge: None,
            most: save.most.unwrap_or(u64::MAX),
            existing: save.existing,
        }))
    }

    /// A body that cannot be saved ends the run: others could not be either, and a record without its body is
    /// none. What is under way is left for the next run.
    pub(super) fn mind_the_disk(&mut self, exchange: &Exchange) {
        let fault = exchange.failure.as_ref().filter(|failure| failure.code == Code::IoWrite);
        if let Some(fault) = fault.filter(|_| self.source_error.is_none()) {
            self.source_error = Some(fault.message.clone());
            self.handle.stop(Stop::Disk);
        }
    }
}

/// Has a response that the program judges saved only if it is accepted.
pub(super) fn ask_first(ask: &mut Ask, asked: Option<&Arc<Asked>>) {
    let (Some(save), Some(asked)) = (&mut ask.save, asked) else { return };
    let (asked, accept) = (Arc::clone(asked), save.accept.clone());
    Arc::make_mut(save).judge = Some(Arc::new(move |exchange| match asked.judge(exchange) {
        Ok(Judgement::Accept) => true,
        Ok(Judgement::Usual) => exchange.status().is_some_and(|status| accept.contains(status)),
        Ok(_) | Err(_) => false,
    }));
}
