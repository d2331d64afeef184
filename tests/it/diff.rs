//! `fetchall diff`: two real runs, compared.

use std::fs;

use serde_json::Value;

use crate::support::*;

/// Runs a list against a site twice, the second time with another site behind the same name.
async fn two_runs() -> (tempfile::TempDir, Vec<String>) {
    let answer = |second: bool| {
        move |ask: &Ask| match (ask.path.as_str(), second) {
            ("/breaks", true) | ("/heals", false) => Reply::status(404),
            ("/changes", second) => Reply::text(format!("{second}")),
            ("/moves", true) => Reply::redirect(302, "/stays"),
            _ => Reply::text("same"),
        }
    };
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for (second, name) in [(false, "old.jsonl"), (true, "new.jsonl")] {
        let site = Site::start(answer(second)).await;
        let only = if second { "/comes" } else { "/goes" };
        let list: String = ["/stays", "/breaks", "/heals", "/changes", "/moves", "/stays", only]
            .map(|path| format!("http://site.test:{}{path}\n", site.addr().port()))
            .concat();
        let resolve = format!("site.test:{}:127.0.0.1", site.addr().port());
        fetchall(["-", "--resolve", &resolve, "-o", name, "-q"]).dir(&dir).stdin(list).run().await;
        // The port is the only thing that differs by chance.
        let path = dir.path().join(name);
        let text = fs::read_to_string(&path).unwrap().replace(&format!(":{}", site.addr().port()), "");
        fs::write(&path, text).unwrap();
    }
    let names = ["old.jsonl", "new.jsonl"].map(|name| dir.path().join(name).to_str().unwrap().to_owned());
    (dir, names.to_vec())
}

#[tokio::test]
async fn what_changed_is_told_once_each_and_what_broke_is_exit_1() {
    let (dir, names) = two_runs().await;
    let (old, new) = (names[0].as_str(), names[1].as_str());
    let run = fetchall(["diff", old, new, "-f", "text", "--slower", "2x,1h"]).run().await;
    assert_eq!(run.exit, 1, "{run}");
    let mut lines: Vec<_> = run.text().lines().collect();
    lines.sort_unstable();
    let told = [
        "broke    http://site.test/breaks: 200, now 404 http.client_error",
        "content  http://site.test/changes: 200",
        "gone     http://site.test/goes: was 200",
        "healed   http://site.test/heals: 404 http.client_error, now 200",
        "new      http://site.test/comes: 200",
        "redirect http://site.test/moves: 200",
    ];
    assert_eq!(lines, told);
    assert!(run.stderr.starts_with("1 broke, 1 healed, "), "{run}");

    let same = fetchall(["diff", old, old]).run().await;
    assert_eq!((same.exit, same.text(), same.stderr.trim()), (0, "", "nothing has changed"), "{same}");
    let only = fetchall(["diff", old, new, "--only", "healed,gone", "-q"]).run().await;
    let changes: Vec<Value> = only.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((only.exit, changes.len(), only.stderr.as_str()), (1, 2, ""), "{only}");
    assert_eq!(changes[0]["old"]["code"], "http.client_error");
    assert!(changes[1]["new"].is_null());

    let packed = dir.path().join("new.jsonl.gz");
    fs::write(&packed, gzip(&fs::read(new).unwrap())).unwrap();
    for (run, stdin) in
        [(["diff", old, packed.to_str().unwrap()], None), (["diff", old, "-"], Some(fs::read(new).unwrap()))]
    {
        let run = fetchall(run);
        let run = match stdin {
            Some(text) => run.stdin(text).run().await,
            None => run.run().await,
        };
        assert_eq!((run.exit, run.text().lines().count()), (1, told.len()), "{run}");
    }
}

#[tokio::test]
async fn what_is_no_run_is_told_and_exit_2() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(dir.path().join("notes.txt"), "notes\n").unwrap();
    fs::write(dir.path().join("empty.jsonl"), "").unwrap();
    for (args, told) in [
        (&["diff", "notes.txt", "empty.jsonl"][..], "notes.txt, line 1"),
        (&["diff", "empty.jsonl", "notes.txt"], "notes.txt, line 1"),
        (&["diff", "empty.jsonl", "gone.jsonl"], "gone.jsonl"),
        (&["diff", "gone.jsonl", "empty.jsonl"], "gone.jsonl"),
        (&["diff", "empty.jsonl"], "NEW"),
        (&["diff", "empty.jsonl", "empty.jsonl", "--only", "borke"], "did you mean `broke`?"),
        (&["diff", "empty.jsonl", "empty.jsonl", "--slower", "twice"], "2x,250ms"),
    ] {
        let run = fetchall(args).dir(&dir).run().await;
        assert!(run.exit == 2 && run.stderr.contains(told) && run.text().is_empty(), "{args:?}: {run}");
    }
    assert_eq!(fetchall(["diff", "empty.jsonl", "empty.jsonl"]).dir(&dir).run().await.exit, 0);
}
