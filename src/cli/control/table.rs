//! Rows as text for people: what comes from the network is escaped, columns line up.
//!
//! Must not know where the rows come from.

use std::{borrow::Cow, fmt::Write as _, time::Duration};

use fetchall::model::{
    escape::visible,
    units::{human_duration, human_size},
};

use super::rows::{HostRow, LiveRow, Reply, RunRow};

/// Hosts that are shown: those that something holds up, and the busiest.
const HOSTS: usize = 12;

/// A list: the run in a line, its hosts, its requests.
pub fn of(list: &[Reply]) -> String {
    let mut out = String::new();
    let (mut hosts, mut requests) = (Vec::new(), Vec::new());
    let mut end = None;
    for reply in list {
        match reply {
            Reply::Run(run) => _ = writeln!(out, "{}", line(run)),
            Reply::Host(host) => hosts.push(host),
            Reply::Live(live) => requests.push(live),
            Reply::End(row) => end = Some(row),
            Reply::Done(_) | Reply::Refused(_) => {}
        }
    }
    let more = end.map_or(0, |end| end.hosts_left_out) + hosts.len().saturating_sub(HOSTS);
    if !hosts.is_empty() {
        out.push('\n');
        hosts.truncate(HOSTS);
        let head = ["FETCHING", "WAITING", "AT ONCE", "PACE", "WAITS FOR", "HOST"];
        out += &columns(&head, &hosts.iter().map(|host| host_cells(host)).collect::<Vec<_>>());
        tell_more(&mut out, more, "host");
    }
    if !requests.is_empty() {
        out.push('\n');
        let head = ["SEQ", "STATE", "FOR", "AGE", "TRY", "WAITS FOR", "URL"];
        out += &columns(&head, &requests.iter().map(|live| live_cells(live)).collect::<Vec<_>>());
        tell_more(&mut out, end.map_or(0, |end| end.left_out), "request");
    }
    out
}

/// Several runs, a line each.
pub fn of_runs(runs: &[RunRow]) -> String {
    let head = ["PID", "COMMAND", "AGE", "DONE", "RATE", "FAILED", "IN FLIGHT", "WAITING", "STATE", "SOURCES"];
    columns(&head, &runs.iter().map(run_cells).collect::<Vec<_>>())
}

fn tell_more(out: &mut String, more: usize, what: &str) {
    if more > 0 {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "and {more} more {what}{}", if more == 1 { "" } else { "s" });
    }
}

fn done(run: &RunRow) -> String {
    format!("{}/{}{}", run.finished, run.read, if run.source_dry { "" } else { "+" })
}

fn line(run: &RunRow) -> String {
    let concurrency = run.concurrency.map(|most| format!(" of {most}")).unwrap_or_default();
    let held = run.waits.as_ref().map(|waits| format!("; everything waits for {}", visible(waits))).unwrap_or_default();
    format!(
        "{} {} {}, {}: {} done, {} failed | {}{concurrency} in flight, {} waiting | {:.1}/s{held}",
        run.pid,
        visible(&run.command),
        visible(&run.state),
        time(run.age_ms),
        done(run),
        run.failed,
        run.in_flight,
        run.waiting,
        run.per_second,
    )
}

fn run_cells(run: &RunRow) -> Vec<String> {
    vec![
        run.pid.to_string(),
        run.command.clone(),
        time(run.age_ms),
        done(run),
        format!("{:.1}/s", run.per_second),
        run.failed.to_string(),
        run.in_flight.to_string(),
        run.waiting.to_string(),
        run.state.clone(),
        run.sources.join(" "),
    ]
}

fn host_cells(host: &HostRow) -> Vec<String> {
    let pace = match (&host.rate, host.delay_ms) {
        (None, 0) => String::new(),
        (Some(rate), 0) => rate.clone(),
        (None, delay) => format!("every {}", time(delay)),
        (Some(rate), delay) => format!("{rate}, every {}", time(delay)),
    };
    vec![
        host.fetching.to_string(),
        host.waiting.to_string(),
        host.per_host.to_string(),
        pace,
        waits(host.waits.as_deref(), host.next_ms, 0),
        host.host.clone(),
    ]
}

