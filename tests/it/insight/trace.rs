//! `--trace`: trace events, as their format is documented.

use std::collections::HashMap;

use super::*;

fn events(path: &Path) -> Vec<Value> {
    let text = text(path);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {}", &text[text.len().saturating_sub(300)..]))
}

/// What the file of a run that was killed says: its end is missing, and may be.
fn torn(path: &Path) -> Vec<Value> {
    let text = text(path);
    serde_json::from_str(&format!("{text}]")).unwrap_or_else(|error| panic!("{error}"))
}

fn number(event: &Value, key: &str) -> f64 {
    event[key].as_f64().unwrap_or_else(|| panic!("{key} of {event}"))
}

/// Every event has what the format asks for of its kind.
fn assert_documented(events: &[Value]) {
    for event in events {
        let has = |keys: &[&str]| keys.iter().all(|key| !event[*key].is_null());
        assert!(event["name"].is_string() && has(&["ph", "ts", "pid", "tid"]), "{event}");
        let fits = match event["ph"].as_str().unwrap() {
            "X" => number(event, "dur") >= 0.0,
            "b" | "e" => has(&["cat", "id"]),
            "s" => has(&["cat", "id"]),
            "f" => has(&["cat", "id"]) && event["bp"] == "e",
            "i" => ["g", "p", "t"].contains(&event["s"].as_str().unwrap()),
            "M" => event["args"]["name"].is_string(),
            other => panic!("{other} is no kind of event"),
        };
        assert!(fits && number(event, "ts") >= 0.0, "{event}");
    }
}

/// On each thread one request is behind the other, and each has its phases within itself, one behind the other.
/// Gives the requests with their phases.
fn requests(events: &[Value]) -> Vec<(&Value, Vec<&Value>)> {
    const PHASES: [&str; 5] = ["dns", "connect", "tls", "wait", "receive"];
    let mut threads: HashMap<(u64, u64), Vec<&Value>> = HashMap::new();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let key = |key: &str| event[key].as_u64().unwrap();
        threads.entry((key("pid"), key("tid"))).or_default().push(event);
    }
    let (start, end) =
        (|event: &Value| number(event, "ts"), |event: &Value| number(event, "ts") + number(event, "dur"));
    let mut found = Vec::new();
    for spans in threads.values() {
        let (phases, mut whole): (Vec<&Value>, Vec<&Value>) =
            spans.iter().partition(|span| PHASES.contains(&span["name"].as_str().unwrap()));
        whole.sort_by(|a, b| start(a).total_cmp(&start(b)));
        assert!(whole.windows(2).all(|two| end(two[0]) <= start(two[1]) + 0.001), "{whole:#?}");
        let mut placed = 0;
        for request in whole {
            let own: Vec<&Value> = phases
                .iter()
                .copied()
                .filter(|span| start(span) >= start(request) && end(span) <= end(request) + 0.001)
                .collect();
            assert!(own.windows(2).all(|two| end(two[0]) <= start(two[1]) + 0.001), "{own:#?}");
            placed += own.len();
            found.push((request, own));
        }
        assert_eq!(placed, phases.len(), "every phase is within one request");
    }
    found
}

