//! What is gathered of a body: as much as is wanted, its length, its digest.
//!
//! Must not know how a body arrives or how it is unpacked.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use sha2::{Digest as _, Sha256};

use super::{
    body::{Bounds, too_large},
    pile::Pile,
    room::Share,
    saving::Saving,
};
use crate::model::{Ask, Body, Code, Digest, Failure, Keep, Reads, capture::Raw, record};

/// How much of this body is kept: HTML can be told by its type alone; a body without a type may
/// be HTML.
pub(super) fn keep_of(headers: &HeaderMap, keep: Keep) -> usize {
    let is_html = || {
        let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = value.and_then(|value| record::content_type(value).0);
        media_type.is_none_or(|media_type| matches!(media_type.as_str(), "text/html" | "application/xhtml+xml"))
    };
    match keep {
        Keep::Documents if is_document(headers) => usize::MAX,
        Keep::Texts if is_text(headers) => usize::MAX,
        Keep::All => usize::MAX,
        Keep::None => 0,
        Keep::Html if is_html() => usize::MAX,
        Keep::HtmlPrefix(most) if is_html() => most,
        Keep::Start(most) => most,
        Keep::Html | Keep::HtmlPrefix(_) | Keep::Documents | Keep::Texts => 0,
    }
}

/// Whether a body is of a type that links are read from; one without a type may be.
fn is_document(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = value.and_then(|value| record::content_type(value).0);
    media_type.is_none_or(|media_type| {
        let texts = ["text/html", "text/css", "text/markdown", "text/plain", "text/xml", "application/xml"];
        texts.contains(&media_type.as_str()) || media_type.ends_with("+xml")
    })
}

/// Whether anybody wants this body. That of an answer to HEAD is none, and costs nothing.
pub(super) fn is_wanted(headers: &HeaderMap, ask: &Ask) -> bool {
    match ask.reads {
        Reads::All => true,
        Reads::Texts => is_text(headers),
        Reads::Nothing => ask.method == Method::HEAD,
    }
}

/// Whether a body is text; one without a type may be.
fn is_text(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(|value| record::content_type(value).0).is_none_or(|media_type| record::is_text_type(&media_type))
}

/// What of a body with content coding crossed the network, where that is kept.
#[derive(Clone, Debug)]
pub(super) struct Tape(Arc<Mutex<Pile>>);

impl Tape {
    pub fn push(&self, chunk: &Bytes) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(chunk);
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self) -> Bytes {
        let mut pile = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *pile, Pile::new(0, 0)).into_bytes()
    }
}

/// Counts, digests if asked to, and keeps.
pub(super) struct Sink {
    keep: usize,
    /// What is not kept is not wanted either.
    only_start: bool,
    most: u64,
    len: u64,
    digest: Option<Sha256>,
    pile: Pile,
    tape: Option<Tape>,
    /// Bytes of the tape that the share has.
    taped: usize,
    pub share: Share,
    /// Where it is saved, if it is.
    pub saving: Option<Box<Saving>>,
}

