//! Reads `.card{title=h2, price=.price|number, tags[]=.tag::text}`.
//!
//! ```text
//! css    := selector [ "::" part | "{" fields "}" ] filters
//! fields := field { "," field } [ "," ]       a comma parts fields only where a name and `=` follow
//! field  := NAME [ "[]" ] "=" css
//! ```
//!
//! Groups nest as deeply as [`NESTING`] says, and so does the reading. Must not know pages.

use std::borrow::Cow;

use scraper::Selector;

use super::{
    cursor::Cursor,
    field::{Css, Field, NESTING, OWN_NAMES, Source, name},
    filter::Chain,
    xpath,
};
use crate::page::{
    blame::{SelectError, Written},
    pick::{Part, Way},
};

/// Reads a whole selector; `depth` counts the groups around it.
pub(super) fn css(written: Written<'_>, depth: usize) -> Result<(Source, Chain), SelectError> {
    let mut cursor = Cursor::new(written);
    let read = source(&mut cursor, depth, Around::Nothing)?;
    end(&cursor)?;
    Ok(read)
}

/// Faults what is left over.
pub(super) fn end(cursor: &Cursor<'_>) -> Result<(), SelectError> {
    if cursor.rest().is_empty() { Ok(()) } else { Err(cursor.fault(cursor.unexpected())) }
}

/// Whether a comma or a brace may end a selector.
#[derive(Clone, Copy, PartialEq)]
enum Around {
    Nothing,
    Braces,
}

fn source(cursor: &mut Cursor<'_>, depth: usize, around: Around) -> Result<(Source, Chain), SelectError> {
    let start = cursor.at;
    let ends = |c, rest: &str| match c {
        '|' | '{' | '}' => true,
        ',' => around == Around::Braces && begins_field(rest),
        _ => false,
    };
    let blank = uncommented(cursor.rest());
    let text = cursor.take_bytes(outside(&blank, ends));
    let bare = blank.get(..text.len()).unwrap_or_default();
    let (selector, part) = split_part(bare);
    let written = cursor.written;
    let part = part.ok_or_else(|| {
        let tail = start + selector.len()..start + bare.trim_end().len();
        let hint = "write the attribute's name, for example a::attr(href)";
        written.fault_at(tail, "`::attr()` names no attribute").hint(hint)
    })?;
    let css = read_css(written, start, selector, depth)?;
    let open = cursor.at;
    if !cursor.take('{') {
        return Ok((Source::Css(css, part), Chain::read(cursor)?));
    }
    if selector.trim_end().len() != bare.trim_end().len() {
        let tail = start + selector.len()..start + bare.trim_end().len();
        return Err(written.fault_at(tail, "a group takes elements, not a part of them"));
    }
    if depth >= NESTING {
        return Err(written.fault_at(open..open + 1, format!("groups nest more than {NESTING} deep")));
    }
    let fields = fields(cursor, depth + 1, open)?;
    cursor.skip_blanks();
    let behind = cursor.at;
    let chain = Chain::read(cursor)?;
    if !chain.is_plain() {
        let fault = written.fault_at(behind..cursor.at, "a group takes no filter but `required`");
        return Err(fault.hint("write filters behind the fields in it: .card{price=.price|number}"));
    }
    Ok((Source::Group(css, fields), chain))
}

fn read_css(written: Written<'_>, start: usize, selector: &str, depth: usize) -> Result<Css, SelectError> {
    let text = selector.trim();
    let itself = text.is_empty() || text == ":scope";
    if text.is_empty() && depth == 0 {
        return Err(written.fault("there is no selector").hint("write CSS, for example h1 or a::attr(href)"));
    }
    let parsed = match itself && depth > 0 {
        true => None,
        false => Some(Selector::parse(selector).map_err(|_| {
            if xpath::is_xpath(text) {
                return in_xpath(written, start, text, depth);
            }
            let fault = written.css(start, selector);
            if depth > 0 && text.starts_with(['>', '+', '~']) {
                fault.hint(format!("write :scope {text}"))
            } else {
                fault
            }
        })?),
    };
    Ok(Css { selector: parsed, way: Way::of(selector), text: text.to_owned() })
}

/// Somebody wrote XPath, `text` from byte `start` on: what to write instead.
fn in_xpath(written: Written<'_>, start: usize, text: &str, depth: usize) -> SelectError {
    let behind = written.text.get(start..).and_then(|rest| rest.trim_start().strip_prefix(text)).unwrap_or_default();
    let is_union = behind.trim_start().strip_prefix('|').is_some_and(xpath::is_xpath);
    let (path, filters) = match (depth, is_union) {
        (0, true) => (written.text, ""),
        (0, false) => (text, behind.trim()),
        _ => (text, ""),
    };
    let fault = written.fault_at(start..start + text.len(), "this looks like XPath");
    let is_css = |css: &String| Selector::parse(split_part(css).0).is_ok();
    match xpath::as_css(path).filter(is_css) {
        Some(css) => fault.hint(format!("as a selector: `{css}{filters}`")),
        None => fault.hint("selectors are CSS: docs/extract.md has those for common XPaths"),
    }
}

