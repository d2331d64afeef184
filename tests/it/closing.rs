//! What a run says last to people: a few commands, which work as they are pasted.

use std::{fs, path::Path};

use crate::support::*;

/// A run in a folder, on a terminal of its own (`script` of util-linux), with `fetchall` on the path.
fn on_a_terminal(dir: &Path, command: &str) -> Fetchall {
    let bin = Path::new(env!("CARGO_BIN_EXE_fetchall")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    program("script", ["-qec", command, "/dev/null"]).dir(dir).env("PATH", path).env("NO_COLOR", "1")
}

/// The commands of the closing lines: what stands behind `to …: `.
fn commands(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("to "));
    lines.filter_map(|line| Some(line.split_once(": ")?.1.to_owned())).collect()
}

async fn site() -> Site {
    Site::start(|ask| match (ask.path.as_str(), ask.hit) {
        ("/busy", 0) => Reply::status(500),
        ("/gone", _) => Reply::status(404),
        _ => Reply::text("x"),
    })
    .await
}

#[tokio::test]
async fn a_run_on_a_terminal_ends_with_three_commands_at_most_that_work_as_they_are_pasted() {
    let (site, shelf) = (site().await, Shelf::new());
    let urls: String = (0..20).map(|n| site.url(&format!("/{n}\n"))).collect();
    fs::write(shelf.path("my list.txt"), urls + &site.url("/busy\n") + &site.url("/gone\n")).unwrap();
    let dir = shelf.0.path();
    let run = on_a_terminal(dir, "fetchall 'my list.txt' -o out.jsonl --retries 0 --progress none").run().await;
    let told = commands(run.text());
    assert_eq!((run.exit, told.len()), (1, 3), "{run}");
    assert!(told[0].starts_with("fetchall explain http."), "{told:?}");
    let mut texts = Vec::new();
    for command in &told {
        let run = on_a_terminal(dir, command).run().await;
        assert!(run.exit <= 1, "{command}: {run}");
        texts.push(run.text().to_owned());
    }
    assert!(texts[0].contains("The server answered 4xx"), "{texts:?}");
    // What failed was asked for again, and nothing else.
    assert_eq!((site.hits("/busy"), site.hits("/gone"), site.hits("/7")), (2, 2, 1));
    assert!(fs::read_to_string(shelf.path("out.html")).unwrap().starts_with("<!doctype html>"));
}

#[tokio::test]
async fn logs_and_quiet_runs_have_no_closing_commands_and_secrets_are_in_none() {
    let (site, shelf) = (site().await, Shelf::new());
    let gone = site.url("/gone");
    let args = [gone.as_str(), "-o", "out.jsonl", "--retries", "0"];
    let log = shelf.fetchall(&args).run().await;
    assert_eq!((log.exit, commands(&log.stderr).len()), (1, 0), "{log}");
    let command = format!("fetchall {gone} {} -o out.jsonl --retries 0 --progress none", site.url("/busy"));
    let dir = shelf.0.path();
    let quiet = on_a_terminal(dir, &format!("{command} -q")).run().await;
    assert_eq!((quiet.exit, quiet.text()), (1, ""), "{quiet}");
    let secret = on_a_terminal(dir, &format!("{command} -H 'X-Key: CANARY'")).run().await;
    assert_eq!(commands(secret.text()), ["fetchall explain http.client_error"], "{secret}");
    assert!(!secret.text().contains("CANARY"), "{secret}");
}
