//! One source, opened: its format found out, its bytes read in chunks and cut into requests.
//!
//! Blocks while it reads, so it lives on the reading thread. Must not know in which order sources
//! are read, nor who waits for the requests.

use std::{
    fs::File,
    io::{self, Read},
};

use super::{
    Format, Options, SourceError, Spec,
    csv::Csv,
    json::Json,
    jsonl::Jsonl,
    lines::Lines,
    packed::unpacked,
    sitemap::Entries,
    sniff::{self, ByName},
    word,
};
use crate::model::Request;

/// Bytes asked for at once.
const CHUNK: usize = 64 << 10;

/// Blanks and first line together after which the format is no longer waited for.
const LONGEST_HEAD: usize = 64 << 10;

/// One source's reader of its format.
enum Parser {
    Lines(Lines),
    Jsonl(Jsonl),
    Json(Json),
    Csv(Box<Csv>),
    Entries(Box<Entries>),
}

impl Parser {
    fn new(format: Format, options: &Options) -> Parser {
        match format {
            Format::Lines => Parser::Lines(Lines::new()),
            Format::Jsonl => Parser::Jsonl(Jsonl::new()),
            Format::Json => Parser::Json(Json::new()),
            Format::Csv => Parser::Csv(Box::new(Csv::new(b',', options.url_column.clone()))),
            Format::Tsv => Parser::Csv(Box::new(Csv::new(b'\t', options.url_column.clone()))),
            Format::Sitemap | Format::Feed => Parser::Entries(Box::new(Entries::new(options.since.clone()))),
        }
    }

    fn is_ready(&self) -> bool {
        match self {
            Parser::Csv(csv) => csv.is_ready(),
            Parser::Lines(_) | Parser::Jsonl(_) | Parser::Json(_) | Parser::Entries(_) => true,
        }
    }

    /// Whether what follows would not be read.
    fn is_over(&self) -> bool {
        matches!(self, Parser::Entries(entries) if entries.is_over())
    }

    fn push(&mut self, chunk: &[u8], out: &mut Vec<Request>) -> Result<(), String> {
        match self {
            Parser::Lines(lines) => lines.push(chunk, out),
            Parser::Jsonl(jsonl) => jsonl.push(chunk, out),
            Parser::Json(json) => json.push(chunk, out),
            Parser::Csv(csv) => return csv.push(chunk, out),
            Parser::Entries(entries) => entries.push(chunk, out),
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<Request>) -> Result<(), String> {
        match self {
            Parser::Lines(lines) => lines.end(out),
            Parser::Jsonl(jsonl) => jsonl.end(out),
            Parser::Json(json) => json.end(out),
            Parser::Csv(csv) => return csv.end(out),
            Parser::Entries(entries) => entries.end(out),
        }
        Ok(())
    }
}

/// A source that is open, its format known.
pub(super) struct Intake {
    name: String,
    input: Box<dyn Read>,
    parser: Parser,
    buffer: Vec<u8>,
    /// What was read while the format was found out.
    first: Vec<Request>,
    at_end: bool,
}

impl Intake {
    /// Opens a source and reads its beginning; `None` for a URL, which needs no reading.
    pub(super) fn of(spec: &Spec, options: &Options) -> Result<Option<Intake>, SourceError> {
        match spec {
            Spec::Literal(_) => Ok(None),
            Spec::Stdin => {
                Intake::open("standard input".to_owned(), Box::new(io::stdin()), ByName::Unknown, options).map(Some)
            }
            Spec::File(path) => {
                let name = path.display().to_string();
                let file = File::open(path).map_err(|source| SourceError::Open { name: name.clone(), source })?;
                Intake::open(name, Box::new(file), sniff::by_name(path), options).map(Some)
            }
        }
    }

