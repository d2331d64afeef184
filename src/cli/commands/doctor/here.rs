//! What this process is given: descriptors, cores, clock, terminal, settings.

use std::{
    io::{self, IsTerminal as _},
    time::{Duration, SystemTime},
};

use fetchall::model::redact;

use super::{Look, trial};
use crate::cli::{
    config::Config,
    definition::definition,
    environment,
    flags::{ColorArg, ConfigFlags},
    terminal::{Env, colours, is_dumb},
};

/// Descriptors below which a run has fewer requests in flight than it has by default.
const FEW_DESCRIPTORS: u64 = 256;
/// A clock before this is wrong: certificates would not be valid yet. 2026-01-01, in seconds since 1970.
const SURELY_LATER: u64 = 1_767_225_600;

/// Everything that needs no network.
pub fn looks(files: &ConfigFlags) -> Vec<Look> {
    let mut looks = vec![version(), descriptors(), cores(), clock()];
    looks.extend(settings(files));
    looks.extend(proxies());
    looks.push(terminal());
    looks
}

fn version() -> Look {
    let features: Vec<&str> = [
        ("mimalloc", cfg!(feature = "mimalloc")),
        ("extract", cfg!(feature = "extract")),
        ("sqlite", cfg!(feature = "sqlite")),
        ("postgres", cfg!(feature = "postgres")),
        ("mysql", cfg!(feature = "mysql")),
        ("parquet", cfg!(feature = "parquet")),
    ]
    .into_iter()
    .filter_map(|(name, on)| on.then_some(name))
    .collect();
    let build = if cfg!(debug_assertions) { ", a debug build" } else { "" };
    let features = if features.is_empty() { "no feature".to_owned() } else { features.join(", ") };
    Look::ok("version", format!("fetchall {}{build} with {features}", env!("CARGO_PKG_VERSION")))
}

fn descriptors() -> Look {
    let what = "descriptors";
    let Ok((soft, hard)) = rlimit::Resource::NOFILE.get() else {
        return Look::ok(what, "this system tells no limit");
    };
    let found = format!("{hard} for this program, which raises the limit of {soft} by itself");
    match hard < FEW_DESCRIPTORS {
        true => {
            Look::warn(what, found, "with so few, --concurrency is cut down; raise the hard limit: ulimit -Hn 4096")
        }
        false => Look::ok(what, found),
    }
}

fn cores() -> Look {
    match std::thread::available_parallelism() {
        Ok(cores) => Look::ok("cores", format!("{cores} for reading pages")),
        Err(error) => Look::warn("cores", format!("cannot be told: {error}"), "pages are read on one thread"),
    }
}

fn clock() -> Look {
    let now = SystemTime::now();
    let told = fetchall::model::units::rfc3339(now);
    let advice = "certificates, cookies and caches go by it: set the date of this machine";
    match now.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) if since >= Duration::from_secs(SURELY_LATER) => Look::ok("clock", told),
        _ => Look::fail("clock", format!("{told} is in the past"), advice),
    }
}

fn settings(files: &ConfigFlags) -> Vec<Look> {
    let what = "settings";
    let definition = definition();
    let config = match files.no_config {
        true => Ok(None),
        false => Config::load(&definition, files.config.as_deref()),
    };
    let is_read = config.is_ok();
    let mut looks = vec![match config {
        Ok(None) => Look::ok(what, "no file of settings"),
        Ok(Some(config)) => {
            let read: Vec<&str> = config.files().collect();
            Look::ok(what, format!("{}; `fetchall config show` tells what they say", read.join(", ")))
        }
        Err(error) => {
            let told = error.to_string();
            Look::fail(what, told.lines().next().unwrap_or_default(), "fetchall config show")
        }
    }];
    if is_read {
        looks.extend(trial::refusals(files).into_iter().map(|(why, commands)| {
            let found = format!("{} would not begin: {why}", commands.join(", "));
            Look::fail(what, found, format!("fetchall config show {}", commands.first().unwrap_or(&"fetch")))
        }));
    }
    let mistyped = environment::mistyped(&definition);
    looks.extend(mistyped.into_iter().map(|line| Look::warn(what, line, "it has no effect as it is")));
    looks
}

fn proxies() -> Vec<Look> {
    let names =
        ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let told: Vec<String> =
        names.into_iter().filter_map(|name| Some(format!("{name}={}", redact::line(&set(name)?, false)))).collect();
    if let Err(error) = fetchall::fetch::check_environment() {
        return vec![Look::fail(
            "proxy",
            error.to_string(),
            "mend the variable, or unset it; nothing is sent as it is",
        )];
    }
    if told.is_empty() {
        return vec![Look::ok("proxy", "none in the environment")];
    }
    vec![Look::warn("proxy", told.join(" "), "requests go through it; --no-proxy '*' goes around it")]
}

fn terminal() -> Look {
    let is = |name: &str, terminal: bool| format!("{name} {}", if terminal { "is a terminal" } else { "is none" });
    let on = io::stderr().is_terminal();
    let coloured = colours(ColorArg::Auto, &Env::read(), on);
    let shows = [
        is("stdin", io::stdin().is_terminal()),
        is("stdout", io::stdout().is_terminal()),
        is("stderr", on),
        format!("colours {}", if coloured { "on" } else { "off" }),
        format!("progress {}", if on && !is_dumb() { "bar" } else { "plain" }),
    ];
    Look::ok("terminal", shows.join(", "))
}
