//! map to come
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod demo;
pub mod engine;
pub mod model;
pub mod page;
pub mod settings;
pub mod sink;
pub mod source;
