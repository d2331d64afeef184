//! Where the records of a command go, and how they look there.
//!
//! Checked before anything is sent; opened last, so that a refused run touches no file.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

use anyhow::{anyhow, bail};
use fetchall::{
    journal,
    model::{
        record::{self, RecordKind},
        units,
    },
    sink::{
        self, Content, Fields, Sink, Target,
        text::{Look, Text, Unstarted},
    },
    source::Spec,
};
use tokio::runtime::Runtime;

use super::places::{Places, is_same};
use crate::cli::{
    flags::{ColorArg, ContinueFlags, FormatArg, OutputFlags, SaveFlags},
    progress::{self, Stage},
    run::{Begin, Parts},
    terminal::{self, Voice},
};

/// Where records go.
pub struct Output {
    kind: RecordKind,
    format: FormatArg,
    target: Target,
    fields: Option<Fields>,
    colour: bool,
    stdout_is_terminal: bool,
    places: Places,
}

impl Output {
    /// Records of this kind, as the flags want them.
    pub fn of(kind: RecordKind, save: &SaveFlags, flags: &OutputFlags, specs: &[Spec]) -> anyhow::Result<Output> {
        let file = save.file();
        if let (None, Some(path)) = (flags.format, file.filter(|path| path.extension().is_some())) {
            let known = FormatArg::by_name(path);
            known.map_err(|problem| anyhow!("--output {problem}; databases and Parquet go with --sink"))?;
        }
        let format = flags.chosen_format(file, io::stdout().is_terminal());
        let fields = flags.fields.as_deref().map(|list| Fields::parse(list, &schema(kind))).transpose();
        let fields = fields.map_err(|problem| anyhow!("--fields: {problem}"))?;
        match (format, file, &fields) {
            (FormatArg::None, Some(_), _) => bail!("--format none writes no records, so --output has nothing to take"),
            (FormatArg::None | FormatArg::Text, _, Some(_)) => {
                bail!("--fields goes with jsonl, json, csv and tsv; choose one with --format")
            }
            (FormatArg::Json, Some(path), _) if save.append => {
                bail!("a JSON array cannot be appended to ({}); --format jsonl can", path.display())
            }
            _ => {}
        }
        let places = Places::of(save)?;
        for place in places.files() {
            refuse_to_overwrite_a_list("--sink", place, specs)?;
        }
        let target = match file {
            Some(path) => {
                refuse_to_overwrite_a_list("--output", path, specs)?;
                Target::File {
                    path: path.to_owned(),
                    content: if save.append { Content::Append } else { Content::Replace },
                }
            }
            None if save.append && !places.have_a_file() => {
                bail!("--append needs a file to add to, and stdout is none")
            }
            None => stdout_target(),
        };
        Ok(Output { kind, target, fields, places, ..Output::stdout(format, flags.color) })
    }

    /// Whole records on stdout.
    pub fn stdout(format: FormatArg, color: Option<ColorArg>) -> Output {
        let stdout_is_terminal = io::stdout().is_terminal();
        let colour = terminal::colours(color.unwrap_or_default(), &terminal::Env::read(), stdout_is_terminal);
        let (kind, fields, places) = (RecordKind::Fetch, None, Places::default());
        Output { kind, format, target: stdout_target(), fields, colour, stdout_is_terminal, places }
    }

    /// Looks at the names of data and views that were asked for, once it is known which there are.
    ///
    /// # Errors
    /// A name that nothing is selected for.
    pub fn check_names(&self, columns: &[String], names: Names) -> anyhow::Result<()> {
        let asked = self.fields.as_ref().map(Fields::names).unwrap_or_default();
        let Some((name, near)) = asked.iter().find_map(|name| Some((name, unknown_name(name, columns)?))) else {
            return Ok(());
        };
        match (near, names) {
            (Some(near), _) => bail!("--fields: nothing is selected for `{name}`; did you mean `{near}`?"),
            (None, Names::Closed) if columns.is_empty() => {
                bail!("--fields: nothing is selected for `{name}`; select it with --select, --json, --regex or --view")
            }
            (None, Names::Closed) => {
                bail!("--fields: nothing is selected for `{name}`; there are {}", columns.join(", "))
            }
            (None, Names::Open) => Ok(()),
        }
    }

    /// With this becoming of what is in its files, in the order of [`open_all`](Self::open_all).
    pub fn going_on(mut self, contents: &[Option<Content>]) -> Output {
        if let (Some(Some(now)), Target::File { content, .. }) = (contents.first(), &mut self.target) {
            *content = *now;
        }
        self.places.going_on(contents.get(1..).unwrap_or_default());
        self
    }

