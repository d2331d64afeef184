//! Which pages belong to the site that is walked (`--recurse`): those at the origin of a start,
//! below its folder. Must not know what is done with them.

use url::{Origin, Url};

/// The starts' origins and folders.
#[derive(Debug, Default)]
pub(super) struct Scope(Vec<(Origin, String)>);

impl Scope {
    /// With one more start.
    pub fn add(&mut self, start: &Url) {
        let folder = start.path().rfind('/').map_or("/", |at| &start.path()[..=at]);
        let part = (start.origin(), folder.to_owned());
        if !self.0.contains(&part) {
            self.0.push(part);
        }
    }

    /// Whether a page belongs to it.
    pub fn covers(&self, url: &Url) -> bool {
        let is_below = |(origin, folder): &(Origin, String)| url.path().starts_with(folder) && url.origin() == *origin;
        self.0.iter().any(is_below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_belongs_to_the_folder_of_a_start_at_its_origin() {
        let mut scope = Scope::default();
        scope.add(&Url::parse("http://h.example/docs/index.html").unwrap());
        for (url, covered) in [
            ("http://h.example/docs/", true),
            ("http://h.example:80/docs/a/b?c", true),
            ("http://h.example/docsx", false),
            ("http://h.example/", false),
            ("https://h.example/docs/", false),
            ("http://h.example:81/docs/", false),
            ("http://www.h.example/docs/", false),
        ] {
            assert_eq!(scope.covers(&Url::parse(url).unwrap()), covered, "{url}");
        }
    }
}
