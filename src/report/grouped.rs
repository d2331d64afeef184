//! Findings by target: one broken target that many places link to is one thing to look at.

use std::{cmp::Reverse, collections::HashMap};

use super::view;
use crate::model::{Finding, Severity};

/// A target, what is wrong with it, and every place that links to it.
pub(super) struct Group<'a> {
    /// URL or path with fragment; where there is none, the reference as written.
    pub(super) target: String,
    /// Name of the rule.
    pub(super) rule: &'static str,
    /// The heaviest among the places.
    pub(super) severity: Severity,
    /// What the first place has to say.
    pub(super) message: String,
    /// In the order of documents and lines; never empty.
    pub(super) places: Vec<&'a Finding>,
}

/// Groups of target and rule: the heaviest first, then those with the most places, then by name.
pub(super) fn by_target(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: HashMap<(String, &'static str), usize> = HashMap::new();
    for finding in view::shown(findings) {
        let (target, rule) = (target(finding), view::rule(finding));
        let at = *known.entry((target, rule)).or_insert_with_key(|(target, rule)| {
            groups.push(Group {
                target: target.clone(),
                rule,
                severity: finding.severity,
                message: finding.message(),
                places: Vec::new(),
            });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            group.severity = group.severity.max(finding.severity);
            group.places.push(finding);
        }
    }
    groups.sort_by(|a, b| {
        let key = |group: &Group<'_>| (Reverse(group.severity), Reverse(group.places.len()), group.rule);
        key(a).cmp(&key(b)).then_with(|| a.target.cmp(&b.target))
    });
    groups
}

fn target(finding: &Finding) -> String {
    match (&finding.url, &finding.fragment) {
        (Some(url), Some(fragment)) => format!("{url}#{fragment}"),
        (Some(url), None) => url.to_string(),
        (None, _) => finding.source.raw.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Rule, report::tests::dead};

    #[test]
    fn places_of_one_target_stand_together_and_the_worst_comes_first() {
        let mut warned = dead("a.md", 1);
        (warned.severity, warned.rule) = (Severity::Warning, Some(Rule::Login));
        let mut anchor = dead("a.md", 2);
        (anchor.rule, anchor.fragment) = (Some(Rule::MissingAnchor), Some("top-1".into()));
        let mut odd = dead("a.md", 3);
        (odd.url, odd.source.raw) = (None, "ht tp://".into());
        let findings = [warned, anchor, dead("b.md", 1), odd, dead("a.md", 9)];
        let told: Vec<_> =
            by_target(&findings).iter().map(|group| (group.target.clone(), group.rule, group.places.len())).collect();
        let expected = [
            ("https://example.com/gone", "link.dead", 2),
            ("ht tp://", "link.dead", 1),
            ("https://example.com/gone#top-1", "link.missing_anchor", 1),
            ("https://example.com/gone", "link.login", 1),
        ];
        assert_eq!(told, expected.map(|(target, rule, places)| (target.to_owned(), rule, places)));
        assert_eq!(by_target(&findings)[0].places[0].source.path.as_deref(), Some("a.md"));
    }

    #[test]
    fn a_group_weighs_what_its_heaviest_place_weighs() {
        let lenient = Finding { severity: Severity::Warning, ..dead("a.md", 1) };
        let findings = [lenient, dead("b.md", 1)];
        let groups = by_target(&findings);
        assert_eq!((groups.len(), groups[0].severity), (1, Severity::Error));
    }
}
