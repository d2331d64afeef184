//! Lists of any bytes, for the fuzz targets: read as files are, in pieces of any size.

use std::io::{self, Read};

use super::{Format, Options, csv::Csv, intake::Intake, sniff::ByName};
use crate::model::Request;

/// Bytes that come in pieces.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    size: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.size.min(buffer.len()).min(self.bytes.len() - self.at);
        buffer[..size].copy_from_slice(&self.bytes[self.at..self.at + size]);
        self.at += size;
        Ok(size)
    }
}

/// The requests of a list, and why there are no more of them.
pub(crate) fn requests(bytes: &[u8], options: &Options, size: usize) -> (Vec<Request>, Option<String>) {
    let pieces = Pieces { bytes: bytes.to_vec(), at: 0, size: size.max(1) };
    let intake = match Intake::open("list".to_owned(), Box::new(pieces), ByName::Unknown, options) {
        Ok(intake) => intake,
        Err(error) => return (Vec::new(), Some(error.to_string())),
    };
    let mut all = Vec::new();
    let end = intake.drain(|batch| {
        all.extend(batch);
        true
    });
    (all, end.err().map(|error| error.to_string()))
}

/// The requests of a table whose rows may be no longer than `longest`.
pub(crate) fn table(bytes: &[u8], format: Format, longest: usize, size: usize) -> Vec<Request> {
    let delimiter = if format == Format::Tsv { b'\t' } else { b',' };
    let (mut csv, mut out) = (Csv::bounded(delimiter, None, longest), Vec::new());
    for piece in bytes.chunks(size.max(1)) {
        if csv.push(piece, &mut out).is_err() {
            return out;
        }
        assert!(csv.held() <= 3 * (longest + piece.len()) + (8 << 10), "{} bytes are held", csv.held());
    }
    let _ = csv.end(&mut out);
    out
}
