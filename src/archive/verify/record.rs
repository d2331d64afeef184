//! One record: its head, its block against its digests, its HTTP message against its fields.

use std::io::Read;

use super::{
    Verify,
    digest::{Digest, NotOne},
    flaw::Flaw,
    head,
    http::{Extent, Kind, Message},
    links::Why,
};
use crate::source::warc::{Head, Reader, WarcError};

impl Verify<'_> {
    /// Looks at a record.
    pub(super) fn record<R: Read>(&mut self, head: &Head, reader: &mut Reader<R>) -> Result<(), WarcError> {
        head::check(head, |flaw, message| self.say(flaw, message));
        self.link(head);
        let mut block = self.digest(head, "WARC-Block-Digest");
        let payload = self.digest(head, "WARC-Payload-Digest");
        let is_part = head.get("WARC-Segment-Number").is_some();
        let extent = if is_part || head.get("WARC-Truncated").is_some() { Extent::Part } else { Extent::Whole };
        // That of a revisit is of another record's, and that of a segment of all of them.
        let payload = payload.filter(|_| !is_part && head.kind() != "revisit");
        let kind = match head.kind() {
            "request" if head.is_http("request") => Some(Kind::Request),
            "response" if head.is_http("response") => Some(Kind::Response),
            "revisit" if head.is_http("response") => Some(Kind::Revisit),
            _ => None,
        };
        let mut message = kind.map(|kind| Message::new(kind, extent, payload.clone()));
        // What a record of no type has for its payload is not known.
        let is_known = head.get("Content-Type").is_some() || !matches!(head.kind(), "response" | "request");
        let mut payload = payload.filter(|_| message.is_none() && is_known);
        reader.each(|bytes| {
            [&mut block, &mut payload].into_iter().flatten().for_each(|digest| digest.update(bytes));
            if let Some(message) = &mut message {
                message.take(bytes);
            }
        })?;
        if block.is_some_and(|block| !block.holds()) {
            self.say(Flaw::DigestBlock, "the block has another digest than WARC-Block-Digest says".to_owned());
        }
        if payload.is_some_and(|payload| !payload.holds()) {
            self.say(Flaw::DigestPayload, "the block has another digest than WARC-Payload-Digest says".to_owned());
        }
        if let Some(message) = message {
            message.end(|flaw, sentence| self.say(flaw, sentence));
        }
        Ok(())
    }

    fn digest(&mut self, head: &Head, name: &str) -> Option<Digest> {
        let text = head.get(name)?;
        match Digest::of(text) {
            Ok(digest) => return Some(digest),
            Err(NotOne::Unknown) => {
                self.say(Flaw::DigestUnknown, format!("{name} is `{}`: it was not checked", head::shown(text)));
            }
            Err(NotOne::Malformed) => {
                self.say(Flaw::DigestInvalid, format!("{name} is `{}`, which is no digest", head::shown(text)));
            }
        }
        None
    }

    /// Notes what the record is called, and whom it names.
    fn link(&mut self, head: &Head) {
        let is_new =
            head.get("WARC-Record-ID").is_none_or(|id| id.is_empty() || self.links.name(id, head.kind() == "warcinfo"));
        // Wget gives the list of its arguments the name of its manifest, in every archive.
        let is_wgets = head.url().is_some_and(|url| url.starts_with("metadata://gnu.org/software/wget/"));
        if !is_new && !is_wgets {
            self.say(Flaw::IdRepeated, "another record has this WARC-Record-ID".to_owned());
        }
        for why in Why::ALL {
            for name in head.all(why.field()).filter(|name| !name.is_empty()) {
                self.links.refers(name, why, (self.file, head.offset));
            }
        }
    }
}
