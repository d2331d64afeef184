//! The picture: how far, how fast, hosts, failures, the requests that take longest.
//!
//! A function of what was seen. Text from the network is escaped. Must not know terminals but through the
//! drawing library.

use std::time::Duration;

use fetchall::{
    engine::{HostNow, Live},
    model::{
        escape::visible,
        units::{human_duration, human_size},
    },
};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    text::Line,
    widgets::{Block, Gauge, Paragraph, Row, Table},
};

use super::sight::Sight;

/// Lines said meanwhile that are shown.
pub const NOTES: usize = 3;

const KEYS: &str = " p pause   + more   - less   d drain   q quit ";

/// Draws all of it into whatever room there is.
pub fn draw(frame: &mut Frame<'_>, sight: &Sight) {
    let notes = u16::try_from(sight.notes.len().min(NOTES)).unwrap_or_default();
    let rows = [
        Constraint::Length(4),
        Constraint::Fill(2),
        Constraint::Fill(3),
        Constraint::Length(notes),
        Constraint::Length(1),
    ];
    let [head, middle, requests, said, foot] = Layout::vertical(rows).areas(frame.area());
    let [hosts, codes] = Layout::horizontal([Constraint::Fill(3), Constraint::Fill(1)]).areas(middle);
    draw_head(frame, head, sight);
    draw_hosts(frame, hosts, sight);
    draw_codes(frame, codes, sight);
    draw_requests(frame, requests, sight);
    let notes: Vec<Line<'_>> = sight.notes.iter().map(|note| Line::from(visible(note).into_owned())).collect();
    frame.render_widget(Paragraph::new(notes), said);
    let told = if sight.told.is_empty() { String::new() } else { format!(" {}", visible(&sight.told)) };
    let keys = Line::styled(format!("{KEYS}{told}"), Style::new().add_modifier(Modifier::REVERSED));
    frame.render_widget(keys, foot);
}

fn draw_head(frame: &mut Frame<'_>, area: Rect, sight: &Sight) {
    let rows = [Constraint::Length(1), Constraint::Length(1), Constraint::Length(1), Constraint::Length(1)];
    let [title, bar, numbers, times] = Layout::vertical(rows).areas(area);
    let run = &sight.run;
    let sources = visible(&run.sources.join(" ")).into_owned();
    let held = run.waits.as_ref().map(|waits| format!(", waits for {}", visible(waits))).unwrap_or_default();
    let name = format!(" {} {sources}  {}{held}  {}", run.command, run.state, human_duration(ms(run.age_ms)));
    frame.render_widget(Line::styled(name, Style::new().add_modifier(Modifier::BOLD)), title);
    let share = if run.read > 0 { run.finished as f64 / run.read as f64 } else { 0.0 };
    let more = if run.source_dry { "" } else { "+" };
    let done = format!("{} of {}{more} done", run.finished, run.read);
    frame.render_widget(Gauge::default().ratio(share.clamp(0.0, 1.0)).label(done), bar);
    let most = run.concurrency.map(|most| format!(" of {most}")).unwrap_or_default();
    let line = format!(
        " {}{most} in flight, {} waiting | {:.1}/s | {} failed, {} skipped | {}",
        run.in_flight,
        run.waiting,
        sight.rate,
        run.failed,
        run.skipped,
        human_size(run.wire_bytes)
    );
    frame.render_widget(Line::from(line), numbers);
    let latency = match sight.latencies {
        Some([half, most, nearly]) => {
            let [half, most, nearly] = [half, most, nearly].map(human_duration);
            format!(" time per request: p50 {half}, p90 {most}, p99 {nearly}")
        }
        None => String::new(),
    };
    frame.render_widget(Line::from(latency), times);
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn head<'a>(cells: impl IntoIterator<Item = &'a str>) -> Row<'a> {
    Row::new(cells).style(Style::new().add_modifier(Modifier::BOLD))
}

fn draw_hosts(frame: &mut Frame<'_>, area: Rect, sight: &Sight) {
    let hosts = sight.view.as_ref().map_or(&[][..], |view| &view.hosts);
    let room = usize::from(area.height);
    let cells = |host: &HostNow| {
        let next = host.next.map(|next| format!(", {}", human_duration(next))).unwrap_or_default();
        let waits = host.hold.map(|hold| format!("{}{next}", hold.words())).unwrap_or_default();
        let (fetching, waiting) = (host.fetching.to_string(), host.waiting.to_string());
        Row::new([visible(&host.host).into_owned(), fetching, waiting, host.most.to_string(), waits])
    };
    let widths =
        [Constraint::Fill(2), Constraint::Length(9), Constraint::Length(8), Constraint::Length(8), Constraint::Fill(2)];
    let table = Table::new(hosts.iter().take(room).map(cells), widths)
        .header(head(["host", "fetching", "waiting", "at once", "waits for"]))
        .block(Block::bordered().title(" hosts "));
    frame.render_widget(table, area);
}

