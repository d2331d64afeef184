//! Every kind of output at once, of a run that is killed again and again.
//!
//! `bash tests/kills.sh` runs it with 100 kills over 5,000 URLs, and prints what it cost.

use std::{collections::BTreeSet, path::Path, time::Duration};

use fetchall::source::warc::Reader;

use super::{
    server::{Kind, Server},
    sqlite,
};
use crate::support::*;

/// URLs for each kill.
const URLS_A_KILL: usize = 50;

/// How often a run is killed: more, if somebody has the time.
fn kills() -> usize {
    std::env::var("FETCHALL_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS)
}

/// The URLs that an archive has an answer of.
fn answered(path: &str) -> Vec<String> {
    let mut reader = Reader::at(Path::new(path), 0).unwrap();
    let mut urls = Vec::new();
    while let Some(head) = reader.next_head().unwrap() {
        if ["response", "revisit"].contains(&head.kind()) {
            urls.push(head.url().unwrap().to_owned());
        }
        reader.block(1 << 30).unwrap();
    }
    urls
}

/// Kills it at one of two kinds of moments: after so many requests, or after so much time.
async fn kill_once(place: &Place, args: &[&str], by_time: bool) -> bool {
    let mut child = place.fetchall(args).start();
    let is_running = match by_time {
        true => {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(0..120))).await;
            !child.ended()
        }
        false => {
            let until = place.site.asks().len() + fastrand::usize(1..URLS_A_KILL);
            place.asked(until, &mut child).await
        }
    };
    if is_running {
        child.signal(Signal::KILL);
    }
    child.wait().await;
    is_running
}

#[tokio::test]
async fn every_place_has_every_record_once_whenever_the_run_is_killed() {
    let (kills, lines) = (kills(), kills() * URLS_A_KILL);
    let place = Place::with(lines).await;
    let servers: Vec<Server> = [Kind::Postgres, Kind::Mariadb].into_iter().filter_map(Server::start).collect();
    let urls: Vec<String> = servers.iter().map(Server::url).collect();
    let mut args = vec!["--state", "run.db", "-o", "a.jsonl", "--sink", "sqlite:r.db", "--sink", "b.jsonl.zst"];
    args.extend(["--warc", "a.warc.gz", "-q"]);
    args.extend(urls.iter().flat_map(|url| ["--sink", url]));

    let mut killed = 0;
    for nth in 0..kills {
        killed += usize::from(kill_once(&place, &args, nth % 2 == 0).await);
    }
    let run = place.fetchall(&args).run().await;
    assert_eq!(run.exit, 1, "{run}");
    assert!(killed > kills / 2, "{killed} kills of {kills}");

    assert_whole(&place.records("a.jsonl"), lines);
    assert_whole(&sqlite::records(&place), lines);
    let packed = std::fs::File::open(place.path("b.jsonl.zst")).unwrap();
    let packed = zstd::decode_all(packed).unwrap();
    assert_eq!(packed.split_inclusive(|&byte| byte == b'\n').count(), lines + 2);
    assert!(packed == std::fs::read(place.path("a.jsonl")).unwrap(), "both files say the same");
    servers.iter().for_each(|server| assert_whole(&server.records(), lines));
    let answered = answered(&place.path("a.warc.gz"));
    let once: BTreeSet<&String> = answered.iter().collect();
    assert_eq!((answered.len(), once.len()), (lines, lines), "an answer of each in the archive");

    let again = place.site.asks().len() - lines;
    println!("{killed} kills, {lines} URLs, {} places: {again} asked again", 4 + servers.len());
    assert!(again <= killed * (SLOTS + 64), "{again} were asked for again");
}
