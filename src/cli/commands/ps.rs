//! `fetchall ps`: the runs of this user, what one of them is doing, and orders for it.
//!
//! Asks over the sockets that runs make. Must not know how a run answers.

use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use fetchall::model::escape;

use crate::cli::{
    control::{
        client,
        rows::{Reply, RunRow},
        table,
    },
    definition::{PsFlags, PsFormat},
    exit::Exit,
    terminal::{self, Voice},
};

/// Requests that are listed, for people and for programs.
const LISTED: usize = 50;
const LISTED_JSON: usize = 1000;

/// Runs the command.
pub fn run(flags: &PsFlags) -> anyhow::Result<Exit> {
    let voice = Voice::new(flags.quiet, None);
    let on_terminal = io::stdout().is_terminal();
    let is_json = flags.format.map_or(!on_terminal, |format| format == PsFormat::Jsonl);
    let runs = client::runs().context("cannot look for runs")?;
    let Some(pid) = flags.pid else { return Ok(list(&runs, is_json, &voice)) };
    let Some((_, socket)) = runs.iter().find(|(known, _)| *known == pid) else {
        bail!("{}", nobody(pid, &runs));
    };
    let orders = flags.orders();
    if orders.is_empty() {
        let most = flags.limit.map_or(if is_json { LISTED_JSON } else { LISTED }, std::num::NonZeroUsize::get);
        return Ok(show(pid, socket, most, is_json, &voice));
    }
    Ok(tell(pid, socket, &orders, is_json, &voice))
}

fn nobody(pid: u32, runs: &[(u32, PathBuf)]) -> String {
    let known: Vec<String> = runs.iter().map(|(pid, _)| pid.to_string()).collect();
    match known.as_slice() {
        [] => format!("there is no run {pid} of yours that can be seen, nor any other"),
        known => format!("there is no run {pid} of yours that can be seen; there is {}", known.join(", ")),
    }
}

/// All runs, a line each. One that ends while it is asked is none any more.
fn list(runs: &[(u32, PathBuf)], is_json: bool, voice: &Voice) -> Exit {
    let mut rows = Vec::new();
    let mut exit = Exit::OK;
    for (pid, socket) in runs {
        match client::ask(socket, "run", "", 0) {
            Ok(replies) => rows.extend(replies.into_iter().filter_map(run_of)),
            Err(_) if !socket.exists() => {}
            Err(error) => {
                exit = Exit::INCOMPLETE;
                voice.error(&format!("{pid} does not answer: {error}"));
            }
        }
    }
    if rows.is_empty() && exit == Exit::OK {
        voice.line("no run of yours is under way");
        return exit;
    }
    let text = match is_json {
        true => json(rows.into_iter().map(Reply::Run)),
        false if rows.is_empty() => return exit,
        false => table::of_runs(&rows),
    };
    worse(exit, terminal::print(&text))
}

fn run_of(reply: Reply) -> Option<RunRow> {
    match reply {
        Reply::Run(run) => Some(run),
        _ => None,
    }
}

/// One run, its hosts and its requests.
fn show(pid: u32, socket: &Path, most: usize, is_json: bool, voice: &Voice) -> Exit {
    match client::ask(socket, "list", "", most) {
        Ok(replies) if is_json => terminal::print(&json(replies.into_iter())),
        Ok(replies) => terminal::print(&table::of(&replies)),
        Err(error) => {
            voice.error(&format!("{pid} does not answer: {error}"));
            Exit::INCOMPLETE
        }
    }
}

/// Tells a run one thing after another; the first that is refused is the last.
fn tell(pid: u32, socket: &Path, orders: &[(&str, &str)], is_json: bool, voice: &Voice) -> Exit {
    for (name, value) in orders {
        let replies = match client::ask(socket, name, value, 0) {
            Ok(replies) => replies,
            Err(error) => {
                voice.error(&format!("{pid} does not answer: {error}"));
                return Exit::INCOMPLETE;
            }
        };
        for reply in &replies {
            match reply {
                Reply::Done(done) => voice.line(&told(name, value, done.count)),
                Reply::Refused(refused) => {
                    voice.error(&format!("{pid} does not do that: {}", refused.message));
                    return Exit::FAILED;
                }
                _ => {}
            }
        }
        let printed = if is_json { terminal::print(&json(replies.into_iter())) } else { Exit::OK };
        if printed != Exit::OK {
            return printed;
        }
    }
    Exit::OK
}

/// What was done, in words.
fn told(name: &str, value: &str, count: usize) -> String {
    let some = |one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    match name {
        "set" if value.starts_with("concurrency=") => format!("up to {count} at once from now on"),
        "set" => format!("{value} holds from now on, for {} that something waits for or is under way to", some("host")),
        "skip-host" => format!("{} for {value} skipped", some("request")),
        "pause" => format!("nothing is started until --resume; {} waiting", some("request")),
        "resume" => "it goes on".to_owned(),
        _ => "what was started is finished, then it ends".to_owned(),
    }
}

fn json(replies: impl Iterator<Item = Reply>) -> String {
    let mut text = Vec::new();
    for reply in replies {
        // A row is made of numbers and strings, which nothing can be wrong with.
        let from = text.len();
        if serde_json::to_writer(&mut text, &reply).is_ok() {
            escape::json(&mut text, from);
            text.push(b'\n');
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn worse(one: Exit, other: Exit) -> Exit {
    if one == Exit::OK { other } else { one }
}
