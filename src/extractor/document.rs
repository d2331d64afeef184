//! One page that was kept becomes one record.
//!
//! Pure but for reading the file. Must not know threads or order.

use std::{
    fs::File as OpenFile,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use base64::Engine as _;
use bytes::Bytes;
use sha2::Digest as _;
use url::Url;

use super::{captured, find::File};
use crate::{
    model::{
        Code, Digest, Ending, Failure, Page, Record, Request, Visit,
        record::{Heavy, Skip, Timings, hex},
    },
    page::{self, Input, Language, Want},
    source::{
        saved::{self, Body, Facts, Kept},
        warc::page::Stored,
    },
};

/// What pages are asked, and what is known of all of them.
#[derive(Clone, Debug)]
pub(super) struct Means {
    pub want: Want,
    /// Whether something is asked that only HTML can answer.
    pub asks_html: bool,
    pub digest: Digest,
    /// The address that folders stand for.
    pub base: Option<Url>,
}

/// Where a page comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// A file that is still to be read.
    File(File),
    /// The bytes of something that can be read once.
    Whole { path: Box<str>, bytes: Vec<u8> },
    /// A line of a list of records, or why it is none.
    Line { list: Arc<str>, number: u64, line: Result<String, String> },
    /// A page of an archive.
    Captured(Box<Stored>),
    /// Something that cannot be read: a sentence.
    Fault { path: Box<str>, why: String },
}

/// The record of a page.
pub(super) fn record(seq: u64, source: Source, means: &Means) -> Record {
    match source {
        Source::File(file) => {
            let url = means.base.as_ref().map(|base| beneath(base, file.path.get(file.below..).unwrap_or_default()));
            let url = url.or_else(|| file_url(&file.path));
            let opened = OpenFile::open(&*file.path).and_then(|input| saved::open(Box::new(input), None));
            let read =
                opened.map_err(|error| format!("cannot be read: {error}")).and_then(|(_, input)| saved::whole(input));
            saved_file(file.path, url, read).record(seq, means)
        }
        Source::Whole { path, bytes } => {
            // Where a page on standard input was found, nobody knows.
            let url = means.base.clone().or_else(|| file_url(&path).filter(|_| &*path != "-"));
            saved_file(path, url, Ok(bytes)).record(seq, means)
        }
        Source::Fault { path, why } => {
            let url = file_url(&path);
            saved_file(path, url, Err(why)).record(seq, means)
        }
        Source::Captured(stored) => captured::found(*stored).record(seq, means),
        Source::Line { list, number, line } => of_line(&list, number, line, means).record(seq, means),
    }
}

/// A page as it was found, with what is known of it.
pub(super) struct Found {
    pub kept: Kept,
    /// What addresses in it are relative to.
    pub url: Option<Url>,
    pub body: Result<Bytes, Failure>,
    /// The body's own media type and charset.
    pub content_type: Option<String>,
    pub charset: Charset,
    /// Whether it has no body by its nature, and nothing can be required of it.
    pub lacks_nothing: bool,
}

/// Who knows how a page was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// Whoever reads it.
    Read,
    /// The record: its body has been decoded already.
    Recorded,
}

fn saved_file(path: Box<str>, url: Option<Url>, read: Result<Vec<u8>, String>) -> Found {
    let content_type = media_type(Path::new(&*path)).map(str::to_owned);
    let facts = Facts { content_type: content_type.clone(), ..Facts::default() };
    let kept = Kept { input: path, facts, ..Kept::default() };
    let body = read.map(Bytes::from).map_err(|why| Failure::new(Code::IoRead, why));
    Found { kept, url, body, content_type, charset: Charset::Read, lacks_nothing: false }
}

fn of_line(list: &str, number: u64, line: Result<String, String>, means: &Means) -> Found {
    let mut kept = match line {
        Ok(line) => saved::kept(&line, number),
        Err(why) => Kept { body: Body::None(why), ..Kept::default() },
    };
    if kept.input.is_empty() {
        kept.input = format!("{list}:{number}").into();
    }
    let address = kept.final_url.as_deref().or(kept.url.as_deref());
    let url = address.and_then(|url| Url::parse(url).ok()).or_else(|| means.base.clone());
    let known = kept.facts.content_type.clone();
    let (body, content_type) = match std::mem::take(&mut kept.body) {
        // However the page was written, the record has it as UTF-8.
        Body::Text(text) => {
            (Ok(Bytes::from(text)), Some(format!("{}; charset=utf-8", known.as_deref().unwrap_or_default())))
        }
        Body::Bytes(bytes) => (Ok(Bytes::from(bytes)), known),
        Body::None(why) => (Err(Failure::new(Code::IoRead, format!("{list}: {why}"))), known),
    };
    let lacks_nothing = saved::is_bodiless(kept.facts.status, kept.method.as_deref());
    Found { kept, url, body, content_type, charset: Charset::Recorded, lacks_nothing }
}

