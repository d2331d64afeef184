//! One file: its keys with their places, judged against the flags that there are.

use std::{
    collections::BTreeMap,
    io::{self, Read as _},
    ops::Range,
    path::Path,
    sync::Arc,
};

use clap::Command as Clap;
use fetchall::{
    check::rules::RuleWeight,
    model::{escape::visible, units::nearest},
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    BadConfig, COMMANDS, Origin,
    find::{Found, Whose},
    keys, strangers,
    words::words,
};

/// Files that extend each other: more is a mistake.
const DEEPEST: usize = 16;
/// Files that are read for one, itself included.
const MOST: usize = 64;
/// Largest file that is read.
const LARGEST: u64 = 1 << 20;

/// What one file says.
#[derive(Debug)]
pub struct Layer {
    /// Its name as it was found.
    pub file: Arc<str>,
    /// By table: `""` is the top, the others are named like commands. Then by flag.
    pub flags: BTreeMap<String, BTreeMap<String, (Vec<String>, Origin)>>,
    /// Words that stand beside what is typed: by flag, then by what they are about (a host, a rule).
    pub more: BTreeMap<String, BTreeMap<String, (Vec<String>, Origin)>>,
}

/// Reads a file and, before it, those that it extends.
pub fn read(definition: &Clap, found: &Found, layers: &mut Vec<Layer>) -> Result<(), BadConfig> {
    Reader { definition, whose: found.whose, open: Vec::new(), count: 0 }.read(&found.path, layers)
}

struct Reader<'a> {
    definition: &'a Clap,
    whose: Whose,
    /// The files that extend each other, from the outermost.
    open: Vec<std::path::PathBuf>,
    /// Files that were read.
    count: usize,
}

