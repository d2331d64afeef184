//! What is found and not fetched: why, and its record at the end.
//!
//! Kept until then, because another link may lead to the same page and be followed. Must not know how
//! anything was found.

use super::{hub::Hub, known::Standing, queue::Waiting};
use crate::{
    crawl::Reason,
    engine::Stop,
    model::{Code, Ending, Failure, FoundIn},
};

/// A URL that is left out.
pub(super) struct Left<'a> {
    pub key: u128,
    pub url: &'a str,
    pub parent: Option<&'a str>,
    pub found_in: FoundIn,
    pub depth: u32,
}

impl Hub {
    /// Takes note of what is left out, if anybody wants to know.
    pub(super) fn leave(&mut self, left: &Left<'_>, code: Code, message: &str) {
        if self.told.extras.skipped && self.met.known.leave(left.key) == Standing::New {
            self.stock.left.push(&Waiting {
                seq: 0,
                url: left.url.to_owned(),
                parent: left.parent.map(str::to_owned),
                found_in: left.found_in,
                depth: left.depth,
                note: format!("{code} {message}"),
            });
        }
    }

    /// The same, for a reason of the rules.
    pub(super) fn leave_for(&mut self, left: &Left<'_>, reason: &Reason) {
        if self.told.extras.skipped {
            self.leave(left, reason.code(), &reason.sentence());
        }
    }

    /// More pages than may be taken.
    pub(super) fn leave_for_budget(&mut self, left: &Left<'_>) {
        self.leave(left, Code::BudgetPages, BUDGET);
    }

    /// What was left out has its record now, unless it was taken after all.
    pub(super) fn tell_left(&mut self, waiting: Waiting) {
        let key = self.told.key_of_text(&waiting.url);
        if self.met.known.standing(key).is_taken() {
            return;
        }
        let (code, message) = waiting.note.split_once(' ').unwrap_or_default();
        let code = code.parse().unwrap_or(Code::Excluded);
        let ending = Ending::Skipped { code, message: message.to_owned(), of: None };
        let seq = self.number();
        self.refuse(Waiting { seq, note: String::new(), ..waiting }, ending);
    }
}

/// Why a page is left that is one too many.
pub(super) const BUDGET: &str = "as many pages as --max-pages allows were taken before";

/// How a URL ends that waited when the crawl was stopped.
pub(super) fn ending_of_waiting(stopped: Option<Stop>) -> Ending {
    let skipped = |code, message: &str| Ending::Skipped { code, message: message.to_owned(), of: None };
    match stopped {
        Some(Stop::First) => skipped(Code::BudgetFirst, "--first had its successes"),
        Some(Stop::Deadline) => skipped(Code::BudgetDeadline, "--deadline came before its turn"),
        Some(Stop::Failures) => skipped(Code::BudgetFailures, "the run was stopped because of failures"),
        Some(Stop::Asked | Stop::Gone) | None => {
            Ending::Error(Failure::new(Code::Cancelled, "the run was stopped before it was done"))
        }
    }
}
