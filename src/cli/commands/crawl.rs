//! `fetchall crawl`: seeds in, a record for each page out.
//!
//! Everything that can be wrong is found before anything is sent, and before an output file is touched.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use fetchall::{
    Fetcher,
    crawler::{CrawlEnd, CrawlPlan, Crawler},
    engine::{End, Stop},
    model::record::RecordKind,
    sink::Fields,
    source,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::runtime::Runtime;

use super::{
    archive::{self, Planned},
    fetch::{check_dry_run, dry_run, runtime, specs},
    output::{Names, Output, schema},
    pages::{self, Page},
    session::{JarFile, log_in},
};
use crate::cli::{
    closing,
    continued::{self, Continued},
    control::About,
    dashboard::{self, Dashboard},
    descriptors,
    exit::Exit,
    flags::CrawlFlags,
    insight::Insight,
    parse, progress,
    run::{self, Begin, Begun, Parts},
    signals::Watch,
    terminal::{self, Voice},
};

/// Runs the command.
pub fn run(flags: &CrawlFlags) -> anyhow::Result<Exit> {
    if flags.output.fields.as_deref() == Some("help") {
        return Ok(terminal::print(&Fields::help(&schema(RecordKind::Page))));
    }
    let Some(specs) = specs(&flags.sources)? else { return Ok(parse::greet(Some("crawl"))) };
    let voice = Voice::of(&flags.output);
    if flags.output.dry_run {
        check_dry_run(&flags.save, &flags.output)?;
        flags.insight.check_dry_run()?;
    }
    if flags.choose.earlier().is_some() {
        bail!(
            "--since FILE goes with `fetch`: a crawl has to read pages for their links; --since DATE is about sitemaps"
        );
    }
    let save = archive::without_append(flags.save.clone(), &flags.warc);
    let output = Output::of(RecordKind::Page, &save, &flags.output, &specs)?;
    pages::check(&flags.output, flags.continued.watch.is_some())?;
    progress::check(flags.output.progress, output.stage(&voice))?;
    dashboard::check(flags.output.dashboard, flags.continued.watch.is_some())?;
    let planned = archive::plan(&flags.warc, archive::found(&flags.continued, &flags.save))?;
    let (mut plan, login) = flags.resolve()?;
    output.check_names(&plan.settings.pages.columns(), Names::Closed)?;
    descriptors::apply(&mut plan.settings, &voice);
    let dashboard = Dashboard::of("crawl", flags.output.dashboard, &flags.output.settings, &voice)?;
    let runtime = runtime()?;
    let seeds = async { source::open(specs.clone(), flags.choose.lists()).await?.try_collect().await };
    plan.seeds = runtime.block_on(seeds)?;
    let exit = if flags.output.dry_run {
        let mut settings = plan.settings;
        // Seeds are fetched whatever is followed from them.
        (settings.choose.include, settings.choose.exclude) = (Vec::new(), Vec::new());
        let seeds = stream::iter(plan.seeds.into_iter().map(Ok)).boxed();
        dry_run(&runtime, seeds, &settings, flags.output.format, &voice)
    } else {
        let state = flags.continued.state().map(std::path::PathBuf::as_path);
        output.keep_off(state)?;
        let beside = state.into_iter().chain(flags.warc.warc.as_deref()).chain(flags.insight.files());
        pages::keep_apart(&flags.output, output.files().chain(beside))?;
        output.keep_from_loss(&flags.continued)?;
        let fetcher = Fetcher::new(plan.settings.clone())?;
        let continued = continued::open_crawl(&flags.continued, &specs, &plan.seeds, &voice)?;
        let output = output.going_on(&continued.contents);
        output.look_for_kept(state, continued.done())?;
        let planned = planned.map(|planned| planned.going_on(continued.archive));
        planned.as_ref().map_or(Ok(()), Planned::look_for_kept)?;
        if continued.is_complete {
            return Ok(if continued.failed > 0 { Exit::FAILED } else { Exit::OK });
        }
        let insight = Insight::begin(&flags.insight, "crawl", output.files(), &voice)?.showing(dashboard);
        log_in(&runtime, &fetcher, login.as_ref(), &voice)?;
        go(&runtime, (plan, fetcher), flags, (&output, planned, continued, insight), &voice)?
    };
    runtime.shutdown_background();
    Ok(exit)
}

