//! A link as it was found, in little room: many wait for their target at once.
//!
//! Must not know what was found about it.

use std::sync::Arc;

use crate::model::{Finding, Link, LinkKind, LinkSource, Spot, redact};

/// The document that links stand in.
#[derive(Debug)]
pub(super) struct Origin {
    /// The file.
    pub path: Option<Box<str>>,
    /// The page, without userinfo.
    pub url: Option<Box<str>>,
}

impl Origin {
    /// What stands for it in fingerprints.
    pub fn name(&self) -> &str {
        self.path.as_deref().or(self.url.as_deref()).unwrap_or_default()
    }
}

/// Longest reference that is shown, in bytes: `data:` may hold anything.
const RAW_BYTES: usize = 8_192;

/// A link in a document.
#[derive(Clone, Debug)]
pub(super) struct Mention {
    pub origin: Arc<Origin>,
    pub seq: u64,
    pub spot: Option<Spot>,
    pub kind: LinkKind,
    pub element: &'static str,
    pub attribute: Option<&'static str>,
    pub text: Box<str>,
    /// As written.
    pub raw: Box<str>,
    /// How many of the same target came before it in the document.
    pub nth: u32,
}

/// What a link says, without the password of an address that it repeats.
fn shown(text: &str) -> Box<str> {
    match text.contains('/') {
        false => text.into(),
        true if text.contains(char::is_whitespace) => redact::text(text).into(),
        true => redact::reference(text).into(),
    }
}

impl Mention {
    /// Of a link; `raw` is the reference as written.
    pub fn of(link: &Link, origin: &Arc<Origin>, seq: u64, raw: &str, spot: Option<Spot>) -> Self {
        let end = raw.floor_char_boundary(RAW_BYTES);
        let raw = raw.get(..end).unwrap_or_default();
        Mention {
            origin: Arc::clone(origin),
            seq,
            spot,
            kind: link.kind,
            element: link.element,
            attribute: link.attribute,
            text: shown(&link.text),
            raw: redact::reference(raw).into(),
            nth: 0,
        }
    }

    /// Something about a document that is no link: an instruction, the document itself.
    pub fn remark(origin: &Arc<Origin>, seq: u64, element: &'static str, raw: &str, spot: Option<Spot>) -> Self {
        let raw = redact::reference(raw).into();
        let (origin, text) = (Arc::clone(origin), Box::default());
        Mention { origin, seq, spot, kind: LinkKind::Text, element, attribute: None, text, raw, nth: 0 }
    }

    /// Where it stands, for a [`Finding`].
    pub fn source(&self) -> LinkSource {
        let source = LinkSource {
            path: self.origin.path.clone(),
            url: self.origin.url.clone(),
            line: None,
            column: None,
            end_line: None,
            end_column: None,
            kind: self.kind,
            element: self.element,
            attribute: self.attribute,
            text: self.text.clone(),
            raw: self.raw.clone(),
        };
        match self.spot {
            Some(spot) => source.at(spot),
            None => source,
        }
    }
}

/// Whether a finding has something to say: the others are sent only where all are wanted.
pub(super) fn is_worth(finding: &Finding) -> bool {
    finding.rule.is_some() || finding.error.is_some() || !finding.ok
}
