//! Dates as people and programs write them, told as RFC 3339.
//!
//! `2026-11-21`, `21 Nov 2026`, `November 21st, 2026`, `21.11.2026`, with or without a time; RFC
//! 3339 and RFC 2822. Words around it are left alone. What has no time stays a date, what has no offset
//! stays without one: nothing is guessed. `03/04/2026` is refused unless somebody says which comes
//! first, `2026-11` and `20261121` unless somebody says how they are written. Must not know the clock,
//! so there is no `yesterday`.

mod pattern;

pub(super) use pattern::Pattern;

use time::{
    Date, Month, OffsetDateTime, Time,
    format_description::well_known::{Rfc2822, Rfc3339},
};

/// How dates are written.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// As people write them.
    Any(Order),
    /// As somebody says.
    Of(Pattern),
}

/// What comes first in a date like `03/04/2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It must be told from the numbers.
    Auto,
    /// The day.
    Day,
    /// The month.
    Month,
}

/// Why a text is no date, to stand behind the text.
pub(super) type Why = &'static str;

const NONE: Why = "is no date";
const EITHER: Why = "is a date that can be read in two ways";

/// Longest text that is looked at, in bytes.
const LONGEST: usize = 200;

/// Time zones that people name, which would have to be guessed: half of them mean several.
const ZONES: [&str; 22] = [
    "est", "edt", "et", "cst", "cdt", "ct", "mst", "mdt", "mt", "pst", "pdt", "pt", "cet", "cest", "bst", "ist", "eet",
    "eest", "wet", "west", "msk", "jst",
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The date that a text has: `2026-11-21`, `2026-11-21T10:30:00` or `2026-11-21T10:30:00+01:00`.
pub(super) fn date(text: &str, form: &Form) -> Result<String, Why> {
    match form {
        Form::Any(order) => any(text.trim(), *order),
        Form::Of(pattern) => pattern.date(text),
    }
}

fn any(text: &str, order: Order) -> Result<String, Why> {
    if text.len() > LONGEST {
        return Err(NONE);
    }
    let moment = OffsetDateTime::parse(text, &Rfc3339).or_else(|_| OffsetDateTime::parse(text, &Rfc2822));
    if let Some(told) = moment.ok().and_then(|moment| moment.format(&Rfc3339).ok()) {
        return Ok(told);
    }
    if let Some(why) = unclear(text) {
        return Err(why);
    }
    let mut found = Found::default();
    for word in words(&text.to_lowercase()) {
        found.take(&word, order)?;
    }
    found.tell()
}

/// Why a text that looks like a date is none unless somebody says how it is written.
fn unclear(text: &str) -> Option<Why> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    match (text.len(), text.split_once(['-', '/', '.'])) {
        (8, _) if is_number => Some("is a date only where |date(%Y%m%d) says so"),
        (10, _) if is_number => Some("is a date only where |date(%s) says that it counts seconds"),
        (13, _) if is_number => Some("is a date only where |date(%Q) says that it counts milliseconds"),
        (7, Some((year, month))) if year.len() == 4 && whole(year).is_ok() && small(month).is_ok() => {
            Some("has no day; |date(%Y-%m) reads a month")
        }
        _ => None,
    }
}

/// The words of a date; the day and the time of `2026-11-21T10:30` are two.
fn words(lower: &str) -> Vec<String> {
    let mut words = Vec::new();
    let around = |c: char| !c.is_alphanumeric() && !matches!(c, '+' | '-' | '.');
    let pieces = lower.split(|c: char| c.is_whitespace() || c == ',').map(|word| word.trim_matches(around));
    for word in pieces.filter(|word| !word.is_empty()) {
        let parts = word.split_once('t').filter(|(day, time)| {
            day.ends_with(|c: char| c.is_ascii_digit()) && time.starts_with(|c: char| c.is_ascii_digit())
        });
        match parts {
            Some((day, time)) => words.extend([day.to_owned(), time.to_owned()]),
            None if word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(char::is_alphabetic) => {
                // 21-Nov-2026, but not 10:30pm or 21st
                words.extend(word.split('-').filter(|part| !part.is_empty()).map(str::to_owned));
            }
            None => words.push(word.to_owned()),
        }
    }
    words
}

/// What the words said so far.
#[derive(Default)]
struct Found {
    year: Option<i32>,
    month: Option<Month>,
    day: Option<u8>,
    time: Option<Time>,
    offset: Option<String>,
}

