//! Figures as text: the format of Prometheus (0.0.4), and OpenMetrics 1.0 for those who ask for it.
//!
//! The two differ in how a counter is announced, and in the end. Must not know who asks.

use std::fmt::{Display, Write as _};

use fetchall::{engine::Progress, model::record::Outcome};

use super::count::{BOUNDS, Counts, PHASES};

/// How the text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Text format 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Dialect {
    /// The one that an `Accept` field asks for.
    pub fn asked(accept: &str) -> Dialect {
        match accept.contains("application/openmetrics-text") {
            true => Dialect::OpenMetrics,
            false => Dialect::Prometheus,
        }
    }

    /// What it is called.
    pub fn content_type(self) -> &'static str {
        match self {
            Dialect::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Dialect::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// A text that grows.
struct Page {
    text: String,
    dialect: Dialect,
}

impl Page {
    /// Announces a figure. A counter's name ends in `_total`, which OpenMetrics leaves out here.
    fn about(&mut self, name: &str, kind: &str, help: &str) {
        let name = match self.dialect {
            Dialect::OpenMetrics => name.strip_suffix("_total").unwrap_or(name),
            Dialect::Prometheus => name,
        };
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn value(&mut self, name: &str, labels: &str, value: impl Display) {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let _ = writeln!(self.text, "{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.about(name, kind, help);
        self.value(name, "", value);
    }
}

/// The whole text.
pub fn render(counts: &Counts, progress: &Progress, resident: Option<u64>, dialect: Dialect) -> String {
    let mut page = Page { text: String::new(), dialect };
    page.about("fetchall_build_info", "gauge", "Which fetchall this is.");
    page.value("fetchall_build_info", &format!("version=\"{}\"", env!("CARGO_PKG_VERSION")), 1);
    requests(&mut page, counts);
    phases(&mut page, counts);
    gauges(&mut page, progress, resident);
    if dialect == Dialect::OpenMetrics {
        page.text.push_str("# EOF\n");
    }
    page.text
}

fn requests(page: &mut Page, counts: &Counts) {
    let name = "fetchall_requests_total";
    page.about(name, "counter", "Requests that came to their end, by outcome and code.");
    for outcome in [Outcome::Ok, Outcome::HttpError, Outcome::Error, Outcome::Skipped] {
        let has_any = counts.requests.keys().any(|(other, _)| *other == outcome);
        if !has_any {
            // A counter that begins when something fails first has no rate before.
            page.value(name, &format!("outcome=\"{}\",code=\"\"", outcome.name()), 0);
        }
        for ((_, code), count) in counts.requests.iter().filter(|((other, _), _)| *other == outcome) {
            page.value(name, &format!("outcome=\"{}\",code=\"{code}\"", outcome.name()), count);
        }
    }
    let name = "fetchall_responses_total";
    page.about(name, "counter", "Last responses, by the class of their status.");
    for (class, count) in &counts.responses {
        page.value(name, &format!("class=\"{class}xx\""), count);
    }
    for (name, help, value) in [
        ("fetchall_retries_total", "Tries after the first.", counts.retries),
        ("fetchall_redirects_total", "Redirects that were followed.", counts.redirects),
        ("fetchall_wire_bytes_total", "Bytes of final bodies as they crossed the network.", counts.wire_bytes),
        ("fetchall_body_bytes_total", "Bytes of final bodies, decoded.", counts.body_bytes),
    ] {
        page.one(name, "counter", help, value);
    }
}

fn phases(page: &mut Page, counts: &Counts) {
    let name = "fetchall_phase_seconds";
    page.about(name, "histogram", "Where the time of requests went, as their records say: of the last exchange.");
    for (phase, histogram) in PHASES.iter().zip(&counts.phases) {
        let mut sum = 0;
        let bounds = BOUNDS.iter().map(|bound| format!("{bound:?}")).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(histogram.counts) {
            sum += count;
            page.value(&format!("{name}_bucket"), &format!("phase=\"{phase}\",le=\"{bound}\""), sum);
        }
        let phase = format!("phase=\"{phase}\"");
        page.value(&format!("{name}_sum"), &phase, histogram.sum as f64 / 1e6);
        page.value(&format!("{name}_count"), &phase, sum);
    }
}

fn gauges(page: &mut Page, progress: &Progress, resident: Option<u64>) {
    page.one("fetchall_input_total", "counter", "Requests that were read from the input.", progress.read);
    for (name, help, value) in [
        ("fetchall_in_flight", "Exchanges on the wire now.", progress.in_flight),
        ("fetchall_waiting", "Requests that wait for their turn now.", progress.waiting),
        ("fetchall_paused_hosts", "Hosts that rest now, because they asked for it.", progress.paused_hosts),
        ("fetchall_input_done", "1 once the input has no more.", progress.source_dry),
    ] {
        page.one(name, "gauge", help, value);
    }
    if let Some(resident) = resident {
        page.one("process_resident_memory_bytes", "gauge", "Memory of the process.", resident);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(dialect: Dialect) -> String {
        let mut counts = Counts { retries: 3, ..Counts::default() };
        counts.requests.insert((Outcome::Error, "dns.not_found"), 2);
        counts.responses.insert(2, 7);
        counts.phases[6].counts[1] = 4;
        counts.phases[6].sum = 8_000;
        let progress = Progress { in_flight: 5, paused_hosts: 1, ..Progress::default() };
        render(&counts, &progress, Some(4096), dialect)
    }

    #[test]
    fn every_figure_is_announced_once_before_its_values() {
        let text = text(Dialect::Prometheus);
        for line in [
            "fetchall_requests_total{outcome=\"error\",code=\"dns.not_found\"} 2",
            "fetchall_requests_total{outcome=\"ok\",code=\"\"} 0",
            "fetchall_responses_total{class=\"2xx\"} 7",
            "fetchall_retries_total 3",
            "fetchall_phase_seconds_bucket{phase=\"total\",le=\"0.001\"} 0",
            "fetchall_phase_seconds_bucket{phase=\"total\",le=\"0.0025\"} 4",
            "fetchall_phase_seconds_bucket{phase=\"total\",le=\"+Inf\"} 4",
            "fetchall_phase_seconds_sum{phase=\"total\"} 0.008",
            "fetchall_phase_seconds_count{phase=\"total\"} 4",
            "fetchall_in_flight 5",
            "fetchall_paused_hosts 1",
            "process_resident_memory_bytes 4096",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
        let mut announced = std::collections::HashSet::new();
        for name in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            assert!(announced.insert(name), "{name}");
        }
        assert!(text.ends_with('\n') && !text.contains("# EOF"));
    }

    #[test]
    fn openmetrics_announces_counters_without_their_ending_and_says_where_it_ends() {
        let text = text(Dialect::OpenMetrics);
        assert!(text.contains("# TYPE fetchall_retries counter\nfetchall_retries_total 3\n"), "{text}");
        assert!(text.ends_with("\n# EOF\n"));
        assert_eq!(Dialect::asked("text/plain"), Dialect::Prometheus);
        assert_eq!(Dialect::asked("application/openmetrics-text;version=1.0.0,*/*"), Dialect::OpenMetrics);
    }
}
