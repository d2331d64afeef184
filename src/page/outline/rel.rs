//! What a `rel` says about the resource it leads to. Must not know elements.

use crate::model::LinkKind;

/// The kind of link; `None` if all it names is a server to get ready for, which is no resource.
pub(super) fn kind(rel: &str) -> Option<LinkKind> {
    let has = |names: &[&str]| rel.split_ascii_whitespace().any(|word| is_one(word, names));
    if has(&["stylesheet"]) {
        Some(LinkKind::Stylesheet)
    } else if has(&[
        "icon",
        "apple-touch-icon",
        "apple-touch-icon-precomposed",
        "apple-touch-startup-image",
        "mask-icon",
    ]) {
        Some(LinkKind::Image)
    } else if has(&["modulepreload"]) {
        Some(LinkKind::Script)
    } else {
        let mut words = rel.split_ascii_whitespace().peekable();
        let only_hints = words.peek().is_some() && words.all(|word| is_one(word, &["dns-prefetch", "preconnect"]));
        (!only_hints).then_some(LinkKind::Resource)
    }
}

fn is_one(word: &str, names: &[&str]) -> bool {
    names.iter().any(|name| word.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loaded_decides_and_hints_lead_nowhere() {
        for (rel, want) in [
            ("stylesheet", Some(LinkKind::Stylesheet)),
            ("alternate StyleSheet", Some(LinkKind::Stylesheet)),
            ("shortcut icon", Some(LinkKind::Image)),
            ("apple-touch-icon", Some(LinkKind::Image)),
            ("modulepreload", Some(LinkKind::Script)),
            ("preload", Some(LinkKind::Resource)),
            ("", Some(LinkKind::Resource)),
            ("preconnect", None),
            ("DNS-prefetch\tpreconnect", None),
            ("preconnect manifest", Some(LinkKind::Resource)),
        ] {
            assert_eq!(kind(rel), want, "{rel}");
        }
    }
}
