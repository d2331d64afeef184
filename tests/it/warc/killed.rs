//! Archives of runs that are killed and go on.

use std::{collections::BTreeMap, fs, time::Duration};

use super::*;

const KILLS: usize = 10;

#[tokio::test]
async fn a_run_that_is_killed_again_and_again_has_each_answer_once() {
    let lines = 600;
    for size in [None, Some("20KB")] {
        let site = Site::start(|ask| Reply::html(format!("<title>{}</title>", ask.path))).await;
        let shelf = Shelf::new();
        let list: String = (0..lines).map(|n| site.url(&format!("/{n}")) + "\n").collect();
        fs::write(shelf.path("urls.txt"), list).unwrap();
        let mut args = vec!["urls.txt", "-c", "16", "--per-host", "16", "--state", "run.db", "-o", "out.jsonl", "-q"];
        args.extend(["--warc", "out.warc.gz"]);
        args.extend(size.into_iter().flat_map(|size| ["--warc-size", size]));
        for _ in 0..KILLS {
            let mut child = shelf.fetchall(&args).start();
            let until = site.asks().len() + fastrand::usize(1..lines / KILLS);
            while site.asks().len() < until && !child.ended() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if !child.ended() {
                child.signal(Signal::KILL);
            }
            child.wait().await;
        }
        let run = shelf.fetchall(&args).run().await;
        assert_eq!(run.exit, 0, "{run}");
        let mut names: Vec<String> = fs::read_dir(shelf.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains(".warc"))
            .collect();
        names.sort();
        assert!(names.iter().all(|name| !name.ends_with(".open")), "{names:?}");
        assert_eq!(names.len() > 1, size.is_some(), "{names:?}");
        let mut places = BTreeMap::new();
        for name in &names {
            for entry in of_kind(&shelf.read(name), "response") {
                let before = places.insert(entry.url().to_owned(), (name.clone(), entry.head.offset));
                assert_eq!(before, None, "{} is there twice", entry.url());
            }
        }
        assert_eq!(places.len(), lines);
        // Every record says where its answer is.
        let text = fs::read_to_string(shelf.path("out.jsonl")).unwrap();
        assert_eq!(text.lines().count(), lines);
        for line in text.lines() {
            let record = checked(line);
            let place = &record["saved"]["warc"];
            let (name, offset) = &places[record["url"].as_str().unwrap()];
            assert_eq!((&place["file"], &place["offset"]), (&name.as_str().into(), &(*offset).into()), "{record}");
        }
    }
}

#[tokio::test]
async fn a_run_that_begins_anew_begins_its_archive_anew() {
    let site = Site::start(|_| Reply::html("x")).await;
    let shelf = Shelf::new();
    let url = site.url("/");
    let args = [url.as_str(), "--state", "run.db", "-o", "out.jsonl", "-q", "--warc", "out.warc.gz"];
    for more in [&[][..], &["--restart"], &["--restart"]] {
        assert_eq!(shelf.fetchall(&[&args, more].concat()).run().await.exit, 0);
        assert_eq!(of_kind(&shelf.read("out.warc.gz"), "response").len(), 1);
    }
    // What is not its own stays, also where there is no journal yet.
    fs::write(shelf.path("mine.warc.gz"), "mine").unwrap();
    let other = shelf.fetchall(&[&url, "--state", "new.db", "--warc", "mine.warc.gz", "-q"]).run().await;
    assert!(other.exit == 2 && !shelf.path("new.db").exists(), "{other}");
    assert_eq!(fs::read(shelf.path("mine.warc.gz")).unwrap(), b"mine");
}