impl Found {
    /// Reads the page and says what it says.
    fn record(self, seq: u64, means: &Means) -> Record {
        let Found { mut kept, url, body, content_type, charset, lacks_nothing } = self;
        let mut base64 = None;
        let (former, skip) = (kept.former.take(), kept.skip.take());
        let (ending, page) = match body {
            Err(failure) => (Ending::Error(failure), None),
            Ok(body) => {
                let facts = &mut kept.facts;
                facts.bytes = facts.bytes.or(Some(body.len() as u64));
                if means.digest == Digest::Sha256 && facts.sha256.is_none() {
                    facts.sha256 = Some(hex(&sha2::Sha256::digest(&body)));
                }
                let (ending, page) = read(&body, content_type, url.as_ref(), means);
                if means.want.text && page.as_ref().is_some_and(|page| page.text.is_none()) {
                    base64 = Some(base64::engine::general_purpose::STANDARD.encode(&body));
                }
                (ending, page)
            }
        };
        let ending = match (ending, former, skip) {
            (_, _, Some(Skip { code, message, of })) => Ending::Skipped { code, message, of },
            (Ending::Error(failure), _, _) if failure.code == Code::InternalPanic => Ending::Error(failure),
            (_, Some(former), _) if former.code.family() == "http" => Ending::HttpError(former),
            (_, Some(former), _) => Ending::Error(former),
            (Ending::Error(failure), ..) if lacks_nothing && failure.code.family() == "extract" => Ending::Ok,
            (ending, ..) => ending,
        };
        let mut record = row(seq, &mut kept, url.as_ref(), ending, page);
        if charset == Charset::Recorded {
            record.charset = kept.facts.charset.take();
        }
        let mut record = with_facts(record, kept);
        record.body_base64 = base64;
        record
    }
}

/// What a body says, and whether it has what is required.
fn read(body: &Bytes, content_type: Option<String>, url: Option<&Url>, means: &Means) -> (Ending, Option<Page>) {
    let is_unsaid =
        content_type.as_deref().is_none_or(|said| said.trim_start().starts_with([';']) || said.trim().is_empty());
    let content_type = match is_unsaid && means.asks_html && page::begins_with_tag(body) {
        true => Some(format!("text/html{}", content_type.unwrap_or_default())),
        false => content_type,
    };
    let input = Input { body: body.clone(), content_type, url: url.cloned().map(Arc::new) };
    // What was unwound left nothing half-done that anybody sees.
    match catch_unwind(AssertUnwindSafe(|| page::read(&input, &means.want))) {
        Ok(page) => {
            let failure = page.problems.as_ref().and_then(|problems| problems.failure.clone());
            (failure.map_or(Ending::Ok, Ending::Error), Some(page))
        }
        Err(_) => (Ending::Error(Failure::new(Code::InternalPanic, "reading the page panicked")), None),
    }
}

/// A row with what the page says; made where all of them are.
fn row(seq: u64, kept: &mut Kept, url: Option<&Url>, ending: Ending, page: Option<Page>) -> Record {
    let mut request = Request::get(std::mem::take(&mut kept.input));
    let wish = request.wish_mut();
    (wish.id, wish.tags) = (kept.id.take(), kept.tags.take());
    let mut visit = Visit::refused(seq, request, url.cloned(), ending);
    visit.page = page;
    Record::of(visit, Heavy::default())
}

/// The row with what was known before: nothing was asked of any server now.
fn with_facts(mut record: Record, kept: Kept) -> Record {
    let Kept { url, final_url, method, facts, .. } = kept;
    record.host = record.host.filter(|host| !host.is_empty());
    record.url = url.or(record.url);
    record.final_url = final_url;
    record.method = method;
    record.timings = Timings::default();
    record.status = facts.status;
    record.content_type = facts.content_type;
    record.bytes = facts.bytes;
    record.sha256 = facts.sha256;
    record.etag = facts.etag;
    record.last_modified = facts.last_modified;
    record.started_at = facts.started_at;
    record
}

/// The media type of a file, by its name; `None`: its first bytes have to tell.
fn media_type(path: &Path) -> Option<&'static str> {
    let is_packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    let name = if is_packed { Path::new(path.file_stem()?) } else { path };
    Some(match Language::of_path(name)? {
        Language::Html => "text/html",
        Language::Json => "application/json",
        Language::Sitemap => "application/xml",
        Language::Css => "text/css",
        Language::Markdown => "text/markdown",
        _ => "text/plain",
    })
}

/// The address of a path below a folder that stands for `base`.
fn beneath(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/'));
    }
    url
}

fn file_url(path: &str) -> Option<Url> {
    Url::from_file_path(std::path::absolute(path).ok()?).ok()
}
