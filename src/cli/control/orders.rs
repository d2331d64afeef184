//! What a run may be told from outside, as it is typed and as it is sent: `--set NAME=VALUE` and its like.
//!
//! Values read as those of the flag of the same name. Must not know who tells whom.

use fetchall::{
    engine::{Change, Stop},
    frontier::HostChange,
    model::units,
};

use crate::cli::flags::values::{self, AtOnce, PerHost};

/// Names that can be set.
const NAMES: [&str; 5] = ["concurrency", "per-host", "rate", "rate-per-host", "delay"];

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Something changes.
    Change(Change),
    /// The run is to end in this way.
    Stop(Stop),
}

/// What is asked for, by its name and its value; the error is a sentence.
pub fn order(name: &str, value: &str) -> Result<Order, String> {
    match name {
        "set" => set(value).map(Order::Change),
        "skip-host" => values::host(value).map(|host| Order::Change(Change::SkipHost(host))),
        "pause" => Ok(Order::Change(Change::Pause)),
        "resume" => Ok(Order::Change(Change::Resume)),
        "drain" => Ok(Order::Stop(Stop::Drain)),
        _ => Err(format!("`{name}` is nothing that a run can be told")),
    }
}

/// `NAME=VALUE`.
pub fn set(text: &str) -> Result<Change, String> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(format!("`{text}` is not NAME=VALUE; write concurrency=8"));
    };
    let is_off = value.trim() == "off";
    match name.trim() {
        "concurrency" => match values::at_once(value)? {
            AtOnce::Number(number) => Ok(Change::Concurrency(number)),
            AtOnce::Auto => Err("a run under way takes a number, not auto".to_owned()),
        },
        "rate" if is_off => Ok(Change::Rate(None)),
        "rate" => values::rate(value).map(|rate| Change::Rate(Some(rate))),
        "per-host" => values::host_count(value).map(|given| host(given, HostChange::PerHost)),
        "rate-per-host" => match value.trim().rsplit_once('=') {
            _ if is_off => Ok(Change::Host(None, HostChange::Rate(None))),
            Some((name, "off")) => Ok(Change::Host(Some(values::host(name)?), HostChange::Rate(None))),
            _ => values::host_rate(value).map(|given| host(given, |rate| HostChange::Rate(Some(rate)))),
        },
        "delay" => values::host_delay(value).map(|given| host(given, HostChange::Delay)),
        other => Err(match units::nearest(other, NAMES) {
            Some(near) => format!("`{other}` cannot be set; did you mean `{near}`?"),
            None => format!("`{other}` cannot be set; there are {}", NAMES.join(", ")),
        }),
    }
}

fn host<T>(given: PerHost<T>, change: impl Fn(T) -> HostChange) -> Change {
    Change::Host(given.host, change(given.value))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    #[test]
    fn what_is_set_reads_as_the_flag_of_that_name() {
        let four = NonZeroUsize::new(4).unwrap();
        let rate = |text: &str| Some(text.parse().unwrap());
        let at = |host: &str| Some(host.to_owned());
        for (text, change) in [
            ("concurrency=4", Change::Concurrency(four)),
            ("rate=5/s", Change::Rate(rate("5/s"))),
            ("rate=off", Change::Rate(None)),
            ("per-host=4", Change::Host(None, HostChange::PerHost(four))),
            ("per-host=Example.COM=4", Change::Host(at("example.com"), HostChange::PerHost(four))),
            ("rate-per-host=h:81=2/s", Change::Host(at("h:81"), HostChange::Rate(rate("2/s")))),
            ("rate-per-host=h=off", Change::Host(at("h"), HostChange::Rate(None))),
            ("rate-per-host=off", Change::Host(None, HostChange::Rate(None))),
            ("delay=h=2s", Change::Host(at("h"), HostChange::Delay("2s".parse().unwrap()))),
        ] {
            assert_eq!(set(text), Ok(change), "{text}");
        }
        for (text, told) in [
            ("concurrency=0", "whole number from 1"),
            ("concurrency=auto", "a number"),
            ("concurency=4", "did you mean `concurrency`?"),
            ("timeout=4", "there are concurrency"),
            ("rate=4", "write 5/s"),
            ("fast", "NAME=VALUE"),
        ] {
            let error = set(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn an_order_is_known_by_its_name() {
        assert_eq!(order("drain", ""), Ok(Order::Stop(Stop::Drain)));
        assert_eq!(order("skip-host", "H.example"), Ok(Order::Change(Change::SkipHost("h.example".to_owned()))));
        assert!(order("skip-host", "a b").is_err() && order("kill", "").is_err());
    }
}
