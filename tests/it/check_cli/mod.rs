//! `fetchall check` as a user has it: exit codes, formats, reports.

mod memory;
mod mending;

use std::{fs, path::Path, sync::OnceLock};

use fetchall::model::{Rule, finding};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::*;

fn fixture(name: &str) -> String {
    format!("{}/fixtures/check/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A folder of its own with these files.
fn files(all: &[(&str, &str)]) -> TempDir {
    let dir = folder();
    for (name, text) in all {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

async fn check(dir: &Path, args: &[&str]) -> Run {
    fetchall(["check"].iter().chain(args)).dir(dir).run().await
}

async fn check_fixture(name: &str, args: &[&str]) -> Run {
    check(Path::new(&fixture(name)), &[&["."], args].concat()).await
}

/// Every line of JSON Lines, held to the schema of links.
#[track_caller]
fn links(run: &Run) -> Vec<Value> {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| jsonschema::validator_for(&finding::schema()).unwrap());
    let read = |line: &str| -> Value {
        let link = serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"));
        let faults: Vec<_> = schema.iter_errors(&link).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}\n{line}");
        link
    };
    run.text().lines().map(read).collect()
}

/// The rules of the findings in a run of `-f jsonl`, sorted.
#[track_caller]
fn rules(run: &Run) -> Vec<String> {
    let links = links(run);
    let mut rules: Vec<_> = links.iter().filter_map(|link| link["rule"].as_str().map(str::to_owned)).collect();
    rules.sort();
    rules
}

/// A copy of the faulty site.
fn faulty() -> TempDir {
    let dir = folder();
    for name in ["index.md", "guide.md", "page.html", "logo.svg"] {
        fs::copy(format!("{}/{name}", fixture("faulty")), dir.path().join(name)).unwrap();
    }
    dir
}

const FAULTS: [&str; 7] = [
    "link.case",
    "link.case",
    "link.mail",
    "link.missing_anchor",
    "link.missing_anchor",
    "link.missing_anchor",
    "link.missing_file",
];

#[tokio::test]
async fn a_site_without_faults_is_done_and_one_with_faults_fails() {
    let clean = check_fixture("clean", &[]).await;
    assert_eq!((clean.exit, clean.text()), (0, ""), "{clean}");
    assert!(clean.stderr.contains(" documents") && clean.stderr.contains(" ok"), "{clean}");
    let faulty = check_fixture("faulty", &[]).await;
    assert_eq!(faulty.exit, 1, "{faulty}");
    assert_eq!(faulty.text().lines().count(), FAULTS.len(), "{faulty}");
    assert!(
        faulty.text().contains("index.md:3:30: link.missing_file missing.md: there is no `missing.md`"),
        "{faulty}"
    );
    assert!(faulty.stderr.contains("7 errors"), "{faulty}");
    let json = check_fixture("faulty", &["-f", "jsonl"]).await;
    assert_eq!(rules(&json), FAULTS);
    assert!(links(&json).iter().any(|link| link["ok"] == true && link["rule"].is_null()), "fine links are there too");
}

#[tokio::test]
async fn what_fails_a_run_is_chosen_by_weight() {
    let off: Vec<String> =
        ["case", "mail", "missing_anchor", "missing_file"].map(|rule| format!("--rule={rule}=warn")).into();
    let warned: Vec<&str> = off.iter().map(String::as_str).collect();
    assert_eq!(check_fixture("faulty", &warned).await.exit, 0);
    assert_eq!(check_fixture("faulty", &[&warned[..], &["--fail-on=warning"]].concat()).await.exit, 1);
    let json = check_fixture("faulty", &["--fail-on=none", "-f=jsonl"]).await;
    assert!(json.exit == 0 && links(&json).iter().all(|link| link["ok"] == true), "{json}");
}

#[tokio::test]
async fn wrong_usage_ends_before_anything_is_sent() {
    let site = Site::start(|_| Reply::status(404)).await;
    let text = format!("[x]({})", site.url("/"));
    let dir = files(&[("a.md", &text), ("bad.cache", "{}\n"), ("bad.ignore", "x until=never\n")]);
    for (args, told) in [
        (&["a.md", "no-such.md"][..], "no-such.md"),
        (&["a.md", "none/*.md"], "none/*.md"),
        (&["a.md", "--remap=( x"], "unclosed group"),
        (&["a.md", "--remap=a $1"], "$1"),
        (&["a.md", "--rule=ded=warn"], "dead"),
        (&["a.md", "--preset=hugoo"], "hugo"),
        (&["a.md", "--exclude=("], "("),
        (&["a.md", "--kinds=imgae"], "image"),
        (&["a.md", "--root-dir=none"], "none is not a folder"),
        (&["a.md", "--ignore-file=none"], "--ignore-file: cannot read none"),
        (&["a.md", "--ignore-file=bad.ignore"], "bad.ignore:1: `never` is not a day"),
        (&["a.md", "--baseline=none"], "--baseline: cannot read none"),
        (&["a.md", "--cache=bad.cache"], "bad.cache, line 1"),
        (&["a.md", "--report=sarif=none/x"], "its folder does not exist"),
        (&["a.md", "--grace=3d"], "--state"),
        (&["a.md", "--ca=none"], "--ca: cannot read none"),
        (&["a.md", "--proxy=nonsense://x"], "proxy"),
        (&["a.md", "--since-ref=--output=x"], "no reference"),
        (&["a.md", "--method=POST"], "--method"),
    ] {
        let run = check(dir.path(), args).await;
        assert_eq!(run.exit, 2, "{args:?}: {run}");
        assert!(run.stderr.contains(told), "{args:?}: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{args:?}");
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn links_that_are_not_there_and_outputs_that_are_full_have_exits_of_their_own() {
    let dir = files(&[("a.md", "# No links\n")]);
    let none = check(dir.path(), &["a.md"]).await;
    assert_eq!(none.exit, 4, "{none}");
    assert!(none.stderr.contains("--allow-empty"), "{none}");
    assert_eq!(check(dir.path(), &["a.md", "--allow-empty"]).await.exit, 0);
    assert_eq!(fetchall(["check"]).stdin("").run().await.exit, 4, "an empty pipe has no links");
    if Path::new("/dev/full").exists() {
        let full = check_fixture("faulty", &["--report=junit=/dev/full"]).await;
        assert_eq!(full.exit, 3, "goes before 1: {full}");
        assert!(full.stderr.contains("cannot write /dev/full"), "{full}");
    }
}

#[tokio::test]
async fn a_run_is_stopped_on_purpose_by_failures_and_by_its_deadline() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/dead" => Reply::status(404),
        _ => Reply::text("x").after(secs(3)),
    })
    .await;
    let slow: String = (0..20).map(|n| format!("[s]({})\n\n", site.url(&format!("/slow/{n}")))).collect();
    let dir = files(&[("a.md", &format!("[d]({})\n\n{slow}", site.url("/dead")))]);
    for flag in ["--fail-fast", "--deadline=1s"] {
        let run = check(dir.path(), &["a.md", flag, "--second-round=off", "--retries=0"]).await;
        assert_eq!(run.exit, 5, "{flag}: {run}");
        assert!(run.stderr.contains("stopped"), "{flag}: {run}");
    }
}

#[tokio::test]
async fn stdin_is_a_document() {
    let run = fetchall(["check", "-f", "jsonl"]).stdin("[x](no/such/file.md) [y](mailto:x)\n").run().await;
    assert_eq!((run.exit, rules(&run)), (1, vec!["link.mail".to_owned(), "link.missing_file".to_owned()]), "{run}");
}

#[tokio::test]
async fn one_run_feeds_every_reader() {
    let dir = folder();
    let out = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let kinds = ["json", "jsonl", "junit", "sarif", "github", "gitlab", "checkstyle", "rdjsonl", "markdown", "text"];
    let reports: Vec<String> = kinds.iter().map(|kind| format!("--report={kind}={}", out(kind))).collect();
    let args: Vec<&str> = [".", "-f", "github"].into_iter().chain(reports.iter().map(String::as_str)).collect();
    let run = fetchall(["check"].iter().chain(&args)).dir(fixture("faulty")).env("GITHUB_STEP_SUMMARY", out("step"));
    fs::write(out("step"), "before\n").unwrap();
    let run = run.run().await;
    assert_eq!(run.exit, 1, "{run}");
    assert_eq!(run.text().matches("::error file=").count(), FAULTS.len(), "{run}");
    let read = |kind: &str| fs::read_to_string(out(kind)).unwrap();
    let json = |kind: &str| -> Value { serde_json::from_str(&read(kind)).unwrap() };
    assert!(read("step").starts_with("before\n## Links: 7 errors"));
    assert_eq!(json("json")["summary"]["errors"], 7);
    assert_eq!(json("json")["findings"].as_array().unwrap().len(), read("jsonl").lines().count());
    assert!(read("jsonl").lines().count() > FAULTS.len());
    assert_eq!(json("sarif")["runs"][0]["results"].as_array().unwrap().len(), FAULTS.len());
    assert_eq!(json("gitlab").as_array().unwrap().len(), FAULTS.len());
    for (kind, mark, count) in [
        ("junit", "<failure", 7),
        ("checkstyle", "<error ", 7),
        ("rdjsonl", "\"severity\":\"ERROR\"", 7),
        ("text", ": link.", 7),
        ("github", "::error ", 7),
    ] {
        assert_eq!(read(kind).matches(mark).count(), count, "{kind}: {}", read(kind));
    }
    assert!(read("rdjsonl").contains("\"column\""), "the documents were read again for columns in bytes");
    assert!(read("markdown").contains("missing.md"));
    let none = check_fixture("faulty", &["-f", "none", "-q"]).await;
    assert_eq!((none.exit, none.text(), none.stderr.as_str()), (1, "", ""));
}

#[tokio::test]
async fn a_reader_that_leaves_ends_the_run_quietly() {
    let links: String = (0..20_000).map(|n| format!("[x](missing-{n}.md)\n\n")).collect();
    let dir = files(&[("a.md", &links)]);
    let report = dir.path().join("report");
    let args = ["check", "a.md", "--report", &format!("sarif={}", report.display())].map(str::to_owned);
    let mut run = fetchall(args).dir(dir.path()).start();
    assert!(run.line().await.unwrap().contains("link.missing_file"));
    run.close_stdout();
    let run = run.wait().await;
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{run}");
    assert!(!report.exists(), "a report that says that all is well would be a lie");
}

#[tokio::test]
async fn statuses_and_addresses_are_chosen() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/forbidden" => Reply::status(404),
        _ => Reply::html("x"),
    })
    .await;
    let dir = files(&[("a.md", &format!("[x]({})\n[y]({})\n", site.url("/forbidden"), site.url("/y")))]);
    let host = site.url("").trim_end_matches('/').trim_start_matches("http://").to_owned();
    assert_eq!(check(dir.path(), &["a.md"]).await.exit, 1);
    assert_eq!(check(dir.path(), &["a.md", "--accept", &format!("{host}=2xx,404")]).await.exit, 0);
    assert_eq!(check(dir.path(), &["a.md", "--accept", "2xx,404"]).await.exit, 0);
    let before = site.hits("/forbidden");
    assert_eq!(check(dir.path(), &["a.md", "--exclude", "/forb"]).await.exit, 0);
    assert_eq!(check(dir.path(), &["a.md", "--external", "off"]).await.exit, 0);
    assert_eq!(site.hits("/forbidden"), before, "what is left out is not asked for");
}