fn draw_codes(frame: &mut Frame<'_>, area: Rect, sight: &Sight) {
    let room = usize::from(area.height);
    let row = |(code, count): &(&'static str, u64)| Row::new([count.to_string(), (*code).to_owned()]);
    let table = Table::new(sight.codes.iter().take(room).map(row), [Constraint::Length(7), Constraint::Fill(1)])
        .block(Block::bordered().title(" failed, skipped "));
    frame.render_widget(table, area);
}

fn draw_requests(frame: &mut Frame<'_>, area: Rect, sight: &Sight) {
    let requests = sight.view.as_ref().map_or(&[][..], |view| &view.requests);
    let room = usize::from(area.height);
    let cells = |live: &Live| {
        let time = live.in_state.map(human_duration).unwrap_or_default();
        let next = live.next.map(|next| format!(", {}", human_duration(next))).unwrap_or_default();
        let state = match live.wait_for {
            Some(hold) => format!("{}{next}", hold.words()),
            None => match live.reach {
                Some((reach, 0)) => reach.name().to_owned(),
                Some((reach, bytes)) => format!("{}, {}", reach.name(), human_size(bytes)),
                None => live.state.name().to_owned(),
            },
        };
        Row::new([time, live.attempt.to_string(), state, visible(&live.url).into_owned()])
    };
    let widths = [Constraint::Length(9), Constraint::Length(4), Constraint::Length(26), Constraint::Fill(1)];
    let table = Table::new(requests.iter().take(room).map(cells), widths)
        .header(head(["for", "try", "doing, or waits for", "url"]))
        .block(Block::bordered().title(" longest "));
    frame.render_widget(table, area);
}

#[cfg(test)]
mod tests {
    use fetchall::{
        engine::{Hold, State, View},
        model::Wait,
    };
    use ratatui::{Terminal, backend::TestBackend};

    use super::*;
    use crate::cli::control::rows::RunRow;

    fn drawn(sight: &Sight, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, sight)).unwrap();
        terminal.backend().to_string()
    }

    fn sight() -> Sight {
        let mut sight = Sight::new(RunRow {
            command: "fetch".into(),
            sources: vec!["list\u{1b}.txt".into()],
            state: "running".into(),
            age_ms: 12_000,
            read: 200,
            finished: 50,
            failed: 3,
            in_flight: 8,
            waiting: 142,
            concurrency: Some(32),
            ..RunRow::default()
        });
        let live = Live {
            seq: Some(7),
            url: "http://example.com/a\u{1b}[2Jb".into(),
            host: "example.com".into(),
            state: State::Waiting,
            wait_for: Some(Hold::Turn(Wait::RetryAfter)),
            next: Some(Duration::from_secs(30)),
            ahead: 0,
            in_state: Some(Duration::from_secs(9)),
            age: None,
            limit: None,
            reach: None,
            attempt: 2,
        };
        let host = HostNow {
            host: "example.com".into(),
            fetching: 8,
            waiting: 142,
            most: 8,
            rate: None,
            delay: Duration::ZERO,
            hold: Some(Hold::Turn(Wait::Host)),
            next: None,
        };
        sight.view = Some(View { requests: vec![live; 50], hosts: vec![host], ..View::default() });
        sight.codes = vec![("connect.refused", 3)];
        sight.latencies = Some([10, 20, 30].map(Duration::from_millis));
        sight.notes = vec!["a note".into()];
        sight
    }

    #[test]
    fn the_picture_says_how_far_how_fast_and_what_takes_long() {
        let picture = drawn(&sight(), 100, 30);
        for part in [
            "50 of 200+ done",
            "8 of 32 in flight, 142 waiting",
            "p50 10",
            "example.com",
            "the per-host limit",
            "connect.refused",
            "Retry-After, 30",
            "a note",
            "q quit",
        ] {
            assert!(picture.contains(part), "{part}\n{picture}");
        }
        assert!(!picture.contains('\u{1b}') && picture.contains("\\u{1b}[2Jb"), "{picture}");
    }

    #[test]
    fn any_room_will_do() {
        for (width, height) in [(1, 1), (20, 5), (80, 24), (300, 100)] {
            drawn(&sight(), width, height);
            drawn(&Sight::new(RunRow::default()), width, height);
        }
    }
}
