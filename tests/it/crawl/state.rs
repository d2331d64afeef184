//! Crawls that are killed, stopped or refused, and go on by a journal.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use fetchall::source::warc::Reader;
use rusqlite::Connection;

use super::*;

const PAGES: usize = 400;
/// Requests that may be in flight at a kill, and records of the milliseconds before.
const IN_FLIGHT: usize = 8 + 64;

/// A folder, and a site that is a tree: each page leads to three others, to some of them also by other
/// names, by redirects, and to what is left out. Every 50th page is missing.
struct Place {
    dir: tempfile::TempDir,
    site: Site,
}

impl Place {
    async fn new() -> Place {
        let site = Site::start(|ask| {
            if let Some(number) = ask.path.strip_prefix("/moved/") {
                return Reply::redirect(302, &format!("/{number}"));
            }
            let number: usize = ask.path.trim_start_matches('/').parse().unwrap_or(0);
            if number % 50 == 7 {
                return Reply::status(404);
            }
            let mut html = format!("<title>{number}</title>");
            for next in (number * 3 + 1..=number * 3 + 3).filter(|next| *next < PAGES) {
                html += &match next % 10 {
                    4 => format!("<a href=/moved/{next}>x</a><a href=/{next}>x</a>"),
                    8 => format!("<a href=/{next}?>x</a><a href=/%3{next}#x>x</a>"),
                    _ => format!("<a href=/{next}>x</a><a href=/{next}#again>x</a>"),
                };
            }
            html += &format!("<a href=/{}>up</a>", number / 3);
            if number.is_multiple_of(7) {
                html +=
                    &format!("<a rel=nofollow href=/secret/{number}>x</a><a href=http://elsewhere.test/{number}>x</a>");
            }
            Reply::html(html)
        })
        .await;
        Place { dir: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(), site }
    }

    fn fetchall(&self, args: &[&str]) -> Fetchall {
        let seed = self.site.url("/0");
        let usual = ["crawl", &seed, "--depth=9", "--per-host=8", "--robots=ignore"];
        fetchall(usual.iter().chain(args).copied()).dir(&self.dir)
    }

    /// Kills it again and again at any moment; says how often.
    async fn kill_again_and_again(&self, args: &[&str], pages: usize) -> usize {
        let mut kills = 0;
        for _ in 0..KILLS {
            let mut child = self.fetchall(args).start();
            let until = self.site.asks().len() + fastrand::usize(1..pages / KILLS * 2);
            while self.site.asks().len() < until && !child.ended() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if !child.ended() {
                child.signal(Signal::KILL);
                kills += 1;
            }
            child.wait().await;
        }
        kills
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn records(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn");
        text.lines().map(checked).collect()
    }

    /// No page was asked for more often than once and once more for each kill in whose flight it was.
    fn assert_asked_once(&self, kills: usize) {
        let mut asks: BTreeMap<String, usize> = BTreeMap::new();
        self.site.asks().into_iter().for_each(|ask| *asks.entry(ask.path).or_default() += 1);
        // Where a redirect leads is asked for by its own name as well.
        let again = |(path, count): (&String, &usize)| count - if path.ends_with('4') { 2.min(*count) } else { 1 };
        let more: usize = asks.iter().map(again).sum();
        assert!(more <= kills * IN_FLIGHT, "{more} more");
        assert!(asks.values().all(|count| *count <= 2 + kills));
    }
}

/// What the records tell, each of which is there once: status or reason, and depth, by URL.
#[track_caller]
fn told(records: &[Value]) -> BTreeMap<String, (Value, Value)> {
    let seqs: BTreeSet<_> = records.iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs.len(), records.len(), "no number twice");
    let told = |record: &Value| {
        let what = if record["skip"].is_null() { &record["status"] } else { &record["skip"]["code"] };
        (record["url"].as_str().unwrap().to_owned(), (what.clone(), record["depth"].clone()))
    };
    let all: BTreeMap<_, _> = records.iter().map(told).collect();
    assert_eq!(all.len(), records.len(), "no page twice");
    all
}

