//! What a page says without scripts: the verdict, the numbers, what held the run back, what failed and why.
//!
//! Text from outside stands in elements and attributes escaped, with what a terminal or a bidi reader would
//! act on written out. The style policy allows no `style` attributes, so bars are drawings. Must not know
//! how rows are kept.

mod tables;

use std::{
    fmt::Write as _,
    io::{self, Write},
    time::Duration,
};

use super::{About, Written, tally::Tally};
use crate::model::{
    escape,
    record::Outcome,
    units::{human_duration, human_size},
};

/// Width of a bar, in units of its drawing.
const BAR: f64 = 1000.0;

/// Text within an element or a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in escape::visible(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A duration with a real micro sign: pages are no terminals.
fn time(time: Duration) -> String {
    human_duration(time).replace(" us", " µs")
}

/// The verdict, and how good it is.
struct Verdict {
    sentence: String,
    class: &'static str,
}

fn verdict(tally: &Tally) -> Verdict {
    let (one, many) = tally.noun();
    let all = tally.summary.requests;
    let failed = tally.summary.not_ok;
    let noun = if all == 1 { one } else { many };
    let is_check = tally.links > 0 && tally.links == all;
    let skipped = tally.summary.count(Outcome::Skipped);
    let (sentence, class) = match (all, failed) {
        (0, _) => (format!("There were no {many} at all"), "warn"),
        (_, 0) if tally.warnings > 0 => {
            let warned = tally.warnings;
            (format!("No {one} is broken; {} {}", grouped(warned), plural(warned, "warning", "warnings")), "warn")
        }
        (1, 0) if skipped == 0 => (format!("The {one} is fine"), "good"),
        (_, 0) if skipped == all => (format!("All {} {noun} were left out", grouped(all)), "warn"),
        (_, 0) if skipped > 0 => (format!("All {} {many} that were tried are fine", grouped(all - skipped)), "good"),
        (_, 0) => (format!("All {} {noun} are fine", grouped(all)), "good"),
        (1, _) if is_check => (format!("The {one} is broken"), "bad"),
        (1, _) => (format!("The {one} failed"), "bad"),
        (_, 1) if is_check => (format!("1 of {} {noun} is broken", grouped(all)), "bad"),
        (_, failed) if is_check => (format!("{} of {} {noun} are broken", grouped(failed), grouped(all)), "bad"),
        (_, failed) => (format!("{} of {} {noun} failed", grouped(failed), grouped(all)), "bad"),
    };
    Verdict { sentence, class }
}

/// The verdict as a sentence.
pub(super) fn verdict_of(tally: &Tally) -> String {
    verdict(tally).sentence
}

fn plural(count: u64, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

/// Whether a run goes on while it is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// More may come.
    Running,
    /// That was all.
    Over,
}

/// The title of the page.
pub(super) fn title(tally: &Tally, state: State) -> String {
    format!("{} – fetchall report", sentence(tally, state).sentence)
}

/// The verdict, as one about what is there so far if more may come.
fn sentence(tally: &Tally, state: State) -> Verdict {
    let said = verdict(tally);
    match state {
        State::Over => said,
        State::Running if tally.summary.requests == 0 => {
            Verdict { sentence: "Nothing has come in yet".to_owned(), class: "warn" }
        }
        State::Running => Verdict { sentence: format!("{} so far", said.sentence), ..said },
    }
}

/// What is said of a run while it goes on, up to the end of what needs no rows.
pub(super) fn now(page: &mut String, tally: &Tally, about: &About, written: Written, state: State) {
    page.push_str("<a class=\"skip\" href=\"#main\">Skip to the report</a>\n");
    header(page, tally, about, written, state);
    page.push_str("<main id=\"main\" tabindex=\"-1\">\n");
    overview(page, tally);
    tables::waiting(page, tally);
    tables::failures(page, tally);
}

