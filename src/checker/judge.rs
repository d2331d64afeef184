//! The judge: one thread that sees every document and judges its links to files.
//!
//! ```text
//! readers ─► document ─► links ─┬─ files: places ─► finding
//!                 ▲             ├─ mail, tel, nonsense ─► finding
//!      hub ─► page┘             └─ addresses ─► hub
//! ```
//!
//! What a fragment of a document needs that is not read yet waits until all are. Must not know the
//! network.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering::Relaxed, mpsc::Receiver},
};

use tokio::sync::mpsc::Sender;
use url::Url;

use super::{
    documents::{self, Document, Read},
    handle::Marks,
    links::Leads,
    mention::{Mention, Origin, is_worth},
    news::{Asks, News, Outward, Page, Tally},
    places::{FileId, Places},
    readers::Readers,
    shared::Shared,
    sheet::Sheet,
    waiting::{Open, Waiting},
};
use crate::{
    model::{Finding, Link, LinkKind, Look, redact},
    page::{Language, link_field, prose},
};

/// What is read of documents: names of anchors are read again where one is to be suggested.
pub(super) const LOOK: Look = Look { links: true, anchors: true, ..Look::NOTHING };

/// The element of pages that the check starts from.
pub(super) const START: &str = "start";

/// Judges documents.
pub(super) struct Judge<'a> {
    pub shared: &'a Shared,
    pub places: Places<'a>,
    pub leads: Leads,
    pub waiting: Waiting,
    pub used: BTreeSet<usize>,
    pub tally: Tally,
    pub marks: &'a Marks,
    findings: Sender<Finding>,
    news: Sender<News>,
    pub next_seq: u64,
}

/// The ways out of the judge.
#[derive(Debug)]
pub(super) struct Outlets {
    pub findings: Sender<Finding>,
    pub news: Sender<News>,
}

/// What there is to judge beside the listed documents.
#[derive(Debug)]
pub(super) struct Inlets {
    /// Pages that the check starts from.
    pub starts: Vec<Url>,
    /// Names and contents.
    pub texts: Vec<(String, String)>,
    /// Paths and sentences.
    pub faults: Vec<(String, String)>,
    pub pages: Receiver<Page>,
}

/// Judges everything that comes, until there is nothing more.
pub(super) fn judge(shared: &Shared, marks: &Marks, inlets: Inlets, outlets: Outlets) {
    let mut judge = Judge {
        shared,
        places: Places::new(&shared.deployed, shared.unverifiable(), &shared.listed),
        leads: Leads::default(),
        waiting: Waiting::default(),
        used: BTreeSet::new(),
        tally: Tally::default(),
        marks,
        findings: outlets.findings,
        news: outlets.news,
        next_seq: 0,
    };
    judge.starts(&inlets.starts);
    for (path, why) in inlets.faults {
        judge.unreadable(&path, why);
    }
    for (name, text) in inlets.texts {
        judge.text(&name, text);
    }
    judge.listed();
    marks.dry.store(true, Relaxed);
    judge.tell(News::Read);
    while let Ok(page) = inlets.pages.recv() {
        judge.fetched(&page);
        judge.tell(News::PageRead);
    }
    judge.end();
}

