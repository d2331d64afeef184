//! Values of flags, read as people write them; each error says what is accepted.
//!
//! Must not know which flag asks. Never used for flags that may hold a secret, because clap
//! repeats a refused value.

use std::{num::NonZeroU32, num::NonZeroU64, num::NonZeroUsize, time::Duration};

use fetchall::{
    model::units::{self, Rate},
    settings::{Delay, MaxFailures},
};

/// How many at once: a number, or found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtOnce {
    /// So many.
    Number(NonZeroUsize),
    /// As many as are worth it.
    Auto,
}

/// A value for every host, or for one: `[HOST=]VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerHost<T> {
    /// `host` or `host:port` as limits name it; `None` is every host.
    pub host: Option<String>,
    /// The value.
    pub value: T,
}

fn per_host<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<PerHost<T>, String> {
    match text.rsplit_once('=') {
        Some((name, value)) => Ok(PerHost { host: Some(host(name)?), value: read(value)? }),
        None => Ok(PerHost { host: None, value: read(text)? }),
    }
}

/// A host as credentials name it: as [`host`], but a port that was typed stays, since a secret for
/// `example.com:443` must not go out on port 80.
pub fn exact_host(text: &str) -> Result<String, String> {
    let name = host(text)?;
    let typed = text.trim().rsplit_once(':').map(|(_, port)| port);
    match typed.filter(|port| matches!(*port, "80" | "443") && !name.ends_with(&format!(":{port}"))) {
        Some(port) => Ok(format!("{name}:{port}")),
        None => Ok(name),
    }
}

/// A host as the limits name it: lower case, punycode, a port only where the scheme does not
/// imply it.
pub fn host(text: &str) -> Result<String, String> {
    let wrong = || format!("`{text}` is not a host; write example.com or example.com:8080");
    let url = url::Url::parse(&format!("http://{}/", text.trim())).map_err(|_| wrong())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.path() == "/";
    if !plain || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong());
    }
    let name = url.host_str().filter(|name| !name.is_empty()).ok_or_else(wrong)?;
    Ok(match url.port() {
        // 443 is what https implies, and who writes it means https.
        None | Some(443) => name.to_owned(),
        Some(port) => format!("{name}:{port}"),
    })
}

/// A whole number from 1, or `auto`.
pub fn at_once(text: &str) -> Result<AtOnce, String> {
    match text.trim() {
        "auto" => Ok(AtOnce::Auto),
        number => number
            .parse()
            .map(AtOnce::Number)
            .map_err(|_| format!("`{text}` is neither auto nor a whole number from 1")),
    }
}

/// A whole number from 1.
pub fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a whole number from 1"))
}

/// A whole number from 1.
pub fn count_u32(text: &str) -> Result<NonZeroU32, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a whole number from 1"))
}

/// A whole number from 1.
pub fn count_u64(text: &str) -> Result<NonZeroU64, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a whole number from 1"))
}

/// A whole number from 0.
pub fn number(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a whole number from 0"))
}

/// A count, for every host or for one.
pub fn host_count(text: &str) -> Result<PerHost<NonZeroUsize>, String> {
    per_host(text, count)
}

/// A rate.
pub fn rate(text: &str) -> Result<Rate, String> {
    text.parse()
}

/// A rate, for every host or for one.
pub fn host_rate(text: &str) -> Result<PerHost<Rate>, String> {
    per_host(text, str::parse)
}

/// A delay, for every host or for one; zero takes it away.
pub fn host_delay(text: &str) -> Result<PerHost<Delay>, String> {
    per_host(text, str::parse)
}

/// A duration that is not zero.
pub fn patience(text: &str) -> Result<Duration, String> {
    match units::duration(text)? {
        Duration::ZERO => Err("a time limit of zero would fail every request; write 500ms, 10s or 2m".to_owned()),
        time => Ok(time),
    }
}

/// `D..D`, shortest and longest, the first not above the second.
pub fn span(text: &str) -> Result<(Duration, Duration), String> {
    let (from, to) = text.split_once("..").ok_or_else(|| format!("`{text}` is not a span; write 500ms..30s"))?;
    let (from, to) = (units::duration(from)?, units::duration(to)?);
    if from > to {
        return Err(format!("`{text}` begins above its end; write 500ms..30s"));
    }
    Ok((from, to))
}

/// Percent as a whole number, with or without the sign.
pub fn percent(text: &str) -> Result<u32, String> {
    let digits = text.trim().trim_end_matches('%');
    digits.parse().map_err(|_| format!("`{text}` is not a percentage; write 50%"))
}

/// `N` or `P%`.
pub fn max_failures(text: &str) -> Result<MaxFailures, String> {
    let wrong = || format!("`{text}` is neither a number from 1 nor a percentage; write 10 or 5%");
    match text.trim().strip_suffix('%') {
        Some(share) => {
            let share: f64 = share.trim().parse().map_err(|_| wrong())?;
            if (0.0..=100.0).contains(&share) { Ok(MaxFailures::Percent(share)) } else { Err(wrong()) }
        }
        None => text.trim().parse().map(MaxFailures::Count).map_err(|_| wrong()),
    }
}

/// A size that is not zero.
pub fn body_size(text: &str) -> Result<u64, String> {
    match units::size(text)? {
        0 => Err("a cap of zero would refuse every body; write 64MiB or 512".to_owned()),
        size => Ok(size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_as_limits_name_it() {
        for (text, name) in [
            ("Example.COM", "example.com"),
            ("example.com:80", "example.com"),
            ("example.com:443", "example.com"),
            ("example.com:8080", "example.com:8080"),
            ("[::1]:8080", "[::1]:8080"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(host(text).as_deref(), Ok(name), "{text}");
        }
        for text in ["", "a/b", "u@h", "http://h", "h:x", "a b"] {
            assert!(host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_of_credentials_keeps_its_port() {
        for (text, name) in [("h", "h"), ("H:443", "h:443"), ("h:80", "h:80"), ("h:81", "h:81"), ("[::1]", "[::1]")] {
            assert_eq!(exact_host(text).as_deref(), Ok(name), "{text}");
        }
    }

    #[test]
    fn spans_percentages_and_failures() {
        assert_eq!(span("500ms..30s"), Ok((Duration::from_millis(500), Duration::from_secs(30))));
        for text in ["1s", "30s..1s", "..", "a..b"] {
            assert!(span(text).is_err(), "{text}");
        }
        assert_eq!((percent("50%"), percent("0")), (Ok(50), Ok(0)));
        assert!(percent("half").is_err() && percent("-1%").is_err());
        assert_eq!(max_failures("5%"), Ok(MaxFailures::Percent(5.0)));
        assert!(matches!(max_failures("3"), Ok(MaxFailures::Count(n)) if n.get() == 3));
        for text in ["0", "101%", "-1%", "x", "%", "NaN%"] {
            assert!(max_failures(text).is_err(), "{text}");
        }
    }
}