/// Writes the body of a page that is served while its run goes on.
pub(super) fn live(
    tally: &Tally,
    about: &About,
    written: Written,
    state: State,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = String::new();
    now(&mut page, tally, about, written, state);
    let _ = writeln!(
        page,
        "<noscript><p class=\"notice\">Without scripts this page stands still: load it again to see how things are.</p></noscript>\n\
         </main>\n<footer><p>Served by fetchall {} while the run goes on. To keep the page: <code>--report html=PATH</code>.</p></footer>",
        env!("CARGO_PKG_VERSION")
    );
    out.write_all(page.as_bytes())
}

/// Writes the body up to the data.
pub(super) fn write(tally: &Tally, about: &About, written: Written, out: &mut dyn Write) -> io::Result<()> {
    let mut page = String::new();
    now(&mut page, tally, about, written, State::Over);
    tables::failed(&mut page, tally);
    page.push_str(
        "<p class=\"notice\" id=\"unscripted\">This is the part that needs no scripts. With scripts, which are part of \
         this file and load nothing, every record, charts and searches follow here.</p>\n</main>\n",
    );
    let _ = writeln!(
        page,
        "<footer><p>Written by fetchall {}. This file is complete: it loads nothing, and \
         <code>fetchall report FILE --format jsonl</code> gives the records back.</p></footer>",
        env!("CARGO_PKG_VERSION")
    );
    out.write_all(page.as_bytes())
}

