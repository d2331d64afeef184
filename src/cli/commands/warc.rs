//! `fetchall warc`: archives judged, indexed and packed.
//!
//! A file that is not there is found before anything is read.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufWriter, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::bail;
use fetchall::{
    archive::{
        cdxj,
        verify::{Counts, Finding, VerifyError, Weight, verify},
        wacz::{self, Packed, WaczError},
    },
    model::{
        escape::{self, visible},
        redact,
    },
    replace,
    sink::outlet,
};

use crate::cli::{
    definition::{IndexFlags, VerifyFlags, WaczFlags, WarcCommand},
    exit::Exit,
    terminal::Voice,
};

/// Runs one of the commands.
pub fn run(command: &WarcCommand) -> anyhow::Result<Exit> {
    match command {
        WarcCommand::Verify(flags) => run_verify(flags),
        WarcCommand::Index(flags) => run_index(flags),
        WarcCommand::Wacz(flags) => run_wacz(flags),
    }
}

fn run_verify(flags: &VerifyFlags) -> anyhow::Result<Exit> {
    are_files(&flags.files)?;
    let voice = Voice::new(flags.quiet, None);
    let is_jsonl = flags.is_jsonl(io::stdout().is_terminal());
    let mut out = BufWriter::new(outlet::stdout());
    let told = verify(&flags.files, &mut |finding| {
        let line = if is_jsonl { json(finding)? } else { text(finding) };
        writeln!(out, "{line}")
    });
    let told = told.and_then(|counts| out.flush().map(|()| counts).map_err(VerifyError::Tell));
    match told {
        Ok(counts) => {
            voice.line(&summary(&counts));
            Ok(if counts.errors > 0 { Exit::FAILED } else { Exit::OK })
        }
        Err(VerifyError::Tell(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::OK),
        Err(error) => {
            // What was found before is worth having.
            let _ = out.flush();
            voice.error(&error.to_string());
            Ok(Exit::INCOMPLETE)
        }
    }
}

/// Whether all of them are there to be read.
fn are_files(files: &[PathBuf]) -> anyhow::Result<()> {
    for path in files {
        let name = || redact::word(&path.to_string_lossy()).into_owned();
        match std::fs::metadata(path) {
            Ok(facts) if facts.is_dir() => bail!("{} is a folder; name the archives in it", name()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => bail!("there is no file {}", name()),
            _ => {}
        }
    }
    Ok(())
}

fn json(finding: &Finding) -> io::Result<String> {
    let mut bytes = serde_json::to_vec(finding)?;
    escape::json(&mut bytes, 0);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn text(finding: &Finding) -> String {
    let Finding { flaw, severity, file, offset, url, message, .. } = finding;
    let weight = if *severity == Weight::Error { "error" } else { "warning" };
    let url = url.as_deref().map(|url| format!(" ({url})")).unwrap_or_default();
    visible(&format!("{file}:{offset}: {weight} {}: {message}{url}", flaw.name())).into_owned()
}

fn summary(counts: &Counts) -> String {
    let faults = match counts.errors {
        0 => "no fault".to_owned(),
        errors => counted(errors, "fault"),
    };
    let remarks = match counts.warnings {
        0 => String::new(),
        warnings => format!(", {}", counted(warnings, "remark")),
    };
    format!("{}, {}, {faults}{remarks}", counted(counts.files, "file"), counted(counts.records, "record"))
}

/// `3,021 records`.
fn counted(count: u64, noun: &str) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() + 8);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    format!("{shown} {noun}{}", if count == 1 { "" } else { "s" })
}

fn run_index(flags: &IndexFlags) -> anyhow::Result<Exit> {
    are_files(&flags.files)?;
    if let Some(output) = &flags.output {
        is_no_input(output, &flags.files)?;
    }
    let voice = Voice::new(flags.quiet, None);
    let (lines, unread) = cdxj::index(&flags.files);
    let write = |out: &mut dyn io::Write| lines.iter().try_for_each(|line| out.write_all(line.as_bytes()));
    let written = match &flags.output {
        Some(path) => replace::with(path, write).map_err(|error| format!("cannot write {}: {error}", path.display())),
        None => {
            let mut out = BufWriter::new(outlet::stdout());
            match write(&mut out).and_then(|()| out.flush()) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::OK),
                written => written.map_err(|error| format!("cannot write stdout: {error}")),
            }
        }
    };
    let unread = unread
        .iter()
        .map(|unread| format!("{}: {}; what is whole of it is in the index", unread.path.display(), unread.error));
    let faults: Vec<String> = unread.chain(written.err()).collect();
    faults.iter().for_each(|fault| voice.error(fault));
    if !faults.is_empty() {
        return Ok(Exit::INCOMPLETE);
    }
    voice.line(&format!("{}, {}", counted(flags.files.len() as u64, "file"), counted(lines.len() as u64, "line")));
    Ok(Exit::OK)
}

