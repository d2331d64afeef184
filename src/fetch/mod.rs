//! One exchange on the wire: [`Ask`] in, [`Exchange`] out.
//!
//! The only room that knows the HTTP library, TLS and the resolver. Errors are data. Must not know
//! queues, retries or redirects: those are decided elsewhere, one exchange at a time.

mod body;
mod classify;
mod client;
mod connect;
mod environment;
mod framing;
mod gather;
mod moments;
mod pile;
mod probe;
mod proxies;
mod pulse;
mod race;
pub mod replay;
mod room;
mod route;
mod saving;
mod tape;
mod tls;

use std::future::Future;

pub use client::Client;
pub use environment::check_environment;
pub use pulse::{Pulse, Reach};
pub use tls::{Authorities, authorities};

use crate::model::{Ask, Exchange};

/// Something that can make an exchange: the real client, a replay, a test double.
pub trait Wire: Send + Sync + 'static {
    /// Makes one exchange. Infallible: what goes wrong is in the [`Exchange`].
    fn exchange(&self, ask: Ask) -> impl Future<Output = Exchange> + Send;

    /// Whether some answers may be there without an exchange.
    fn keeps(&self) -> bool {
        false
    }

    /// The answer that is there without an exchange; `None` if the network has to be asked.
    fn recall(&self, ask: Ask) -> impl Future<Output = Option<Exchange>> + Send {
        drop(ask);
        std::future::ready(None)
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A file of certificate authorities is of no use.
    #[error("--ca: {0}")]
    Ca(String),
    /// The client certificate or its key is of no use.
    #[error("--cert, --key: {0}")]
    Identity(String),
    /// The proxy's URL is of no use.
    #[error("--proxy: {0}")]
    Proxy(String),
    /// A variable of the environment names no proxy.
    #[error("{variable}: {problem}; --no-proxy '*' goes around it")]
    Variable {
        /// Its name; the value may be a secret.
        variable: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// The template for names of files cannot be read.
    #[error("--save-name: {0}")]
    SaveName(String),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}