/// A file while it is read.
struct Page<'a> {
    name: Arc<str>,
    folder: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    // Files that extend each other are few: DEEPEST.
    fn read(&mut self, path: &Path, layers: &mut Vec<Layer>) -> Result<(), BadConfig> {
        let name = visible(&path.to_string_lossy()).into_owned();
        self.count += 1;
        if self.count > MOST {
            return Err(BadConfig(format!("cannot read {name}: {MOST} files are extended already")));
        }
        let text = self.text(path).map_err(|error| BadConfig(format!("cannot read {name}: {error}")))?;
        let page = Page { name: name.into(), folder: path.parent().unwrap_or(Path::new("")), text: &text };
        let table = DeTable::parse(&text).map_err(|error| page.no_toml(&error))?;
        let table = table.get_ref();
        if let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == "extends") {
            let bases = bases(value.get_ref()).ok_or_else(|| {
                page.wrong(key.span(), value.span(), "`extends` is the path of a file, or a list of them", None)
            })?;
            self.open.push(std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()));
            for base in bases {
                let base = page.folder.join(base);
                let known = std::fs::canonicalize(&base).unwrap_or_else(|_| base.clone());
                if self.open.contains(&known) || self.open.len() > DEEPEST {
                    return Err(page.wrong(key.span(), key.span(), "this file extends itself", None));
                }
                self.read(&base, layers)?;
            }
            self.open.pop();
        }
        layers.push(self.layer(&page, table)?);
        Ok(())
    }

    fn text(&self, path: &Path) -> io::Result<String> {
        let about = std::fs::metadata(path)?;
        // Opening a pipe waits for whoever writes it; only one that was named, `<(…)`, is waited for.
        let is_named = self.whose == Whose::Named && self.open.is_empty();
        if !about.is_file() && (about.is_dir() || !is_named) {
            return Err(io::Error::other("it is no file"));
        }
        if self.whose != Whose::Named && !is_ours(&about) {
            return Err(io::Error::other(
                "it belongs to another user; --config FILE reads it all the same, --no-config leaves it",
            ));
        }
        // Its length is not what it says of itself.
        let mut text = Vec::new();
        std::fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut text)?;
        if text.len() as u64 > LARGEST {
            return Err(io::Error::other("it is larger than 1 MiB"));
        }
        String::from_utf8(text).map_err(|_| io::Error::other("it is not UTF-8"))
    }

    fn layer(&self, page: &Page<'_>, table: &DeTable<'_>) -> Result<Layer, BadConfig> {
        let mut layer = Layer { file: page.name.clone(), flags: BTreeMap::new(), more: BTreeMap::new() };
        for (key, value) in table {
            let name: &str = key.get_ref();
            match (name, value.get_ref()) {
                ("extends", _) => {}
                ("rules", DeValue::Table(rules)) => self.rules(page, rules, &mut layer)?,
                ("host", DeValue::Table(hosts)) => {
                    for (host, table) in hosts {
                        self.host(page, host, table, &mut layer)?;
                    }
                }
                ("rules" | "host", _) => {
                    return Err(page.wrong(key.span(), key.span(), &format!("`{name}` is a table"), None));
                }
                (_, DeValue::Table(flags)) if COMMANDS.contains(&name) => {
                    for (key, value) in flags {
                        self.flag(page, Some(name), key, value, &mut layer)?;
                    }
                }
                _ => self.flag(page, None, key, value, &mut layer)?,
            }
        }
        Ok(layer)
    }

    fn flag(
        &self,
        page: &Page<'_>,
        table: Option<&str>,
        key: &Spanned<toml::de::DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
        layer: &mut Layer,
    ) -> Result<(), BadConfig> {
        let long: &str = key.get_ref();
        let mut owners =
            keys::commands(self.definition).filter(|command| table.is_none_or(|name| command.get_name() == name));
        let Some((arg, takes)) = owners.find_map(|command| keys::flag(command, long)) else {
            return Err(self.unknown(page, table, key));
        };
        let words = words(arg, takes, value.get_ref(), page.folder)
            .map_err(|why| page.wrong(key.span(), value.span(), &format!("`{long}` {why}"), None))?;
        self.judge(page, (long, takes), key.span(), &words)?;
        let flags = layer.flags.entry(table.unwrap_or_default().to_owned()).or_default();
        flags.insert(long.to_owned(), (words, page.origin(key.span())));
        Ok(())
    }

    /// Whether a file of the project may say that.
    fn judge(
        &self,
        page: &Page<'_>,
        (long, takes): (&str, keys::Takes),
        key: Range<usize>,
        words: &[String],
    ) -> Result<(), BadConfig> {
        let fault = strangers::fault(long, takes, words, page.folder).filter(|_| self.whose == Whose::Projects);
        fault.map_or(Ok(()), |fault| Err(page.wrong(key.clone(), key, &fault, None)))
    }

    fn unknown(&self, page: &Page<'_>, table: Option<&str>, key: &Spanned<toml::de::DeString<'_>>) -> BadConfig {
        let long: &str = key.get_ref();
        let all = keys::all(self.definition);
        let of_table = |long: &str| {
            table.is_none_or(|name| {
                self.definition.find_subcommand(name).is_some_and(|command| keys::flag(command, long).is_some())
            })
        };
        let tables = ["extends", "rules", "host"].into_iter().chain(COMMANDS).filter(|_| table.is_none());
        let spelt = long.replace('_', "-");
        let tip = match all.iter().any(|(known, ..)| *known == long) {
            true => Some(format!("it is a flag of another command than `{}`", table.unwrap_or_default())),
            false => nearest(&spelt, all.iter().map(|(long, ..)| *long).filter(|long| of_table(long)).chain(tables))
                .map(|near| format!("did you mean `{near}`?")),
        };
        page.wrong(key.span(), key.span(), &format!("unknown key `{}`", visible(long)), tip)
    }

    fn rules(&self, page: &Page<'_>, rules: &DeTable<'_>, layer: &mut Layer) -> Result<(), BadConfig> {
        for (rule, level) in rules {
            let Some(level) = level.get_ref().as_str() else {
                return Err(page.wrong(rule.span(), level.span(), "a rule is \"off\", \"warn\" or \"error\"", None));
            };
            let word = format!("{}={level}", rule.get_ref());
            // Of `check` alone, and told by every command: nobody would look for it there.
            if let Err(why) = word.parse::<RuleWeight>() {
                return Err(page.wrong(rule.span(), rule.span(), &format!("[rules]: {}", visible(&why)), None));
            }
            let of = layer.more.entry("rule".to_owned()).or_default();
            of.insert(rule.get_ref().to_string(), (vec![word], page.origin(rule.span())));
        }
        Ok(())
    }

    fn host(
        &self,
        page: &Page<'_>,
        host: &Spanned<toml::de::DeString<'_>>,
        table: &Spanned<DeValue<'_>>,
        layer: &mut Layer,
    ) -> Result<(), BadConfig> {
        let name: &str = host.get_ref();
        let DeValue::Table(flags) = table.get_ref() else {
            return Err(page.wrong(host.span(), host.span(), "a host is a table: [host.\"example.com\"]", None));
        };
        for (key, value) in flags {
            let long: &str = key.get_ref();
            let known = keys::OF_HOSTS.contains(&long).then(|| keys::commands(self.definition));
            let Some((arg, takes)) = known.and_then(|mut all| all.find_map(|command| keys::flag(command, long))) else {
                let tip =
                    nearest(&long.replace('_', "-"), keys::OF_HOSTS).map(|near| format!("did you mean `{near}`?"));
                let tip = tip.unwrap_or_else(|| format!("there are {}", keys::OF_HOSTS.join(", ")));
                return Err(page.wrong(
                    key.span(),
                    key.span(),
                    &format!("unknown key `{}` of a host", visible(long)),
                    Some(tip),
                ));
            };
            let words = words(arg, takes, value.get_ref(), page.folder)
                .map_err(|why| page.wrong(key.span(), value.span(), &format!("`{long}` {why}"), None))?;
            let words: Vec<String> = words.into_iter().map(|word| format!("{name}={word}")).collect();
            self.judge(page, (long, takes), key.span(), &words)?;
            layer.more.entry(long.to_owned()).or_default().insert(name.to_owned(), (words, page.origin(key.span())));
        }
        Ok(())
    }
}

