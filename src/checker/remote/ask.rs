//! How an address is asked: which request, what of the run's settings holds.
//!
//! Pure. Must not know when.

use std::num::NonZeroUsize;

use http::{HeaderValue, Method, header};

use super::target::{Wants, Way};
use crate::{
    check::cache::Cached,
    checker::words::SELECTOR,
    model::{Digest, Look, Request},
    settings::{Choose, Dedupe, Order, Pages, Settings},
};

/// Bytes of bodies that may wait to be read: hashes of a page's anchors are kept, never the page.
const BODIES: usize = 8 << 20;

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
    settings.limits.body_budget = settings.limits.body_budget.min(BODIES);
    settings
}

fn of_patterns(choose: &Choose) -> Choose {
    Choose { include: choose.include.clone(), exclude: choose.exclude.clone(), ..Choose::default() }
}

/// The settings of the second: one at a time, once.
pub(super) fn second_round(fetch: &Settings) -> Settings {
    let mut settings = first_round(fetch);
    settings.limits.in_flight = NonZeroUsize::MIN;
    settings.limits.host_errors = PATIENCE;
    settings.retry.retries = 0;
    settings
}

/// The request for an address.
pub(super) fn request(url: &str, way: Way, wants: Wants, row: Option<&Cached>) -> Request {
    let look = match way {
        Way::Head => Look::NOTHING,
        Way::Get => Look { links: wants.links, anchors: wants.anchors || wants.links, names: true },
    };
    let mut request = Request::get(url).look(look);
    let wish = request.wish_mut();
    if way == Way::Head {
        wish.method = Some(Method::HEAD);
        // Where it is refused, GET is asked; that is tried again.
        wish.retries = Some(0);
    } else {
        wish.text = wants.links;
        if wants.words {
            wish.select.push((SELECTOR.0.to_owned(), SELECTOR.1.to_owned()));
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
