//! Dates as records have them: W3C-DTF in UTC (ISO 28500, 5.4, and annex A of version 1.1). Pure.

/// Whether this is one: a year, a month, a day, or a time of day with up to nine decimals.
pub fn is_date(text: &str) -> bool {
    let (day, time) = match text.split_once('T') {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let parts: Vec<Option<u32>> = day.split('-').take(4).enumerate().map(|(at, part)| digits(part, at)).collect();
    let is_day = match parts[..] {
        [Some(_)] => true,
        [Some(_), Some(month)] => (1..=12).contains(&month),
        [Some(year), Some(month), Some(day)] => (1..=12).contains(&month) && (1..=days(year, month)).contains(&day),
        _ => false,
    };
    is_day && time.is_none_or(|time| parts.len() == 3 && is_time(time))
}

/// A year has four digits, all else two.
fn digits(part: &str, at: usize) -> Option<u32> {
    let length = if at == 0 { 4 } else { 2 };
    let is_number = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    part.parse().ok().filter(|_| is_number)
}

fn days(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 31,
    }
}

fn is_time(time: &str) -> bool {
    let Some(time) = time.strip_suffix('Z') else { return false };
    let (time, decimals) = match time.split_once('.') {
        Some((time, decimals)) => (time, Some(decimals)),
        None => (time, None),
    };
    let parts: Vec<Option<u32>> = time.split(':').take(4).map(|part| digits(part, 1)).collect();
    let is_decimals = |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match parts[..] {
        [Some(hour), Some(minute)] => hour < 24 && minute < 60 && decimals.is_none(),
        // 60 is a leap second.
        [Some(hour), Some(minute), Some(second)] => {
            hour < 24 && minute < 60 && second <= 60 && decimals.is_none_or(is_decimals)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_one_of_the_forms_of_the_standard() {
        for text in [
            "2024",
            "2024-02",
            "2024-02-29",
            "2024-02-29T23:59Z",
            "2024-02-29T23:59:60Z",
            "2024-01-01T00:00:00.1Z",
            "2024-01-01T00:00:00.123456789Z",
        ] {
            assert!(is_date(text), "{text}");
        }
        for text in [
            "",
            "24",
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-1-1",
            "2024-01-01T00:00:00",
            "2024-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00+00:00",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.1234567890Z",
            "20240101000000",
            "2024-01-01T00:00.5Z",
            "2024-01-01-01",
            "D",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }
}
