//! Every code, rule and flaw, from the tables that define them.

use std::fmt::Write as _;

use fetchall::{
    archive::verify::{Flaw, Weight},
    model::{Again, Code, Kind, Rule, Severity},
};

use super::{cell, hold};

const HEAD: &str = "# Codes

Every code of a record, rule of `check` and flaw of `warc verify`, written from the tables that define them (`cargo
test --all-features --bins reference`). Names are never renamed. `fetchall explain NAME` says the same, and a test
(`tests/it/codes_produced.rs`) holds that each is produced by some test.
";

fn codes(kind: Kind) -> String {
    let mut out = "| code | tried again | meaning | what to do |\n| --- | --- | --- | --- |\n".to_owned();
    for code in Code::ALL.iter().filter(|code| code.facts().kind == kind) {
        let facts = code.facts();
        let again = if facts.again == Again::MayHelp { "yes" } else { "no" };
        writeln!(out, "| `{}` | {again} | {} | {} |", facts.name, cell(facts.meaning), cell(facts.advice)).unwrap();
    }
    out
}

fn rules() -> String {
    let mut out = "| rule | weighs | meaning | what to do |\n| --- | --- | --- | --- |\n".to_owned();
    for rule in Rule::ALL {
        let weight = match rule.severity() {
            Severity::Off => "off",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        writeln!(out, "| `{}` | {weight} | {} | {} |", rule.name(), cell(rule.meaning()), cell(rule.advice())).unwrap();
    }
    out
}

fn flaws() -> String {
    let mut out = "| flaw | weighs | meaning |\n| --- | --- | --- |\n".to_owned();
    for flaw in Flaw::ALL {
        let weight = if flaw.weight() == Weight::Error { "error" } else { "remark" };
        writeln!(out, "| `{}` | {weight} | {} |", flaw.name(), cell(flaw.meaning())).unwrap();
    }
    out
}

#[test]
fn the_page_of_codes_says_what_the_tables_say() {
    let page = format!(
        "{HEAD}\n## Errors: `error.code`\n\n{}\n## Skips: `skip.code`\n\n{}\n## Rules of `check`: `rule`\n\n\
         `--rule NAME=off|warn|error`, without `link.` in front, changes the weight.\n\n{}\n## Flaws of `warc verify`: `flaw`\n\n{}",
        codes(Kind::Error),
        codes(Kind::Skip),
        rules(),
        flaws(),
    );
    hold("codes.md", &page);
}

#[test]
fn every_name_has_an_explanation() {
    let told = Code::ALL.iter().map(|code| (code.name(), code.facts().meaning, code.facts().advice));
    let told = told.chain(Rule::ALL.iter().map(|rule| (rule.name(), rule.meaning(), rule.advice())));
    for (name, meaning, advice) in told.chain(Flaw::ALL.iter().map(|flaw| (flaw.name(), flaw.meaning(), "."))) {
        assert!(meaning.ends_with('.') && meaning.len() > 10 && !advice.is_empty(), "{name}");
    }
}
