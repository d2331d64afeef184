//! What makes a run the same run. Must not know how anything is gone on with.

use fetchall::{
    journal::{Identity, identity},
    source::Spec,
};

use crate::cli::flags::Given;

/// Flags that may differ when a run goes on: how fast, how patient, how it is told; and [`WAY`]. All
/// others shape the records, or say which there are.
const MAY_DIFFER: &[&str] = &[
    // speed and patience
    "--adaptive",
    "--backoff",
    "--concurrency",
    "--connect-timeout",
    "--deadline",
    "--delay",
    "--headers-timeout",
    "--host-errors",
    "--max-failures",
    "--fail-fast",
    "--per-host",
    "--rate",
    "--rate-per-host",
    "--read-timeout",
    "--retries",
    "--retry-after-max",
    "--retry-budget",
    "--timeout",
    "--url-timeout",
    // what need not be fetched again
    "--cache",
    "--cache-size",
    "--max-age",
    "--offline",
    // how it is told
    "--color",
    "--config",
    "--control",
    "--dashboard",
    "--log",
    "--log-format",
    "--metrics",
    "--no-config",
    "--progress",
    "--quiet",
    "--report",
    "--report-errors",
    "--trace",
    "--verbose",
    // how it goes on
    "--restart",
    "--resume",
    "--retry-failed",
    "--state",
];

/// Flags that decide as whom, and by which way, something is asked for. A list may go on by another: its
/// records stay as they are. A check may not, since it judges by old answers.
const WAY: &[&str] = &[
    "--auth-file",
    "--ca",
    "--cert",
    "--contact",
    "--cookies",
    "--header",
    "--http",
    "--insecure",
    "--ipv4",
    "--ipv6",
    "--key",
    "--min-tls",
    "--netrc",
    "--no-proxy",
    "--private-ips",
    "--proxy",
    "--resolve",
    "--user-agent",
];

/// Flags whose values are compared by their digest.
const DIGESTED: &[&str] = &["--data"];

/// What makes a run the same run: the command, what it reads, and every flag that shapes its records.
///
/// # Errors
/// A file cannot be read.
pub fn identity_of(command: &str, given: &[Given], specs: &[Spec]) -> anyhow::Result<Identity> {
    let mut run = Identity::default().with("command", command);
    let may_differ = |name: &str| MAY_DIFFER.contains(&name) || WAY.contains(&name);
    for Given { name, value } in given.iter().filter(|given| !may_differ(&given.name)) {
        run = match DIGESTED.contains(&name.as_str()) {
            true => run.with_content(name, &identity::digest(value.as_bytes())),
            false => run.with(name, fetchall::model::redact::line(value, true)),
        };
    }
    for spec in specs {
        match spec {
            Spec::File(path) if path.is_file() => {
                let digest = identity::digest_of_file(path);
                let digest = digest.map_err(|error| anyhow::anyhow!("cannot read {}: {error}", path.display()))?;
                run = run.with_content(path.display().to_string(), &digest);
            }
            Spec::File(_) | Spec::Stdin | Spec::Literal(_) => {}
        }
    }
    Ok(run)
}

/// The same of a check, which depends on the way to a server and on who asks, too. Such values are compared by
/// their digests.
///
/// # Errors
/// None but those of [`identity_of`].
pub fn identity_of_check(given: &[Given]) -> anyhow::Result<Identity> {
    let run = identity_of("check", given, &[])?;
    let of_way = given.iter().filter(|given| WAY.contains(&given.name.as_str()));
    Ok(of_way.fold(run, |run, given| run.with_content(&given.name, &identity::digest(given.value.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> Vec<Given> {
        pairs.iter().map(|(name, value)| Given { name: (*name).into(), value: (*value).into() }).collect()
    }

    #[test]
    fn every_flag_that_may_differ_exists() {
        let definition = crate::cli::definition::definition();
        let all: Vec<String> = std::iter::once(&definition)
            .chain(definition.get_subcommands())
            .flat_map(clap::Command::get_arguments)
            .filter_map(|arg| arg.get_long().map(|long| format!("--{long}")))
            .collect();
        for name in MAY_DIFFER
            .iter()
            .chain(WAY)
            .chain(DIGESTED)
            .chain(super::super::again::MAY_BE_SECRET)
            .chain(&[super::super::SINK])
        {
            assert!(all.iter().any(|long| long == name) || *name == "--contact", "{name}");
        }
    }

    #[test]
    fn a_run_is_the_same_whatever_its_speed_and_another_for_another_selector() {
        let run = |pairs| identity_of("fetch", &given(pairs), &[]).unwrap();
        let was = run(&[("SOURCE", "a"), ("--concurrency", "8"), ("--select", "t=h1")]);
        assert_eq!(run(&[("SOURCE", "a"), ("--rate", "1/s"), ("--select", "t=h1")]), was);
        assert_ne!(run(&[("SOURCE", "a"), ("--select", "t=h2")]), was);
        let secret = run(&[("SOURCE", "https://me:secret@h/"), ("--data", "secret")]);
        assert!(!secret.to_text().contains("secret"));
    }

    #[test]
    fn a_check_is_another_by_other_credentials_and_shows_none() {
        let run = |pairs| identity_of_check(&given(pairs)).unwrap();
        let was = run(&[("SOURCE", "a"), ("--header", "Authorization: secret"), ("--rate", "1/s")]);
        assert_eq!(run(&[("SOURCE", "a"), ("--header", "Authorization: secret")]), was);
        assert_ne!(run(&[("SOURCE", "a")]), was);
        assert!(!was.to_text().contains("secret"));
    }
}
