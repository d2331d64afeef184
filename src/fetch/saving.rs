//! A body on its way to a file, beside its way to whoever reads it.
//!
//! Pieces are gathered and written in one go, on a thread that may block: a small body takes one such turn,
//! and of a big one no more is held than is written at once. Must not know names.

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use tokio::task::spawn_blocking;

use super::ClientError;
use crate::{
    files::{Content, Fault, Files, Note, Part},
    model::{Ask, Code, Exchange, Failure, Head, SaveAs, capture::Raw, record},
    policy::{cache::CONDITIONS, name, range, redirect},
    settings::Settings,
};

/// Bytes that are gathered before they are written.
const PIECE: usize = 256 << 10;

/// Where a body goes.
#[derive(Debug)]
pub(super) struct Saving {
    files: Arc<Files>,
    wish: Arc<SaveAs>,
    part: Option<Part>,
    /// With which the part can be gone on with.
    note: Option<Note>,
    media_type: Option<String>,
    pieces: Vec<Bytes>,
    held: usize,
    /// Length of the whole, where this is the rest of it.
    whole: Option<u64>,
}

impl Saving {
    /// Of the body behind this head, if it is to be saved. `earlier` is what is there of it.
    pub fn of(files: Option<&Arc<Files>>, ask: &Ask, head: &Head, earlier: Option<(Part, u64)>) -> Option<Box<Saving>> {
        let (files, wish) = (files?, ask.save.as_ref()?);
        if !has_content(ask, head) || !wish.may_keep(head.status) {
            return None;
        }
        let field = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let (part, whole) = earlier.unzip();
        let note = range::validator(head).filter(|_| may_go_on(ask) && part.is_none());
        let note = note.map(|validator| Note::new(name::bare(&ask.url), validator, range::length(head)));
        Some(Box::new(Saving {
            files: Arc::clone(files),
            wish: Arc::clone(wish),
            part,
            note,
            media_type: field.and_then(|field| record::content_type(field).0),
            pieces: Vec::new(),
            held: 0,
            whole,
        }))
    }

    /// Largest body, in bytes.
    pub fn most(&self) -> u64 {
        self.wish.most
    }

    /// Takes a piece of it.
    pub fn push(&mut self, piece: &Bytes) {
        self.held += piece.len();
        self.pieces.push(piece.clone());
    }

    /// Writes what there is, if it is enough.
    pub async fn keep_up(&mut self) -> Result<(), Failure> {
        if self.held >= PIECE { self.write().await } else { Ok(()) }
    }

    async fn write(&mut self) -> Result<(), Failure> {
        let (files, wish, note) = (Arc::clone(&self.files), Arc::clone(&self.wish), self.note.take());
        let (part, pieces) = (self.part.take(), std::mem::take(&mut self.pieces));
        self.held = 0;
        let written = blocking(move || {
            let mut part = part.map_or_else(|| files.begin(&wish, note), Ok)?;
            part.write(&pieces)?;
            Ok(part)
        });
        self.part = Some(written.await?);
        Ok(())
    }

    /// The next piece of what was there before; empty behind the last.
    pub async fn before(&mut self) -> Result<Bytes, Failure> {
        let Some(mut part) = self.part.take().filter(|_| self.whole.is_some()) else { return Ok(Bytes::new()) };
        let read = blocking(move || part.read().map(|piece| (part, piece)));
        let (part, piece) = read.await?;
        self.part = Some(part);
        Ok(piece)
    }

    /// Whether a body of this length is all there is of it.
    pub fn is_whole(&self, len: u64) -> bool {
        self.whole.is_none_or(|whole| whole == len)
    }

    /// The body is complete, and gets its name.
    pub async fn keep(self, sha256: Option<[u8; 32]>) -> Result<PathBuf, Failure> {
        let Saving { files, wish, part, media_type, pieces, .. } = self;
        blocking(move || {
            let mut part = part.map_or_else(|| files.begin(&wish, None), Ok)?;
            part.write(&pieces)?;
            let content = Content { media_type: media_type.as_deref(), sha256: sha256.as_ref() };
            files.keep(part, &wish, content)
        })
        .await
    }

    /// It is not to be kept: the transfer was cut, and what there is may be gone on with; or it is not wanted.
    pub async fn drop_it(mut self, why: Why) {
        let may_go_on = match &self.part {
            Some(part) => part.note().is_some(),
            None => self.note.is_some() && self.held > 0,
        };
        if why == Why::Cut && may_go_on {
            // Whatever the disk says: the request has failed already, and for another reason.
            let _ = self.write().await;
        }
        let Some(part) = self.part.take() else { return };
        let _ = spawn_blocking(move || if why == Why::Cut { drop(part) } else { part.forget() }).await;
    }
}

