//! docs/hostile.md, written from the catalogue.

use std::{collections::HashSet, fmt::Write as _, fs, path::PathBuf};

use crate::server::{Behaviour, Set, catalogue};

const HEAD: &str = "# A hostile world

What a server can do wrong, and what `fetchall` says of it. Each line is a behaviour of the misbehaving
server of the tests (`tests/hostile/`), which has a port of its own for each; the tests hold the record
to this table, with each behaviour alone in a process of its own and with all of them at once in one.
The page is written by a test (`cargo test --all-features --test hostile page`): edit the behaviours.

`cargo run --example hostile_server` opens all the ports and prints a list of them, for scripts.

The runs have `--timeout 4s --headers-timeout 1s --read-timeout 1s --connect-timeout 1s --retries 0
--max-body 1MiB --host-errors 0` where the behaviour is about time, and more patience elsewhere; the last
column is the time within which the record is there, counted from the start of the process. These are the
times of a release build (`cargo test --release --test hostile`, as tests/run.sh has it); a debug build is
given more of everything.
";

fn record(behaviour: &Behaviour) -> String {
    // Such a run is in words: it is judged by them.
    if behaviour.flags.iter().any(|flag| flag.starts_with("-f")) {
        return "none: nothing that a terminal acts on is shown".to_owned();
    }
    let expect = &behaviour.expect;
    let status = expect.status.map(|status| format!(" {status}")).unwrap_or_default();
    let codes: Vec<_> = expect.codes.iter().map(|code| format!("`{code}`")).collect();
    format!("{}{status} {}", expect.outcome, codes.join(" or ")).trim_end().to_owned()
}

fn command(set: Set) -> &'static str {
    match set {
        Set::Fetch => "",
        Set::Robots => " (`--robots obey`)",
        Set::Cookies => " (`--cookies on`)",
        Set::Save => " (`--save`)",
        Set::Crawl => " (`crawl`)",
        Set::Check => " (`check`)",
    }
}

fn page() -> String {
    let all = catalogue();
    let mut page = HEAD.to_owned();
    writeln!(page, "\n{} behaviours.", all.len()).unwrap();
    let mut seen = HashSet::new();
    let groups: Vec<_> = all.iter().map(|it| it.group).filter(|group| seen.insert(*group)).collect();
    for group in groups {
        writeln!(page, "\n## {group}\n\n| behaviour | the server | the record | within |").unwrap();
        writeln!(page, "| --- | --- | --- | --- |").unwrap();
        for it in all.iter().filter(|it| it.group == group) {
            let does = it.does.replace('|', "\\|");
            let within = it.expect.within.as_secs_f64();
            writeln!(page, "| `{}` | {does}{} | {} | {within} s |", it.name, command(it.set), record(it)).unwrap();
        }
    }
    page
}

#[test]
fn the_page_of_behaviours_says_what_the_catalogue_says() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/hostile.md");
    let now = page();
    if fs::read_to_string(&path).unwrap_or_default() != now {
        fs::write(&path, now).unwrap();
        panic!("{} was not up to date and was written anew: look at it and commit it", path.display());
    }
}
