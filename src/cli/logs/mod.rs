//! `-v`, `--log` and `--log-format`: what a run tells about itself, as lines on stderr or in a file.
//!
//! Events come from anywhere in the program and are made into lines on the spot; a thread of its own writes
//! them. Where that cannot keep up, or a terminal is stuck, lines are lost and counted: a log never holds up a
//! run, and never ends one. Must not know what the events are about.

mod file;
mod layer;
mod line;
mod post;

use std::sync::OnceLock;

use anyhow::{Context as _, bail};
use tracing::Level;
use tracing_subscriber::{Registry, layer::SubscriberExt as _};

pub use self::line::Form;
use self::{
    file::LogFile,
    layer::{Libraries, Lines},
    post::{Out, Post},
};
use super::{flags::InsightFlags, terminal::Voice};

/// Where lines go from here, once there is a log: what listens to events is one for the process, too.
static POST: OnceLock<Post> = OnceLock::new();

/// Begins to listen, if the flags want that. Once for the life of the process.
///
/// # Errors
/// The file cannot be opened, or the flags contradict each other.
pub fn begin(flags: &InsightFlags, voice: &Voice) -> anyhow::Result<()> {
    let Some(level) = level(flags.verbose, flags.log.is_some()) else { return Ok(()) };
    let out = match &flags.log {
        None if voice.is_quiet() => {
            bail!("--quiet and --verbose contradict each other; with --log FILE the file has what -v tells")
        }
        None => Out::Stderr(voice.clone()),
        Some(path) => {
            let file = LogFile::open(path);
            Out::File(file.with_context(|| format!("--log: cannot write {}", path.display()))?, voice.clone())
        }
    };
    let post = Post::begin(out).context("cannot start the log")?;
    let lines = Lines::new(level, flags.log_format.unwrap_or_default(), post.clone());
    if level == Level::TRACE && log::set_boxed_logger(Box::new(Libraries::new(lines.clone()))).is_ok() {
        log::set_max_level(log::LevelFilter::Trace);
    }
    tracing::subscriber::set_global_default(Registry::default().with(lines)).context("cannot start the log")?;
    POST.get_or_init(|| post);
    Ok(())
}

/// Has what was told so far written, as far as that goes quickly: before somebody says how it all went.
pub fn flush() {
    POST.get().into_iter().for_each(Post::flush);
}

/// How much is told; a file that was asked for has what one `-v` tells.
fn level(verbose: u8, to_file: bool) -> Option<Level> {
    match (verbose, to_file) {
        (0, false) => None,
        (0, true) | (1, _) => Some(Level::INFO),
        (2, _) => Some(Level::DEBUG),
        _ => Some(Level::TRACE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_v_tells_more_and_a_file_is_never_asked_for_in_vain() {
        for (verbose, to_file, told) in [
            (0, false, None),
            (0, true, Some(Level::INFO)),
            (1, false, Some(Level::INFO)),
            (2, true, Some(Level::DEBUG)),
            (3, false, Some(Level::TRACE)),
            (9, false, Some(Level::TRACE)),
        ] {
            assert_eq!(level(verbose, to_file), told, "{verbose} {to_file}");
        }
    }
}