#[tokio::test]
async fn rules_are_explained_beside_codes() {
    let both = fetchall(["explain", "link.case"]).run().await;
    assert!(both.text().contains("--rule case=") && both.text().contains("error.code"), "{both}");
    for rule in Rule::ALL {
        let told = fetchall(["explain", rule.name()]).run().await;
        assert!(told.exit == 0 && told.text().contains(rule.meaning()), "{told}");
    }
    let all = fetchall(["explain"]).run().await;
    assert!(all.text().contains("link.parked") && all.text().contains("dns.not_found"), "{all}");
    let unknown = fetchall(["explain", "link.ded"]).run().await;
    assert!(unknown.exit == 2 && unknown.stderr.contains("did you mean `link.dead`?"), "{unknown}");
    let schema: Value = serde_json::from_str(fetchall(["schema", "link"]).run().await.text()).unwrap();
    assert_eq!(schema, finding::schema());
}

#[test]
fn the_page_about_rules_has_every_rule_as_it_is() {
    let page = fs::read_to_string(format!("{}/docs/check.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `link.")).collect();
    let row = |rule: &Rule| format!("| `{}` | {} | {} |", rule.name(), rule.severity().name(), rule.meaning());
    assert_eq!(rows, Rule::ALL.iter().map(row).collect::<Vec<_>>());
}
