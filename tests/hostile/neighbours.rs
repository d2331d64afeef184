//! HTTP/2: requests that share a connection with one that goes wrong.

use std::{io, sync::Arc};

use serde_json::Value;

use crate::{
    run::{Run, fetchall},
    server::{
        Behaviour, Cert, Places, Port, Tls, ca_pem,
        frames::{DATA, INTERNAL_ERROR, NO_ERROR, Peer, frame, goaway, page, reset, setting},
        secs,
    },
};

/// A port that speaks HTTP/2; `talk` is told how many connections there were before.
async fn port<F>(talk: impl Fn(Talk) -> F + Clone + Send + Sync + 'static) -> Port
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let tls = Tls::new(Cert::Good).alpn(&["h2"]);
    let behaviour = Behaviour::handshake("shared", "", tls, move |stream, shared| {
        let talk = talk.clone();
        async move {
            let earlier = shared.earlier();
            let peer = Peer::meet(stream, setting(3, 100)).await?;
            talk(Talk { peer, earlier, shared }).await
        }
    });
    Port::open(behaviour, Places::default()).await.unwrap()
}

struct Talk {
    peer: Peer,
    earlier: usize,
    shared: Arc<crate::server::Shared>,
}

impl Talk {
    async fn request(&mut self) -> io::Result<u32> {
        self.peer.request(&self.shared).await
    }

    /// Serves pages from here on.
    async fn serve(mut self) -> io::Result<()> {
        loop {
            let id = self.request().await?;
            self.peer.send(page(id)).await?;
        }
    }
}

/// One after the other for the first page, so that all the others share its connection.
async fn run(port: &Port, count: usize, flags: &[&str]) -> (Run, Vec<Value>) {
    let scratch = tempfile::tempdir().unwrap();
    let ca = scratch.path().join("ca.pem");
    std::fs::write(&ca, ca_pem()).unwrap();
    let urls: String = (0..count).map(|n| port.url(&format!("/{n}\n"))).collect();
    let ca = format!("--ca={}", ca.display());
    let flags = ["-", "--http=2", "--per-host=16", &ca].into_iter().chain(flags.iter().copied());
    let run = fetchall(flags).stdin(urls).run().await;
    let records = run.records();
    assert_eq!(records.len(), count, "{run}");
    (run, records)
}

const TOGETHER: &[&str] = &["-r0", "-c16"];

fn failed(records: &[Value]) -> usize {
    records.iter().filter(|record| record["outcome"] != "ok").count()
}

#[tokio::test]
async fn streams_that_are_reset_harm_no_other_stream() {
    let port = port(|mut talk: Talk| async move {
        for number in 0.. {
            let id = talk.request().await?;
            let bytes = if number % 5 == 4 { reset(id, INTERNAL_ERROR) } else { page(id) };
            talk.peer.send(bytes).await?;
        }
        Ok(())
    })
    .await;
    let (run, records) = run(&port, 40, TOGETHER).await;
    assert_eq!((port.seen().connections, failed(&records)), (1, 8), "{run}");
    assert!(records.iter().all(|record| record["attempts"] == 1));
}

#[tokio::test]
async fn streams_that_were_refused_are_asked_for_again_and_nobody_sees_it() {
    // Every fifth page, and each of them once: by number of the stream one page could be refused for ever.
    let tls = Tls::new(Cert::Good).alpn(&["h2"]);
    let behaviour = Behaviour::handshake("refused", "", tls, |stream, shared| async move {
        let mut connection = h2::server::handshake(stream).await.map_err(io::Error::other)?;
        while let Some(accepted) = connection.accept().await {
            let (request, mut respond) = accepted.map_err(io::Error::other)?;
            let path = request.uri().path();
            let page: usize = path[1..].parse().map_err(io::Error::other)?;
            if shared.asked("GET", path, Vec::new(), Vec::new()).hit == 0 && page % 5 == 4 {
                respond.send_reset(h2::Reason::REFUSED_STREAM);
            } else {
                respond.send_response(http::Response::new(()), true).map_err(io::Error::other)?;
            }
        }
        Ok(())
    });
    let port = Port::open(behaviour, Places::default()).await.unwrap();
    let (run, records) = run(&port, 40, TOGETHER).await;
    assert_eq!((failed(&records), port.seen().asks.len()), (0, 48), "{run}");
    assert!(records.iter().all(|record| record["attempts"] == 1));
}

/// The first connection ends so when ten requests wait on it; the next ones serve.
async fn ends_with(last_words: fn() -> Vec<u8>) {
    let port = port(move |mut talk: Talk| async move {
        if talk.earlier > 0 {
            return talk.serve().await;
        }
        for _ in 0..10 {
            talk.request().await?;
        }
        talk.peer.send(last_words()).await?;
        talk.peer.close().await
    })
    .await;
    let (run, records) = run(&port, 10, TOGETHER).await;
    assert_eq!(failed(&records), 0, "{run}");
    assert!(records.iter().all(|record| record["attempts"] == 1), "{run}");
    assert!((2..=11).contains(&port.seen().connections), "{} connections", port.seen().connections);
}

#[tokio::test]
async fn a_connection_that_one_stream_broke_is_not_laid_to_the_others() {
    ends_with(|| frame(DATA, 0, 0, "on the stream of the connection")).await;
}

#[tokio::test]
async fn requests_that_a_server_went_away_from_are_asked_on_another_connection() {
    ends_with(|| goaway(0, NO_ERROR)).await;
}

#[tokio::test]
async fn a_server_that_goes_away_with_an_error_is_asked_on_another_connection() {
    ends_with(|| goaway(0, INTERNAL_ERROR)).await;
}

#[tokio::test]
async fn a_connection_that_answers_nothing_any_more_is_given_up_for_another() {
    let port = port(|mut talk: Talk| async move {
        if talk.earlier > 0 {
            return talk.serve().await;
        }
        let id = talk.request().await?;
        talk.peer.send(page(id)).await?;
        // Not even PINGs are answered.
        loop {
            talk.peer.next().await?;
        }
    })
    .await;
    let flags = ["-c1", "-r1", "--headers-timeout=1s", "--backoff=1ms..2ms"];
    let (run, records) = run(&port, 6, &flags).await;
    assert_eq!(failed(&records), 0, "{run}");
    assert_eq!(port.seen().connections, 2);
    assert!(run.wall < secs(6), "{:?}", run.wall);
}

#[tokio::test]
async fn a_server_that_takes_one_stream_at_a_time_serves_them_all() {
    let behaviour = Behaviour::handshake("one", "", Tls::new(Cert::Good).alpn(&["h2"]), |stream, shared| async move {
        let peer = Peer::meet(stream, setting(3, 1)).await?;
        Talk { peer, earlier: 0, shared }.serve().await
    });
    let port = Port::open(behaviour, Places::default()).await.unwrap();
    let (run, records) = run(&port, 40, TOGETHER).await;
    assert_eq!(failed(&records), 0, "{run}");
}
