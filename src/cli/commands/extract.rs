//! `fetchall extract`: pages that were kept in, records out; no network.
//!
//! Everything that can be wrong is found before anything is read, and before an output file is
//! touched.

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context as _, bail};
use fetchall::{
    extractor::{Extractor, Found, Start},
    model::record::RecordKind,
    settings::Pages,
    sink::Fields,
    source::Spec,
};
use tokio::runtime::Runtime;

use super::{
    fetch::runtime,
    output::{Names, Output, schema},
    pages::{self, Page},
};
use crate::cli::{
    control::About,
    dashboard::Dashboard,
    exit::Exit,
    flags::SavedFlags,
    insight::Insight,
    parse, progress,
    run::{self, Begun, Parts},
    signals::Watch,
    terminal::{self, Voice},
};

/// Runs the command.
pub fn run(flags: &SavedFlags) -> anyhow::Result<Exit> {
    if flags.output.fields.as_deref() == Some("help") {
        return Ok(terminal::print(&Fields::help(&schema(RecordKind::Fetch))));
    }
    let Some(starts) = starts(&flags.sources) else { return Ok(parse::greet(Some("extract"))) };
    let voice = Voice::of(&flags.output);
    let pages = flags.resolve()?;
    let mut extractor = Extractor::new(&pages)?;
    if let Some(base) = &flags.base_url {
        extractor = extractor.base(base.clone());
    }
    if let Some(format) = flags.input_format {
        extractor = extractor.form(format.into());
    }
    let found = match Extractor::find(&starts, flags.walk()) {
        Ok(found) => found,
        Err(problem) => bail!("{problem}"),
    };
    if flags.output.dry_run {
        return Ok(list(&found));
    }
    let specs: Vec<Spec> = found.paths().map(spec).collect();
    let output = Output::of(RecordKind::Fetch, &flags.save, &flags.output, &specs)?;
    pages::check(&flags.output, false)?;
    pages::keep_apart(&flags.output, output.files())?;
    progress::check(flags.output.progress, output.stage(&voice))?;
    output.check_names(&pages.columns(), Names::Closed)?;
    let runtime = runtime()?;
    let exit = go(&runtime, extractor, found, &pages, flags, &output, &voice)?;
    // A read of stdin that is under way cannot be cut off, and must not be waited for.
    runtime.shutdown_background();
    Ok(exit)
}

/// What was named; `None` if nothing was, and nobody pipes anything in.
fn starts(words: &[String]) -> Option<Vec<Start>> {
    if words.is_empty() {
        return (!io::stdin().is_terminal()).then(|| vec![Start::Stdin]);
    }
    let start = |word: &String| if word == "-" { Start::Stdin } else { Start::Path(PathBuf::from(word)) };
    Some(words.iter().map(start).collect())
}

fn spec(path: &str) -> Spec {
    if path == "-" { Spec::Stdin } else { Spec::File(PathBuf::from(path)) }
}

/// The dry run: what would be read.
fn list(found: &Found) -> Exit {
    let lines: String = found.paths().map(|path| format!("{}\n", fetchall::model::escape::visible(path))).collect();
    terminal::print(&lines)
}

fn go(
    runtime: &Runtime,
    extractor: Extractor,
    found: Found,
    pages: &Pages,
    flags: &SavedFlags,
    output: &Output,
    voice: &Voice,
) -> anyhow::Result<Exit> {
    let (hinting, unread) = (extractor.clone(), found.unread());
    let begin = move || {
        let launched = extractor.start(found);
        let end = Box::pin(async move { launched.end.await.ok() });
        Begun { records: launched.records, handle: Arc::new(launched.handle), end }
    };
    let page = Page::of("extract", &flags.output, None)?;
    let dashboard = Dashboard::of("extract", flags.output.dashboard, &flags.output.settings, voice)?;
    let insight = Insight::default().showing(dashboard);
    let mut sinks = output.open_all(runtime, &pages.columns(), None)?;
    sinks.extend(page.as_ref().map(Page::sink).into_iter().chain(insight.sink()));
    let about = About::new("extract", &flags.sources, flags.output.control);
    let parts = Parts { about, ..output.parts(Box::new(begin), sinks, &flags.output, voice) };
    let watch = Watch::begin(voice.clone()).context("cannot watch for signals")?;
    let mut ran = run::run(runtime, &watch, voice, parts).context("cannot start the writer")?;
    ran.summary.noun = ("page", "pages");
    page.into_iter().for_each(|page| page.finish(&mut ran, voice));
    ran.tell(voice);
    ran.hint(unread.as_slice(), voice);
    ran.hint(&hinting.hints(), voice);
    insight.end_of(&ran, voice);
    Ok(ran.exit())
}
