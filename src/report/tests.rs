//! Every kind, given the worst that documents and servers can say, and read back as its readers do.

use std::time::Duration;

use serde_json::Value;

use super::{CheckSummary, Kind, write, write_with_lines};
use crate::model::{
    Code, Failure, Finding, LinkKind, LinkSource, Rule, Severity, Spot, Suggestion, SuggestionKind, record::Outcome,
    record::RecordKind,
};

/// A dead link in a file, from column 5 to 29.
pub(super) fn dead(path: &str, line: u32) -> Finding {
    let raw = "https://example.com/gone";
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
        source: source.at(Spot { line, column: 5, end_line: line, end_column: 29 }),
        url: Some(raw.into()),
        final_url: Some(raw.into()),
        fragment: None,
        host: Some("example.com".into()),
        status: Some(404),
        error: Some(Failure::new(Code::HttpClientError, "404 Not Found").into()),
        skip: None,
        suggestion: None,
        redirects: Vec::new(),
        attempts: 1,
        total_ms: None,
        first_seen: None,
        fingerprint: format!("{path}:{line}").into(),
    }
}

/// A link that is fine.
pub(super) fn fine(path: &str, line: u32) -> Finding {
    let good = dead(path, line);
    Finding {
        ok: true,
        outcome: Outcome::Ok,
        rule: None,
        severity: Severity::Off,
        status: Some(200),
        error: None,
        ..good
    }
}

/// The finding with a suggestion.
pub(super) fn suggest(mut finding: Finding, kind: SuggestionKind, url: &str) -> Finding {
    finding.suggestion = Some(Suggestion { kind, url: url.to_owned() });
    finding
}

pub(super) const NASTY_PATH: &str = "./docs/Größe & \"100%\"|a,b:c.md";
const NASTY_RAW: &str = "x\"y'<z>&]]>|`%0A`\r\n::error::🦀\u{202e}\u{1b}[2J\u{0}\u{ffff}](http://evil)";

/// What reports must survive: every character that some format takes for its own, a page instead
/// of a file, no place, a warning, a link that is fine.
pub(super) fn awkward() -> Vec<Finding> {
    let mut nasty = dead(NASTY_PATH, 3);
    nasty.source.raw = NASTY_RAW.into();
    nasty.source.end_column = Some(5 + u32::try_from(NASTY_RAW.chars().count()).unwrap());
    nasty.error = Some(Failure::new(Code::HttpClientError, "404 ]]> \"Gone\"\n@all | 100% \u{9b}31m").into());
    let mut page = dead("", 1);
    (page.source.path, page.source.url) = (None, Some("https://example.com/ä b?c=<d>".into()));
    let mut nowhere = dead("plain.md", 1);
    (nowhere.source.line, nowhere.source.column) = (None, None);
    (nowhere.source.end_line, nowhere.source.end_column) = (None, None);
    nowhere.fingerprint = "nowhere".into();
    let moved = suggest(dead("plain.md", 7), SuggestionKind::Redirect, "https://example.com/new");
    let warning = Finding { severity: Severity::Warning, rule: Some(Rule::Redirected), error: None, ..moved };
    let mut findings = vec![warning, fine("plain.md", 9), page, nasty, nowhere];
    for (seq, finding) in findings.iter_mut().enumerate() {
        finding.seq = seq as u64;
    }
    findings
}

pub(super) fn summary_of(findings: &[Finding]) -> CheckSummary {
    let mut summary =
        CheckSummary { documents: 3, targets: 2, elapsed: Duration::from_millis(1234), ..CheckSummary::default() };
    findings.iter().for_each(|finding| summary.add(finding));
    summary
}