impl Found {
    fn take(&mut self, word: &str, order: Order) -> Result<(), Why> {
        let bare = word.trim_end_matches('.');
        if DAYS.iter().any(|day| is_short_for(bare, day)) {
            return Ok(());
        }
        if let Some(month) = month(bare) {
            return once(&mut self.month, month);
        }
        if let Some(half) = word.strip_suffix('m').filter(|half| matches!(*half, "a" | "p")) {
            return self.half(half);
        }
        if word.contains(':') && !word.starts_with(['+', '-']) {
            return self.take_time(word);
        }
        if let Some(offset) = offset(word) {
            return if self.time.is_some() { once(&mut self.offset, offset) } else { Err(NONE) };
        }
        if !word.contains(|c: char| c.is_numeric()) {
            // Words around a date say nothing of it, but for what would move its time.
            return if ZONES.contains(&bare) { Err(NONE) } else { Ok(()) };
        }
        let parts: Vec<&str> = word.split(['-', '/', '.']).filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [one] => self.take_number(one),
            [first, second, third] => self.take_numbers([first, second, third], word, order),
            _ => Err(NONE),
        }
    }

    /// A day or a year.
    fn take_number(&mut self, word: &str) -> Result<(), Why> {
        let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
        match digits.len() {
            4 => once(&mut self.year, whole(digits)?.into()),
            1 | 2 => once(&mut self.day, small(digits)?),
            _ => Err(NONE),
        }
    }

    /// A whole date in digits.
    fn take_numbers(&mut self, [first, second, third]: [&str; 3], word: &str, order: Order) -> Result<(), Why> {
        let (year, month, day) = if first.len() == 4 {
            (first, small(second)?, small(third)?)
        } else if third.len() == 4 {
            let (one, two) = (small(first)?, small(second)?);
            // With points, the day comes first wherever dates are written so.
            let day_first = match order {
                Order::Day => true,
                Order::Month => false,
                Order::Auto if word.contains('.') || one > 12 || one == two => true,
                Order::Auto if two > 12 => false,
                Order::Auto => return Err(EITHER),
            };
            if day_first { (third, two, one) } else { (third, one, two) }
        } else {
            return Err(NONE);
        };
        once(&mut self.year, whole(year)?.into())?;
        once(&mut self.month, Month::try_from(month).map_err(|_| NONE)?)?;
        once(&mut self.day, day)
    }

    /// `10:30`, `10:30:15.5`, `10:30pm`, `10:30z`, `10:30+01:00`.
    fn take_time(&mut self, word: &str) -> Result<(), Why> {
        let end = word.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(word.len());
        let (clock, rest) = word.split_at(end);
        let mut parts = clock.split(':');
        let mut part = || parts.next().map(small);
        let (hour, minute) = (part().ok_or(NONE)??, part().ok_or(NONE)??);
        let (second, nanos) = match parts.next() {
            None => (0, 0),
            Some(seconds) => {
                let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
                (small(second)?, nanos(fraction)?)
            }
        };
        if parts.next().is_some() {
            return Err(NONE);
        }
        once(&mut self.time, Time::from_hms_nano(hour, minute, second, nanos).map_err(|_| NONE)?)?;
        match (rest, rest.strip_suffix('m').filter(|half| matches!(*half, "a" | "p"))) {
            ("", _) => Ok(()),
            (_, Some(half)) => self.half(half),
            (rest, None) => once(&mut self.offset, offset(rest).ok_or(NONE)?),
        }
    }

    /// Before or after noon.
    fn half(&mut self, half: &str) -> Result<(), Why> {
        let time = self.time.filter(|time| (1..=12).contains(&time.hour())).ok_or(NONE)?;
        let hour = time.hour() % 12 + if half == "p" { 12 } else { 0 };
        self.time = Some(time.replace_hour(hour).map_err(|_| NONE)?);
        Ok(())
    }

    fn tell(self) -> Result<String, Why> {
        let (Some(year), Some(month), Some(day)) = (self.year, self.month, self.day) else { return Err(NONE) };
        let date = Date::from_calendar_date(year, month, day).map_err(|_| "is a day that no calendar has")?;
        let date = format!("{year:04}-{:02}-{:02}", u8::from(date.month()), date.day());
        let Some(time) = self.time else { return Ok(date) };
        let (hour, minute, second, nanos) = time.as_hms_nano();
        let fraction = format!(".{nanos:09}");
        let fraction = if nanos == 0 { "" } else { fraction.trim_end_matches('0') };
        let offset = self.offset.unwrap_or_default();
        Ok(format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}{offset}"))
    }
}

/// Takes what may be said once.
fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Why> {
    if place.replace(value).is_some() { Err(NONE) } else { Ok(()) }
}

fn month(word: &str) -> Option<Month> {
    let number = MONTHS.iter().zip(1u8..).find(|(name, _)| is_short_for(word, name))?.1;
    Month::try_from(number).ok()
}

/// Whether a word is the start of a name, three letters at least: `sep`, `sept`, `september`.
fn is_short_for(word: &str, name: &str) -> bool {
    word.len() >= 3 && name.starts_with(word)
}

