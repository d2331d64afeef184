//! stdout and files for pieces of whole lines: each is there whole or, in a file, not at all.
//!
//! Half a line at the end of a file on a full disk would be the next reader's trouble. Must not know what
//! the bytes mean.

use std::{
    fs::File,
    io::{self, ErrorKind, Seek as _, SeekFrom, Stdout, Write},
    sync::{
        RwLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

/// How often a stream that is set to non-blocking (by another process that shares it) is asked
/// whether it takes more.
const AGAIN: Duration = Duration::from_millis(2);

/// Held by everybody who is in the middle of a piece.
static PIECES: RwLock<()> = RwLock::new(());
/// No piece is begun any more.
static LEAVING: AtomicBool = AtomicBool::new(false);

/// The process is about to end in the middle of things: waits, no longer than `patience`, for pieces that are
/// half written, and lets nobody begin another. A reader who is there sees whole lines only.
pub fn leave(patience: Duration) {
    LEAVING.store(true, SeqCst);
    let end = Instant::now() + patience;
    while PIECES.try_write().is_err() && Instant::now() < end {
        thread::sleep(AGAIN);
    }
}

/// A place for whole pieces: [`write`](Write::write) takes all of one, however often the system has to be asked.
#[derive(Debug)]
pub struct Outlet(End);

#[derive(Debug)]
enum End {
    /// What was written half stays so.
    Stream(Stdout),
    File(File),
}

/// stdout, wherever it leads.
pub fn stdout() -> Outlet {
    Outlet(own_file().map_or_else(|| End::Stream(io::stdout()), End::File))
}

/// A file, behind what is written to it already.
pub fn file(file: File) -> Outlet {
    Outlet(End::File(file))
}

/// stdout as the file that it is redirected to; `None` if it leads elsewhere.
fn own_file() -> Option<File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        let file = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
        file.metadata().ok()?.is_file().then_some(file)
    }
    #[cfg(not(unix))]
    None
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            End::Stream(stream) => {
                write_all(stream, bytes).1?;
                again(|| stream.flush())?;
            }
            End::File(file) => whole(file, bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes all, or takes back what of it is at the end of the file.
fn whole(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    let (written, result) = write_all(file, bytes);
    if result.is_err()
        && written > 0
        && let Ok(end) = file.stream_position()
        && file.metadata().is_ok_and(|facts| facts.is_file() && facts.len() == end)
        && let Some(before) = end.checked_sub(written)
    {
        // Where that fails as well nothing else can be done: whoever reads it sees that the last line has no end.
        let _ = file.set_len(before).and_then(|()| file.seek(SeekFrom::Start(before)));
    }
    result
}

/// Writes all; says how much of it is written where that fails.
pub(super) fn write_all(to: &mut impl Write, bytes: &[u8]) -> (u64, io::Result<()>) {
    while LEAVING.load(SeqCst) {
        thread::park();
    }
    // Nothing is behind the lock that a panic could leave half done.
    let _piece = PIECES.read();
    let mut written = 0;
    while written < bytes.len() {
        match again(|| to.write(&bytes[written..])) {
            Ok(0) => return (written as u64, Err(ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) => return (written as u64, Err(error)),
        }
    }
    (written as u64, Ok(()))
}

fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(AGAIN),
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_is_busy_or_interrupted_is_asked_again() {
        struct Busy(Vec<ErrorKind>, Vec<u8>);
        impl Write for Busy {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                match self.0.pop() {
                    Some(kind) => Err(kind.into()),
                    None => self.1.write(bytes),
                }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut busy = Busy(vec![ErrorKind::WouldBlock, ErrorKind::Interrupted, ErrorKind::WouldBlock], Vec::new());
        write_all(&mut busy, b"line").1.unwrap();
        assert_eq!(busy.1, b"line");
    }
}
