//! What may be meant where nothing stands: something of nearly that name, in the deepest folder that
//! exists.

use super::{Deployed, FileKind, Tree, look::Spot};
use crate::check::{
    paths::{self, Way},
    preset::Serves,
    suggest,
};

/// The path, as it is served, of what stands nearest to one of these spots.
pub(super) fn nearest(spots: &[Spot], way: Way, deployed: &Deployed, tree: &dyn Tree) -> Option<String> {
    let (serves, root) = (deployed.preset.serves(), deployed.root.as_str());
    spots.iter().find_map(|spot| {
        let near = of(&spot.path, &serves, tree)?;
        // No address leads into the folders whose files appear at the root.
        let is_hidden = |top: &&str| paths::below(&near, &paths::join(root, top)).is_some();
        let served = spot.served(&near, root);
        let is_spot_hidden = way == Way::Address && served == near && serves.roots.iter().any(is_hidden);
        (!is_spot_hidden).then_some(served)
    })
}

fn of(path: &str, serves: &Serves, tree: &dyn Tree) -> Option<String> {
    let mut folder = path;
    let mut wanted = "";
    while folder != "/" && tree.kind(folder) != Some(FileKind::Dir) && !folder.is_empty() {
        wanted = paths::name(folder);
        folder = paths::parent(folder);
    }
    let names = tree.names(folder);
    let without_end = |name: &str| serves.leaf.iter().find_map(|end| name.strip_suffix(end)).map(str::to_owned);
    let bare: Vec<String> = names.iter().filter_map(|name| without_end(name)).collect();
    let all = names.iter().chain(&bare).map(String::as_str);
    let near = paths::join(folder, suggest::nearest_file(wanted, all)?);
    // A near name of a folder in the middle helps if the rest exists below it.
    let behind = path.get(paths::join(folder, wanted).len()..).unwrap_or_default();
    let near = format!("{near}{behind}");
    (behind.is_empty() || tree.kind(&near).is_some()).then_some(near)
}