/// What is kept of a body, and the room that it takes as long as anybody has it.
struct Kept {
    bytes: Bytes,
    _share: Arc<Share>,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Sink {
    /// For a body without content coding, which is the same as received and decoded. `told` is how long
    /// the server says that it will be, 0 if it does not.
    pub fn plain(keep: usize, bounds: Bounds, told: usize, share: Share) -> Self {
        let only_start = matches!(bounds.keep, Keep::Start(_));
        let most = if bounds.raw != Raw::Drop && !only_start { usize::MAX } else { keep };
        Sink::new(keep, bounds, Pile::new(most, told), share)
    }

    /// For a body with content coding.
    pub fn coded(keep: usize, bounds: Bounds, told: usize, share: Share) -> Self {
        let tape = (bounds.raw != Raw::Drop).then(|| Tape(Arc::new(Mutex::new(Pile::new(usize::MAX, told)))));
        Sink { tape, ..Sink::new(keep, bounds, Pile::new(keep, 0), share) }
    }

    fn new(keep: usize, bounds: Bounds, pile: Pile, share: Share) -> Self {
        let digest = (bounds.digest == Digest::Sha256).then(Sha256::new);
        let only_start = matches!(bounds.keep, Keep::Start(_));
        Sink { keep, only_start, most: bounds.most, len: 0, digest, pile, tape: None, taped: 0, share, saving: None }
    }

    /// The same, saving what it takes.
    pub fn saving(mut self, saving: Option<Box<Saving>>) -> Self {
        self.saving = saving;
        self
    }

    /// Where what is received goes, if it is kept beside what is decoded.
    pub fn tape(&self) -> Option<Tape> {
        self.tape.clone()
    }

    /// Bytes decoded so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// What was received since takes room.
    pub fn count_tape(&mut self) {
        if let Some(tape) = &self.tape {
            let len = tape.len();
            self.share.add(len - self.taped);
            self.taped = len;
        }
    }

    /// Takes a decoded chunk; `over` says what it is to have too many.
    pub fn take(&mut self, chunk: &Bytes, over: Code) -> Result<(), Failure> {
        self.count(chunk, over)?;
        if let Some(saving) = &mut self.saving {
            saving.push(chunk);
        }
        Ok(())
    }

    /// Writes what is to be saved, once it is enough.
    pub async fn keep_up(&mut self) -> Result<(), Failure> {
        match &mut self.saving {
            Some(saving) => saving.keep_up().await,
            None => Ok(()),
        }
    }

    /// Takes what an earlier try has saved; says how much that is.
    pub async fn take_earlier(&mut self) -> Result<u64, Failure> {
        while let Some(saving) = &mut self.saving {
            let piece = saving.before().await?;
            if piece.is_empty() {
                break;
            }
            self.count(&piece, Code::BodyTooLarge)?;
            self.share.wait().await;
        }
        Ok(self.len)
    }

    /// Counts, digests and keeps a decoded chunk.
    fn count(&mut self, chunk: &Bytes, over: Code) -> Result<(), Failure> {
        self.len += chunk.len() as u64;
        if self.len > self.most {
            return Err(too_large(self.most, over));
        }
        if let Some(digest) = &mut self.digest {
            digest.update(chunk);
        }
        let part = self.pile.push(chunk);
        if part > 0 {
            self.share.add(part);
        }
        Ok(())
    }

    /// Whether the rest need not be read.
    pub fn has_enough(&self) -> bool {
        self.only_start && self.pile.len() >= self.keep
    }

    /// Whether it is all there is, as far as that was told before.
    pub fn is_whole(&self) -> bool {
        self.saving.as_ref().is_none_or(|saving| saving.is_whole(self.len))
    }

    /// The decoded content, and what was received where that is kept.
    pub fn finish(mut self, wire_len: u64) -> (Body, Bytes) {
        self.count_tape();
        let mut share = self.share;
        share.arrived();
        let share = Arc::new(share);
        let held = |bytes: Bytes| match share.is_empty() {
            true => bytes,
            false => Bytes::from_owner(Kept { bytes, _share: Arc::clone(&share) }),
        };
        let all = held(self.pile.into_bytes());
        let kept = all.slice(..all.len().min(self.keep));
        let raw = self.tape.map_or(all, |tape| held(tape.take()));
        let sha256 = self.digest.map(|digest| digest.finalize().into());
        (Body { kept, len: self.len, wire_len, sha256, saved: None }, raw)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;
    use crate::fetch::room::Room;

    fn bounds(most: u64, digest: Digest) -> Bounds {
        let (end, silence, raw) = (Instant::now(), Duration::ZERO, Raw::Drop);
        Bounds { end, silence, most, suspect: most, keep: Keep::All, digest, raw }
    }

    fn sink(keep: usize, bounds: Bounds) -> Sink {
        Sink::plain(keep, bounds, 0, Share::of(&Room::new(1 << 20)))
    }

    #[test]
    fn the_digest_covers_all_and_only_so_much_is_kept() {
        let taken = |digest| {
            let mut sink = sink(5, bounds(100, digest));
            for chunk in ["abc", "def", "ghi"] {
                sink.take(&Bytes::from(chunk), Code::BodyTooLarge).unwrap();
            }
            sink.finish(9).0
        };
        let body = taken(Digest::Sha256);
        assert_eq!((&body.kept[..], body.len), (&b"abcde"[..], 9));
        assert_eq!(body.sha256, Some(<[u8; 32]>::from(Sha256::digest("abcdefghi"))));
        let body = taken(Digest::Off);
        assert_eq!((&body.kept[..], body.len, body.sha256), (&b"abcde"[..], 9, None));
    }

    #[test]
    fn where_only_the_start_counts_the_rest_is_not_read() {
        let mut sink = sink(5, Bounds { keep: Keep::Start(5), ..bounds(100, Digest::Off) });
        sink.take(&Bytes::from("abcd"), Code::BodyTooLarge).unwrap();
        assert!(!sink.has_enough());
        sink.take(&Bytes::from("efgh"), Code::BodyTooLarge).unwrap();
        assert!(sink.has_enough());
        assert_eq!(&sink.finish(8).0.kept[..], b"abcde");
        let mut all = super::tests::sink(0, bounds(100, Digest::Off));
        all.take(&Bytes::from("abcd"), Code::BodyTooLarge).unwrap();
        assert!(!all.has_enough(), "length and digest are of all of it");
    }

    #[test]
    fn a_body_above_the_cap_is_refused_at_once() {
        let mut sink = sink(0, bounds(4, Digest::Sha256));
        assert!(sink.take(&Bytes::from("1234"), Code::BodyTooLarge).is_ok());
        assert_eq!(sink.take(&Bytes::from("5"), Code::BodyBomb).unwrap_err().code, Code::BodyBomb);
    }

    #[test]
    fn what_was_received_is_kept_whole_beside_the_part_that_is_read() {
        let bounds = Bounds { raw: Raw::Keep, ..bounds(100, Digest::Off) };
        let mut plain = sink(2, bounds);
        plain.take(&Bytes::from("abcd"), Code::BodyTooLarge).unwrap();
        let (body, raw) = plain.finish(4);
        assert_eq!((&body.kept[..], &raw[..]), (&b"ab"[..], &b"abcd"[..]));
        assert_eq!(body.kept.as_ptr(), raw.as_ptr(), "one allocation");
        let mut coded = Sink::coded(2, bounds, 0, Share::of(&Room::new(1 << 20)));
        coded.tape().unwrap().push(&Bytes::from("packed"));
        coded.take(&Bytes::from("abcd"), Code::BodyBomb).unwrap();
        let (body, raw) = coded.finish(6);
        assert_eq!((&body.kept[..], &raw[..]), (&b"ab"[..], &b"packed"[..]));
    }
}
