//! From a flight to what is asked for: fields, credentials, time limits.
//!
//! Credentials belong to the origin that the user named: once a chain of redirects has left it,
//! nothing the user gave goes along, and nothing is given back. Must not know how it is sent.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::Engine as _;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;

use crate::{
    model::{Ask, Flight, Keep, Look, Patience, Reads, Trip, Wish, units::LONGEST, wanted::Rule},
    settings::{AskDefaults, Contact, EVERY_HOST, Settings},
};

/// How much of a page is kept when just its title is wanted.
const TITLE_BYTES: usize = 1 << 20;
/// What can be unpacked here.
const CODINGS: HeaderValue = HeaderValue::from_static("gzip, br, zstd, deflate");
pub(super) const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");

/// What describes the content of a request; goes where it goes (RFC 9110, section 15.4).
const CONTENT_FIELDS: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
];

/// Makes [`Ask`]s; what is the same for all of them is worked out once.
#[derive(Debug)]
pub(super) struct Asker {
    /// Fields for the origin that was asked for.
    home: Arc<HeaderMap>,
    /// The same where no content goes along.
    home_bare: Arc<HeaderMap>,
    /// Fields for any other.
    foreign: Arc<HeaderMap>,
    keep: Keep,
}

impl Asker {
    pub fn new(settings: &Settings) -> Self {
        let ask = &settings.ask;
        let mut foreign = HeaderMap::new();
        foreign.insert(header::USER_AGENT, ask.user_agent.clone());
        foreign.insert(header::ACCEPT, ANYTHING);
        foreign.insert(header::ACCEPT_ENCODING, CODINGS);
        if let Some(from) = ask.contact.as_ref().and_then(Contact::from_field) {
            foreign.insert(header::FROM, from);
        }
        let mut home = foreign.clone();
        replace(&mut home, &ask.headers);
        if let Some(own) = home.get(header::USER_AGENT).cloned() {
            let agent = ask.contact.as_ref().map_or(own.clone(), |contact| contact.sign(&own));
            home.insert(header::USER_AGENT, agent.clone());
            foreign.insert(header::USER_AGENT, agent);
        }
        let pages = &settings.pages;
        let keep = if pages.with.body {
            Keep::All
        } else if pages.rules.iter().any(Rule::reads_other_bodies) {
            Keep::Texts
        } else if pages.with.links || !pages.rules.is_empty() || !pages.views.is_empty() {
            Keep::Html
        } else {
            Keep::HtmlPrefix(TITLE_BYTES)
        };
        let mut home_bare = home.clone();
        remove_content_fields(&mut home_bare);
        Asker { home: Arc::new(home), home_bare: Arc::new(home_bare), foreign: Arc::new(foreign), keep }
    }

    /// From now on at least all texts are kept, for one who judges them.
    pub fn keep_texts(&mut self) {
        if self.keep != Keep::All {
            self.keep = Keep::Texts;
        }
    }

    /// What every server is told of us.
    pub fn user_agent(&self) -> Option<&HeaderValue> {
        self.foreign.get(header::USER_AGENT)
    }

    /// The next request of a flight. `run_left` is the time left for the whole run.
    pub fn ask(
        &self,
        flight: &Flight,
        trip: &Trip,
        settings: &Settings,
        run_left: Option<Duration>,
        now: Instant,
    ) -> Ask {
        let wish = flight.request.wish.as_deref();
        let attempt = wish.and_then(|wish| wish.timeout).unwrap_or(settings.times.attempt).min(LONGEST);
        let url_left = trip.deadline.map(|deadline| deadline.saturating_duration_since(now));
        let total = [Some(attempt.saturating_sub(trip.spent)), url_left, run_left].into_iter().flatten().min();
        let body = if trip.with_body {
            wish.and_then(|wish| wish.body.clone()).or_else(|| settings.ask.body.clone())
        } else {
            None
        };
        let keep = match (self.keep, wish.and_then(keep_for)) {
            (Keep::All, _) | (_, Some(Keep::All)) => Keep::All,
            (Keep::Texts, _) => Keep::Texts,
            (keep, own) => own.unwrap_or(keep),
        };
        // Whoever wants the body has to wait for it.
        let reads = match wish.and_then(|wish| wish.look) {
            Some(look) if self.keep != Keep::All || look.reads == Reads::Nothing => look.reads,
            _ => Reads::All,
        };
        Ask {
            headers: self.fields(flight, trip, &settings.ask),
            url: without_userinfo(&trip.url),
            method: trip.method.clone(),
            body,
            patience: Patience {
                headers: settings.times.headers,
                read: settings.times.read,
                total: total.unwrap_or(attempt).max(Duration::from_millis(1)),
            },
            max_body: settings.ask.max_body,
            keep,
            reads,
            digest: settings.pages.digest,
            raw: settings.pages.raw,
            save: None,
            close: false,
            off_origin: trip.off_origin,
            named: settings.ask.named.has(&flight.url),
            another_try: trip.last.is_some(),
            age_most: None,
        }
    }

