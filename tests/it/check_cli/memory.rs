//! What a check remembers, and what it is told of the past: baseline, state, cache, changes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::*;

#[tokio::test]
async fn a_baseline_leaves_the_old_for_another_day_and_fails_the_new() {
    let dir = faulty();
    let args = [".", "--baseline=old.jsonl"];
    let written = check(dir.path(), &[&args[..], &["--update-baseline"]].concat()).await;
    assert_eq!(written.exit, 0, "{written}");
    assert!(written.stderr.contains("old.jsonl: 7 findings, 0 before"), "{written}");
    let old = fs::read_to_string(dir.path().join("old.jsonl")).unwrap();
    let known = check(dir.path(), &args).await;
    assert_eq!((known.exit, known.text()), (0, ""), "{known}");
    let page = dir.path().join("page.html");
    fs::write(&page, fs::read_to_string(&page).unwrap() + "<a href=other.md>new</a>\n").unwrap();
    let new = check(dir.path(), &args).await;
    assert_eq!((new.exit, new.text().lines().count()), (1, 1), "{new}");
    fs::remove_file(&page).unwrap();
    check(dir.path(), &[&args[..], &["--update-baseline"]].concat()).await;
    let now = fs::read_to_string(dir.path().join("old.jsonl")).unwrap();
    assert_eq!(now.lines().count(), 5);
    assert!(now.lines().all(|line| old.contains(line)), "what is known keeps its day");
}

#[tokio::test]
async fn a_host_that_is_down_fits_into_a_baseline_and_its_documents_are_known_by_any_name() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text: String = (0..40).map(|n| format!("[x](http://127.0.0.1:{port}/{n})\n\n")).collect();
    let dir = files(&[("a.md", &text)]);
    let args = ["--retries=0", "--baseline=old"];
    let written = check(dir.path(), &[&["a.md", "--update-baseline"], &args[..]].concat()).await;
    assert_eq!(written.exit, 0, "{written}");
    assert!(written.stderr.contains("old: 40 findings"), "{written}");
    let path = dir.path().canonicalize().unwrap().join("a.md");
    let known = check(dir.path(), &[&[path.to_str().unwrap()], &args[..]].concat()).await;
    assert_eq!((known.exit, known.text()), (0, ""), "{known}");
    let off = check(dir.path(), &["a.md", "--retries=0", "--rule=dead=off"]).await;
    assert_eq!((off.exit, off.text()), (0, ""), "{off}");
}

#[tokio::test]
async fn what_was_never_asked_is_no_finding_and_is_not_called_good() {
    let dir = files(&[("a.md", "[a](http://127.0.0.1:9/a) [b](http://127.0.0.1:9/b) [l](gone.md)\n")]);
    for (flags, told) in
        [(&["--external=off"][..], "0 ok, 1 error, 2 skipped"), (&["--exclude=."][..], "0 ok, 1 error, 2 skipped")]
    {
        let run = check(dir.path(), &[&["a.md"], flags].concat()).await;
        assert!(run.stderr.contains(told), "{run}");
    }
    let site = Site::start(|ask| match ask.path.as_str() {
        "/dead" => Reply::status(404),
        _ => Reply::text("x").after(secs(60)),
    })
    .await;
    let slow: String = (0..20).map(|n| format!("[s]({})\n\n", site.url(&format!("/slow/{n}")))).collect();
    let dir = files(&[("a.md", &format!("[d]({})\n\n{slow}", site.url("/dead")))]);
    let flags = ["a.md", "--fail-fast", "--per-host=30", "--second-round=off", "--retries=0", "--report=junit=out.xml"];
    let run = check(dir.path(), &flags).await;
    let report = fs::read_to_string(dir.path().join("out.xml")).unwrap();
    assert_eq!((run.exit, report.matches("<failure").count(), run.text().lines().count()), (5, 1, 1), "{run}");
    let flags = ["a.md", "--deadline=1s", "--per-host=30", "--baseline=old", "--update-baseline"];
    let run = check(dir.path(), &flags).await;
    assert_eq!(fs::read_to_string(dir.path().join("old")).unwrap().lines().count(), 1, "{run}");
}

