//! What a check is told, worked out: typed, with defaults, free of contradictions.
//!
//! Flags end here. Must not know clap or the environment.

use std::{collections::HashSet, path::PathBuf, time::Duration};

use url::Url;

use crate::{
    check::{
        accept::HostAccept,
        answers::Answers,
        baseline::Baseline,
        cache::{Ages, Cache},
        grace::Histories,
        ignore::Ignores,
        preset::Preset,
        remap::Remap,
        rules::Severities,
    },
    model::LinkKind,
    settings::Settings,
    source::walk::Walk,
};

/// Where links are looked for.
#[derive(Clone, Debug)]
pub enum Start {
    /// A file, a folder (walked), or a pattern with `*`, `?`, `[`, `{` (expanded here, not by the
    /// shell).
    Path(PathBuf),
    /// A page, sitemap or feed on the network.
    Page(Url),
    /// Text that was read already, for example standard input: its name and its content.
    Text(String, String),
}

/// Everything that a check is told.
#[derive(Debug, Default)]
pub struct CheckPlan {
    /// In the order given.
    pub starts: Vec<Start>,
    /// How targets on the network are fetched.
    pub fetch: Settings,
    /// Which documents are read.
    pub walk: Walk,
    /// Where documents stand once they are deployed.
    pub place: Placement,
    /// Kinds of links that are looked at; `None` is all.
    pub kinds: Option<HashSet<LinkKind>>,
    /// What is looked at beyond files.
    pub reach: Reach,
    /// What findings weigh.
    pub severities: Severities,
    /// Statuses accepted from named hosts, beside `fetch.ask.accept`.
    pub accept: Vec<HostAccept>,
    /// What is known from before, and what nobody wants to hear of.
    pub memory: Memory,
    /// Every link is sent, not only those with something to say about.
    pub all: bool,
}

/// Where documents stand once they are deployed.
#[derive(Clone, Debug, Default)]
pub struct Placement {
    /// The folder that `/` stands for. `None` is the only folder that is checked; else the project
    /// or repository around what is checked.
    pub root_dir: Option<PathBuf>,
    /// The address of that folder.
    pub base_url: Option<Url>,
    /// What serves it.
    pub preset: Preset,
    /// Addresses that are looked at elsewhere.
    pub remaps: Vec<Remap>,
}

/// What is looked at beyond files.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Fragments are looked for on their pages.
    pub anchors: bool,
    /// Addresses are asked for; otherwise they are skipped (`excluded`).
    pub external: bool,
    /// Nothing is sent: only the cache answers (`--offline`).
    pub offline: bool,
    /// Pages below the starts are read for their links too (`--recurse`).
    pub recurse: bool,
    /// Whatever seems dead is asked once more at the end, alone, on a fresh connection.
    pub second_round: bool,
    /// A web archive is suggested for what is gone.
    pub archive: bool,
}

impl Default for Reach {
    fn default() -> Self {
        Reach { anchors: true, external: true, offline: false, recurse: false, second_round: true, archive: false }
    }
}

/// What is known from before, and what nobody wants to hear of.
#[derive(Debug, Default)]
pub struct Memory {
    /// Entries of the ignore file and where it stands.
    pub ignores: Option<(PathBuf, Ignores)>,
    /// Findings that were there before.
    pub baseline: Option<Baseline>,
    /// How long a failing target may fail before it counts, and what is known of it.
    pub grace: Option<(Duration, Histories)>,
    /// Verdicts of earlier runs.
    pub cache: Option<(Ages, Cache)>,
    /// Answers of this run, which may have been stopped before.
    pub answers: Option<Answers>,
    /// Only links on these lines count (`--since-ref`): path as walked, lines from 1.
    pub changed: Option<Changed>,
}

/// What a change touched.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// Lines that were added or changed: path, first line, last line.
    pub lines: Vec<(String, u32, u32)>,
    /// Files that were removed or renamed: links to them count wherever they stand.
    pub gone: Vec<String>,
    /// Documents whose headings changed: links with a fragment to them count wherever they stand.
    pub touched: Vec<String>,
}
