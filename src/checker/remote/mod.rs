//! The hub: links to addresses wait here for their target, which is asked once.
//!
//! ```text
//! judge ─► links ─► targets ─┬─ cache ───────────────────┐
//!   ▲                        └─ engine: HEAD, GET ─► answer ─► finding
//!   └────── pages ◄───────────────────┘    └─► second round, alone
//! ```
//!
//! HEAD waits until all documents are read, because a later link may want the page itself; then it
//! is one request for each address, whatever links to it. Must not know files.

mod answer;
mod answering;
mod ask;
mod asking;
mod hub;
mod keep;
mod rounds;
mod scope;
mod target;

pub(super) use hub::{Hub, Parts};
