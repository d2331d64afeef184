//! Runs the binary as a user would, and reads what it says.

use std::{
    ffi::OsStr,
    os::unix::process::ExitStatusExt as _,
    process::Stdio,
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{ChildStdin, ChildStdout, Command},
    task::JoinHandle,
    time::timeout,
};

pub use rustix::process::Signal;

/// Longest that any run may take.
const LONGEST: Duration = Duration::from_secs(60);

/// A run of `fetchall` with these arguments; nothing happens before `run` or `start`.
///
/// The environment is empty but for `PATH`, home and working directory are a scratch folder of the
/// tests, stdin is `/dev/null` unless it is given.
pub fn fetchall<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Fetchall {
    program(env!("CARGO_BIN_EXE_fetchall"), args)
}

/// The same for any program.
pub fn program<S: AsRef<OsStr>>(name: &str, args: impl IntoIterator<Item = S>) -> Fetchall {
    let scratch = env!("CARGO_TARGET_TMPDIR");
    let mut command = Command::new(name);
    command.args(args).env_clear().env("HOME", scratch).current_dir(scratch).kill_on_drop(true);
    // the second is how coverage of the binary is written down
    for kept in ["PATH", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Fetchall { command, stdin: None }
}

/// A run that is being prepared.
pub struct Fetchall {
    command: Command,
    stdin: Option<Vec<u8>>,
}

impl Fetchall {
    /// All of stdin, which is a pipe then.
    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Fetchall {
        self.command.stdin(Stdio::piped());
        self.stdin = Some(text.into());
        self
    }

    /// A stdin that stays open for [`Child::write`] until [`Child::end_input`]; for `start`.
    pub fn open_stdin(mut self) -> Fetchall {
        self.command.stdin(Stdio::piped());
        self
    }

    /// Sets a variable.
    pub fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Fetchall {
        self.command.env(key, value);
        self
    }

    /// Sets the working directory.
    pub fn dir(mut self, dir: impl AsRef<std::path::Path>) -> Fetchall {
        self.command.current_dir(dir);
        self
    }

    /// Runs it to its end.
    pub async fn run(self) -> Run {
        self.start().wait().await
    }

    /// Starts it and lets it run beside the test.
    pub fn start(mut self) -> Child {
        let began = Instant::now();
        let mut process = self.command.spawn().expect("the binary starts");
        let mut stdin = process.stdin.take();
        if let Some(text) = self.stdin {
            let mut pipe = stdin.take().expect("a text for stdin made it a pipe");
            // in a task, since a pipe takes 64 KiB; a reader that leaves early is no fault
            tokio::spawn(async move { pipe.write_all(&text).await.ok() });
        }
        let mut errors = process.stderr.take().expect("stderr is a pipe");
        let said = Arc::new(Mutex::new(Vec::new()));
        let saying = Arc::clone(&said);
        let stderr = tokio::spawn(async move {
            let mut part = [0; 4096];
            while let Ok(read @ 1..) = errors.read(&mut part).await {
                saying.lock().unwrap().extend_from_slice(&part[..read]);
            }
            String::from_utf8_lossy(&saying.lock().unwrap()).into_owned()
        });
        let stdout = process.stdout.take().map(BufReader::new);
        Child { process, stdin, stdout, stderr, said, seen: Vec::new(), began }
    }
}

/// A run under way; killed when it is dropped.
pub struct Child {
    process: tokio::process::Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: JoinHandle<String>,
    said: Arc<Mutex<Vec<u8>>>,
    seen: Vec<u8>,
    began: Instant,
}

impl Child {
    /// The id of the process.
    pub fn pid(&self) -> u32 {
        self.process.id().expect("it was not waited for yet")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
        rustix::process::kill_process(pid, signal).expect("our own child takes signals");
    }

    /// The next line of stdout without its end; `None` at the end of it. What is not read stays in
    /// the pipe, so a test that reads nothing is a slow reader.
    pub async fn line(&mut self) -> Option<String> {
        let pipe = self.stdout.as_mut()?;
        let from = self.seen.len();
        let read = timeout(LONGEST, pipe.read_until(b'\n', &mut self.seen)).await;
        read.expect("a line comes within a minute").expect("a pipe can be read");
        let line = &self.seen[from..];
        (!line.is_empty()).then(|| String::from_utf8_lossy(line).trim_end_matches('\n').to_owned())
    }

    /// What stands behind these words on stderr, up to the end of their line, as soon as it is said.
    pub async fn says(&self, words: &str) -> String {
        let looking = async {
            loop {
                let said = String::from_utf8_lossy(&self.said.lock().unwrap()).into_owned();
                let rest = said.split_once(words).and_then(|(_, rest)| rest.split_once('\n'));
                if let Some((line, _)) = rest {
                    return line.to_owned();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LONGEST, looking).await.expect("it is said within a minute")
    }

    /// Closes our end of stdout, as `| head` does.
    pub fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Writes to a stdin that was left open.
    pub async fn write(&mut self, text: impl AsRef<[u8]>) {
        let pipe = self.stdin.as_mut().expect("stdin was opened with open_stdin and not ended");
        pipe.write_all(text.as_ref()).await.expect("the child reads its stdin");
        pipe.flush().await.expect("the child reads its stdin");
    }

    /// Ends stdin.
    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Whether it has ended already.
    pub fn ended(&mut self) -> bool {
        self.process.try_wait().expect("our own child can be waited for").is_some()
    }

    /// Reads the rest and waits for the end. A run over a minute is killed and fails the test.
    pub async fn wait(mut self) -> Run {
        self.end_input();
        let ends = async {
            if let Some(pipe) = &mut self.stdout {
                pipe.read_to_end(&mut self.seen).await.expect("a pipe can be read");
            }
            self.process.wait().await.expect("our own child can be waited for")
        };
        let Ok(status) = timeout(LONGEST, ends).await else {
            self.process.kill().await.ok();
            let stderr = self.stderr.await.unwrap_or_default();
            panic!("no end within {LONGEST:?}\nstdout: {}\nstderr: {stderr}", String::from_utf8_lossy(&self.seen));
        };
        let wall = self.began.elapsed();
        let signal = status.signal();
        let exit = status.code().or(signal.map(|number| 128 + number)).expect("it ended by itself or by a signal");
        Run { exit, signal, stdout: self.seen, stderr: self.stderr.await.expect("the reader of stderr ends"), wall }
    }
}

/// A run that ended.
#[derive(Debug)]
pub struct Run {
    /// As a shell tells it: 128 + the signal, where one ended it.
    pub exit: i32,
    /// The signal that ended it.
    pub signal: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
    /// From start to end.
    pub wall: Duration,
}

impl Run {
    /// stdout as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("stdout is UTF-8")
    }

    /// Every line of stdout: whole, strict JSON, and as the schema of records says.
    #[track_caller]
    pub fn records(&self) -> Vec<Value> {
        let text = self.text();
        assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn: {self}");
        text.lines().map(checked).collect()
    }

    /// The one record of that request.
    #[track_caller]
    pub fn record(&self, seq: u64) -> Value {
        let mut found: Vec<_> = self.records().into_iter().filter(|record| record["seq"] == seq).collect();
        assert_eq!(found.len(), 1, "records with seq {seq}: {self}");
        found.remove(0)
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stdout = String::from_utf8_lossy(&self.stdout);
        write!(f, "exit {} after {:?}\nstdout:\n{stdout}\nstderr:\n{}", self.exit, self.wall, self.stderr)
    }
}

/// The record in a line, held to the schema of its type.
#[track_caller]
pub fn checked(line: &str) -> Value {
    use fetchall::model::record;
    static FETCH: OnceLock<jsonschema::Validator> = OnceLock::new();
    static PAGE: OnceLock<jsonschema::Validator> = OnceLock::new();
    let validator = |schema| jsonschema::validator_for(&schema).expect("the schema of records is a schema");
    let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"));
    let schema = match record["type"] == "page" {
        true => PAGE.get_or_init(|| validator(record::page_schema())),
        false => FETCH.get_or_init(|| validator(record::schema())),
    };
    let faults: Vec<_> = schema.iter_errors(&record).map(|e| format!("{} at {}", e, e.instance_path())).collect();
    assert!(faults.is_empty(), "against the schema: {}\n{line}", faults.join("; "));
    record
}
