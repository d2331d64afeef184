//! `fetchall explain CODE`: what a code means, from the one table that defines it.

use anyhow::anyhow;
use fetchall::model::{Again, Code, Kind};

use crate::cli::{exit::Exit, terminal::print};

/// One code in full, or all of them in a line each.
pub fn run(code: Option<&str>) -> anyhow::Result<Exit> {
    let text = match code {
        Some(name) => in_full(name.parse().map_err(|problem| anyhow!("{problem} (`fetchall explain` lists all)"))?),
        None => all(),
    };
    Ok(print(&text))
}

fn in_full(code: Code) -> String {
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
    let width = Code::ALL.iter().map(|code| code.name().len()).max().unwrap_or_default();
    Code::ALL.iter().map(|code| format!("{:width$}  {}\n", code.name(), code.facts().meaning)).collect()
}
