//! Durations, rates, sizes and status sets as people write them, and the nearest known word.
//!
//! Every parser is total: bad text gives a sentence that says what is accepted. Must not know
//! flags or files.

use std::{
    fmt,
    num::NonZeroU32,
    str::FromStr,
    time::{Duration, SystemTime},
};

/// The longest time that any limit may be set to, so that adding it to an instant cannot overflow.
pub const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// A duration: `500ms`, `10s`, `2m`, `1h30m`; a bare number is seconds (`0.5` is half a second).
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration; write 500ms, 10s, 2m or 1h30m");
    let text_trimmed = text.trim();
    let parsed = match text_trimmed.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?,
        Err(_) => humantime::parse_duration(text_trimmed).map_err(|_| wrong())?,
    };
    if parsed > LONGEST {
        return Err(format!("`{text}` is longer than a year"));
    }
    Ok(parsed)
}

/// How many requests may start in how much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests per period.
    pub count: NonZeroU32,
    /// The period.
    pub per: Duration,
}

impl FromStr for Rate {
    type Err = String;

    /// `5/s`, `100/m`, `2/h`, `5/15s`. A rate without a unit is refused: per what?
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a rate; write 5/s, 100/m or 5/15s");
        let (count, per) = text.trim().split_once('/').ok_or_else(wrong)?;
        let count = count.trim().parse().map_err(|_| wrong())?;
        let per = match per.trim() {
            "" => return Err(wrong()),
            unit if unit.starts_with(|c: char| c.is_ascii_digit()) => duration(unit).map_err(|_| wrong())?,
            unit => duration(&format!("1{unit}")).map_err(|_| wrong())?,
        };
        if per.is_zero() {
            return Err(wrong());
        }
        Ok(Rate { count, per })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.per.as_secs() {
            1 if self.per.subsec_nanos() == 0 => write!(f, "{}/s", self.count),
            60 => write!(f, "{}/m", self.count),
            3600 => write!(f, "{}/h", self.count),
            _ => write!(f, "{}/{}", self.count, humantime::format_duration(self.per)),
        }
    }
}

/// A size in bytes: `64MiB`, `10KB`, `512`. `KiB MiB GiB TiB` (and `K M G T`) count by 1,024,
/// `KB MB GB TB` by 1,000.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size; write 64MiB, 10KB or 512");
    let trimmed = text.trim();
    let split = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(split);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return Err(wrong()),
    };
    match number.parse::<u64>() {
        Ok(whole) => whole.checked_mul(factor).ok_or_else(wrong),
        Err(_) => {
            let bytes = number.parse::<f64>().map_err(|_| wrong())? * factor as f64;
            if bytes.is_finite() && bytes < u64::MAX as f64 { Ok(bytes as u64) } else { Err(wrong()) }
        }
    }
}

/// Bytes for people: `512 B`, `1.2 KiB`, `64 MiB`.
pub fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(value < 10.0 && value.fract() >= 0.05);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// A duration for people, with about three digits: `850 us`, `34 ms`, `1.25 s`, `2m 5s`.
pub fn human_duration(time: Duration) -> String {
    let micros = time.as_micros();
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..10_000 => format!("{:.1} ms", micros as f64 / 1e3),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{:.2} s", micros as f64 / 1e6),
        _ => humantime::format_duration(Duration::from_secs(time.as_secs())).to_string(),
    }
}

/// A set of HTTP status codes (100 to 999): `2xx,403,200..=299`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusSet(Vec<(u16, u16)>);

impl StatusSet {
    /// Whether `status` is in the set.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|&(low, high)| (low..=high).contains(&status))
    }
}

impl Default for StatusSet {
    /// Successful responses, 2xx (RFC 9110, section 15.3).
    fn default() -> Self {
        StatusSet(vec![(200, 299)])
    }
}

impl FromStr for StatusSet {
    type Err = String;

    /// Comma-separated: a class (`2xx`), a code (`403`), a range (`200..=299`, `500..600`, `500-599`).
    fn from_str(text: &str) -> Result<Self, String> {
        let part = |part: &str| -> Option<(u16, u16)> {
            let code = |text: &str| text.trim().parse::<u16>().ok().filter(|code| (100..=999).contains(code));
            let lower = part.to_ascii_lowercase();
            if let Some(class) = lower.strip_suffix("xx") {
                let class: u16 = class.parse().ok().filter(|class| (1..=9).contains(class))?;
                return Some((class * 100, class * 100 + 99));
            }
            if let Some((low, high)) = lower.split_once("..=").or_else(|| lower.split_once('-')) {
                return Some((code(low)?, code(high)?));
            }
            if let Some((low, high)) = lower.split_once("..") {
                let high: u16 = high.trim().parse().ok()?;
                return Some((code(low)?, high.checked_sub(1)?));
            }
            code(&lower).map(|one| (one, one))
        };
        text.split(',')
            .map(str::trim)
            .map(|one| {
                part(one)
                    .filter(|(low, high)| low <= high)
                    .ok_or_else(|| format!("`{one}` is not a status set; write 2xx,403 or 200..=299"))
            })
            .collect::<Result<_, _>>()
            .map(StatusSet)
    }
}

/// Longest text, in bytes, that somebody may have misspelt: what it is compared with takes time.
const WORD: usize = 256;

/// The candidate nearest to `text`, if one is near enough to be meant.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if text.len() > WORD {
        return None;
    }
    let lower = text.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&lower, candidate), candidate))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// A time as RFC 3339 has it: UTC, milliseconds.
pub fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Comparing takes time that grows with the text, and a key of a list may have megabytes.
    #[test]
    fn what_is_too_long_for_a_word_is_near_to_nothing() {
        assert_eq!(nearest(&("headers".to_owned() + &"s".repeat(WORD)), ["headers"]), None);
        assert_eq!(nearest("heders", ["headers"]), Some("headers"));
    }

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, millis) in
            [("500ms", 500), ("10s", 10_000), ("2m", 120_000), ("1h30m", 5_400_000), ("3", 3_000), ("0.5", 500)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "x", "-1", "10 parsecs", "NaN", "inf", "400000000d", "1e300"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rate_needs_a_unit() {
        let rate = |text: &str| text.parse::<Rate>().map(|rate| (rate.count.get(), rate.per.as_millis()));
        assert_eq!(rate("5/s"), Ok((5, 1_000)));
        assert_eq!(rate("100/m"), Ok((100, 60_000)));
        assert_eq!(rate("5/15s"), Ok((5, 15_000)));
        for text in ["5", "5/", "/s", "0/s", "5/0s", "5/x", "-5/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
        assert_eq!("5/15s".parse::<Rate>().unwrap().to_string(), "5/15s");
    }

    #[test]
    fn sizes_count_by_1024_or_1000() {
        for (text, bytes) in [("64MiB", 64 << 20), ("1k", 1024), ("10KB", 10_000), ("512", 512), ("1.5KiB", 1536)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "5 parsecs", "-1", "99999999999TiB", "1.2.3"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!(human_size(1536), "1.5 KiB");
        assert_eq!(human_size(64 << 20), "64 MiB");
    }

    #[test]
    fn status_sets_take_classes_codes_and_ranges() {
        let set: StatusSet = "2xx,403,500..=501,510..512".parse().unwrap();
        let in_set: Vec<u16> = (100..=999).filter(|&code| set.contains(code) && code > 299).collect();
        assert_eq!(in_set, [403, 500, 501, 510, 511]);
        for text in ["", "2x", "20", "2xx,", "299..=200", "abc", "0xx"] {
            assert!(text.parse::<StatusSet>().is_err(), "{text}");
        }
    }
}
