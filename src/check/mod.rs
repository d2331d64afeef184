//! Link checking as pure decisions: what a link leads to, whether it is there, what that means.
//!
//! ```text
//! Link ─► ignores ─► target ─┬─ file ─► files (presets, case) ─► anchors ─┐
//!         (inline)  (remap)  ├─ url ──► the engine ─► Answer ─► verdict ──┼─► rules ─► baseline,
//!                            └─ mail, tel ─► mail ────────────────────────┘            grace
//! ```
//!
//! Whoever touches the disk or the network asks these functions what to do: files are seen through
//! [`files::Tree`], the time is an argument, state is text that is parsed and written. Must not
//! know files, sockets, tokio or flags.

pub mod accept;
pub mod anchors;
pub mod answers;
pub mod baseline;
pub mod cache;
pub mod date;
pub mod diff;
pub mod files;
pub mod findings;
pub mod fix;
pub mod grace;
pub mod ignore;
pub mod inline;
pub mod mail;
pub mod paths;
pub mod pattern;
pub mod phrases;
pub mod preset;
pub mod redirects;
pub mod remap;
pub mod rows;
pub mod rules;
pub mod site;
pub mod suggest;
pub mod target;
pub mod text_directive;
pub mod verdict;

pub use anchors::{Fragment, PageKind, judge_fragment};
pub use files::{Asked, FileKind, Located, Tree, locate};
pub use paths::{Form, Way};
pub use site::Site;
pub use target::{Base, Target, resolve};
pub use verdict::{Answer, Found, judge};
