//! The shape of the checker, without its work: finds nothing. Replaced by the real one.

use tokio::{sync::mpsc, task::JoinHandle};

use super::{CheckPlan, Memory};
use crate::{
    check::ignore::Unused,
    engine::{Progress, Stop},
    model::Finding,
};

/// Checks links.
#[derive(Debug)]
pub struct Checker {
    plan: CheckPlan,
}

/// Why there is no checker.
#[derive(Debug)]
pub enum CheckError {
    /// A source cannot be used.
    Source(String),
    /// The client cannot be built.
    Build(super::super::BuildError),
}

/// A check under way.
#[derive(Debug)]
pub struct CheckRun {
    /// As they are made.
    pub findings: mpsc::Receiver<Finding>,
    /// The grip on it.
    pub handle: CheckHandle,
    /// What it came to.
    pub end: JoinHandle<CheckEnd>,
}

/// A grip on a check.
#[derive(Clone, Debug, Default)]
pub struct CheckHandle;

impl CheckHandle {
    /// Asks it to end.
    pub fn stop(&self, _: Stop) {}

    /// How far it is.
    pub fn progress(&self) -> Progress {
        Progress::default()
    }
}

/// What a check came to.
#[derive(Debug, Default)]
pub struct CheckEnd {
    /// Documents that were read.
    pub documents: u64,
    /// Links in them.
    pub links: u64,
    /// Distinct targets.
    pub targets: u64,
    /// Requests made.
    pub requests: u64,
    /// Why it ended early.
    pub stopped: Option<Stop>,
    /// What could not be read to its end.
    pub source_error: Option<String>,
    /// What is known now.
    pub memory: Memory,
    /// Ignore entries that met no link.
    pub unused_ignores: Vec<Unused>,
}

impl Checker {
    /// Of a plan.
    pub fn new(plan: CheckPlan) -> Result<Checker, CheckError> {
        Ok(Checker { plan })
    }

    /// Starts it.
    pub fn start(self) -> CheckRun {
        let (_, findings) = mpsc::channel(1);
        let end = CheckEnd { memory: self.plan.memory, ..CheckEnd::default() };
        CheckRun { findings, handle: CheckHandle, end: tokio::spawn(async { end }) }
    }
}
