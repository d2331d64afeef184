//! The door: what comes in becomes a flight, or a record at once.
//!
//! Gives every request its `seq`, parses its URL, and refuses what is not to be fetched; every
//! refusal is a record too. Must not know when a flight will go.

use std::sync::Arc;

use http::Method;

use crate::{
    frontier::Seen,
    journal::Before,
    model::{Code, Ending, Errand, Failure, Flight, Request, Visit, record::shown},
    page::select::Plan,
    policy::{
        self,
        choose::{Judgement, judge},
    },
    settings::{AssumeScheme, Choose, Dedupe},
};

/// What became of a request.
pub(super) enum Admission {
    /// It is to be asked for.
    Flight(Box<Flight>),
    /// It is over before it began.
    Refused(Box<Visit>),
    /// It had its record before.
    Done(u64),
    /// The list is not the one that was begun with: a sentence.
    Changed(String),
}

/// Keeps the list of what was seen, and counts.
#[derive(Debug)]
pub(super) struct Door {
    assume: AssumeScheme,
    /// The run's method.
    method: Method,
    choose: Choose,
    seen: Seen,
    /// Makes the keys of this run unforeseeable.
    seed: u64,
    next_seq: u64,
    /// What was done by an earlier part of this run.
    before: Option<Box<Before>>,
}

impl Door {
    pub fn new(assume: AssumeScheme, method: Method, choose: Choose) -> Self {
        Door { assume, method, choose, seen: Seen::default(), seed: fastrand::u64(..), next_seq: 0, before: None }
    }

    /// Goes on with a run that was begun before.
    pub fn resume(&mut self, before: Before) {
        self.before = Some(Box::new(before));
    }

    /// The list is at its end; the sentence says why it cannot be the one that was begun with.
    pub fn end(&self) -> Option<String> {
        self.before
            .as_ref()?
            .marks
            .end()
            .err()
            .map(|_| "the list is shorter than the one that the run began with".to_owned())
    }

    pub fn admit(&mut self, request: Request) -> Admission {
        let Some(mut before) = self.before.take() else { return self.judge(request) };
        let (seq, input) = (self.next_seq, request.input.clone());
        let admission = self.judge(request);
        let is_url = match &admission {
            Admission::Refused(visit) => visit.url.is_some(),
            _ => true,
        };
        let same = before.marks.pass(&input).is_ok() && before.texts.fits(seq, &shown(&input, is_url));
        let done = before.done.contains(seq);
        self.before = Some(before);
        match (same, done) {
            (false, _) => {
                Admission::Changed(format!("the list is another than the run began with, at request {seq} or before"))
            }
            (true, true) => Admission::Done(seq),
            (true, false) => admission,
        }
    }

    fn judge(&mut self, mut request: Request) -> Admission {
        let seq = self.next_seq;
        self.next_seq += 1;
        let refuse = |request, url, ending| Admission::Refused(Box::new(Visit::refused(seq, request, url, ending)));
        let url = match judge(&request, self.assume, &self.choose) {
            Judgement::Faulty(failure) => return refuse(request, None, Ending::Error(failure)),
            Judgement::Unwanted(url, message) => {
                return refuse(request, Some(url), Ending::Skipped { code: Code::Excluded, message, of: None });
            }
            Judgement::Wanted(url) => url,
        };
        if let Some(failure) = bad_selector(&request) {
            return refuse(request, Some(url), Ending::Error(failure));
        }
        if self.choose.dedupe == Dedupe::Url {
            let key = policy::url::seen_key(&request, &url, &self.method, self.seed);
            if let Some(first) = self.seen.note(key, seq) {
                let message = format!("the same request as number {first}");
                let ending = Ending::Skipped { code: Code::Duplicate, message, of: Some(first) };
                return refuse(request, Some(url), ending);
            }
        }
        if *request.input == *url.as_str() {
            // Tens of thousands wait: what is the same is kept once.
            request.input = Box::default();
        }
        Admission::Flight(Box::new(Flight { errand: Errand::Asked, seq, request, url: Arc::new(url), trip: None }))
    }
}

/// Selectors of a request are judged before anything is sent for it.
fn bad_selector(request: &Request) -> Option<Failure> {
    let rules = &request.wish.as_ref()?.rules;
    if rules.is_empty() {
        return None;
    }
    Plan::of(rules, &[]).err().map(|error| Failure::new(Code::ExtractInvalid, error.sentence()))
}
