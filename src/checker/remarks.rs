//! What is said about documents beside their links: faults of their markup, instructions of no use,
//! that they cannot be read.
//!
//! Must not know what links lead to.

use std::{ops::Range, sync::Arc, sync::atomic::Ordering::Relaxed};

use super::{
    finding::{Judged, finding},
    judge::Judge,
    mention::{Mention, Origin},
    sheet::Sheet,
};
use crate::{
    check::Found,
    model::{Code, Failure, Rule, Spot},
};

impl Judge<'_> {
    /// What the document says about itself: faults of its markup, instructions that are of no use.
    pub(super) fn close(&mut self, sheet: &mut Sheet<'_>) {
        let outline = sheet.outline;
        for fault in &outline.faults {
            let raw = sheet.text.get(fault.span.clone()).unwrap_or_default();
            let is_ignored = self.is_ignored(sheet, fault.span.start, &[raw]).is_some();
            let found = Found::failed(Rule::Invalid, Code::UrlInvalid, fault.message.clone());
            self.tally.links += 1;
            self.marks.links.fetch_add(1, Relaxed);
            match is_ignored {
                true => self.count(),
                false => self.remark(sheet, "reference", &fault.span, found),
            }
        }
        let Some(inline) = sheet.inline.take() else { return };
        let unused = inline.scopes.iter().zip(&sheet.met).filter(|(_, met)| !**met).map(|(scope, _)| {
            let why = match scope.terms.until.filter(|_| !scope.terms.holds(self.shared.today)) {
                Some(until) => format!("the instruction held until {until}"),
                None => "the instruction matches no link".to_owned(),
            };
            (scope.directive, why)
        });
        let unused: Vec<_> = unused.collect();
        let complaints = inline.complaints.into_iter().map(|complaint| (complaint.directive, complaint.message));
        // What some links meet says nothing about the others.
        let is_some = self.shared.changed.is_some() || self.shared.kinds.is_some();
        let unused = if is_some { Vec::new() } else { unused };
        for (directive, why) in complaints.chain(unused) {
            let Some(directive) = outline.directives.get(directive) else { continue };
            let found = Found::failed(Rule::UnusedIgnore, Code::LinkIgnore, why);
            self.remark(sheet, "comment", &directive.span, found);
        }
    }

    fn remark(&mut self, sheet: &mut Sheet<'_>, element: &'static str, span: &Range<usize>, found: Found) {
        let mut mention = sheet.remark(self.next_seq, element, span);
        self.next_seq += 1;
        mention.nth = sheet.nth(&mention.raw, None);
        self.send(finding(&mention, Judged { found: Some(found), ..Judged::default() }, self.shared));
    }

    /// A document that cannot be read.
    pub(super) fn unreadable(&mut self, path: &str, why: String) {
        let origin = Arc::new(Origin { path: Some(path.into()), url: None });
        let mention = Mention::remark(&origin, self.next_seq, "document", "", None);
        self.next_seq += 1;
        let found = Found { rule: None, error: Some(Failure::new(Code::IoRead, why)), suggestion: None };
        self.send(finding(&mention, Judged { found: Some(found), ..Judged::default() }, self.shared));
    }

    /// What of the ignore file was of no use.
    pub(super) fn unused_entries(&mut self) {
        if let Some((path, ignores)) = &self.shared.ignores
            && !self.is_stopped()
        {
            let origin = Arc::new(Origin { path: Some(path.clone()), url: None });
            let unused = ignores.unused(&self.used, self.shared.today);
            for unused in unused.into_iter().filter(|entry| !self.shared.is_partial || entry.expired.is_some()) {
                let line = u32::try_from(unused.line).unwrap_or(u32::MAX);
                let end_column = u32::try_from(unused.text.chars().count()).unwrap_or(u32::MAX).saturating_add(1);
                let spot = Spot { line, column: 1, end_line: line, end_column };
                let mention = Mention::remark(&origin, self.next_seq, "entry", &unused.text, Some(spot));
                self.next_seq += 1;
                let why = match unused.expired {
                    Some(until) => format!("the entry held until {until}"),
                    None => "the entry matches no link".to_owned(),
                };
                let found = Found::failed(Rule::UnusedIgnore, Code::LinkIgnore, why);
                let judged = Judged { target: Some(&unused.text), found: Some(found), ..Judged::default() };
                self.send(finding(&mention, judged, self.shared));
            }
        }
    }
}
