//! The tables that need no scripts: causes of waiting, reasons, the first failures.
//!
//! Wide ones scroll by themselves, so that a narrow window does not.

use std::{fmt::Write as _, time::Duration};

use super::{BAR, escaped, grouped, percent, time};
use crate::{
    model::Wait,
    report::html::{
        facts, name_of,
        tally::{Count, Failed, Tally},
    },
};

/// What held the run back, the longest first.
pub(super) fn waiting(page: &mut String, tally: &Tally) {
    let mut causes: Vec<(Wait, Duration)> = tally.summary.waits.iter().map(|(cause, time)| (*cause, *time)).collect();
    causes.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    let sum: Duration = causes.iter().fold(Duration::ZERO, |sum, (_, time)| sum.saturating_add(*time));
    if sum < Duration::from_millis(1) {
        return;
    }
    let each = sum / u32::try_from(tally.summary.requests).unwrap_or(u32::MAX).max(1);
    let _ = write!(
        page,
        "<section id=\"waiting\" aria-labelledby=\"h-waiting\">\n<h2 id=\"h-waiting\">What held the run back</h2>\n\
         <p>Before they were sent, requests waited {} on average. Why, and what would change it:</p>\n\
         <div class=\"scroll\" role=\"region\" aria-label=\"Table: causes of waiting\" tabindex=\"0\"><table class=\"bars\">\n<thead><tr><th scope=\"col\">Waiting for</th><th scope=\"col\" class=\"num\">Share</th>\
         <th scope=\"col\" class=\"wide\"><span class=\"vh\">As a bar</span></th><th scope=\"col\" class=\"num\">In all</th>\
         <th scope=\"col\">Changed by</th></tr></thead>\n<tbody>\n",
        time(each)
    );
    for (cause, spent) in causes {
        let part = spent.as_secs_f64() / sum.as_secs_f64();
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td><td class=\"wide\"><svg class=\"bar thin\" viewBox=\"0 0 1000 8\" \
             preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\"><rect class=\"w-{}\" width=\"{:.2}\" height=\"8\"/></svg></td>\
             <td class=\"num\">{}</td><td><code>{}</code></td></tr>",
            cause.words(),
            percent(part),
            name_of(cause),
            part * BAR,
            time(spent),
            cause.flag()
        );
    }
    page.push_str("</tbody></table></div>\n</section>\n");
}

/// Codes, the most frequent first, with what they mean. Narrow windows show the rows as blocks; their roles say
/// that they are a table still.
pub(super) fn failures(page: &mut String, tally: &Tally) {
    let mut codes: Vec<(&String, &Count)> = tally.codes.iter().collect();
    if codes.is_empty() {
        return;
    }
    codes.sort_by_key(|(name, count)| {
        (std::cmp::Reverse((count.failed, count.warned, count.skipped)), name.as_str().to_owned())
    });
    page.push_str(
        "<section id=\"failures\" aria-labelledby=\"h-failures\">\n<h2 id=\"h-failures\">Failures by reason</h2>\n\
         <div class=\"scroll\" role=\"region\" aria-label=\"Table: reasons\" tabindex=\"0\"><table class=\"codes\" role=\"table\">\n<thead role=\"rowgroup\"><tr role=\"row\"><th role=\"columnheader\" scope=\"col\">Reason</th><th role=\"columnheader\" scope=\"col\" class=\"num\">Count</th>\
         <th role=\"columnheader\" scope=\"col\">What it means, and what to do</th></tr></thead>\n<tbody role=\"rowgroup\">\n",
    );
    for (name, count) in codes {
        let facts = facts(name);
        let told: Vec<_> = [(count.failed, "failed"), (count.warned, "warned"), (count.skipped, "left out")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{} <span class=\"dim\">{words}</span>", grouped(count)))
            .collect();
        if told.is_empty() {
            continue;
        }
        let class = match (count.failed, count.warned) {
            (0, 0) => "left",
            (0, _) => "warn",
            _ => "bad",
        };
        let text = |key: &str| escaped(facts[key].as_str().unwrap_or_default());
        let _ = writeln!(
            page,
            "<tr role=\"row\" data-code=\"{0}\"><th role=\"rowheader\" scope=\"row\"><span class=\"mark {class}\" aria-hidden=\"true\"></span><code>{0}</code></th>\
             <td role=\"cell\" class=\"num\">{1}</td><td role=\"cell\">{2} <span class=\"dim\">{3}</span></td></tr>",
            escaped(name),
            told.join("<br>"),
            text("meaning"),
            text("advice"),
        );
    }
    page.push_str("</tbody></table></div>\n</section>\n");
}

/// The first failures themselves. The script takes them away: its table has all.
pub(super) fn failed(page: &mut String, tally: &Tally) {
    if tally.failed.is_empty() {
        return;
    }
    let in_all = tally.summary.not_ok + tally.warnings;
    let title = if tally.warnings > 0 { "Failures and warnings" } else { "What failed" };
    let shown = tally.failed.len() as u64;
    let note = match shown < in_all {
        true => format!("<p>The first {} of {}.</p>\n", grouped(shown), grouped(in_all)),
        false => String::new(),
    };
    let _ = write!(
        page,
        "<section id=\"failed\" aria-labelledby=\"h-failed\">\n<h2 id=\"h-failed\">{title}</h2>\n{note}\
         <div class=\"scroll\" role=\"region\" aria-label=\"Table: what failed\" tabindex=\"0\"><table class=\"list\">\n<thead><tr><th scope=\"col\">Reason</th><th scope=\"col\">What</th></tr></thead>\n<tbody>\n"
    );
    for Failed { about, place, status, code, message } in &tally.failed {
        let status = status.map(|status| format!("{status} ")).unwrap_or_default();
        let place = place.as_ref().map(|place| format!("<br><span class=\"dim\">in {}</span>", escaped(place)));
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\">{status}<code>{}</code></th><td><span class=\"url\">{}</span>{}<br><span class=\"dim\">{}</span></td></tr>",
            escaped(code),
            escaped(about),
            place.unwrap_or_default(),
            escaped(message),
        );
    }
    page.push_str("</tbody></table></div>\n</section>\n");
}
