//! The misbehaving server against the binary: each behaviour by itself, and all of them at once.
//!
//! `FETCHALL_TEST_HOSTILE=TEXT` takes only the behaviours in whose name or group TEXT is.

mod alone;
mod judge;
mod neighbours;
mod page;
mod pauses;
mod reuse;
#[allow(dead_code, reason = "it serves other tests too")]
#[path = "../it/support/run.rs"]
mod run;
mod runner;
mod schemes;
mod server;

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::{StreamExt as _, stream};
use serde_json::Value;
use tokio::sync::Mutex;

use judge::Faults;
use runner::{Line, Patience, Place, Ran, Way};
use server::{Places, Port, Set, catalogue, secs};

/// Processes at once.
const SIDE_BY_SIDE: usize = 8;
/// Memory of a process that meets one behaviour.
const ALONE_MOST: u64 = 96 << 20;
/// Memory of a process that meets all of them.
const TOGETHER_MOST: u64 = 256 << 20;
/// How soon a run over all of them ends.
const TOGETHER_WITHIN: Duration = secs(if cfg!(debug_assertions) { 120 } else { 60 });
/// How soon a well-behaved page on the port of a misbehaving one is there.
const NEIGHBOUR_WITHIN_MS: f64 = if cfg!(debug_assertions) { 10_000.0 } else { 900.0 };

/// One heavy test at a time: they measure time.
static TURN: Mutex<()> = Mutex::const_new(());

/// Opens a port for each behaviour that is asked for, and for the well-behaved places.
async fn open(is_wanted: impl Fn(Set) -> bool) -> (Vec<Place>, [Port; 2]) {
    let good = [Port::good().await.unwrap(), Port::good_tls().await.unwrap()];
    let origins = origins(&good);
    let only = std::env::var("FETCHALL_TEST_HOSTILE").unwrap_or_default();
    let mut places = Vec::new();
    for behaviour in catalogue() {
        if !is_wanted(behaviour.set)
            || behaviour.runs_alone()
            || !(behaviour.name.contains(&only) || behaviour.group.contains(&only))
        {
            continue;
        }
        let port = Port::open(behaviour.clone(), origins.clone()).await.unwrap();
        places.push(Place { behaviour, port });
    }
    (places, good)
}

fn origins(good: &[Port; 2]) -> Places {
    Places { good: good[0].origin().to_owned(), good_tls: good[1].origin().to_owned() }
}

/// The records of a run; what is none is a fault of `name`.
fn records<'a>(name: &str, ran: &'a Ran, faults: &mut Faults) -> Vec<(Value, &'a Line)> {
    let mut records = Vec::new();
    for line in &ran.lines {
        match judge::valid(&line.text) {
            Ok(record) => records.push((record, line)),
            Err(what) => faults.add(name, what),
        }
    }
    records
}

