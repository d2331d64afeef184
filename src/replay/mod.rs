//! Answers from archives in place of the network: another wire for the same engine.
//!
//! Joins the index of an archive with the decoding of bodies. Must not know queues, pages or flags.

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use crate::{
    fetch::{
        Wire,
        replay::{Recall, Stored},
    },
    model::{Ask, Code, Exchange, Failure, Head, capture::Cut},
    settings::Settings,
    source::warc::{
        WarcError,
        index::{Answer, Index},
        message,
    },
};

/// Archives to answer from.
#[derive(Debug)]
pub struct Replay {
    index: Arc<Index>,
    recall: Recall,
}

impl Replay {
    /// Reads the archives through; bodies stay where they are. Of several answers the last one counts.
    ///
    /// # Errors
    /// A sentence that names the file or setting which cannot be read.
    pub fn open(files: &[PathBuf], settings: &Settings) -> Result<Replay, String> {
        let recall = Recall::new(settings).map_err(|error| error.to_string())?;
        Ok(Replay { index: Arc::new(Index::of(files)?), recall })
    }
}

impl Wire for Replay {
    async fn exchange(&self, ask: Ask) -> Exchange {
        let started = SystemTime::now();
        let (index, url, method) = (Arc::clone(&self.index), Arc::clone(&ask.url), ask.method.clone());
        let most = ask.max_body.saturating_add(1);
        let found = tokio::task::spawn_blocking(move || index.find(&method, url.as_str(), most)).await;
        match found {
            Ok(Ok(Some(answer))) => self.recall.exchange(&ask, stored(answer)).await,
            Ok(Ok(None)) => {
                let message = format!("the archive has no answer to {} of this URL", ask.method);
                Exchange::failed(started, Failure::new(Code::IoMissing, message))
            }
            Ok(Err(error)) => Exchange::failed(started, unreadable(&error)),
            Err(_) => Exchange::failed(started, Failure::new(Code::InternalPanic, "reading the archive panicked")),
        }
    }
}

fn unreadable(error: &WarcError) -> Failure {
    Failure::new(Code::IoRead, format!("the archive cannot be read: {error}"))
}

/// The response as it was received.
fn stored(answer: Answer) -> Stored {
    let Answer { head, response, content } = answer;
    let version = match head.all("WARC-Protocol").find(|protocol| !protocol.starts_with("tls")) {
        Some("http/1.0") => http::Version::HTTP_10,
        Some("h2" | "h2c" | "http/2") => http::Version::HTTP_2,
        Some("h3") => http::Version::HTTP_3,
        _ => http::Version::HTTP_11,
    };
    // A revisit says `length` too, because it leaves the content to the record it refers to.
    let cut = match head.get("WARC-Truncated").filter(|_| head.kind() == "response") {
        Some("length") => Some(Cut::Length),
        Some("time") => Some(Cut::Time),
        Some(_) => Some(Cut::Disconnect),
        None => None,
    };
    let peer = head.get("WARC-IP-Address").and_then(|ip| ip.parse().ok());
    let headers = message::restore(&response.headers);
    Stored { head: Head { status: response.status, version, headers }, content: content.into(), cut, peer }
}
