//! What of a run can be seen while it goes on, beside its records: a log, a drawing over time, figures, spans, a
//! dashboard.
//!
//! Opened before anything is sent, so that what cannot be had is told then. Must not know what a run does.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::bail;
use fetchall::{engine::writer::OnRecord, model::Finding, sink::Sink};

use super::{
    commands::clash,
    dashboard::Dashboard,
    errors,
    flags::InsightFlags,
    logs,
    metrics::Metrics,
    otel::Exporter,
    run::{Grip, Ran},
    terminal::Voice,
    traces::TraceFile,
};

/// Is told of the run once it has begun.
pub type OnBegin = Box<dyn FnOnce(Arc<dyn Grip>) + Send>;

/// Is told of each link that was checked.
pub type OnFinding = Box<dyn Fn(&Finding) + Send>;

/// What looks at a run.
#[derive(Default)]
pub struct Insight {
    trace: Option<TraceFile>,
    metrics: Option<Metrics>,
    spans: Option<Exporter>,
    dashboard: Option<Dashboard>,
}

impl Insight {
    /// As the flags want it; `others` are the files that the run writes.
    ///
    /// # Errors
    /// A file cannot be written, an address is taken, two things are to be one file.
    pub fn begin<'a>(
        flags: &InsightFlags,
        command: &'static str,
        others: impl IntoIterator<Item = &'a Path>,
        voice: &Voice,
    ) -> anyhow::Result<Insight> {
        let mut others: Vec<&Path> = others.into_iter().collect();
        for (flag, path) in [("--log", &flags.log), ("--trace", &flags.trace)] {
            let Some(path) = path else { continue };
            if others.iter().any(|other| clash(other, path)) {
                bail!("{flag} {} is written to already; give it a file of its own", path.display());
            }
            others.push(path);
        }
        logs::begin(flags, voice)?;
        if let Some(dsn) = &flags.report_errors {
            errors::begin(dsn, command);
        }
        Ok(Insight {
            metrics: flags.metrics.map(|address| Metrics::begin(address, voice)).transpose()?,
            spans: Exporter::begin(command, voice)?,
            trace: flags.trace.as_deref().map(|path| TraceFile::open(path, command)).transpose()?,
            dashboard: None,
        })
    }

    /// With this dashboard, if there is one.
    pub fn showing(self, dashboard: Option<Dashboard>) -> Insight {
        Insight { dashboard, ..self }
    }

    /// What is to be told of each record; `None` if nobody wants to know.
    pub fn on_record(&self) -> Option<OnRecord> {
        let mut each: Vec<OnRecord> = Vec::new();
        each.extend(self.trace.as_ref().map(TraceFile::on_record));
        each.extend(self.metrics.as_ref().map(Metrics::on_record));
        each.extend(self.spans.as_ref().map(Exporter::on_record));
        (!each.is_empty()).then(|| -> OnRecord { Box::new(move |record| each.iter_mut().for_each(|one| one(record))) })
    }

    /// What is to be told of the run.
    pub fn on_begin(&self) -> Option<OnBegin> {
        Some(Box::new(self.metrics.as_ref()?.follower()))
    }

    /// What is to be told of each link.
    pub fn on_finding(&self) -> Option<OnFinding> {
        Some(Box::new(self.dashboard.as_ref()?.shower()))
    }

    /// Where records go, beside what the run writes.
    pub fn sink(&self) -> Option<Box<dyn Sink>> {
        self.dashboard.as_ref().map(Dashboard::sink)
    }

    /// The run is over, and nothing is written about it any more; what went wrong with that.
    ///
    /// # Errors
    /// In a sentence.
    pub fn finish(&mut self) -> Result<(), String> {
        self.spans.take().into_iter().for_each(Exporter::finish);
        self.trace.take().map_or(Ok(()), TraceFile::finish)
    }

    /// All is said about the run: whoever still looks is told, with its time and what was said about its end.
    pub fn end(self, wall: Duration, notes: Vec<String>, voice: &Voice) {
        if let Some(dashboard) = self.dashboard {
            dashboard.end(wall, notes, voice);
        }
    }

    /// The same, of a run in plain words.
    pub fn end_of(self, ran: &Ran, voice: &Voice) {
        self.end(ran.summary.wall, ran.notes().map(str::to_owned).collect(), voice);
    }
}