async fn alone(place: &Place) -> Faults {
    let mut faults = Faults::default();
    let name = place.behaviour.name;
    let scratch = tempfile::tempdir().unwrap();
    let patience = if place.behaviour.is_about_time() { Patience::Usual } else { Patience::Long };
    let set = place.behaviour.set;
    let way = Way { set, in_flight: 4, per_host: 2, scratch: scratch.path().to_owned(), patience };
    let ran = way.run(&[place], &[place.line()]).await;
    judge::process(name, &ran, ALONE_MOST, &mut faults);
    let records = records(name, &ran, &mut faults);
    if let Some((record, at)) = judge::only(place, &records, &mut faults) {
        judge::record(place, record, Some(at), &mut faults);
        let exit = i32::from(records.iter().any(|(record, _)| record["ok"] == false));
        if record["type"] != "link" && ran.exit != exit {
            faults.add(name, format!("exit {} instead of {exit}: {}", ran.exit, ran.stderr));
        }
    }
    for (_, open) in &ran.left_open {
        faults.add(name, format!("{open} connections still open half a second after the record"));
    }
    faults
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_behaviour_alone_has_its_record_in_time_and_in_bounded_memory() {
    let _turn = TURN.lock().await;
    let (places, good) = open(|_| true).await;
    let places: Vec<_> = places.into_iter().map(Arc::new).collect();
    let tasks = places.iter().map(|place| {
        let met = Arc::clone(place);
        async move { (place, tokio::spawn(async move { alone(&met).await }).await) }
    });
    let mut all = Faults::default();
    let mut suspects = Vec::new();
    let mut done = stream::iter(tasks).buffered(SIDE_BY_SIDE);
    while let Some((place, faults)) = done.next().await {
        match faults {
            Ok(faults) if faults.0.is_empty() => {}
            Ok(_) => suspects.push(place),
            Err(error) => all.add(place.behaviour.name, format!("{error}")),
        }
    }
    drop(done);
    // On a machine with other work, time may have run out for them: once more, with nothing beside them.
    let origins = origins(&good);
    for place in suspects {
        let port = Port::open(place.behaviour.clone(), origins.clone()).await.unwrap();
        all.0.extend(alone(&Place { behaviour: place.behaviour.clone(), port }).await.0);
    }
    all.end(places.len());
}

/// Every behaviour of a set in one process (but of cookies, which know no ports and would all be mixed), and
/// twice the neighbour of each that has one. What goes wrong on a machine with other work is met once more.
async fn together(set: Set) {
    let _turn = TURN.lock().await;
    let (faults, count) = once_together(set).await;
    if faults.0.is_empty() {
        return;
    }
    println!("{set:?} once more, since of the first time:\n{}", faults.text());
    once_together(set).await.0.end(count);
}

async fn once_together(set: Set) -> (Faults, usize) {
    let (places, _good) = open(|it| it == set).await;
    let mut faults = Faults::default();
    if places.is_empty() {
        return (faults, 0);
    }
    let mut list = Vec::new();
    for place in &places {
        let neighbour = place.behaviour.has_neighbour().then(|| {
            let url = place.port.url("/neighbour");
            format!("{}\n", serde_json::json!({"url": url, "tags": {"neighbour": place.behaviour.name}}))
        });
        list.extend(neighbour.clone());
        list.push(place.line());
        list.extend(neighbour);
    }
    let scratch = tempfile::tempdir().unwrap();
    let patience = if cfg!(debug_assertions) { Patience::Long } else { Patience::Usual };
    let way = Way { set, in_flight: 64, per_host: 2, scratch: scratch.path().to_owned(), patience };
    let all: Vec<_> = places.iter().collect();
    let ran = way.run(&all, &list).await;
    let name = format!("{set:?} together");
    judge::process(&name, &ran, TOGETHER_MOST, &mut faults);
    let records = records(&name, &ran, &mut faults);
    for place in &places {
        if let Some((record, _)) = judge::only(place, &records, &mut faults) {
            judge::record(place, record, None, &mut faults);
        }
    }
    let is_listed = !matches!(set, Set::Crawl | Set::Check);
    neighbours(&places, &records, is_listed, &mut faults);
    let exit = i32::from(records.iter().any(|(record, _)| record["ok"] == false));
    if is_listed && ran.exit != exit || ran.wall > TOGETHER_WITHIN {
        faults.add(&name, format!("exit {} after {:?}: {}", ran.exit, ran.wall, ran.stderr));
    }
    for (at, open) in &ran.left_open {
        faults.add(all[*at].behaviour.name, format!("{open} connections still open after the last record"));
    }
    println!("{name}: {} behaviours in {:?}, {} KiB", places.len(), ran.wall, ran.peak / 1024);
    (faults, places.len())
}

/// Every ordinary page is there, at once and twice, whatever its neighbours do.
fn neighbours(places: &[Place], records: &[(Value, &Line)], is_listed: bool, faults: &mut Faults) {
    for place in places.iter().filter(|place| is_listed && place.behaviour.has_neighbour()) {
        let name = place.behaviour.name;
        let of: Vec<_> = records.iter().filter(|(record, _)| record["tags"]["neighbour"] == name).collect();
        if of.len() != 2 {
            faults.add(name, format!("has {} records of neighbours", of.len()));
        }
        for (record, _) in of {
            let quick = record["timings"]["total_ms"].as_f64().is_some_and(|time| time < NEIGHBOUR_WITHIN_MS);
            if record["outcome"] != "ok" || record["bytes"] != 5 || !quick {
                let (error, time) = (&record["error"], &record["timings"]["total_ms"]);
                faults.add(name, format!("the neighbour suffers: {} {error} {time} ms", record["outcome"]));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_behaviours_at_once_each_have_their_record_and_no_neighbour_suffers() {
    together(Set::Fetch).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_at_once_where_robots_are_obeyed() {
    together(Set::Robots).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_at_once_where_bodies_are_saved() {
    together(Set::Save).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_at_once_as_seeds_of_a_crawl() {
    together(Set::Crawl).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_at_once_as_pages_whose_links_are_checked() {
    together(Set::Check).await;
}

#[test]
fn names_are_unique_and_each_stands_in_a_group() {
    let all = catalogue();
    let names: HashSet<_> = all.iter().map(|behaviour| behaviour.name).collect();
    assert_eq!(names.len(), all.len());
    assert!(all.iter().all(|behaviour| !behaviour.group.is_empty()));
}