/// The fields of a group whose brace stands at byte `open`.
fn fields(cursor: &mut Cursor<'_>, depth: usize, open: usize) -> Result<Vec<Field>, SelectError> {
    let unclosed = |cursor: &Cursor<'_>| cursor.fault_at(open..open + 1, "`{` is never closed");
    let mut fields: Vec<Field> = Vec::new();
    loop {
        let rest = uncommented(cursor.rest());
        cursor.take_bytes(rest.len() - rest.trim_start().len());
        if cursor.take('}') {
            break;
        }
        let start = cursor.at;
        let (name, many) = name(cursor.take_while(|c| !",={}|".contains(c)));
        let named = start..cursor.at;
        match cursor.rest().chars().next() {
            Some('=') if !name.is_empty() => drop(cursor.take('=')),
            None => return Err(unclosed(cursor)),
            _ => {
                let fault = cursor.fault_at(named, "a name and `=` are expected in a group");
                return Err(fault.hint("write NAME=CSS, parted by commas: .card{title=h2, price=.price}"));
            }
        }
        if fields.iter().any(|field| field.name == name) {
            return Err(cursor.fault_at(named, format!("the name `{name}` is taken already")).hint(OWN_NAMES));
        }
        let (source, chain) = source(cursor, depth, Around::Braces)?;
        fields.push(Field { name: name.to_owned(), many, source, chain });
        cursor.skip_blanks();
        match cursor.rest().chars().next() {
            Some(',') => drop(cursor.take(',')),
            Some('}') => {}
            None => return Err(unclosed(cursor)),
            Some(_) => return Err(cursor.fault(cursor.unexpected())),
        }
    }
    if fields.is_empty() {
        return Err(cursor.fault_at(open..cursor.at, "the group has no fields").hint("write .card{title=h2}"));
    }
    Ok(fields)
}

/// A text with a blank for each byte of the comments that stand outside of quotes.
fn uncommented(text: &str) -> Cow<'_, str> {
    if !text.contains("/*") {
        return Cow::Borrowed(text);
    }
    let (mut out, mut quote) = (String::with_capacity(text.len()), None);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match (quote, c) {
            (None, '/') if rest.starts_with("/*") => {
                length = rest.get(2..).and_then(|inside| inside.find("*/")).map_or(rest.len(), |end| end + 4);
                out.extend(std::iter::repeat_n(' ', length));
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            (_, '\\') => length += rest.chars().nth(1).map_or(0, char::len_utf8),
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            _ => {}
        }
        let (same, behind) = rest.split_at(length);
        out.push_str(same);
        rest = behind;
    }
    Cow::Owned(out)
}

/// Whether a field begins here, or its group ends.
fn begins_field(text: &str) -> bool {
    let text = text.trim_start();
    let end = text.find(|c: char| c.is_whitespace() || ",={}|()[]\"'".contains(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("[]").unwrap_or(rest).trim_start();
    text.starts_with('}') || text.is_empty() || (!name.is_empty() && rest.starts_with('='))
}

/// Bytes up to the first character outside of quotes and brackets for which `ends` holds; it is
/// given what stands behind the character too.
pub(super) fn outside(text: &str, ends: impl Fn(char, &str) -> bool) -> usize {
    let (mut depth, mut quote) = (0usize, None);
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (_, '\\') => drop(chars.next()),
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, _) if depth == 0 && ends(c, chars.as_str()) => return at,
            _ => {}
        }
    }
    text.len()
}

/// The bytes of `|` in a regular expression that part alternatives of the whole.
pub(super) fn alternatives(pattern: &str) -> impl Iterator<Item = usize> {
    let (mut depth, mut class, mut escaped) = (0usize, false, false);
    pattern.char_indices().filter_map(move |(at, c)| {
        if std::mem::take(&mut escaped) {
            return None;
        }
        match c {
            '\\' => escaped = true,
            ']' => class = false,
            '[' => class = true,
            '(' if !class => depth += 1,
            ')' if !class => depth = depth.saturating_sub(1),
            _ => {}
        }
        (c == '|' && depth == 0 && !class).then_some(at)
    })
}

/// The selector and what is wanted of its matches; no part if `::attr()` is empty.
fn split_part(css: &str) -> (&str, Option<Part>) {
    let css = css.trim_end();
    let end = css.rfind("::").unwrap_or(css.len());
    let (selector, tail) = css.split_at(end);
    let lower = tail.to_ascii_lowercase();
    let attribute = lower.strip_prefix("::attr(").and_then(|rest| rest.strip_suffix(')')).map(str::trim);
    match (lower.as_str(), attribute) {
        ("::text", _) => (selector, Some(Part::Text)),
        ("::html", _) => (selector, Some(Part::Html)),
        (_, Some("")) => (selector, None),
        (_, Some(name)) if name.bytes().all(|b| b.is_ascii_graphic() && !b"\"'()[]<>".contains(&b)) => {
            (selector, Some(Part::Attr(name.to_owned())))
        }
        _ => (css, Some(Part::Text)),
    }
}
