//! Lines over a Unix socket, within bounds of size and time, with nobody but this user.
//!
//! Must not know what the lines say.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};

/// How long one read or write may take.
const STEP: Duration = Duration::from_secs(2);

/// A connection, at once or not at all: a process that was stopped takes none, and must not be waited for.
pub fn connect(path: &Path) -> io::Result<UnixStream> {
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    bound(&stream)?;
    Ok(stream)
}

/// From now on no read and no write takes long.
pub fn bound(stream: &UnixStream) -> io::Result<()> {
    stream.set_read_timeout(Some(STEP))?;
    stream.set_write_timeout(Some(STEP))
}

/// Whether the other end is a process of this user. Where the system does not say, the folder has kept others
/// out.
pub fn is_ours(stream: &UnixStream) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let ours = rustix::process::geteuid();
        rustix::net::sockopt::socket_peercred(stream).is_ok_and(|peer| peer.uid == ours)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = stream;
        true
    }
}

/// Lines as they come.
#[derive(Debug)]
pub struct Lines {
    stream: UnixStream,
    kept: Vec<u8>,
    /// Bytes of a line at most.
    most: usize,
    /// Nothing is waited for beyond this.
    until: Instant,
}

impl Lines {
    /// Lines of up to `most` bytes, for as long as `time` in all.
    pub fn new(stream: UnixStream, most: usize, time: Duration) -> Self {
        Lines { stream, kept: Vec::new(), most, until: Instant::now() + time }
    }

    /// The next line, without its end; `None` if the other end has no more to say.
    pub fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut searched = 0;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.kept[searched..]).map(|at| searched + at) {
                let rest = self.kept.split_off(at + 1);
                let mut line = std::mem::replace(&mut self.kept, rest);
                line.pop();
                return Ok(Some(line));
            }
            searched = self.kept.len();
            if searched > self.most {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is too long"));
            }
            if Instant::now() >= self.until {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let mut chunk = [0; 8192];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Ok(None),
                Ok(count) => self.kept.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Says something.
    pub fn say(&mut self, text: &[u8]) -> io::Result<()> {
        self.stream.write_all(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_and_within_bounds() {
        let (mut here, there) = UnixStream::pair().unwrap();
        bound(&there).unwrap();
        let mut lines = Lines::new(there, 10, Duration::from_secs(60));
        here.write_all(b"one\ntwo\n\nth").unwrap();
        here.write_all(b"ree\n").unwrap();
        for want in ["one", "two", "", "three"] {
            assert_eq!(lines.next().unwrap().unwrap(), want.as_bytes());
        }
        here.write_all(&[b'x'; 30]).unwrap();
        assert_eq!(lines.next().unwrap_err().kind(), io::ErrorKind::InvalidData);
        let (here, there) = UnixStream::pair().unwrap();
        drop(here);
        assert!(Lines::new(there, 10, Duration::from_secs(60)).next().unwrap().is_none());
    }

    #[test]
    fn the_other_end_of_a_pair_is_ours() {
        let (here, _there) = UnixStream::pair().unwrap();
        assert!(is_ours(&here));
    }
}