#[tokio::test]
async fn spans_nest_and_sum_to_what_the_records_say() {
    let (site, other) = (site().await, Site::start_at([127, 0, 0, 2], |_| Reply::text("x").after(ms(5))).await);
    let dir = folder();
    let mut urls: Vec<String> = (0..40).map(|number| site.url(&format!("/{number}"))).collect();
    urls.extend((0..20).map(|number| other.url(&format!("/{number}"))));
    urls.extend(["/flaky", "/limited", "/from", "/missing"].map(|path| site.url(path)));
    let args = ["-", "-c6", "--with=attempts", "--backoff=1ms..2ms", "--trace=run.json"];
    let run = fetchall(args).stdin(urls.join("\n")).dir(&dir).run().await;
    assert_eq!(run.exit, 1, "{run}");
    let events = events(&dir.path().join("run.json"));
    assert_documented(&events);
    let drawn = requests(&events);
    let waits: Vec<&Value> = events.iter().filter(|event| event["cat"] == "wait").collect();
    let mut exchanges = 0;
    for record in run.records() {
        let log = record["attempt_log"].as_array().unwrap();
        exchanges += log.len();
        let mut own: Vec<_> = drawn.iter().filter(|(request, _)| request["args"]["seq"] == record["seq"]).collect();
        own.sort_by(|a, b| number(a.0, "ts").total_cmp(&number(b.0, "ts")));
        assert_eq!(own.len(), log.len(), "{record}");
        let (last, phases) = own.last().unwrap();
        assert_eq!((&last["args"]["status"], &last["args"]["url"]), (&record["status"], &record["final_url"]));
        let near = |a: f64, b: f64| assert!((a - b).abs() < 0.002, "{a} {b} {record}");
        near(number(last, "dur") / 1000.0, number(&record["timings"], "total_ms"));
        for phase in phases {
            let name = format!("{}_ms", phase["name"].as_str().unwrap());
            near(number(phase, "dur") / 1000.0, number(&record["timings"], &name));
        }
        near(phases.iter().map(|phase| number(phase, "dur")).sum::<f64>(), number(last, "dur"));
        // its own waiting, beside the threads
        let begins: Vec<_> = waits.iter().filter(|event| event["args"]["seq"] == record["seq"]).collect();
        let waited = begins.iter().map(|begin| {
            let end = waits.iter().find(|event| event["ph"] == "e" && event["id"] == begin["id"]).unwrap();
            number(end, "ts") - number(begin, "ts")
        });
        assert!((waited.sum::<f64>() / 1000.0 - number(&record["timings"], "queue_ms")).abs() < 0.01, "{record}");
    }
    assert_eq!(drawn.len(), exchanges);
    let named = |name: &str| events.iter().filter(|event| event["name"] == name).count();
    assert_eq!((named("retry"), named("host pauses"), named("then")), (1, 1, 6));
    let hosts: Vec<_> = events.iter().filter(|event| event["name"] == "process_name").collect();
    assert_eq!(hosts.len(), 2);
    // Spans that come late do not always fit where they would have come in order.
    let most = events.iter().filter_map(|event| event["tid"].as_u64()).max().unwrap();
    assert!((1..=8).contains(&most), "{most} threads for 6 slots");
}

#[tokio::test]
async fn an_interrupted_run_leaves_a_whole_drawing_and_a_killed_one_whole_events() {
    let site = site().await;
    let urls: String = (0..2_000).map(|number| format!("{}\n", site.url(&format!("/{number}")))).collect();
    for signal in [Signal::INT, Signal::KILL] {
        let dir = folder();
        let path = dir.path().join("run.json");
        let args = ["-", "--rate=200/s", "--trace=run.json", "-fnone"];
        let child = fetchall(args).stdin(urls.clone()).dir(&dir).start();
        until("something is drawn", || text(&path).contains("\"ph\":\"X\"")).await;
        child.signal(signal);
        let run = child.wait().await;
        let events = if signal == Signal::INT { events(&path) } else { torn(&path) };
        assert!(requests(&events).len() > 10, "{run}");
        assert_documented(&events);
    }
}

#[tokio::test]
async fn a_full_disk_ends_the_drawing_and_is_told_and_no_record_is_lost() {
    let site = site().await;
    let dir = folder();
    let count = 300;
    let urls: String = (0..count).map(|number| format!("{}\n", site.url(&format!("/{number}")))).collect();
    let command = format!("ulimit -f 40; exec {} - --trace run.json", env!("CARGO_BIN_EXE_fetchall"));
    let run = program("sh", ["-c", &command]).stdin(urls).dir(&dir).run().await;
    assert!(run.exit == 3 && run.stderr.contains("cannot write run.json"), "{run}");
    assert_eq!(run.records().len(), count);
    assert!(!torn(&dir.path().join("run.json")).is_empty());
}

#[tokio::test]
async fn a_check_and_a_crawl_are_drawn_as_well_and_no_list_is_written_over() {
    let site = site().await;
    let dir = folder();
    for command in ["crawl", "check"] {
        for _ in 0..2 {
            let run = fetchall([command, &site.url("/a"), "--trace", "run.json"]).dir(&dir).run().await;
            assert_eq!(run.exit, 0, "{run}");
        }
        let events = events(&dir.path().join("run.json"));
        assert_eq!((requests(&events).len(), &events[0]["args"]["command"]), (1, &command.into()), "{events:#?}");
    }
    // What is refused leaves what is there as it is.
    let before = text(dir.path().join("run.json"));
    fs::write(dir.path().join("foreign.db"), "something else").unwrap();
    let refused = ["--state", "foreign.db", "--trace", "run.json"];
    let run = fetchall([&[&*site.url("/a")], &refused[..]].concat()).dir(&dir).run().await;
    assert_eq!((run.exit, text(dir.path().join("run.json"))), (2, before), "{run}");
    fs::write(dir.path().join("list.txt"), site.url("/a")).unwrap();
    for args in [["list.txt", "--trace", "list.txt"], ["list.txt", "-n", "--trace=x"]] {
        let run = fetchall(args).dir(&dir).run().await;
        assert_eq!(run.exit, 2, "{run}");
    }
    assert_eq!(text(dir.path().join("list.txt")), site.url("/a"));
}
