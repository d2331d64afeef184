//! The demo: a website on 127.0.0.1, made of good pages and bad ones, to try everything without a
//! network.
//!
//! [`Site::start`] serves it, [`list`] is its own list of URLs, and [`LISTED`] says what becomes of
//! each. `table` holds what the pages do to a client; `pages`, `bodies` and `trouble` serve them,
//! `catalogue` and `traps` those that are there to be crawled,
//! `members` those that want a login; `wire` is for what no HTTP server would
//! send. The room knows no other room of this crate.

mod bodies;
mod catalogue;
mod html;
mod members;
mod pages;
mod table;
mod traps;
mod trouble;
mod wire;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::Router;
use tokio::{net::TcpListener, sync::oneshot};

pub use table::{APART, Expected, LISTED};

/// The demo's own list, a URL a line, for the site at `base` (`http://127.0.0.1:8080`; a slash at
/// its end is fine). Line by line it is [`LISTED`].
pub fn list(base: &str) -> Vec<String> {
    let base = base.trim_end_matches('/');
    LISTED.iter().map(|row| row.line(base)).collect()
}

/// What the pages share.
struct Demo {
    addr: SocketAddr,
    tallies: trouble::Tallies,
    sessions: traps::Sessions,
    members: members::Members,
}

impl Demo {
    fn base(&self) -> String {
        format!("http://{}", self.addr)
    }
}

/// The site, served in the background until this value is dropped.
#[derive(Debug)]
pub struct Site {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Dropping it ends the listening.
    _open: oneshot::Sender<()>,
}

impl Site {
    /// Starts the site on 127.0.0.1; port 0 takes any that is free.
    ///
    /// # Errors
    ///
    /// When the port is taken or not allowed.
    pub async fn start(port: u16) -> io::Result<Site> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let addr = listener.local_addr()?;
        let demo = Arc::new(Demo {
            addr,
            tallies: trouble::Tallies::default(),
            sessions: traps::Sessions::default(),
            members: members::Members::default(),
        });
        let service = router(demo).into_make_service_with_connect_info::<wire::Line>();
        let (open, closed) = oneshot::channel::<()>();
        // The task ends by itself: when `open` is dropped it stops listening, ends idle connections
        // and waits for answers under way, of which the longest takes ten minutes.
        tokio::spawn(async move {
            let until_dropped = async { drop(closed.await) };
            axum::serve(wire::Door(listener), service).with_graceful_shutdown(until_dropped).await
        });
        Ok(Site { addr, _open: open })
    }

    /// The URL of a path, which starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Stops listening, as dropping does. Answers under way are finished.
    pub fn stop(self) {}
}

fn router(demo: Arc<Demo>) -> Router {
    Router::new()
        .merge(pages::routes())
        .merge(bodies::routes())
        .merge(catalogue::routes())
        .merge(traps::routes())
        .merge(members::routes())
        .merge(trouble::routes())
        .fallback(trouble::missing)
        .with_state(demo)
}