#[tokio::test]
async fn what_is_remembered_is_written_also_when_the_run_fails_or_is_interrupted() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/ok" => Reply::html("x"),
        "/dead" => Reply::status(404),
        _ => Reply::text("x").after(secs(60)),
    })
    .await;
    let link = |path: &str| format!("[x]({})\n\n", site.url(path));
    let dir = files(&[("a.md", &(link("/ok") + &link("/dead"))), ("b.md", &(link("/ok") + &link("/slow")))]);
    let state = ["--cache=cache.jsonl", "--grace=3d", "--state=state.jsonl"];
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap_or_default();
    assert_eq!(check(dir.path(), &[&["a.md"], &state[..]].concat()).await.exit, 1);
    assert_eq!((read("cache.jsonl").lines().count(), read("state.jsonl").lines().count()), (2, 2));
    let asked = site.asks().len();
    let offline = check(dir.path(), &["a.md", "--cache=cache.jsonl", "--offline"]).await;
    assert_eq!((offline.exit, site.asks().len()), (1, asked), "{offline}");
    fs::remove_file(dir.path().join("cache.jsonl")).unwrap();
    let run = fetchall(["check", "b.md"].into_iter().chain(state)).dir(dir.path()).start();
    while site.hits("/slow") == 0 {
        tokio::time::sleep(ms(20)).await;
    }
    tokio::time::sleep(ms(200)).await;
    run.signal(Signal::INT);
    let run = run.wait().await;
    assert_eq!(run.signal, Some(2), "{run}");
    assert!(read("cache.jsonl").contains("/ok"), "{run}");
}

#[tokio::test]
async fn a_check_that_is_killed_again_and_again_asks_for_nothing_twice_and_finds_everything_once() {
    const LINKS: usize = 200;
    let site = Site::start(|ask| match ask.path.trim_start_matches('/').parse::<usize>() {
        Ok(number) if number % 10 == 3 => Reply::status(404),
        _ => Reply::html("<h1 id=a>x</h1>").after(ms(5)),
    })
    .await;
    let links: String = (0..LINKS).map(|n| format!("[x]({}#a)\n\n", site.url(&format!("/{n}")))).collect();
    let dir = files(&[("a.md", &links)]);
    let args =
        ["check", "a.md", "--state=links.state", "--report=jsonl=out.jsonl", "--second-round=off", "--per-host=8"];
    let more = ["--accept=2xx", "--grace=3d"];
    let run = || fetchall(args.into_iter().chain(more)).dir(dir.path());
    for _ in 0..8 {
        let mut child = run().start();
        let until = site.asks().len() + fastrand::usize(1..20);
        while site.asks().len() < until && !child.ended() {
            tokio::time::sleep(ms(1)).await;
        }
        if !child.ended() {
            child.signal(Signal::KILL);
        }
        child.wait().await;
    }
    let noted = fs::read_to_string(dir.path().join("links.state.run")).unwrap().lines().count() - 1;
    assert!(noted > 8, "{noted} answers");
    // Another run is none of its business, nor is a second process.
    let other = fetchall(args.into_iter().chain(["--accept=404"])).dir(dir.path()).run().await;
    assert!(other.exit == 2 && other.stderr.contains("--accept was 2xx, and is 404"), "{other}");
    let asked = site.asks().len();
    let child = run().start();
    while site.asks().len() == asked {
        tokio::time::sleep(ms(1)).await;
    }
    let second = run().run().await;
    assert!(second.exit == 2 && second.stderr.contains("in use by another run"), "{second}");
    child.signal(Signal::INT);
    let stopped = child.wait().await;
    assert_eq!(stopped.signal, Some(2), "{stopped}");
    let again = stopped.stderr.lines().find_map(|line| line.strip_prefix("to go on: fetchall "));
    let again: Vec<&str> = again.unwrap_or_else(|| panic!("{stopped}")).split(' ').collect();
    let last = fetchall(again).dir(dir.path()).run().await;
    assert_eq!(last.exit, 1, "{last}");
    let text = fs::read_to_string(dir.path().join("out.jsonl")).unwrap();
    let mut urls: Vec<String> =
        text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["url"].to_string()).collect();
    urls.sort();
    urls.dedup();
    assert_eq!((text.lines().count(), urls.len()), (LINKS, LINKS), "each link has one record");
    // GET for an anchor; what was in flight at a kill is asked for again.
    assert!(site.asks().len() <= LINKS + 10 * 8, "{} requests", site.asks().len());
    assert!(!dir.path().join("links.state.run").exists(), "what is over is not kept");
    let run = run().run().await;
    assert!(run.exit == 1 && site.asks().len() > LINKS + LINKS / 2, "a new run asks anew: {run}");
}

