//! The checker through its front door: folders on the disk, sites on loopback.

mod local;
mod place;
mod remote;
mod site;

use std::{fs, path::Path, time::Duration};

use fetchall::{
    checker::{CheckEnd, CheckPlan, Checker, Start},
    model::Finding,
};
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// A plan for a folder, quick to give up.
fn plan(root: &Path) -> CheckPlan {
    starting(Start::Path(root.to_owned()))
}

/// A plan for a page.
fn page(url: &str) -> CheckPlan {
    starting(Start::Page(url.parse().unwrap()))
}

/// A plan for a text with these addresses, one a line.
fn list(urls: &[String]) -> CheckPlan {
    starting(Start::Text("list.txt".to_owned(), urls.join("\n")))
}

fn starting(start: Start) -> CheckPlan {
    let mut plan = CheckPlan { starts: vec![start], ..CheckPlan::default() };
    plan.fetch.retry.base = Duration::from_millis(1);
    plan.fetch.transport.proxies.clear();
    plan.fetch.transport.no_proxy = Some("*".to_owned());
    plan
}

/// What a run came to.
struct Checked {
    found: Vec<Finding>,
    end: CheckEnd,
}

async fn check(plan: CheckPlan) -> Checked {
    let mut run = Checker::new(plan).unwrap().start();
    let mut found = Vec::new();
    while let Some(finding) = run.findings.recv().await {
        found.push(finding);
    }
    Checked { found, end: run.end.await.unwrap() }
}

impl Checked {
    /// Each finding as `rule raw`, sorted; ` = suggestion` where there is one.
    fn told(&self) -> Vec<String> {
        let mut told: Vec<String> = self.found.iter().map(told).collect();
        told.sort();
        told
    }

    /// The only finding.
    fn only(&self) -> &Finding {
        assert_eq!(self.found.len(), 1, "{:?}", self.told());
        &self.found[0]
    }
}

fn told(finding: &Finding) -> String {
    let what = match (&finding.skip, finding.rule) {
        (Some(skip), _) => format!("({})", skip.code),
        (None, Some(rule)) => rule.name().trim_start_matches("link.").to_owned(),
        (None, None) => finding.error.as_ref().map_or("ok".to_owned(), |error| error.code.to_string()),
    };
    let suggestion = finding.suggestion.as_ref().map(|one| format!(" = {}", one.url)).unwrap_or_default();
    format!("{what} {}{suggestion}", finding.source.raw)
}