impl Judge<'_> {
    pub fn is_stopped(&self) -> bool {
        self.marks.stop.load(Relaxed)
    }

    /// Pages that the check starts from are addresses to be asked, and their links are wanted.
    fn starts(&mut self, starts: &[Url]) {
        let mut outward = Vec::new();
        for start in starts {
            let mut url = start.clone();
            url.set_fragment(None);
            let (target, is_new) = self.leads.number(&url);
            let origin = Arc::new(Origin { path: None, url: Some(redact::url(&url).into()) });
            let mention = Mention::remark(&origin, self.next_seq, START, url.as_str(), None);
            self.next_seq += 1;
            let url = is_new.then(|| Box::new(url));
            outward.push(Outward { target, url, mention, fragment: None, asks: Asks::Links, mixed: false });
        }
        if !outward.is_empty() {
            self.tell(News::Links(outward));
        }
    }

    /// Reads what was listed and judges it; then what had to wait.
    fn listed(&mut self) {
        let listed = Arc::clone(&self.shared.listed);
        let mut readers = Readers::start(&listed, LOOK);
        for (number, entry) in listed.iter().enumerate() {
            if self.is_stopped() {
                // Of links that wait nothing will be known.
                self.tally.links -= self.waiting.len() as u64;
                return;
            }
            let id = FileId(number as u32);
            let Some(delivered) = readers.next() else {
                self.unreadable(&entry.path, "a bug in fetchall: reading it panicked".to_owned());
                self.places.will_not_read(id);
                continue;
            };
            match delivered.read {
                Read::Document(document) => self.document(number as u32, &entry.path, document),
                Read::Nothing => self.places.will_not_read(id),
                Read::Fault(why) => {
                    self.places.will_not_read(id);
                    self.unreadable(&entry.path, why);
                }
            }
        }
        drop(readers);
        self.settle_waiting();
    }

    fn document(&mut self, number: u32, path: &str, mut document: Document) {
        self.tally.documents += 1;
        let id = FileId(number);
        self.places.have_read(id, document.language, &mut document.outline);
        self.waiting.have_read(id, &self.places);
        let shared = self.shared;
        let mut sheet = Sheet::of_file(shared, path, &document.text, &document.outline, self.next_seq);
        (sheet.own, sheet.number) = (Some(id), Some(number));
        self.waiting.begin(number, self.next_seq);
        self.sheet(sheet);
    }

    /// Text that was handed in.
    fn text(&mut self, name: &str, text: String) {
        let is_markup = text.contains("](") || text.starts_with('#') || text.starts_with("---\n");
        let language = match Language::of_path(name) {
            Some(language) => language,
            None if crate::page::is_html(None, text.as_bytes()) => Language::Html,
            None if is_markup => Language::Markdown,
            None => Language::Text,
        };
        let outline = prose::outline(&text, language, LOOK);
        self.tally.documents += 1;
        let mut document = Document { text, language, outline };
        let id = self.places.file_of(name);
        self.places.have_read(id, language, &mut document.outline);
        let shared = self.shared;
        let mut sheet = Sheet::of_file(shared, name, &document.text, &document.outline, self.next_seq);
        sheet.own = Some(id);
        self.sheet(sheet);
    }

    fn fetched(&mut self, page: &Page) {
        if self.is_stopped() {
            return;
        }
        self.tally.documents += 1;
        let shared = self.shared;
        let sheet = Sheet::of_page(shared, &page.url, &page.text, &page.outline, self.next_seq);
        self.sheet(sheet);
        // Fields have no place in the text of the page.
        let of_fields: Vec<Link> = page.fields.iter().flat_map(|field| link_field(field)).collect();
        if !of_fields.is_empty() {
            let outline = crate::model::Outline { links: of_fields, ..Default::default() };
            self.sheet(Sheet::of_page(shared, &page.url, "", &outline, self.next_seq));
        }
    }

    /// Judges every link of a document.
    fn sheet(&mut self, mut sheet: Sheet<'_>) {
        let outline = sheet.outline;
        self.next_seq += outline.links.len() as u64;
        let is_plain = self.is_plain(&sheet);
        let (mut links, mut quiet) = (0, 0);
        for (index, link) in outline.links.iter().enumerate() {
            if !self.is_wanted(link.kind) {
                continue;
            }
            links += 1;
            if is_plain && self.is_quiet(&sheet, link, index) {
                quiet += 1;
            } else {
                self.link(&mut sheet, link, index);
            }
        }
        self.tally.links += links;
        self.marks.links.fetch_add(links, Relaxed);
        self.marks.judged.fetch_add(quiet, Relaxed);
        self.close(&mut sheet);
        if !sheet.outward.is_empty() {
            self.tell(News::Links(std::mem::take(&mut sheet.outward)));
        }
    }

    fn is_wanted(&self, kind: LinkKind) -> bool {
        self.shared.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }

    /// Judges what waited for documents to be read; a document is read again only where something
    /// is wrong.
    fn settle_waiting(&mut self) {
        for Open { document: number, first_seq, links } in self.waiting.settle() {
            if self.is_stopped() {
                self.tally.links -= links.len() as u64;
                continue;
            }
            let shared = self.shared;
            let Some(entry) = shared.listed.get(number as usize) else { continue };
            match documents::read(entry, LOOK, |_| {}) {
                Read::Document(document) => {
                    let mut sheet = Sheet::of_file(shared, &entry.path, &document.text, &document.outline, first_seq);
                    (sheet.own, sheet.number) = (Some(FileId(number)), None);
                    for index in links {
                        let Some(link) = document.outline.links.get(index as usize) else { continue };
                        // It was counted when it began to wait.
                        self.marks.judged.fetch_sub(1, Relaxed);
                        self.link(&mut sheet, link, index as usize);
                    }
                }
                Read::Nothing => {}
                Read::Fault(why) => self.unreadable(&entry.path, why),
            }
        }
    }

    /// Everything was read: the tally.
    fn end(mut self) {
        self.unused_entries();
        let places = self.places.len() as u64;
        let tally = Tally { places, used: std::mem::take(&mut self.used), ..std::mem::take(&mut self.tally) };
        self.tell(News::Ended(Box::new(tally)));
    }

    /// A link came to its end without a finding.
    pub fn count(&self) {
        self.marks.judged.fetch_add(1, Relaxed);
    }

    /// A link came to its end.
    pub fn send(&self, finding: Finding) {
        self.count();
        self.marks.failed.fetch_add(u64::from(!finding.ok), Relaxed);
        // Nobody may be reading any more: then the check ends.
        if !self.shared.all && !is_worth(&finding) {
            self.marks.skipped.fetch_add(u64::from(finding.skip.is_some()), Relaxed);
        } else if self.findings.blocking_send(finding).is_err() {
            self.marks.stop.store(true, Relaxed);
        }
    }

    fn tell(&self, news: News) {
        if self.news.blocking_send(news).is_err() {
            self.marks.stop.store(true, Relaxed);
        }
    }
}
