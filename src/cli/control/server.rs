//! The socket of a run: who asks is answered, a few at a time, each on a thread of its own.
//!
//! Whoever vanishes or stalls holds up nobody else, and nothing of the run. Must not know what a run does.

use std::{
    fs, io,
    os::unix::{
        fs::PermissionsExt as _,
        net::{UnixListener, UnixStream},
    },
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use super::{
    Run, orders,
    orders::Order,
    place,
    rows::{Asked, DoneRow, RefusedRow, Reply, VERSION},
    socket::{self, Lines},
};
use crate::cli::{flags::ControlArg, terminal::Voice};

/// Clients at a time; one more is turned away.
const CLIENTS: usize = 4;
/// Bytes of a question.
const QUESTION: usize = 4096;
/// Questions over one connection, and how long it may last.
const QUESTIONS: usize = 100;
const VISIT: Duration = Duration::from_secs(20);
/// Rows of a list at most.
const ROWS: usize = 10_000;

/// The socket, for as long as this lives.
pub struct Control {
    path: PathBuf,
    over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Makes the socket of this process, if there is to be one. Where it cannot be made the run goes on without;
/// that is said only to those who have asked for it.
pub fn begin(run: Run, voice: &Voice) -> Option<Control> {
    if run.about.control == Some(ControlArg::Off) || run.about.command.is_empty() {
        return None;
    }
    let is_wanted = run.about.control.is_some();
    match open(run) {
        Ok(control) => Some(control),
        Err(error) => {
            if is_wanted {
                voice.line(&format!("`fetchall ps` will not see this run: {error}"));
            }
            None
        }
    }
}

fn open(run: Run) -> io::Result<Control> {
    let folder = place::open()?;
    place::sweep(&folder);
    let path = place::socket_of(&folder, std::process::id());
    // The first process of another container, which shares the folder: its name is not taken away from it.
    if socket::connect(&path).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    // It gets its name once somebody listens: one that refuses under its name is left over from a run that
    // was killed.
    let new = folder.join(format!(".{}.new", fetchall::journal::new_id()));
    let listener = UnixListener::bind(&new)?;
    let named = fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).and_then(|()| fs::rename(&new, &path));
    named.inspect_err(|_| drop(fs::remove_file(&new)))?;
    let over = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&over);
    let thread = thread::Builder::new().name("control".to_owned()).spawn(move || accept(&listener, &run, &seen));
    let thread = thread.inspect_err(|_| drop(fs::remove_file(&path)))?;
    Ok(Control { path, over, thread: Some(thread) })
}

impl Drop for Control {
    fn drop(&mut self) {
        self.over.store(true, SeqCst);
        // What is waited for there is the next client: this is it.
        let is_awake = socket::connect(&self.path).is_ok();
        drop(fs::remove_file(&self.path));
        if let Some(thread) = self.thread.take().filter(|_| is_awake) {
            // A panic there was told by its hook, and the run does not depend on it.
            drop(thread.join());
        }
    }
}

fn accept(listener: &UnixListener, run: &Run, over: &AtomicBool) {
    let clients = Arc::new(AtomicUsize::new(0));
    for client in listener.incoming() {
        if over.load(SeqCst) {
            return;
        }
        let Ok(client) = client else {
            // No descriptor left, most likely: it may come free.
            thread::sleep(Duration::from_millis(100));
            continue;
        };
        if clients.load(SeqCst) >= CLIENTS || !socket::is_ours(&client) {
            continue;
        }
        clients.fetch_add(1, SeqCst);
        let (run, counted) = (run.clone(), Counted(Arc::clone(&clients)));
        let visit = thread::Builder::new().name("control client".to_owned()).spawn(move || {
            let _counted = counted;
            // Whoever goes away or is too slow hears no more.
            drop(serve(&run, client));
        });
        // Without a thread to spare, nobody is served; the client sees the end.
        drop(visit);
    }
}

/// One client less when it goes, also if its thread panics or never starts.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

fn serve(run: &Run, client: UnixStream) -> io::Result<()> {
    socket::bound(&client)?;
    let mut lines = Lines::new(client, QUESTION, VISIT);
    for _ in 0..QUESTIONS {
        let Some(line) = lines.next()? else { break };
        let mut text = Vec::new();
        for reply in answer(run, &line) {
            serde_json::to_writer(&mut text, &reply)?;
            text.push(b'\n');
        }
        lines.say(&text)?;
    }
    Ok(())
}

fn answer(run: &Run, line: &[u8]) -> Vec<Reply> {
    let refused =
        |ask: &str, message: String| vec![Reply::Refused(RefusedRow { v: VERSION, ask: ask.to_owned(), message })];
    let asked: Asked = match serde_json::from_slice(line) {
        Ok(asked) => asked,
        Err(error) => return refused("", format!("this is no question: {error}")),
    };
    if asked.v != VERSION {
        return refused(&asked.ask, format!("this run speaks version {VERSION}, not {}", asked.v));
    }
    match asked.ask.as_str() {
        "run" => vec![Reply::Run(run.row(run.view(0).as_ref()))],
        "list" => run.list(asked.most.min(ROWS)),
        name => match orders::order(name, &asked.value).and_then(|order| carry_out(run, order)) {
            Ok(count) => vec![Reply::Done(DoneRow { v: VERSION, ask: asked.ask, value: asked.value, count })],
            Err(message) => refused(name, message),
        },
    }
}

fn carry_out(run: &Run, order: Order) -> Result<usize, String> {
    match order {
        Order::Stop(why) => {
            run.stop(why);
            Ok(0)
        }
        Order::Change(change) => run.change(change),
    }
}