    /// Reads until the format (and the column of a CSV list) is known.
    pub(super) fn open(
        name: String,
        input: Box<dyn Read>,
        by_name: ByName,
        options: &Options,
    ) -> Result<Intake, SourceError> {
        if let (ByName::Not(what), None) = (by_name, options.format) {
            return Err(SourceError::Unusable(sniff::refusal(&name, what)));
        }
        let parser = Parser::Lines(Lines::new());
        let input = unpacked(input).map_err(|source| SourceError::Read { name: name.clone(), source })?;
        let mut intake = Intake { name, input, parser, buffer: vec![0; CHUNK], first: Vec::new(), at_end: false };
        let head = intake.read_head()?;
        let format = format(&head, by_name, options)
            .map_err(|what| SourceError::Unusable(sniff::refusal(&intake.name, what)))?;
        // Among several sources some may be tables and some not; said of all, it is a mistake.
        let is_table = |format| matches!(format, Format::Csv | Format::Tsv);
        if options.url_column.is_some() && options.format.is_some_and(|format| !is_table(format)) {
            let message = format!("--url-column is for CSV and TSV, and {} is read as {}", intake.name, format.name());
            return Err(SourceError::Unusable(message));
        }
        intake.parser = Parser::new(format, options);
        let mut first = Vec::new();
        let mut result = intake.parser.push(sniff::without_bom(&head), &mut first);
        while result.is_ok() && !intake.parser.is_ready() && !intake.at_end {
            let read = intake.read()?;
            result = intake.parser.push(&intake.buffer[..read], &mut first);
        }
        if intake.at_end && result.is_ok() {
            result = intake.parser.end(&mut first);
        }
        intake.first = first;
        result.map_err(|message| intake.unusable(&message)).map(|()| intake)
    }

    fn unusable(&self, message: &str) -> SourceError {
        SourceError::Unusable(format!("{} {message}", self.name))
    }

    /// Reads the first bytes: as many as it takes to tell the format.
    fn read_head(&mut self) -> Result<Vec<u8>, SourceError> {
        let mut head = Vec::new();
        while !sniff::is_enough(&head) && head.len() < LONGEST_HEAD && !self.at_end {
            let read = self.read()?;
            head.extend_from_slice(&self.buffer[..read]);
        }
        Ok(head)
    }

    /// Reads what there is into the buffer.
    fn read(&mut self) -> Result<usize, SourceError> {
        loop {
            match self.input.read(&mut self.buffer) {
                Ok(read) => {
                    self.at_end = read == 0;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(SourceError::Read { name: self.name.clone(), source }),
            }
        }
    }

    /// Hands everything over in batches, as it comes; `false` if `take` wants no more.
    pub(super) fn drain(mut self, mut take: impl FnMut(Vec<Request>) -> bool) -> Result<bool, SourceError> {
        let mut batch = std::mem::take(&mut self.first);
        loop {
            if !batch.is_empty() && !take(std::mem::take(&mut batch)) {
                return Ok(false);
            }
            if self.at_end || self.parser.is_over() {
                return Ok(true);
            }
            let read = self.read()?;
            let result = match self.at_end {
                true => self.parser.end(&mut batch),
                false => self.parser.push(&self.buffer[..read], &mut batch),
            };
            result.map_err(|message| self.unusable(&message))?;
        }
    }
}

/// The format by what the user says, else by name, else by the first bytes.
fn format(head: &[u8], by_name: ByName, options: &Options) -> Result<Format, &'static str> {
    if let Some(format) = options.format {
        return Ok(format);
    }
    let head = sniff::decisive(&head[..head.len().min(LONGEST_HEAD)]);
    let format = match by_name {
        ByName::Is(format) => {
            sniff::not_text(head)?;
            sniff::by_content(format, head)?
        }
        ByName::Not(_) | ByName::Unknown => sniff::by_bytes(head)?,
    };
    let is_named = options.url_column.is_some();
    let is_guess = by_name == ByName::Unknown;
    match (format, sniff::table(head)) {
        // Whoever names a column means a table, which the first bytes alone may not tell.
        (Format::Lines, (table, has_url)) if is_guess && (is_named || has_url) => Ok(table),
        _ => Ok(format),
    }
}

/// Checks a source before anything is sent. What can be read only once is left for its turn.
pub(super) fn check(spec: &Spec, options: &Options) -> Result<(), SourceError> {
    let Spec::File(path) = spec else { return Ok(()) };
    let name = path.display().to_string();
    let facts = match std::fs::metadata(path) {
        Ok(facts) => facts,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(SourceError::Unusable(word::missing(&name)));
        }
        Err(source) => return Err(SourceError::Open { name, source }),
    };
    if facts.is_dir() {
        return Err(SourceError::Unusable(format!(
            "{name} is a folder; name the lists in it, for example {name}/urls.txt"
        )));
    }
    if facts.is_file() {
        // What fails now is wrong usage, whatever it would be later.
        Intake::of(spec, options).map_err(|error| match error {
            SourceError::Read { name, source } => SourceError::Open { name, source },
            other => other,
        })?;
    }
    Ok(())
}
