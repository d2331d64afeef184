//! `fetchall --watch D`: a list again and again.
//!
//! Everything around it is as for `fetch`; what differs is that it ends when somebody ends it.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail};
use fetchall::{
    Request,
    engine::End,
    settings::Settings,
    sink::Archive,
    source::SourceError,
    watch::{Round, WatchEnd, Watcher},
};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use tokio::runtime::Runtime;

use super::{output::Output, session::JarFile};
use crate::cli::{
    control::About,
    exit::Exit,
    flags::FetchFlags,
    insight::Insight,
    run::{self, Begin, Begun, Parts},
    signals::Watch,
    terminal::Voice,
};

/// The whole list: it is read once and kept.
pub fn list(
    runtime: &Runtime,
    source: BoxStream<'static, Result<Request, SourceError>>,
    settings: &Settings,
) -> anyhow::Result<Vec<Request>> {
    let most = settings.choose.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let list: Vec<Request> = runtime.block_on(source.take(most).try_collect())?;
    if list.is_empty() {
        bail!("the list is empty: --watch has nothing to look at");
    }
    Ok(list)
}

/// Watches until somebody ends it.
pub fn go(
    runtime: &Runtime,
    watcher: Watcher,
    flags: &FetchFlags,
    settings: &Settings,
    (output, archive, mut insight): (&Output, Option<Box<dyn Archive>>, Insight),
    voice: &Voice,
) -> anyhow::Result<Exit> {
    let ended = Ended::default();
    let sinks = output.open_all(runtime, &settings.pages.columns(), None)?;
    let begin = watching(watcher, Arc::clone(&ended), voice.clone());
    let about = About::new("fetch --watch", &flags.sources, flags.output.control);
    let (on_begin, on_record) = (insight.on_begin(), insight.on_record());
    let parts = Parts { archive, about, on_begin, on_record, ..output.parts(begin, sinks, &flags.output, voice) };
    let watch = Watch::begin(voice.clone()).context("cannot watch for signals")?;
    let mut ran = run::run(runtime, &watch, voice, parts).context("cannot start the writer")?;
    ran.wrote(JarFile::of(&flags.trust, settings).map_or(Ok(()), |jar| jar.save()));
    let broken = ended.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_none_or(|end| end.broken > 0);
    ran.goes_until_interrupted(broken);
    ran.wrote(insight.finish());
    ran.tell_end(voice);
    Ok(ran.exit())
}

/// Where a watch says how it ended.
type Ended = Arc<Mutex<Option<WatchEnd>>>;

fn watching(watcher: Watcher, ended: Ended, voice: Voice) -> Begin {
    Box::new(move || {
        let run = watcher.start(Box::new(move |round| voice.line(&told(round))));
        let end = async move {
            let end = run.end.await.ok()?;
            let last: Option<End> = end.last.clone();
            *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
            last
        };
        Begun { records: run.records, handle: Arc::new(run.handle), end: Box::pin(end) }
    })
}

/// A round in a line: `round 3: 120 asked in 1.2s; 1 broke, 2 content; 3 are broken`.
fn told(round: &Round) -> String {
    let took = Duration::from_millis(u64::try_from(round.took.as_millis()).unwrap_or(u64::MAX));
    let mut line = format!("round {}: {} asked in {}", round.number, round.asked, humantime::format_duration(took));
    // Writing to a String cannot fail.
    match round.changes.as_slice() {
        [] if round.number == 1 => {}
        [] => line += "; nothing changed",
        changes => {
            let changes: Vec<_> = changes.iter().map(|(change, count)| format!("{count} {}", change.name())).collect();
            let _ = write!(line, "; {}", changes.join(", "));
        }
    }
    match round.broken {
        0 => {}
        1 => line += "; 1 is broken",
        many => _ = write!(line, "; {many} are broken"),
    }
    line
}

#[cfg(test)]
mod tests {
    use fetchall::report::diff::Change;

    use super::*;

    #[test]
    fn a_round_is_told_in_a_line() {
        let took = Duration::from_micros(1_200_345);
        let mut round = Round { number: 1, asked: 12, changes: Vec::new(), broken: 0, took };
        assert_eq!(told(&round), "round 1: 12 asked in 1s 200ms");
        (round.number, round.broken) = (2, 1);
        assert_eq!(told(&round), "round 2: 12 asked in 1s 200ms; nothing changed; 1 is broken");
        (round.changes, round.broken) = (vec![(Change::Broke, 1), (Change::Content, 2)], 3);
        assert_eq!(told(&round), "round 2: 12 asked in 1s 200ms; 1 broke, 2 content; 3 are broken");
    }
}
