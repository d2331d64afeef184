//! What is found and not fetched: why, and its record at the end.
//!
//! Kept until then, because another link may lead to the same page and be followed. Must not know how
//! anything was found.

use std::borrow::Cow;

use url::Url;

use super::{hub::Hub, known::Standing, queue::Waiting};
use crate::{
    crawl::Reason,
    engine::Stop,
    model::{Code, Ending, Failure, FoundIn},
    policy::canonical::identity,
};

/// A URL that is left out.
#[derive(Clone, Copy)]
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

    /// The same, for a reason of the rules. Traps are counted in any case.
    pub(super) fn leave_for(&mut self, left: &Left<'_>, reason: &Reason) {
        if reason.code() == Code::BudgetTrap {
            let is_new = self.met.known.standing(left.key) == Standing::New;
            self.tally.traps += u64::from(is_new);
            if !self.told.extras.skipped {
                self.met.known.leave(left.key);
            }
        }
        if self.told.extras.skipped {
            self.leave(left, reason.code(), &reason.sentence());
        }
    }

    /// A URL that is known but for a session that it carries: never silent, since it may be a page of
    /// its own after all.
    pub(super) fn leave_as_known(&mut self, left: &Left<'_>, url: &Url) {
        if let (true, Cow::Owned(identity)) = (self.told.extras.skipped, identity(url)) {
            let key = self.told.key_of_whole(left.url);
            self.leave(&Left { key, ..*left }, Code::Duplicate, &format!("its session aside, it is {identity}"));
        }
    }

    /// What was left out has its record now, unless it was taken after all.
    pub(super) fn tell_left(&mut self, waiting: Waiting) {
        let (code, message) = waiting.note.split_once(' ').unwrap_or_default();
        let code = code.parse().unwrap_or(Code::Excluded);
        let key = match code {
            Code::Duplicate => Some(self.told.key_of_whole(&waiting.url)),
            _ => Url::parse(&waiting.url).ok().map(|url| self.told.key(&url)),
        };
        // A number it has only where it was announced before: nothing is asked for since. 0 is a seed's.
        let is_again = waiting.seq > 0;
        let is_taken = key.is_some_and(|key| self.met.known.standing(key).is_taken());
        if !is_again && code != Code::Duplicate && is_taken {
            return;
        }
        let ending = Ending::Skipped { code, message: message.to_owned(), of: None };
        let seq = if is_again { waiting.seq } else { self.number() };
        self.refuse_for_good(Waiting { seq, ..waiting }, key, ending);
    }
}

/// Why a page is left that is one too many.
pub(super) const BUDGET: &str = "as many pages as --max-pages allows were taken before";

/// How a URL ends that waited when the crawl ended.
pub(super) fn ending_of_waiting(stopped: Option<Stop>) -> Ending {
    let skipped = |code, message: &str| Ending::Skipped { code, message: message.to_owned(), of: None };
    match stopped {
        Some(Stop::First) => skipped(Code::BudgetFirst, "--first had its successes"),
        Some(Stop::Deadline) => skipped(Code::BudgetDeadline, "--deadline came before its turn"),
        Some(Stop::Failures) => skipped(Code::BudgetFailures, "the run was stopped because of failures"),
        None => skipped(Code::BudgetPages, BUDGET),
        Some(Stop::Asked | Stop::Drain | Stop::Disk | Stop::Gone) => {
            Ending::Error(Failure::new(Code::Cancelled, "the run was stopped before it was done"))
        }
    }
}
