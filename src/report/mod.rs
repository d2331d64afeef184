//! What a run amounts to: counts, times, and what held it back.
//!
//! Eats records, keeps numbers. Must not know terminals, files or the engine.

pub mod summary;

pub use summary::Summary;
