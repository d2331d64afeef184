//! Dates in a form that somebody names: `%d.%m.%Y`, `%s`. Words around them are left alone.
//!
//! What the pattern has no word for is not told: `%Y-%m` makes `2026-11`. Must not know filters.

use regex::{Captures, Regex};
use time::{Date, Month, OffsetDateTime, Time, format_description::well_known::Rfc3339};

use super::{NONE, Why, month, nanos, offset, small, whole};

/// How a date is written.
#[derive(Clone, Debug)]
pub(in crate::page::select) struct Pattern(Regex);

/// A letter behind `%`, the name of its group, and what it looks like.
const PARTS: &[(char, &str, &str)] = &[
    ('Y', "year", "[0-9]{4}"),
    ('y', "short", "[0-9]{2}"),
    ('m', "month", "[0-9]{1,2}"),
    ('b', "name", r"[a-z]{3,9}\.?"),
    ('B', "name", r"[a-z]{3,9}\.?"),
    ('d', "day", "[0-9]{1,2}"),
    ('e', "day", "[0-9]{1,2}"),
    ('H', "hour", "[0-9]{1,2}"),
    ('I', "half", "[0-9]{1,2}"),
    ('p', "noon", r"[ap]\.?m\.?"),
    ('M', "minute", "[0-9]{2}"),
    ('S', "second", "[0-9]{2}"),
    ('f', "fraction", "[0-9]{1,9}"),
    ('z', "zone", "z|utc|gmt|[+-][0-9]{2}:?[0-9]{2}"),
    ('s', "unix", "-?[0-9]{1,12}"),
    ('Q', "milli", "-?[0-9]{1,15}"),
];

/// Short for several.
const SHORT: &[(char, &str)] = &[('F', "%Y-%m-%d"), ('T', "%H:%M:%S"), ('R', "%H:%M")];

/// Longest pattern, in bytes.
const LONGEST: usize = 100;

