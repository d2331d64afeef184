//! Front matter: YAML between `---` or TOML between `+++`, at the very start of a document. The
//! parser's own reading of it is not used, because that takes a thematic break in the middle of a
//! text for the start of one.

use std::ops::Range;

/// What front matter is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Yaml,
    Toml,
}

/// Front matter, or nothing of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Front {
    pub(super) language: Language,
    /// Bytes between its fences.
    pub(super) content: Range<usize>,
    /// Where the document proper begins; behind a byte order mark in any case.
    pub(super) end: usize,
}

/// The front matter of a document.
pub(super) fn matter(text: &str) -> Front {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let none = Front { language: Language::Yaml, content: start..start, end: start };
    let mut at = start;
    let mut opened: Option<(Language, usize)> = None;
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        let end = at + line.len();
        let fence = line.trim_end();
        match opened {
            None => match fence {
                "---" => opened = Some((Language::Yaml, end)),
                "+++" => opened = Some((Language::Toml, end)),
                _ => return none,
            },
            // A blank line first: a thematic break that a text happens to start with.
            Some((_, content)) if fence.is_empty() && at == content => return none,
            Some((language, content)) => {
                let closes = match language {
                    Language::Yaml => matches!(fence, "---" | "..."),
                    Language::Toml => fence == "+++",
                };
                if closes {
                    return Front { language, content: content..at, end };
                }
            }
        }
        at = end;
    }
    none
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_stands_at_the_start_and_is_closed() {
        for (text, content, rest) in [
            ("---\na: b\n---\nx", "a: b\n", "x"),
            ("\u{feff}--- \r\na: b\r\n...\r\nx", "a: b\r\n", "x"),
            ("+++\na = 1\n+++\n", "a = 1\n", ""),
            ("---\n---\nx", "", "x"),
            ("---\na: b\n", "", "---\na: b\n"),
            ("\n---\na: b\n---\n", "", "\n---\na: b\n---\n"),
            ("+++\na\n---\n", "", "+++\na\n---\n"),
            ("\u{feff}x", "", "x"),
            ("", "", ""),
        ] {
            let front = matter(text);
            assert_eq!((&text[front.content], &text[front.end..]), (content, rest), "{text:?}");
        }
    }
}
