//! Archives built by hand, each with one flaw.
