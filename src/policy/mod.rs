//! Decisions, as functions of values: what to ask for, what an answer means, what to do next.
//!
//! No IO, no clock, no dice: whoever acts passes time and chance in. Knows the model and the
//! settings; must not know the engine, the network or the queue.

pub mod address;
pub mod budget;
pub mod cache;
pub mod canonical;
pub mod choose;
pub mod judgement;
pub mod name;
pub mod proxy_pool;
pub mod range;
pub mod redirect;
pub mod retry;
pub mod robots;
pub mod robots_tag;
pub mod scope;
pub mod step;
pub mod url;
