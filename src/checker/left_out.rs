//! Links that are left out: ignored by a comment or the ignore file, or not touched by a change.
//!
//! Must not know what is found about the others.

use std::{borrow::Cow, sync::atomic::Ordering::Relaxed};

use super::{
    finding::{Judged, finding},
    judge::Judge,
    places::FileId,
    sheet::Sheet,
};
use crate::{
    check::{Target, inline::Scope},
    model::{Code, Link, redact},
};

/// Why a link is skipped under `--since-ref`.
pub(super) const UNCHANGED: &str = "it is not on a changed line";

impl Judge<'_> {
    /// Why a link is ignored, if it is. `at` is where it begins, `forms` are the ways in which it
    /// is known.
    pub(super) fn is_ignored(&mut self, sheet: &mut Sheet<'_>, at: usize, forms: &[&str]) -> Option<String> {
        let today = self.shared.today;
        if let Some(inline) = &sheet.inline {
            let scopes = inline.scopes.iter().zip(&mut sheet.met);
            if let Some(met) = inline.met(at, forms, today) {
                let same = |scope: &Scope| std::ptr::eq(scope, met);
                scopes.filter(|(scope, _)| same(scope)).for_each(|(_, used)| *used = true);
                let why = met.terms.reason.as_deref();
                return Some(why.unwrap_or("a comment in the document says so").to_owned());
            }
        }
        let (_, ignores) = self.shared.ignores.as_ref()?;
        let met = ignores.met(sheet.origin.path.as_deref(), forms, today)?;
        self.used.insert(met.entry);
        Some(met.reason.map_or_else(|| format!("line {} of the ignore file says so", met.line), str::to_owned))
    }

    pub(super) fn ignored(&mut self, sheet: &mut Sheet<'_>, link: &Link, target: &Target) -> Option<String> {
        if sheet.inline.is_none() && self.shared.ignores.is_none() {
            return None;
        }
        let (absolute, fragment): (Cow<'_, str>, _) = match target {
            Target::File { path, fragment, .. } => (path.as_str().into(), fragment.as_deref()),
            Target::Url { url, fragment } => (redact::url(url).into(), fragment.as_deref()),
            Target::SamePage { fragment } => (sheet.origin.name().to_owned().into(), fragment.as_deref()),
            _ => ((&*link.value).into(), None),
        };
        let whole = fragment.map(|fragment| format!("{absolute}#{fragment}"));
        let forms: Vec<&str> = [Some(&*link.value), Some(&*absolute), whole.as_deref()].into_iter().flatten().collect();
        self.is_ignored(sheet, link.span.start, &forms)
    }

    /// Whether only changes count, and this link is none: it stands on no changed line, and what it
    /// leads to is as it was.
    pub(super) fn is_left_out(
        &mut self,
        sheet: &mut Sheet<'_>,
        link: &Link,
        asked: &str,
        page: Option<(FileId, Option<&str>)>,
    ) -> bool {
        let Some(changed) = &self.shared.changed else { return false };
        let is_gone = |gone: &String| match gone.strip_prefix(asked) {
            Some(rest) => rest.is_empty() || rest.starts_with(['/', '.']),
            None => false,
        };
        if !asked.is_empty() && changed.gone.iter().any(is_gone) {
            return false;
        }
        if let Some((file, Some(_))) = page
            && changed.touched.iter().any(|path| path == self.places.path_of(file))
        {
            return false;
        }
        let Some(path) = sheet.origin.path.clone() else { return false };
        let line = sheet.line_of(link);
        !changed.lines.iter().any(|(one, first, last)| **one == *path && (*first..=*last).contains(&line))
    }

    pub(super) fn left_out(
        &mut self,
        sheet: &mut Sheet<'_>,
        link: (&Link, usize),
        target: &str,
        fragment: Option<&str>,
    ) {
        self.skip_at(sheet, link, target, fragment, UNCHANGED.to_owned());
    }

    pub(super) fn skip(&mut self, sheet: &mut Sheet<'_>, link: &Link, index: usize, target: &Target, why: String) {
        let (target, fragment) = match target {
            Target::File { path, fragment, .. } => (path.clone(), fragment.as_deref()),
            Target::Url { url, fragment } => (redact::url(url), fragment.as_deref()),
            Target::SamePage { fragment } => (sheet.origin.name().to_owned(), fragment.as_deref()),
            _ => (redact::reference(&link.value).into_owned(), None),
        };
        self.skip_at(sheet, (link, index), &target, fragment, why);
    }

    pub(super) fn skip_at(
        &mut self,
        sheet: &mut Sheet<'_>,
        (link, index): (&Link, usize),
        target: &str,
        fragment: Option<&str>,
        why: String,
    ) {
        if !self.shared.all {
            self.marks.skipped.fetch_add(1, Relaxed);
            return self.count();
        }
        let mention = sheet.mention(link, index);
        let judged = Judged { target: Some(target), fragment, ..Judged::skipped(Code::Excluded, why) };
        self.send(finding(&mention, judged, self.shared));
    }
}
