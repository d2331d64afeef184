//! The places of `--sink`: read before anything is sent, opened behind everything that can be refused.
//!
//! Must not know what a run does.

use std::path::Path;

use anyhow::{anyhow, bail};
use fetchall::sink::{self, Content, Place, Sink, Target};

use crate::cli::flags::{FormatArg, SaveFlags};

/// A database that was opened, or none where the place is a file.
pub type Opened = Option<Box<dyn Sink>>;

/// Where records go beside stdout or `--output`.
#[derive(Default)]
pub struct Places(Vec<Named>);

struct Named {
    place: Place,
    /// The format of a file.
    format: FormatArg,
    content: Content,
}

impl Places {
    /// What the flags name.
    pub fn of(save: &SaveFlags) -> anyhow::Result<Places> {
        let mut places: Vec<Named> = Vec::with_capacity(save.sinks.len());
        for text in &save.sinks {
            let place = Place::parse(text).map_err(|problem| anyhow!("--sink: {problem}"))?;
            let format = match &place {
                Place::File(path) => FormatArg::by_name(path).map_err(|problem| anyhow!("--sink {problem}"))?,
                _ => FormatArg::None,
            };
            if let (Place::Parquet(path), true) = (&place, save.append) {
                bail!("a Parquet file cannot be added to ({}); give it a name of its own", path.display());
            }
            let content = if save.append { Content::Append } else { Content::Replace };
            places.push(Named { place, format, content });
        }
        let all = save.file().into_iter().chain(places.iter().filter_map(|named| named.place.file()));
        let all: Vec<&Path> = all.collect();
        for (at, path) in all.iter().enumerate() {
            if all[..at].iter().any(|other| is_same(other, path)) {
                bail!("--sink {} is written to already", path.display());
            }
        }
        Ok(Places(places))
    }

    /// Whether one of them is a file that records are added to.
    pub fn have_a_file(&self) -> bool {
        self.0.iter().any(|named| matches!(named.place, Place::File(_)))
    }

    /// The one that cannot be gone on with: what is gathered for it is lost with the run.
    pub fn parquet(&self) -> Option<&Path> {
        self.0.iter().find_map(|named| if let Place::Parquet(path) = &named.place { Some(&**path) } else { None })
    }

    /// All that are files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().filter_map(|named| named.place.file())
    }

    /// Those that are files of records, and what becomes of their content.
    pub fn contents(&self) -> impl Iterator<Item = (&Path, Content)> {
        self.0.iter().filter_map(|named| match &named.place {
            Place::File(path) => Some((path.as_path(), named.content)),
            _ => None,
        })
    }

    /// Those that are SQLite files.
    pub fn sqlite(&self) -> impl Iterator<Item = &Path> {
        self.0
            .iter()
            .filter_map(|named| if let Place::Sqlite(path) = &named.place { Some(path.as_path()) } else { None })
    }

    /// With this becoming of what is in them.
    pub fn going_on(&mut self, contents: &[Option<Content>]) {
        for (named, content) in self.0.iter_mut().zip(contents) {
            named.content = content.unwrap_or(named.content);
        }
    }

    /// Opens those that are databases.
    pub async fn open_databases(&self, run: &str) -> anyhow::Result<Vec<Opened>> {
        let mut sinks = Vec::with_capacity(self.0.len());
        for Named { place, .. } in &self.0 {
            sinks.push(match place {
                Place::File(_) => None,
                place => Some(sink::open_place(place, run).await.map_err(|error| anyhow!("--sink: {error}"))?),
            });
        }
        Ok(sinks)
    }

    /// Opens the others; all of them in their order.
    pub fn open_files(
        &self,
        databases: Vec<Opened>,
        open: impl Fn(FormatArg, Target) -> anyhow::Result<Box<dyn Sink>>,
    ) -> anyhow::Result<Vec<Box<dyn Sink>>> {
        let sinks = self.0.iter().zip(databases).map(|(named, database)| match (database, named.place.file()) {
            (Some(database), _) => Ok(database),
            (None, path) => {
                let path = path.unwrap_or(Path::new("")).to_owned();
                open(named.format, Target::File { path, content: named.content })
            }
        });
        sinks.collect()
    }
}

/// Whether two names lead to one file that both would write; a device takes from anybody.
pub fn clash(one: &Path, other: &Path) -> bool {
    is_same(one, other) && !std::fs::metadata(one).is_ok_and(|facts| !facts.is_file())
}

/// Whether two paths lead to one file, be it there or not.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        path.canonicalize().ok().or_else(|| {
            let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Some(dir.canonicalize().ok()?.join(path.file_name()?))
        })
    };
    one == other || real(one).is_some_and(|one| real(other) == Some(one))
}
