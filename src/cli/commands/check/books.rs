//! The files that a check remembers things in: read before it, written after it.
//!
//! Whatever cannot be read ends the run before anything is sent; a file that is not there yet is
//! an empty one, where the run is to write it. Must not know what the entries mean.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, anyhow, bail};
use fetchall::{
    check::{
        baseline::{Baseline, Known},
        cache::Cache,
        date::{Day, Stamp},
        grace::Histories,
        ignore::Ignores,
        rows::BadRow,
    },
    checker::Memory,
    model::{Finding, Rule},
    replace,
};

use crate::cli::flags::check::MemoryFlags;

/// Read where it exists, and no flag says otherwise.
const IGNORES: &str = ".fetchallignore";

/// Targets that no run looked at for so long are forgotten.
const FORGOTTEN: Duration = Duration::from_secs(60 * 86_400);

/// Where what is remembered goes back to.
#[derive(Debug, Default)]
pub struct Books {
    cache: Option<PathBuf>,
    state: Option<PathBuf>,
}

/// What the files said.
pub struct Opened {
    pub books: Books,
    pub memory: Memory,
    /// The baseline that is to be written anew, if it is.
    pub updating: Option<Updating>,
}

/// A baseline that is written anew: the run is not told of it, so that it finds everything.
pub struct Updating {
    path: PathBuf,
    old: Baseline,
    today: Day,
    found: Vec<Known>,
}

/// What the baseline makes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It is no finding for it.
    Not,
    /// It was in it already.
    Known,
    /// From now on it is in it.
    New,
}

/// Reads all that the flags name.
pub fn open(flags: &MemoryFlags) -> anyhow::Result<Opened> {
    let now = Stamp::from(SystemTime::now());
    let (mut baseline, mut updating) = (None, None);
    if let Some(path) = &flags.baseline {
        let missing = if flags.update_baseline { Missing::Empty } else { Missing::Wrong };
        let old = read("--baseline", path, missing, Baseline::parse)?;
        match flags.update_baseline {
            true => {
                updating = Some(Updating { path: path.clone(), old, today: now.day(), found: Vec::new() });
                can_be_written("--baseline", path)?;
            }
            false => baseline = Some(old),
        }
    }
    let grace = match (&flags.grace, &flags.state) {
        (Some(grace), Some(path)) => Some((*grace, read("--state", path, Missing::Empty, Histories::parse)?)),
        _ => None,
    };
    let cache = match &flags.cache {
        Some(path) => Some((flags.ages(), read("--cache", path, Missing::Empty, Cache::parse)?)),
        None => None,
    };
    for (flag, path) in [("--state", &flags.state), ("--cache", &flags.cache)] {
        path.as_deref().map(|path| can_be_written(flag, path)).transpose()?;
    }
    let ignores = ignores(flags.ignore_file.as_deref())?;
    let memory = Memory { ignores, baseline, grace, cache, answers: None, changed: None };
    Ok(Opened { books: Books { cache: flags.cache.clone(), state: flags.state.clone() }, memory, updating })
}

/// What a file is that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Empty,
    Wrong,
}

fn read<T>(
    flag: &str,
    path: &Path,
    missing: Missing,
    parse: impl FnOnce(&str) -> Result<T, BadRow>,
) -> anyhow::Result<T> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && missing == Missing::Empty => String::new(),
        text => text.with_context(|| format!("{flag}: cannot read {}", path.display()))?,
    };
    parse(&text).map_err(|bad| anyhow!("{flag}: {}, {bad}", path.display()))
}

fn can_be_written(flag: &str, path: &Path) -> anyhow::Result<()> {
    match writable(path) {
        Ok(()) => Ok(()),
        Err(why) => bail!("{flag}: cannot write {}: {why}", path.display()),
    }
}

/// Whether a file can be expected to take what is written to it at the end of a run; a sentence if
/// not.
pub fn writable(path: &Path) -> Result<(), &'static str> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match () {
        () if path.is_dir() || path.file_name().is_none() => Err("it is a folder"),
        () if !folder.is_dir() => Err("its folder does not exist"),
        () => Ok(()),
    }
}

fn ignores(named: Option<&Path>) -> anyhow::Result<Option<(PathBuf, Ignores)>> {
    let path = match named {
        Some(path) => path,
        None if Path::new(IGNORES).is_file() => Path::new(IGNORES),
        None => return Ok(None),
    };
    let text = fs::read_to_string(path).with_context(|| format!("--ignore-file: cannot read {}", path.display()))?;
    let told = |bad: &fetchall::check::ignore::BadLine| format!("{}:{}: {}", path.display(), bad.line, bad.message);
    let read = Ignores::parse(&text).map_err(|bad| anyhow!(bad.iter().map(told).collect::<Vec<_>>().join("\n")))?;
    Ok(Some((path.to_owned(), read)))
}

