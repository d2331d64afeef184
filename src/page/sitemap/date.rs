//! When an entry changed, as sitemaps (W3C Datetime), Atom (RFC 3339) and RSS (RFC 2822) write it.
//!
//! What names a year or a day names all of it, so a date is a span of seconds since 1970, UTC. Must
//! not know the clock.

use std::str::FromStr;

/// The day before which entries are left out (`--since`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    written: Box<str>,
    from: i64,
}

impl Since {
    /// Why an entry that changed then is left out; `None` if it is not, or if nobody can tell.
    pub fn excludes(&self, modified: &str) -> Option<String> {
        let (_, latest) = span(modified)?;
        let zone = if self.written.contains(['T', 't']) { "" } else { " (UTC)" };
        (latest < self.from).then(|| format!("lastmod {} is before --since {}{zone}", modified.trim(), self.written))
    }
}

impl FromStr for Since {
    type Err = String;

    /// `2026-01-31`, `2026-01`, `2026`, or with a time: `2026-01-31T12:00:00Z`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a date; write 2026-01-31 (UTC) or 2026-01-31T12:00:00Z");
        let (from, _) = span(text).ok_or_else(wrong)?;
        Ok(Since { written: text.trim().into(), from })
    }
}

/// The first and the last second that a date means.
fn span(text: &str) -> Option<(i64, i64)> {
    let text = text.trim();
    w3c(text).or_else(|| rfc2822(text))
}

/// `YYYY[-MM[-DD[Thh:mm[:ss[.s]][zone]]]]`
fn w3c(text: &str) -> Option<(i64, i64)> {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)),
        None => (text, None),
    };
    let mut parts = date.split('-').map(|part| digits(part, if part.len() == 4 { 4 } else { 2 }));
    let year = parts.next()?.filter(|_| date.len() >= 4 && date.as_bytes().get(4).is_none_or(|byte| *byte == b'-'))?;
    let (month, day) = (parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    let start = days(year, month.unwrap_or(Some(1))?, day.unwrap_or(Some(1))?)? * 86_400;
    let end = match (month, day) {
        (None, _) => days(year + 1, 1, 1)?,
        (Some(Some(12)), None) => days(year + 1, 1, 1)?,
        (Some(month), None) => days(year, month? + 1, 1)?,
        (_, Some(_)) => start / 86_400 + 1,
    } * 86_400;
    match time {
        None => Some((start, end - 1)),
        Some(time) => {
            day?;
            let at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
            let (time, zone) = time.split_at(at);
            let second = start + clock(time)? - offset(zone.trim())?;
            Some((second, second))
        }
    }
}

/// `[Sat, ]31 Jan 2026 12:00[:00] GMT`
fn rfc2822(text: &str) -> Option<(i64, i64)> {
    let text = text.split_once(',').map_or(text, |(_, behind)| behind);
    let mut words = text.split_ascii_whitespace();
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = month.get(..3)?.to_ascii_lowercase();
    let month = 1 + i64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()?;
    let year = match year.len() {
        // RFC 2822, 4.3
        2 => digits(year, 2).map(|year| if year < 50 { 2000 + year } else { 1900 + year })?,
        _ => digits(year, 4)?,
    };
    let start = days(year, month, digits(day, day.len().clamp(1, 2))?)? * 86_400;
    let Some(time) = words.next() else { return Some((start, start + 86_399)) };
    let second = start + clock(time)? - offset(words.next().unwrap_or("GMT"))?;
    Some((second, second))
}

/// A number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days from 1970-01-01 to this day of the Gregorian calendar; `None` if there is no such day.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March end with the day that leap years add.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(365 * year + leaps + (153 * month + 2) / 5 + day - 1 - 719_468)
}

/// `hh:mm[:ss[.s]]` as seconds.
fn clock(text: &str) -> Option<i64> {
    let mut parts = text.trim().splitn(3, ':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| digits(second.split('.').next()?, 2))?;
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3_600 + minute * 60 + second)
}