impl Page<'_> {
    /// Line and column, from 1.
    fn place_of(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }

    fn origin(&self, span: Range<usize>) -> Origin {
        Origin { file: self.name.clone(), line: self.place_of(span.start).0 }
    }

    /// What is wrong at a place, with the key that it is about. No more of the line is shown: values
    /// may be secrets, also those of a key that is mistyped.
    fn wrong(&self, key: Range<usize>, at: Range<usize>, what: &str, tip: Option<String>) -> BadConfig {
        let (number, column) = self.place_of(at.start);
        let gap = " ".repeat(number.to_string().len());
        let shown = visible(self.text.get(key).unwrap_or_default());
        let tip = tip.map(|tip| format!("\n  tip: {tip}")).unwrap_or_default();
        BadConfig(format!(
            "{what}\n{gap}--> {}:{number}:{column}\n{gap} |\n{number} | {shown}\n{gap} | {}{tip}",
            self.name,
            "^".repeat(shown.chars().count().max(1)),
        ))
    }

    /// The same of a file that is no TOML, whose keys are not known.
    fn no_toml(&self, error: &toml::de::Error) -> BadConfig {
        let (line, column) = self.place_of(error.span().map_or(0, |span| span.start));
        BadConfig(format!("{} is not TOML: line {line}, column {column}: {}", self.name, visible(error.message())))
    }
}

/// The files that are extended; `None` where that is no list of paths.
fn bases(value: &DeValue<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::String(base) => Some(vec![base.to_string()]),
        DeValue::Array(list) => list.iter().map(|base| Some(base.get_ref().as_str()?.to_owned())).collect(),
        _ => None,
    }
}

/// Whether it belongs to who runs this, or to the administrator.
#[cfg(unix)]
fn is_ours(about: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    about.uid() == 0 || about.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_ours(_: &std::fs::Metadata) -> bool {
    true
}
