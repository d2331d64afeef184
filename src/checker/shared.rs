//! What all parts of a check are told: the plan, worked out.
//!
//! Read-only while the check runs. Must not know threads or channels.

use std::{
    collections::HashSet,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use url::Url;

use super::{
    places::Unverifiable,
    plan::{Changed, CheckPlan, Memory, Reach, Start},
    root::Root,
};
use crate::{
    check::{
        Site,
        accept::Accept,
        answers::Answers,
        baseline::Baseline,
        cache::{Ages, Cache},
        date::{Day, Stamp},
        files::Deployed,
        grace::Histories,
        ignore::Ignores,
        paths,
        preset::{Preset, Redirects},
        redirects::Redirections,
        rules::Severities,
    },
    model::{LinkKind, Rule, Severity},
    page::Language,
    source::walk::Listed,
};

/// What all parts are told.
#[derive(Debug)]
pub(super) struct Shared {
    pub site: Site,
    pub deployed: Deployed,
    pub kinds: Option<HashSet<LinkKind>>,
    pub reach: Reach,
    pub severities: Severities,
    pub accept: Accept,
    /// Where the ignore file stands, and its entries.
    pub ignores: Option<(Box<str>, Ignores)>,
    pub baseline: Option<Baseline>,
    pub changed: Option<Changed>,
    /// Every link is sent.
    pub all: bool,
    /// Only a part of the documents or of their links is looked at.
    pub is_partial: bool,
    /// The current folder, with a slash at its end.
    here: Option<String>,
    pub now: Stamp,
    pub today: Day,
    /// Documents on the disk, in order.
    pub listed: std::sync::Arc<Vec<Listed>>,
}

/// What changes while the check runs.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub grace: Option<(Duration, Histories)>,
    pub cache: Option<(Ages, Cache)>,
    pub answers: Option<Answers>,
}

impl Shared {
    /// Works the plan out; what is left of it are the starts that are no files and the settings.
    pub fn of(plan: &mut CheckPlan, listed: Vec<Listed>) -> (Shared, Kept) {
        let memory = std::mem::take(&mut plan.memory);
        let Memory { ignores, baseline, grace, cache, answers, changed } = memory;
        let now = Stamp::from(SystemTime::now());
        let Root { path: root, edge } = Root::of(&plan.place, &plan.starts);
        let preset = plan.place.preset;
        let redirections = match preset.serves().redirects {
            Redirects::Read => redirections(root.as_deref().unwrap_or_default()),
            Redirects::Ignored => Redirections::default(),
        };
        let is_part =
            |start: &Start| matches!(start, Start::Text(..)) || matches!(start, Start::Path(path) if !path.is_dir());
        let is_partial = plan.kinds.is_some() || changed.is_some() || plan.starts.iter().all(is_part);
        let deployed = Deployed { preset, root: root.clone().unwrap_or_default(), redirections };
        let remaps = std::mem::take(&mut plan.place.remaps);
        let shared = Shared {
            site: Site::new(root.as_deref(), plan.place.base_url.clone(), remaps)
                .with_edge(edge)
                .with_home(preset.home()),
            deployed,
            kinds: plan.kinds.take(),
            reach: plan.reach.clone(),
            severities: std::mem::take(&mut plan.severities),
            accept: Accept::new(plan.fetch.ask.accept.clone(), std::mem::take(&mut plan.accept)),
            ignores: ignores.map(|(path, ignores)| (text_of(&path).into(), ignores)),
            baseline,
            changed,
            all: plan.all,
            is_partial,
            here: std::env::current_dir().ok().map(|here| format!("{}/", text_of(&here).trim_end_matches('/'))),
            now,
            today: now.day(),
            listed: std::sync::Arc::new(
                listed.into_iter().map(|one| Listed { language: spoken(one.language, preset), ..one }).collect(),
            ),
        };
        (shared, Kept { grace, cache, answers })
    }

    /// What is known now, in the form in which it was told.
    pub fn memory(&self, kept: Kept) -> Memory {
        Memory {
            ignores: self.ignores.as_ref().map(|(path, ignores)| ((&**path).into(), ignores.clone())),
            baseline: self.baseline.clone(),
            grace: kept.grace,
            cache: kept.cache,
            answers: kept.answers,
            changed: self.changed.clone(),
        }
    }

    /// A path as it is from the current folder, if it lies there: the same document is known however it
    /// was named.
    pub fn named_from_here<'a>(&self, path: &'a str) -> &'a str {
        self.here.as_deref().and_then(|here| path.strip_prefix(here)).unwrap_or(path)
    }

    /// What is said about fragments that cannot be verified.
    pub fn unverifiable(&self) -> Unverifiable {
        match self.severities.of(Rule::Unverifiable) {
            Severity::Off => Unverifiable::Silent,
            _ => Unverifiable::Told,
        }
    }

    /// The address that a document of the disk will have.
    pub fn address_of(&self, path: &str) -> Option<Url> {
        self.site.url_of(path)
    }
}

/// The language that a document is in where this serves it.
pub(super) fn spoken(language: Option<Language>, preset: Preset) -> Option<Language> {
    match (language, preset) {
        (Some(Language::Markdown), Preset::Mkdocs) => Some(Language::PythonMarkdown),
        _ => language,
    }
}

pub(super) fn text_of(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

/// The rules of a site; what cannot be read has none.
fn redirections(root: &str) -> Redirections {
    let text = fs::read_to_string(paths::join(root, "_redirects")).unwrap_or_default();
    Redirections::parse(&text).0
}
