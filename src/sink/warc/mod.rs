//! WARC files (WARC 1.1, ISO 28500:2017): what crossed the network, for whoever wants to see it again.
//!
//! An [`Archive`]: comes before the sinks, and says in the records where their responses are. Each record
//! of the file is a gzip member of its own; those of one exchange stand together: request, response (or
//! revisit), metadata. Must not know who reads it, nor how exchanges are made.

mod entry;
mod files;
mod member;
mod message;
mod seen;

use std::{
    io::{self, Write as _},
    path::PathBuf,
    time::SystemTime,
};

pub use self::{entry::DigestKind, files::Names, message::Secrets};
use self::{
    entry::{Entry, Ids, date},
    files::Series,
    member::Packer,
    seen::Seen,
};
use super::{Archive, SinkError};
use crate::model::{
    Capture, Record,
    record::{Saved, SavedWarc},
    redact,
};

/// Length of a file above which the next one is begun, in bytes: what WARC 1.1, annex C, recommends.
pub const SIZE: u64 = 1_000_000_000;

const HTTP_REQUEST: &str = "application/http;msgtype=request";
const HTTP_RESPONSE: &str = "application/http;msgtype=response";
const FIELDS: &str = "application/warc-fields";
/// A revisit of the same content.
const SAME_CONTENT: &str = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";
/// A revisit of which the server said that nothing has changed.
const NOT_MODIFIED: &str = "http://netpreserve.org/warc/1.1/revisit/server-not-modified";
/// Links of a page that are written down at most.
const OUTLINKS: usize = 10_000;

/// What is to be written, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The files.
    pub names: Names,
    /// Length of a file above which the next one is begun, in bytes.
    pub size: u64,
    /// Which digests.
    pub digest: DigestKind,
    /// What becomes of credentials.
    pub secrets: Secrets,
    /// What else is to be said of the run at the beginning of each file: names and values.
    pub info: Vec<(String, String)>,
}

/// A place in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the file, from 0.
    pub file: u64,
    /// Bytes from its beginning.
    pub offset: u64,
}

/// How an archive is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// As a new one: nothing of that name may be there.
    Anew,
    /// As a new one, and what is there goes.
    Replace,
    /// Behind what is there up to that place; what follows is cut off.
    GoOn(Place),
}

/// An archive that is being written.
pub struct Warc {
    options: Options,
    series: Series,
    packer: Packer,
    ids: Ids,
    info_id: String,
    /// Where in the file that ends.
    info_end: u64,
    seen: Seen,
}

/// What is known of an exchange beside itself.
#[derive(Clone, Copy, Debug, Default)]
struct Context<'a> {
    via: Option<&'a str>,
    /// Links and redirects from a seed to here.
    path: (u32, usize),
    outlinks: &'a [String],
}

/// A response as it is stored.
struct Stored {
    entry: Entry,
    head: Vec<u8>,
    with_body: bool,
    /// Digest of its content, if that is new.
    is_new: Option<Vec<u8>>,
}

