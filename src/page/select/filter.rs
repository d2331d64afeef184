//! Filters: what is made of a text that was found, `|number` or `|regex((\d+))|int|default(0)`.
//!
//! Reads them. What they do is told in `apply`. Must not know pages or selectors.

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::{
    cursor::Cursor,
    date::Order,
    number::{self, Decimal},
};
use crate::{
    model::units,
    page::blame::{Kind, SelectError, Written},
};

/// Size of a compiled regular expression at most, in bytes: `\w{1,64}` takes 3 MiB.
const REGEX_BYTES: usize = 4 << 20;

/// One filter.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    Number(Decimal),
    Int(Decimal),
    Bool,
    Date(Order),
    Url,
    Trim,
    Lower,
    Upper,
    Regex(Regex),
    Replace(String, String),
    Split(String),
    Json,
    Default(Value),
}

/// Filters in the order in which they work.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    pub(super) filters: Vec<Filter>,
    /// Whether it is a fault to find nothing.
    pub(super) required: bool,
}

/// Whether a filter takes something in parentheses.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Nothing,
    /// One of these, or no parentheses.
    OneOf(&'static [&'static str]),
    Something,
}

/// Name, what it takes, and how it is written.
const FILTERS: &[(&str, Takes, &str)] = &[
    ("number", Takes::OneOf(&[",", "."]), "|number, or |number(,) where a comma parts the decimals"),
    ("int", Takes::OneOf(&[",", "."]), "|int, or |int(,) where a comma parts the decimals"),
    ("bool", Takes::Nothing, "|bool"),
    ("date", Takes::OneOf(&["dmy", "mdy"]), "|date, |date(dmy) or |date(mdy)"),
    ("url", Takes::Nothing, "|url"),
    ("trim", Takes::Nothing, "|trim"),
    ("lower", Takes::Nothing, "|lower"),
    ("upper", Takes::Nothing, "|upper"),
    ("regex", Takes::Something, r"|regex(#(\d+))"),
    ("replace", Takes::Something, "|replace(old,new)"),
    ("split", Takes::Something, "|split(,)"),
    ("json", Takes::Nothing, "|json"),
    ("default", Takes::Something, "|default(unknown)"),
    ("required", Takes::Nothing, "|required"),
];

/// What stands between the parentheses of a filter, and where.
struct Argument<'a> {
    text: &'a str,
    start: usize,
}

impl Chain {
    /// Whether what was found stays as it is.
    pub(super) fn is_plain(&self) -> bool {
        self.filters.is_empty()
    }

    /// Whether one text may become several.
    pub(super) fn splits(&self) -> bool {
        self.filters.iter().any(|filter| matches!(filter, Filter::Split(_)))
    }

    /// Whether there is a value for what is not found.
    pub(super) fn has_default(&self) -> bool {
        self.filters.iter().any(|filter| matches!(filter, Filter::Default(_)))
    }

    /// Whether addresses are made absolute.
    pub(super) fn wants_base(&self) -> bool {
        self.filters.iter().any(|filter| matches!(filter, Filter::Url))
    }

