//! Numbers in front of names, which are for sorting only.

use super::{
    FileKind, Tree,
    look::{Spot, candidates},
};
use crate::check::{
    paths::{self, Form},
    preset::Serves,
};

/// The source whose number in front is not part of its address: `01-intro.md` for `intro`. Only
/// the last two parts are looked at: deeper ones are named by their own files.
pub(super) fn numbered(place: &str, form: Form, serves: &Serves, tree: &dyn Tree) -> Option<String> {
    let mut folders = vec![paths::parent(place).to_owned()];
    let up = paths::parent(paths::parent(place)).to_owned();
    let middle = paths::name(paths::parent(place));
    let real = tree.names(&up).into_iter().find(|name| unnumbered(name).is_some_and(|bare| bare == middle));
    folders.extend(real.map(|name| paths::join(&up, &name)));
    let wanted = paths::name(place);
    for folder in folders {
        for name in tree.names(&folder) {
            let Some(bare) = unnumbered(&name) else { continue };
            let path = paths::join(&folder, &name);
            let fits = bare == wanted || serves.leaf.iter().any(|end| bare.strip_suffix(end) == Some(wanted));
            if !fits {
                continue;
            }
            match tree.kind(&path) {
                Some(FileKind::File) => return Some(path),
                Some(FileKind::Dir) => {
                    let spot = Spot::of(path);
                    let index = candidates(&spot, form, serves).into_iter();
                    let found = index.map(|one| one.path).find(|path| tree.kind(path) == Some(FileKind::File));
                    if found.is_some() {
                        return found;
                    }
                }
                None => {}
            }
        }
    }
    None
}

/// What is behind a number in front: `intro.md` of `01-intro.md`, `1. intro.md`, `01_intro.md`.
fn unnumbered(name: &str) -> Option<&str> {
    let behind = name.trim_start_matches(|c: char| c.is_ascii_digit());
    let bare = behind.trim_start_matches([' ', '-', '_', '.']);
    (behind.len() < name.len() && bare.len() < behind.len() && !bare.is_empty()).then_some(bare)
}