#[tokio::test]
async fn a_failure_is_counted_once_in_a_check_that_goes_on_and_what_was_to_be_asked_again_is() {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    };
    let is_ill = Arc::new(AtomicBool::new(false));
    let ill = Arc::clone(&is_ill);
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/gone" if ill.load(Relaxed) => Reply::status(404),
        "/ill" if ill.load(Relaxed) => Reply::status(503).after(ms(700)),
        "/slow" if ill.load(Relaxed) => Reply::text("x").after(secs(60)),
        _ => Reply::text("x"),
    })
    .await;
    let link = |path: &str| format!("[x]({})\n\n", site.url(path));
    let dir = files(&[("a.md", &(link("/gone") + &link("/ill") + &link("/slow")))]);
    let args = ["check", "a.md", "--state=links.state", "--grace=1h", "--per-host=9", "--retries=0"];
    let run = || fetchall(args).dir(dir.path());
    let state = || fs::read_to_string(dir.path().join("links.state")).unwrap();
    assert_eq!(run().run().await.exit, 0);
    is_ill.store(true, Relaxed);
    let child = run().start();
    // The server is asked whether it means it (GET), and answers after the check was interrupted.
    while site.asks().iter().filter(|ask| ask.path == "/ill").count() < 3 || site.hits("/slow") < 2 {
        tokio::time::sleep(ms(5)).await;
    }
    child.signal(Signal::INT);
    let stopped = child.wait().await;
    assert!(stopped.signal == Some(2) && state().contains("\"failures\":1"), "{stopped}{}", state());
    is_ill.store(false, Relaxed);
    let asked = site.asks().len();
    let last = run().run().await;
    assert_eq!(last.exit, 0, "{last}");
    let again: Vec<String> = site.asks()[asked..].iter().map(|ask| ask.path.clone()).collect();
    assert!(!again.contains(&"/gone".to_owned()) && again.contains(&"/ill".to_owned()), "{again:?}");
    assert!(state().contains("\"failures\":1") && !state().contains("\"failures\":2"), "{}", state());
}

fn git(dir: &Path, args: &[&str]) {
    let set = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "init.defaultBranch=main"];
    let run = Command::new("git").args(set).args(args).current_dir(dir).output().expect("git is there");
    assert!(run.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&run.stderr));
}

#[tokio::test]
async fn only_what_a_change_touched_is_looked_at() {
    let dir = files(&[
        ("docs/a.md", "# A\n\n[old](missing.md)\n\n[b](b.md) [c](c.md#part)\n"),
        ("docs/b.md", "# B\n"),
        ("docs/c.md", "# C\n\n## Part\n\n[old](missing.md)\n"),
    ]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "-A"]);
    git(dir.path(), &["commit", "-qm", "x"]);
    let args = ["docs", "--since-ref=HEAD", "--allow-empty", "-f=text"];
    let same = check(dir.path(), &args).await;
    assert_eq!((same.exit, same.text()), (0, ""), "{same}");
    git(dir.path(), &["mv", "docs/b.md", "docs/d e.md"]);
    fs::write(dir.path().join("docs/c.md"), "# C\n\n## Other\n\n[old](missing.md)\n\n[new](none.md)\n").unwrap();
    fs::write(dir.path().join("docs/new.md"), "[x](none.md)\n").unwrap();
    for from in [dir.path().to_owned(), dir.path().join("docs")] {
        let source = if from.ends_with("docs") { "." } else { "docs" };
        let run = check(&from, &[&[source], &args[1..]].concat()).await;
        let mut found: Vec<String> = run
            .text()
            .lines()
            .filter_map(|line| {
                let (place, what) = line.split_once(": link.")?;
                let file = PathBuf::from(place.split(':').next()?);
                Some(format!("{} {}", file.file_name()?.to_str()?, what.split(':').next()?))
            })
            .collect();
        found.sort();
        let expected = [
            "a.md missing_anchor c.md#part",
            "a.md missing_file b.md",
            "c.md missing_file none.md",
            "new.md missing_file none.md",
        ];
        assert_eq!(found, expected, "{run}");
    }
    let unknown = check(dir.path(), &["docs", "--since-ref=nowhere"]).await;
    assert!(unknown.exit == 2 && unknown.stderr.contains("--since-ref: git: "), "{unknown}");
}
