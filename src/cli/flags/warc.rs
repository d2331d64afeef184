//! Archives of what crossed the network: written, and answered from.
//!
//! Must not know how an archive is written.

use std::path::PathBuf;

use fetchall::{
    model::capture::Raw,
    settings::{RobotsMode, Settings},
    sink::warc::{DigestKind, Names, Options, SIZE, Secrets},
};

use super::{BadFlag, trust::Switch, values};

/// `--warc-digest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DigestArg {
    /// SHA-1 in base32, as most tools have it
    Sha1,
    /// SHA-256 in hex
    Sha256,
}

/// Flags of the group "Save" that are about archives.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Save")]
pub struct WarcFlags {
    /// Keep every request and response, as sent and received, in FILE (.warc.gz or .warc)
    ///
    /// FILE must not be there, unless --append or --state goes on with it. Records say in `saved.warc` where
    /// their response is. `fetchall extract FILE` and --replay read it, as all tools for WARC do.
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub warc: Option<PathBuf>,
    /// Begin another file above SIZE: FILE-00000.warc.gz, FILE-00001.warc.gz, … [default: 1GB]
    ///
    /// Without this flag the first file is FILE itself, and the second FILE-00001.
    #[arg(long, value_name = "SIZE", requires = "warc", value_parser = values::body_size)]
    pub warc_size: Option<u64>,
    /// Digests in the archive: sha1 or sha256 [default: sha1]
    #[arg(long, value_name = "KIND", requires = "warc", hide_possible_values = true)]
    pub warc_digest: Option<DigestArg>,
    /// Credentials in the archive are masked: on or off [default: on]
    ///
    /// Values of Authorization, Proxy-Authorization, Cookie and Set-Cookie, and in requests of fields with a name
    /// like X-Api-Key or X-Auth-Token. An archive with them lets whoever has it act as you.
    #[arg(long, value_name = "ON|OFF", requires = "warc", hide_possible_values = true)]
    pub warc_redact: Option<Switch>,
    /// Take answers from this archive, and ask nobody; may be repeated
    ///
    /// Of several answers the last one counts. What is not there fails with io.missing.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["warc", "dry_run"])]
    pub replay: Vec<PathBuf>,
}

impl WarcFlags {
    /// Works the group into the settings.
    pub fn resolve(&self, settings: &mut Settings) -> Result<(), BadFlag> {
        settings.replay.clone_from(&self.replay);
        if self.warc.is_some() {
            self.names()?;
            settings.pages.raw = Raw::Keep;
        }
        Ok(())
    }

    /// The names of the files; `None` if no archive is wanted.
    pub fn names(&self) -> Result<Option<Names>, BadFlag> {
        let Some(path) = &self.warc else { return Ok(None) };
        let wrong = || BadFlag::new("--warc", format!("{} ends neither with .warc.gz nor with .warc", path.display()));
        Names::of(path, self.warc_size.is_some()).map(Some).ok_or_else(wrong)
    }

    /// What is to be written into files of these names.
    pub fn options(&self, names: Names, settings: &Settings) -> Options {
        let robots = match settings.robots {
            RobotsMode::Obey => "obey",
            RobotsMode::Ignore => "ignore",
        };
        let agent = String::from_utf8_lossy(settings.ask.user_agent.as_bytes()).into_owned();
        Options {
            names,
            size: self.warc_size.unwrap_or(SIZE),
            digest: if self.warc_digest == Some(DigestArg::Sha256) { DigestKind::Sha256 } else { DigestKind::Sha1 },
            secrets: if self.warc_redact == Some(Switch::Off) { Secrets::Keep } else { Secrets::Mask },
            info: vec![("robots".to_owned(), robots.to_owned()), ("http-header-user-agent".to_owned(), agent)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_known_by_its_name() {
        let of = |name: &str| WarcFlags { warc: Some(name.into()), ..WarcFlags::default() };
        let mut settings = Settings::default();
        assert!(of("x.zip").resolve(&mut settings).unwrap_err().to_string().contains(".warc.gz"));
        assert_eq!(settings.pages.raw, Raw::Drop);
        of("x.warc.gz").resolve(&mut settings).unwrap();
        assert_eq!(settings.pages.raw, Raw::Keep);
        let names = of("x.warc").names().unwrap().unwrap();
        let options = of("x.warc").options(names, &settings);
        assert_eq!((options.size, options.digest, options.secrets), (SIZE, DigestKind::Sha1, Secrets::Mask));
    }
}
