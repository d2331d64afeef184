//! Files that links lead to: where each is, and what its fragments may point to.
//!
//! Every path is looked up once and every file read at most once for its anchors, of which hashes
//! are kept. Must not know documents or findings.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{
    disk::Disk,
    documents::{self, Read},
    pdf,
    shared::spoken,
};
use crate::{
    check::{
        Asked, Form, Located, PageKind, Way,
        files::{
            Deployed,
            routes::{FRONT_BYTES, Routes},
            wiki,
        },
        locate,
        paths::{self},
        preset::{Preset, Redirects},
        text_directive::Words,
    },
    model::{Anchors, LinkKind, Look, Outline},
    page::Language,
    source::walk::Listed,
};

/// Stands for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FileId(pub u32);

/// Stands for a path that was asked for in one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PlaceId(u32);

/// What stands at a path that was asked for.
#[derive(Debug)]
pub(super) enum Place {
    File(FileId),
    Other(Box<Located>),
}

/// What is known of a file's anchors.
#[derive(Debug)]
enum Held {
    Unread,
    /// It is among the documents, and will be read for its links anyway.
    Coming,
    /// It sends elsewhere at once (`meta` refresh): what becomes of fragments is its script's.
    Forward,
    Read(PageKind, Anchors),
}

#[derive(Debug)]
struct File {
    path: Box<str>,
    held: Held,
}

/// What is said about fragments that cannot be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unverifiable {
    /// Nothing.
    Silent,
    Told,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Places<'a> {
    deployed: &'a Deployed,
    unverifiable: Unverifiable,
    disk: Disk,
    listed: &'a [Listed],
    /// What the documents are called, once a link of a wiki asks for it.
    called: Option<wiki::Names<'a>>,
    /// Addresses that front matter asks for, once something is not where its name says.
    routes: Option<Routes>,
    files: Vec<File>,
    by_path: HashMap<u64, FileId>,
    places: Vec<(Box<str>, Place)>,
    by_form: HashMap<u64, PlaceId>,
    /// The names that were looked at last.
    names: (Option<FileId>, Anchors),
    /// Names that may still be looked through.
    budget: usize,
}

/// Names looked through for suggestions at most, in a run: about two seconds.
const NAMES: usize = 2_000_000;

/// What reading a file costs, in names.
const FILE: usize = 500;

impl<'a> Places<'a> {
    /// With the documents that will be read: their [`FileId`]s count from 0 in order.
    pub fn new(deployed: &'a Deployed, unverifiable: Unverifiable, listed: &'a [Listed]) -> Self {
        let mut places = Places {
            deployed,
            unverifiable,
            disk: Disk::default(),
            listed,
            called: None,
            routes: None,
            files: Vec::new(),
            by_path: HashMap::new(),
            places: Vec::new(),
            by_form: HashMap::new(),
            names: (None, Anchors::default()),
            budget: NAMES,
        };
        for document in listed {
            let id = FileId(places.files.len() as u32);
            places.by_path.insert(key(&document.path, 0), id);
            places.files.push(File { path: document.path.clone(), held: Held::Coming });
        }
        places
    }

    /// How many distinct paths were asked for.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// What stands at a path.
    pub fn place_of(&mut self, asked: &Asked<'_>) -> PlaceId {
        let Asked { path, form, way } = *asked;
        let form_key = if form == Form::Leaf { 1 } else { 2 };
        let key = key(path, form_key + if way == Way::Path { 0 } else { 2 });
        if let Some(known) = self.by_form.get(&key) {
            return *known;
        }
        // The most exact candidate comes first whatever serves the files, so a file that is there
        // needs no more looking.
        let serves = self.deployed.preset.serves();
        let is_own = way == Way::Path || serves.roots.is_empty();
        let is_plain = form == Form::Leaf && is_own && serves.redirects == Redirects::Ignored;
        let located = match is_plain && self.disk.is_exact_file(path) {
            true => Located::Found(path.to_owned()),
            false => locate(asked, self.deployed, &self.disk),
        };
        let located = match located {
            Located::Found(_) => located,
            other => self.routed(path).map_or(other, Located::Found),
        };
        let place = match located {
            Located::Found(file) => Place::File(self.file_of(&file)),
            other => Place::Other(Box::new(other)),
        };
        let id = PlaceId(self.places.len() as u32);
        self.places.push((path.into(), place));
        self.by_form.insert(key, id);
        id
    }

