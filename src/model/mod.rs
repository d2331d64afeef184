//! What flows through the pipeline: plain values, no IO, no clock, no runtime.
//!
//! A [`Request`] becomes a [`Flight`] when it is admitted, collects [`Exchange`]s while it is
//! under way, and leaves as a [`Visit`], from which the public [`Record`] is made in one place.
//! Must not know any other room.

pub mod capture;
pub mod code;
pub mod earlier;
pub mod escape;
pub mod exchange;
pub mod facts;
mod fill;
pub mod finding;
pub mod flight;
pub mod link;
pub mod page;
pub mod page_row;
pub mod record;
pub mod redact;
pub mod request;
pub mod rows;
pub mod save;
pub mod sighting;
pub mod step;
pub mod units;
pub mod visit;
pub mod wanted;

pub use capture::{Capture, Captures};
pub use code::{Again, Code, Kind};
pub use exchange::{Ask, Body, CacheUse, Digest, Exchange, Failure, Head, Keep, Patience, Phases};
pub use facts::{Facts, FoundIn, PageLink};
pub use fill::{FillError, fill};
pub use finding::{Finding, LinkSource, Rule, Severity, Suggestion, SuggestionKind};
pub use flight::{Attempt, Course, Errand, Flight, Hop, Trip, Wait};
pub use link::{Anchors, Directive, Link, LinkKind, Locator, Look, Outline, Reads, Spot};
pub use page::{Page, Problems};
pub use page_row::{LinkCounts, PageRow};
pub use record::Record;
pub use request::{Request, Wish};
pub use save::{Existing, SaveAs, ToldBy};
pub use sighting::Sighting;
pub use step::Step;
pub use visit::{Ending, Visit};
pub use wanted::View;
