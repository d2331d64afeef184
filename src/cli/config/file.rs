//! One file: its keys with their places, judged against the flags that there are.

use std::{collections::BTreeMap, ops::Range, path::Path, sync::Arc};

use clap::Command as Clap;
use fetchall::model::{escape::visible, units::nearest};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{BadConfig, COMMANDS, Origin, find::Found, keys, words::words};

/// Files that extend each other: more is a mistake.
const DEEPEST: usize = 16;
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
    Reader { definition, must_be_ours: found.must_be_ours, open: Vec::new() }.read(&found.path, layers)
}

struct Reader<'a> {
    definition: &'a Clap,
    must_be_ours: bool,
    /// The files that extend each other, from the outermost.
    open: Vec<std::path::PathBuf>,
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
        let text = self.text(path).map_err(|error| BadConfig(format!("cannot read {name}: {error}")))?;
        let page = Page { name: name.into(), folder: path.parent().unwrap_or(Path::new("")), text: &text };
        let table = DeTable::parse(&text)
            .map_err(|error| BadConfig(format!("{} is not TOML: {}", page.name, error.to_string().trim_end())))?;
        let table = table.get_ref();
        if let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == "extends") {
            let bases = match value.get_ref() {
                DeValue::String(base) => vec![base.to_string()],
                DeValue::Array(list) => {
                    list.iter().filter_map(|base| Some(base.get_ref().as_str()?.to_owned())).collect()
                }
                _ => return Err(page.wrong(key.span(), "`extends` is the path of a file, or a list of them", None)),
            };
            self.open.push(std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()));
            for base in bases {
                let base = page.folder.join(base);
                let known = std::fs::canonicalize(&base).unwrap_or_else(|_| base.clone());
                if self.open.contains(&known) || self.open.len() > DEEPEST {
                    return Err(page.wrong(key.span(), "this file extends itself", None));
                }
                self.read(&base, layers)?;
            }
            self.open.pop();
        }
        layers.push(self.layer(&page, table)?);
        Ok(())
    }

    fn text(&self, path: &Path) -> std::io::Result<String> {
        let about = std::fs::metadata(path)?;
        if about.len() > LARGEST {
            return Err(std::io::Error::other("it is larger than 1 MiB"));
        }
        if self.must_be_ours && !is_ours(&about) {
            return Err(std::io::Error::other(
                "it belongs to another user; --config FILE reads it all the same, --no-config leaves it",
            ));
        }
        std::fs::read_to_string(path)
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
                ("rules" | "host", _) => return Err(page.wrong(key.span(), &format!("`{name}` is a table"), None)),
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
            .map_err(|why| page.wrong(value.span(), &format!("`{long}` {why}"), None))?;
        let flags = layer.flags.entry(table.unwrap_or_default().to_owned()).or_default();
        flags.insert(long.to_owned(), (words, page.origin(key.span())));
        Ok(())
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
        page.wrong(key.span(), &format!("unknown key `{}`", visible(long)), tip)
    }

    fn rules(&self, page: &Page<'_>, rules: &DeTable<'_>, layer: &mut Layer) -> Result<(), BadConfig> {
        for (rule, level) in rules {
            let Some(level) = level.get_ref().as_str() else {
                return Err(page.wrong(level.span(), "a rule is \"off\", \"warn\" or \"error\"", None));
            };
            let word = format!("{}={level}", rule.get_ref());
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
            return Err(page.wrong(host.span(), "a host is a table: [host.\"example.com\"]", None));
        };
        for (key, value) in flags {
            let long: &str = key.get_ref();
            let known = keys::OF_HOSTS.contains(&long).then(|| keys::commands(self.definition));
            let Some((arg, takes)) = known.and_then(|mut all| all.find_map(|command| keys::flag(command, long))) else {
                let tip =
                    nearest(&long.replace('_', "-"), keys::OF_HOSTS).map(|near| format!("did you mean `{near}`?"));
                let tip = tip.unwrap_or_else(|| format!("there are {}", keys::OF_HOSTS.join(", ")));
                return Err(page.wrong(key.span(), &format!("unknown key `{}` of a host", visible(long)), Some(tip)));
            };
            let words = words(arg, takes, value.get_ref(), page.folder)
                .map_err(|why| page.wrong(value.span(), &format!("`{long}` {why}"), None))?;
            let words = words.into_iter().map(|word| format!("{name}={word}")).collect();
            layer.more.entry(long.to_owned()).or_default().insert(name.to_owned(), (words, page.origin(key.span())));
        }
        Ok(())
    }
}

impl Page<'_> {
    fn line_of(&self, at: usize) -> (usize, &str, usize) {
        let start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let line = self.text[start..].lines().next().unwrap_or_default();
        (self.text[..start].matches('\n').count() + 1, line, self.text[start..at].chars().count())
    }

    fn origin(&self, span: Range<usize>) -> Origin {
        Origin { file: self.name.clone(), line: self.line_of(span.start).0 }
    }

    /// What is wrong, with the line and the place in it.
    fn wrong(&self, span: Range<usize>, what: &str, tip: Option<String>) -> BadConfig {
        let (number, line, column) = self.line_of(span.start);
        let width = self.text[span].chars().take_while(|c| *c != '\n').count().max(1);
        let gap = " ".repeat(number.to_string().len());
        let tip = tip.map(|tip| format!("\n  tip: {tip}")).unwrap_or_default();
        BadConfig(format!(
            "{what}\n{gap}--> {}:{number}:{}\n{gap} |\n{number} | {}\n{gap} | {}{}{tip}",
            self.name,
            column + 1,
            visible(line),
            " ".repeat(column),
            "^".repeat(width),
        ))
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
