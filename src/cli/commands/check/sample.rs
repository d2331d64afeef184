//! Findings for tests.

use fetchall::model::{
    Code, Failure, Finding, LinkKind, LinkSource, Rule, Severity, Spot, Suggestion, SuggestionKind,
    record::{Outcome, RecordKind},
};

/// A dead link: `raw`, where it first stands in `text`.
pub fn dead(path: &str, text: &str, raw: &str) -> Finding {
    let start = text.find(raw).expect("the link stands in the text");
    let spot: Spot = fetchall::model::Locator::new(text).spot(&(start..start + raw.len()));
    let source = LinkSource {
        path: Some(path.into()),
        url: None,
        line: None,
        column: None,
        end_line: None,
        end_column: None,
        kind: LinkKind::Anchor,
        element: "link",
        attribute: None,
        text: "there".into(),
        raw: raw.into(),
    };
    Finding {
        v: 1,
        kind: RecordKind::Link,
        seq: 0,
        ok: false,
        outcome: Outcome::HttpError,
        rule: Some(Rule::Dead),
        severity: Severity::Error,
        source: source.at(spot),
        url: Some("https://h.example/gone".into()),
        final_url: None,
        fragment: None,
        host: Some("h.example".into()),
        status: Some(404),
        error: Some(Failure::new(Code::HttpClientError, "404 Not Found").into()),
        skip: None,
        suggestion: None,
        redirects: Vec::new(),
        attempts: 1,
        total_ms: None,
        first_seen: None,
        fingerprint: format!("{path}:{raw}").into(),
    }
}

/// The same with a suggestion.
pub fn mendable(path: &str, text: &str, raw: &str, kind: SuggestionKind, new: &str) -> Finding {
    Finding { suggestion: Some(Suggestion { kind, url: new.to_owned() }), ..dead(path, text, raw) }
}

/// The same, weighing this much.
pub fn weighing(finding: Finding, rule: Rule, severity: Severity) -> Finding {
    Finding { rule: Some(rule), severity, ok: severity < Severity::Error, ..finding }
}
