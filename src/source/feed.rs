//! The reading thread: drains one source after the other and hands requests over in batches.
//!
//! A thread of our own, because a read of a pipe or a terminal cannot be cancelled: it is never
//! joined, so that a run which is told to stop does not wait for a line that never comes. What was
//! read is handed on at once; at most two batches (of one 64 KiB chunk each) wait.

use std::{
    path::Path,
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

use futures::{Stream, StreamExt as _, stream::BoxStream};
use tokio::sync::{mpsc, oneshot};

use super::{
    Options, SourceError, Spec,
    intake::{self, Intake},
};
use crate::model::Request;

/// What the thread hands over.
enum Message {
    Batch(Vec<Request>),
    Failed(SourceError),
    /// All was read. A channel that closes without it is a thread that died.
    Done,
}

fn is_read_once(spec: &Spec) -> bool {
    match spec {
        Spec::Stdin => true,
        Spec::Literal(_) => false,
        Spec::File(path) => !is_regular(path),
    }
}

fn is_regular(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|facts| facts.is_file())
}

/// Checks everything; opens the first source already if it is a pipe.
fn prepare(specs: &[Spec], options: &Options) -> Result<Option<Intake>, SourceError> {
    specs.iter().try_for_each(|spec| intake::check(spec, options))?;
    match specs.first().filter(|spec| is_read_once(spec)) {
        Some(first) => Intake::of(first, options),
        None => Ok(None),
    }
}

/// The body of the thread.
fn run(
    specs: Vec<Spec>,
    options: &Options,
    ready: oneshot::Sender<Result<(), SourceError>>,
    out: &mpsc::Sender<Message>,
) {
    let mut opened = match prepare(&specs, options) {
        Ok(opened) => opened,
        Err(error) => {
            let _ = ready.send(Err(error)); // whoever asked may have gone
            return;
        }
    };
    if ready.send(Ok(())).is_err() {
        return;
    }
    let take = |batch| out.blocking_send(Message::Batch(batch)).is_ok();
    for spec in specs {
        let intake = opened.take().map_or_else(|| Intake::of(&spec, options), |opened| Ok(Some(opened)));
        let taken = match (intake, spec) {
            (Ok(Some(intake)), _) => intake.drain(take),
            (Ok(None), Spec::Literal(url)) => Ok(take(vec![Request::get(url)])),
            (Ok(None), Spec::Stdin | Spec::File(_)) => Ok(true),
            (Err(error), _) => Err(error),
        };
        match taken {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let _ = out.blocking_send(Message::Failed(error));
                return;
            }
        }
    }
    let _ = out.blocking_send(Message::Done);
}

/// Starts the thread and waits for its checks.
pub(super) async fn start(
    specs: Vec<Spec>,
    options: Options,
) -> Result<BoxStream<'static, Result<Request, SourceError>>, SourceError> {
    let (ready, checked) = oneshot::channel();
    let (out, messages) = mpsc::channel(1);
    std::thread::Builder::new()
        .name("source".to_owned())
        .spawn(move || run(specs, &options, ready, &out))
        .map_err(|source| SourceError::Open { name: "the input (no thread to read it)".to_owned(), source })?;
    checked.await.unwrap_or(Err(SourceError::Died))?;
    Ok(Requests { batch: Vec::new().into_iter(), messages, over: false }.boxed())
}

/// The stream: costs a wake-up a batch, not one a request.
struct Requests {
    batch: vec::IntoIter<Request>,
    messages: mpsc::Receiver<Message>,
    over: bool,
}

impl Stream for Requests {
    type Item = Result<Request, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(request) = self.batch.next() {
                return Poll::Ready(Some(Ok(request)));
            }
            if self.over {
                return Poll::Ready(None);
            }
            match ready!(self.messages.poll_recv(cx)) {
                Some(Message::Batch(batch)) => self.batch = batch.into_iter(),
                Some(Message::Done) => self.over = true,
                Some(Message::Failed(error)) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.over = true;
                    return Poll::Ready(Some(Err(SourceError::Died)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
