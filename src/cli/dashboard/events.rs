//! What a viewer gets while a run goes on, as server-sent events (HTML, section 9.2).
//!
//! Each viewer has its own place among the pieces and asks for the next one when the last is sent: one that is slow is
//! behind, and nothing waits for it. Events: `rows` (two lines: columns, further columns), `told` (markup of the
//! verdict), `again` (this is another run: load the page anew), `end` (JSON: what was said last).

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt as _, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use tokio::time::{Instant, sleep};

use super::board::{Board, Next};

/// How often is looked for what is new.
const TICK: Duration = Duration::from_millis(250);
/// Shortest time between two verdicts.
const TOLD: Duration = Duration::from_secs(1);
/// Longest silence: a reader that is gone is noticed by writing only.
const SILENCE: Duration = Duration::from_secs(15);

struct Viewer {
    board: Arc<Board>,
    /// The piece that is next.
    at: usize,
    /// Rows that there were when the verdict was told last.
    told: Option<(Instant, u64)>,
    spoke: Instant,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Hello,
    Following,
    /// The last verdict is told.
    Ending,
    Over,
}

/// Everything from the beginning, or behind the event that was seen last.
pub fn body(board: Arc<Board>, last: Option<&str>) -> UnsyncBoxBody<Bytes, io::Error> {
    let seen = last.and_then(|last| last.rsplit_once('-')).filter(|(run, _)| *run == board.run());
    let at = seen.and_then(|(_, at)| at.parse::<usize>().ok()).map_or(0, |at| at.saturating_add(1));
    let is_other = last.is_some_and(|last| !last.is_empty()) && seen.is_none();
    let viewer = Viewer { board, at, told: None, spoke: Instant::now(), stage: Stage::Hello };
    let events = stream::unfold((viewer, is_other), |(viewer, is_other)| async move {
        let (text, viewer) = viewer.next(is_other).await?;
        Some((Ok(Frame::data(Bytes::from(text))), (viewer, is_other)))
    });
    StreamBody::new(events).boxed_unsync()
}

impl Viewer {
    async fn next(mut self, is_other: bool) -> Option<(String, Viewer)> {
        if self.stage == Stage::Over {
            return None;
        }
        if self.stage == Stage::Hello {
            self.stage = if is_other { Stage::Over } else { Stage::Following };
            let text = if is_other { "retry: 2000\nevent: again\ndata:\n\n" } else { "retry: 2000\n\n" };
            return Some((text.to_owned(), self));
        }
        loop {
            if let Some(text) = self.due() {
                self.spoke = Instant::now();
                return Some((text, self));
            }
            sleep(TICK).await;
        }
    }

    /// What is to be said now, if anything is.
    fn due(&mut self) -> Option<String> {
        if self.stage == Stage::Ending {
            self.stage = Stage::Over;
            let words = serde_json::to_string(&self.board.last_words()).unwrap_or_default();
            return Some(event("end", None, &[&words]));
        }
        let (rows, is_over) = match self.board.next(self.at) {
            Next::Rows(piece) => {
                let id = format!("{}-{}", self.board.run(), self.at);
                self.at += 1;
                return Some(event("rows", Some(&id), &[&piece.rows, &piece.more]));
            }
            Next::Nothing { rows, is_over } => (rows, is_over),
        };
        let is_news = self.told.is_none_or(|(when, told)| told != rows && when.elapsed() >= TOLD);
        if is_over || is_news {
            self.told = Some((Instant::now(), rows));
            if is_over {
                self.stage = Stage::Ending;
            }
            let told = self.board.told();
            return Some(event("told", None, &told.lines().collect::<Vec<_>>()));
        }
        (self.spoke.elapsed() >= SILENCE).then(|| ":\n\n".to_owned())
    }
}

fn event(name: &str, id: Option<&str>, lines: &[&str]) -> String {
    let mut text = format!("event: {name}\n");
    if let Some(id) = id {
        text.push_str(&format!("id: {id}\n"));
    }
    for line in lines {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text
}
