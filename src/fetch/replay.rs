//! An exchange whose response is there already, from an archive: the same bounds, the same decoding.
//!
//! Must not know archives.

use std::{net::IpAddr, sync::Arc, time::SystemTime};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    Client, ClientError,
    body::{self, Bounds, too_large, total_timeout},
    gather::is_wanted,
    room::Room,
    saving::{self, Saving},
};
use crate::{
    files::Files,
    model::{Ask, Code, Exchange, Failure, Head, Keep, capture::Cut},
    settings::Settings,
};

/// A response that was received before.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Status, version and fields.
    pub head: Head,
    /// Content as received: with content coding, without transfer coding.
    pub content: Bytes,
    /// Why the content is not whole, if it is not.
    pub cut: Option<Cut>,
    /// Address of the server.
    pub peer: Option<IpAddr>,
}

/// Makes exchanges of responses that are there.
#[derive(Debug)]
pub struct Recall {
    room: Arc<Room>,
    /// Where bodies are saved, if they are.
    files: Option<Arc<Files>>,
}

impl Recall {
    /// With room for bodies, and a place for them, as these settings say.
    ///
    /// # Errors
    /// The template for names of files cannot be read.
    pub fn new(settings: &Settings) -> Result<Self, ClientError> {
        Ok(Recall { room: Room::new(settings.limits.body_budget), files: saving::open(settings)? })
    }

    /// With the room and the place that a client has.
    pub fn beside(client: &Client) -> Self {
        let (room, files) = client.shelves();
        Recall { room, files }
    }

    /// What such a response comes to as the answer to `ask`.
    pub async fn exchange(&self, ask: &Ask, stored: Stored) -> Exchange {
        let started = SystemTime::now();
        let Stored { head, content, cut, peer } = stored;
        let nothing = Exchange::failed(started, total_timeout());
        let saving = Saving::of(self.files.as_ref(), ask, &head, None);
        if saving.is_none() && !is_wanted(&head.headers, ask) {
            return Exchange { peer, head: Some(head), body: None, failure: None, ..nothing };
        }
        let response = reqwest::Response::from(http::Response::new(reqwest::Body::from(content)));
        let bounds = Bounds::of(ask, Instant::now() + ask.patience.total);
        let received = body::read(response, &head.headers, bounds, &self.room, saving).await;
        // Where only the start was wanted, the rest is nobody's loss.
        let cut = cut.filter(|cut| !(*cut == Cut::Length && matches!(ask.keep, Keep::Start(_))));
        let (body, failure) = match (received.body, cut) {
            (_, Some(cut)) => (None, Some(failure_of(cut, ask.max_body))),
            (Ok(body), None) => (Some(body), None),
            (Err(failure), None) => (None, Some(failure)),
        };
        let mut exchange = Exchange { peer, head: Some(head), body, failure, ..nothing };
        saving::conclude(received.saving, &mut exchange).await;
        exchange
    }
}

/// How an exchange failed whose content is cut like that.
fn failure_of(cut: Cut, most: u64) -> Failure {
    match cut {
        Cut::Length => too_large(most, Code::BodyTooLarge),
        Cut::Time => total_timeout(),
        Cut::Disconnect => Failure::new(Code::BodyTruncated, "the connection broke before the body was complete"),
    }
}