    /// Reads filters up to what is none.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Chain, SelectError> {
        let mut chain = Chain::default();
        loop {
            cursor.skip_blanks();
            if !cursor.take('|') {
                return Ok(chain);
            }
            cursor.skip_blanks();
            chain.add(cursor)?;
        }
    }

    /// Reads filters from `text`, which must be nothing else. `None`: it is something else.
    pub(super) fn read_all(mut cursor: Cursor<'_>) -> Option<Chain> {
        let chain = Chain::read(&mut cursor).ok()?;
        cursor.rest().is_empty().then_some(chain)
    }

    fn add(&mut self, cursor: &mut Cursor<'_>) -> Result<(), SelectError> {
        let start = cursor.at;
        let name = cursor.take_while(|c| c.is_alphanumeric() || c == '_' || c == '-');
        let named = start..cursor.at;
        let Some((known, takes, form)) = FILTERS.iter().find(|(known, ..)| *known == name) else {
            return Err(unknown(cursor, start, name));
        };
        let argument = argument(cursor, name)?;
        let bad = |cursor: &Cursor<'_>, message: &str| {
            cursor.fault_at(start..cursor.at, format!("`{name}` {message}")).hint(format!("write {form}"))
        };
        match (takes, &argument) {
            (Takes::Nothing, Some(_)) => return Err(bad(cursor, "takes nothing in parentheses")),
            (Takes::Something, None) => {
                return Err(cursor
                    .fault_at(named, format!("`{name}` needs something in parentheses"))
                    .hint(format!("write {form}")));
            }
            (Takes::OneOf(these), Some(argument)) if !these.contains(&argument.text.trim()) => {
                return Err(bad(cursor, "does not take this"));
            }
            _ => {}
        }
        if *known == "required" {
            self.required = true;
            return Ok(());
        }
        let filter = self.filter(known, argument.unwrap_or(Argument { text: "", start: cursor.at }), cursor.written)?;
        self.filters.push(filter);
        Ok(())
    }

    fn filter(&self, name: &str, argument: Argument<'_>, written: Written<'_>) -> Result<Filter, SelectError> {
        let place = argument.start..argument.start + argument.text.len();
        Ok(match (name, argument.text.trim()) {
            ("number", parting) => Filter::Number(decimal(parting)),
            ("int", parting) => Filter::Int(decimal(parting)),
            ("bool", _) => Filter::Bool,
            ("date", "dmy") => Filter::Date(Order::Day),
            ("date", "mdy") => Filter::Date(Order::Month),
            ("date", _) => Filter::Date(Order::Auto),
            ("url", _) => Filter::Url,
            ("lower", _) => Filter::Lower,
            ("upper", _) => Filter::Upper,
            ("json", _) => Filter::Json,
            ("regex", _) => Filter::Regex(
                regex(argument.text).map_err(|error| written.regex(argument.start, argument.text, &error))?,
            ),
            ("split", _) => Filter::Split(unescaped(argument.text)),
            ("replace", _) => {
                let (old, new) = part(argument.text).filter(|(old, _)| !old.is_empty()).ok_or_else(|| {
                    let hint = "write |replace(old,new); a comma in the old text is written \\,";
                    written.fault_at(place, "`replace` needs an old text, a comma and a new one").hint(hint)
                })?;
                Filter::Replace(unescaped(old), unescaped(new))
            }
            ("default", _) => {
                Filter::Default(self.stand_in(unescaped(argument.text)).map_err(|why| written.fault_at(place, why))?)
            }
            _ => Filter::Trim,
        })
    }

    /// The value of `|default(…)`: of the type that the filters before it make, else a text.
    fn stand_in(&self, text: String) -> Result<Value, String> {
        let of_type = |result: Result<Value, &str>| result.map_err(|why| format!("`{text}` {why}"));
        let is_type = |filter: &&Filter| !matches!(filter, Filter::Default(_) | Filter::Url | Filter::Date(_));
        match self.filters.iter().rev().find(is_type) {
            Some(Filter::Number(decimal)) => of_type(number::number(&text, *decimal).map(Value::from)),
            Some(Filter::Int(decimal)) => of_type(number::int(&text, *decimal).map(Value::from)),
            Some(Filter::Bool) => of_type(boolean(&text).map(Value::from).ok_or("is neither true nor false")),
            Some(Filter::Json) => serde_json::from_str(&text).map_err(|why| format!("`{text}` is no JSON: {why}")),
            _ => Ok(Value::String(text)),
        }
    }
}

/// What stands in the parentheses behind a filter's name, if there are any. Parentheses within are
/// balanced; in a regular expression those that are escaped or in a class do not count.
fn argument<'a>(cursor: &mut Cursor<'a>, name: &str) -> Result<Option<Argument<'a>>, SelectError> {
    let open = cursor.at;
    if !cursor.take('(') {
        return Ok(None);
    }
    let start = cursor.at;
    let length = closing(cursor.rest(), name == "regex").ok_or_else(|| {
        cursor
            .fault_at(open..start, "this parenthesis is never closed")
            .hint(r"a single parenthesis is written \( or \)")
    })?;
    let text = cursor.take_bytes(length);
    cursor.take(')');
    Ok(Some(Argument { text, start }))
}

