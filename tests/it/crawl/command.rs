//! The command: seeds, formats, ends.

use super::*;

#[tokio::test]
async fn seeds_come_from_words_lists_and_pipes_and_each_has_its_record() {
    let site = site(&[("/", ""), ("/a", "")]).await;
    let list = format!("{}\nnot a url\n{}\nftp://h/x\n{}#again\n", site.url("/"), site.url("/a"), site.url("/a"));
    let run = fetchall(["crawl", "-", "--with=skipped"]).stdin(list).run().await;
    let records = run.records();
    assert_eq!((run.exit, records.len(), asked(&site)), (1, 5, 2), "{run}");
    let told = |seq: u64| {
        let record = run.record(seq);
        record["error"]["code"].as_str().or(record["skip"]["code"].as_str()).unwrap_or("ok").to_owned()
    };
    assert_eq!((0..5).map(told).collect::<Vec<_>>(), ["ok", "url.invalid", "ok", "url.scheme", "duplicate"]);
    assert_eq!(run.record(4)["input"], format!("{}#again", site.url("/a")));
    assert!(records.iter().all(|record| record["found_in"] == "seed" && record["depth"] == 0));
    let run = fetchall(["crawl", "-"])
        .stdin(format!("{{\"url\": \"{}\", \"id\": 7, \"tags\": {{\"a\": 1}}}}\n", site.url("/")))
        .run()
        .await;
    assert_eq!((&run.record(0)["id"], &run.record(0)["tags"]["a"]), (&7.into(), &1.into()));
}

#[tokio::test]
async fn wrong_usage_sends_nothing() {
    let site = site(&[("/", "")]).await;
    for args in [
        &["--scope=planet"][..],
        &["--dedupe=none"],
        &["--depth=x"],
        &["--fields=nonsense"],
        &["--with=nonsense"],
        &["-X", "POST"],
        &["--select=a=[["],
    ] {
        let run = crawl(&site, args).await;
        assert_eq!((run.exit, run.stdout.len()), (2, 0), "{args:?} {run}");
    }
    let run = fetchall(["crawl", "nowhere.txt"]).run().await;
    assert_eq!((run.exit, site.asks().len()), (2, 0), "{run}");
    let run = fetchall([&site.url("/"), "--with=skipped"]).run().await;
    assert_eq!((run.exit, site.asks().len()), (2, 0), "{run}");
}

#[tokio::test]
async fn a_dry_run_names_the_seeds_and_sends_nothing() {
    let site = site(&[("/", "")]).await;
    let run = crawl(&site, &["-n", "--exclude=."]).await;
    assert_eq!((run.exit, site.asks().len()), (0, 0), "{run}");
    assert!(run.text().starts_with("1 request to 1 host; nothing was sent"), "{run}");
}

#[tokio::test]
async fn tables_have_the_columns_of_pages() {
    let site = site(&[("/", "<h1>x</h1>")]).await;
    let run = crawl(&site, &["-f", "csv", "--select=h=h1"]).await;
    let header = run.text().lines().next().unwrap();
    assert!(header.ends_with("title,depth,parent,found_in,canonical,data.h"), "{header}");
    let run = crawl(&site, &["--fields=url,depth,links.new"]).await;
    assert_eq!(run.text(), format!("{{\"url\":\"{}\",\"depth\":0,\"links.new\":0}}\n", site.url("/")));
}

/// A site without end, each page of which takes a while.
async fn endless() -> Site {
    Site::start(|ask| {
        let number: usize = ask.path.trim_matches('/').parse().unwrap_or(0);
        let more: String = (1..=4).map(|n| format!("<a href=/{}>x</a>", number * 4 + n)).collect();
        Reply::html(more).after(ms(30))
    })
    .await
}

#[tokio::test]
async fn an_interrupted_crawl_tells_of_what_was_in_flight_and_of_nothing_else() {
    let site = endless().await;
    let mut child = fetchall(["crawl", &site.url("/"), "--max-pages=0", "--depth=99", "--with=skipped"]).start();
    for _ in 0..10 {
        assert!(child.line().await.is_some());
    }
    child.signal(Signal::INT);
    let run = child.wait().await;
    assert_eq!((run.exit, run.signal), (130, Some(2)), "{run}");
    let records = run.records();
    assert!((10..40).contains(&records.len()), "{}", records.len());
    assert!(records.iter().all(|record| record["ok"] == true), "{run}");
    assert!(run.stderr.contains("known and not asked for"), "{run}");
    assert!(run.wall < secs(6));
}

