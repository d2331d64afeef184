use std::{sync::Arc, time::SystemTime};

use http::Method;

use super::*;
use crate::model::{Code, Ending, Failure, Phases, Request, Trip, Visit, Wait, record::Heavy};

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

fn attempt(url: &str, at: u64, wait: (u64, Wait), phases: Phases, error: Option<Code>) -> Attempt {
    let url = Arc::new(url.parse().unwrap());
    let (at, wait, wait_for) = (ms(at), ms(wait.0), wait.1);
    Attempt { at, status: Some(200), error, wait, wait_for, proxy: None, url, phases }
}

/// A record whose flight was first launched so long after `start`.
fn record(seq: u64, start: Instant, begun: u64, log: Vec<Attempt>) -> Record {
    let ending = Ending::Error(Failure::new(Code::Cancelled, ""));
    let mut visit = Visit::refused(seq, Request::get("http://h/"), None, ending);
    visit.trip = Some(Box::new(Trip {
        started: SystemTime::now(),
        begun: start + ms(begun),
        launch: Duration::ZERO,
        deadline: None,
        url: Arc::new("http://h/".parse().unwrap()),
        method: Method::GET,
        with_body: false,
        off_origin: false,
        attempts: 1,
        new_attempt: false,
        limited: 0,
        spent: Duration::ZERO,
        queued: Duration::ZERO,
        last_wait: (Duration::ZERO, Wait::Slot),
        hops: Vec::new(),
        log,
        last: None,
        captures: Vec::new(),
    }));
    Record::of(visit, Heavy::default())
}

fn phases(connect: Option<u64>, wait: u64, receive: u64) -> Phases {
    let total = ms(connect.unwrap_or(0) + wait + receive);
    Phases { connect: connect.map(ms), wait: Some(ms(wait)), receive: Some(ms(receive)), total, ..Phases::default() }
}

fn drawn(records: &[Record], start: Instant) -> Vec<Value> {
    let mut out = Vec::new();
    let mut trace = Trace::new(&mut out, start, Map::new());
    records.iter().for_each(|record| trace.add(record).unwrap());
    trace.finish().unwrap();
    assert!(out.starts_with(BEGINNING));
    serde_json::from_slice(&out).unwrap()
}

fn named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["name"] == name).collect()
}

#[test]
fn phases_are_nested_one_behind_the_other_and_fill_their_request() {
    let start = Instant::now();
    let log = vec![attempt("http://h:8/a?b", 0, (3, Wait::Slot), phases(Some(5), 10, 2), None)];
    let events = drawn(&[record(7, start, 100, log)], start);
    let request = named(&events, "/a?b")[0];
    assert_eq!((&request["ts"], &request["dur"]), (&json!(100_000.0), &json!(17_000.0)));
    assert_eq!((&request["args"]["seq"], &request["args"]["reused"]), (&json!(7), &json!(false)));
    let mut at = 100_000.0;
    for (name, lasts) in [("connect", 5_000.0), ("wait", 10_000.0), ("receive", 2_000.0)] {
        let span = named(&events, name)[0];
        assert_eq!((&span["ts"], &span["dur"], &span["tid"]), (&json!(at), &json!(lasts), &request["tid"]), "{name}");
        at += lasts;
    }
    let waits = named(&events, "waits for a free slot");
    assert_eq!((&waits[0]["ph"], &waits[0]["ts"]), (&json!("b"), &json!(97_000.0)));
    assert_eq!((&waits[1]["ph"], &waits[1]["ts"], &waits[1]["id"]), (&json!("e"), &json!(100_000.0), &waits[0]["id"]));
    assert_eq!(named(&events, "process_name")[0]["args"]["name"], "h:8");
    assert_eq!(named(&events, "thread_name")[0]["args"]["name"], "slot 1");
}

#[test]
fn another_try_and_a_pause_are_moments_and_arrows_lead_on() {
    let start = Instant::now();
    let code = Some(Code::HttpServerError);
    let log = vec![
        attempt("http://h/a", 0, (0, Wait::Slot), phases(None, 10, 0), code),
        attempt("http://h/a", 60, (50, Wait::Backoff), phases(None, 10, 0), Some(Code::HttpRateLimited)),
        attempt("http://h/a", 1070, (1000, Wait::RetryAfter), phases(None, 10, 0), None),
        attempt("http://other/b", 1080, (0, Wait::Slot), phases(Some(1), 10, 0), None),
    ];
    let events = drawn(&[record(0, start, 0, log)], start);
    let (retry, pause) = (named(&events, "retry"), named(&events, "host pauses"));
    assert_eq!((retry.len(), &retry[0]["ts"], &retry[0]["args"]["wait_ms"]), (1, &json!(10_000.0), &json!(50.0)));
    assert_eq!((pause.len(), &pause[0]["ts"], &pause[0]["s"]), (1, &json!(70_000.0), &json!("p")));
    let arrows = named(&events, "then");
    assert_eq!(arrows.len(), 6);
    assert_eq!((&arrows[4]["ph"], &arrows[5]["ph"]), (&json!("s"), &json!("f")));
    assert_ne!(arrows[4]["pid"], arrows[5]["pid"], "another host is another process");
    assert!(events.iter().all(|event| event["args"]["url"].as_str().is_none_or(|url| !url.contains('@'))));
}

#[test]
fn what_stands_in_an_address_is_shown_without_password_and_escaped() {
    let start = Instant::now();
    let long = format!("http://me:canary@h/{}", "é".repeat(300));
    let log = vec![attempt(&long, 0, (0, Wait::Slot), phases(None, 1, 0), None)];
    let mut out = Vec::new();
    let mut trace = Trace::new(&mut out, start, Map::new());
    trace.add(&record(0, start, 0, log)).unwrap();
    trace.flush().unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("canary"));
    let whole: Vec<Value> = serde_json::from_str(&format!("{text}]")).expect("whole events, also without the end");
    assert!(whole.iter().all(|event| event["name"].as_str().unwrap().chars().count() <= NAME_MOST + 1));
}

#[test]
fn what_takes_longer_than_its_request_is_cut_and_what_never_went_out_is_not_drawn() {
    let start = Instant::now();
    let short = Phases { total: ms(5), ..phases(Some(5), 10, 2) };
    let log = vec![attempt("http://h/a", 0, (0, Wait::Slot), short, None)];
    let events = drawn(&[record(0, start, 0, log), record(1, start, 0, Vec::new())], start);
    assert_eq!(named(&events, "wait")[0]["dur"], json!(0.0));
    assert_eq!(named(&events, "/a").len(), 1);
}
