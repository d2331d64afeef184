//! What is done with an exchange where it was made, off the loop: it is judged, and its page read where that
//! is cheap. Must not know what follows.

use std::sync::Arc;

use super::{
    ask::without_userinfo,
    hooks::{Asked, Leg},
    run::{Engine, Landed},
    saving::ask_first,
};
use crate::{
    fetch::Wire,
    model::{Ask, Errand, Exchange, Flight},
    page::{self, Want},
    policy::{judgement::Judgement, redirect},
};

impl<W: Wire> Engine<W> {
    /// What is done on the spot with what comes of `ask`.
    pub(super) fn arrival(&self, flight: &Flight, ask: &Ask, leg: Leg) -> Arrival {
        Arrival {
            url: Arc::clone(&ask.url),
            asked: self.hooks.asked(ask, leg).map(Arc::new),
            want: self.want_of(flight),
            is_page: flight.errand == Errand::Asked,
        }
    }
}

/// Who waits for an exchange, and what for.
pub(super) struct Arrival {
    url: Arc<url::Url>,
    asked: Option<Arc<Asked>>,
    want: Arc<Want>,
    is_page: bool,
}

impl Arrival {
    /// What is saved of it depends on what is asked here.
    pub fn before(&self, ask: &mut Ask) {
        ask_first(ask, self.asked.as_ref());
    }

    /// Has it judged, and its page read where that is cheap.
    pub fn land(self, exchange: Exchange) -> Landed {
        let judged = self.asked.map_or(Ok(Judgement::Usual), |asked| asked.judge(&exchange));
        let page = page_input(&exchange, &self.url, &self.want)
            .filter(|input| self.is_page && page::quick(input.body.len(), &self.want))
            .map(|input| page::read(&input, &self.want));
        Landed::Back { exchange: Box::new(exchange), judged, page }
    }
}

/// What the page stage is to read, if there is anything to read.
pub(super) fn page_input(exchange: &Exchange, url: &Arc<url::Url>, want: &Want) -> Option<page::Input> {
    let body = exchange.body.as_ref().filter(|_| exchange.failure.is_none())?;
    let head = exchange.head.as_ref()?;
    if redirect::is_followed(head.status) && head.headers.contains_key(http::header::LOCATION) {
        return None;
    }
    let content_type = head.headers.get(http::header::CONTENT_TYPE);
    let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let needed = want.text
        || want.links
        || want.look.is_some_and(|look| look.links)
        || want.plan.is_some()
        || !want.views.is_empty()
        || page::is_html(content_type.as_deref(), &body.kept);
    // Links of the page are read against it: what was given with its URL is none of theirs.
    needed.then(|| page::Input { body: body.kept.clone(), content_type, url: Some(without_userinfo(url)) })
}
