//! What people write that is no CSS, or none for a page that is only read, and what to write instead.
//!
//! Asked only of selectors that cannot be read. Must not know groups or filters.

use std::ops::Range;

use crate::model::units;

/// A fault that is known: which bytes, what is wrong, what to do.
pub(super) struct Advice {
    pub(super) bytes: Range<usize>,
    pub(super) message: String,
    pub(super) hint: String,
}

/// Pseudo-classes that pages can be asked for, and parts that can be taken.
const CLASSES: [&str; 17] = [
    "first-child",
    "last-child",
    "only-child",
    "first-of-type",
    "last-of-type",
    "only-of-type",
    "nth-child",
    "nth-last-child",
    "nth-of-type",
    "nth-last-of-type",
    "empty",
    "root",
    "not",
    "is",
    "where",
    "has",
    "scope",
];
const PARTS: [&str; 3] = ["text", "html", "attr"];

/// What to say where two parts are asked for.
const TWO: &str = "one part can be taken of a match, not two";
const BOTH: &str = "for both, write two selectors with names of their own";

/// A word behind one colon or two.
struct Pseudo<'a> {
    bytes: Range<usize>,
    colons: usize,
    name: &'a str,
    /// What stands in its parentheses, and where.
    argument: Option<(usize, &'a str)>,
}

/// What is to be said of a selector that cannot be read, if it is something that people write.
pub(super) fn of(selector: &str) -> Option<Advice> {
    unclosed(selector).or_else(|| pseudos(selector).find_map(|one| pseudo(selector, &one))).or_else(|| class(selector))
}

/// A parenthesis without its end.
fn unclosed(selector: &str) -> Option<Advice> {
    let mut open = Vec::new();
    for (at, c) in plain(selector) {
        match c {
            '(' => open.push(at),
            ')' => drop(open.pop()),
            _ => {}
        }
    }
    let at = open.pop()?;
    let hint = format!("write `{})`", selector.trim());
    Some(Advice { bytes: at..at + 1, message: "this parenthesis is never closed".into(), hint })
}

/// A class that is none: `.1st`, `..price`.
fn class(selector: &str) -> Option<Advice> {
    let (at, rest) = plain(selector).find_map(|(at, c)| {
        let rest = selector.get(at + 1..).filter(|_| c == '.')?;
        rest.starts_with(|c: char| c == '.' || c.is_ascii_digit()).then_some((at + 1, rest))
    })?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
    let name = rest.get(..end).filter(|name| !name.is_empty());
    Some(match name {
        Some(name) => Advice {
            bytes: at..at + name.len(),
            message: "the name of a class cannot begin with a digit here".into(),
            hint: format!("write [class~=\"{name}\"]"),
        },
        None => Advice {
            bytes: at..at + 1,
            message: "unexpected `.` where the name of a class is expected".into(),
            hint: "a class has one point before its name: .price".into(),
        },
    })
}

