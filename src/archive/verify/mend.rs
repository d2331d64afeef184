//! Where reading goes on behind damage.
//!
//! What is whole behind it is found again: by the end of the member, if that can be unpacked, else by how
//! members and records begin. Must not know what is in records.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom},
    path::Path,
};

use flate2::bufread::GzDecoder;
use memchr::memmem;

/// How a gzip member begins (RFC 1952, 2.3.1): deflate is the only method.
const MEMBER: [u8; 3] = [0x1f, 0x8b, 8];
/// How a record begins.
const RECORD: &[u8] = b"WARC/1.";
/// Bytes that are searched at once.
const CHUNK: usize = 256 << 10;
/// Bytes of a member that have to be enough for its first few to be unpacked.
const ENOUGH: usize = 1 << 10;

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The end of the file.
    End,
    /// A gzip member that is whole, and where it ends.
    Whole(u64),
    /// One that the file ends within.
    Torn,
    /// One that cannot be unpacked.
    Damaged,
    /// Something else.
    Other,
}

/// Looks at what stands at a place. A member is unpacked to its end.
pub fn look(path: &Path, at: u64) -> io::Result<Found> {
    let mut input = BufReader::with_capacity(CHUNK, File::open(path)?);
    input.seek(SeekFrom::Start(at))?;
    let beginning = input.fill_buf()?;
    if beginning.is_empty() {
        return Ok(Found::End);
    }
    // The last bytes of a file may be the first ones of a mark.
    if !beginning.iter().zip(MEMBER).all(|(byte, mark)| *byte == mark) {
        return Ok(Found::Other);
    }
    let mut member = GzDecoder::new(input);
    match io::copy(&mut member, &mut io::sink()) {
        Ok(_) => Ok(Found::Whole(member.into_inner().stream_position()?)),
        Err(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof => Ok(Found::Torn),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Ok(Found::Damaged),
            _ => Err(error),
        },
    }
}

/// Whether nothing but blank lines stands from here to the end.
pub fn is_blank(path: &Path, at: u64) -> io::Result<bool> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(at))?;
    let mut rest = Vec::new();
    file.take(ENOUGH as u64 + 1).read_to_end(&mut rest)?;
    Ok(rest.len() <= ENOUGH && rest.iter().all(u8::is_ascii_whitespace))
}

/// Whether a file is packed, by its beginning, or by its name where that is damaged.
pub fn is_packed(path: &Path) -> io::Result<bool> {
    let mut beginning = Vec::new();
    File::open(path)?.take(RECORD.len() as u64).read_to_end(&mut beginning)?;
    let name = path.to_string_lossy();
    Ok(beginning.starts_with(&MEMBER[..2]) || !beginning.starts_with(b"WARC/") && name.contains(".gz"))
}

/// Where the next record begins, or the next member with one; `None` if there is none.
pub fn next(path: &Path, from: u64, is_packed: bool) -> io::Result<Option<u64>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mark = if is_packed { &MEMBER[..] } else { RECORD };
    let mut window = Vec::with_capacity(CHUNK + ENOUGH);
    let mut at = from;
    loop {
        let read = file.by_ref().take(CHUNK as u64).read_to_end(&mut window)?;
        // What stands at the end is looked at again with what follows.
        let certain = if read == 0 { window.len() } else { window.len().saturating_sub(ENOUGH) };
        let begins = |found: &usize| match is_packed {
            true => begins_a_record(window.get(*found..).unwrap_or_default()),
            false => {
                *found == 0 && at == 0 || found.checked_sub(1).is_some_and(|before| window.get(before) == Some(&b'\n'))
            }
        };
        let found = memmem::find_iter(&window, mark).take_while(|found| *found < certain).find(begins);
        if let Some(found) = found {
            return Ok(Some(at + found as u64));
        }
        if read == 0 {
            return Ok(None);
        }
        // A byte before what was not looked at stays: a record begins behind a line end.
        let done = certain.saturating_sub(1);
        window.drain(..done);
        at += done as u64;
    }
}

/// Whether the member that begins here has a record in it.
fn begins_a_record(window: &[u8]) -> bool {
    let mut beginning = [0; 5];
    let mut member = GzDecoder::new(window.get(..ENOUGH.min(window.len())).unwrap_or_default());
    member.read_exact(&mut beginning).is_ok() && beginning == *b"WARC/"
}

/// Whether a record begins here, unpacked.
pub fn is_record(path: &Path, at: u64) -> io::Result<bool> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(at))?;
    let mut beginning = Vec::new();
    file.take(RECORD.len() as u64).read_to_end(&mut beginning)?;
    Ok(RECORD.starts_with(&beginning) && !beginning.is_empty())
}
