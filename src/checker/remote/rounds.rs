//! The second round: what seems dead is asked once more, alone, on fresh connections.
//!
//! Must not know how an answer is judged.

use super::{
    ask,
    hub::{Hub, Round, line},
    target::{Outcome, State, Way},
};
use crate::{engine::Stop, fetch::Client, model::Code};

impl Hub {
    /// The engine is through: a second round, or the end.
    pub(super) async fn hang_up(&mut self) {
        let Some(line) = self.line.take() else { return };
        let end = line.finish().await.unwrap_or_default();
        self.source_error = self.source_error.take().or(end.source_error);
        if let Some(why) = end.stopped {
            self.handle.stop(why);
        }
        self.crawling = 0;
        let client = match self.round {
            Round::First if !self.doubtful.is_empty() && !self.is_stopped() => Client::new(&self.fetch).ok(),
            _ => None,
        };
        match client {
            Some(client) => self.ask_again(client).await,
            None => self.leave().await,
        }
    }

    async fn ask_again(&mut self, client: Client) {
        self.round = Round::Second;
        let line = line(ask::second_round(&self.fetch, self.begun.elapsed()), client, &self.stage);
        self.handle.follow(line.handle.clone());
        self.line = Some(line);
        for id in std::mem::take(&mut self.doubtful) {
            let Some(target) = self.targets.get_mut(id as usize) else { continue };
            if let State::Doubtful(first) = std::mem::replace(&mut target.state, State::New) {
                self.firsts.insert(id, first);
                self.send(id, Way::Get).await;
            }
        }
    }

    /// Nothing is asked any more: whoever waits is told what is known, or that nothing is.
    async fn leave(&mut self) {
        for id in 0..self.targets.len() as u32 {
            let Some(target) = self.targets.get_mut(id as usize) else { continue };
            let outcome = match std::mem::replace(&mut target.state, State::New) {
                State::Known(outcome) => {
                    target.state = State::Known(outcome);
                    continue;
                }
                State::Doubtful(outcome) => *outcome,
                State::New | State::Held | State::Asked { .. } => match self.firsts.remove(&id) {
                    Some(first) => *first,
                    None => self.unasked(),
                },
            };
            self.settle(id, outcome).await;
        }
    }

    /// What is said of an address that was never asked.
    pub(super) fn unasked(&self) -> Outcome {
        match self.handle.stopped() {
            Some(Stop::Deadline) => Outcome::skipped(Code::BudgetDeadline, "--deadline came before its turn"),
            Some(Stop::Failures) => Outcome::skipped(Code::BudgetFailures, "the check was stopped because of failures"),
            _ => Outcome::cancelled(),
        }
    }
}
