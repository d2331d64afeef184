//! `fetchall demo`: the practice site, fetched by the same rooms as any other.
//!
//! Shows what each page does to a client, then how much faster many requests at once are.

use std::{
    io::{self, IsTerminal as _},
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use fetchall::{
    Fetcher, Request,
    demo::{LISTED, Site, list},
    model::{Code, Record, units::human_duration},
    settings::Settings,
    sink::Sink,
};
use futures::{StreamExt as _, stream};
use tokio::runtime::Runtime;

use super::{fetch::runtime, output::Output};
use crate::cli::{
    definition::DemoFlags,
    descriptors,
    exit::Exit,
    flags::{FormatArg, ProgressArg},
    progress::{self, Style},
    run::{self, Parts, Ran},
    signals::{self, Watch},
    terminal::{self, Voice},
};

/// Requests at once in the fast pass of the comparison, and in the run over the list.
const AT_ONCE: usize = 8;

/// Pages that are fetched for the comparison; each takes 100 ms to answer.
const ARTICLES: usize = 24;

/// Runs the command.
pub fn run(flags: &DemoFlags) -> anyhow::Result<Exit> {
    let voice = Voice::new(flags.quiet, flags.color);
    let runtime = runtime()?;
    let site = runtime
        .block_on(Site::start(flags.port))
        .with_context(|| format!("cannot listen on 127.0.0.1, port {}", flags.port))?;
    let exit = if flags.serve { serve(&runtime, &site, &voice)? } else { show(&runtime, &site, flags, &voice)? };
    site.stop();
    // Some pages take minutes to answer; nobody waits for them any more.
    runtime.shutdown_background();
    Ok(exit)
}

fn serve(runtime: &Runtime, site: &Site, voice: &Voice) -> anyhow::Result<Exit> {
    match terminal::print(&format!("{}\n", site.url("/"))) {
        Exit::OK => {}
        failed => return Ok(failed),
    }
    voice.line(&format!("good and bad pages; try: fetchall {} --select title=h1", site.url("/article/1")));
    voice.line("Ctrl-C ends it");
    // The site lives on this thread's runtime, so another thread does the waiting.
    let signal = runtime.block_on(async { tokio::task::spawn_blocking(signals::wait).await });
    Ok(Exit::Signal(signal.context("cannot wait for a signal")?.context("cannot wait for a signal")?))
}

/// A record that is not as the table of the demo says.
struct Surprise(String);

fn show(runtime: &Runtime, site: &Site, flags: &DemoFlags, voice: &Voice) -> anyhow::Result<Exit> {
    let by_reader = if io::stdout().is_terminal() { FormatArg::Text } else { FormatArg::Jsonl };
    let output = Output::stdout(flags.format.unwrap_or(by_reader), flags.color);
    let watch = Watch::begin(voice.clone()).context("cannot watch for signals")?;
    let run = |urls: Vec<String>, at_once: usize, to: To, on_record| {
        let parts = parts(urls, at_once, to, on_record, voice)?;
        run::run(runtime, &watch, voice, parts).context("cannot start the writer")
    };
    voice.line(&format!("the site's own list: {} good and bad pages, {AT_ONCE} at once", LISTED.len()));
    let surprises = Arc::new(Mutex::new(Vec::new()));
    let noting = Arc::clone(&surprises);
    let note: fetchall::engine::writer::OnRecord = Box::new(move |record| {
        noting.lock().unwrap_or_else(PoisonError::into_inner).extend(surprise(record));
    });
    let base = site.url("");
    let to = To { sinks: vec![output.open(&[])?], stdout: output.to_stdout(), progress: bar(&output, voice) };
    let ran = run(list(&base), AT_ONCE, to, Some(note))?;
    ran.tell(voice);
    // Failures are what the list is made of; everything else ends the demo as it would end a fetch.
    if !matches!(ran.exit(), Exit::OK | Exit::FAILED) || ran.is_over() {
        return Ok(ran.exit());
    }
    let articles: Vec<_> = (0..ARTICLES).map(|number| site.url(&format!("/article/1?copy={number}"))).collect();
    let slow = run(articles.clone(), 1, To::default(), None)?;
    let fast = run(articles, AT_ONCE, To::default(), None)?;
    if slow.is_over() || fast.is_over() {
        return Ok(fast.exit());
    }
    voice.line(&compare(slow.summary.wall, fast.summary.wall));
    let mut surprises = surprises.lock().unwrap_or_else(PoisonError::into_inner);
    surprises.extend(unlike(&slow).into_iter().chain(unlike(&fast)));
    for Surprise(told) in surprises.iter() {
        voice.error(told);
    }
    if surprises.is_empty() {
        voice.line("each page did what it is there for");
    }
    Ok(if surprises.is_empty() { Exit::OK } else { Exit::FAILED })
}

/// Where the records of a pass go; by default nowhere.
struct To {
    sinks: Vec<Box<dyn Sink>>,
    stdout: bool,
    progress: Style,
}

impl Default for To {
    fn default() -> Self {
        To { sinks: Vec::new(), stdout: false, progress: Style::None }
    }
}

fn bar(output: &Output, voice: &Voice) -> Style {
    match progress::style(ProgressArg::Auto, output.stage(voice)) {
        Style::Bar => Style::Bar,
        _ => Style::None,
    }
}

fn parts(
    urls: Vec<String>,
    at_once: usize,
    to: To,
    on_record: Option<fetchall::engine::writer::OnRecord>,
    voice: &Voice,
) -> anyhow::Result<Parts> {
    let mut settings = Settings::default();
    let at_once = NonZeroUsize::new(at_once).unwrap_or(NonZeroUsize::MIN);
    settings.limits.in_flight = at_once;
    settings.limits.host.in_flight = at_once;
    // The site is here: a proxy of the environment is not to be asked for it.
    settings.transport.no_proxy = Some("*".to_owned());
    descriptors::apply(&mut settings, voice);
    let list = stream::iter(urls.into_iter().map(|url| Ok(Request::get(url)))).boxed();
    let begin = run::fetching(Fetcher::new(settings)?, list, None);
    Ok(Parts { on_record, ..Parts::of(begin, to.sinks, to.stdout, to.progress) })
}

/// What the table says otherwise.
fn surprise(record: &Record) -> Option<Surprise> {
    let row = usize::try_from(record.seq).ok().and_then(|seq| LISTED.get(seq))?;
    let code = record.error.as_ref().map(|error| error.code).or(record.skip.as_ref().map(|skip| skip.code));
    let as_told = record.outcome.name() == row.outcome && code.map(Code::name) == row.code;
    let wanted = row.code.unwrap_or(row.outcome);
    let got = code.map_or(record.outcome.name(), Code::name);
    (!as_told).then(|| Surprise(format!("{} was to end as {wanted} and ended as {got}", row.path)))
}

fn unlike(ran: &Ran) -> Option<Surprise> {
    let failed = ran.summary.requests - ran.summary.ok();
    (failed > 0).then(|| Surprise(format!("{failed} of {} articles failed", ran.summary.requests)))
}

fn compare(slow: Duration, fast: Duration) -> String {
    let times = slow.as_secs_f64() / fast.as_secs_f64().max(1e-6);
    format!(
        "{ARTICLES} articles of 100 ms each: one after another {}, {AT_ONCE} at once {}: {times:.1} times as fast",
        human_duration(slow),
        human_duration(fast)
    )
}
