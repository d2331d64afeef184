//! What is done: kept beside the records, so that a run that was killed goes on where it stopped.
//!
//! Completions are what is kept, not starts, and each only once its record is safely written: the
//! writer hands every batch over behind the outputs ([`Settle`]). With it go the lengths of the outputs,
//! so that what a killed run wrote behind its last commit is cut off and made again: no record lost,
//! none twice. Must not know sinks, engines or flags.

mod boot;
pub mod done;
#[cfg(feature = "sqlite")]
mod file;
mod id;
pub mod identity;
pub mod marks;
pub mod records;
#[cfg(feature = "sqlite")]
mod store;
pub mod trail;

use std::path::PathBuf;

#[cfg(feature = "sqlite")]
pub use self::file::{Begin, Journal, Past};
pub use self::{
    done::Done,
    id::new_id,
    identity::{Difference, Identity},
    marks::Marks,
    trail::Trail,
};
use crate::model::Record;

/// Why there is no journal, or why it takes no more.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process has it.
    #[error("{} is in use by another run", .0.display())]
    InUse(PathBuf),
    /// Another program's file, or none at all.
    #[error("{} is no state of fetchall's; it is left as it is", .0.display())]
    Foreign(PathBuf),
    /// A later version wrote it.
    #[error("{} was written by a newer fetchall; it is left as it is", .0.display())]
    Newer(PathBuf),
    /// It cannot be what was written.
    #[error("{} is damaged and left as it is ({})", .0.display(), .1)]
    Damaged(PathBuf, String),
    /// It belongs to another run.
    #[error("{} belongs to another run: {}", .path.display(), told(.differences))]
    Other {
        /// The journal.
        path: PathBuf,
        /// What is not as it was.
        differences: Vec<Difference>,
    },
    /// Reading or writing failed.
    #[error("cannot use {}: {}", .0.display(), .1)]
    Io(PathBuf, String),
}

fn told(differences: &[Difference]) -> String {
    differences.iter().map(Difference::to_string).collect::<Vec<_>>().join("; ")
}

/// What was done before, for the engine's door.
#[derive(Debug, Default)]
pub struct Before {
    /// Requests that have their record.
    pub done: Done,
    /// The list, as far as it was read.
    pub marks: Marks,
    /// What was asked for, where only records tell it.
    pub texts: records::Texts,
}

/// Is told what is safely written.
pub trait Settle: Send {
    /// Whether a record says how its request ended. Those that a stopped run leaves over do not: they are
    /// neither written nor done.
    fn is_final(&self, record: &Record) -> bool;
    /// These records are about to be handed to the outputs: what is known of them here may be ahead of the
    /// outputs, and never behind.
    ///
    /// # Errors
    /// The journal cannot be written; nothing more may be.
    fn announce(&mut self, batch: &[Record]) -> Result<(), JournalError>;
    /// These records have been handed over to the system by every output; `positions` are the lengths
    /// of the outputs behind them.
    ///
    /// # Errors
    /// The journal cannot be written; nothing more may be.
    fn settle(&mut self, batch: &[Record], positions: &[Option<u64>]) -> Result<(), JournalError>;
    /// Everything so far is on the disk, should the machine end now.
    ///
    /// # Errors
    /// The journal cannot be written.
    fn synced(&mut self) -> Result<(), JournalError>;
    /// The run is over; `is_complete` if nothing is left of it.
    ///
    /// # Errors
    /// The journal cannot be written.
    fn close(&mut self, is_complete: bool) -> Result<(), JournalError>;
}