/// Every page but the seed was found on a page that lies one step nearer and has its record.
#[track_caller]
fn assert_parents(records: &[Value]) {
    let depth: BTreeMap<_, _> =
        records.iter().map(|record| (record["url"].as_str().unwrap(), record["depth"].as_u64())).collect();
    for record in records.iter().filter(|record| record["found_in"] != "seed") {
        let parent = depth.get(record["parent"].as_str().unwrap()).copied().flatten();
        assert_eq!(parent.map(|depth| depth + 1), record["depth"].as_u64(), "{record}");
    }
}

#[tokio::test]
async fn a_crawl_that_is_killed_again_and_again_loses_nothing_and_repeats_nothing() {
    for more in [&[][..], &["--ordered"], &["--with=skipped"]] {
        let whole = Place::new().await;
        let run = whole.fetchall(&[&["-o", "out.jsonl", "-q", "--max-pages=0"], more].concat()).run().await;
        assert_eq!(run.exit, 1, "{run}");
        let place = Place::new().await;
        let args = [&["--state", "run.db", "-o", "out.jsonl", "-q", "--max-pages=0"], more].concat();
        let kills = place.kill_again_and_again(&args, PAGES).await;
        assert!(kills > 5, "{kills}");
        let run = place.fetchall(&args).run().await;
        assert_eq!(run.exit, 1, "{run}");
        let records = place.records("out.jsonl");
        let of = |place: &Place, records: &[Value]| -> BTreeMap<String, (Value, Value)> {
            told(records).into_iter().map(|(url, told)| (url.replace(&place.site.url(""), ""), told)).collect()
        };
        assert_eq!(of(&place, &records), of(&whole, &whole.records("out.jsonl")), "{more:?}");
        assert_parents(&records);
        place.assert_asked_once(kills);
        if more == ["--ordered"] {
            assert!(records.iter().map(|record| record["seq"].as_u64()).is_sorted());
        }
        // It is done, and says so without asking for anything.
        let asked = place.site.asks().len();
        let args: Vec<_> = args.into_iter().filter(|arg| *arg != "-q").collect();
        let run = place.fetchall(&args).run().await;
        assert!(run.exit == 1 && run.stderr.contains("everything is done"), "{run}");
        assert_eq!(place.site.asks().len(), asked);
    }
}

#[tokio::test]
async fn the_number_of_pages_is_that_of_all_parts() {
    let place = Place::new().await;
    let args = ["--state", "run.db", "-o", "out.jsonl", "-q", "--max-pages=100"];
    place.kill_again_and_again(&args, 100).await;
    let run = place.fetchall(&args).run().await;
    assert_eq!(run.exit, 1, "{run}");
    assert_eq!(told(&place.records("out.jsonl")).len(), 100);
}

#[tokio::test]
async fn every_output_and_the_archive_have_each_page_once() {
    let place = Place::new().await;
    let args = ["--state", "run.db", "-o", "out.jsonl", "--sink", "sqlite:r.db", "--warc", "out.warc.gz", "-q"];
    place.kill_again_and_again(&args, PAGES).await;
    let run = place.fetchall(&args).run().await;
    assert_eq!(run.exit, 1, "{run}");
    let records = place.records("out.jsonl");
    let all = told(&records);
    let db = Connection::open(place.path("r.db")).unwrap();
    let mut statement = db.prepare("SELECT record FROM fetchall_records").unwrap();
    let rows: Vec<_> =
        statement.query_map([], |row| row.get::<_, String>(0)).unwrap().map(|row| checked(&row.unwrap())).collect();
    assert_eq!(told(&rows), all);
    let answers = answers(&place.path("out.warc.gz"));
    for record in &records {
        let place = &record["saved"]["warc"];
        let url = answers.get(&place["offset"].as_u64().unwrap()).unwrap_or_else(|| panic!("{record}"));
        assert_eq!(Some(&**url), record["final_url"].as_str(), "{record}");
    }
    let hops = records.iter().filter(|record| record["redirects"].as_array().is_some_and(|hops| !hops.is_empty()));
    assert_eq!(answers.len(), records.len() + hops.count(), "no answer is there twice");
}

