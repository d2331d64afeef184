//! `fetchall fetch`: lists in, records out.
//!
//! Everything that can be wrong is found before anything is sent, and before an output file is
//! touched.

use std::io::{self, IsTerminal as _};

use anyhow::{Context as _, bail};
use fetchall::{
    Fetcher, Request,
    model::record::RecordKind,
    settings::Settings,
    sink::Fields,
    source::{self, SourceError, Spec},
    watch::Watcher,
};
use futures::stream::BoxStream;
use tokio::runtime::Runtime;

use super::{
    archive::{self, Planned},
    output::{Names, Output, schema},
    pages::{self, Page},
    session::{JarFile, log_in},
    watch,
};
use crate::cli::{
    closing,
    continued::{self, Continued},
    control::About,
    dashboard::{self, Dashboard},
    descriptors,
    exit::Exit,
    flags::{FetchFlags, FormatArg, OutputFlags, SaveFlags},
    insight::Insight,
    parse, plan, progress,
    run::{self, Parts},
    signals::Watch,
    terminal::{self, Voice},
};

/// Runs the command.
pub fn run(flags: &FetchFlags) -> anyhow::Result<Exit> {
    if flags.output.fields.as_deref() == Some("help") {
        return Ok(terminal::print(&Fields::help(&schema(RecordKind::Fetch))));
    }
    let Some(specs) = specs(&flags.sources)? else { return Ok(parse::greet(None)) };
    if flags.request.takes_stdin() && specs.contains(&Spec::Stdin) {
        bail!("--data @- reads stdin, so the list cannot come from there too");
    }
    let voice = Voice::of(&flags.output);
    continued::check_records(&flags.continued)?;
    if flags.output.dry_run {
        check_dry_run(&flags.save, &flags.output)?;
        flags.insight.check_dry_run()?;
    }
    let save = archive::without_append(flags.save.or_into(flags.continued.resume.as_ref()), &flags.warc);
    let output = Output::of(RecordKind::Fetch, &save, &flags.output, &specs)?;
    pages::check(&flags.output, flags.continued.watch.is_some())?;
    progress::check(flags.output.progress, output.stage(&voice))?;
    dashboard::check(flags.output.dashboard, flags.continued.watch.is_some())?;
    let planned = archive::plan(&flags.warc, archive::found(&flags.continued, &flags.save))?;
    let (mut settings, login) = flags.resolve()?;
    output.check_names(&settings.pages.columns(), Names::Open)?;
    descriptors::apply(&mut settings, &voice);
    let fetcher = Fetcher::new(settings.clone())?;
    let dashboard = Dashboard::of("fetch", flags.output.dashboard, &flags.output.settings, &voice)?;
    let runtime = runtime()?;
    let mut source = runtime.block_on(source::open(specs.clone(), flags.choose.lists()))?;
    if let Some(earlier) = flags.choose.earlier() {
        source = source::earlier::since(source, source::earlier::open(earlier)?);
    }
    let exit = if flags.output.dry_run {
        dry_run(&runtime, source, &settings, flags.output.format, &voice)
    } else {
        let (file, format) = output.file();
        let state = flags.continued.state().map(std::path::PathBuf::as_path);
        output.keep_off(state)?;
        let beside = state.into_iter().chain(flags.warc.warc.as_deref()).chain(flags.insight.files());
        pages::keep_apart(&flags.output, output.files().chain(beside))?;
        output.keep_from_loss(&flags.continued)?;
        let continued = continued::open("fetch", &flags.continued, &specs, file, format, &voice)?;
        let output = output.going_on(&continued.contents);
        output.look_for_kept(state, continued.done())?;
        let planned = planned.map(|planned| planned.going_on(continued.archive));
        planned.as_ref().map_or(Ok(()), Planned::look_for_kept)?;
        if continued.is_complete {
            return Ok(if continued.failed > 0 { Exit::FAILED } else { Exit::OK });
        }
        let insight = Insight::begin(&flags.insight, "fetch", output.files(), &voice)?.showing(dashboard);
        log_in(&runtime, &fetcher, login.as_ref(), &voice)?;
        if let Some(every) = flags.continued.watch {
            let list = watch::list(&runtime, source, &settings)?;
            let planned = planned.map(|planned| planned.open(&settings)).transpose()?;
            let exit = watch::go(
                &runtime,
                Watcher::new(fetcher, list, every),
                flags,
                &settings,
                (&output, planned, insight),
                &voice,
            )?;
            runtime.shutdown_background();
            return Ok(exit);
        }
        go(&runtime, fetcher, source, &settings, flags, (&output, planned, continued, insight), &voice)?
    };
    // A read of stdin that is under way cannot be cut off, and must not be waited for.
    runtime.shutdown_background();
    Ok(exit)
}

