//! `--cookies FILE`: read before the run, written after it, as curl does.

use std::process::Command;

use super::*;

/// Sets cookies of every kind at `/set`, says nothing elsewhere.
async fn setting() -> Site {
    Site::start(|ask| match ask.path.as_str() {
        "/set" => Reply::html("<a href=/other>x</a>")
            .header("Set-Cookie", "sid=CANARY; Path=/; HttpOnly")
            .header("Set-Cookie", "lang=de; Path=/; Max-Age=1000")
            .header("Set-Cookie", "gone=1; Path=/; Max-Age=0"),
        "/slow" => Reply::html("x").after(secs(20)),
        _ => Reply::html("x"),
    })
    .await
}

fn cookie_of(site: &Site, path: &str) -> Vec<String> {
    let ask = site.asks().into_iter().rev().find(|ask| ask.path == path);
    let field = ask.and_then(|ask| ask.header("cookie").map(str::to_owned)).unwrap_or_default();
    let mut cookies: Vec<String> = field.split("; ").filter(|one| !one.is_empty()).map(str::to_owned).collect();
    cookies.sort();
    cookies
}

const BOTH: [&str; 2] = ["lang=de", "sid=CANARY"];

#[tokio::test]
async fn what_one_command_was_given_the_next_one_brings_back() {
    let site = setting().await;
    for name in ["jar.txt", "jar.json"] {
        let jar = folder().join(name);
        let flag = format!("--cookies={}", jar.display());
        let (set, other) = (site.url("/set"), site.url("/other"));
        let run = fetchall(["fetch", &set, &flag]).run().await;
        assert_eq!(run.exit, 0, "{run}");
        assert!(!format!("{run}").contains("CANARY"), "{run}");
        let first = fs::read_to_string(&jar).unwrap();
        for command in [&["fetch", &other][..], &["crawl", &other, "--depth=0"], &["check", &other]] {
            let run = fetchall(command.iter().copied().chain([flag.as_str()])).run().await;
            assert!(!format!("{run}").contains("CANARY"), "{run}");
            assert_eq!(cookie_of(&site, "/other"), BOTH, "{command:?} {run}");
            let again = fs::read_to_string(&jar).unwrap();
            assert!(again.contains("CANARY") && (name == "jar.json" || again == first), "{command:?}");
        }
        let crawled = folder().join(name);
        let flag = format!("--cookies={}", crawled.display());
        fetchall(["crawl", &set, &flag, "--depth=1"]).run().await;
        assert_eq!(cookie_of(&site, "/other"), BOTH);
        assert!(fs::read_to_string(&crawled).unwrap().contains("CANARY"));
        let checked = folder().join(name);
        fetchall(["check", &set, &format!("--cookies={}", checked.display())]).run().await;
        assert!(fs::read_to_string(&checked).unwrap().contains("CANARY"));
    }
}

#[tokio::test]
async fn curl_and_fetchall_read_what_the_other_one_wrote() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: there is no curl here");
        return;
    }
    let site = setting().await;
    let curl = |args: [String; 5]| async {
        let mut curl = tokio::process::Command::new("curl");
        assert!(curl.arg("-sS").args(args).output().await.unwrap().status.success());
    };
    let jar = folder().join("jar.txt").to_str().unwrap().to_owned();
    let null = || "/dev/null".to_owned();
    curl(["-o".into(), null(), "-c".into(), jar.clone(), site.url("/set")]).await;
    let flag = format!("--cookies={jar}");
    let run = fetchall(["fetch", &site.url("/ours"), &flag]).run().await;
    assert_eq!((run.exit, cookie_of(&site, "/ours")), (0, BOTH.map(String::from).to_vec()), "{run}");
    assert!(fs::read_to_string(&jar).unwrap().contains("#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\tCANARY\n"));
    curl(["-o".into(), null(), "-b".into(), jar.clone(), site.url("/theirs")]).await;
    assert_eq!(cookie_of(&site, "/theirs"), BOTH);
}

#[tokio::test]
async fn a_file_with_a_line_that_is_no_cookie_ends_it_before_anything_is_sent() {
    let site = setting().await;
    let jar = file("jar.txt", "h.example\tFALSE\t/\tFALSE\t0\ta\t1\nh.example\tCANARY\n");
    for command in ["fetch", "crawl", "check"] {
        let run = fetchall([command, &site.url("/set"), &format!("--cookies={jar}")]).run().await;
        assert_eq!(run.exit, 2, "{run}");
        assert!(run.stderr.contains("jar.txt, line 2: a cookie has 7 fields"), "{run}");
        assert!(!format!("{run}").contains("CANARY"), "{run}");
    }
    assert!(site.asks().is_empty());
    assert!(fs::read_to_string(&jar).unwrap().contains("CANARY"), "the file is as it was");
}

#[tokio::test]
async fn the_file_is_written_however_the_run_ends() {
    let site = setting().await;
    for extra in [&["--deadline=1s"][..], &["--fail-fast", "--timeout=1s", "--retries=0"]] {
        let jar = folder().join("jar.txt");
        let flag = format!("--cookies={}", jar.display());
        let (set, slow) = (site.url("/set"), site.url("/slow"));
        let run = fetchall(["fetch", &set, &slow, "-c1", &flag].iter().chain(extra)).run().await;
        assert_eq!(run.exit, 5, "{run}");
        assert!(fs::read_to_string(&jar).unwrap().contains("CANARY"));
    }
    let jar = folder().join("jar.txt");
    let flag = format!("--cookies={}", jar.display());
    let mut child = fetchall(["fetch", &site.url("/set"), &site.url("/slow"), "-c1", &flag]).start();
    child.line().await;
    child.signal(Signal::INT);
    let run = child.wait().await;
    assert!(fs::read_to_string(&jar).unwrap().contains("CANARY"), "{run}");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_makes_the_run_incomplete() {
    let lost = folder().join("lost");
    for command in ["fetch", "crawl", "check"] {
        fs::create_dir(&lost).unwrap();
        let gone = lost.clone();
        let site = Site::start(move |_| {
            let _ = fs::remove_dir_all(&gone);
            Reply::html("<a href=/x>x</a>").header("Set-Cookie", "sid=CANARY")
        })
        .await;
        let flag = format!("--cookies={}", lost.join("jar.txt").display());
        let run = fetchall([command, &site.url("/"), &flag]).run().await;
        assert_eq!(run.exit, 3, "{command} {run}");
        assert!(run.stderr.contains("cannot write the cookies to"), "{run}");
        assert!(!format!("{run}").contains("CANARY"), "{run}");
    }
}

#[tokio::test]
async fn a_dry_run_reads_the_file_and_leaves_it() {
    let site = setting().await;
    let jar = folder().join("jar.txt");
    let run = fetchall(["fetch", &site.url("/set"), "-n", &format!("--cookies={}", jar.display())]).run().await;
    assert_eq!((run.exit, jar.exists()), (0, false), "{run}");
}
