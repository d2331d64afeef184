//! The front door of link checking for Rust programs: a plan in, findings out.
//!
//! ```text
//! starts ─► walk ─► documents ─► outline ─► targets ─┬─ files ────► verdict ─┐
//!                      ▲                             ├─ mail, tel ───────────┼─► Finding
//!                      └───── pages (--recurse) ◄────┴─ engine ──► verdict ──┘
//! ```
//!
//! Wires the rooms: `page` reads documents, `check` decides, the engine fetches each target once.
//! Must not know flags, formats or where findings go.

mod plan;
mod stub;

pub use plan::{Changed, CheckPlan, Memory, Placement, Reach, Start, Walk};
pub use stub::{CheckEnd, CheckError, CheckHandle, CheckRun, Checker};
