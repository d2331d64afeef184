//! Every code, rule and flaw is produced by some test: the tables against what the tests of this project name.
//!
//! A name counts where a test holds a run to it: `"dns.not_found"` or `Code::DnsNotFound` in `tests/`, and, for
//! what only archives have, in the tests beside `warc verify`. That a name is explained or weighed is no proof.

use std::{fs, path::PathBuf};

use fetchall::{
    archive::verify::Flaw,
    model::{Code, Rule},
};

/// A file of tests: its path, and its lines without comments and without those that only speak of a name.
struct Text {
    path: String,
    code: String,
}

fn texts() -> Vec<Text> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut left = vec![root.join("tests"), root.join("src/archive/verify/tests.rs")];
    let mut out = Vec::new();
    while let Some(path) = left.pop() {
        if path.is_dir() && !path.ends_with("fuzz") {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let is_test = path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with(file!());
        if let (true, Ok(text)) = (is_test, fs::read_to_string(&path)) {
            let path = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            out.push(Text { path, code: code(&text) });
        }
    }
    out
}

fn code(text: &str) -> String {
    let only_speaks = |line: &str| ["explain", "--rule", "[rules]"].iter().any(|sign| line.contains(sign));
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//") && !only_speaks(line));
    lines.map(|line| line.split(" // ").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Whether a name stands there with nothing before and behind it that would make another name of it.
fn stands(code: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '/';
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (code[..at].chars().next_back(), code[at + name.len()..].chars().next());
        let goes_on = code[at + name.len()..].strip_prefix('.').and_then(|rest| rest.chars().next());
        !before.is_some_and(|c| is_part(c) || c == '.')
            && !after.is_some_and(is_part)
            && !goes_on.is_some_and(|c| c.is_ascii_lowercase())
    })
}

/// Whether some test is about that name; `variant` is what Rust calls it: `Code::Cancelled`.
fn is_produced(texts: &[Text], name: &str, variant: &str) -> bool {
    let quoted = [format!("\"{name}\""), format!("({name})")];
    // The tests of the checker tell a finding as `missing_file target`.
    let told = name.strip_prefix("link.").map(|bare| [format!("\"{bare} "), format!("\"{bare}\"")]);
    texts.iter().any(|Text { path, code }| {
        let is_named = match name.contains('.') {
            true => stands(code, name),
            // A word of everyday's: only where it is all of a text.
            false => quoted.iter().any(|quoted| code.contains(quoted)),
        };
        let is_told = || path.starts_with("tests/it/check/") && told.iter().flatten().any(|told| code.contains(told));
        is_named || stands(code, variant) || is_told()
    })
}

#[test]
fn every_code_rule_and_flaw_is_produced_by_some_test() {
    let texts = texts();
    assert!(texts.len() > 100, "{}", texts.len());
    let codes = Code::ALL.iter().map(|code| (code.name(), format!("Code::{code:?}")));
    let rules = Rule::ALL.iter().map(|rule| (rule.name(), format!("Rule::{rule:?}")));
    let flaws = Flaw::ALL.iter().map(|flaw| (flaw.name(), format!("Flaw::{flaw:?}")));
    let missing: Vec<_> = codes
        .chain(rules)
        .chain(flaws)
        .filter(|(name, variant)| !is_produced(&texts, name, variant))
        .map(|(name, _)| name)
        .collect();
    assert!(missing.is_empty(), "no test produces {missing:?}: write one (tests/it/rare_codes.rs has such)");
}

#[test]
fn a_name_within_another_or_in_a_comment_does_not_count() {
    let texts = |text: &str| vec![Text { path: "tests/it/x.rs".to_owned(), code: code(text) }];
    for text in ["\"dns.failed\"", "told: dns.failed.", "Code::DnsFailed", "see http://h/ dns.failed"] {
        assert!(is_produced(&texts(text), "dns.failed", "Code::DnsFailed"), "{text}");
    }
    for text in
        ["// dns.failed", "x // dns.failed", "dns.failed_so", "a.dns.failed", "Code::DnsFailedSo", "explain dns.failed"]
    {
        assert!(!is_produced(&texts(text), "dns.failed", "Code::DnsFailed"), "{text}");
    }
    assert!(is_produced(&texts("\"scope\""), "scope", "Code::Scope"));
    assert!(!is_produced(&texts("--scope host"), "scope", "Code::Scope"));
}
