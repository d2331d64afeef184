//! reStructuredText: what stands in a line of prose, and the ids that docutils makes of names.

use std::ops::Range;

use memchr::memmem;

use super::{bare, draft::Draft};
use crate::model::link::LinkKind;

/// Adds the links of a paragraph that begins at byte `base` of the document.
pub(super) fn read(text: &str, base: usize, draft: &mut Draft) {
    let bytes = text.as_bytes();
    let mut prose = 0;
    let mut at = 0;
    let mut literals_end = true;
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'`', b'\\', rest)) {
        let open = at + next;
        if bytes.get(open) == Some(&b'\\') {
            at = open + 2;
            continue;
        }
        let is_literal = literals_end && text.get(open..).is_some_and(|rest| rest.starts_with("``"));
        let mark: &[u8] = if is_literal { b"``" } else { b"`" };
        let inside = open + mark.len();
        let Some(close) = bytes.get(inside..).and_then(|rest| memmem::find(rest, mark)) else {
            literals_end &= !is_literal;
            at = open + 1;
            if !is_literal {
                break;
            }
            continue;
        };
        let end = inside + close + mark.len();
        urls(text, prose..open, base, draft);
        if !is_literal {
            phrase(text, inside..inside + close, end, base, draft);
        }
        (at, prose) = (end, end);
    }
    urls(text, prose..text.len(), base, draft);
}

fn urls(text: &str, range: Range<usize>, base: usize, draft: &mut Draft) {
    let mut part = Draft::default();
    bare::read(text.get(range.clone()).unwrap_or_default(), LinkKind::Text, "text", &mut part);
    draft.take(part, base + range.start);
}

/// What stands between backticks: `text <URL>` with a `_` behind it is a link, `_` before it is a
/// target.
fn phrase(text: &str, inside: Range<usize>, end: usize, base: usize, draft: &mut Draft) {
    let behind = text.get(end..).unwrap_or_default();
    let content = text.get(inside.clone()).unwrap_or_default();
    if text.get(..inside.start - 1).is_some_and(|before| before.ends_with('_') && !before.ends_with("__")) {
        draft.names.push(id(content));
        return;
    }
    if let Some(role) = ROLES.iter().find(|role| text.get(..inside.start - 1).is_some_and(|text| text.ends_with(*role)))
    {
        let path = content.strip_suffix('>').and_then(|words| words.rsplit_once('<')).map_or(content, |(_, path)| path);
        let at = base + inside.start + content.rfind(path).unwrap_or_default();
        match *role {
            ":doc:" => document(path, at, draft),
            _ => draft.link(LinkKind::Anchor, "download", path, at..at + path.len()),
        }
        return;
    }
    let Some(before) = content.strip_suffix('>').filter(|_| behind.starts_with('_')) else { return };
    let Some(open) = before.rfind('<') else { return };
    let url = before.get(open + 1..).unwrap_or_default();
    // `text <name_>`_ leads to another target.
    if url.is_empty() || (url.ends_with('_') && !url.ends_with("\\_")) {
        return;
    }
    let words = before.get(..open).unwrap_or_default();
    target(url, base + inside.start + open + 1, "link", if words.trim().is_empty() { url } else { words }, draft);
}

/// Roles that name files.
const ROLES: &[&str] = &[":doc:", ":download:"];

/// Adds a document of the project, named without its extension. From `/` they begin in the folder of
/// the project's settings, which the document does not tell.
pub(super) fn document(path: &str, at: usize, draft: &mut Draft) {
    if path.contains("://") {
        target(path, at, "link", "", draft);
    } else if !path.is_empty() && !path.starts_with('/') && !path.contains(char::is_whitespace) {
        draft.link(LinkKind::Anchor, "doc", path, at..at + path.len());
    }
}

/// Adds what a target leads to; a mail address is written without its scheme.
pub(super) fn target(url: &str, start: usize, element: &'static str, words: &str, draft: &mut Draft) {
    // White space within a URL that goes over lines does not count, nor do backslashes.
    let value: String = url.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect();
    let is_mail = value.contains('@') && !value.contains([':', '/']);
    let value = if is_mail { format!("mailto:{value}") } else { value };
    draft.named(LinkKind::Anchor, element, words, &value, start..start + url.len());
}

/// Where the colon behind the name of a target stands; the name may be in backticks.
pub(super) fn name_end(rest: &str) -> Option<usize> {
    if let Some(quoted) = rest.strip_prefix('`') {
        let end = quoted.find('`')? + 2;
        return rest.get(end..)?.starts_with(':').then_some(end);
    }
    let mut escaped = false;
    rest.char_indices().find_map(|(at, c)| {
        let ends =
            c == ':' && !escaped && rest.get(at + 1..).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// A title without inline markup: the words of links, roles and literals.
pub(super) fn plain(title: &str) -> String {
    let mut out = String::new();
    for (index, part) in title.split('`').enumerate() {
        let words =
            if index % 2 == 1 { part.rsplit_once('<').map_or(part, |(words, _)| words.trim_end()) } else { part };
        let words = match words.rfind(':') {
            // `:role:` before a phrase
            Some(end) if index % 2 == 0 && words.ends_with(':') => {
                words.get(..end).and_then(|before| before.rfind(':')).map_or(words, |start| &words[..start])
            }
            _ => words,
        };
        out.push_str(words);
    }
    out
}

/// The id that docutils makes of a name (`nodes.make_id`): ASCII letters, digits and single hyphens,
/// a letter first. Letters with accents lose them.
pub(super) fn id(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' => out.push(c),
            '0'..='9' if !out.is_empty() => out.push(c),
            _ if c.is_ascii() => {
                if !out.is_empty() && !out.ends_with('-') {
                    out.push('-');
                }
            }
            _ => out.push_str(base_letter(c)),
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// The ASCII letters of a Latin letter, as docutils has them; nothing for what has none.
fn base_letter(c: char) -> &'static str {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ª' => "a",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'º' => "o",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'ß' => "sz",
        'æ' => "ae",
        'œ' => "oe",
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        // a no-break space is white space to docutils, and so a gap
        '\u{a0}' => "-",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_docutils() {
        for (name, expected) in [
            ("Installation", "installation"),
            ("What's New in 3.12?", "what-s-new-in-3-12"),
            ("2. Second step", "second-step"),
            ("A -- B", "a-b"),
            ("Größe und Straße", "grosze-und-strasze"),
            ("Ångström ", "angstrom"),
            ("snake_case", "snake-case"),
            ("中文", ""),
            ("-x-", "x"),
            ("...", ""),
        ] {
            assert_eq!(id(name), expected, "{name}");
        }
    }

    #[test]
    fn titles_lose_their_markup() {
        assert_eq!(plain("The ``x`` option"), "The x option");
        assert_eq!(plain(":mod:`os` --- `Files <x.html>`_"), "os --- Files_");
    }
}
