//! The way of a line from whoever tells it to a file or to stderr.
//!
//! Bounded: where nobody takes lines any more (a stuck terminal, a slow disk) they are lost and counted, and
//! whoever tells them never waits. Must not know what a line says.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::file::LogFile;
use crate::cli::terminal::Voice;

/// Lines that may wait: of ordinary length about a megabyte.
const WAITING: usize = 4096;
/// Lines are written together up to about so many bytes.
const PIECE: usize = 64 << 10;
/// How long a log may keep the end of a run waiting.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where lines go.
pub enum Out {
    /// To stderr, where a progress bar steps aside.
    Stderr(Voice),
    /// To a file; its faults are told on stderr.
    File(LogFile, Voice),
}

enum Letter {
    Line(String),
    /// Everything before it is to be written; then this is let go.
    Flush(SyncSender<()>),
}

/// Takes lines. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Post {
    letters: SyncSender<Letter>,
    lost: Arc<AtomicU64>,
}

impl Post {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// The system has no thread to spare.
    pub fn begin(out: Out) -> std::io::Result<Post> {
        let (letters, received) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        thread::Builder::new().name("log".to_owned()).spawn(move || write(&received, &counted, out))?;
        Ok(Post { letters, lost })
    }

    /// Takes a line, if there is room.
    pub fn put(&self, line: String) {
        if self.letters.try_send(Letter::Line(line)).is_err() {
            self.lost.fetch_add(1, Relaxed);
        }
    }

    /// Waits until everything so far is written, or for [`PATIENCE`].
    pub fn flush(&self) {
        let end = Instant::now() + PATIENCE;
        let (done, written) = sync_channel(1);
        let mut letter = Letter::Flush(done);
        while let Err(TrySendError::Full(back)) = self.letters.try_send(letter) {
            if Instant::now() >= end {
                return;
            }
            thread::sleep(Duration::from_millis(5));
            letter = back;
        }
        // An error is a thread that is gone, or one that is stuck: nothing can be done about either.
        let _ = written.recv_timeout(end.saturating_duration_since(Instant::now()));
    }
}

fn write(letters: &Receiver<Letter>, lost: &AtomicU64, mut out: Out) {
    let mut piece = String::new();
    while let Ok(letter) = letters.recv() {
        let mut next = Some(letter);
        let mut flushed = Vec::new();
        while let Some(letter) = next.take() {
            match letter {
                Letter::Line(line) => piece.push_str(&line),
                Letter::Flush(done) => flushed.push(done),
            }
            if piece.len() < PIECE {
                next = letters.try_recv().ok();
            }
        }
        match lost.swap(0, Relaxed) {
            0 => {}
            1 => piece.push_str("(1 line of the log was lost here: nobody took it)\n"),
            many => piece.push_str(&format!("({many} lines of the log were lost here: nobody took them)\n")),
        }
        out.write(&piece);
        piece.clear();
        drop(flushed);
    }
}

impl Out {
    fn write(&mut self, piece: &str) {
        match self {
            _ if piece.is_empty() => {}
            Out::Stderr(voice) => voice.raw(piece.trim_end_matches('\n')),
            Out::File(file, voice) => {
                if let Some(fault) = file.write(piece) {
                    voice.error(&fault);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_tells_never_waits_and_what_is_lost_is_counted() {
        let (letters, received) = sync_channel(2);
        let post = Post { letters, lost: Arc::default() };
        for _ in 0..5 {
            post.put("x\n".to_owned());
        }
        assert_eq!(post.lost.load(Relaxed), 3);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.log");
        let out = Out::File(LogFile::open(&path).unwrap(), Voice::plain());
        let lost = Arc::clone(&post.lost);
        drop(post);
        write(&received, &lost, out);
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "x\nx\n(3 lines of the log were lost here: nobody took them)\n"
        );
    }

    #[test]
    fn a_stuck_reader_keeps_nobody_for_long() {
        let (letters, _stuck) = sync_channel(1);
        let post = Post { letters, lost: Arc::default() };
        post.put("x\n".to_owned());
        let begun = Instant::now();
        post.flush();
        assert!(begun.elapsed() >= PATIENCE && begun.elapsed() < PATIENCE * 8);
    }
}