/// Bytes up to the parenthesis that closes; `classes`: what stands in `[…]` does not count.
fn closing(text: &str, classes: bool) -> Option<usize> {
    let (mut depth, mut class) = (0usize, None);
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (c, class) {
            ('\\', _) => drop(chars.next()),
            // A bracket at the start of a class is a member of it.
            (']', Some(start)) if !matches!(text.get(start + 1..at), Some("" | "^")) => class = None,
            (_, Some(_)) => {}
            ('[', None) if classes => class = Some(at),
            ('(', None) => depth += 1,
            (')', None) if depth == 0 => return Some(at),
            (')', None) => depth -= 1,
            _ => {}
        }
    }
    None
}

fn unknown(cursor: &Cursor<'_>, start: usize, name: &str) -> SelectError {
    if name.is_empty() {
        let hint = "a `|` stands before the name of a filter, as in .price|number";
        return cursor.fault(format!("{} where the name of a filter is expected", cursor.unexpected())).hint(hint);
    }
    let names = FILTERS.iter().map(|(name, ..)| *name);
    let hint = match units::nearest(name, names.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let all = names.collect::<Vec<_>>().join(", ");
            match cursor.written.kind {
                Kind::Css => format!("there are {all}; an element is written without a namespace"),
                Kind::Json => format!("there are {all}; functions stand in conditions, as in $[?length(@.a) > 1]"),
                _ => format!("there are {all}"),
            }
        }
    };
    cursor.fault_at(start..cursor.at, format!("there is no filter `{name}`")).hint(hint)
}

/// A regular expression of bounded size.
pub(super) fn regex(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(REGEX_BYTES).build()
}

/// What is called true and false: `true yes on y 1`, `false no off n 0`, in any case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "1" => Some(true),
        "false" | "no" | "off" | "n" | "0" => Some(false),
        _ => None,
    }
}

fn decimal(parting: &str) -> Decimal {
    match parting {
        "," => Decimal::Comma,
        "." => Decimal::Point,
        _ => Decimal::Auto,
    }
}

/// Parts at the first comma that is not escaped.
fn part(text: &str) -> Option<(&str, &str)> {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            ',' => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

/// Without the backslashes before `\`, `(`, `)` and `,`; `\n` and `\t` are what they are elsewhere.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.next_if(|next| c == '\\' && matches!(next, '\\' | '(' | ')' | ',' | 'n' | 't'));
        out.push(match next {
            Some('n') => '\n',
            Some('t') => '\t',
            Some(escaped) => escaped,
            None => c,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Chain, SelectError> {
        Chain::read(&mut Cursor::new(Written { kind: Kind::Css, name: "x", text }))
    }

    #[test]
    fn parentheses_in_filters_are_balanced() {
        for (text, pattern) in [
            (r"|regex((\d+) of (\d+))", r"(\d+) of (\d+)"),
            (r"|regex(\(x)", r"\(x"),
            (r"|regex([(])|trim", r"[(]"),
            (r"|regex([])(])", r"[])(]"),
            (r"|regex([^])(])", r"[^])(]"),
            (r"|regex(it's a|b)", r"it's a|b"),
        ] {
            match read(text).unwrap().filters.first() {
                Some(Filter::Regex(regex)) => assert_eq!(regex.as_str(), pattern),
                other => panic!("{text}: {other:?}"),
            }
        }
        match read(r"|replace(a\,b,c\)\(d)|split(\n)").unwrap().filters.as_slice() {
            [Filter::Replace(old, new), Filter::Split(by)] => {
                assert_eq!((old.as_str(), new.as_str(), by.as_str()), ("a,b", "c)(d", "\n"));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_default_is_of_the_type_before_it() {
        for (text, want) in [
            ("|default(0)", Value::from("0")),
            ("|number|default(0)", Value::from(0.0)),
            ("|int|default(7)", Value::from(7)),
            ("|bool|default(no)", Value::from(false)),
            ("|json|default([1])", serde_json::json!([1])),
            ("|date|default(n/a)", Value::from("n/a")),
            ("|default()", Value::from("")),
        ] {
            match read(text).unwrap().filters.pop() {
                Some(Filter::Default(value)) => assert_eq!(value, want, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert_eq!(read("|int|default(some)").unwrap_err().message, "`some` is no number");
    }
}
