//! What is known of the robots.txt of each origin.
//!
//! Keeps each file for a day, and all of them within bounds. Must not know how a file is fetched, nor
//! who waits for it; `now` is an argument.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use url::Url;

use crate::{
    model::Code,
    policy::robots::{Robots, path_and_query},
};

/// How long a file holds (RFC 9309, section 2.4).
pub(super) const HOLDS: Duration = Duration::from_hours(24);
/// How long it is believed that a file cannot be had: three tries have failed, and nobody knows better.
const FAILED_FOR: Duration = Duration::from_mins(5);
/// How long the same is believed of a host that was given up, which is as long as that rests.
const GIVEN_UP_FOR: Duration = Duration::from_secs(5);
/// Longest pause that a file gets: more would keep a host under way for ever.
const DELAY_MOST: Duration = Duration::from_secs(30);
/// Bytes of rules that are kept; above it the oldest files are forgotten, and asked for again if need
/// be. A file of ordinary size has a few hundred bytes of rules for us.
const ROOM: usize = 64 << 20;
/// Origins above which those whose time is over are looked for and dropped.
const SWEEP_AT: usize = 1024;

/// What came of asking for a file.
#[derive(Debug)]
pub(in crate::engine) enum File {
    /// There is none, or it asks nothing of us.
    Open,
    /// It has something to say.
    Rules(Box<Robots>),
    /// It cannot be had, so nothing may be fetched: with this code and sentence.
    Refused(Code, Box<str>),
}

/// What is known of an origin.
#[derive(Debug)]
enum Known {
    /// Its file is being asked for.
    Asked,
    File(File),
    /// There was no room for its file.
    Forgotten,
}

#[derive(Debug)]
struct Entry {
    known: Known,
    until: Instant,
    /// It is not the first file of this origin: who was judged by an earlier one is judged again.
    again: bool,
}

impl Entry {
    fn size(&self) -> usize {
        match &self.known {
            Known::File(File::Rules(rules)) => rules.size(),
            _ => 0,
        }
    }
}

/// What is to be done with a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Say {
    /// It may go; the least time between two starts, if the file asks for one.
    Go(Option<Duration>),
    /// It is left out, with this code and sentence.
    Skip(Code, String),
    /// The file is under way.
    Wait,
    /// The file is to be asked for.
    Ask,
}

/// The origins by `scheme://host[:port]`.
#[derive(Debug)]
pub(super) struct Book {
    entries: HashMap<Arc<str>, Entry>,
    /// Those that had rules, oldest first.
    ruled: VecDeque<Arc<str>>,
    /// Bytes of all rules.
    size: usize,
    room: usize,
    sweep_at: usize,
    swept: bool,
}

impl Book {
    pub fn new() -> Self {
        let (entries, ruled) = (HashMap::new(), VecDeque::new());
        Book { entries, ruled, size: 0, room: ROOM, sweep_at: SWEEP_AT, swept: false }
    }

    /// What holds for a URL of this origin.
    pub fn judge(&self, origin: &str, url: &Url, now: Instant) -> Say {
        if path_and_query(url) == "/robots.txt" {
            return Say::Go(None);
        }
        let Some(entry) = self.entries.get(origin) else { return Say::Ask };
        let file = match &entry.known {
            Known::Asked => return Say::Wait,
            Known::Forgotten => return Say::Ask,
            Known::File(_) if entry.until <= now => return Say::Ask,
            Known::File(file) => file,
        };
        match file {
            File::Open => Say::Go(None),
            File::Refused(code, why) => Say::Skip(*code, why.to_string()),
            File::Rules(rules) => {
                let verdict = rules.judge(path_and_query(url));
                match verdict.code() {
                    None => Say::Go(rules.crawl_delay().map(|delay| delay.min(DELAY_MOST))),
                    Some(code) => Say::Skip(code, verdict.sentence(&format!("{origin}/robots.txt"))),
                }
            }
        }
    }