/// Why a body is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Cut,
    Unwanted,
}

/// Where bodies are saved, if they are.
pub(super) fn open(settings: &Settings) -> Result<Option<Arc<Files>>, ClientError> {
    let files = settings.save.as_ref().map(Files::new).transpose();
    files.map(|files| files.map(Arc::new)).map_err(ClientError::SaveName)
}

/// What becomes of what was saved, now that the exchange is complete.
pub(super) async fn conclude(saving: Option<Box<Saving>>, exchange: &mut Exchange) {
    let Some(saving) = saving else { return };
    let Some(body) = exchange.body.as_ref().filter(|_| exchange.failure.is_none()) else {
        return saving.drop_it(Why::Cut).await;
    };
    if !saving.wish.keeps(exchange) {
        return saving.drop_it(Why::Unwanted).await;
    }
    match saving.keep(body.sha256).await {
        Ok(path) => {
            if let Some(body) = &mut exchange.body {
                body.saved = Some(path.to_string_lossy().into());
            }
        }
        Err(failure) => (exchange.body, exchange.failure) = (None, Some(failure)),
    }
}

/// What an earlier try has left of what is asked for.
pub(super) async fn earlier(files: Option<&Arc<Files>>, ask: &Ask) -> Option<Part> {
    let (files, wish) = (Arc::clone(files?), Arc::clone(ask.save.as_ref()?));
    if !may_go_on(ask) {
        return None;
    }
    let url = Arc::clone(&ask.url);
    spawn_blocking(move || files.earlier(&wish, &url)).await.ok().flatten()
}

/// Asks for the rest of a part, if it is still the same.
pub(super) fn ask_for_rest(fields: &mut HeaderMap, part: &Part) {
    let Some(note) = part.note() else { return };
    let Ok(validator) = HeaderValue::from_str(&note.validator) else { return };
    let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", part.len())) else { return };
    fields.insert(header::RANGE, range);
    fields.insert(header::IF_RANGE, validator);
    fields.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

/// Where the body behind this head goes, if it is to be saved. `part` is what is there of it, whose rest was
/// asked for; the outer `None` is an answer that does not fit: the part is gone, and all is to be asked for.
pub(super) async fn behind(
    files: Option<&Arc<Files>>,
    ask: &Ask,
    head: &mut Head,
    part: Option<Part>,
) -> Option<Option<Box<Saving>>> {
    let Some(part) = part else { return Some(Saving::of(files, ask, head, None)) };
    let note = part.note().filter(|_| head.status == 206);
    let had = note.map(|note| range::Had { validator: &note.validator, bytes: part.len(), whole: note.whole });
    if let Some(whole) = had.and_then(|had| range::rest(head, had)) {
        range::as_whole(head, whole);
        return Some(Saving::of(files, ask, head, Some((part, whole))));
    }
    let status = head.status;
    // With 503 and its like, the part waits for the next try.
    let is_of_use = !matches!(status, 200 | 206 | 416);
    let _ = spawn_blocking(move || if is_of_use { drop(part) } else { part.forget() }).await;
    (!matches!(status, 206 | 416)).then(|| Saving::of(files, ask, head, None))
}

/// Whether a transfer of this may be gone on with: an archive has to have it whole, and what the user has
/// said about ranges goes first.
fn may_go_on(ask: &Ask) -> bool {
    ask.method == Method::GET
        && ask.body.is_none()
        && ask.raw == Raw::Drop
        && !CONDITIONS.iter().any(|name| ask.headers.contains_key(name))
}

/// Whether there is a body that somebody would want to have: none has an answer to HEAD, and a part that the
/// user has asked for is not the page.
fn has_content(ask: &Ask, head: &Head) -> bool {
    let leads_on = redirect::is_followed(head.status) && head.headers.contains_key(header::LOCATION);
    ask.method != Method::HEAD && !matches!(head.status, 100..=199 | 204 | 205 | 206 | 304) && !leads_on
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Failure> {
    match spawn_blocking(work).await {
        Ok(done) => done.map_err(|fault| Failure::new(Code::IoWrite, fault.to_string())),
        Err(_) => Err(Failure::new(Code::InternalPanic, "the writing of a file panicked")),
    }
}
