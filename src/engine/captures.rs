//! Exchanges that an archive is to keep, on their way to the record that takes them along.
//!
//! A request that waits for another turn holds what it has received so far, within a bound; what the run
//! has asked for itself goes out with the next record. Must not know archives.

use crate::model::{Capture, Record, Trip};

/// What is held at this time.
#[derive(Debug)]
pub(super) struct Held {
    /// Exchanges of no record.
    errands: Vec<Capture>,
    errand_bytes: usize,
    /// Bytes that requests hold which are not done.
    bytes: usize,
    most: usize,
}

impl Held {
    /// Nothing yet; at most so many bytes of what is not done.
    pub fn new(most: usize) -> Self {
        Held { errands: Vec::new(), errand_bytes: 0, bytes: 0, most }
    }

    /// An exchange of a request came to its end. What is above the bound is let go of, and says so.
    pub fn add(&mut self, trip: &mut Trip, mut capture: Capture) {
        if self.bytes + capture.len() > self.most {
            capture.drop_body();
        }
        self.bytes += capture.len();
        trip.captures.push(capture);
    }

    /// A request is done, and takes its exchanges along.
    pub fn release(&mut self, trip: &Trip) {
        let len: usize = trip.captures.iter().map(Capture::len).sum();
        self.bytes = self.bytes.saturating_sub(len);
    }

    /// Exchanges that have no record of their own.
    pub fn add_errand(&mut self, captures: Vec<Capture>) {
        for mut capture in captures {
            if self.errand_bytes + capture.len() > self.most {
                capture.drop_body();
            }
            self.errand_bytes += capture.len();
            self.errands.push(capture);
        }
    }

    /// The next record takes them along.
    pub fn hand_over(&mut self, record: &mut Record) {
        if !self.errands.is_empty() {
            self.errand_bytes = 0;
            record.capture(std::mem::take(&mut self.errands), Vec::new());
        }
    }
}