    /// The file that records go to, and their format.
    pub fn file(&self) -> (Option<&Path>, FormatArg) {
        let file = match &self.target {
            Target::File { path, .. } => Some(path.as_path()),
            Target::Stdout | Target::Terminal => None,
        };
        (file, self.format)
    }

    /// Every file that records go to.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.file().0.into_iter().chain(self.places.files())
    }

    /// The JSON Lines that a run wrote, if they are in a file and whole.
    pub fn records(&self) -> Option<&Path> {
        let (file, format) = self.file();
        file.filter(|_| format == FormatArg::Jsonl && self.fields.is_none())
    }

    /// Every place of `--sink` must be one that a run with `--state` can go on with, and not its file.
    pub fn keep_off(&self, state: Option<&Path>) -> anyhow::Result<()> {
        let Some(state) = state else { return Ok(()) };
        if let Some(path) = self.places.parquet() {
            let path = path.display();
            bail!("a Parquet file cannot be gone on with ({path}), so it does not go with --state; sqlite: does");
        }
        match self.places.files().find(|path| is_same(path, state)) {
            Some(path) => bail!("--sink {} is the file of --state; records need a file of their own", path.display()),
            None => Ok(()),
        }
    }

    /// An empty file of `--state` knows nothing of what is in the outputs, and no run leaves one: they are not
    /// written over as those of a new run would be.
    ///
    /// # Errors
    /// There is something in one of them.
    pub fn keep_from_loss(&self, flags: &ContinueFlags) -> anyhow::Result<()> {
        let is_empty =
            |state: &&std::path::PathBuf| state.metadata().is_ok_and(|facts| facts.is_file() && facts.len() == 0);
        let Some(state) = flags.state().filter(is_empty).filter(|_| !flags.restart) else { return Ok(()) };
        let has_content = |path: &Path| path.metadata().is_ok_and(|facts| facts.is_file() && facts.len() > 0);
        match self.contents().find(|(path, content)| *content != Content::Append && has_content(path)) {
            None => Ok(()),
            Some((path, _)) => bail!(
                "{} is empty, so nothing tells which records {} has; put a copy of it back, or begin both anew with \
                 --restart",
                state.display(),
                path.display()
            ),
        }
    }

    /// What `state` says is in the outputs must be there; `done` counts the records.
    ///
    /// # Errors
    /// A file is gone, or was cut.
    pub fn look_for_kept(&self, state: Option<&Path>, done: u64) -> anyhow::Result<()> {
        let Some(state) = state.filter(|_| done > 0) else { return Ok(()) };
        let what_to_do = "put it back, or begin anew with --restart";
        for (path, content) in self.contents() {
            let least = if let Content::Keep(length) = content { length } else { 0 };
            let (name, state) = (path.display(), state.display());
            match path.metadata() {
                Err(_) if least > 0 => {
                    bail!("{name} is gone, and by {state} it has {least} bytes of records; {what_to_do}")
                }
                Ok(facts) if facts.len() < least => {
                    let now = facts.len();
                    bail!("{name} has {now} bytes, and by {state} it has {least}: records are missing; {what_to_do}")
                }
                _ => {}
            }
        }
        match self.places.sqlite().find(|path| !path.exists()) {
            Some(path) => {
                bail!("{} is gone, and by {} records are in it; {what_to_do}", path.display(), state.display())
            }
            None => Ok(()),
        }
    }

    /// Every file that records are written to one after the other, and what becomes of its content.
    fn contents(&self) -> impl Iterator<Item = (&Path, Content)> {
        let own = match &self.target {
            Target::File { path, content } => Some((path.as_path(), *content)),
            Target::Stdout | Target::Terminal => None,
        };
        own.into_iter().chain(self.places.contents())
    }

    /// Opens it; `columns` are those that a table has for what the run extracts.
    pub fn open(&self, columns: &[String]) -> anyhow::Result<Box<dyn Sink>> {
        let format = match self.format {
            FormatArg::Text => return Ok(sink::open_with(self.target.clone(), Text(self.look()))?),
            FormatArg::Jsonl => sink::Format::Jsonl,
            FormatArg::Json => sink::Format::Json,
            FormatArg::Csv => sink::Format::Csv,
            FormatArg::Tsv => sink::Format::Tsv,
            FormatArg::None => sink::Format::None,
        };
        let is_table = matches!(self.format, FormatArg::Csv | FormatArg::Tsv);
        let of_pages = || (self.kind == RecordKind::Page && is_table).then(|| Fields::page_columns(columns));
        Ok(sink::open(format, self.target.clone(), self.fields.clone().or_else(of_pages), columns)?)
    }

    /// Opens it and every place of `--sink`, databases first: a run that is refused touches no file. `run`
    /// names the run in databases; without it, it gets a name.
    pub fn open_all(
        &self,
        runtime: &Runtime,
        columns: &[String],
        run: Option<&str>,
    ) -> anyhow::Result<Vec<Box<dyn Sink>>> {
        let new = if run.is_none() { journal::new_id() } else { String::new() };
        let databases = runtime.block_on(self.places.open_databases(run.unwrap_or(&new)))?;
        let mut sinks = vec![self.open(columns)?];
        let as_file = |format, target| Output { format, target, ..self.beside() }.open(columns);
        sinks.extend(self.places.open_files(databases, as_file)?);
        Ok(sinks)
    }

    /// Another output of the same records.
    fn beside(&self) -> Output {
        let places = Places::default();
        Output { kind: self.kind, fields: self.fields.clone(), places, target: self.target.clone(), ..*self }
    }

    fn look(&self) -> Look {
        match self.target {
            Target::Terminal => Look { colour: self.colour, unstarted: Unstarted::Hide },
            Target::Stdout => Look { colour: self.colour, unstarted: Unstarted::Show },
            // A file is read later, by anything: colours stay on screens.
            Target::File { .. } => Look::default(),
        }
    }

    /// A run into these outputs, whose progress is shown as the flags say.
    pub fn parts(&self, begin: Begin, sinks: Vec<Box<dyn Sink>>, flags: &OutputFlags, voice: &Voice) -> Parts {
        let style = progress::style(flags.progress.unwrap_or_default(), self.stage(voice));
        Parts::of(begin, sinks, self.to_stdout(), style)
    }

    /// Whether records go to stdout.
    pub fn to_stdout(&self) -> bool {
        matches!(self.target, Target::Stdout | Target::Terminal) && self.format != FormatArg::None
    }

    /// What progress has to get along with.
    pub fn stage(&self, voice: &Voice) -> Stage {
        Stage {
            quiet: voice.is_quiet(),
            can_repaint: io::stderr().is_terminal() && !terminal::is_dumb(),
            records_on_terminal: self.to_stdout() && self.stdout_is_terminal,
            records_on_pipe: self.to_stdout() && stdout_is_pipe(),
        }
    }
}

