//! What each rule weighs in this run, and from which weight on a run fails.
//!
//! Must not know how a rule comes to hold.

use std::str::FromStr;

use crate::model::{Rule, Severity, units::nearest};

/// `--rule NAME=off|warn|error`: one rule and its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleWeight(pub Rule, pub Severity);

impl FromStr for RuleWeight {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((name, weight)) = text.split_once('=') else {
            return Err(format!("`{text}` is not a rule with a weight; write redirected=warn"));
        };
        let name = name.trim();
        let rule = name.parse().map_err(|()| {
            let short = Rule::ALL.iter().map(|rule| bare_name(*rule));
            let wanted = name.strip_prefix("link.").unwrap_or(name);
            match nearest(wanted, short) {
                Some(near) => format!("unknown rule `{name}`; did you mean `{near}`?"),
                None => format!("unknown rule `{name}`; `fetchall explain` lists all"),
            }
        })?;
        let severity = match weight.trim() {
            "off" => Severity::Off,
            "warn" | "warning" => Severity::Warning,
            "error" => Severity::Error,
            other => return Err(format!("`{other}` is not a weight; write off, warn or error")),
        };
        Ok(RuleWeight(rule, severity))
    }
}

fn bare_name(rule: Rule) -> &'static str {
    rule.name().strip_prefix("link.").unwrap_or(rule.name())
}

/// The weights of all rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Severities(Vec<RuleWeight>);

impl Severities {
    /// The defaults, changed by these in order: the last word on a rule counts.
    pub fn with(changes: Vec<RuleWeight>) -> Self {
        Severities(changes)
    }

    /// What a rule weighs.
    pub fn of(&self, rule: Rule) -> Severity {
        self.0.iter().rev().find(|RuleWeight(changed, _)| *changed == rule).map_or(rule.severity(), |change| change.1)
    }
}

/// From which weight on a run fails (`--fail-on`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailOn {
    /// Errors.
    #[default]
    Error,
    /// Warnings too.
    Warning,
    /// Nothing.
    Never,
}

impl FailOn {
    /// Whether something of this weight makes the run fail.
    pub fn fails(self, severity: Severity) -> bool {
        match self {
            FailOn::Error => severity >= Severity::Error,
            FailOn::Warning => severity >= Severity::Warning,
            FailOn::Never => false,
        }
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "error" => Ok(FailOn::Error),
            "warning" | "warn" => Ok(FailOn::Warning),
            "none" => Ok(FailOn::Never),
            _ => Err(format!("`{text}` is not error, warning or none")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_on_a_rule_counts() {
        let changes = ["redirected=error", "link.dead=warn", "redirected=warning"];
        let weights = Severities::with(changes.iter().map(|text| text.parse().unwrap()).collect());
        assert_eq!(weights.of(Rule::Redirected), Severity::Warning);
        assert_eq!(weights.of(Rule::Dead), Severity::Warning);
        assert_eq!(weights.of(Rule::Mail), Severity::Error);
        assert_eq!(Severities::default().of(Rule::Flaky), Severity::Off);
    }

    #[test]
    fn mistakes_name_what_was_meant() {
        for (text, says) in [
            ("redirected", "redirected=warn"),
            ("redirect=warn", "`redirected`"),
            ("link.ded=warn", "`dead`"),
            ("dead=fatal", "off, warn or error"),
            ("?=off", "explain"),
        ] {
            let error = text.parse::<RuleWeight>().unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn a_run_fails_from_the_weight_that_was_asked_for() {
        for (on, weights) in [("error", [false, false, true]), ("warning", [false, true, true]), ("none", [false; 3])] {
            let on: FailOn = on.parse().unwrap();
            assert_eq!([Severity::Off, Severity::Warning, Severity::Error].map(|weight| on.fails(weight)), weights);
        }
        assert!("fatal".parse::<FailOn>().is_err());
    }
}
