//! Files beside the records: reports, cookies, baselines, states of checks, tables, packages.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::{kit::*, support::*};

/// A site with links that are dead, and cookies.
async fn site() -> Site {
    Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html((0..40).map(|n| format!("<a href=/{n}>x</a>")).collect::<String>()),
        path if path.ends_with('7') => Reply::status(404),
        _ => Reply::html("x").header("set-cookie", "a=CANARY; Max-Age=9000"),
    })
    .await
}

/// Runs a command whose file has an old content, with each fault: exit 3 and the file is named, it is as it was,
/// and nothing else is left in the folder. Without a fault the command replaces it.
async fn replaced_or_as_it_was(args: &[&str], file: &str, old: &str, faults: &[&str]) {
    let shelf = Shelf::new();
    fs::write(shelf.path(file), old).unwrap();
    let path = shelf.path(file).display().to_string();
    // The new file grows beside the old one, under a name that begins with a dot.
    let beside = shelf.path(&format!(".{file}")).display().to_string();
    for fault in faults {
        let rules = format!("{fault},{path}$ {fault},{beside}");
        let run = failing(shelf.fetchall(args), &rules).run().await;
        assert!(run.exit == 3 && run.stderr.contains(file), "{args:?} {rules}: {run}");
        assert_eq!(fs::read_to_string(&path).unwrap(), old, "{args:?} {rules}");
        let all = fs::read_dir(&shelf.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        // A check that is not over keeps its answers.
        let more: Vec<String> = all.filter(|name| name != file && *name != format!("{file}.run")).collect();
        assert!(more.is_empty(), "left over: {more:?}");
        assert!(!run.stderr.contains("CANARY"));
    }
    let run = shelf.fetchall(args).run().await;
    assert!(run.exit < 2, "{run}");
    assert_ne!(fs::read_to_string(&path).unwrap(), old);
}

const FAULTS: [&str; 4] = ["write,=1,28", "sync,1,5", "rename,1,28", "write,1,5"];

#[tokio::test]
async fn a_file_that_is_written_at_the_end_is_whole_or_as_it_was() {
    let site = site().await;
    let url = site.url("/");
    let jar = "# Netscape HTTP Cookie File\n";
    replaced_or_as_it_was(&["fetch", &site.url("/1"), "--cookies=jar.txt", "-q"], "jar.txt", jar, &FAULTS).await;
    replaced_or_as_it_was(&["crawl", &url, "--depth=1", "--cookies=jar.txt", "-q"], "jar.txt", jar, &FAULTS).await;
    for kind in ["text", "json", "junit", "sarif", "markdown", "github", "gitlab", "checkstyle", "rdjsonl"] {
        let report = format!("--report={kind}=report");
        replaced_or_as_it_was(&["check", &url, "--recurse", &report, "-q"], "report", "old", &FAULTS).await;
    }
    let baseline = ["check", &url, "--recurse", "--baseline=known", "--update-baseline", "-q"];
    replaced_or_as_it_was(&baseline, "known", "", &FAULTS).await;
    replaced_or_as_it_was(&["check", &url, "--recurse", "--state=known", "--grace=1d", "-q"], "known", "", &FAULTS)
        .await;
    replaced_or_as_it_was(&["check", &url, "--recurse", "--cache=known", "-q"], "known", "", &FAULTS).await;
}

#[tokio::test]
async fn a_report_that_is_written_as_it_comes_has_whole_lines_only() {
    let site = site().await;
    for faults in [&["write,=1,28"][..], &["write,2+,5"], &["write,=1,0", "write,=2,28"], &["write,=2,0", "write,=3,5"]]
    {
        let shelf = Shelf::new();
        let path = shelf.path("links.jsonl").display().to_string();
        let rules = faults.iter().map(|fault| format!("{fault},{path} ")).collect::<String>();
        let args = ["check", &site.url("/"), "--recurse", "-c1", "--report=jsonl=links.jsonl", "-q", "-f", "none"];
        let run = failing(shelf.fetchall(&args), &rules).run().await;
        assert!(run.exit == 3 && run.stderr.contains("links.jsonl"), "{rules}: {run}");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{rules}: the last line is torn: {text:?}");
    }
}

#[tokio::test]
async fn a_table_has_its_name_only_when_it_is_whole() {
    let place = Place::with(40).await;
    for fault in ["write,=1,28", "write,=2,5", "sync,1,5", "rename,1,28"] {
        let rules = format!("{fault},{}", place.path("r.parquet"));
        let args = ["--sink=r.parquet", "-f", "none", "-q"];
        let run = failing(place.fetchall(&args), &rules).run().await;
        assert!(run.exit == 3 || run.exit == 2, "{rules}: {run}");
        assert!(run.stderr.contains("r.parquet"), "{rules}: {run}");
        assert!(!fs::exists(place.path("r.parquet")).unwrap(), "{rules}");
    }
    assert_eq!(place.fetchall(&["--sink=r.parquet", "-f", "none", "-q"]).run().await.exit, 1);
    assert!(fs::metadata(place.path("r.parquet")).unwrap().len() > 0);
}

#[tokio::test]
async fn a_package_of_archives_and_an_index_are_whole_or_not_there() {
    let place = Place::with(20).await;
    assert_eq!(place.fetchall(&["--warc=a.warc.gz", "-f", "none", "-q"]).run().await.exit, 1);
    for fault in ["write,=1,28", "write,=2,5", "sync,1,5", "rename,1,28"] {
        let rules = format!("{fault},{}", place.path("a.wacz"));
        let pack = || fetchall(["warc", "wacz", "a.warc.gz", "-o", "a.wacz", "-q"]).dir(&place.dir);
        let run = failing(pack(), &rules).run().await;
        if run.exit == 0 {
            // So small that it takes one write.
            assert_eq!(fault, "write,=2,5", "{run}");
            fs::remove_file(place.path("a.wacz")).unwrap();
            continue;
        }
        assert!(run.exit == 3 && run.stderr.contains("a.wacz"), "{rules}: {run}");
        assert!(!fs::exists(place.path("a.wacz")).unwrap(), "{rules}");
        assert_eq!(pack().run().await.exit, 0);
        fs::remove_file(place.path("a.wacz")).unwrap();
    }
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_costs_no_answer() {
    let site = Site::start(|ask| Reply::text(ask.path.repeat(2_000)).header("cache-control", "max-age=600")).await;
    for fault in ["write,12+,28", "write,5,5", "sync,2,5", "write,20+,5", "write,3,4", "write,3,0"] {
        let shelf = Shelf::new();
        let list: String = (0..60).map(|n| site.url(&format!("/{n}")) + "\n").collect();
        fs::write(shelf.path("urls.txt"), list).unwrap();
        let rules = format!("{fault},{}", shelf.path("cache/").display());
        let args = ["urls.txt", "--cache=cache", "-q"];
        let run = failing(shelf.fetchall(&args), &rules).run().await;
        match run.exit {
            0 => assert_eq!(run.records().len(), 60, "{rules}: {run}"),
            2 => assert!(run.text().is_empty() && run.stderr.contains("cache"), "{rules}: {run}"),
            _ => panic!("{rules}: {run}"),
        }
        let again = shelf.fetchall(&args).run().await;
        assert_eq!((again.exit, again.records().len()), (0, 60), "{rules}: {again}");
        assert!(again.records().iter().all(|record| record["bytes"].as_u64().is_some_and(|bytes| bytes >= 4_000)));
    }
}

#[tokio::test]
async fn a_crawl_whose_disk_fails_goes_on_when_the_fault_is_gone() {
    let site = Site::start(|ask| {
        let number: usize = ask.path.trim_start_matches('/').parse().unwrap_or(0);
        let more = (1..4).map(|n| number * 3 + n).filter(|n| *n < 60);
        Reply::html(more.map(|n| format!("<a href=/{n}>x</a>")).collect::<String>())
    })
    .await;
    for (fault, file) in [
        ("write,=2,28", "out.jsonl"),
        ("write,4+,5", "out.jsonl"),
        ("sync,1,5", "out.jsonl"),
        ("write,40+,28", "run.db"),
        ("write,=50,5", "run.db"),
    ] {
        let shelf = Shelf::new();
        let rules = format!("{fault},{}", shelf.path(file).display());
        let seed = site.url("/0");
        let args = ["crawl", &seed, "--depth=9", "--state=run.db", "-o", "out.jsonl", "-q"];
        let run = failing(shelf.fetchall(&args), &rules).run().await;
        assert!(run.exit == 3 && run.stderr.contains(file), "{rules}: {run}");
        let records = || -> Vec<(String, u64)> {
            let text = fs::read_to_string(shelf.path("out.jsonl")).unwrap();
            assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn");
            let of = |record: Value| (record["url"].as_str().unwrap().to_owned(), record["seq"].as_u64().unwrap());
            text.lines().map(|line| of(checked(line))).collect()
        };
        records();
        let rest = shelf.fetchall(&args).run().await;
        assert_eq!(rest.exit, 0, "{rules}: {run}\nthen {rest}");
        // A number that was given to a page whose record could not be written may be left out.
        let (urls, seqs): (BTreeSet<String>, BTreeSet<u64>) = records().into_iter().unzip();
        assert_eq!(
            (urls, seqs.len(), records().len()),
            ((0..60).map(|n| site.url(&format!("/{n}"))).collect(), 60, 60),
            "{rules}"
        );
    }
}

#[tokio::test]
async fn only_temporaries_of_our_own_are_taken_away() {
    let site = site().await;
    let shelf = Shelf::new();
    fs::create_dir(shelf.path("pages")).unwrap();
    // Named as ours are, and not ours.
    let names = [
        ".jar.txt.1-0.tmp",
        ".jar.txt.tmp",
        "jar.txt.tmp",
        "pages/.notes.part",
        "pages/.notes.note",
        "pages/x.part",
        "out.jsonl.open",
        "a.warc.gz.open.old",
        "r.parquet.part.old",
    ];
    names.iter().for_each(|name| fs::write(shelf.path(name), *name).unwrap());
    let list: String = (0..20).map(|n| site.url(&format!("/{n}")) + "\n").collect();
    fs::write(shelf.path("urls.txt"), list).unwrap();
    let args = ["urls.txt", "-o", "out.jsonl", "--cookies=jar.txt", "--save=pages", "--warc=a.warc.gz", "-q"];
    let args = [&args[..], &["--sink=r.parquet"]].concat();
    for fault in ["write,=1,28", "sync,1,5", "rename,1,5", "write,999,5"] {
        for name in ["a.warc.gz", "a.warc.gz.open", "jar.txt", "out.jsonl", "r.parquet", "r.parquet.part"] {
            fs::remove_file(shelf.path(name)).ok();
        }
        let rules = format!("{fault},{}/", shelf.0.path().display());
        let run = failing(shelf.fetchall(&args), &rules).run().await;
        assert!(run.exit != 0 && !run.stderr.contains("panic"), "{rules}: {run}");
        for name in names {
            assert_eq!(fs::read_to_string(shelf.path(name)).unwrap_or_default(), name, "{rules}: {run}");
        }
    }
}

#[tokio::test]
async fn a_file_of_settings_that_cannot_be_written_is_not_left_behind_half_or_empty() {
    let shelf = Shelf::new();
    let file = shelf.path("fetchall.toml").display().to_string();
    for fault in ["write,=1,28", "write,=1,0 write,2+,28", "sync,1,5"] {
        let rules: String = fault.split(' ').map(|rule| format!("{rule},{file} ")).collect();
        let run = failing(shelf.fetchall(&["config", "init"]), &rules).run().await;
        assert!(run.exit == 2 && run.stderr.contains("cannot write fetchall.toml: "), "{rules}: {run}");
        assert!(fs::read_dir(&shelf.0).unwrap().next().is_none(), "{rules}");
    }
    assert_eq!(shelf.fetchall(&["config", "init"]).run().await.exit, 0);
}
