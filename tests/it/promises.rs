//! The table of promises (`docs/promises.md`): each row is there, and each test that it names.

use std::{collections::BTreeMap, fs, path::PathBuf};

/// Rows of the table.
const ROWS: u32 = 50;

/// A row: its number, and the tests that hold it.
struct Row {
    number: u32,
    tests: Vec<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of `| number | promise | tests | bound |`.
fn rows(table: &str) -> Vec<Row> {
    let cells = |line: &str| line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    table
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| {
            let cells: Vec<String> = cells(line);
            let number = cells.first()?.parse().ok()?;
            let tests = cells.get(2)?.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            Some(Row { number, tests })
        })
        .collect()
}

/// The files in which a test of these modules may stand, the nearest first.
fn places(target: &str, modules: &[&str]) -> Vec<PathBuf> {
    let base = match target {
        "lib" | "bin" => root().join("src"),
        suite => root().join("tests").join(suite),
    };
    let mut out = Vec::new();
    // The test may stand in the file of its module, or in that of any module around it.
    for count in (0..=modules.len()).rev() {
        let path = modules[..count].iter().fold(base.clone(), |path, module| path.join(module));
        out.extend([path.with_extension("rs"), path.join("mod.rs"), path.join("lib.rs"), path.join("main.rs")]);
    }
    out.retain(|path| path.is_file());
    out
}

/// Why a name is that of no test, if it is not.
fn fault(name: &str) -> Option<String> {
    if name.contains('/') {
        let is_there = root().join(name).is_file();
        return (!is_there).then(|| format!("there is no file {name}"));
    }
    let parts: Vec<&str> = name.split("::").collect();
    let [target, modules @ .., test] = parts.as_slice() else {
        return Some(format!("{name} has no target"));
    };
    let suite = root().join("tests").join(format!("{target}.rs"));
    let is_alone = modules.is_empty() && suite.is_file();
    let files = if is_alone { vec![suite] } else { places(target, modules) };
    let has_it = |path: &PathBuf| fs::read_to_string(path).is_ok_and(|text| is_test(&text, test));
    match files.first() {
        // The nearest file that the modules lead to; modules that stand in a file of another are found there.
        Some(_) if files.iter().any(has_it) => None,
        Some(nearest) => Some(format!("{name}: no such test in {}", nearest.display())),
        None => Some(format!("{name}: no such file")),
    }
}

/// Whether a text has that function as a test: what stands above it says so, or a macro makes one of each
/// `name: …`.
fn is_test(text: &str, test: &str) -> bool {
    let is_made = || {
        let start = format!("{test}: ");
        text.contains("fn $name()") && text.lines().any(|line| line.trim_start().starts_with(&start))
    };
    let is_written = text.match_indices(&format!("fn {test}(")).any(|(at, _)| {
        let line = text[..at].rfind('\n').map_or(0, |line| line + 1);
        let above: Vec<&str> = text[..line].lines().rev().take_while(|line| !line.trim().is_empty()).collect();
        above.iter().any(|line| {
            let line = line.trim();
            line.starts_with("#[") && line.contains("test") && !line.starts_with("#[cfg")
        })
    });
    is_written || is_made()
}

fn table() -> String {
    fs::read_to_string(root().join("docs/promises.md")).unwrap()
}

#[test]
fn every_promise_has_its_row_and_every_row_a_test_that_is_there() {
    let mut seen = BTreeMap::<u32, usize>::new();
    let mut faults = Vec::new();
    for row in rows(&table()) {
        *seen.entry(row.number).or_default() += 1;
        if row.tests.is_empty() {
            faults.push(format!("row {}: no test", row.number));
        }
        faults.extend(row.tests.iter().filter_map(|name| fault(name)).map(|why| format!("row {}: {why}", row.number)));
    }
    faults.extend((1..=ROWS).filter(|row| seen.get(row) != Some(&1)).map(|row| format!("row {row} is not there once")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_name_that_is_that_of_no_test_is_found_out() {
    for name in [
        "lib::engine::tests::law::no_such_test",
        "lib::engine::tests::law::most_within",
        "lib::nowhere::x",
        "it::limits::list",
        "tests/none.sh",
        "x",
    ] {
        assert!(fault(name).is_some(), "{name}");
    }
    for name in [
        "lib::engine::tests::law::a_redirect_to_another_host_waits_for_that_host",
        "lib::policy::step::tests::statuses_have_their_codes",
        "lib::policy::url::tests::normalising_twice_changes_nothing",
        "bin::cli::exit::tests::of_several_facts_the_strongest_decides",
        "it::limits::caps_hold_as_the_server_counts",
        "it::crawl::limits::a_host_has_its_budget",
        "allocations::a_request_on_a_kept_connection_takes_no_more_allocations_than_agreed",
        "tests/kills.sh",
    ] {
        assert_eq!(fault(name), None);
    }
    let made = "macro_rules! groups { #[test]\n async fn $name() {} }\n\ngroups! {\n    a_test: 1;\n}\n";
    assert!(is_test(made, "a_test") && !is_test(made, "another"));
    assert_eq!(rows("| # | a |\n|---|---|\n| 3 | p | `it::a` `it::b` | - |\nother").len(), 1);
}
