//! Where requests come from.
