//! Whole batches of bytes, handed to the system.
//!
//! Writing blocks: it is the writer's thread that waits for a slow reader, and nobody else. Must
//! not know what the bytes mean.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write},
    path::Path,
};

use super::{
    Content, SinkError, Target, outlet,
    pack::{Packer, Packing},
};

/// Largest buffer that is kept for the next batch.
const KEPT: usize = 1 << 20;

/// What the bytes end up in.
enum End {
    /// A stream: what was written half stays so.
    Stream(Box<dyn Write + Send>),
    /// A file, and its length after the last whole batch.
    File(File, u64),
}

impl End {
    /// Writes all or, in a file, nothing: a torn record would be the next reader's trouble.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            End::Stream(stream) => {
                outlet::write_all(stream, bytes).1?;
                stream.flush()
            }
            End::File(file, whole) => put_whole(file, whole, bytes, |file, length| {
                // Fails for what is no regular file, which has no length to restore.
                let _ = file.set_len(length);
            }),
        }
    }
}

/// Writes all, or cuts the file back to `whole`, the length that it had before.
fn put_whole<F: Write>(file: &mut F, whole: &mut u64, bytes: &[u8], cut: impl FnOnce(&mut F, u64)) -> io::Result<()> {
    let result = outlet::write_all(file, bytes).1;
    match &result {
        Ok(()) => *whole += bytes.len() as u64,
        Err(_) => cut(file, *whole),
    }
    result
}

/// A stream or file that is written to.
pub(super) struct Pipe {
    name: String,
    end: End,
    packer: Option<Packer>,
    /// What is to stand before the first batch: the line feed that a torn last line lacks.
    lead: &'static [u8],
    /// The first failure; nothing is written after it.
    broken: Option<ErrorKind>,
}

impl Pipe {
    /// Opens the target.
    pub(super) fn open(target: Target) -> Result<Pipe, SinkError> {
        match target {
            Target::Stdout | Target::Terminal => {
                Ok(Pipe::start("stdout".to_owned(), End::Stream(Box::new(outlet::stdout())), b""))
            }
            Target::File { path, content } => {
                let name = path.display().to_string();
                let opened = match content {
                    Content::Replace => open_anew(&path),
                    Content::Append => open_to_append(&path),
                    Content::Keep(length) => open_to_go_on(&path, length),
                };
                let (end, lead) = opened.map_err(|source| SinkError::Io { name: name.clone(), source })?;
                let packer = Packing::by_name(&path).map(Packer::new);
                // What is packed ends with whole pieces, and each of ours with a whole line.
                let lead = if packer.is_some() { b"" } else { lead };
                Ok(Pipe { packer, ..Pipe::start(name, end, lead) })
            }
        }
    }

    #[cfg(test)]
    pub(super) fn to(stream: impl Write + Send + 'static) -> Pipe {
        Pipe::start("test".to_owned(), End::Stream(Box::new(stream)), b"")
    }

    fn start(name: String, end: End, lead: &'static [u8]) -> Pipe {
        Pipe { name, end, packer: None, lead, broken: None }
    }

    /// Writes what is in `batch` and empties it.
    pub(super) fn send(&mut self, batch: &mut Vec<u8>) -> Result<(), SinkError> {
        if let Some(kind) = self.broken {
            return Err(self.fault(kind.into()));
        }
        if batch.is_empty() {
            return Ok(());
        }
        let lead = std::mem::take(&mut self.lead);
        if !lead.is_empty() {
            batch.splice(..0, lead.iter().copied());
        }
        if let Some(packer) = &mut self.packer {
            packer.gather(batch);
            return Ok(());
        }
        let result = self.end.put(batch);
        batch.clear();
        batch.shrink_to(KEPT);
        result.map_err(|error| self.breaks(error))
    }

    /// Hands over what was packed, if it is time for it, or if it `ends`.
    pub(super) fn hand_over(&mut self, ends: bool) -> Result<(), SinkError> {
        let Some(packer) = &mut self.packer else { return Ok(()) };
        let piece = if ends { packer.last() } else { packer.piece() };
        let put = piece.and_then(|piece| if piece.is_empty() { Ok(()) } else { self.end.put(&piece) });
        put.map_err(|error| self.breaks(error))
    }

    fn breaks(&mut self, error: io::Error) -> SinkError {
        self.broken = Some(error.kind());
        self.fault(error)
    }

    /// Length of the file; `None` for a stream.
    pub(super) fn position(&self) -> Option<u64> {
        self.packer.iter().for_each(Packer::length_is_asked_for);
        match &self.end {
            End::File(_, whole) => Some(*whole),
            End::Stream(_) => None,
        }
    }

    /// Has everything on the disk.
    pub(super) fn sync(&self) -> Result<(), SinkError> {
        match &self.end {
            // Fails for what is no regular file, which no disk keeps.
            End::File(file, _) if file.metadata().is_ok_and(|facts| facts.is_file()) => {
                file.sync_data().map_err(|error| self.fault(error))
            }
            End::File(..) | End::Stream(_) => Ok(()),
        }
    }

    /// Whether nothing can be written any more, which was said once.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    fn fault(&self, source: io::Error) -> SinkError {
        match source.kind() {
            ErrorKind::BrokenPipe => SinkError::Gone(self.name.clone()),
            _ => SinkError::Io { name: self.name.clone(), source },
        }
    }
}

fn open_anew(path: &Path) -> io::Result<(End, &'static [u8])> {
    Ok((End::File(File::create(path)?, 0), b""))
}

fn open_to_append(path: &Path) -> io::Result<(End, &'static [u8])> {
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    let length = file.metadata()?.len();
    let lead: &[u8] = if length > 0 && !ends_with_line_feed(path)? { b"\n" } else { b"" };
    Ok((End::File(file, length), lead))
}

/// Cuts off what is behind `length`. The bytes before it are taken for what they were when it was told.
fn open_to_go_on(path: &Path, length: u64) -> io::Result<(End, &'static [u8])> {
    let mut file = OpenOptions::new().write(true).create(length == 0).truncate(false).open(path)?;
    let now = file.metadata()?.len();
    if now < length {
        return Err(io::Error::other(format!("it has {now} bytes, and had {length} when the run was stopped")));
    }
    file.set_len(length)?;
    file.seek(SeekFrom::Start(length))?;
    Ok((End::File(file, length), b""))
}

fn ends_with_line_feed(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes.
    struct Disk(Vec<u8>, usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.1 - self.0.len());
            self.0.extend_from_slice(&bytes[..fits]);
            if fits == 0 { Err(ErrorKind::StorageFull.into()) } else { Ok(fits) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_fills_up_keeps_whole_batches_only() {
        let (mut disk, mut whole) = (Disk(Vec::new(), 10), 0);
        let mut put =
            |bytes: &[u8]| put_whole(&mut disk, &mut whole, bytes, |disk, length| disk.0.truncate(length as usize));
        put(b"one\n").unwrap();
        put(b"two\n").unwrap();
        assert_eq!(put(b"three\n").unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(disk.0, b"one\ntwo\n");
    }
}