impl Pattern {
    /// Reads a pattern; the error says what to write.
    pub(in crate::page::select) fn read(text: &str) -> Result<Pattern, String> {
        if text.len() > LONGEST {
            return Err(format!("a pattern has {LONGEST} bytes at most"));
        }
        let spelt = SHORT.iter().fold(text.to_owned(), |text, (short, long)| text.replace(&format!("%{short}"), long));
        let (mut regex, mut names) = (String::from("(?i)(?:^|[^0-9])"), Vec::new());
        let mut chars = spelt.chars();
        while let Some(c) = chars.next() {
            match c {
                '%' => match chars.next() {
                    Some('%') => regex.push('%'),
                    Some('a' | 'A') => regex.push_str(r"[a-z]{3,9}\.?"),
                    letter => {
                        let part = PARTS.iter().find(|(known, ..)| Some(*known) == letter);
                        let (_, name, form) = part.ok_or_else(|| unknown(letter))?;
                        if names.contains(name) {
                            return Err(format!("`{text}` asks for the {name} twice"));
                        }
                        names.push(*name);
                        regex.push_str(&format!("(?P<{name}>{form})"));
                    }
                },
                c if c.is_whitespace() => regex.push_str(r"\s+"),
                c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        let has = |name: &str| names.contains(&name);
        let needs = |one: bool, other: bool, said: &str| if one && !other { Err(said.to_owned()) } else { Ok(()) };
        let (year, month) = (has("year") || has("short"), has("month") || has("name"));
        let hour = has("hour") || (has("half") && has("noon"));
        needs(true, year || has("unix") || has("milli"), "a pattern has a year (%Y) or Unix time (%s)")?;
        needs(has("day"), month, "a pattern with a day has a month (%m or %B)")?;
        needs(has("half") || has("minute"), hour, "a pattern with a time has the hour, %H, or %I with %p")?;
        needs(hour, has("day") || has("unix"), "a pattern with an hour has a day (%d)")?;
        regex.push_str("(?:$|[^0-9])");
        Regex::new(&regex).map(Pattern).map_err(|_| "this pattern is too large".to_owned())
    }

    /// The date that a text has, as RFC 3339 has it, as far as the pattern goes.
    pub(super) fn date(&self, text: &str) -> Result<String, Why> {
        let found = self.0.captures(text).ok_or("is not written as the pattern of |date(…) says")?;
        let get = |name: &str| found.name(name).map(|group| group.as_str());
        if let Some(seconds) = get("unix") {
            return moment(seconds, 1);
        }
        if let Some(millis) = get("milli") {
            return moment(millis, 1000);
        }
        let year = match (get("year"), get("short")) {
            (Some(year), _) => whole(year)?,
            // As POSIX has it.
            (_, Some(short)) => small(short).map(|year| u16::from(year) + if year < 69 { 2000 } else { 1900 })?,
            _ => return Err(NONE),
        };
        let month = match (get("month"), get("name")) {
            (Some(month), _) => Month::try_from(small(month)?).map_err(|_| NONE)?,
            (_, Some(name)) => month(name.trim_end_matches('.').to_lowercase().as_str()).ok_or(NONE)?,
            _ => return Ok(format!("{year:04}")),
        };
        let Some(day) = get("day") else { return Ok(format!("{year:04}-{:02}", u8::from(month))) };
        let day = small(day)?;
        Date::from_calendar_date(year.into(), month, day).map_err(|_| "is a day that no calendar has")?;
        let date = format!("{year:04}-{:02}-{day:02}", u8::from(month));
        Ok(match clock(&found)? {
            Some(clock) => format!("{date}T{clock}"),
            None => date,
        })
    }
}

fn unknown(letter: Option<char>) -> String {
    let known: Vec<String> = PARTS.iter().map(|(letter, ..)| format!("%{letter}")).collect();
    let letter = letter.map(String::from).unwrap_or_default();
    format!("there is no `%{letter}`; there are {}, %a, %F, %T, %R", known.join(" "))
}

/// `10:30:00`, with decimals and offset as far as there are any.
fn clock(found: &Captures<'_>) -> Result<Option<String>, Why> {
    let get = |name: &str| found.name(name).map(|group| group.as_str());
    let number = |name: &str| get(name).map_or(Ok(0), small);
    let hour = match (get("hour"), get("half"), get("noon")) {
        (Some(hour), ..) => small(hour)?,
        (_, Some(half), Some(noon)) => {
            let half = Some(small(half)?).filter(|half| (1..=12).contains(half)).ok_or(NONE)?;
            half % 12 + if noon.starts_with(['p', 'P']) { 12 } else { 0 }
        }
        _ => return Ok(None),
    };
    let (minute, second) = (number("minute")?, number("second")?);
    let nanos = get("fraction").map_or(Ok(0), nanos)?;
    Time::from_hms_nano(hour, minute, second, nanos).map_err(|_| NONE)?;
    let fraction = format!(".{nanos:09}");
    let fraction = if nanos == 0 { "" } else { fraction.trim_end_matches('0') };
    let zone = match get("zone") {
        Some(zone) => offset(&zone.to_lowercase()).ok_or(NONE)?,
        None => String::new(),
    };
    Ok(Some(format!("{hour:02}:{minute:02}:{second:02}{fraction}{zone}")))
}

/// What so many parts of a second after 1970 are.
fn moment(count: &str, a_second: i128) -> Result<String, Why> {
    let count: i128 = count.parse().map_err(|_| NONE)?;
    let moment = OffsetDateTime::from_unix_timestamp_nanos(count * (1_000_000_000 / a_second)).map_err(|_| NONE)?;
    moment.format(&Rfc3339).map_err(|_| NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_as_its_pattern_says() {
        for (pattern, text, want) in [
            ("%d.%m.%Y", "21.11.2026", "2026-11-21"),
            ("%d.%m.%Y", "Stand: 3.4.2026, neu", "2026-04-03"),
            ("%m/%d/%y", "03/04/26", "2026-03-04"),
            ("%m/%d/%y", "03/04/99", "1999-03-04"),
            ("%Y%m%d", "20261121", "2026-11-21"),
            ("%Y-%m", "2026-11", "2026-11"),
            ("%Y", "in 2026", "2026"),
            ("%B %Y", "NOV. 2026", "2026-11"),
            ("%A, %e %b %Y at %I:%M %p", "Saturday, 3 Apr 2026 at 10:30 PM", "2026-04-03T22:30:00"),
            ("%F %T.%f %z", "2026-11-21 10:30:15.250 +0100", "2026-11-21T10:30:15.25+01:00"),
            ("%FT%R%z", "2026-11-21T10:30Z", "2026-11-21T10:30:00Z"),
            ("%s", "1792569600", "2026-10-21T08:00:00Z"),
            ("%s", "-1", "1969-12-31T23:59:59Z"),
            ("%Q", "1792569600250", "2026-10-21T08:00:00.25Z"),
        ] {
            assert_eq!(Pattern::read(pattern).unwrap().date(text).as_deref(), Ok(want), "{pattern} of {text}");
        }
        for (pattern, text) in [
            ("%d.%m.%Y", "21.11.20267"),
            ("%d.%m.%Y", "31.02.2026"),
            ("%d.%m.%Y", "121.11.2026"),
            ("%m/%d/%Y", "21/11/2026"),
            ("%B %Y", "Foo 2026"),
            ("%F %R", "2026-11-21 25:00"),
            ("%F %I:%M%p", "2026-11-21 13:00pm"),
            ("%s", "soon"),
            ("%s", "999999999999"),
        ] {
            assert!(Pattern::read(pattern).unwrap().date(text).is_err(), "{pattern} of {text}");
        }
    }

    #[test]
    fn a_pattern_that_makes_no_date_is_refused() {
        for (pattern, why) in [
            ("%d.%m", "has a year"),
            ("%d %Y", "has a month"),
            ("%F %I", "with %p"),
            ("%F :%M", "the hour"),
            ("%Y %H", "has a day"),
            ("%Y %Y", "twice"),
            ("%F %j", "no `%j`; there are %Y"),
            ("%", "no `%`"),
            (&"%%".repeat(60), "bytes at most"),
        ] {
            let said = Pattern::read(pattern).unwrap_err();
            assert!(said.contains(why), "{pattern}: {said}");
        }
    }
}
