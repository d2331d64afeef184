//! Answers of one run, noted as they come: a run that was killed does not ask for them again.
//!
//! A line an answer, as in a [`Cache`], but in the order in which they came, and good for this run
//! however old they are. Must not know where the lines go.

use std::io::{self, Write};

use super::cache::{Cache, Cached};

/// What was answered so far.
pub struct Answers {
    rows: Cache,
    log: Box<dyn Write + Send>,
    fault: Option<io::Error>,
}

impl Answers {
    /// With what an earlier part of the run was answered; what comes is written to `log`, a line each
    /// and each in one piece.
    pub fn new(rows: Cache, log: Box<dyn Write + Send>) -> Self {
        Answers { rows, log, fault: None }
    }

    /// What an earlier part of the run was answered.
    pub fn get(&self, url: &str) -> Option<&Cached> {
        self.rows.get(url)
    }

    /// Notes an answer. After a fault nothing more is written: there is no telling what a line would
    /// stand behind.
    pub fn note(&mut self, row: &Cached) {
        if self.fault.is_none() {
            let line = serde_json::to_string(row).map(|line| line + "\n");
            self.fault = line.map_err(io::Error::from).and_then(|line| self.log.write_all(line.as_bytes())).err();
        }
    }

    /// What went wrong with the log, if anything did.
    pub fn fault(self) -> Option<io::Error> {
        self.fault
    }
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").field("rows", &self.rows.len()).field("fault", &self.fault).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Takes so many writes.
    struct Log(Arc<Mutex<Vec<u8>>>, usize);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 = self.1.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_noted_is_read_again_and_a_fault_ends_the_noting() {
        let row = |url: &str| -> Cached {
            serde_json::from_str(&format!(r#"{{"url":"{url}","status":200,"checked_at":"2026-01-01T00:00:00Z"}}"#))
                .unwrap()
        };
        let written = Arc::default();
        let mut answers = Answers::new(Cache::default(), Box::new(Log(Arc::clone(&written), 2)));
        ["https://a/", "https://b/", "https://c/", "https://d/"].iter().for_each(|url| answers.note(&row(url)));
        assert_eq!(answers.fault().unwrap().kind(), io::ErrorKind::StorageFull);
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        let again = Answers::new(Cache::parse(&text).unwrap(), Box::new(io::sink()));
        assert!(again.get("https://b/").is_some() && again.get("https://c/").is_none(), "{text}");
    }
}
