//! One exchange on the wire: [`Ask`] in, [`Exchange`] out.
//!
//! The only room that knows the HTTP library, TLS and the resolver. Errors are data. Must not know
//! queues, retries or redirects: those are decided elsewhere, one exchange at a time.

mod body;
mod classify;
mod client;
mod connect;
mod cookies;
mod probe;
mod tls;

use std::future::Future;

pub use client::{Client, ClientError};

use crate::model::{Ask, Exchange};

/// Something that can make an exchange: the real client, a replay, a test double.
pub trait Wire: Send + Sync + 'static {
    /// Makes one exchange. Infallible: what goes wrong is in the [`Exchange`].
    fn exchange(&self, ask: Ask) -> impl Future<Output = Exchange> + Send;
}
