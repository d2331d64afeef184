//! Asking other runs of this user, over their sockets.
//!
//! Must not know how answers are shown.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    place,
    rows::{Asked, Reply, VERSION},
    socket::{self, Lines},
};

/// Bytes of a line that a run says at most.
const LINE: usize = 64 << 10;
/// How long a run may take to say all.
const TIME: Duration = Duration::from_secs(10);
/// Lines of an answer at most.
const LINES: usize = 20_000;

/// The runs that can be asked, each with its process; sockets that nobody listens at are removed.
///
/// # Errors
/// No folder of sockets is this user's alone. One that is not is passed over where there is another: anybody may
/// put one among the temporary files.
pub fn runs() -> io::Result<Vec<(u32, PathBuf)>> {
    let (mut runs, mut is_there, mut refused) = (Vec::new(), false, None);
    for folder in place::folders() {
        match place::judge(&folder) {
            Ok(()) => {
                is_there = true;
                place::sweep(&folder);
                runs.extend(place::sockets(&folder));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused.filter(|_| !is_there) {
        Some(error) => Err(error),
        None => Ok(runs),
    }
}

/// Asks a run, and waits for the whole answer.
///
/// # Errors
/// It is gone, does not answer in time, or says what nobody understands.
pub fn ask(socket: &Path, ask: &str, value: &str, most: usize) -> io::Result<Vec<Reply>> {
    let stream = socket::connect(socket)?;
    if !socket::is_ours(&stream) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "somebody else answers there"));
    }
    let mut lines = Lines::new(stream, LINE, TIME);
    let asked = Asked { v: VERSION, ask: ask.to_owned(), value: value.to_owned(), most };
    let mut text = serde_json::to_vec(&asked)?;
    text.push(b'\n');
    lines.say(&text)?;
    let mut replies = Vec::new();
    let is_list = ask == "list";
    while replies.len() < LINES {
        let Some(line) = lines.next()? else { break };
        let reply: Reply = serde_json::from_slice(&line)?;
        let is_last = !is_list || matches!(reply, Reply::End(_) | Reply::Refused(_));
        replies.push(reply);
        if is_last {
            return Ok(replies);
        }
    }
    Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it says nothing, or not all: it is busy, or has just ended"))
}