    /// The source that has this address by its front matter. All are looked into when the first is
    /// asked for.
    fn routed(&mut self, path: &str) -> Option<String> {
        let Deployed { preset, root, .. } = self.deployed;
        let below = paths::below(path, root).filter(|_| Routes::are_kept(*preset))?;
        let listed = self.listed;
        let routes = self.routes.get_or_insert_with(|| {
            let mut routes = Routes::default();
            for one in listed.iter().filter(|one| is_page(one.language)) {
                if let Some(below) = paths::below(&one.path, root) {
                    routes.add(*preset, &one.path, below, &documents::start_of(&one.path, FRONT_BYTES));
                }
            }
            routes
        });
        routes.source(below).map(str::to_owned)
    }

    /// Where the document stands that a wiki's link means in this folder.
    pub fn called(&mut self, name: &str, folder: &str) -> Option<&'a str> {
        let listed = self.listed;
        let pages = || listed.iter().filter(|one| is_page(one.language)).map(|one| &*one.path);
        self.called.get_or_insert_with(|| wiki::Names::of(pages())).find(name, folder)
    }

    /// The path that was asked for, and what stands there.
    pub fn get(&self, id: PlaceId) -> Option<(&str, &Place)> {
        self.places.get(id.0 as usize).map(|(path, place)| (&**path, place))
    }

    /// The file at a path that exists.
    pub fn file_of(&mut self, path: &str) -> FileId {
        let key = key(path, 0);
        if let Some(known) = self.by_path.get(&key) {
            return *known;
        }
        let id = FileId(self.files.len() as u32);
        self.files.push(File { path: path.into(), held: Held::Unread });
        self.by_path.insert(key, id);
        id
    }

    /// Where a file is.
    pub fn path_of(&self, id: FileId) -> &str {
        self.files.get(id.0 as usize).map_or("", |file| &file.path)
    }

    /// A document was read.
    pub fn have_read(&mut self, id: FileId, language: Language, outline: &mut Outline) {
        if let Some(file) = self.files.get_mut(id.0 as usize) {
            file.held = match is_forward(outline) {
                true => Held::Forward,
                false => {
                    let anchors = std::mem::take(&mut outline.anchors);
                    Held::Read(kind_of(language, &anchors), anchors)
                }
            };
        }
    }

    /// A document could not be read, or will not be: whoever asks has to look.
    pub fn will_not_read(&mut self, id: FileId) {
        if let Some(file) = self.files.get_mut(id.0 as usize).filter(|file| matches!(file.held, Held::Coming)) {
            file.held = Held::Unread;
        }
    }

    /// Whether a file has an anchor of this hash, or nothing is to be said about that; `None` if that
    /// is not known yet.
    pub fn has(&self, id: FileId, hash: u64) -> Option<bool> {
        match &self.files.get(id.0 as usize)?.held {
            Held::Forward => Some(self.unverifiable == Unverifiable::Silent),
            Held::Read(_, anchors) => Some(anchors.has_hash(hash)),
            Held::Coming | Held::Unread => None,
        }
    }

    /// Whether a file is among the documents and was not read yet.
    pub fn is_coming(&self, id: FileId) -> bool {
        self.files.get(id.0 as usize).is_some_and(|file| matches!(file.held, Held::Coming))
    }

    /// What fragments of a file may point to; read now if it was not before.
    pub fn anchors_of(&mut self, id: FileId) -> (PageKind, &Anchors) {
        static NONE: std::sync::LazyLock<Anchors> = std::sync::LazyLock::new(Anchors::default);
        let Some(file) = self.files.get_mut(id.0 as usize) else { return (PageKind::Other, &NONE) };
        if matches!(file.held, Held::Unread | Held::Coming) {
            let (kind, outline) = look(&file.path, self.deployed.preset, Look::ANCHORS);
            file.held =
                match outline.anchors.is_empty() && is_forward(&look(&file.path, self.deployed.preset, FORWARD).1) {
                    true => Held::Forward,
                    false => Held::Read(kind, outline.anchors),
                };
        }
        match &file.held {
            Held::Read(kind, anchors) => (*kind, anchors),
            Held::Forward | Held::Unread | Held::Coming => (PageKind::Other, &NONE),
        }
    }

    /// The names of a file's anchors, for suggestions; the file is read for it. None any more once
    /// a great many were looked through: a run in which everything is wrong would never end.
    pub fn names_of(&mut self, id: FileId) -> &Anchors {
        if self.names.0 != Some(id) {
            let anchors = match self.budget {
                0 => Anchors::default(),
                _ => look(self.path_of(id), self.deployed.preset, Look { names: true, ..Look::ANCHORS }).1.anchors,
            };
            self.names = (Some(id), anchors);
        }
        self.budget = self.budget.saturating_sub(self.names.1.len() + FILE);
        if self.budget == 0 {
            self.names = (None, Anchors::default());
        }
        &self.names.1
    }

    /// The words of a document, for text directives; the file is read for it.
    pub fn words_of(&self, id: FileId) -> Option<Words> {
        let path = self.path_of(id);
        let language = spoken(Language::of_path(path), self.deployed.preset);
        let listed = Listed { path: path.into(), language, named: false };
        match documents::read(&listed, Look::ANCHORS, |_| {}) {
            Read::Document(document) => super::words::words(&document.text, document.language),
            Read::Nothing | Read::Fault(_) => None,
        }
    }
}

