//! What the limits that adapt are told, and how many slots the run uses of those it has.
//!
//! Knows what an exchange says about load. Must not know how a limit is found.

use std::time::Instant;

use super::run::Engine;
use crate::{
    fetch::Wire,
    frontier::{Effect, LaneId},
    model::{Code, Exchange},
    policy::judgement::Judgement,
    settings::Adaptive,
};

impl<W: Wire> Engine<W> {
    /// Whether one more at once is worth it, where that is found out.
    pub(super) fn has_room(&self) -> bool {
        self.at_once.as_ref().is_none_or(|at_once| self.airborne.len() < at_once.limit())
    }

    /// Limits that adapt learn how an exchange went, which is still counted as under way.
    pub(super) fn adapt(&mut self, lane: LaneId, exchange: &Exchange, judgement: Option<&Judgement>, clock: Instant) {
        if self.settings.limits.adaptive == Adaptive::Off {
            return;
        }
        let latency = exchange.phases.total;
        let effect = effect(exchange, judgement);
        if let Some(effect) = effect {
            self.frontier.note(lane, effect, latency, clock);
        }
        if let Some(at_once) = &mut self.at_once {
            // One host's trouble is not the run's; a lack of descriptors is.
            let effect = if effect.is_none() { Effect::Failed } else { Effect::Answered };
            at_once.note(effect, latency, self.airborne.len() + 1, clock);
        }
    }
}

/// What an exchange says about the load of its host; `None` if it failed for want of descriptors of
/// our own. What the program judges goes before the status.
fn effect(exchange: &Exchange, judgement: Option<&Judgement>) -> Option<Effect> {
    if matches!(judgement, Some(Judgement::RateLimited(_))) {
        return Some(Effect::Refused);
    }
    match (&exchange.failure, exchange.status()) {
        (Some(failure), _) => match failure.code {
            Code::ConnectDescriptors => None,
            code if matches!(code.family(), "connect" | "timeout") => Some(Effect::Failed),
            Code::BodyTruncated | Code::ProtocolEmpty => Some(Effect::Failed),
            _ => Some(Effect::Answered),
        },
        (None, Some(429 | 503)) => Some(Effect::Refused),
        (None, Some(502 | 504)) => Some(Effect::Failed),
        (None, _) => Some(Effect::Answered),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::model::{Failure, Head, exchange::Phases};

    fn failed(code: Code) -> Exchange {
        Exchange::failed(SystemTime::UNIX_EPOCH, Failure::new(code, ""))
    }

    fn answered(status: u16) -> Exchange {
        let head = Head { status, version: http::Version::HTTP_11, headers: http::HeaderMap::new() };
        Exchange { phases: Phases::default(), head: Some(head), failure: None, ..failed(Code::Cancelled) }
    }

    #[test]
    fn load_shows_in_refusals_time_outs_and_broken_answers_and_not_in_missing_pages() {
        for (status, expected) in [
            (200, Effect::Answered),
            (404, Effect::Answered),
            (500, Effect::Answered),
            (429, Effect::Refused),
            (503, Effect::Refused),
            (502, Effect::Failed),
            (504, Effect::Failed),
        ] {
            assert_eq!(effect(&answered(status), Some(&Judgement::Usual)), Some(expected), "{status}");
        }
        for (code, expected) in [
            (Code::TimeoutTotal, Some(Effect::Failed)),
            (Code::ConnectReset, Some(Effect::Failed)),
            (Code::BodyTruncated, Some(Effect::Failed)),
            (Code::DnsNotFound, Some(Effect::Answered)),
            (Code::BodyTooLarge, Some(Effect::Answered)),
            (Code::ConnectDescriptors, None),
        ] {
            assert_eq!(effect(&failed(code), None), expected, "{code:?}");
        }
        assert_eq!(effect(&answered(200), Some(&Judgement::RateLimited(None))), Some(Effect::Refused));
    }
}
