//! The summary of a check: counts, link by link, in bounded memory.
//!
//! Must not know the clock (the time is handed in) or how targets are told apart.

use std::{collections::BTreeMap, time::Duration};

use serde::{Serialize, Serializer};

use crate::model::{Finding, Rule, Severity, record::Ms, record::Outcome, units::human_duration};

/// Counts of a check. `links` is the sum of `ok`, `warnings`, `errors` and `skipped`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CheckSummary {
    /// Documents that were read; set by the caller.
    pub documents: u64,
    /// Links found in them.
    pub links: u64,
    /// Distinct targets of these links; set by the caller.
    pub targets: u64,
    /// Links with nothing to say about.
    pub ok: u64,
    /// Links with a finding that is shown and does not fail.
    pub warnings: u64,
    /// Links with a finding that fails.
    pub errors: u64,
    /// Links left out on purpose.
    pub skipped: u64,
    /// Warnings and errors by rule.
    pub rules: BTreeMap<Rule, u64>,
    /// Wall time of the run; set by the caller.
    #[serde(rename = "elapsed_ms", serialize_with = "in_ms")]
    pub elapsed: Duration,
}

impl CheckSummary {
    /// Takes one link in.
    pub fn add(&mut self, finding: &Finding) {
        self.links += 1;
        let left_out = finding.outcome == Outcome::Skipped;
        let count = match finding.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
            Severity::Off if left_out => &mut self.skipped,
            Severity::Off => &mut self.ok,
        };
        *count += 1;
        if let Some(rule) = finding.rule.filter(|_| finding.severity > Severity::Off) {
            *self.rules.entry(rule).or_default() += 1;
        }
    }

    /// The summary as one line for people.
    pub fn line(&self) -> String {
        let ending = [(self.errors, "error"), (self.warnings, "warning")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| format!(", {}", counted(count, noun)))
            .collect::<String>();
        let skipped = if self.skipped > 0 { format!(", {} skipped", self.skipped) } else { String::new() };
        format!(
            "{} to {} in {}, {}: {} ok{ending}{skipped}",
            counted(self.links, "link"),
            counted(self.targets, "target"),
            counted(self.documents, "document"),
            human_duration(self.elapsed),
            self.ok,
        )
    }

    /// How bad it is, in a few words: `3 errors, 1 warning` or `all is well`.
    pub(super) fn verdict(&self) -> String {
        match (self.errors, self.warnings) {
            (0, 0) => "all is well".to_owned(),
            (0, warnings) => counted(warnings, "warning"),
            (errors, 0) => counted(errors, "error"),
            (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
        }
    }
}

/// `1 link`, `2 links`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn in_ms<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    Ms::from(*time).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{dead, fine};

    #[test]
    fn every_link_is_counted_once() {
        let mut summary = CheckSummary::default();
        let mut warned = dead("a.md", 1);
        warned.severity = Severity::Warning;
        let mut skipped = fine("a.md", 2);
        skipped.outcome = Outcome::Skipped;
        for finding in [&dead("a.md", 3), &dead("b.md", 3), &warned, &skipped, &fine("b.md", 9)] {
            summary.add(finding);
        }
        assert_eq!(
            [summary.links, summary.errors, summary.warnings, summary.skipped, summary.ok],
            [5, 2, 1, 1, 1],
            "{summary:?}"
        );
        assert_eq!(summary.rules, BTreeMap::from([(Rule::Dead, 3)]));
        assert_eq!(summary.verdict(), "2 errors, 1 warning");
    }

    #[test]
    fn one_line_says_it_all_and_names_no_zeros() {
        let mut summary =
            CheckSummary { documents: 1, targets: 1, elapsed: Duration::from_millis(34), ..Default::default() };
        summary.add(&fine("a.md", 1));
        assert_eq!(summary.line(), "1 link to 1 target in 1 document, 34 ms: 1 ok");
        summary.add(&dead("a.md", 2));
        summary.skipped = 3;
        assert_eq!(summary.line(), "2 links to 1 target in 1 document, 34 ms: 1 ok, 1 error, 3 skipped");
    }

    #[test]
    fn programs_get_names_and_milliseconds() {
        let mut summary = CheckSummary { elapsed: Duration::from_micros(1500), ..Default::default() };
        summary.add(&dead("a.md", 2));
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["rules"]["link.dead"], 1);
        assert_eq!(json["elapsed_ms"], 1.5);
    }
}
