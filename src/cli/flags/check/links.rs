//! Which documents are read, and which of their links are looked at.

use std::collections::HashSet;

use fetchall::{
    check::accept::HostAccept,
    checker::{Reach, Walk},
    model::LinkKind,
    settings::Settings,
};
use regex::Regex;

use super::values::{self, Accepted, KindChange};
use crate::cli::flags::{BadFlag, choose, trust::Switch};

/// `--suggest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Suggest {
    /// a copy in a web archive, for what is gone
    Archive,
}

/// Flags of the group "Links".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Links")]
pub struct LinkFlags {
    /// Look for fragments on their pages: on or off [default: on]
    #[arg(long, value_name = "ON|OFF", hide_possible_values = true)]
    pub anchors: Option<Switch>,
    /// Ask for addresses on the network: on or off [default: on]
    ///
    /// With `off`, links to other hosts are skipped (`excluded`); files are looked at in any case.
    #[arg(long, value_name = "ON|OFF", hide_possible_values = true)]
    pub external: Option<Switch>,
    /// Follow the pages of a site, below the URL given
    #[arg(long)]
    pub recurse: bool,
    /// Kinds of links: anchor,image … or -script
    ///
    /// Names alone are all that is looked at; a `-` in front takes a kind away. Kinds are: anchor,
    /// image, media, frame, embed, form, script, stylesheet, style, resource, cite, refresh, card,
    /// data, drawing, ping, text, entry.
    #[arg(long, value_name = "LIST", value_delimiter = ',', allow_hyphen_values = true, value_parser = values::kind)]
    pub kinds: Vec<KindChange>,
    /// Only addresses that match this regular expression; may be repeated
    ///
    /// Others on the network are skipped (`excluded`).
    #[arg(long, value_name = "RE", value_parser = choose::regex)]
    pub include: Vec<Regex>,
    /// No address that matches this regular expression; may be repeated
    #[arg(long, value_name = "RE", value_parser = choose::regex)]
    pub exclude: Vec<Regex>,
    /// Good statuses: 2xx,403, or for a host HOST=SET
    ///
    /// [default: 2xx] Classes, codes and ranges: `2xx,403,200..=299`. `--accept example.com=403` is
    /// for one host, `--accept '*.example.com=999'` for all below it; may be repeated.
    #[arg(long, value_name = "[HOST=]SET", value_parser = values::accepted)]
    pub accept: Vec<Accepted>,
    /// Ask again, alone and at the end, before anything is called dead: on or off [default: on]
    #[arg(long, value_name = "ON|OFF", hide_possible_values = true)]
    pub second_round: Option<Switch>,
    /// Suggest a copy in a web archive for what is gone: archive
    ///
    /// Nothing is asked of the archive; the address is where a copy would be.
    #[arg(long, value_name = "WHAT", hide_possible_values = true)]
    pub suggest: Option<Suggest>,
    /// Read hidden files and folders too
    #[arg(long)]
    pub hidden: bool,
    /// Read files that .gitignore and its kin leave out
    #[arg(long)]
    pub no_ignore: bool,
}

impl LinkFlags {
    /// Fills the statuses that are good everywhere, and the addresses that are asked for.
    pub fn resolve(&self, settings: &mut Settings) {
        for accepted in &self.accept {
            if let Accepted::Everywhere(set) = accepted {
                settings.ask.accept = set.clone();
            }
        }
        settings.choose.include.clone_from(&self.include);
        settings.choose.exclude.clone_from(&self.exclude);
    }

    /// Statuses that are good at named hosts.
    pub fn by_host(&self) -> Vec<HostAccept> {
        let of_host = |accepted: &Accepted| match accepted {
            Accepted::Host(host) => Some(host.clone()),
            Accepted::Everywhere(_) => None,
        };
        self.accept.iter().filter_map(of_host).collect()
    }

    /// The kinds that are looked at; `None` is all.
    pub fn kinds(&self) -> Result<Option<HashSet<LinkKind>>, BadFlag> {
        if self.kinds.is_empty() {
            return Ok(None);
        }
        let mut kinds: HashSet<LinkKind> = match self.kinds.iter().any(|change| matches!(change, KindChange::With(_))) {
            true => HashSet::new(),
            false => LinkKind::ALL.iter().copied().collect(),
        };
        for change in &self.kinds {
            match change {
                KindChange::With(kind) => kinds.insert(*kind),
                KindChange::Without(kind) => kinds.remove(kind),
            };
        }
        match kinds.is_empty() {
            true => Err(BadFlag::new("--kinds", "takes away every kind that it names; nothing would be looked at")),
            false => Ok(Some(kinds)),
        }
    }

    /// What is looked at beyond files.
    pub fn reach(&self, offline: bool) -> Reach {
        let base = Reach::default();
        let switch = |given: Option<Switch>, base| given.map_or(base, |switch| switch == Switch::On);
        Reach {
            anchors: switch(self.anchors, base.anchors),
            external: switch(self.external, base.external),
            offline,
            recurse: self.recurse,
            second_round: switch(self.second_round, base.second_round),
            archive: self.suggest == Some(Suggest::Archive),
        }
    }

    /// Which documents are read.
    pub fn walk(&self) -> Walk {
        Walk { hidden: self.hidden, all: self.no_ignore, ..Walk::default() }
    }
}
