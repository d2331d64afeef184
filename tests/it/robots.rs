//! `--robots obey` over the network.

use crate::support::*;

fn paths(site: &Site) -> Vec<String> {
    site.asks().into_iter().map(|ask| ask.path).collect()
}

#[tokio::test]
async fn robots_txt_is_asked_for_once_and_first_and_what_it_disallows_never() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /private/\n").after(ms(50)),
        _ => Reply::html("<title>x</title>"),
    })
    .await;
    let list: String = ["/1", "/private/2", "/3", "/4"].map(|path| site.url(path) + "\n").concat();
    let run = fetchall(["-", "--robots=obey", "--with=attempts", "-A", "Wren/1"]).stdin(list.clone()).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 4), "{run}");
    let asked = paths(&site);
    assert_eq!((asked.len(), asked[0].as_str()), (4, "/robots.txt"), "{asked:?}");
    assert!(!asked.contains(&"/private/2".to_owned()));
    assert_eq!(site.asks()[0].header("user-agent"), Some("Wren/1"));
    let skip = &run.record(1)["skip"];
    assert_eq!(skip["code"], "robots.disallowed");
    assert_eq!(skip["message"], format!("line 2 of {}: `Disallow: /private/`", site.url("/robots.txt")));
    assert_eq!(run.record(0)["attempt_log"][0]["wait_for"], "robots");
    let run = fetchall(["-"]).stdin(list).run().await;
    assert_eq!((run.exit, run.records().len(), site.hits("/robots.txt")), (0, 4, 1), "ignored unless asked for");
}

#[tokio::test]
async fn a_robots_txt_without_end_is_read_as_far_as_it_counts() {
    for packed in [false, true] {
        let site = Site::start(move |ask| match (ask.path.as_str(), packed) {
            ("/robots.txt", false) => Reply::text(long_file()),
            ("/robots.txt", true) => Reply::gzip(long_file()),
            _ => Reply::text("x"),
        })
        .await;
        let run = fetchall([site.url("/start"), site.url("/end"), "--robots=obey".into(), "--max-body=1KiB".into()]);
        let run = run.run().await;
        assert_eq!(run.record(0)["skip"]["code"], "robots.disallowed", "{run}");
        assert_eq!(run.record(1)["ok"], true, "what stands behind 500 KiB does not count: {run}");
        assert_eq!(site.hits("/robots.txt"), 1);
    }
}

/// 3 MB, with a rule at the start and one at the end.
fn long_file() -> String {
    format!("user-agent: *\ndisallow: /start\n{}disallow: /end\n", "# and so on, and on\n".repeat(150_000))
}

#[tokio::test]
async fn a_host_without_an_answer_for_robots_txt_fails_the_run_and_is_left_alone() {
    let site = Site::start(|_| Reply::status(503)).await;
    let run = fetchall([site.url("/1"), "--robots=obey".into(), "--backoff=1ms..2ms".into()]).run().await;
    assert_eq!((run.exit, paths(&site)), (1, vec!["/robots.txt".to_owned(); 3]), "{run}");
    let record = run.record(0);
    assert_eq!((&record["outcome"], &record["ok"]), (&"skipped".into(), &false.into()));
    assert_eq!(record["skip"]["code"], "robots.unavailable");
    let dry = fetchall([site.url("/1"), "--robots=obey".into(), "-n".into()]).run().await;
    assert_eq!((dry.exit, paths(&site).len()), (0, 3), "{dry}");
}
