//! Runs that end in the middle, and disks that take no more.

use super::*;

/// A head that promises more than comes.
fn begun(body: &[u8], told: usize, more: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/pdf\r\ncontent-length: {told}\r\n{more}\r\n");
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_run_that_is_killed_leaves_nothing_under_a_final_name() {
    let body = bytes(900_000);
    let whole = body.clone();
    let site = Site::start(move |ask| match ask.hit {
        0 => Reply::stall(begun(&body[..600_000], body.len(), "")),
        _ => Reply::of("application/pdf", body.as_slice()),
    })
    .await;
    let shelf = Shelf::new();
    let url = site.url("/a.pdf");
    let child = shelf.save([url.as_str()]).start();
    let is_long = |name: &String| fs::metadata(shelf.path("pages").join(name)).is_ok_and(|facts| facts.len() > 300_000);
    until(|| shelf.all("pages").iter().any(is_long)).await;
    child.signal(Signal::KILL);
    child.wait().await;
    let all = shelf.all("pages");
    assert!(all.len() == 1 && is_part(&all[0]), "{all:?}");
    let run = shelf.save([url.as_str()]).run().await;
    assert_eq!(shelf.saved(&run.record(0)), whole);
    assert_eq!(shelf.all("pages").len(), 1, "what the first has left is gone");
}

#[tokio::test]
async fn a_run_that_is_killed_again_and_again_has_each_body_and_each_record_once() {
    let lines = 300;
    let site = Site::start(|ask| Reply::text(ask.path.as_str())).await;
    let shelf = Shelf::new();
    let list: String = (0..lines).map(|n| site.url(&format!("/{n}")) + "\n").collect();
    fs::write(shelf.path("urls.txt"), list).unwrap();
    let args = ["urls.txt", "-c16", "--per-host=16", "--state=run.db", "-o", "out.jsonl", "-q"];
    for _ in 0..6 {
        let mut child = shelf.save(args).start();
        let more = site.asks().len() + fastrand::usize(1..lines / 6);
        while site.asks().len() < more && !child.ended() {
            tokio::time::sleep(ms(1)).await;
        }
        if !child.ended() {
            child.signal(Signal::KILL);
        }
        child.wait().await;
        // Whatever has its name is whole.
        for name in shelf.all("pages").iter().filter(|name| !is_part(name)) {
            let path = format!("/{}", name.rsplit('/').next().unwrap().trim_end_matches("+.txt"));
            assert_eq!(fs::read_to_string(shelf.path("pages").join(name)).unwrap(), path);
        }
    }
    assert_eq!(shelf.save(args).run().await.exit, 0);
    let text = fs::read_to_string(shelf.path("out.jsonl")).unwrap();
    let records: Vec<_> = text.lines().map(checked).collect();
    records.iter().for_each(|record| drop(shelf.saved(record)));
    let names: std::collections::BTreeSet<_> =
        records.iter().map(|record| record["saved"]["path"].to_string()).collect();
    assert_eq!((records.len(), names.len(), shelf.all("pages").len()), (lines, lines, lines));
}

#[tokio::test]
async fn a_run_that_is_stopped_takes_away_what_it_cannot_go_on_with() {
    let body = bytes(900_000);
    let site = Site::start(move |_| Reply::stall(begun(&body[..600_000], body.len(), ""))).await;
    let shelf = Shelf::new();
    let run = shelf.save([site.url("/a.pdf").as_str(), "--read-timeout=200ms", "--retries=0"]).run().await;
    assert_eq!((run.exit, &run.record(0)["error"]["code"]), (1, &"timeout.read".into()), "{run}");
    assert_eq!(shelf.all("pages"), Vec::<String>::new());
}

/// A run of which no file may be longer than 32 KiB.
fn limited(shelf: &Shelf, args: &[&str]) -> Fetchall {
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"";
    let all = [&["-c", script, env!("CARGO_BIN_EXE_fetchall")], args, &["--save=pages"]].concat();
    program("/bin/sh", all).dir(shelf.0.path())
}

#[tokio::test]
async fn a_disk_that_takes_no_more_ends_the_run_and_another_one_does_the_rest() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/big.pdf" => Reply::of("application/pdf", bytes(100_000)),
        // What is behind it in the list is not asked for any more.
        path => Reply::text(path),
    })
    .await;
    let shelf = Shelf::new();
    let list: String = ["/a", "/big.pdf", "/b", "/c"].iter().map(|path| site.url(path) + "\n").collect();
    fs::write(shelf.path("urls.txt"), list).unwrap();
    let run = limited(&shelf, &["urls.txt", "-c1"]).run().await;
    assert_eq!(run.exit, 3, "{run}");
    assert!(run.stderr.contains("pages/.") && run.stderr.contains("large"), "{run}");
    let records = run.records();
    assert_eq!(records.len(), 4, "{run}");
    for record in &records {
        match record["ok"] == true {
            true => drop(shelf.saved(record)),
            false => assert!(record["saved"].is_null(), "{record}"),
        }
    }
    let codes: Vec<_> = records.iter().filter_map(|record| record["error"]["code"].as_str()).collect();
    assert!(codes.contains(&"io.write") && codes.contains(&"cancelled"), "{codes:?}");
    assert!(shelf.all("pages").iter().all(|name| name.ends_with("a+.txt")), "{:?}", shelf.all("pages"));
    // With a journal: the rest, and each once.
    let shelf_2 = Shelf::new();
    fs::copy(shelf.path("urls.txt"), shelf_2.path("urls.txt")).unwrap();
    let args = ["urls.txt", "-c1", "--state=run.db", "-o", "out.jsonl"];
    let script = "trap '' XFSZ; ulimit -f 190; exec \"$0\" \"$@\"";
    let all = [&["-c", script, env!("CARGO_BIN_EXE_fetchall")], &args[..], &["--save=pages"]].concat();
    let run = program("/bin/sh", all).dir(shelf_2.0.path()).run().await;
    assert_eq!(run.exit, 3, "{run}");
    let run = shelf_2.save(args).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let text = fs::read_to_string(shelf_2.path("out.jsonl")).unwrap();
    let mut seqs: Vec<_> = text.lines().map(|line| checked(line)["seq"].as_u64().unwrap()).collect();
    seqs.sort_unstable();
    assert_eq!((seqs, shelf_2.all("pages").len()), (vec![0, 1, 2, 3], 4));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_ends_the_run_and_is_named() {
    let site = Site::start(|_| Reply::text("x")).await;
    let shelf = Shelf::new();
    for dir in ["/proc/no/such", "/dev/null/pages"] {
        let run = fetchall([&site.url("/a"), "--save", dir]).dir(shelf.0.path()).run().await;
        assert!(run.exit == 3 && run.stderr.contains(dir), "{run}");
        assert_eq!(run.record(0)["error"]["code"], "io.write");
    }
    // A crawl, too.
    let run = fetchall(["crawl", &site.url("/"), "--save", "/proc/no/such"]).run().await;
    assert!(run.exit == 3 && run.stderr.contains("/proc/no/such"), "{run}");
}

