//! One link: what it leads to, whether it is ignored, whether that is there.
//!
//! Most links are good, are relative, and lead where another one of the same folder led before:
//! these take a hash and two look-ups. Must not know documents or the network.

use std::{borrow::Cow, collections::HashMap};

use percent_encoding::percent_decode_str;
use url::Url;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{
    finding::{Judged, finding},
    judge::Judge,
    left_out::UNCHANGED,
    news::{Asks, Outward},
    places::{FileId, Place, PlaceId, Unverifiable},
    sheet::Sheet,
};
use crate::{
    check::{
        Asked, Form, Found, Fragment, Located, PageKind, Target, Way,
        anchors::nearest_anchor,
        files::wiki,
        findings, judge_fragment, resolve,
        suggest::{Nearness, with_fragment},
        text_directive,
        verdict::{gravest, is_mixed},
    },
    model::{Anchors, Link, Suggestion, redact},
    page::prose::slug,
};

/// References whose lead is kept at most; then they are worked out again.
const MOST_LEADS: usize = 1 << 18;

/// What references lead to, and which addresses there are.
#[derive(Debug, Default)]
pub(super) struct Leads {
    /// By start and reference without fragment.
    places: HashMap<u64, PlaceId>,
    /// By address; numbers count from 0.
    addresses: HashMap<u64, u32>,
}

impl Leads {
    /// The number of an address, and whether it is new.
    pub fn number(&mut self, url: &Url) -> (u32, bool) {
        let next = self.addresses.len() as u32;
        let number = *self.addresses.entry(xxh3_64(url.as_str().as_bytes())).or_insert(next);
        (number, number == next)
    }
}

/// The hash of the anchor that a fragment needs; `None` where more has to be looked at.
fn hash_of(fragment: &str, unverifiable: Unverifiable) -> Option<u64> {
    if fragment.contains(":~:") {
        return None;
    }
    // Documentation of code has an id for each line, and hundreds of thousands of links to several
    // lines, which are its script's.
    if unverifiable == Unverifiable::Silent
        && let Some((first, last)) = fragment.split_once('-')
        && [first, last].iter().all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Some(Anchors::hash(first));
    }
    match fragment.contains('%') {
        false => Some(Anchors::hash(fragment)),
        true => match percent_decode_str(fragment).decode_utf8() {
            Ok(decoded) => Some(Anchors::hash(&decoded)),
            Err(_) => None,
        },
    }
}