fn run_wacz(flags: &WaczFlags) -> anyhow::Result<Exit> {
    are_files(&flags.files)?;
    is_no_input(&flags.output, &flags.files)?;
    let mut names = HashSet::new();
    for file in &flags.files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if ![".warc", ".warc.gz"].iter().any(|end| name.ends_with(end)) {
            bail!("{}: what is packed is called .warc or .warc.gz", file.display());
        }
        if !names.insert(name.to_ascii_lowercase()) {
            bail!("two archives are called {name}; in the package each needs a name of its own");
        }
    }
    let voice = Voice::new(flags.quiet, None);
    let mut beside = flags.output.clone().into_os_string();
    beside.push(".open");
    let beside = PathBuf::from(beside);
    let packed = packed(flags, &beside);
    match packed {
        Ok(Packed { lines, pages }) => {
            let (lines, pages) = (counted(lines, "answer"), counted(pages, "page"));
            voice.line(&format!("{}, {lines}, {pages}", counted(flags.files.len() as u64, "archive")));
            Ok(Exit::OK)
        }
        Err(error) => {
            // Half of it is of no use; that it cannot be removed says nothing new.
            let _ = std::fs::remove_file(&beside);
            voice.error(&match error {
                WaczError::Write(source) => format!("cannot write {}: {source}", flags.output.display()),
                error => error.to_string(),
            });
            Ok(Exit::INCOMPLETE)
        }
    }
}

/// Writes it under another name, and gives it its own when it is whole and on the disk.
fn packed(flags: &WaczFlags, beside: &Path) -> Result<Packed, WaczError> {
    let file = File::create(beside).map_err(WaczError::Write)?;
    let out = BufWriter::with_capacity(256 << 10, &file);
    let packed = wacz::pack(&flags.files, out, SystemTime::now())?;
    file.sync_all().and_then(|()| std::fs::rename(beside, &flags.output)).map_err(WaczError::Write)?;
    Ok(packed)
}

/// An archive must not be written over by what is made of it.
fn is_no_input(output: &Path, files: &[PathBuf]) -> anyhow::Result<()> {
    let Ok(output) = output.canonicalize() else { return Ok(()) };
    match files.iter().any(|file| file.canonicalize().is_ok_and(|file| file == output)) {
        true => bail!("-o {} is one of the archives", output.display()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use fetchall::archive::verify::Flaw;

    use super::*;

    #[test]
    fn numbers_are_readable_and_the_sentence_says_all() {
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(999, "record"), "999 records");
        assert_eq!(counted(3_021, "record"), "3,021 records");
        assert_eq!(counted(1_234_567, "record"), "1,234,567 records");
        let counts = Counts { files: 3, records: 3_021, errors: 0, warnings: 0 };
        assert_eq!(summary(&counts), "3 files, 3,021 records, no fault");
        assert_eq!(summary(&Counts { errors: 1, warnings: 2, ..counts }), "3 files, 3,021 records, 1 fault, 2 remarks");
    }

    #[test]
    fn a_finding_is_one_line_that_no_terminal_acts_on() {
        let finding = Finding {
            flaw: Flaw::DigestBlock,
            severity: Weight::Error,
            file: "a.warc".to_owned(),
            offset: 7,
            record_id: None,
            url: Some("http://h/\u{1b}[2J\u{202e}".to_owned()),
            message: "wrong".to_owned(),
        };
        assert_eq!(text(&finding), "a.warc:7: error digest.block: wrong (http://h/\\u{1b}[2J\\u{202e})");
        let json = json(&finding).unwrap();
        assert!(
            json.starts_with(
                r#"{"flaw":"digest.block","severity":"error","file":"a.warc","offset":7,"record_id":null,"#
            )
        );
        assert!(json.is_ascii(), "{json}");
    }
}