fn key(path: &str, form: u64) -> u64 {
    xxh3_64_with_seed(path.as_bytes(), form)
}

/// Whether a document is one that people write and link to by its name.
fn is_page(language: Option<Language>) -> bool {
    use Language::{AsciiDoc, Html, Markdown, Mdx, PythonMarkdown, Rst};
    matches!(language, Some(Markdown | PythonMarkdown | Mdx | Rst | AsciiDoc | Html))
}

/// What kind of page a document is for fragments.
fn kind_of(language: Language, anchors: &Anchors) -> PageKind {
    match language {
        Language::Html => PageKind::Html,
        Language::Markdown | Language::PythonMarkdown | Language::Mdx | Language::Rst | Language::AsciiDoc => {
            PageKind::Markup
        }
        _ if !anchors.is_empty() => PageKind::Markup,
        // Code hosts number the lines of all others.
        _ => PageKind::Source(None),
    }
}

/// What tells whether a page sends elsewhere.
const FORWARD: Look = Look { links: true, ..Look::NOTHING };

/// Whether a page has nothing of its own and sends elsewhere.
fn is_forward(outline: &Outline) -> bool {
    outline.anchors.is_empty() && outline.links.iter().any(|link| link.kind == LinkKind::Refresh)
}

/// What a file says, and what kind of page it is for fragments.
fn look(path: &str, preset: Preset, look: Look) -> (PageKind, Outline) {
    let extension = paths::name(path).rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "pdf" => {
            let bytes = documents::bytes_of(path, |_| {});
            (PageKind::Pdf(bytes.ok().and_then(|bytes| pdf::pages(&bytes))), Outline::default())
        }
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "avif" | "mp4" | "webm" | "ogg" | "ogv" | "mp3" | "wav" | "m4a"
        | "mov" => (PageKind::Media, Outline::default()),
        _ => {
            let language = match extension.as_str() {
                "svg" => Some(Language::Html),
                _ => spoken(Language::of_path(path), preset),
            };
            let listed = Listed { path: path.into(), language, named: false };
            match documents::read(&listed, look, |_| {}) {
                Read::Document(document)
                    if matches!(kind_of(document.language, &Anchors::default()), PageKind::Source(_)) =>
                {
                    let lines = memchr::memchr_iter(b'\n', document.text.as_bytes()).count() as u32;
                    let is_cut = !document.text.ends_with('\n') && !document.text.is_empty();
                    (PageKind::Source(Some(lines + u32::from(is_cut))), document.outline)
                }
                Read::Document(document) => (kind_of(document.language, &document.outline.anchors), document.outline),
                Read::Nothing | Read::Fault(_) => (PageKind::Other, Outline::default()),
            }
        }
    }
}