impl Judge<'_> {
    /// Whether nothing but its target decides about a link of this document.
    pub fn is_plain(&self, sheet: &Sheet<'_>) -> bool {
        let shared = self.shared;
        sheet.own.is_some()
            && sheet.inline.is_none()
            && !shared.all
            && shared.ignores.is_none()
            && shared.changed.is_none()
    }

    /// Whether a link of a plain document is good, or waits, with no more ado.
    pub fn is_quiet(&mut self, sheet: &Sheet<'_>, link: &Link, index: usize) -> bool {
        if is_named(link) {
            return false;
        }
        let (reference, fragment) = match link.value.split_once('#') {
            Some((reference, fragment)) => (reference, Some(fragment)),
            None => (&*link.value, None),
        };
        let file = match reference {
            // With a base this is another document.
            "" if sheet.outline.base.is_none() => sheet.own,
            _ => match self.leads.places.get(&xxh3_64_with_seed(reference.as_bytes(), sheet.start)) {
                Some(place) => match self.places.get(*place) {
                    Some((_, Place::File(file))) => Some(*file),
                    _ => None,
                },
                None => None,
            },
        };
        let Some(file) = file else { return false };
        match fragment {
            None | Some("") => true,
            Some(_) if !self.shared.reach.anchors => true,
            Some(fragment) => match hash_of(fragment, self.shared.unverifiable()) {
                Some(hash) => self.has(sheet, index, file, hash),
                None => false,
            },
        }
    }

    /// Whether the anchor is there, or the link waits for it.
    fn has(&mut self, sheet: &Sheet<'_>, index: usize, file: FileId, hash: u64) -> bool {
        match (self.places.has(file, hash), sheet.number) {
            (Some(has), _) => has,
            (None, Some(number)) => self.places.is_coming(file) && self.waiting.take(number, index, file, hash),
            (None, None) => false,
        }
    }

    /// Judges a link with all that may bear on it.
    pub fn link(&mut self, sheet: &mut Sheet<'_>, link: &Link, index: usize) {
        let target = resolve(&link.value, &sheet.base);
        if let Some(why) = self.ignored(sheet, link, &target) {
            self.skip(sheet, link, index, &target, format!("ignored: {why}"));
            return;
        }
        match &target {
            Target::File { path, form, way, fragment } => {
                let asked = Asked { path, form: *form, way: *way };
                let place = match is_named(link) {
                    true => self.named_place(sheet, link, &asked),
                    false => self.places.place_of(&asked),
                };
                self.keep_lead(sheet, link, place);
                self.file(sheet, (link, index), place, fragment_of(link, fragment).as_deref());
            }
            Target::SamePage { fragment } => {
                let fragment = fragment_of(link, fragment);
                match sheet.own {
                    Some(own) => self.page(sheet, (link, index), own, fragment.as_deref()),
                    None => self.same_page(sheet, (link, index), fragment.as_deref()),
                }
            }
            Target::Url { url, fragment } => self.address(sheet, (link, index), url, fragment.as_deref()),
            other => {
                let found = findings::of_target(other);
                if self.is_left_out(sheet, link, "", None) {
                    self.skip(sheet, link, index, &target, UNCHANGED.to_owned());
                } else {
                    let shown = redact::reference(&link.value);
                    self.say(sheet, (link, index), Some(&shown), None, found);
                }
            }
        }
    }

    /// Where a link leads that names a document: beside its own, with an extension or without; in a
    /// wiki else to a document of that name.
    fn named_place(&mut self, sheet: &Sheet<'_>, link: &Link, asked: &Asked<'_>) -> PlaceId {
        let place = self.places.place_of(asked);
        if matches!(self.places.get(place), Some((_, Place::File(_)))) {
            return place;
        }
        for end in ENDS.iter().filter(|end| link.element != wiki::ELEMENT || **end == ".md") {
            let path = format!("{}{end}", asked.path);
            let beside = self.places.place_of(&Asked { path: &path, form: Form::Leaf, way: Way::Path });
            if matches!(self.places.get(beside), Some((_, Place::File(_)))) {
                return beside;
            }
        }
        let name = link.value.split('#').next().unwrap_or_default();
        match self.places.called(name, sheet.base.folder().unwrap_or_default()) {
            Some(path) if link.element == wiki::ELEMENT => {
                self.places.place_of(&Asked { path, form: Form::Leaf, way: Way::Path })
            }
            _ => place,
        }
    }

    fn keep_lead(&mut self, sheet: &Sheet<'_>, link: &Link, place: PlaceId) {
        let reference = link.value.split('#').next().unwrap_or_default();
        // What has no path stands for the document itself; links of wikis lead elsewhere than others.
        let is_own = reference.is_empty() || reference.starts_with('?');
        if is_own || is_named(link) {
            return;
        }
        if self.leads.places.len() >= MOST_LEADS {
            self.leads.places.clear();
        }
        self.leads.places.insert(xxh3_64_with_seed(reference.as_bytes(), sheet.start), place);
    }

    fn file(&mut self, sheet: &mut Sheet<'_>, link: (&Link, usize), place: PlaceId, fragment: Option<&str>) {
        let Some((asked, at)) = self.places.get(place) else { return };
        let asked = asked.to_owned();
        let (found, right) = match at {
            Place::File(file) => {
                let file = *file;
                return self.page_at(sheet, link, &asked, file, fragment);
            }
            Place::Other(located) => {
                let right = match &**located {
                    Located::Case { path, .. } => Some(path.clone()),
                    _ => None,
                };
                (findings::of_located(located, &asked, &link.0.value, &sheet.base), right)
            }
        };
        let found = match (found, right, fragment) {
            (Some(found), Some(right), Some(fragment)) => Some(self.with_place(found, &right, fragment)),
            (found, ..) => found,
        };
        if self.is_left_out(sheet, link.0, &asked, None) {
            self.left_out(sheet, link, &asked, fragment);
        } else {
            self.say(sheet, link, Some(&asked), fragment, found);
        }
    }

    /// A suggestion of a file is one only if the fragment is found there too, in whatever case.
    fn with_place(&mut self, mut found: Found, path: &str, fragment: &str) -> Found {
        let file = self.places.file_of(path);
        let (kind, anchors) = self.places.anchors_of(file);
        let is_wanted = self.shared.reach.anchors && !fragment.is_empty();
        if !is_wanted || judge_fragment(fragment, kind, anchors, None) != Fragment::Missing {
            return found;
        }
        let near = nearest_anchor(fragment, self.places.names_of(file));
        found.suggestion = match near {
            Some((name, Nearness::SameLetters)) => found
                .suggestion
                .map(|suggestion| Suggestion { url: with_fragment(&suggestion.url, name), ..suggestion }),
            _ => {
                if let Some(error) = &mut found.error {
                    error.message.push_str(", and it has no such place");
                }
                None
            }
        };
        found
    }

    fn page(&mut self, sheet: &mut Sheet<'_>, link: (&Link, usize), file: FileId, fragment: Option<&str>) {
        let path = self.places.path_of(file).to_owned();
        self.page_at(sheet, link, &path, file, fragment);
    }

    /// A link to a file that is there: what about its fragment?
    fn page_at(
        &mut self,
        sheet: &mut Sheet<'_>,
        link: (&Link, usize),
        asked: &str,
        file: FileId,
        fragment: Option<&str>,
    ) {
        if self.is_left_out(sheet, link.0, asked, Some((file, fragment))) {
            return self.left_out(sheet, link, asked, fragment);
        }
        let wanted = fragment.filter(|fragment| !fragment.is_empty() && self.shared.reach.anchors);
        let Some(wanted) = wanted else { return self.say(sheet, link, Some(asked), fragment, None) };
        if !self.shared.all
            && let Some(hash) = hash_of(wanted, self.shared.unverifiable())
            && self.has(sheet, link.1, file, hash)
        {
            return self.count();
        }
        let words = match text_directive::split(wanted).1 {
            Some(_) => self.places.words_of(file),
            None => None,
        };
        let (kind, anchors) = self.places.anchors_of(file);
        let judged = judge_fragment(wanted, kind, anchors, words.as_ref());
        let found = match judged {
            Fragment::Missing => {
                let names = self.places.names_of(file);
                findings::of_fragment(judged, wanted, &link.0.value, names)
            }
            _ => findings::of_fragment(judged, wanted, &link.0.value, &Anchors::default()),
        };
        self.say(sheet, link, Some(asked), fragment, found);
    }

    /// A fragment of a page that was fetched, on that very page.
    fn same_page(&mut self, sheet: &mut Sheet<'_>, link: (&Link, usize), fragment: Option<&str>) {
        let page = sheet.address.as_ref().map(redact::url);
        if self.is_left_out(sheet, link.0, "", None) {
            return self.left_out(sheet, link, page.as_deref().unwrap_or_default(), fragment);
        }
        let wanted = fragment.filter(|_| self.shared.reach.anchors);
        let found = wanted.and_then(|fragment| {
            let anchors = &sheet.outline.anchors;
            let judged = judge_fragment(fragment, PageKind::Html, anchors, None);
            findings::of_fragment(judged, fragment, &link.0.value, anchors)
        });
        self.say(sheet, link, page.as_deref(), fragment, found);
    }

    fn address(&mut self, sheet: &mut Sheet<'_>, (link, index): (&Link, usize), url: &Url, fragment: Option<&str>) {
        let shared = self.shared;
        if !shared.reach.external && !shared.reach.recurse {
            let message = "addresses are not asked for (--external off)";
            return self.skip_at(sheet, (link, index), &redact::url(url), fragment, message.to_owned());
        }
        if self.is_left_out(sheet, link, "", None) {
            return self.left_out(sheet, (link, index), &redact::url(url), fragment);
        }
        let (target, is_new) = self.leads.number(url);
        let mixed = sheet.address.as_ref().is_some_and(|page| is_mixed(page, link.kind, url));
        let mut mention = sheet.mention(link, index);
        mention.nth = sheet.nth(url.as_str(), fragment);
        let asks = fragment.filter(|_| shared.reach.anchors).map_or(Asks::Nothing, asks_of);
        let url = is_new.then(|| Box::new(url.clone()));
        sheet.outward.push(Outward { target, url, mention, fragment: fragment.map(Into::into), asks, mixed });
    }

    /// What was found about a link, mixed content beside it.
    fn say(
        &mut self,
        sheet: &mut Sheet<'_>,
        (link, index): (&Link, usize),
        target: Option<&str>,
        fragment: Option<&str>,
        found: Option<Found>,
    ) {
        let found = found.and_then(|found| gravest(vec![found], &self.shared.severities));
        if found.is_none() && !self.shared.all {
            return self.count();
        }
        let mut mention = sheet.mention(link, index);
        mention.nth = sheet.nth(target.unwrap_or_default(), fragment);
        self.send(finding(&mention, Judged { target, fragment, found, ..Judged::default() }, self.shared));
    }
}

/// The element of links to documents of Sphinx.
const DOCUMENT: &str = "doc";

/// Extensions that such links leave out.
const ENDS: [&str; 4] = [".rst", ".md", ".ipynb", ".txt"];

/// Whether a link has the name of a document and not its path.
fn is_named(link: &Link) -> bool {
    matches!(link.element, wiki::ELEMENT | DOCUMENT)
}

/// The fragment that a link means: those of wikis say how a heading reads.
fn fragment_of<'f>(link: &Link, fragment: &'f Option<String>) -> Option<Cow<'f, str>> {
    match link.element {
        wiki::ELEMENT => Some(slug(wiki::heading(fragment.as_deref()?)?).into()),
        _ => fragment.as_deref().map(Cow::Borrowed),
    }
}

/// What has to be known of a page to judge a fragment of it.
fn asks_of(fragment: &str) -> Asks {
    let (_, directives) = text_directive::split(fragment);
    if directives.is_some_and(|directives| !text_directive::parse(directives).is_empty()) {
        return Asks::Words;
    }
    match judge_fragment(fragment, PageKind::Html, &Anchors::default(), None) {
        Fragment::Missing => Asks::Anchors,
        Fragment::Fine | Fragment::Unverifiable => Asks::Nothing,
    }
}
