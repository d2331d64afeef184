//! From addresses to requests: whether the cache knows, HEAD or GET, now or later.
//!
//! Must not know what is made of answers.

use url::Url;

use super::{
    ask,
    hub::Hub,
    keep,
    target::{Outcome, State, Wants, Way},
};
use crate::{
    checker::news::{Asks, Outward},
    model::{Code, LinkKind},
};

impl Hub {
    /// What the walk over a site wants of an address.
    pub(super) fn walk_wants(&self, id: u32, link: &Outward) -> Wants {
        let none = Wants::default();
        // Whoever reads a page for its links has its anchors too, which another page may want.
        let all = Wants { links: true, anchors: self.shared.reach.anchors, ..none };
        if link.asks == Asks::Links {
            return all;
        }
        let is_page = matches!(
            link.mention.kind,
            LinkKind::Anchor | LinkKind::Frame | LinkKind::Refresh | LinkKind::Stylesheet | LinkKind::Entry
        );
        let Some(url) = self.targets.get(id as usize).and_then(|target| Url::parse(&target.url).ok()) else {
            return none;
        };
        // A sitemap may list further ones.
        let is_sitemap = link.mention.kind == LinkKind::Entry && url.path().ends_with(".xml");
        match is_page && ((self.shared.reach.recurse && self.scope.covers(&url)) || is_sitemap) {
            true => all,
            false => none,
        }
    }

    /// An address that nothing was done about.
    pub(super) async fn begin(&mut self, id: u32) {
        let Some(target) = self.targets.get(id as usize) else { return };
        let (url, wants) = (target.url.clone(), target.wants);
        let reach = &self.shared.reach;
        let outcome = if !reach.external && !self.is_inside(id, &url) {
            Some(Outcome::skipped(Code::Excluded, "addresses are not asked for (--external off)"))
        } else if let Some(outcome) = keep::answered(&mut self.kept, &url, wants, &self.shared) {
            Some(outcome)
        } else if let Some(outcome) = keep::cached(&self.kept, &url, wants, &self.shared) {
            Some(outcome)
        } else if reach.offline {
            Some(Outcome::skipped(Code::Excluded, "the cache does not know it, and nothing is sent (--offline)"))
        } else {
            None
        };
        match outcome {
            Some(outcome) => self.settle(id, outcome).await,
            None if wants.wants_body() => self.send(id, Way::Get).await,
            None => self.hold(id),
        }
    }

    /// Whether an address belongs to what is walked.
    fn is_inside(&self, id: u32, url: &str) -> bool {
        let is_start = self.targets.get(id as usize).is_some_and(|target| target.wants.links);
        is_start || Url::parse(url).is_ok_and(|url| self.scope.covers(&url))
    }

    fn hold(&mut self, id: u32) {
        if let Some(target) = self.targets.get_mut(id as usize) {
            target.state = State::Held;
            self.held.push(id);
        }
    }

    pub(super) async fn send(&mut self, id: u32, way: Way) {
        let Some(target) = self.targets.get_mut(id as usize) else { return };
        let had = target.wants;
        let row = keep::row(&self.kept, &target.url).filter(|row| ask::is_conditional(row, had));
        let request = ask::request(&target.url, way, had, row);
        let is_sent = self.line.as_mut().is_some_and(|line| line.ask(id, request).is_none());
        match is_sent {
            true => {
                self.crawling += usize::from(had.links);
                target.state = State::Asked { way, had, conditional: row.is_some() };
            }
            false => self.settle(id, self.unasked()).await,
        }
    }

    /// Whether every link is known.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_read && self.crawling == 0 && self.judging == 0
    }

    /// Sends what was held, and closes the way in, once it is time.
    pub(super) fn go_on(&mut self) {
        if !self.is_quiet() {
            return;
        }
        for id in std::mem::take(&mut self.held) {
            let Some(target) = self.targets.get_mut(id as usize) else { continue };
            if !matches!(target.state, State::Held) {
                continue;
            }
            let had = target.wants;
            let row = keep::row(&self.kept, &target.url).filter(|row| ask::is_conditional(row, had));
            let request = ask::request(&target.url, Way::Head, had, row);
            target.state = State::Asked { way: Way::Head, had, conditional: row.is_some() };
            // Where it cannot be asked any more, it is settled when the line is over.
            if let Some(line) = &mut self.line {
                line.ask(id, request);
            }
        }
        match &mut self.line {
            Some(line) if line.is_empty() => line.close(),
            Some(_) => {}
            // All is said; the judge may end.
            None => self.pages = None,
        }
    }
}
