//! The retry budget of a run: a dead network must not multiply the load.
//!
//! Every first attempt earns a share of a retry, every retry costs one; a reserve lets short lists
//! retry at will (the idea of tower's and Finagle's retry budgets, without their clock). Must not
//! know which request is asking.

/// Retries that are always there, so that a short list is never short of them.
const RESERVE: u64 = 200;

/// How many retries the run may still make.
#[derive(Clone, Copy, Debug)]
pub struct RetryBudget {
    percent: u64,
    first_attempts: u64,
    retries: u64,
}

impl RetryBudget {
    /// A budget of `percent` retries for each 100 first attempts.
    pub fn new(percent: u32) -> Self {
        RetryBudget { percent: percent.into(), first_attempts: 0, retries: 0 }
    }

    /// A request was asked for the first time.
    pub fn earn(&mut self) {
        self.first_attempts = self.first_attempts.saturating_add(1);
    }

    /// Whether one more retry is within the budget.
    pub fn has_left(&self) -> bool {
        self.retries < RESERVE.saturating_add(self.first_attempts.saturating_mul(self.percent) / 100)
    }

    /// A retry was decided.
    pub fn spend(&mut self) {
        self.retries = self.retries.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_network_gets_the_reserve_and_the_share() {
        let mut budget = RetryBudget::new(50);
        let mut retries = 0;
        for _ in 0..10_000 {
            budget.earn();
            while budget.has_left() {
                budget.spend();
                retries += 1;
            }
        }
        assert_eq!(retries, RESERVE + 5_000);
    }
}