impl Books {
    /// Writes back what the run knows now; a sentence for each file that could not be written.
    pub fn write(&self, memory: Memory) -> Vec<String> {
        let now = Stamp::from(SystemTime::now());
        let mut faults = Vec::new();
        if let (Some(path), Some((_, mut cache))) = (&self.cache, memory.cache) {
            cache.forget(now, FORGOTTEN);
            faults.extend(put(path, cache.write()).err());
        }
        if let (Some(path), Some((_, mut histories))) = (&self.state, memory.grace) {
            histories.forget(now, FORGOTTEN);
            faults.extend(put(path, histories.write()).err());
        }
        faults
    }
}

fn put(path: &Path, text: serde_json::Result<String>) -> Result<(), String> {
    let written = text.map_err(io::Error::from).and_then(|text| replace::text(path, &text));
    written.map_err(|error| format!("cannot write {}: {error}", path.display()))
}

impl Updating {
    /// Notes a finding. What was left out is none: nothing is known about it.
    pub fn note(&mut self, finding: &Finding) -> Noted {
        let code = finding.error.as_ref().map(|error| error.code.name());
        let Some(rule) = finding.rule.map(Rule::name).or(code).filter(|_| finding.skip.is_none()) else {
            return Noted::Not;
        };
        let text = |part: &Option<Box<str>>| part.as_deref().unwrap_or_default().to_owned();
        let source = &finding.source;
        let fragment = finding.fragment.as_deref().map(|fragment| format!("#{fragment}")).unwrap_or_default();
        let target = finding.url.as_deref().unwrap_or(&source.raw);
        self.found.push(Known {
            fingerprint: finding.fingerprint.to_string(),
            rule: rule.to_owned(),
            source: if source.path.is_some() { text(&source.path) } else { text(&source.url) },
            target: format!("{target}{fragment}"),
            first_seen: self.today,
        });
        if self.old.known(&finding.fingerprint).is_some() { Noted::Known } else { Noted::New }
    }

    /// Writes the baseline. A run that was cut short has not seen everything, so it forgets nothing.
    pub fn write(self, is_whole: bool) -> Result<String, String> {
        let (before, path) = (self.old.len(), self.path);
        let new = self.old.updated(self.found);
        let new = if is_whole { new } else { self.old.merged(new) };
        put(&path, new.write())?;
        Ok(format!("{}: {} findings, {before} before", path.display(), new.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"fingerprint":"aa","rule":"link.dead","source":"a.md","target":"https://h.example/","first_seen":"2026-01-31"}"#;

    fn error(flags: &MemoryFlags) -> String {
        open(flags).err().expect("it is refused").to_string()
    }

    #[test]
    fn what_cannot_be_read_ends_the_run_and_says_where() {
        let dir = tempfile::tempdir().unwrap();
        let (bad, none) = (dir.path().join("bad"), dir.path().join("none"));
        fs::write(&bad, "{\"url\": 1}\n").unwrap();
        fs::write(dir.path().join("ignores"), "ok.example\nx until=yesterday\n").unwrap();
        let flags = MemoryFlags::default;
        let told = error(&MemoryFlags { cache: Some(bad.clone()), ..flags() });
        assert!(told.contains("--cache: ") && told.contains("line 1, column"), "{told}");
        let told = error(&MemoryFlags { baseline: Some(none.clone()), ..flags() });
        assert!(told.contains("--baseline: cannot read"), "{told}");
        let told = error(&MemoryFlags { ignore_file: Some(dir.path().join("ignores")), ..flags() });
        assert!(told.contains("ignores:2: `yesterday` is not a day"), "{told}");
        let told = error(&MemoryFlags { ignore_file: Some(none.clone()), ..flags() });
        assert!(told.contains("--ignore-file: cannot read"), "{told}");
        let told = error(&MemoryFlags { cache: Some(dir.path().join("no/such")), ..flags() });
        assert!(told.contains("its folder does not exist"), "{told}");
        let new = MemoryFlags { cache: Some(none.clone()), baseline: Some(none), update_baseline: true, ..flags() };
        assert!(open(&new).is_ok(), "what is written at the end need not be there");
    }

    #[test]
    fn a_run_that_was_cut_short_takes_nothing_out_of_the_baseline() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("baseline");
        let flags = MemoryFlags { baseline: Some(path.clone()), update_baseline: true, ..MemoryFlags::default() };
        for (is_whole, expected) in [(false, format!("{ROW}\n")), (true, String::new())] {
            fs::write(&path, ROW).unwrap();
            let told = open(&flags).unwrap().updating.unwrap().write(is_whole).unwrap();
            assert!(told.ends_with("1 before"), "{told}");
            assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        }
    }
}
