//! Whether archives are what they say: members, heads, lengths, digests, references, and whether HTTP heads
//! are true of the bodies below them.
//!
//! One pass; behind damage it goes on with what is whole. Nothing of a record but its beginning is held, so
//! that records may have any size. Habits of other tools that the standard allows are no flaws.

mod chunks;
mod date;
mod digest;
mod flaw;
mod head;
mod http;
mod links;
mod mend;
mod record;
#[cfg(test)]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use self::flaw::{Finding, Flaw, Weight};
use self::{
    head::bare,
    links::{Links, Open, Why},
    mend::Found,
};
use super::shown_url;
use crate::{
    model::redact,
    source::warc::{Head, Reader, WarcError},
};

/// Damaged places of a file behind which it is gone on.
const PLACES: u64 = 1_000;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A file cannot be read to its end.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A finding could not be told.
    #[error("cannot write stdout: {0}")]
    Tell(io::Error),
}

/// What was looked at, and found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files.
    pub files: u64,
    /// Records whose head could be read.
    pub records: u64,
    /// Findings that weigh as errors.
    pub errors: u64,
    /// The others.
    pub warnings: u64,
}

/// Judges archives, which belong together: references lead from one to another. Each finding is told as it
/// is made.
///
/// # Errors
/// A file cannot be read, or a finding not be told.
pub fn verify(files: &[PathBuf], tell: &mut Tell<'_>) -> Result<Counts, VerifyError> {
    let mut verify = Verify {
        tell,
        counts: Counts::default(),
        links: Links::default(),
        file: 0,
        found: Vec::new(),
        about: About::default(),
        member: (0, 0),
        is_first: true,
    };
    for (number, path) in files.iter().enumerate() {
        verify.file = number;
        verify.counts.files += 1;
        verify.file(path)?;
    }
    let open = std::mem::take(&mut verify.links).open();
    open.iter().try_for_each(|open| verify.unmet(files, open))?;
    Ok(verify.counts)
}

/// Whoever is told of findings.
pub type Tell<'a> = dyn FnMut(&Finding) -> io::Result<()> + 'a;

/// The record that is looked at.
#[derive(Clone, Debug, Default)]
struct About {
    file: String,
    offset: u64,
    id: Option<String>,
    url: Option<String>,
}

/// Where in a record reading has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Head,
    Block,
    End,
}

enum Stop {
    Warc(Stage, WarcError),
    Told(VerifyError),
}

struct Verify<'a> {
    tell: &'a mut Tell<'a>,
    counts: Counts,
    links: Links,
    file: usize,
    found: Vec<Finding>,
    about: About,
    /// Where the member begins that is being read, and how many records it has had.
    member: (u64, u64),
    /// The next record is the first of its file.
    is_first: bool,
}