#[tokio::test]
async fn a_crawl_ends_with_its_deadline_its_failures_and_its_successes() {
    let site = endless().await;
    let run = crawl(&site, &["--max-pages=0", "--depth=99", "--deadline=400ms"]).await;
    assert_eq!(run.exit, 5, "{run}");
    assert!(run.records().iter().filter(|record| record["started_at"].is_null()).count() == 0, "{run}");
    let run = crawl(&site, &["--max-pages=0", "--depth=99", "--first=5"]).await;
    assert_eq!(run.exit, 0, "{run}");
    assert!(run.records().iter().filter(|record| record["outcome"] == "ok").count() >= 5, "{run}");
    let dead = super::site(&[("/", &links(&["/1", "/2", "/3", "/4", "/5", "/6"]))]).await;
    let run = crawl(&dead, &["--max-failures=2", "--per-host=1"]).await;
    assert!(run.exit == 5 && (3..=4).contains(&run.records().len()), "{run}");
}

#[tokio::test]
async fn a_reader_that_leaves_ends_the_crawl_quietly() {
    let site = endless().await;
    let mut child = fetchall(["crawl", &site.url("/"), "--max-pages=0", "--depth=99"]).start();
    assert!(child.line().await.is_some());
    child.close_stdout();
    let run = child.wait().await;
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{run}");
    assert!(run.wall < secs(5));
}

#[tokio::test]
async fn a_page_that_hangs_holds_up_nobody_for_long() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html(links(&["/hangs", "/1"])),
        "/hangs" => Reply::html("").after(secs(25)),
        "/1" => Reply::html(links(&["/2"])),
        "/2" => Reply::html(links(&["/3"])),
        _ => Reply::html(""),
    })
    .await;
    let mut child = fetchall(["crawl", &site.url("/"), "--timeout=25s", "--retries=0"]).start();
    let began = std::time::Instant::now();
    for _ in 0..4 {
        child.line().await;
    }
    assert!(began.elapsed() < secs(15) && site.hits("/3") == 1, "{:?}", began.elapsed());
    child.signal(Signal::KILL);
    child.wait().await;
}

#[tokio::test]
async fn a_dead_host_costs_a_record_a_page_and_the_crawl_ends() {
    let dead = ["crawl", "http://127.0.0.1:9/", "--retries=0"];
    let run = fetchall(dead.iter().chain(&["--robots=ignore"])).run().await;
    assert_eq!((run.exit, run.records().len()), (1, 1), "{run}");
    let record = run.record(0);
    assert_eq!((&record["error"]["code"], &record["noindex"]), (&"connect.refused".into(), &Value::Null));
    let run = fetchall(dead).run().await;
    assert_eq!((run.exit, &run.record(0)["error"]["code"]), (1, &"connect.refused".into()), "{run}");
}

#[tokio::test]
async fn each_seed_has_its_record_when_somebody_interrupts() {
    let site =
        Site::start(|ask| Reply::html("").after(secs(if ask.path.len() > 2 || ask.path == "/0" { 0 } else { 30 })))
            .await;
    let seeds: String = (0..9).map(|n| format!("{}\n", site.url(&format!("/{n}")))).collect();
    let mut child = fetchall(["crawl", "-", "--per-host=1"]).stdin(seeds).start();
    assert!(child.line().await.is_some());
    child.signal(Signal::INT);
    let run = child.wait().await;
    assert_eq!((run.exit, run.records().len()), (130, 9), "{run}");
    let cancelled = run.records().iter().filter(|record| record["error"]["code"] == "cancelled").count();
    assert_eq!(cancelled, 8, "{run}");
}

#[tokio::test]
async fn a_seed_that_comes_twice_says_of_which_it_is_the_same() {
    let site = site(&[("/", "")]).await;
    let run = fetchall(["crawl", &site.url("/"), &site.url("/#x"), &site.url("/")]).run().await;
    assert_eq!((&run.record(1)["skip"]["of"], &run.record(2)["skip"]["of"]), (&0.into(), &0.into()), "{run}");
}

#[tokio::test]
async fn order_waits_for_nobody_whatever_was_refused() {
    let site = site(&[("/", &links(&["/a"])), ("/a", ""), ("/b", "")]).await;
    let seeds = format!("{}\n", site.url("/")).repeat(10_000) + &site.url("/b");
    let run = fetchall(["crawl", "-", "--ordered"]).stdin(seeds).run().await;
    let seqs: Vec<_> = run.records().iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!((run.exit, seqs), (0, (0..10_002).collect()));
}
