//! `--trace FILE`: the drawing of a run, in a file that can be read at any moment.
//!
//! Written while the run goes on, in pieces of whole events. Must not know what is drawn.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, bail};
use fetchall::{
    engine::writer::OnRecord,
    model::units::rfc3339,
    report::trace::{BEGINNING, Trace},
    sink::outlet::{self, Outlet},
};
use serde_json::{Map, json};

/// How long events may wait for the file.
const LINGER: Duration = Duration::from_secs(1);

/// A drawing that is under way.
pub struct TraceFile {
    path: PathBuf,
    drawing: Arc<Mutex<Drawing>>,
}

struct Drawing {
    trace: Trace<Outlet>,
    /// What went wrong first; nothing is drawn after it.
    fault: Option<io::Error>,
}

impl TraceFile {
    /// Begins it.
    ///
    /// # Errors
    /// The file cannot be written, or holds something else.
    pub fn open(path: &Path, command: &str) -> anyhow::Result<TraceFile> {
        let told = || format!("--trace: cannot write {}", path.display());
        if !may_be_replaced(path) {
            bail!("--trace: {} is there and is no trace; give it a name of its own", path.display());
        }
        if fs::metadata(path).is_ok_and(|facts| is_pipe(&facts)) {
            bail!("--trace: {} is a pipe, and whoever reads it could hold the run up; name a file", path.display());
        }
        let file = File::create(path).with_context(told)?;
        let about = Map::from_iter([
            ("command".to_owned(), json!(command)),
            ("version".to_owned(), json!(env!("CARGO_PKG_VERSION"))),
            ("began".to_owned(), json!(rfc3339(SystemTime::now()))),
        ]);
        let mut trace = Trace::new(outlet::file(file), Instant::now(), about);
        trace.flush().with_context(told)?;
        let drawing = Arc::new(Mutex::new(Drawing { trace, fault: None }));
        keep_fresh(&drawing);
        Ok(TraceFile { path: path.to_owned(), drawing })
    }

    /// Draws each record.
    pub fn on_record(&self) -> OnRecord {
        let drawing = Arc::clone(&self.drawing);
        Box::new(move |record| lock(&drawing).go_on(|trace| trace.add(record)))
    }

    /// Ends it.
    ///
    /// # Errors
    /// What could not be written, in a sentence.
    pub fn finish(self) -> Result<(), String> {
        let mut drawing = lock(&self.drawing);
        let ended = match drawing.fault.take() {
            // What is there is whole events, and can be read as it is.
            Some(fault) => Err(fault),
            None => drawing.trace.finish(),
        };
        ended.map_err(|fault| format!("cannot write {}: {fault}; the trace ends before the run", self.path.display()))
    }
}

impl Drawing {
    fn go_on(&mut self, draw: impl FnOnce(&mut Trace<Outlet>) -> io::Result<()>) {
        if self.fault.is_none() {
            self.fault = draw(&mut self.trace).err();
        }
    }
}

/// Has events written that wait for more, for as long as there is a drawing. Without a thread to spare they wait
/// for a piece to be full.
fn keep_fresh(drawing: &Arc<Mutex<Drawing>>) {
    let drawing = Arc::downgrade(drawing);
    let thread = thread::Builder::new().name("trace".to_owned());
    drop(thread.spawn(move || {
        loop {
            thread::sleep(LINGER);
            let Some(drawing) = drawing.upgrade() else { return };
            lock(&drawing).go_on(Trace::flush);
        }
    }));
}

fn lock(drawing: &Mutex<Drawing>) -> MutexGuard<'_, Drawing> {
    drawing.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_pipe(facts: &fs::Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::FileTypeExt::is_fifo(&facts.file_type());
    #[cfg(not(unix))]
    return !facts.is_file();
}

/// Nothing is lost but a trace: a list or an output is not to be written over by a slip.
fn may_be_replaced(path: &Path) -> bool {
    let is_filled = fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.len() > 0);
    let mut head = Vec::new();
    let mut read = || -> io::Result<usize> { File::open(path)?.take(BEGINNING.len() as u64).read_to_end(&mut head) };
    !is_filled || (read().is_ok() && head == BEGINNING)
}
