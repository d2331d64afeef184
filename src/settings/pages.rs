//! What is read out of bodies and put into records.

use super::With;
use crate::model::{Digest, View, capture::Raw, wanted::Rule};

/// What is read out of bodies and put into records.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// What is selected, in this order; checked before the run by `page::select::Plan::of`.
    pub rules: Vec<Rule>,
    /// Names that must find something (`price`, or `items.price` in a group), or the record fails.
    pub required: Vec<String>,
    /// Ready-made views.
    pub views: Vec<View>,
    /// Heavy keys that records carry.
    pub with: With,
    /// Whether bodies are digested.
    pub digest: Digest,
    /// Whether exchanges are kept as they were sent and received, for an archive.
    pub raw: Raw,
}

impl Pages {
    /// Adds a rule; one of the same name is replaced where it stands.
    pub fn add(&mut self, rule: Rule) {
        match self.rules.iter_mut().find(|other| other.key() == rule.key()) {
            Some(other) => *other = rule,
            None => self.rules.push(rule),
        }
    }

    /// Adds names that must find something.
    pub fn require(&mut self, names: impl IntoIterator<Item = String>) {
        for name in names {
            if !self.required.contains(&name) {
                self.required.push(name);
            }
        }
    }

    /// Adds a view.
    pub fn view(&mut self, view: View) {
        if !self.views.contains(&view) {
            self.views.push(view);
        }
    }

    /// The keys of a record that are there for these pages, as tables have them: `data.title`, `view.meta`.
    pub fn columns(&self) -> Vec<String> {
        let data = self.rules.iter().map(|rule| format!("data.{}", rule.key()));
        data.chain(self.views.iter().map(|view| format!("view.{}", view.name()))).collect()
    }

    /// Whether a record may hold as much as a body does.
    pub fn has_bodies(&self) -> bool {
        self.with.body || self.raw == Raw::Keep || !self.views.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_the_name_of_another_takes_its_place() {
        let mut pages = Pages::default();
        for rule in [Rule::css("a", "h1"), Rule::css("b", "h2"), Rule::json("a[]", "$.a")] {
            pages.add(rule);
        }
        assert_eq!(pages.rules, [Rule::json("a[]", "$.a"), Rule::css("b", "h2")]);
        pages.require(["b", "a", "b"].map(str::to_owned));
        [View::Meta, View::Text, View::Meta].into_iter().for_each(|view| pages.view(view));
        assert_eq!(pages.required, ["b", "a"]);
        assert_eq!(pages.columns(), ["data.a", "data.b", "view.meta", "view.text"]);
        assert!(pages.has_bodies());
    }
}
