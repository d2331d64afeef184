//! `fetchall diff OLD NEW`: what broke, healed, slowed down or changed between two runs.
//!
//! Reads OLD, then NEW, then OLD again for what is gone: memory is a few bytes a record of OLD.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, BufWriter, IsTerminal as _, Write as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use fetchall::{
    model::{escape::visible, redact},
    report::diff::{Change, Changed, DiffError, Facts, Old, Slower, each_row},
    sink::outlet::{self, Outlet},
};

use crate::cli::{definition::DiffFlags, exit::Exit, terminal::Voice};

/// Why there is no comparison, or only half of one.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Rows(#[from] DiffError),
    #[error("cannot write stdout: {0}")]
    Write(#[from] io::Error),
}

/// Runs the command.
pub fn run(flags: &DiffFlags) -> anyhow::Result<Exit> {
    if !is_file(&flags.old) {
        bail!("{} is read twice, so it must be a file", flags.old.display());
    }
    let slower = Slower { factor: flags.slower.0, by: flags.slower.1 };
    let voice = Voice::new(flags.quiet, None);
    let mut old = Old::default();
    each_row(&name(&flags.old), open(&flags.old)?, |row| {
        old.note(&row);
        Ok::<(), DiffError>(())
    })?;
    let mut told = Told { out: BufWriter::new(outlet::stdout()), flags, counts: BTreeMap::new() };
    match compare(flags, &mut old, slower, &mut told) {
        Ok(()) => {}
        Err(Fault::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::OK),
        // What NEW says before anything was written is wrong usage; a fault behind that is half an answer.
        Err(Fault::Rows(error)) if told.counts.is_empty() => return Err(error.into()),
        Err(fault) => {
            voice.error(&fault.to_string());
            return Ok(Exit::INCOMPLETE);
        }
    }
    let counts = told.counts;
    voice.line(&summary(&counts));
    let broke = counts.get(&Change::Broke).is_some_and(|count| *count > 0);
    Ok(if broke { Exit::FAILED } else { Exit::OK })
}

fn compare(flags: &DiffFlags, old: &mut Old, slower: Slower, told: &mut Told<'_>) -> Result<(), Fault> {
    let new = open(&flags.new)
        .map_err(|error| DiffError::Read { name: name(&flags.new), source: io::Error::other(error) })?;
    each_row::<Fault>(&name(&flags.new), new, |row| {
        let before = old.facts(&row).cloned();
        let changes = old.meet(&row, slower);
        if changes.is_empty() {
            return Ok(());
        }
        told.tell(&Changed { about: row.about().to_owned(), changes, old: before, new: Some(row.facts()) })
    })?;
    let again = open(&flags.old)
        .map_err(|error| DiffError::Read { name: name(&flags.old), source: io::Error::other(error) })?;
    each_row::<Fault>(&name(&flags.old), again, |row| {
        if !old.is_gone(&row) {
            return Ok(());
        }
        let facts = old.facts(&row).cloned();
        told.tell(&Changed { about: row.about().to_owned(), changes: vec![Change::Gone], old: facts, new: None })
    })?;
    told.out.flush()?;
    Ok(())
}

/// Writes what is wanted, and counts all.
struct Told<'a> {
    out: BufWriter<Outlet>,
    flags: &'a DiffFlags,
    counts: BTreeMap<Change, u64>,
}

impl Told<'_> {
    fn tell(&mut self, changed: &Changed) -> Result<(), Fault> {
        for change in &changed.changes {
            *self.counts.entry(*change).or_default() += 1;
        }
        let is_wanted =
            self.flags.only.is_empty() || changed.changes.iter().any(|change| self.flags.only.contains(change));
        if is_wanted {
            let line = if self.flags.is_jsonl(io::stdout().is_terminal()) { json(changed) } else { text(changed) };
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }
}

