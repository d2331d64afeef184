//! `fetchall explain NAME`: what a code or a rule means, from the tables that define them.

use anyhow::bail;
use fetchall::{
    archive::verify::{Flaw, Weight},
    model::{Again, Code, Kind, Rule, Severity, redact, units::nearest},
};

use crate::cli::{exit::Exit, terminal::print};

/// One name in full, or all of them in a line each. A name may be a code and a rule: then both are
/// told.
pub fn run(name: Option<&str>) -> anyhow::Result<Exit> {
    let Some(name) = name else { return Ok(print(&all())) };
    let flaw = Flaw::ALL.iter().find(|flaw| flaw.name() == name);
    let told: Vec<String> = [name.parse().ok().map(of_rule), name.parse().ok().map(of_code), flaw.map(of_flaw)]
        .into_iter()
        .flatten()
        .collect();
    if told.is_empty() {
        let names = Code::ALL.iter().map(|code| code.name()).chain(Rule::ALL.iter().map(|rule| rule.name()));
        let names = names.chain(Flaw::ALL.iter().map(|flaw| flaw.name()));
        let near = nearest(name, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let name = redact::word(name);
        bail!("unknown code or rule `{name}`{near} (`fetchall explain` lists all)");
    }
    Ok(print(&told.join("\n")))
}

fn of_rule(rule: Rule) -> String {
    let weight = match rule.severity() {
        Severity::Off => "nothing",
        Severity::Warning => "as a warning",
        Severity::Error => "as an error",
    };
    let bare = rule.name().strip_prefix("link.").unwrap_or(rule.name());
    let (name, meaning, advice) = (rule.name(), rule.meaning(), rule.advice());
    format!(
        "{name}\n\n{meaning}\n{advice}\n\nrule of `check`: it weighs {weight} unless --rule {bare}=off|warn|error says otherwise.\n"
    )
}

fn of_flaw(flaw: &Flaw) -> String {
    let weight = match flaw.weight() {
        Weight::Error => "a fault of the archive: exit 1",
        Weight::Warning => "a remark",
    };
    format!("{}\n\n{}\n\nflaw of `warc verify`: {weight}.\n", flaw.name(), flaw.meaning())
}

fn of_code(code: Code) -> String {
    let facts = code.facts();
    let kind = match facts.kind {
        Kind::Error => "error.code: the request failed",
        Kind::Skip => "skip.code: the request was left out",
    };
    let again = match facts.again {
        Again::MayHelp => "is tried again (see --retries)",
        Again::Never => "is not tried again",
    };
    format!("{}\n\n{}\n{}\n\n{kind}; it {again}.\n", facts.name, facts.meaning, facts.advice)
}

fn all() -> String {
    let codes = Code::ALL.iter().map(|code| (code.name(), code.facts().meaning));
    let is_code = |rule: &&Rule| Code::ALL.iter().any(|code| code.name() == rule.name());
    // A rule of the same name as a code means the same.
    let rules = Rule::ALL.iter().filter(|rule| !is_code(rule)).map(|rule| (rule.name(), rule.meaning()));
    let flaws = Flaw::ALL.iter().map(|flaw| (flaw.name(), flaw.meaning()));
    let rows: Vec<_> = codes.chain(rules).chain(flaws).collect();
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    rows.iter().map(|(name, meaning)| format!("{name:width$}  {meaning}\n")).collect()
}