impl Warc {
    /// Opens the first file and writes who writes it.
    ///
    /// # Errors
    /// A file of that name is there, or cannot be written.
    pub fn open(mut options: Options, begin: Begin) -> Result<Warc, SinkError> {
        if options.secrets == Secrets::Keep {
            options.names = options.names.for_owner();
        }
        let series = Series::open(options.names.clone(), begin).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => SinkError::Unusable(source.to_string()),
            _ => fault(options.names.open(0), source),
        })?;
        let mut warc = Warc {
            options,
            series,
            packer: Packer::new(),
            ids: Ids::new(),
            info_id: String::new(),
            info_end: 0,
            seen: Seen::default(),
        };
        warc.guarded(Warc::write_info)?;
        Ok(warc)
    }

    /// Runs `work`, behind which the file is longer by whole records or as it was.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Warc) -> io::Result<T>) -> Result<T, SinkError> {
        let whole = self.series.length;
        let number = self.series.number;
        work(self).and_then(|done| self.series.flush().map(|()| done)).map_err(|source| {
            if self.series.number == number {
                self.series.length = whole;
            }
            self.series.cut_back();
            fault(self.series.names.open(self.series.number), source)
        })
    }

    /// The record that every file begins with.
    fn write_info(&mut self) -> io::Result<()> {
        let id = self.ids.next();
        let name = self.series.names.complete(self.series.number);
        let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut body = String::from(concat!(
            "software: fetchall/",
            env!("CARGO_PKG_VERSION"),
            "\r\nformat: WARC File Format 1.1\r\n",
            "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n",
            "http-header-fidelity: names lower-cased, order grouped, transfer-coding removed\r\n",
        ));
        for (name, value) in self.options.info.iter().filter(|(_, value)| !value.contains(['\r', '\n'])) {
            body.extend([name.as_str(), ": ", value, "\r\n"]);
        }
        let mut entry = Entry::new("warcinfo", &id, &date(SystemTime::now()));
        entry.field("WARC-Filename", &name).field("WARC-Block-Digest", &self.digest(&[body.as_bytes()]));
        self.info_id = id;
        self.append(&mut entry, FIELDS, &[body.as_bytes()])?;
        self.info_end = self.series.length;
        Ok(())
    }

    /// Begins the next file where this one is long enough.
    fn make_room(&mut self) -> io::Result<()> {
        if self.series.length < self.options.size || self.series.length == self.info_end {
            return Ok(());
        }
        self.series.rotate()?;
        self.write_info()
    }

    /// Writes one record of the file; says how long it is.
    fn append(&mut self, entry: &mut Entry, content_type: &str, block: &[&[u8]]) -> io::Result<u64> {
        let length = block.iter().map(|part| part.len()).sum();
        let mut parts = vec![entry.end(content_type, length)];
        parts.extend(block);
        parts.push(b"\r\n\r\n");
        let written = if self.options.names.is_packed() {
            self.packer.pack(&parts, &mut self.series)?
        } else {
            for part in &parts {
                self.series.write_all(part)?;
            }
            parts.iter().map(|part| part.len() as u64).sum()
        };
        self.series.length += written;
        Ok(written)
    }

    fn digest(&self, block: &[&[u8]]) -> String {
        self.options.digest.shown(&self.options.digest.of(block))
    }

    /// Keeps one exchange; says where the response is.
    fn keep_exchange(&mut self, capture: &Capture, context: Context<'_>) -> Result<SavedWarc, SinkError> {
        self.guarded(Warc::make_room)?;
        self.guarded(|warc| warc.exchange(capture, context))
    }

    fn exchange(&mut self, capture: &Capture, context: Context<'_>) -> io::Result<SavedWarc> {
        let when = date(capture.started);
        let (id, request_id) = (self.ids.next(), self.ids.next());
        let secrets = self.options.secrets;
        let sent = message::request(capture, secrets);
        let block = [&sent[..], capture.content.as_deref().unwrap_or_default()];
        let mut entry = self.entry("request", &request_id, capture, &when);
        entry.field("WARC-Concurrent-To", &id).field("WARC-Block-Digest", &self.digest(&block));
        self.append(&mut entry, HTTP_REQUEST, &block)?;

        let mut stored = self.response(capture, &id, &when);
        let body = if stored.with_body { &capture.body[..] } else { b"" };
        let block = [&stored.head[..], body];
        stored.entry.field("WARC-Block-Digest", &self.digest(&block));
        let place = Place { file: self.series.number, offset: self.series.length };
        let length = self.append(&mut stored.entry, HTTP_RESPONSE, &block)?;
        if let Some(digest) = &stored.is_new {
            self.seen.add(digest, place);
        }
        let metadata = metadata(capture, context);
        let mut entry = Entry::new("metadata", &self.ids.next(), &when);
        entry.field("WARC-Warcinfo-ID", &self.info_id).field("WARC-Target-URI", capture.url.as_str());
        entry.field("WARC-Concurrent-To", &id).field("WARC-Block-Digest", &self.digest(&[metadata.as_bytes()]));
        self.append(&mut entry, FIELDS, &[metadata.as_bytes()])?;
        let file = self.series.names.complete(place.file).to_string_lossy().into_owned();
        let record_id = id.trim_matches(['<', '>']).to_owned();
        Ok(SavedWarc { file, offset: place.offset, length, record_id })
    }

    /// What request and response have in common.
    fn entry(&self, kind: &str, id: &str, capture: &Capture, when: &str) -> Entry {
        let mut entry = Entry::new(kind, id, when);
        entry.field("WARC-Warcinfo-ID", &self.info_id).field("WARC-Target-URI", capture.url.as_str());
        entry.maybe("WARC-IP-Address", capture.peer.map(|ip| ip.to_string()).as_deref());
        let protocol = match capture.head.version {
            http::Version::HTTP_10 => "http/1.0",
            http::Version::HTTP_2 => "h2",
            http::Version::HTTP_3 => "h3",
            _ => "http/1.1",
        };
        entry.field("WARC-Protocol", protocol);
        entry.maybe("WARC-Protocol", capture.tls.map(|version| format!("tls/{version}")).as_deref());
        entry
    }

    /// A response with its content, or without it where the same content is there already.
    fn response(&self, capture: &Capture, id: &str, when: &str) -> Stored {
        let head = message::response(capture, capture.body.len(), self.options.secrets);
        if capture.head.status == 304 {
            let mut entry = self.entry("revisit", id, capture, when);
            entry.field("WARC-Profile", NOT_MODIFIED);
            return Stored { entry, head, with_body: false, is_new: None };
        }
        let digest = self.options.digest.of(&[&capture.body]);
        let shown = self.options.digest.shown(&digest);
        let is_whole = capture.cut.is_none() && !capture.body.is_empty();
        let before = if is_whole { self.seen.find(&digest, &shown, &self.options.names) } else { None };
        let Some(before) = before else {
            let mut entry = self.entry("response", id, capture, when);
            entry.field("WARC-Payload-Digest", &shown);
            entry.maybe("WARC-Truncated", capture.cut.map(|cut| cut.name()));
            return Stored { entry, head, with_body: true, is_new: is_whole.then_some(digest) };
        };
        let mut entry = self.entry("revisit", id, capture, when);
        entry.field("WARC-Profile", SAME_CONTENT).field("WARC-Payload-Digest", &shown);
        entry.field("WARC-Refers-To", &before.id).field("WARC-Refers-To-Target-URI", &before.url);
        entry.field("WARC-Refers-To-Date", &before.date).field("WARC-Truncated", "length");
        Stored { entry, head, with_body: false, is_new: None }
    }

    /// Writes the exchanges behind a record.
    fn keep(&mut self, record: &mut Record) -> Result<(), SinkError> {
        let Some(captures) = record.captures.take() else { return Ok(()) };
        for capture in &captures.errands {
            self.keep_exchange(capture, Context::default())?;
        }
        let depth = record.page.as_ref().and_then(|page| page.depth).unwrap_or_default();
        let mut via = record.page.as_ref().and_then(|page| page.parent.clone());
        let links = record.links.as_deref().or_else(|| record.page.as_ref()?.links.as_ref()?.urls.as_deref());
        let links = if captures.outlinks.is_empty() { links.unwrap_or_default() } else { &captures.outlinks };
        let mut redirects = 0;
        for (at, capture) in captures.own.iter().enumerate() {
            if let Some(before) = at.checked_sub(1).and_then(|at| captures.own.get(at)).filter(|b| b.url != capture.url)
            {
                (via, redirects) = (Some(redact::url(&before.url)), redirects + 1);
            }
            let outlinks = if at + 1 == captures.own.len() { links } else { &[] };
            let context = Context { via: via.as_deref(), path: (depth, redirects), outlinks };
            let place = self.keep_exchange(capture, context)?;
            record.saved.get_or_insert(Saved { path: None, warc: None }).warc = Some(place);
        }
        Ok(())
    }
}

