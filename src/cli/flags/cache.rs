//! Answers kept from one run to the next.
//!
//! Must not know how they are kept.

use std::{path::PathBuf, time::Duration};

use fetchall::{
    model::units,
    settings::{CacheSettings, Reach, Settings},
};

use super::{BadFlag, values};

/// Flags of the group "Save" that are about the cache.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Save")]
pub struct CacheFlags {
    /// Keep answers in DIR, and ask only for what is not there or not fresh
    ///
    /// What a server calls fresh is used without asking it; for the rest it is asked whether it has
    /// changed (RFC 9111). Records say in `cache`: hit, revalidated, stored or miss. Many runs may share
    /// DIR, also at once; it may be deleted at any time.
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    pub cache: Option<PathBuf>,
    /// Size that --cache grows to; what was not used for longest goes [default: 1GiB]
    #[arg(long, value_name = "SIZE", requires = "cache", value_parser = values::body_size)]
    pub cache_size: Option<u64>,
    /// Use what came into --cache within D, whatever the server said, and ask for the rest
    #[arg(long, value_name = "D", requires = "cache", value_parser = units::duration)]
    pub max_age: Option<Duration>,
    /// Ask nobody: every answer in --cache is used, however old
    ///
    /// What is not there fails with io.missing; a robots.txt that is not there forbids nothing. Nothing
    /// else is asked with --replay.
    #[arg(long, conflicts_with_all = ["max_age", "dry_run"])]
    pub offline: bool,
}

impl CacheFlags {
    /// Works the group into the settings.
    pub fn resolve(&self, settings: &mut Settings) -> Result<(), BadFlag> {
        let reach = if self.offline { Reach::Offline } else { Reach::Network };
        settings.cache = self.cache.as_ref().map(|dir| CacheSettings {
            size: self.cache_size.unwrap_or(CacheSettings::SIZE),
            max_age: self.max_age,
            reach,
            ..CacheSettings::new(dir)
        });
        if self.offline && settings.cache.is_none() && settings.replay.is_empty() {
            return Err(BadFlag::new("--offline", "needs answers that are there: --cache DIR or --replay FILE"));
        }
        Ok(())
    }

    /// A login is made by the network or not at all.
    pub fn check_login(&self, wants_login: bool) -> Result<(), BadFlag> {
        match self.offline && wants_login {
            true => Err(BadFlag::new("--offline", "a recipe that logs in needs the network")),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offline_needs_something_to_answer_from() {
        let of = |flags: CacheFlags, replay: &[PathBuf]| {
            let mut settings = Settings { replay: replay.to_vec(), ..Settings::default() };
            flags.resolve(&mut settings).map(|()| settings.cache)
        };
        let offline = CacheFlags { offline: true, ..CacheFlags::default() };
        assert!(of(offline.clone(), &[]).unwrap_err().to_string().contains("--cache DIR"));
        assert_eq!(of(offline.clone(), &["x.warc".into()]).unwrap(), None);
        let cache = of(CacheFlags { cache: Some("dir".into()), ..offline }, &[]).unwrap().unwrap();
        assert_eq!((cache.reach, cache.size), (Reach::Offline, CacheSettings::SIZE));
        assert_eq!(of(CacheFlags::default(), &[]).unwrap(), None);
    }
}