#[tokio::test]
async fn links_that_were_planted_are_not_followed() {
    let site = Site::start(|_| Reply::text("new")).await;
    let shelf = Shelf::new();
    let host = format!("pages/127.0.0.1+{}", site.addr().port());
    fs::create_dir_all(shelf.path(&host)).unwrap();
    fs::create_dir(shelf.path("outside")).unwrap();
    fs::write(shelf.path("outside/mine.txt"), "mine").unwrap();
    std::os::unix::fs::symlink(shelf.path("outside/mine.txt"), shelf.path(&host).join("a.txt")).unwrap();
    std::os::unix::fs::symlink(shelf.path("outside"), shelf.path(&host).join("d")).unwrap();
    let run = shelf.save([site.url("/a.txt").as_str()]).run().await;
    assert_eq!(shelf.saved(&run.record(0)), b"new");
    assert!(!shelf.path(&host).join("a.txt").is_symlink());
    let run = shelf.save([site.url("/d/mine.txt").as_str()]).run().await;
    assert!(run.exit == 3 && run.stderr.contains("/d: it is no folder, or a link"), "{run}");
    assert_eq!(fs::read_to_string(shelf.path("outside/mine.txt")).unwrap(), "mine");
    assert_eq!(shelf.all("outside"), ["mine.txt"]);
}