type Source = BoxStream<'static, Result<Request, SourceError>>;

fn go(
    runtime: &Runtime,
    fetcher: Fetcher,
    source: Source,
    settings: &Settings,
    flags: &FetchFlags,
    (output, planned, mut continued, mut insight): (&Output, Option<Planned>, Continued, Insight),
    voice: &Voice,
) -> anyhow::Result<Exit> {
    let extracting = fetcher.clone();
    let page = Page::of("fetch", &flags.output, Some(&continued))?;
    let mut sinks = output.open_all(runtime, &settings.pages.columns(), continued.run.as_deref())?;
    sinks.extend(page.as_ref().map(Page::sink).into_iter().chain(insight.sink()));
    let begin = run::fetching(fetcher, source, continued.before.take());
    let parts = Parts {
        archive: planned.map(|planned| planned.open(settings)).transpose()?,
        first: settings.choose.first.map(|first| first.get().into()),
        on_begin: insight.on_begin(),
        on_record: insight.on_record(),
        journal: continued.journal.take(),
        failed_before: continued.failed,
        about: About::new("fetch", &flags.sources, flags.output.control),
        ..output.parts(begin, sinks, &flags.output, voice)
    };
    let watch = Watch::begin(voice.clone()).context("cannot watch for signals")?;
    let mut ran = run::run(runtime, &watch, voice, parts).context("cannot start the writer")?;
    ran.wrote(JarFile::of(&flags.trust, settings).map_or(Ok(()), |jar| jar.save()));
    page.into_iter().for_each(|page| page.finish(&mut ran, voice));
    ran.wrote(insight.finish());
    ran.tell(voice);
    ran.hint(&extracting.hints(), voice);
    extracting.cache_fault().iter().for_each(|fault| voice.line(fault));
    ran.tell_again(continued.again(), voice);
    closing::tell(&ran, output.records(), continued.once_more(), voice);
    insight.end_of(&ran, voice);
    Ok(ran.exit())
}

/// The runtime of a command: one thread, since the work of a fetch is waiting; pages are read on
/// threads of their own.
pub fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")
}

/// What the sources mean; `None` if there is none and nobody pipes one in.
pub fn specs(sources: &[String]) -> anyhow::Result<Option<Vec<Spec>>> {
    let mut specs = Vec::with_capacity(sources.len());
    for word in sources {
        specs.push(source::spec(word)?);
    }
    if specs.is_empty() {
        if io::stdin().is_terminal() {
            return Ok(None);
        }
        specs.push(Spec::Stdin);
    }
    Ok(Some(specs))
}

/// A plan is no list of records: flags that shape records would be lost on it.
pub fn check_dry_run(save: &SaveFlags, output: &OutputFlags) -> anyhow::Result<()> {
    if save.output.is_some() || !save.sinks.is_empty() {
        bail!("--dry-run writes no records, so it takes no --output and no --sink; the plan goes to stdout");
    }
    match output.format {
        None | Some(FormatArg::Text | FormatArg::Json | FormatArg::Jsonl) => Ok(()),
        Some(_) => bail!("--dry-run prints text, or JSON with --format json"),
    }
}

/// Prints what would be requested.
pub fn dry_run(
    runtime: &Runtime,
    source: Source,
    settings: &Settings,
    format: Option<FormatArg>,
    voice: &Voice,
) -> Exit {
    match runtime.block_on(plan::draw(source, settings)) {
        Ok(plan) => match format {
            Some(FormatArg::Json | FormatArg::Jsonl) => terminal::print(&plan.json()),
            _ => terminal::print(&plan.text()),
        },
        Err(error) => {
            voice.error(&error.to_string());
            Exit::INCOMPLETE
        }
    }
}
