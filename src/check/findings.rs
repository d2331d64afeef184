//! What was found about a link, in words: from places, fragments and targets to findings with a
//! rule, a sentence and what could stand there instead.
//!
//! Answers of servers are [`super::verdict`]'s. Must not know weights or reports.

use super::{
    anchors::{Fragment, nearest_anchor},
    files::Located,
    mail, suggest,
    target::{Base, Target},
    verdict::Found,
};
use crate::model::{Anchors, Code, Rule, Suggestion, SuggestionKind};

/// Longest name shown in a sentence, in characters.
const SHOWN: usize = 200;

/// Schemes that lead nowhere on purpose: nothing is said about them.
const SILENT: [&str; 4] = ["javascript", "data", "about", "blob"];

/// What is wrong with a target before anything is asked; `None` if nothing is, or if what it leads
/// to has to be looked at.
pub fn of_target(target: &Target) -> Option<Found> {
    let malformed = |why: Result<(), String>| why.err().map(|why| Found::failed(Rule::Mail, Code::LinkMail, why));
    match target {
        Target::Invalid { message } => Some(Found::failed(Rule::Invalid, Code::UrlInvalid, message.clone())),
        Target::Above { path } => {
            let message = format!("`{}` lies above the root of the site", short(path));
            Some(Found::failed(Rule::MissingFile, Code::LinkMissingFile, message))
        }
        Target::Rootless { path } => {
            let message = format!("`{}` starts with `/`, and which folder that is cannot be told", short(path));
            Some(Found::failed(Rule::MissingFile, Code::LinkMissingFile, message))
        }
        Target::Mail(rest) => malformed(mail::check_mail(rest)),
        Target::Tel(rest) => malformed(mail::check_tel(rest)),
        Target::Other { scheme } if SILENT.contains(&scheme.as_str()) => None,
        Target::Other { .. } => Some(Found::rule(Rule::Unverifiable)),
        Target::File { .. } | Target::Url { .. } | Target::SamePage { .. } => None,
    }
}

/// What is wrong with a place among the files. `asked` is the path that was looked for, `value` the
/// link as it is meant, `base` the document's.
pub fn of_located(located: &Located, asked: &str, value: &str, base: &Base<'_>) -> Option<Found> {
    let suggest = |kind, path: &str| {
        let folder = base.folder()?;
        suggest::spell(value, path, folder, base.root()).map(|url| Suggestion { kind, url })
    };
    let missing = |message| Found::failed(Rule::MissingFile, Code::LinkMissingFile, message);
    match located {
        Located::Found(_) | Located::Folder(_) | Located::Elsewhere { .. } => None,
        Located::Case { path, link } => {
            let message = format!("the name is `{}` on the disk", short(path));
            let suggestion = suggest(SuggestionKind::Case, link);
            Some(Found { suggestion, ..Found::failed(Rule::Case, Code::LinkCase, message) })
        }
        Located::NoIndex(folder) => Some(missing(format!("the folder `{}` has no index file", short(folder)))),
        Located::Missing { nearest } => {
            let suggestion = nearest.as_deref().and_then(|near| suggest(SuggestionKind::File, near));
            Some(Found { suggestion, ..missing(format!("there is no `{}`", short(asked))) })
        }
    }
}

/// What is wrong with a fragment that was judged so; `anchors` are those of its page.
pub fn of_fragment(judged: Fragment, fragment: &str, value: &str, anchors: &Anchors) -> Option<Found> {
    match judged {
        Fragment::Fine => None,
        Fragment::Unverifiable => Some(Found::rule(Rule::Unverifiable)),
        Fragment::Missing => {
            let near = nearest_anchor(fragment, anchors);
            let suggestion = near
                .map(|(name, _)| Suggestion { kind: SuggestionKind::Anchor, url: suggest::with_fragment(value, name) });
            let message = format!("there is no `{}` on the page", short(fragment));
            Some(Found { suggestion, ..Found::failed(Rule::MissingAnchor, Code::LinkMissingAnchor, message) })
        }
    }
}

/// What a page over https loads over http (see [`super::verdict::is_mixed`]).
pub fn of_mixed(target: &url::Url) -> Found {
    let mut safe = target.clone();
    // Cannot fail from http to https.
    let suggestion =
        safe.set_scheme("https").is_ok().then(|| Suggestion { kind: SuggestionKind::Https, url: safe.to_string() });
    let message = "a page over https loads it over http";
    Found { suggestion, ..Found::failed(Rule::Mixed, Code::LinkInsecure, message) }
}

/// A path as sentences show it; the empty one is where the run stands.
fn short(text: &str) -> String {
    let text = if text.is_empty() { "." } else { text };
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::site::Site, *};

    fn show(found: Option<Found>) -> String {
        let Some(found) = found else { return String::new() };
        let code = found.error.map_or_else(String::new, |error| format!("{}: {}", error.code, error.message));
        let rule = found.rule.map_or("none", Rule::name);
        format!("{rule} [{code}] {}", found.suggestion.map(|one| one.url).unwrap_or_default())
    }

    #[test]
    fn places_are_found_wanting_in_words() {
        let site = Site::new(Some(""), None, Vec::new());
        let base = Base::of_file(&site, "docs/a.md");
        let missing = |near: Option<&str>| Located::Missing { nearest: near.map(str::to_owned) };
        let case = Located::Case { path: "docs/B.md".to_owned(), link: "docs/B.md".to_owned() };
        for (located, value, expected) in [
            (Located::Found("x".into()), "x", ""),
            (case.clone(), "b.md#f", "link.case [link.case: the name is `docs/B.md` on the disk] B.md#f"),
            (case, "/docs/b.md", "link.case [link.case: the name is `docs/B.md` on the disk] /docs/B.md"),
            (missing(None), "b.md", "link.missing_file [link.missing_file: there is no `docs/b.md`] "),
            (missing(Some("img/x")), "b.md", "link.missing_file [link.missing_file: there is no `docs/b.md`] ../img/x"),
            (
                Located::NoIndex("img".into()),
                "../img/",
                "link.missing_file [link.missing_file: the folder `img` has no index file] ",
            ),
        ] {
            assert_eq!(show(of_located(&located, "docs/b.md", value, &base)), expected);
        }
    }

    #[test]
    fn targets_and_fragments_are_found_wanting_in_words() {
        let site = Site::default();
        let base = Base::of_file(&site, "a.md");
        let of = |value| show(of_target(&super::super::target::resolve(value, &base)));
        for (value, start) in [
            ("mailto:a", "link.mail [link.mail: `a`"),
            ("mailto:a@b.example", ""),
            ("tel:x", "link.mail"),
            ("javascript:void(0)", ""),
            ("irc://x/y", "link.unverifiable []"),
            ("http://", "link.invalid [url.invalid"),
            ("/x", "link.missing_file [link.missing_file: `/x` starts with `/`"),
            ("x.md", ""),
            ("#x", ""),
        ] {
            assert!(of(value).starts_with(start) && of(value).is_empty() == start.is_empty(), "{value}: {}", of(value));
        }
        let anchors = Anchors::of(["usage"], true);
        let found = of_fragment(Fragment::Missing, "usagee", "b.md#usagee", &anchors);
        assert_eq!(
            show(found),
            "link.missing_anchor [link.missing_anchor: there is no `usagee` on the page] b.md#usage"
        );
        assert_eq!(of_fragment(Fragment::Fine, "x", "#x", &anchors), None);
        let mixed = of_mixed(&url::Url::parse("http://h.example/x.png").unwrap());
        assert!(show(Some(mixed)).ends_with("https://h.example/x.png"));
    }
}