fn text(changed: &Changed) -> String {
    let names: Vec<_> = changed.changes.iter().map(|change| change.name()).collect();
    let how = match (&changed.old, &changed.new) {
        (Some(old), Some(new)) if short(old) == short(new) => match (old.micros, new.micros) {
            (Some(old), Some(new)) if changed.changes.contains(&Change::Slower) => {
                format!("{} ms, now {} ms", old / 1000, new / 1000)
            }
            _ => short(new),
        },
        (Some(old), Some(new)) => format!("{}, now {}", short(old), short(new)),
        (Some(old), None) => format!("was {}", short(old)),
        (None, Some(new)) => short(new),
        (None, None) => String::new(),
    };
    visible(&format!("{:8} {}: {how}", names.join(","), changed.about)).into_owned()
}

/// How something is, in a few words.
fn short(facts: &Facts) -> String {
    match (&facts.code, facts.status) {
        (Some(code), Some(status)) => format!("{status} {code}"),
        (Some(code), None) => code.to_string(),
        (None, Some(status)) => status.to_string(),
        (None, None) => if facts.ok { "ok" } else { "not ok" }.to_owned(),
    }
}

fn json(changed: &Changed) -> String {
    let facts = |facts: &Option<Facts>| {
        facts.as_ref().map(|facts| {
            serde_json::json!({
                "ok": facts.ok,
                "status": facts.status,
                "code": facts.code,
                "message": facts.message,
                "total_ms": facts.micros.map(|micros| micros as f64 / 1000.0),
            })
        })
    };
    let line = serde_json::json!({
        "url": changed.about,
        "changes": changed.changes,
        "old": facts(&changed.old),
        "new": facts(&changed.new),
    });
    let mut bytes = line.to_string().into_bytes();
    fetchall::model::escape::json(&mut bytes, 0);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn summary(counts: &BTreeMap<Change, u64>) -> String {
    if counts.is_empty() {
        return "nothing has changed".to_owned();
    }
    let named = Change::ALL.iter().filter_map(|change| Some(format!("{} {}", counts.get(change)?, change.name())));
    named.collect::<Vec<_>>().join(", ")
}

fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

fn is_file(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|facts| facts.is_file()) || !path.exists()
}

/// A run, to be read; packed by gzip or not.
fn open(path: &Path) -> anyhow::Result<Box<dyn io::BufRead>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).with_context(|| format!("cannot open {}", redact::word(&path.to_string_lossy())))?;
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let is_packed = io::BufRead::fill_buf(&mut reader).is_ok_and(|bytes| bytes.starts_with(&[0x1f, 0x8b]));
    if is_packed {
        return Ok(Box::new(BufReader::with_capacity(1 << 18, flate2::bufread::MultiGzDecoder::new(reader))));
    }
    Ok(Box::new(reader))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_line_that_acts_on_no_terminal() {
        let well = Facts { ok: true, status: Some(200), micros: Some(10_000), ..Facts::default() };
        let ill = Facts { code: Some("dns.not_found".into()), ..Facts::default() };
        let slow = Facts { micros: Some(900_000), ..well.clone() };
        let told = |changes: &[Change], old: &Facts, new: &Facts| {
            text(&Changed {
                about: "u\u{1b}[2J".into(),
                changes: changes.to_vec(),
                old: Some(old.clone()),
                new: Some(new.clone()),
            })
        };
        assert_eq!(told(&[Change::Broke], &well, &ill), "broke    u\\u{1b}[2J: 200, now dns.not_found");
        assert_eq!(told(&[Change::Slower], &well, &slow), "slower   u\\u{1b}[2J: 10 ms, now 900 ms");
        assert_eq!(
            told(&[Change::Content, Change::Slower], &well, &slow),
            "content,slower u\\u{1b}[2J: 10 ms, now 900 ms"
        );
        let gone = Changed { about: "u".into(), changes: vec![Change::Gone], old: Some(well), new: None };
        assert_eq!(text(&gone), "gone     u: was 200");
        assert!(json(&gone).starts_with("{\"changes\":[\"gone\"],\"new\":null"), "{}", json(&gone));
    }
}