// Writing to a String cannot fail, here and below.
fn header(page: &mut String, tally: &Tally, about: &About, written: Written, state: State) {
    let Verdict { sentence, class } = sentence(tally, state);
    let command = if about.command.is_empty() { "report" } else { &about.command };
    let _ = write!(
        page,
        "<header class=\"top\" id=\"top\">\n<p class=\"brand\">fetchall <span>{}</span></p>\n\
         <h1 id=\"verdict\" class=\"{class}\">{}</h1>\n<p class=\"lede\">{}</p>\n",
        escaped(command),
        escaped(&sentence),
        escaped(&lede(tally, state)),
    );
    let mut notes: Vec<String> = about.notes.iter().map(|note| sentence_of(note)).collect();
    if written.left_out > 0 {
        notes.push(format!(
            "The run has {} records; this page lists the first {} and counts them all.",
            grouped(tally.summary.requests),
            grouped(written.listed)
        ));
    }
    if !notes.is_empty() {
        page.push_str("<ul class=\"notes\">");
        for note in notes {
            let _ = write!(page, "<li>{}</li>", escaped(&note));
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</header>\n");
}

/// A note as a sentence: a capital first, a full stop last.
fn sentence_of(note: &str) -> String {
    let mut chars = note.chars();
    let first = chars.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let stop = if note.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

/// Why most of them failed, how long it took and when it was.
fn lede(tally: &Tally, state: State) -> String {
    let mut parts = Vec::new();
    let worst = tally.codes.iter().filter(|(_, count)| count.failed > 0).max_by_key(|(_, count)| count.failed);
    if let Some((code, count)) = worst {
        let share = if count.failed == tally.summary.not_ok { "All for one reason" } else { "Most often" };
        parts.push(format!("{share}: {code} ({}).", grouped(count.failed)));
    }
    let wall = tally.summary.wall;
    if !wall.is_zero() {
        let all = tally.summary.requests;
        let pace = all as f64 / wall.as_secs_f64();
        let pace = match all {
            0 | 1 => String::new(),
            _ if pace < 10.0 => format!(", {pace:.1} a second"),
            _ => format!(", {} a second", grouped(pace.round() as u64)),
        };
        let begins = if state == State::Over { "It took" } else { "Under way for" };
        parts.push(format!("{begins} {}{pace}.", time(wall)));
    }
    if let Some(first) = tally.first {
        let at = humantime::format_rfc3339_seconds(first).to_string();
        parts.push(format!("Started {} UTC.", at.trim_end_matches('Z').replace('T', " at ")));
    }
    parts.join(" ")
}

fn overview(page: &mut String, tally: &Tally) {
    let summary = &tally.summary;
    let (one, many) = tally.noun();
    let (skipped, wire) = (summary.count(Outcome::Skipped), summary.wire_bytes);
    let at = |percent| summary.percentile(percent).map_or_else(|| "–".to_owned(), time);
    let mut tiles = vec![
        (capital(plural(summary.requests, one, many)), grouped(summary.requests), ""),
        ("Fine".to_owned(), grouped(summary.requests.saturating_sub(summary.not_ok).saturating_sub(skipped)), "good"),
        ("Failed".to_owned(), grouped(summary.not_ok), if summary.not_ok > 0 { "bad" } else { "" }),
    ];
    if tally.warnings > 0 {
        tiles.push(("Warnings".to_owned(), grouped(tally.warnings), "warn"));
    }
    tiles.push(("Left out".to_owned(), grouped(skipped), ""));
    if summary.percentile(50.0).is_some() {
        tiles.push(("Median time".to_owned(), at(50.0), ""));
        tiles.push(("95 % within".to_owned(), at(95.0), ""));
        tiles.push(("Slowest".to_owned(), at(100.0), ""));
    }
    if wire > 0 {
        tiles.push(("Received".to_owned(), human_size(wire), ""));
    }
    for (label, count) in [("Redirects", summary.redirects), ("Further tries", summary.retries)] {
        if count > 0 {
            tiles.push((label.to_owned(), grouped(count), ""));
        }
    }
    page.push_str("<section id=\"overview\" aria-labelledby=\"h-overview\">\n<h2 id=\"h-overview\">Overview</h2>\n<dl class=\"tiles\">\n");
    for (label, value, class) in tiles {
        let _ = writeln!(page, "<div class=\"tile {class}\"><dt>{label}</dt><dd>{value}</dd></div>");
    }
    page.push_str("</dl>\n");
    outcomes(page, tally);
    page.push_str("</section>\n");
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The bar of outcomes, and the same as a list.
fn outcomes(page: &mut String, tally: &Tally) {
    let summary = &tally.summary;
    let words = match tally.links {
        0 => ["answered as wanted", "answered with another status", "no usable answer", "left out"],
        _ => ["lead somewhere", "answered with another status", "lead nowhere", "left out"],
    };
    let parts: Vec<_> = [Outcome::Ok, Outcome::HttpError, Outcome::Error, Outcome::Skipped]
        .into_iter()
        .zip(words)
        .map(|(outcome, words)| (outcome.name(), words, summary.count(outcome)))
        .filter(|(.., count)| *count > 0)
        .collect();
    if parts.is_empty() {
        return;
    }
    page.push_str("<figure class=\"outcomes\">\n<svg class=\"bar\" viewBox=\"0 0 1000 16\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">");
    let mut x = 0.0;
    for (name, _, count) in &parts {
        let width = share(*count, summary.requests) * BAR;
        let _ = write!(page, "<rect class=\"o-{name}\" x=\"{x:.2}\" y=\"0\" width=\"{width:.2}\" height=\"16\"/>");
        x += width;
    }
    page.push_str("</svg>\n<figcaption><ul class=\"legend\">");
    for (name, words, count) in &parts {
        let _ = write!(
            page,
            "<li><span class=\"key o-{name}\" aria-hidden=\"true\"></span><b>{}</b> {words} <span class=\"dim\">({})</span></li>",
            grouped(*count),
            percent(share(*count, summary.requests))
        );
    }
    page.push_str("</ul></figcaption>\n</figure>\n");
}

/// `12.3 %` of a share of 1; little is told apart from nothing, and nearly all from all.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.05 {
        return "&lt; 0.1 %".to_owned();
    }
    if (99.95..100.0).contains(&percent) {
        return "&gt; 99.9 %".to_owned();
    }
    format!("{percent:.1} %")
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