#[tokio::test]
async fn a_trail_that_cannot_be_read_ends_the_crawl_and_leaves_everything_as_it_is() {
    let place = Place::new().await;
    let args = ["--state", "run.db", "-o", "out.jsonl", "--max-pages=20"];
    place.fetchall(&args).run().await;
    let (asked, written) = (place.site.asks().len(), fs::read(place.path("out.jsonl")).unwrap());
    // Neither what the file cannot have been given, nor what no crawl can have written.
    for data in ["x'07'", "x'0199'", "x'00ff'"] {
        let db = Connection::open(place.path("run.db")).unwrap();
        let damage = format!("UPDATE trail SET data = {data}, sum = NULL WHERE seq = 11");
        db.execute_batch(&format!("UPDATE run SET value = 'stopped', sum = NULL WHERE key = 'ended'; {damage}"))
            .unwrap();
        db.close().unwrap();
        let run = place.fetchall(&args).run().await;
        let is_told = run.stderr.contains("run.db is damaged") && run.stderr.contains("--restart begins anew");
        assert!(run.exit == 2 && is_told && !run.stderr.contains("to go on"), "{run}");
        assert_eq!((place.site.asks().len(), &fs::read(place.path("out.jsonl")).unwrap()), (asked, &written));
    }
    assert_eq!(place.fetchall(&[&args[..], &["--restart"]].concat()).run().await.exit, 1);
}

/// URLs of the answers in an archive, by where they stand.
fn answers(path: &Path) -> BTreeMap<u64, String> {
    let mut reader = Reader::at(path, 0).unwrap();
    let mut all = BTreeMap::new();
    while let Some(head) = reader.next_head().unwrap() {
        if ["response", "revisit"].contains(&head.kind()) {
            all.insert(head.offset, head.url().unwrap().to_owned());
        }
        reader.block(1 << 30).unwrap();
    }
    all
}