/// What is told of an exchange, as `application/warc-fields`.
fn metadata(capture: &Capture, context: Context<'_>) -> String {
    let mut text = String::new();
    let mut field = |name: &str, value: &str| {
        if !value.contains(['\r', '\n']) {
            text.extend([name, ": ", value, "\r\n"]);
        }
    };
    if let Some(via) = context.via {
        field("via", via);
    }
    let (links, redirects) = context.path;
    if links > 0 || redirects > 0 {
        let links = usize::try_from(links).unwrap_or_default();
        field("hopsFromSeed", &["L".repeat(links), "R".repeat(redirects)].concat());
    }
    field("fetchTimeMs", &capture.took.as_millis().to_string());
    for link in context.outlinks.iter().take(OUTLINKS) {
        field("outlink", link);
    }
    text
}

fn fault(path: PathBuf, source: io::Error) -> SinkError {
    SinkError::Io { name: path.display().to_string(), source }
}

impl Archive for Warc {
    fn store(&mut self, batch: &mut [Record]) -> Result<(), SinkError> {
        batch.iter_mut().try_for_each(|record| self.keep(record))
    }

    fn position(&self) -> [u64; 2] {
        [self.series.number, self.series.length]
    }

    fn sync(&mut self) -> Result<(), SinkError> {
        self.series.sync().map_err(|source| fault(self.series.names.open(self.series.number), source))
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        self.series.complete().map_err(|source| fault(self.series.names.open(self.series.number), source))
    }
}

#[cfg(test)]
mod tests;
