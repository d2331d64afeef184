//! The words that people see on a page, for text directives.
//!
//! Must not know fragments.

use crate::{
    check::text_directive::Words,
    page::{Language, select::Plan},
};

/// What finds the words of a page: name and selector.
pub(super) const SELECTOR: (&str, &str) = ("words", "body");

/// The words of a document; `None` where its text is not what people see.
pub(super) fn words(text: &str, language: Language) -> Option<Words> {
    match language {
        Language::Html => {
            let plan = Plan::parse(&[(SELECTOR.0.to_owned(), SELECTOR.1.to_owned())]).ok()?;
            of_data(&plan.read(text))
        }
        Language::Text => Some(Words::of(text)),
        _ => None,
    }
}

/// The words among what selectors found.
pub(super) fn of_data(data: &[(String, serde_json::Value)]) -> Option<Words> {
    let found = data.iter().find(|(name, _)| name == SELECTOR.0)?;
    found.1.as_str().map(Words::of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::text_directive::{parse, split};

    #[test]
    fn words_are_what_people_see() {
        let html = "<title>no</title><style>no{}</style><p>One <b>two</b></p><p>three</p><script>four</script>";
        let words = words(html, Language::Html).unwrap();
        let has = |fragment: &str| parse(split(fragment).1.unwrap()).iter().all(|one| words.have(one));
        assert!(has(":~:text=one%20two") && has(":~:text=three") && !has(":~:text=four") && !has(":~:text=nothing"));
    }
}