    /// Whether what once was let through may still go.
    pub fn still_allows(&self, origin: &str, url: &Url, now: Instant) -> bool {
        match self.entries.get(origin) {
            Some(Entry { known: Known::File(_), until, again: false }) if *until > now => true,
            _ => matches!(self.judge(origin, url, now), Say::Go(_)),
        }
    }

    /// The file of this origin is being asked for.
    pub fn ask(&mut self, origin: &str, now: Instant) {
        if self.entries.len() >= self.sweep_at {
            self.sweep(now);
        }
        let again = self.swept || self.entries.contains_key(origin);
        self.put(origin, Entry { known: Known::Asked, until: now, again });
    }

    /// The asking was of no use.
    pub fn forget(&mut self, origin: &str) {
        if let Some(old) = self.entries.remove(origin) {
            self.size -= old.size();
        }
    }

    /// This came of it. Files of which `is_needed` are not forgotten.
    pub fn keep(&mut self, origin: &str, file: File, now: Instant, is_needed: impl Fn(&str) -> bool) {
        let holds = match &file {
            File::Open | File::Rules(_) => HOLDS,
            File::Refused(Code::BudgetHost, _) => GIVEN_UP_FOR,
            File::Refused(..) => FAILED_FOR,
        };
        let has_rules = matches!(file, File::Rules(_));
        let again = self.entries.get(origin).is_some_and(|entry| entry.again);
        let key = self.put(origin, Entry { known: Known::File(file), until: now + holds, again });
        if has_rules {
            self.ruled.push_back(key);
        }
        self.make_room(|key| key == origin || is_needed(key));
    }

    fn put(&mut self, origin: &str, entry: Entry) -> Arc<str> {
        let key = self.entries.get_key_value(origin).map_or_else(|| origin.into(), |(key, _)| Arc::clone(key));
        self.size += entry.size();
        if let Some(old) = self.entries.insert(Arc::clone(&key), entry) {
            self.size -= old.size();
        }
        key
    }

    fn make_room(&mut self, is_needed: impl Fn(&str) -> bool) {
        for _ in 0..self.ruled.len() {
            if self.size <= self.room {
                break;
            }
            let Some(key) = self.ruled.pop_front() else { break };
            if is_needed(&key) {
                self.ruled.push_back(key);
            } else if let Some(entry) = self.entries.get_mut(&key) {
                let before = entry.size();
                if before > 0 {
                    entry.known = Known::Forgotten;
                    self.size -= before;
                }
            }
        }
    }

