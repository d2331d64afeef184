//! The engine: one task that owns a run, and one place that waits.
//!
//! Requests come from a stream, wait in the frontier, go out through the wire stage, their bodies
//! through the page stage, and leave as records over a bounded channel. Handlers of the loop never
//! await, parse or print. Must not know flags, formats or where records go.

mod adapting;
mod arrival;
mod ask;
mod captures;
mod change;
mod door;
mod finishing;
mod flights;
pub mod handle;
mod hooks;
mod line;
mod live;
mod outbox;
mod paused;
mod recall;
mod robots;
mod run;
mod saving;
mod stopping;
mod told;
pub mod writer;

pub use crate::fetch::Reach;
pub use change::Change;
pub use handle::{Handle, Progress, Stop};
pub use hooks::{Answer, Hooks, Outgoing, Verdict};
pub use line::{Line, Source};
pub use live::{Hold, HostNow, Live, State, View};
pub use run::{End, Engine, Launched};

#[cfg(test)]
mod tests;
