//! How an address is asked: which request, what of the run's settings holds.
//!
//! Pure. Must not know when.

use std::{num::NonZeroUsize, time::Duration};

use http::{HeaderValue, Method, header};

use super::target::{Wants, Way};
use crate::{
    check::cache::Cached,
    checker::words::SELECTOR,
    model::{Digest, Look, Request, wanted::Rule},
    settings::{Adaptive, Choose, Dedupe, Order, Pages, Settings},
};

/// Failures in a row after which a host is not asked again in the second round.
const PATIENCE: u32 = 3;

/// The settings of the first round: what chooses among a list is not for addresses that are asked
/// once each.
pub(super) fn first_round(fetch: &Settings) -> Settings {
    let choose = Choose { dedupe: Dedupe::Off, order: Order::Completion, ..of_patterns(&fetch.choose) };
    let pages = Pages { digest: Digest::Off, ..Pages::default() };
    let mut settings = Settings { choose, pages, ..fetch.clone() };
    settings.ask.method = Method::GET;
    settings.ask.body = None;
    settings
}

fn of_patterns(choose: &Choose) -> Choose {
    Choose { include: choose.include.clone(), exclude: choose.exclude.clone(), ..Choose::default() }
}

/// The settings of the second: one at a time, once, in what is left of the time for the run.
pub(super) fn second_round(fetch: &Settings, spent: Duration) -> Settings {
    let mut settings = first_round(fetch);
    settings.times.run = settings.times.run.map(|run| run.saturating_sub(spent));
    settings.limits.adaptive = Adaptive::Off;
    settings.limits.in_flight = NonZeroUsize::MIN;
    settings.limits.host_errors = PATIENCE;
    settings.retry.retries = 0;
    settings
}

/// The request for an address.
pub(super) fn request(url: &str, way: Way, wants: Wants, row: Option<&Cached>) -> Request {
    let look = match way {
        Way::Head => Look::NOTHING,
        Way::Get => Look { links: wants.links, anchors: wants.anchors || wants.links, names: true, ..Look::NOTHING },
    };
    // Where HEAD was refused, GET is asked before what was not begun.
    let mut request = Request::get(url).look(look).priority(i32::from(way == Way::Get));
    let wish = request.wish_mut();
    if way == Way::Head {
        wish.method = Some(Method::HEAD);
        // Where it is refused, GET is asked; that is tried again.
        wish.retries = Some(0);
    } else {
        wish.text = wants.links;
        if wants.words {
            wish.rules.push(Rule::css(SELECTOR.0, SELECTOR.1));
        }
    }
    if let Some(row) = row {
        let fields = [(header::IF_NONE_MATCH, &row.etag), (header::IF_MODIFIED_SINCE, &row.last_modified)];
        let fields = fields.into_iter().filter_map(|(name, value)| {
            let value = HeaderValue::from_str(value.as_deref()?).ok()?;
            Some((name, value))
        });
        wish.headers.extend(fields);
    }
    request
}

/// Whether a row of the cache can be asked about with its `ETag` or date: it was good, and says all
/// that is wanted.
pub(super) fn is_conditional(row: &Cached, wants: Wants) -> bool {
    let has_all = !wants.words && !wants.links && (!wants.anchors || row.anchors.is_some());
    let was_good = row.rule.is_none() && row.error.is_none() && row.status.is_some();
    has_all && was_good && (row.etag.is_some() || row.last_modified.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_tried_once_and_a_row_of_the_cache_makes_it_conditional() {
        let row = Cached {
            url: "http://h/".to_owned(),
            status: Some(200),
            final_url: None,
            redirects: Vec::new(),
            etag: Some("\"1\"".to_owned()),
            last_modified: None,
            anchors: None,
            checked_at: crate::check::date::Stamp::default(),
            rule: None,
            error: None,
        };
        assert!(is_conditional(&row, Wants::default()));
        assert!(!is_conditional(&row, Wants { anchors: true, ..Wants::default() }));
        assert!(!is_conditional(&Cached { rule: Some("link.dead".to_owned()), ..row.clone() }, Wants::default()));
        let head = request("http://h/", Way::Head, Wants::default(), Some(&row)).wish.unwrap();
        assert_eq!((head.method, head.retries), (Some(Method::HEAD), Some(0)));
        assert_eq!(head.headers, [(header::IF_NONE_MATCH, HeaderValue::from_static("\"1\""))]);
        let links = Wants { links: true, ..Wants::default() };
        let get = request("http://h/", Way::Get, links, None).wish.unwrap();
        assert_eq!((get.method, get.retries, get.look.unwrap().links, get.text), (None, None, true, true));
        assert!(get.priority > head.priority);
    }

    #[test]
    fn the_second_round_is_alone_and_within_the_time_of_the_run() {
        let mut fetch = Settings::default();
        fetch.times.run = Some(Duration::from_secs(10));
        fetch.choose.limit = Some(1);
        let second = second_round(&fetch, Duration::from_secs(4));
        assert_eq!((second.limits.in_flight.get(), second.retry.retries), (1, 0));
        assert_eq!((second.times.run, second.choose.limit), (Some(Duration::from_secs(6)), None));
    }
}