    fn fields(&self, flight: &Flight, trip: &Trip, defaults: &AskDefaults) -> Arc<HeaderMap> {
        if trip.off_origin {
            return self.foreign_fields(flight, trip, defaults);
        }
        // A stranger's link is asked for with what is for its host, and with nothing that is for everybody.
        let base = match (defaults.named.has(&flight.url), trip.with_body) {
            (false, _) => &self.foreign,
            (true, true) => &self.home,
            (true, false) => &self.home_bare,
        };
        let mut fields = Arc::clone(base);
        if !defaults.host_headers.is_empty() {
            let name = trip.url.host_str().unwrap_or_default();
            let with_port = format!("{name}:{}", trip.url.port_or_known_default().unwrap_or_default());
            // What names the host more closely goes over what names it less.
            for host in [EVERY_HOST, name, &with_port] {
                if let Some(list) = defaults.host_headers.get(host) {
                    replace(Arc::make_mut(&mut fields), list);
                }
            }
        }
        // On the first origin, so the flight's own URL has the credentials that its redirects lack.
        // They stand behind what `--header` says for all, and before what a file says of the host.
        if let Some(value) = basic_auth(&flight.url).filter(|_| !base.contains_key(header::AUTHORIZATION)) {
            Arc::make_mut(&mut fields).insert(header::AUTHORIZATION, value);
        }
        if let Some(wish) = flight.request.wish.as_ref().filter(|wish| !wish.headers.is_empty()) {
            replace(Arc::make_mut(&mut fields), &wish.headers);
        }
        for (name, value) in flight.request.wish.iter().flat_map(|wish| wish.conditions()) {
            Arc::make_mut(&mut fields).insert(name, value);
        }
        if !trip.with_body && !Arc::ptr_eq(&fields, base) {
            remove_content_fields(Arc::make_mut(&mut fields));
        }
        fields
    }
}

impl Asker {
    /// Nothing of the user's but what says how to read the content, where content goes along.
    fn foreign_fields(&self, flight: &Flight, trip: &Trip, defaults: &AskDefaults) -> Arc<HeaderMap> {
        let mut fields = Arc::clone(&self.foreign);
        if trip.with_body {
            let own = flight.request.wish.as_ref().map_or(&[][..], |wish| &wish.headers);
            let given = defaults.headers.iter().chain(own);
            for (name, value) in given.filter(|(name, _)| CONTENT_FIELDS.contains(name)) {
                Arc::make_mut(&mut fields).insert(name, value.clone());
            }
        }
        fields
    }
}

/// How much of the body a request wants for itself, beyond what the run wants.
fn keep_for(wish: &Wish) -> Option<Keep> {
    let look = wish.look.unwrap_or(Look::NOTHING);
    match () {
        () if look.body => Some(Keep::All),
        () if wish.rules.iter().any(Rule::reads_other_bodies) => Some(Keep::Texts),
        () if look.links => Some(Keep::Documents),
        () if look.anchors || look.facts || wish.text || !wish.rules.is_empty() => Some(Keep::Html),
        () => None,
    }
}

fn remove_content_fields(fields: &mut HeaderMap) {
    for name in &CONTENT_FIELDS {
        fields.remove(name);
    }
}

/// Puts fields in place of those with the same name; a name that is given twice has both values.
fn replace(fields: &mut HeaderMap, with: &[(HeaderName, HeaderValue)]) {
    for (index, (name, value)) in with.iter().enumerate() {
        let repeated = with[..index].iter().any(|(earlier, _)| earlier == name);
        if repeated {
            fields.append(name, value.clone());
        } else {
            fields.insert(name, value.clone());
        }
    }
}

pub(super) fn without_userinfo(url: &Arc<Url>) -> Arc<Url> {
    let mut url = Arc::clone(url);
    if !url.username().is_empty() || url.password().is_some() {
        let bare = Arc::make_mut(&mut url);
        // Neither can fail on a URL that has userinfo.
        let _ = bare.set_username("");
        let _ = bare.set_password(None);
    }
    url
}

/// Userinfo of a URL as Basic credentials (RFC 7617), percent-decoded.
fn basic_auth(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair: Vec<u8> = percent_encoding::percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_encoding::percent_decode_str(url.password().unwrap_or_default()));
    let coded = base64::engine::general_purpose::STANDARD.encode(pair);
    let mut value = HeaderValue::from_str(&format!("Basic {coded}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
