//! Notices that nobody reads stdout any more (`| head`), even while there is nothing to write.
//!
//! Must not know what is written.

use std::{
    fs::File,
    io,
    os::{fd::AsFd as _, unix::fs::FileTypeExt as _},
    thread,
};

use fetchall::engine::Stop;
use rustix::event::{PollFd, PollFlags, poll};

use super::run::Stopper;

/// Watches a stdout that is a pipe or socket, for as long as the process lives; files and
/// terminals are never left.
pub fn watch(stop: Stopper) {
    if is_pipe().unwrap_or(false) {
        // Without a thread to spare, the next write notices.
        drop(thread::Builder::new().name("reader".to_owned()).spawn(move || {
            if wait_until_left().is_ok() {
                stop(Stop::Gone);
            }
        }));
    }
}

fn is_pipe() -> io::Result<bool> {
    let kind = File::from(io::stdout().as_fd().try_clone_to_owned()?).metadata()?.file_type();
    Ok(kind.is_fifo() || kind.is_socket())
}

fn wait_until_left() -> io::Result<()> {
    let stdout = io::stdout();
    loop {
        // Nothing is asked for: errors and hang-ups are told anyway (POSIX, poll).
        let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
        match poll(&mut watched, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        if watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL) {
            return Ok(());
        }
    }
}