pub(super) fn written(kind: Kind, findings: &[Finding]) -> String {
    let mut out = Vec::new();
    write(kind, findings, &summary_of(findings), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn nothing_that_a_terminal_would_act_on_gets_into_any_report() {
    for kind in Kind::ALL {
        let text = written(*kind, &awkward());
        let acting = text.find(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}');
        assert_eq!(acting, None, "{}: {text}", kind.name());
        assert!(text.ends_with('\n'), "{}", kind.name());
    }
}

#[test]
fn every_kind_can_say_that_there_is_nothing_to_say() {
    for (kind, text) in [
        (Kind::Github, ""),
        (Kind::Gitlab, "[\n]\n"),
        (Kind::Rdjsonl, ""),
        (Kind::Jsonl, ""),
        (Kind::Text, "0 links to 2 targets in 3 documents, 1.23 s: 0 ok\n"),
        (Kind::Markdown, "## Links: all is well\n\n0 links to 2 targets in 3 documents, 1.23 s: 0 ok.\n"),
    ] {
        assert_eq!(written(kind, &[]), text, "{}", kind.name());
    }
}

#[test]
fn a_sink_that_fails_is_told_of() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for kind in Kind::ALL {
        let error = write(*kind, &awkward(), &summary_of(&[]), &mut Full).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{}", kind.name());
    }
}

#[test]
fn text_is_a_line_for_each_place_and_the_sum_below() {
    let expected = [
        r#"docs/Größe & "100%"|a,b:c.md:3:5: link.dead x"y'<z>&]]>|`%0A`\u{d}\u{a}::error::🦀\u{202e}\u{1b}[2J\u{0}"#,
        "plain.md: link.dead https://example.com/gone: 404 Not Found",
        "plain.md:7:5: link.redirected https://example.com/gone: The target has moved for good (301 or 308 all the way). (did you mean https://example.com/new?)",
        "https://example.com/ä b?c=<d>:1:5: link.dead https://example.com/gone: 404 Not Found",
        "5 links to 2 targets in 3 documents, 1.23 s: 1 ok, 3 errors, 1 warning",
    ];
    let text = written(Kind::Text, &awkward());
    assert_eq!(text.lines().count(), expected.len(), "{text}");
    for (line, expected) in text.lines().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
}

#[test]
fn github_annotates_files_and_names_pages() {
    let text = written(Kind::Github, &awkward());
    let lines: Vec<_> = text.lines().collect();
    let start = r#"::error file=docs/Größe & "100%25"|a%2Cb%3Ac.md,line=3,endLine=3,col=5,endColumn="#;
    assert!(lines[0].starts_with(start), "{text}");
    assert!(lines[0].contains(r"|`%250A`%0A::error::🦀\u{202e}\u{1b}[2J\u{0}"), "{text}");
    let rest = [
        "::error file=plain.md,title=link.dead::https://example.com/gone: 404 Not Found",
        "::warning file=plain.md,line=7,endLine=7,col=5,endColumn=29,title=link.redirected::https://example.com/gone: The target has moved for good (301 or 308 all the way). (did you mean https://example.com/new?)",
        "::error title=link.dead::https://example.com/ä b?c=<d>: https://example.com/gone: 404 Not Found",
    ];
    assert_eq!(lines[1..], rest, "{text}");
}

#[test]
fn gitlab_gets_the_keys_it_requires() {
    let issues: Value = serde_json::from_str(&written(Kind::Gitlab, &awkward())).unwrap();
    let issues = issues.as_array().unwrap();
    assert_eq!(issues.len(), 4);
    for issue in issues {
        for key in ["description", "check_name", "fingerprint"] {
            assert!(issue[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {issue}");
        }
        let severities = ["info", "minor", "major", "critical", "blocker"];
        assert!(severities.contains(&issue["severity"].as_str().unwrap()), "{issue}");
        assert!(!issue["location"]["path"].as_str().unwrap().starts_with("./"), "{issue}");
        assert!(issue["location"]["lines"]["begin"].as_u64().is_some_and(|line| line >= 1), "{issue}");
    }
    let told = issues[0]["description"].as_str().unwrap();
    assert!(told.starts_with(NASTY_RAW), "{told}");
    let severities: Vec<_> = issues.iter().map(|issue| issue["severity"].as_str().unwrap()).collect();
    assert_eq!(severities, ["major", "major", "minor", "major"]);
}

#[test]
fn json_and_jsonl_list_every_link_in_the_order_it_came() {
    let whole: Value = serde_json::from_str(&written(Kind::Json, &awkward())).unwrap();
    assert_eq!(whole["summary"]["errors"], 3);
    let lines = written(Kind::Jsonl, &awkward());
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(whole["findings"].as_array().unwrap(), &lines);
    let seqs: Vec<_> = lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [0, 1, 2, 3, 4]);
    assert_eq!(lines[3]["source"]["raw"], NASTY_RAW);
    let schema = jsonschema::validator_for(&crate::model::finding::schema()).unwrap();
    for line in &lines {
        assert!(
            schema.is_valid(line),
            "{:?}",
            schema.iter_errors(line).map(|error| error.to_string()).collect::<Vec<_>>()
        );
    }
    assert_eq!(written(Kind::Json, &[]).lines().count(), 3);
}

#[test]
fn reviewdog_gets_columns_in_bytes_or_none() {
    let findings = awkward();
    let read = |text: &str| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>();
    let blind = read(&written(Kind::Rdjsonl, &findings));
    assert_eq!(blind.len(), 4);
    let redirected =
        |lines: &[Value]| lines.iter().find(|line| line["code"]["value"] == "link.redirected").cloned().unwrap();
    let line = redirected(&blind);
    assert_eq!(line["location"]["range"], serde_json::json!({"start": {"line": 7}}));
    assert_eq!(
        (&line["severity"], &line["suggestions"], &line["source"]["name"]),
        (&"WARNING".into(), &Value::Null, &"fetchall".into())
    );
    let mut out = Vec::new();
    let mut asked = Vec::new();
    let mut lines = |path: &str, line: u32| {
        asked.push((path.to_owned(), line));
        (path == "plain.md").then(|| "üü: https://example.com/gone, once".to_owned())
    };
    write_with_lines(Kind::Rdjsonl, &findings, &summary_of(&findings), &mut lines, &mut out).unwrap();
    let seeing = read(std::str::from_utf8(&out).unwrap());
    let range = serde_json::json!({"start": {"line": 7, "column": 7}, "end": {"line": 7, "column": 31}});
    let line = redirected(&seeing);
    assert_eq!(line["location"]["range"], range);
    assert_eq!(line["suggestions"], serde_json::json!([{"range": range, "text": "https://example.com/new"}]));
    assert_eq!(asked, [(NASTY_PATH.to_owned(), 3), ("plain.md".to_owned(), 7)]);
    let nowhere = &seeing[1]["location"];
    assert_eq!(nowhere, &serde_json::json!({"path": "plain.md"}));
}
