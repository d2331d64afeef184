//! Bodies as files. Must not know how they are written.

use std::path::PathBuf;

use fetchall::{
    policy::name::Template,
    settings::{Save, SaveBy, Settings},
};

use super::BadFlag;

/// `--save-by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ByArg {
    /// A file for each URL
    Url,
    /// A file for each content, named by its SHA-256
    Hash,
}

/// Flags of the group "Save" that are about bodies.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Save")]
pub struct FilesFlags {
    /// Save each body below DIR, under a name that derives from its URL
    ///
    /// https://example.com/docs/ becomes DIR/example.com/docs/index.html; `saved.path` of the record says
    /// where. Answers with an accepted status alone are saved, decoded, and of any size unless --max-body says
    /// otherwise. What was cut goes on where it stopped, in this run or the next, if the server allows it.
    #[arg(long, value_name = "DIR", conflicts_with = "dry_run")]
    pub save: Option<PathBuf>,
    /// How names are made [default: {host}/{path}]
    ///
    /// Of {host}, {path} (folders and name), {name}, {stem}, {ext} (with its dot), {hash} (of the URL), {seq},
    /// {date} (of the run) and text. Where two URLs have the same name by it, the second has a digest of its
    /// URL in it.
    #[arg(long, value_name = "TEMPLATE", requires = "save")]
    pub save_name: Option<String>,
    /// Name files by url or hash [default: url]
    ///
    /// With `hash` each content is there once: DIR/ab/cdef…, its SHA-256.
    #[arg(long, value_name = "WHAT", requires = "save", hide_possible_values = true)]
    pub save_by: Option<ByArg>,
}

impl FilesFlags {
    /// Works the group into the settings; `most` is `--max-body`, if it was given.
    pub fn resolve(&self, settings: &mut Settings, most: Option<u64>) -> Result<(), BadFlag> {
        let Some(dir) = &self.save else { return Ok(()) };
        let by = match self.save_by {
            None | Some(ByArg::Url) => SaveBy::Url,
            Some(ByArg::Hash) => SaveBy::Hash,
        };
        if let Some(template) = &self.save_name {
            if by == SaveBy::Hash {
                return Err(BadFlag::new("--save-name", "with --save-by hash, the content names the file"));
            }
            Template::parse(template).map_err(|problem| BadFlag::new("--save-name", problem))?;
        }
        if dir.exists() && !dir.is_dir() {
            return Err(BadFlag::new("--save", format!("{} is no folder", dir.display())));
        }
        settings.save = Some(Save { dir: dir.clone(), name: self.save_name.clone(), by, most, ..Save::default() });
        Ok(())
    }

    /// Whether names have the position of a request in them.
    pub fn counts(&self) -> bool {
        self.save_name.as_ref().is_some_and(|template| template.contains("{seq}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(flags: FilesFlags, most: Option<u64>) -> Result<Option<Save>, String> {
        let mut settings = Settings::default();
        flags.resolve(&mut settings, most).map_err(|error| error.to_string()).map(|()| settings.save)
    }

    #[test]
    fn each_flag_reaches_the_settings_and_a_template_is_read_at_once() {
        let of = |name: Option<&str>, by| FilesFlags {
            save: Some("pages".into()),
            save_name: name.map(str::to_owned),
            save_by: by,
        };
        assert_eq!(resolved(FilesFlags::default(), Some(7)), Ok(None));
        assert_eq!(resolved(of(None, None), None), Ok(Some(Save::to("pages"))));
        let save = resolved(of(None, Some(ByArg::Hash)), Some(7)).unwrap().unwrap();
        assert_eq!((save.by, save.most), (SaveBy::Hash, Some(7)));
        assert!(resolved(of(Some("{nam}"), None), None).unwrap_err().contains("{name}"));
        assert!(resolved(of(Some("{name}"), Some(ByArg::Hash)), None).is_err());
        assert!(of(Some("{seq}"), None).counts() && !of(None, None).counts());
        let file = FilesFlags { save: Some("Cargo.toml".into()), ..FilesFlags::default() };
        assert!(resolved(file, None).unwrap_err().contains("no folder"));
    }
}