#[tokio::test]
async fn a_stopped_crawl_names_the_command_that_goes_on_and_it_does() {
    let place = Place::new().await;
    let mut child = place.fetchall(&["--state", "run.db", "-o", "out.jsonl", "--rate=300/s", "--with=skipped"]).start();
    while place.site.asks().len() < 60 {
        assert!(!child.ended());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    child.signal(Signal::INT);
    let run = child.wait().await;
    assert_eq!(run.exit, 130, "{run}");
    assert!(
        place.records("out.jsonl").iter().all(|record| record["skip"].is_null()),
        "nothing is left out before the end"
    );
    let told_again = run.stderr.lines().find_map(|line| line.split_once("to go on: fetchall "));
    let again: Vec<&str> = told_again.unwrap_or_else(|| panic!("{run}")).1.split(' ').collect();
    let run = fetchall(&again).dir(&place.dir).run().await;
    assert_eq!(run.exit, 1, "{run}");
    let records = place.records("out.jsonl");
    told(&records);
    let asked = records.iter().filter(|record| record["skip"].is_null()).count();
    assert!(place.site.asks().len() <= asked + records.len() / 10 + IN_FLIGHT, "{}", place.site.asks().len());
}

#[tokio::test]
async fn a_crawl_that_its_deadline_ends_leaves_nothing_out_before_it_is_whole() {
    let place = Place::new().await;
    let args = ["--state", "run.db", "-o", "out.jsonl", "--with=skipped"];
    let run = place.fetchall(&[&args[..], &["--deadline=500ms", "--rate=200/s"]].concat()).run().await;
    assert_eq!(run.exit, 5, "{run}");
    let first = place.records("out.jsonl");
    assert!(first.len() > 20 && first.iter().all(|record| record["skip"].is_null()), "{run}");
    let run = place.fetchall(&args).run().await;
    assert_eq!(run.exit, 1, "{run}");
    let records = place.records("out.jsonl");
    told(&records);
    assert!(records.iter().any(|record| record["skip"]["code"] == "scope"), "{run}");
}

/// As after a kill between the commit of a database and that of the journal.
#[tokio::test]
async fn rows_of_a_batch_that_was_never_settled_are_made_again_under_their_numbers() {
    for (skipped, pages) in [(&[][..], "--max-pages=40"), (&["--with=skipped"], "--max-pages=0")] {
        let place = Place::new().await;
        let args = [&["--state", "run.db", "-o", "out.jsonl", "--sink", "sqlite:r.db", "-q", pages], skipped].concat();
        let run = place.fetchall(&[&args[..], &["--rate=400/s"]].concat()).run().await;
        assert_eq!(run.exit, 1, "{run}");
        let before = told(&place.records("out.jsonl"));
        let db = Connection::open(place.path("run.db")).unwrap();
        db.execute_batch(
            "DELETE FROM batch WHERE id >= (SELECT max(id) - 2 FROM batch);
             UPDATE run SET value = 'stopped', sum = NULL WHERE key = 'ended'",
        )
        .unwrap();
        db.close().unwrap();
        let asked = place.site.asks().len();
        let run = place.fetchall(&args).run().await;
        assert_eq!(run.exit, 1, "{run}");
        assert!(pages == "--max-pages=0" || place.site.asks().len() > asked, "{run}");
        assert_eq!(told(&place.records("out.jsonl")), before);
        let db = Connection::open(place.path("r.db")).unwrap();
        let count = |what: &str| -> i64 {
            db.query_row(&format!("SELECT count({what}) FROM fetchall_records"), [], |row| row.get(0)).unwrap()
        };
        let all = i64::try_from(before.len()).unwrap();
        assert_eq!((count("*"), count("DISTINCT url")), (all, all));
    }
}

#[tokio::test]
async fn what_makes_it_another_crawl_is_told_before_anything_is_sent() {
    let place = Place::new().await;
    let args = ["--state", "run.db", "-o", "out.jsonl", "--max-pages=20"];
    let run = place.fetchall(&args).run().await;
    assert!(run.exit <= 1, "{run}");
    let (asked, written) = (place.site.asks().len(), fs::read(place.path("out.jsonl")).unwrap());
    let seed = place.site.url("/5");
    for (more, told) in [
        (&["--scope=any"][..], "--scope was not given, and is any"),
        (&["--check-links"], "--check-links was not given"),
        (&["--select=t=h1"], "--select was not given, and is t=h1"),
        (&[&seed], "the list of seeds has changed"),
        (&["--resume=out.jsonl"], "--state FILE"),
        (&["-n"], "--dry-run"),
    ] {
        let run = place.fetchall(&[&args, more].concat()).run().await;
        assert!(run.exit == 2 && run.stderr.contains(told), "{more:?}: {run}");
        assert_eq!(fs::read(place.path("out.jsonl")).unwrap(), written);
    }
    let deeper = ["crawl", &place.site.url("/0"), "--depth=8", "--per-host=8", "--robots=ignore"];
    let run = fetchall(deeper.iter().chain(&args)).dir(&place.dir).run().await;
    assert!(run.exit == 2 && run.stderr.contains("--depth was 9, and is 8; --restart begins anew"), "{run}");
    let run = place.fetchall(&["--retry-failed"]).run().await;
    assert!(run.exit == 2 && run.stderr.contains("--state FILE"), "{run}");
    assert_eq!(place.site.asks().len(), asked);
    let run = place.fetchall(&[&args[..], &["--per-host=2", "--rate=900/s"]].concat()).run().await;
    assert!(run.exit <= 1 && run.stderr.contains("everything is done"), "{run}");
    let run = place.fetchall(&[&args[..], &["--scope=any", "--restart"]].concat()).run().await;
    assert!(run.exit <= 1 && place.site.asks().len() > asked, "{run}");
    assert_eq!(told(&place.records("out.jsonl")).len(), 20);
}

#[tokio::test]
async fn pages_that_failed_are_asked_for_again_on_request_under_their_number() {
    let place = Place::new().await;
    let args = ["--state", "run.db", "-o", "out.jsonl"];
    let run = place.fetchall(&args).run().await;
    assert_eq!(run.exit, 1, "{run}");
    let failed = |records: &[Value]| -> BTreeSet<u64> {
        records.iter().filter(|record| record["ok"] == false).map(|record| record["seq"].as_u64().unwrap()).collect()
    };
    let (before, asked) = (place.records("out.jsonl"), place.site.asks().len());
    let run = place.fetchall(&[&args[..], &["--retry-failed"]].concat()).run().await;
    assert_eq!(run.exit, 1, "{run}");
    let after = place.records("out.jsonl").split_off(before.len());
    assert_eq!((failed(&after), after.len()), (failed(&before), failed(&before).len()));
    assert_eq!(place.site.asks().len(), asked + after.len());
}

#[tokio::test]
async fn links_out_of_the_scope_are_looked_at_once_in_all_parts() {
    let place = Place::new().await;
    let other = Site::start(|_| Reply::html("").after(ms(3))).await;
    let pages = (0..120).map(|n| format!("<a href={}>x</a>", other.url(&format!("/{n}")))).collect::<String>();
    let site = Site::start(move |_| Reply::html(pages.as_str())).await;
    let seed = site.url("/");
    let args = ["crawl", &seed, "--check-links", "--state", "run.db", "-o", "out.jsonl", "-q"];
    let mut kills = 0;
    while kills < 4 {
        let mut child = fetchall(args).dir(&place.dir).start();
        let until = other.asks().len() + fastrand::usize(1..30);
        while other.asks().len() < until && !child.ended() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        child.signal(Signal::KILL);
        child.wait().await;
        kills += 1;
    }
    let run = fetchall(args).dir(&place.dir).run().await;
    assert_eq!(run.exit, 0, "{run}");
    assert_eq!(told(&place.records("out.jsonl")).len(), 121);
    assert!(other.asks().len() <= 120 + kills * 40, "{}", other.asks().len());
}

#[tokio::test]
async fn a_seed_that_answers_only_when_it_is_asked_again_takes_in_what_pages_led_to_before() {
    let other = Site::start(|_| Reply::html("")).await;
    let (beyond, link) = (other.url("/"), format!("<a href={}>x</a>", other.url("/x")));
    let is_up = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let up = std::sync::Arc::clone(&is_up);
    let site = Site::start(move |ask| match (&*ask.path, up.load(std::sync::atomic::Ordering::Relaxed)) {
        ("/moved", false) => Reply::status(404),
        ("/moved", true) => Reply::redirect(302, &beyond),
        _ => Reply::html(link.as_str()).after(ms(300)),
    })
    .await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (page, moved) = (site.url("/page"), site.url("/moved"));
    let args = ["crawl", &page, &moved, "--robots=ignore", "--state", "run.db", "-o", "out.jsonl"];
    let run = fetchall(args).dir(&dir).run().await;
    assert_eq!((run.exit, other.asks().len()), (1, 0), "{run}");
    is_up.store(true, std::sync::atomic::Ordering::Relaxed);
    let run = fetchall(args.into_iter().chain(["--retry-failed"])).dir(&dir).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let paths: BTreeSet<_> = other.asks().into_iter().map(|ask| ask.path).collect();
    assert_eq!(paths, BTreeSet::from(["/".to_owned(), "/x".to_owned()]), "{run}");
}