/// `z`, `utc`, `gmt`, `+01:00`, `-0330`, as RFC 3339 has it.
fn offset(word: &str) -> Option<String> {
    if matches!(word, "z" | "utc" | "gmt") {
        return Some("Z".to_owned());
    }
    let digits: String = word.strip_prefix(['+', '-'])?.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = digits.split_at_checked(2).filter(|(_, minutes)| minutes.len() == 2)?;
    let in_day = small(hours).is_ok_and(|hours| hours < 24) && small(minutes).is_ok_and(|minutes| minutes < 60);
    in_day.then(|| format!("{}{hours}:{minutes}", word.split_at(1).0))
}

fn whole(digits: &str) -> Result<u16, Why> {
    digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit())).ok_or(NONE)
}

fn small(digits: &str) -> Result<u8, Why> {
    whole(digits).ok().filter(|_| digits.len() <= 2).and_then(|number| number.try_into().ok()).ok_or(NONE)
}

/// Decimals of a second in nanoseconds; what is finer is cut.
fn nanos(fraction: &str) -> Result<u32, Why> {
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NONE);
    }
    format!("{fraction:0<9}").get(..9).and_then(|digits| digits.parse().ok()).ok_or(NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, order: Order) -> Result<String, Why> {
        date(text, &Form::Any(order))
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        for (text, want) in [
            ("2026-11-21", "2026-11-21"),
            ("2026/11/21", "2026-11-21"),
            ("21 Nov 2026", "2026-11-21"),
            ("21. November 2026", "2026-11-21"),
            ("November 21, 2026", "2026-11-21"),
            ("Nov. 21st 2026", "2026-11-21"),
            ("Saturday, the 21st of November, 2026", "2026-11-21"),
            ("1 Sept 2026", "2026-09-01"),
            ("may 3 2026", "2026-05-03"),
            ("21-Nov-2026", "2026-11-21"),
            ("21.11.2026", "2026-11-21"),
            ("1.2.2026", "2026-02-01"),
            ("21/11/2026", "2026-11-21"),
            ("11/21/2026", "2026-11-21"),
            ("05/05/2026", "2026-05-05"),
            ("29 Feb 2028", "2028-02-29"),
            ("2026-11-21T10:30:00+01:00", "2026-11-21T10:30:00+01:00"),
            ("2026-11-21T10:30:00.250Z", "2026-11-21T10:30:00.25Z"),
            ("Sat, 21 Nov 2026 10:30:00 +0100", "2026-11-21T10:30:00+01:00"),
            ("Sat, 21 Nov 2026 10:30:00 GMT", "2026-11-21T10:30:00Z"),
            ("2026-11-21T10:30", "2026-11-21T10:30:00"),
            ("2026-11-21 10:30:15.5", "2026-11-21T10:30:15.5"),
            ("2026-11-21T10:30Z", "2026-11-21T10:30:00Z"),
            ("2026-11-21T10:30-0330", "2026-11-21T10:30:00-03:30"),
            ("Nov 21, 2026 at 10:30 PM", "2026-11-21T22:30:00"),
            ("Posted 21 Nov 2026", "2026-11-21"),
            ("Published: (21 Nov 2026, 10:30) by Ann | Blog", "2026-11-21T10:30:00"),
            ("Updated on 2026-11-21.", "2026-11-21"),
            ("Nov 21, 2026 12:05am UTC", "2026-11-21T00:05:00Z"),
        ] {
            assert_eq!(of(text, Order::Auto).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_needs_a_word() {
        for text in ["03/04/2026", "3-4-2026"] {
            assert_eq!(of(text, Order::Auto), Err(EITHER), "{text}");
        }
        assert_eq!(of("03/04/2026", Order::Day).as_deref(), Ok("2026-04-03"));
        assert_eq!(of("03/04/2026", Order::Month).as_deref(), Ok("2026-03-04"));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2026",
            "Nov 2026",
            "yesterday",
            "Chapter 3, 21 Nov 2026",
            "21 Nov 2026 to 23 Nov 2026",
            "Nov 21, 2026 10:30 CET",
            "2026-11",
            "20261121",
            "21 Nov 26",
            "31 Feb 2026",
            "29 Feb 2026",
            "2026-13-01",
            "2026-11-21 25:00",
            "2026-11-21 13:00 pm",
            "2026-11-21 +01:00",
            "2026-11-21 22 Nov",
            "+1-11-2026",
            "1792569600",
            "t1t",
            "é1t2",
            &"1".repeat(1000),
        ] {
            assert!(of(text, Order::Auto).is_err(), "{text}: {:?}", of(text, Order::Auto));
        }
    }
}