    fn sweep(&mut self, now: Instant) {
        let before = self.entries.len();
        self.entries.retain(|_, entry| matches!(entry.known, Known::Asked) || entry.until > now);
        self.swept |= self.entries.len() < before;
        self.ruled.retain(|key| self.entries.get(key).is_some_and(|entry| entry.size() > 0));
        self.size = self.entries.values().map(Entry::size).sum();
        self.sweep_at = SWEEP_AT.max(self.entries.len() * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "http://h";

    fn rules(text: &str) -> File {
        File::Rules(Box::new(Robots::parse(text.as_bytes(), "fetchall")))
    }

    fn book(file: File, now: Instant) -> Book {
        let mut book = Book::new();
        book.ask(ORIGIN, now);
        book.keep(ORIGIN, file, now, |_| false);
        book
    }

    fn say(book: &Book, path: &str, now: Instant) -> Say {
        book.judge(ORIGIN, &Url::parse(ORIGIN).unwrap().join(path).unwrap(), now)
    }

    #[test]
    fn a_file_is_asked_for_once_and_holds_for_a_day() {
        let now = Instant::now();
        let mut book = Book::new();
        assert_eq!(say(&book, "/a", now), Say::Ask);
        book.ask(ORIGIN, now);
        assert_eq!((say(&book, "/a", now), say(&book, "/robots.txt", now)), (Say::Wait, Say::Go(None)));
        book.keep(ORIGIN, File::Open, now, |_| false);
        let end = now + Duration::from_hours(24);
        assert_eq!(say(&book, "/a", end - Duration::from_millis(1)), Say::Go(None));
        assert_eq!(say(&book, "/a", end), Say::Ask);
    }

    #[test]
    fn a_skip_names_the_line_and_the_file() {
        let now = Instant::now();
        let book = book(rules("User-agent: *\nDisallow: /private/\nCrawl-delay: 90\n"), now);
        let line = "line 2 of http://h/robots.txt: `Disallow: /private/`".to_owned();
        assert_eq!(say(&book, "/private/x?y", now), Say::Skip(Code::RobotsDisallowed, line));
        assert_eq!(say(&book, "/public", now), Say::Go(Some(Duration::from_secs(30))), "no more than 30 s");
    }

    #[test]
    fn that_a_file_cannot_be_had_is_believed_for_minutes_only() {
        let now = Instant::now();
        let book = book(File::Refused(Code::RobotsUnavailable, "why".into()), now);
        let skip = Say::Skip(Code::RobotsUnavailable, "why".to_owned());
        assert_eq!((say(&book, "/a", now), say(&book, "/robots.txt", now)), (skip, Say::Go(None)));
        assert_eq!(say(&book, "/a", now + FAILED_FOR), Say::Ask);
    }

    #[test]
    fn who_was_judged_by_an_earlier_file_is_judged_by_the_new_one() {
        let now = Instant::now();
        let mut book = book(File::Open, now);
        let url = Url::parse("http://h/a").unwrap();
        assert!(book.still_allows(ORIGIN, &url, now));
        let later = now + HOLDS;
        assert!(!book.still_allows(ORIGIN, &url, later));
        book.ask(ORIGIN, later);
        assert!(!book.still_allows(ORIGIN, &url, later));
        book.keep(ORIGIN, rules("user-agent: *\ndisallow: /a"), later, |_| false);
        assert!(!book.still_allows(ORIGIN, &url, later));
        assert!(book.still_allows(ORIGIN, &Url::parse("http://h/b").unwrap(), later));
    }

    #[test]
    fn above_the_room_the_oldest_rules_go_but_not_those_that_are_needed() {
        let now = Instant::now();
        let mut book = Book::new();
        book.room = 500;
        for n in 0..20 {
            let origin = format!("http://h{n}");
            book.ask(&origin, now);
            book.keep(&origin, rules("user-agent: *\ndisallow: /somewhere-else"), now, |key| key == "http://h3");
        }
        assert!(book.size <= 500 && book.size > 300, "{}", book.size);
        let known = |n: u32| !matches!(say_of(&book, n, now), Say::Ask);
        assert!(known(19) && known(3) && !known(0) && !known(2) && !known(4));
        assert_eq!(book.size, book.entries.values().map(Entry::size).sum::<usize>());
        // One file alone is never too large.
        book.room = 1;
        book.keep(ORIGIN, rules("user-agent: *\ndisallow: /a"), now, |_| false);
        assert!(matches!(say(&book, "/a", now), Say::Skip(..)));
    }

    fn say_of(book: &Book, n: u32, now: Instant) -> Say {
        book.judge(&format!("http://h{n}"), &Url::parse(&format!("http://h{n}/x")).unwrap(), now)
    }

    #[test]
    fn origins_whose_day_is_over_are_dropped_when_there_are_many() {
        let start = Instant::now();
        let mut book = Book::new();
        for n in 0..10_000_u32 {
            let now = start + HOLDS / 1000 * n;
            book.ask(&format!("http://h{n}"), now);
            book.keep(&format!("http://h{n}"), File::Open, now, |_| false);
        }
        assert!(book.entries.len() < 3000, "{}", book.entries.len());
    }

    #[test]
    fn an_origin_without_a_file_costs_little() {
        // Measured, with its name and the room of the table: 153 bytes.
        assert!(size_of::<Entry>() + size_of::<Arc<str>>() <= 80, "{}", size_of::<Entry>());
    }
}