fn pseudo(selector: &str, one: &Pseudo<'_>) -> Option<Advice> {
    let said =
        |message: &str, hint: String| Some(Advice { bytes: one.bytes.clone(), message: message.to_owned(), hint });
    let name = one.name.to_ascii_lowercase();
    let bare = selector.get(..one.bytes.start).unwrap_or_default();
    let behind = selector.get(one.bytes.end..).unwrap_or_default().trim();
    if one.colons == 2 {
        return match (name.as_str(), &one.argument) {
            ("text" | "html", Some(_)) => said("this takes nothing in parentheses", format!("write `{bare}::{name}`")),
            ("text" | "html" | "attr", _) if behind.starts_with("::") => said(TWO, BOTH.into()),
            ("text" | "html" | "attr", _) if !behind.is_empty() => {
                said("a part stands at the end of a selector", format!("write `{bare}{behind}::{name}`"))
            }
            ("attr", None) => said("this names no attribute", format!("write `{bare}::attr(NAME)`")),
            ("attr", Some((_, name))) if name.contains(|c: char| c.is_whitespace() || "\"'()[]<>".contains(c)) => {
                said("this is no name of an attribute", format!("write it bare: `{bare}::attr(href)`"))
            }
            // The part at the end was read already.
            ("text" | "html" | "attr", _) => said(TWO, BOTH.into()),
            ("before" | "after" | "marker" | "placeholder" | "selection" | "first-line" | "first-letter", _) => said(
                "this is drawn by a browser and not in the page",
                format!("leave `::{name}` out; what stands in attributes is taken with ::attr(NAME)"),
            ),
            _ => said("this part is not known", near_part(&name)),
        };
    }
    if name.starts_with("nth-") && CLASSES.contains(&&*name) {
        let (at, argument) = one.argument?;
        let counts = argument.split(" of ").next().unwrap_or_default();
        let is_count = |c: char| c.is_ascii_digit() || c.is_whitespace() || matches!(c, 'n' | 'N' | '+' | '-');
        let fine =
            matches!(counts.trim(), "odd" | "even") || (counts.chars().all(is_count) && !counts.trim().is_empty());
        let hint = format!("write :{name}(2), :{name}(odd) or :{name}(2n+1)");
        let bytes = at..at + argument.len();
        return (!fine).then(|| Advice { bytes, message: format!("`{argument}` does not count"), hint });
    }
    if CLASSES.contains(&&*name) {
        return None;
    }
    let unknown = "this pseudo-class is not known";
    match name.as_str() {
        "contains" | "icontains" | "has-text" | "text-is" | "-soup-contains" | "matches" => said(
            "CSS does not look at texts",
            format!("take the text and filter it: `{}|regex(…)`", if bare.is_empty() { "p" } else { bare.trim() }),
        ),
        "eq" | "nth" | "gt" | "lt" => said(
            unknown,
            "the first match is taken anyway; :nth-of-type(2) counts among siblings, and NAME[] takes all matches"
                .into(),
        ),
        "first" => said(unknown, "leave it out: the first match is taken anyway".into()),
        "last" => said(unknown, "write :last-of-type, or take all matches with NAME[]".into()),
        "odd" | "even" => said(unknown, format!("write :nth-child({name})")),
        "hover" | "focus" | "active" | "visited" | "target" | "focus-within" | "focus-visible" | "visible"
        | "hidden" => said("only a browser knows this", format!("leave `:{name}` out: a page is read, not used")),
        "checked" | "disabled" | "selected" | "required" | "readonly" | "open" => {
            said(unknown, format!("write [{name}], the attribute"))
        }
        _ => match units::nearest(&name, CLASSES) {
            Some(near) if PARTS.iter().all(|part| closeness(&name, part) < closeness(&name, near)) => {
                said(unknown, format!("did you mean `:{near}`?"))
            }
            _ => said(unknown, near_part(&name)),
        },
    }
}

fn closeness(one: &str, other: &str) -> u64 {
    (strsim::jaro_winkler(one, other) * 1000.0) as u64
}

fn near_part(name: &str) -> String {
    let all = "what to take of a match is written ::text, ::html or ::attr(NAME), at the end";
    match units::nearest(name, PARTS) {
        Some("attr") => "did you mean `::attr(NAME)`?".into(),
        Some(near) => format!("did you mean `::{near}`?"),
        None => all.into(),
    }
}

/// The characters outside of quotes and brackets.
fn plain(selector: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quote, mut brackets, mut escaped) = (None, 0usize, false);
    selector.char_indices().filter(move |&(_, c)| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match (quote, c) {
            (_, '\\') => escaped = true,
            (Some(open), _) => quote = Some(open).filter(|open| *open != c),
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => brackets += 1,
            (None, ']') => brackets = brackets.saturating_sub(1),
            _ => return brackets == 0,
        }
        false
    })
}

fn pseudos(selector: &str) -> impl Iterator<Item = Pseudo<'_>> {
    let is_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let begins = move |at: usize| selector.get(..at).is_none_or(|before| !before.ends_with(':'));
    plain(selector).filter(move |&(at, c)| c == ':' && begins(at)).filter_map(move |(at, _)| {
        let rest = selector.get(at..)?;
        let colons = rest.chars().take_while(|c| *c == ':').count();
        let behind = rest.get(colons..)?;
        let (name, behind) = behind.split_at(behind.find(|c| !is_name(c)).unwrap_or(behind.len()));
        let open = at + colons + name.len() + 1;
        let argument = behind.strip_prefix('(').and_then(|inside| Some((open, inside.get(..closing(inside)?)?)));
        let end = argument.map_or(open - 1, |(at, inside)| at + inside.len() + 1);
        (!name.is_empty()).then_some(Pseudo { bytes: at..end, colons, name, argument })
    })
}

/// The byte of the parenthesis that closes.
fn closing(inside: &str) -> Option<usize> {
    let mut depth = 0usize;
    plain(inside).find_map(|(at, c)| {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
        None
    })
}
