//! Which files there are: the user's, then the project's.

use std::path::{Path, PathBuf};

use super::BadConfig;

/// The project's file.
pub const NAME: &str = "fetchall.toml";

/// A file to read.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    pub path: PathBuf,
    pub whose: Whose,
}

/// Who has put a file where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Whoever runs this has named it.
    Named,
    /// It is in the folder of the user's settings.
    Yours,
    /// It was found in the project: others may have written it.
    Projects,
}

/// The weakest first.
pub fn files() -> Result<Vec<Found>, BadConfig> {
    let here = std::env::current_dir().map_err(|error| BadConfig(format!("no working directory: {error}")))?;
    let users = users().map(|path| Found { path, whose: Whose::Yours });
    let project = project(&here).map(|path| Found { path, whose: Whose::Projects });
    Ok([users, project].into_iter().flatten().collect())
}

/// `$XDG_CONFIG_HOME/fetchall/config.toml` (XDG Base Directory Specification), by default in
/// `~/.config`.
fn users() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let base = base.or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(base.join("fetchall").join("config.toml")).filter(|path| is_there(path))
}

/// The nearest one, from `here` upward to the root of the repository that holds it; where there is no
/// repository, only the one that stands `here`.
fn project(here: &Path) -> Option<PathBuf> {
    let root = here.ancestors().find(|dir| dir.join(".git").exists()).unwrap_or(here);
    here.ancestors().take_while(|dir| dir.starts_with(root)).map(|dir| dir.join(NAME)).find(|file| is_there(file))
}

/// Whether something has that name. What is no file, or a link that leads nowhere, is told when it is read:
/// somebody may think that it counts.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_nearest_file_up_to_the_root_of_the_repository_counts() {
        let top = tempfile::tempdir().unwrap();
        let (outer, repo) = (top.path().join(NAME), top.path().join("repo"));
        let deep = repo.join("a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(&outer, "").unwrap();
        assert_eq!(project(&deep), None, "no repository: only the folder itself");
        fs::create_dir(repo.join(".git")).unwrap();
        assert_eq!(project(&deep), None, "what stands above the repository is not its own");
        fs::write(repo.join(NAME), "").unwrap();
        assert_eq!(project(&deep), Some(repo.join(NAME)));
        fs::write(deep.join(NAME), "").unwrap();
        assert_eq!(project(&deep), Some(deep.join(NAME)));
        assert_eq!(project(top.path()), Some(outer));
        fs::create_dir(repo.join("a").join(NAME)).unwrap();
        assert_eq!(project(&repo.join("a")), Some(repo.join("a").join(NAME)), "a folder is read, and refused");
    }
}