/// Whether the run alone says what is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// A request may select something of its own.
    Open,
    /// All names are known.
    Closed,
}

/// Of a name that is no column and no part of one, the nearest column, if there is one.
fn unknown_name<'a>(name: &str, columns: &'a [String]) -> Option<Option<&'a str>> {
    let top = name.strip_prefix("data.").or_else(|| name.strip_prefix("view."))?;
    let is_part = |column: &String| {
        name.strip_prefix(column.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if columns.iter().any(is_part) {
        return None;
    }
    let bare = |column: &'a String| column.split_once('.').map_or(column.as_str(), |(_, bare)| bare);
    let near = units::nearest(top.split('.').next().unwrap_or(top), columns.iter().map(bare));
    Some(near.and_then(|near| columns.iter().find(|column| bare(column) == near)).map(String::as_str))
}

/// What `--fields` may name.
pub fn schema(kind: RecordKind) -> serde_json::Value {
    match kind {
        RecordKind::Page => record::page_schema(),
        RecordKind::Fetch | RecordKind::Link => record::schema(),
    }
}

/// Whether another program reads the records, which may show what it makes of them on the terminal
/// where progress is shown too.
pub(super) fn stdout_is_pipe() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        std::fs::metadata("/dev/stdout").is_ok_and(|facts| facts.file_type().is_fifo())
    }
    #[cfg(not(unix))]
    false
}

fn stdout_target() -> Target {
    if io::stdout().is_terminal() { Target::Terminal } else { Target::Stdout }
}

/// The output would eat its own input.
fn refuse_to_overwrite_a_list(flag: &str, output: &Path, specs: &[Spec]) -> anyhow::Result<()> {
    let Ok(output) = output.canonicalize() else { return Ok(()) };
    let is_output = |list: &Path| list.is_file() && list.canonicalize().is_ok_and(|list| list == output);
    for spec in specs {
        match spec {
            Spec::File(list) if is_output(list) => {
                bail!("{flag} {} is the list that is to be read", list.display())
            }
            Spec::Stdin if is_output(Path::new("/dev/stdin")) => {
                bail!("{flag} {} is the list that standard input reads", output.display())
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nothing_is_selected_for_has_its_nearest() {
        let columns = ["data.title", "data.items", "view.meta"].map(str::to_owned);
        for (name, want) in [
            ("data.title", None),
            ("data.items.price", None),
            ("view.meta.title", None),
            ("url", None),
            ("data", None),
            ("data.titel", Some(Some("data.title"))),
            ("data.item.price", Some(Some("data.items"))),
            ("data.zzz", Some(None)),
        ] {
            assert_eq!(unknown_name(name, &columns), want, "{name}");
        }
    }
}
