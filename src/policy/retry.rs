//! How long to wait before another try: our own backoff, and what the server asks for.
//!
//! Must not decide whether there is another try: that is `step`.

use std::time::{Duration, SystemTime};

use http::Method;

/// A wait that no server may exceed, so that adding it to a clock cannot overflow.
const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);

/// Backoff before try number `failed + 1`: exponential with full jitter ("Exponential Backoff and
/// Jitter", AWS Architecture Blog, 2015). `roll` is the draw, 0.0 to 1.0.
pub fn backoff(base: Duration, cap: Duration, failed: u32, roll: f64) -> Duration {
    let doubled = base.saturating_mul(1u32 << failed.saturating_sub(1).min(16));
    doubled.min(cap).mul_f64(roll.clamp(0.0, 1.0))
}

/// The wait that a `Retry-After` field asks for, counted from `now`.
///
/// `value` is the field as received: whole seconds or an HTTP-date (RFC 9110, sections 10.2.3 and
/// 5.6.7: all three date forms). A date in the past is zero. `None` if it is neither; a wait of
/// more than a year is a year.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.parse().map_or(YEAR, Duration::from_secs).min(YEAR));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    Some(until.duration_since(now).unwrap_or(Duration::ZERO).min(YEAR))
}

/// A wait that a server asks for, in words.
pub fn wait_in_words(asked: Duration) -> String {
    match asked >= YEAR {
        true => "more than a year".to_owned(),
        false => humantime::format_duration(asked).to_string(),
    }
}

/// Methods that may be repeated without asking (RFC 9110, section 9.2.2).
pub fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_the_cap_and_is_drawn_from_zero() {
        let (base, cap) = (Duration::from_millis(500), Duration::from_secs(30));
        assert_eq!(backoff(base, cap, 1, 1.0), Duration::from_millis(500));
        assert_eq!(backoff(base, cap, 3, 1.0), Duration::from_secs(2));
        assert_eq!(backoff(base, cap, 60, 1.0), cap);
        assert_eq!(backoff(base, cap, 60, 0.0), Duration::ZERO);
    }

    #[test]
    fn a_wait_of_a_year_and_more_is_told_in_words_that_people_read() {
        let told = |value: &str| wait_in_words(retry_after(value, SystemTime::UNIX_EPOCH).unwrap());
        assert_eq!(told("31622400"), "more than a year");
        assert_eq!(told("100000000000000000000"), "more than a year");
        assert_eq!(told("Sun, 06 Nov 1994 08:49:37 GMT"), "more than a year");
        assert_eq!(told("90"), "1m 30s");
    }

    #[test]
    fn retry_after_takes_seconds_and_three_date_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 60);
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(60)),
            ("Sun Nov  6 08:49:37 1994", Some(60)),
            ("Sun, 06 Nov 1983 08:49:37 GMT", Some(0)),
            ("100000000000000000000", Some(YEAR.as_secs())),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now).map(|wait| wait.as_secs()), seconds, "{value:?}");
        }
    }
}
