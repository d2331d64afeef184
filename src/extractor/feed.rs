//! The thread that feeds the crew: paths as they are, lists line by line, standard input.
//!
//! A thread of its own that is never joined, because a read of a pipe cannot be cut off. Must not
//! know what is made of a page.

use std::{
    fs::{self, File as OpenFile},
    io::{self, Read},
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
    thread,
};

use super::{
    crew::{Closed, Entrance},
    document::Source,
    find::{File, Found, Item},
};
use crate::{
    engine::Handle,
    source::{
        saved::{self, Kind},
        warc::{Reader, WarcError, page::Pages},
    },
};

/// Starts feeding; `form` says what is named itself, whatever it looks like.
pub(super) fn start(found: Found, form: Option<Kind>, entrance: Entrance, handle: Handle) -> io::Result<()> {
    let feed = Feed { form, entrance, handle, pages: Pages::default() };
    thread::Builder::new().name("feed".to_owned()).spawn(move || feed.all(found)).map(drop)
}

struct Feed {
    form: Option<Kind>,
    entrance: Entrance,
    handle: Handle,
    pages: Pages,
}

impl Feed {
    fn all(mut self, found: Found) {
        for item in found.items {
            // Whoever closed the line, or stopped the run, wants no more.
            if self.handle.stopped().is_some() || self.one(item).is_err() {
                return;
            }
        }
        self.handle.gauges.source_dry.store(1, Relaxed);
    }

    fn one(&mut self, item: Item) -> Result<(), Closed> {
        match item {
            Item::Fault(path, why) => self.enter(Source::Fault { path, why }, 0),
            Item::Stdin => match saved::open(Box::new(io::stdin()), None) {
                Ok((kind, input)) => self.input("-", self.form.unwrap_or(kind), input),
                Err(error) => self.entrance.break_off(format!("cannot read standard input: {error}")),
            },
            Item::File(file) => self.file(file),
        }
    }

    /// What is found in a folder is a page; what was named itself may be a list.
    fn file(&mut self, file: File) -> Result<(), Closed> {
        let facts = fs::metadata(&*file.path);
        let bytes = facts.as_ref().map_or(0, fs::Metadata::len);
        let path = Path::new(&*file.path);
        let is_packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let is_file = facts.is_ok_and(|facts| facts.is_file());
        // Room is for what is read, not for what is stored.
        let bytes = if is_packed && is_file { saved::unpacked_len(path, bytes) } else { bytes };
        if !file.named {
            return self.enter(Source::File(file), bytes);
        }
        let opened = OpenFile::open(path).and_then(|input| saved::open(Box::new(input), Some(path)));
        let opened = opened.map(|(kind, input)| (self.form.unwrap_or(kind), input));
        match opened {
            Err(error) => {
                let why = format!("cannot be read: {error}");
                self.enter(Source::Fault { path: file.path, why }, 0)
            }
            Ok((Kind::Document, _)) if is_file => self.enter(Source::File(file), bytes),
            Ok((Kind::Archive, _)) if is_file => match OpenFile::open(path) {
                Ok(file) => self.archive(&path.display().to_string(), file, Some(path)),
                Err(error) => self.entrance.break_off(format!("cannot read {}: {error}", path.display())),
            },
            // What is no regular file cannot be opened a second time.
            Ok((kind, input)) => self.input(&file.path, kind, input),
        }
    }

    /// An input that can be read once.
    fn input(&mut self, name: &str, kind: Kind, input: Box<dyn Read>) -> Result<(), Closed> {
        if kind == Kind::Archive {
            return self.archive(name, input, None);
        }
        if kind == Kind::Document {
            return match saved::whole(input) {
                Ok(bytes) => {
                    let len = bytes.len() as u64;
                    self.enter(Source::Whole { path: name.into(), bytes }, len)
                }
                Err(why) => self.enter(Source::Fault { path: name.into(), why }, 0),
            };
        }
        let list: Arc<str> = name.into();
        let mut outcome = Ok(());
        let read = saved::lines(input, |number, line| {
            let bytes = line.as_ref().map_or(0, String::len) as u64;
            outcome = self.enter(Source::Line { list: Arc::clone(&list), number, line }, bytes);
            outcome.is_ok() && self.handle.stopped().is_none()
        });
        outcome?;
        match read {
            Ok(()) => Ok(()),
            Err(error) => self.entrance.break_off(format!("cannot read {name} to its end: {error}")),
        }
    }

    /// The pages of an archive; `path` is where it can be read again.
    fn archive(&mut self, name: &str, input: impl Read, path: Option<&Path>) -> Result<(), Closed> {
        self.pages.begin(path);
        let broken = |error: WarcError| format!("cannot read {name} to its end: {error}");
        let mut reader = match Reader::new(input, 0) {
            Ok(reader) => reader,
            Err(error) => return self.entrance.break_off(broken(error)),
        };
        while self.handle.stopped().is_none() {
            let page = match reader.next_head() {
                Ok(None) => break,
                Ok(Some(head)) => self.pages.page(&mut reader, &head),
                Err(error) => Err(error),
            };
            match page {
                Ok(None) => {}
                Ok(Some(page)) => {
                    let bytes = page.len() as u64;
                    self.enter(Source::Captured(Box::new(page)), bytes)?;
                }
                Err(error) => return self.entrance.break_off(broken(error)),
            }
        }
        Ok(())
    }

    fn enter(&mut self, source: Source, bytes: u64) -> Result<(), Closed> {
        self.handle.gauges.read.fetch_add(1, Relaxed);
        self.entrance.enter(source, bytes)
    }
}