fn live_cells(live: &LiveRow) -> Vec<String> {
    vec![
        live.seq.map_or_else(|| "robots".to_owned(), |seq| seq.to_string()),
        live.state.clone(),
        live.in_state_ms.map(time).unwrap_or_default(),
        live.age_ms.map(time).unwrap_or_default(),
        live.attempt.to_string(),
        live.phase
            .as_deref()
            .map_or_else(|| waits(live.waits.as_deref(), live.next_ms, live.ahead), |phase| at(phase, live)),
        live.url.clone(),
    ]
}

/// What an exchange under way is at.
fn at(phase: &str, live: &LiveRow) -> String {
    match live.wire_bytes {
        Some(bytes) if bytes > 0 => format!("{phase}, {} so far", human_size(bytes)),
        _ => phase.to_owned(),
    }
}

fn waits(what: Option<&str>, next_ms: Option<u64>, ahead: usize) -> String {
    let mut text = what.unwrap_or_default().to_owned();
    // Writing to a String cannot fail.
    if let Some(next) = next_ms {
        let _ = write!(text, ", {}", time(next));
    }
    if ahead > 0 {
        let _ = write!(text, ", {ahead} ahead");
    }
    text
}

/// To the second where it is long, so that it is read at a glance.
fn time(ms: u64) -> String {
    match ms {
        0..120_000 => human_duration(Duration::from_millis(ms)),
        _ => humantime::format_duration(Duration::from_secs(ms / 1000)).to_string(),
    }
}

/// Cells in columns; the last is as wide as it is.
fn columns(head: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<Cow<'_, str>>> = rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
    let width_of = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        cells.chain(head.get(at).map(|name| name.len())).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width_of).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (cell, width) in cells.zip(&widths) {
            // Writing to a String cannot fail.
            let _ = write!(line, "{cell:<width$}  ");
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    };
    let mut out = line(&mut head.iter().copied());
    rows.iter().for_each(|row| out += &line(&mut row.iter().map(|cell| &**cell)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::control::rows::EndRow;

    #[test]
    fn a_list_is_a_line_a_host_and_a_line_a_request() {
        let run = RunRow {
            pid: 7,
            command: "fetch".into(),
            state: "running".into(),
            age_ms: 61_000,
            read: 9,
            finished: 4,
            in_flight: 1,
            waiting: 1,
            per_second: 0.07,
            concurrency: Some(32),
            ..RunRow::default()
        };
        let host = HostRow {
            host: "h".into(),
            waiting: 1,
            per_host: 8,
            delay_ms: 1500,
            waits: Some("Retry-After".into()),
            next_ms: Some(12_000),
            ..HostRow::default()
        };
        let live = LiveRow {
            seq: Some(5),
            url: "http://h/\u{1b}[2J\nx".into(),
            state: "waiting".into(),
            waits: Some("Retry-After".into()),
            next_ms: Some(12_000),
            ahead: 3,
            in_state_ms: Some(200_000),
            age_ms: Some(200_100),
            attempt: 1,
            ..LiveRow::default()
        };
        let under_way = LiveRow {
            seq: Some(6),
            url: "http://h/y".into(),
            state: "fetching".into(),
            phase: Some("body".into()),
            wire_bytes: Some(2048),
            attempt: 1,
            ..LiveRow::default()
        };
        let end = EndRow { left_out: 2, hosts_left_out: 0 };
        let text =
            of(&[Reply::Run(run), Reply::Host(host), Reply::Live(live), Reply::Live(under_way), Reply::End(end)]);
        assert_eq!(
            text,
            "7 fetch running, 1m 1s: 4/9+ done, 0 failed | 1 of 32 in flight, 1 waiting | 0.1/s\n\
             \n\
             FETCHING  WAITING  AT ONCE  PACE          WAITS FOR             HOST\n\
             0         1        8        every 1.50 s  Retry-After, 12.00 s  h\n\
             \n\
             SEQ  STATE     FOR     AGE     TRY  WAITS FOR                      URL\n\
             5    waiting   3m 20s  3m 20s  1    Retry-After, 12.00 s, 3 ahead  http://h/\\u{1b}[2J\\u{a}x\n\
             6    fetching                  1    body, 2 KiB so far             http://h/y\n\
             and 2 more requests\n"
        );
    }
}