impl Verify<'_> {
    fn file(&mut self, path: &Path) -> Result<(), VerifyError> {
        let read = |source| VerifyError::Read { path: path.to_owned(), source };
        let length = fs::metadata(path).map_err(read)?.len();
        let is_packed = mend::is_packed(path).map_err(read)?;
        self.about = About { file: path.display().to_string(), ..About::default() };
        (self.member, self.is_first) = ((0, 0), true);
        if length == 0 {
            self.say(Flaw::FileEmpty, "the file is empty".to_owned());
        }
        let mut at = 0;
        for place in 0.. {
            let mut reader = Reader::at(path, at).map_err(|error| read(of_system(error)))?;
            let (stage, error) = match self.walk(&mut reader) {
                Ok(()) => break,
                Err(Stop::Told(error)) => return Err(error),
                Err(Stop::Warc(_, WarcError::Io(error))) => return Err(read(error)),
                Err(Stop::Warc(stage, error)) => (stage, error),
            };
            self.close_member(None);
            let next = self.blame(path, reader.whole(), stage, &error, is_packed).map_err(read)?;
            self.flush()?;
            match next {
                Some(_) if place == PLACES => {
                    self.say(Flaw::FileUnread, format!("behind {PLACES} damaged places the rest is not looked at"));
                    break;
                }
                Some(next) => at = next,
                None => break,
            }
        }
        self.close_member(Some(length));
        self.flush()
    }

    /// Looks at records until something cannot be read.
    fn walk(&mut self, reader: &mut Reader<fs::File>) -> Result<(), Stop> {
        loop {
            reader.end().map_err(|error| Stop::Warc(Stage::End, error))?;
            let Some(head) = reader.next_head().map_err(|error| Stop::Warc(Stage::Head, error))? else {
                return Ok(());
            };
            self.begin(&head);
            let read = self.record(&head, reader);
            self.flush().map_err(Stop::Told)?;
            read.map_err(|error| Stop::Warc(Stage::Block, error))?;
        }
    }

    /// Another record.
    fn begin(&mut self, head: &Head) {
        if head.is_first {
            self.close_member(Some(head.offset));
            self.member = (head.offset, 0);
        }
        self.member.1 += 1;
        self.counts.records += 1;
        self.about.offset = head.offset;
        self.about.id = head.get("WARC-Record-ID").map(|id| bare(id).to_owned());
        self.about.url = head.url().map(shown_url);
        if std::mem::take(&mut self.is_first) && head.kind() != "warcinfo" {
            self.say(Flaw::WarcinfoFirst, "the first record of the file is no warcinfo".to_owned());
        }
    }

    /// The member ends, at this place if it is known: what can be said of it as a whole.
    fn close_member(&mut self, end: Option<u64>) {
        let (start, records) = std::mem::take(&mut self.member);
        if records < 2 {
            return;
        }
        let about = About { file: self.about.file.clone(), offset: start, id: None, url: None };
        let about = std::mem::replace(&mut self.about, about);
        // The end of the file is told by itself; within it, another member begins.
        match (start, end) {
            (0, Some(end)) if fs::metadata(&self.about.file).is_ok_and(|facts| facts.len() == end) => {
                self.say(Flaw::MemberStream, format!("the whole file, {records} records, is one gzip stream"));
            }
            _ => self.say(Flaw::MemberSeveral, format!("{records} records are in one gzip member")),
        }
        self.about = about;
    }

    /// What is wrong where reading has stopped, and where it can go on.
    fn blame(
        &mut self,
        path: &Path,
        from: u64,
        stage: Stage,
        error: &WarcError,
        is_packed: bool,
    ) -> io::Result<Option<u64>> {
        if self.about.offset != from {
            (self.about.offset, self.about.id, self.about.url) = (from, None, None);
        }
        let found = if is_packed { mend::look(path, from)? } else { Found::Other };
        if let Found::Whole(end) = found {
            // Its bytes are all there: what they say is wrong.
            let flaw = if stage == Stage::Head { Flaw::RecordHead } else { Flaw::RecordLength };
            self.say(flaw, reason(stage, error));
            return Ok(Some(end));
        }
        if found == Found::End || !is_packed && stage == Stage::Head && mend::is_blank(path, from)? {
            return Ok(None);
        }
        let next = mend::next(path, from + 1, is_packed)?;
        let flaw = match (found, stage) {
            (Found::Torn, _) if next.is_none() => Flaw::MemberTorn,
            (Found::Torn | Found::Damaged, _) => Flaw::MemberDamaged,
            _ if is_packed => Flaw::MemberGarbage,
            (_, Stage::Head) if !mend::is_record(path, from)? => Flaw::RecordGarbage,
            _ if matches!(error, WarcError::Cut) && next.is_none() => Flaw::RecordCut,
            (_, Stage::Head) => Flaw::RecordHead,
            _ => Flaw::RecordLength,
        };
        let message = match flaw {
            Flaw::MemberTorn => "the file ends within a gzip member".to_owned(),
            Flaw::MemberGarbage | Flaw::RecordGarbage => match next {
                Some(next) => format!("{} bytes that belong to no record", next - from),
                None => "the bytes from here to the end belong to no record".to_owned(),
            },
            Flaw::RecordCut => "the file ends within the record".to_owned(),
            _ => reason(stage, error),
        };
        self.say(flaw, message);
        Ok(next)
    }

    /// Tells of a reference that leads nowhere.
    fn unmet(&mut self, files: &[PathBuf], open: &Open) -> Result<(), VerifyError> {
        let Some(path) = files.get(open.at.0) else { return Ok(()) };
        let head = Reader::at(path, open.at.1).and_then(|mut reader| reader.next_head()).ok().flatten();
        // Of several records in a member only the first can be read again.
        let head = head.filter(|head| head.get(open.why.field()).is_some()).unwrap_or_default();
        let target = head.get(open.why.field()).map_or("a record".to_owned(), |target| head::shown(bare(target)));
        self.about = About {
            file: path.display().to_string(),
            offset: open.at.1,
            id: head.get("WARC-Record-ID").map(|id| bare(id).to_owned()),
            url: head.url().map(shown_url),
        };
        let flaw = match (open.why, open.is_other) {
            (Why::Warcinfo, true) => Flaw::WarcinfoReference,
            (Why::Concurrent, _) => Flaw::ReferenceMissing,
            _ => Flaw::ReferenceElsewhere,
        };
        let what = if open.is_other { "is no warcinfo" } else { "is in none of the files" };
        let others = match open.count - 1 {
            0 => String::new(),
            others => format!(" (and {others} more to the same)"),
        };
        self.say(flaw, format!("{} names {target}, which {what}{others}", open.why.field()));
        self.flush()
    }

    fn say(&mut self, flaw: Flaw, message: String) {
        let About { file, offset, id, url } = self.about.clone();
        let message = redact::text(&message).into_owned();
        self.found.push(Finding { flaw, severity: flaw.weight(), file, offset, record_id: id, url, message });
    }

    fn flush(&mut self) -> Result<(), VerifyError> {
        for finding in self.found.drain(..) {
            match finding.severity {
                Weight::Error => self.counts.errors += 1,
                Weight::Warning => self.counts.warnings += 1,
            }
            (self.tell)(&finding).map_err(VerifyError::Tell)?;
        }
        Ok(())
    }
}

fn reason(stage: Stage, error: &WarcError) -> String {
    match (stage, error) {
        (Stage::Head, WarcError::Cut) => "the head of a record has no end".to_owned(),
        (Stage::End, WarcError::Cut) => "the record ends without the two line ends that belong there".to_owned(),
        (_, WarcError::Cut) => "the block is shorter than Content-Length says".to_owned(),
        (_, error) => error.to_string(),
    }
}

fn of_system(error: WarcError) -> io::Error {
    match error {
        WarcError::Io(error) => error,
        error => io::Error::other(error.to_string()),
    }
}
