//! What databases say when something is wrong, in our words. Must not know their languages.

use sqlx::error::DatabaseError;

use super::remote::Fault;
use crate::model::{escape, redact};

/// A fault, and whether trying again may help; `passes` judges what the database itself has said.
pub(super) fn fault(error: sqlx::Error, passes: impl FnOnce(&dyn DatabaseError) -> bool) -> Fault {
    let passes = match &error {
        sqlx::Error::Database(error) => passes(error.as_ref()),
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => true,
        _ => false,
    };
    let told = told(&error);
    if passes { Fault::Passing(told) } else { Fault::Final(told) }
}

/// The error in words. None of them has a password in it; what looks like one is cut.
pub(super) fn told(error: &sqlx::Error) -> String {
    let told = match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    };
    redact::text(&escape::visible(&told)).into_owned()
}