fn go(
    runtime: &Runtime,
    (plan, fetcher): (CrawlPlan, Fetcher),
    flags: &CrawlFlags,
    (output, planned, mut continued, mut insight): (&Output, Option<Planned>, Continued, Insight),
    voice: &Voice,
) -> anyhow::Result<Exit> {
    let ended = Arc::default();
    let page = Page::of("crawl", &flags.output, Some(&continued))?;
    let mut sinks = output.open_all(runtime, &plan.settings.pages.columns(), continued.run.as_deref())?;
    sinks.extend(page.as_ref().map(Page::sink).into_iter().chain(insight.sink()));
    let archive = planned.map(|planned| planned.open(&plan.settings)).transpose()?;
    let jar = JarFile::of(&flags.trust, &plan.settings);
    let mut crawler = Crawler::with_fetcher(plan, fetcher.clone());
    if let Some(trail) = continued.trail.take() {
        crawler = crawler.resume(trail);
    }
    let parts = Parts {
        archive,
        first: flags.choose.first.map(|first| first.get().into()),
        on_begin: insight.on_begin(),
        on_record: insight.on_record(),
        journal: continued.journal.take(),
        failed_before: continued.failed,
        about: About::new("crawl", &flags.sources, flags.output.control),
        ..output.parts(crawling(crawler, Arc::clone(&ended)), sinks, &flags.output, voice)
    };
    let watch = Watch::begin(voice.clone()).context("cannot watch for signals")?;
    let mut ran = run::run(runtime, &watch, voice, parts).context("cannot start the writer")?;
    ran.wrote(jar.map_or(Ok(()), |jar| jar.save()));
    page.into_iter().for_each(|page| page.finish(&mut ran, voice));
    ran.wrote(insight.finish());
    ran.tell(voice);
    ran.hint(&fetcher.hints(), voice);
    fetcher.cache_fault().iter().for_each(|fault| voice.line(fault));
    let end = ended.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(end) = end {
        notes(&end).iter().for_each(|note| voice.line(note));
    }
    ran.tell_again(continued.again(), voice);
    closing::tell(&ran, output.records(), None, voice);
    insight.end_of(&ran, voice);
    Ok(ran.exit())
}

/// Where a crawl says how it ended.
type Ended = Arc<Mutex<Option<CrawlEnd>>>;

fn crawling(crawler: Crawler, ended: Ended) -> Begin {
    Box::new(move || {
        let run = crawler.start();
        let end = async move {
            let end = run.end.await.ok()?;
            let told = End { stopped: end.stopped, source_error: end.source_error.clone() };
            *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
            Some(told)
        };
        Begun { records: run.records, handle: Arc::new(run.handle), end: Box::pin(end) }
    })
}

/// What is to be said about a crawl beside its records, in sentences.
fn notes(end: &CrawlEnd) -> Vec<String> {
    if end.stopped == Some(Stop::Gone) {
        return Vec::new();
    }
    let count = |count: u64, one: &str, more: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {more}"),
    };
    let mut notes = Vec::new();
    if !end.places.is_empty() {
        let more = end.places_in_all.saturating_sub(end.places.len() as u64);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        notes.push(format!("seeds were redirected, so the scope took in {}{more}", end.places.join(", ")));
    }
    if end.maps > 0 || end.maps_left > 0 {
        let left = match end.maps_left {
            0 => String::new(),
            left => format!(", {left} left alone (elsewhere, too deep or too many)"),
        };
        notes.push(format!("{}{left}", count(end.maps, "sitemap was read", "sitemaps were read")));
    }
    if end.traps > 0 {
        let traps = count(end.traps, "URL looked like a trap", "URLs looked like traps");
        notes.push(format!("{traps} (--with skipped lists them, --traps off follows them)"));
    }
    if end.over_host_budget {
        notes.push("a host has more pages than --max-pages-per-host allows".to_owned());
    }
    if end.waiting > 0 {
        notes.push(count(end.waiting, "page was known and not asked for", "pages were known and not asked for"));
    } else if end.over_budget {
        notes.push("there are more pages than --max-pages allows".to_owned());
    }
    notes
}
