//! The engine.

pub mod handle;

pub use handle::{Handle, Progress, Stop};