/// Seconds that a zone is ahead of UTC. Where none is written, it is taken for UTC.
fn offset(zone: &str) -> Option<i64> {
    let hours = match zone.to_ascii_uppercase().as_str() {
        "" | "Z" | "GMT" | "UT" | "UTC" => 0,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        "CET" => 1,
        "CEST" => 2,
        _ => {
            let (sign, rest) = match zone.split_at_checked(1)? {
                ("+", rest) => (1, rest),
                ("-", rest) => (-1, rest),
                _ => return None,
            };
            let rest = rest.replace(':', "");
            let (hours, minutes) = rest.split_at_checked(2)?;
            return Some(sign * (digits(hours, 2)? * 3_600 + digits(minutes, 2)? * 60));
        }
    };
    Some(hours * 3_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds since 1970, by the clock of another crate.
    fn at(rfc3339: &str) -> i64 {
        let time = humantime::parse_rfc3339(rfc3339).unwrap();
        i64::try_from(time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap()
    }

    #[test]
    fn dates_of_all_kinds_are_read() {
        for (text, first, last) in [
            ("2026", "2026-01-01T00:00:00Z", "2026-12-31T23:59:59Z"),
            ("2026-02", "2026-02-01T00:00:00Z", "2026-02-28T23:59:59Z"),
            ("2025-12", "2025-12-01T00:00:00Z", "2025-12-31T23:59:59Z"),
            (" 2024-02-29\n", "2024-02-29T00:00:00Z", "2024-02-29T23:59:59Z"),
            ("2026-01-31T12:30Z", "2026-01-31T12:30:00Z", "2026-01-31T12:30:00Z"),
            ("2026-01-31T12:30:15.25+01:00", "2026-01-31T11:30:15Z", "2026-01-31T11:30:15Z"),
            ("2026-01-31 12:30:15 -0500", "2026-01-31T17:30:15Z", "2026-01-31T17:30:15Z"),
            ("2026-01-31T12:30:15", "2026-01-31T12:30:15Z", "2026-01-31T12:30:15Z"),
            ("Sat, 31 Jan 2026 12:30:15 GMT", "2026-01-31T12:30:15Z", "2026-01-31T12:30:15Z"),
            ("1 March 2000 00:00 +0200", "2000-02-29T22:00:00Z", "2000-02-29T22:00:00Z"),
            ("Sat, 31 Jan 98 12:30:15 EST", "1998-01-31T17:30:15Z", "1998-01-31T17:30:15Z"),
            ("1 Jan 2026", "2026-01-01T00:00:00Z", "2026-01-01T23:59:59Z"),
        ] {
            assert_eq!(span(text), Some((at(first), at(last))), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "yesterday",
            "2026-13",
            "2026-02-30",
            "2025-02-29",
            "26-01-01",
            "20260131",
            "2026-1-1",
            "2026-01-31T",
            "2026-01-31T25:00Z",
            "2026-01-31T12:00X",
            "2026T12:00Z",
            "2026-01-01-01",
            "31 Foo 2026 12:00 GMT",
            "é",
            "2026-01-31T12:00+é",
            "31 Jan 2026 12:00 WHAT",
            "99999999999999999999",
            "0 Jan 2026",
        ] {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_is_surely_older_is_left_out() {
        let since: Since = "2026-01-15".parse().unwrap();
        assert_eq!(
            since.excludes(" 2025-01-01 ").as_deref(),
            Some("lastmod 2025-01-01 is before --since 2026-01-15 (UTC)")
        );
        for kept in ["2026-01-15", "2026-01-15T00:00:00Z", "2026-01", "2026", "2026-01-14T23:30:00-01:00", "never", ""]
        {
            assert_eq!(since.excludes(kept), None, "{kept}");
        }
        assert!(since.excludes("Wed, 14 Jan 2026 23:59:59 GMT").is_some());
        assert_eq!(
            "soon".parse::<Since>(),
            Err("`soon` is not a date; write 2026-01-31 (UTC) or 2026-01-31T12:00:00Z".to_owned())
        );
    }
}
