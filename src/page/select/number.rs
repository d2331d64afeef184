//! Numbers as people write them: `1,234.50`, `1.234,50 €`, `£51.77`, `In stock (22 available)`.
//!
//! A text holds one number or none that can be told; what stands around it has no digits. Where
//! `,` and `.` both occur, the last one parts the decimals. One of them alone:
//!
//! | written | means | why |
//! | --- | --- | --- |
//! | `1,234,567` `1.234.567` | 1234567 | it occurs more than once |
//! | `1,234` | 1234 | a comma, three digits behind it, one to three before it, no zero in front |
//! | `12,5` `0,125` `1,2345` | 12.5 … | any other comma |
//! | `1.234` | 1.234 | a single point; [`Decimal::Comma`] makes it 1234 |
//! | `1.299,-` `1.299.–` | 1299 | a dash, or nothing, stands for the decimals |
//!
//! Apostrophes and spaces part thousands only. Must not know pages.

use std::iter::successors;

mod around;

/// What parts the decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decimal {
    /// To be told from the number itself.
    Auto,
    /// A point, and nothing else.
    Point,
    /// A comma, and nothing else.
    Comma,
}

/// Why a text is no number, to stand behind the text.
pub(super) type Why = &'static str;

const NONE: Why = "is no number";
const MANY: Why = "holds more than one number";
const GROUPS: Why = "is no number: its digits are grouped unevenly";
const SHORT: Why = "is a shortened number";
const FRACTION: Why = "holds a fraction";
const SIGN: Why = "may be a negative number or not";
const THOUSANDS: Why = "may be one or a thousand: say |int(,) where a comma parts the decimals, or |int(.)";

/// A number in parts.
struct Parts {
    negative: bool,
    whole: String,
    decimals: String,
}

/// The number that a text holds.
pub(super) fn number(text: &str, decimal: Decimal) -> Result<f64, Why> {
    if let Some(scientific) = scientific(text.trim()) {
        return Ok(scientific);
    }
    let Parts { negative, whole, decimals } = parts(text, decimal)?;
    let sign = if negative { "-" } else { "" };
    let number: f64 = format!("{sign}{whole}.{decimals}0").parse().map_err(|_| NONE)?;
    if number.is_finite() { Ok(number) } else { Err("is too large a number") }
}

/// The whole number that a text holds.
pub(super) fn int(text: &str, decimal: Decimal) -> Result<i64, Why> {
    let Parts { negative, whole, decimals } = parts(text, decimal)?;
    // Whoever asks for whole numbers seldom means one that is written with three decimals.
    if decimal == Decimal::Auto && decimals == "000" && whole.len() <= 3 && !whole.starts_with('0') {
        return Err(THOUSANDS);
    }
    if decimals.bytes().any(|digit| digit != b'0') {
        return Err("is no whole number");
    }
    let sign = if negative { "-" } else { "" };
    format!("{sign}{whole}").parse().map_err(|_| "is too large a number")
}

/// `6.02e23`, as programs write it and people do not.
fn scientific(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let number: f64 = text.parse().ok().filter(|_| plain && text.contains(['e', 'E']))?;
    number.is_finite().then_some(number)
}

fn parts(text: &str, decimal: Decimal) -> Result<Parts, Why> {
    if text.contains(is_fraction) {
        return Err(FRACTION);
    }
    let first = text.find(|c: char| c.is_ascii_digit()).ok_or(NONE)?;
    let (before, rest) = text.split_at(first);
    let (groups, behind) = groups(rest);
    if behind.contains(|c: char| c.is_ascii_digit()) {
        return Err(MANY);
    }
    around::shortened(behind)?;
    // `.5` is a half; `No.5` and `...5` are not.
    let point = before.strip_suffix('.').filter(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '.'));
    let (whole, decimals, behind) = match (point, groups.as_slice()) {
        (Some(_), [(_, decimals)]) if decimal != Decimal::Comma => ("0".to_owned(), (*decimals).to_owned(), behind),
        _ => match no_decimals(&groups, behind, decimal)? {
            Some((whole, behind)) => (whole, String::new(), behind),
            None => {
                let (whole, decimals) = join(&groups, decimal).ok_or(GROUPS)?;
                (whole, decimals, behind)
            }
        },
    };
    let negative = around::is_negative(point.unwrap_or(before), behind, decimals.is_empty())?;
    Ok(Parts { negative, whole, decimals })
}

/// The whole number before decimals that are a dash, `1.299,-`, or nothing at the end of the text, and
/// what stands behind them. `None`: it is none such.
fn no_decimals<'t>(
    groups: &[(char, &str)],
    behind: &'t str,
    decimal: Decimal,
) -> Result<Option<(String, &'t str)>, Why> {
    const DASHES: [char; 4] = ['-', '–', '—', '−'];
    let Some(after) = behind.strip_prefix(['.', ',']) else { return Ok(None) };
    let rest = after.trim_start_matches(DASHES);
    let is_dash = rest.len() < after.len();
    if !is_dash && !after.trim().is_empty() {
        return Ok(None);
    }
    let parting = match decimal {
        Decimal::Auto => None,
        Decimal::Point => Some('.'),
        Decimal::Comma => Some(','),
    };
    let others = groups.get(1..).unwrap_or_default();
    let sound = others.iter().all(|(part, _)| Some(*part) != parting);
    let first = groups.first().map_or(0, |(_, group)| group.len());
    if sound && (others.is_empty() || (first <= 3 && is_grouped(others))) {
        return Ok(Some((groups.iter().map(|(_, group)| *group).collect(), rest)));
    }
    // A full stop may end a sentence as well; a dash ends none.
    if is_dash { Err(GROUPS) } else { Ok(None) }
}

/// Fractions that are one sign: `½`, and the stroke of those that are not.
fn is_fraction(c: char) -> bool {
    matches!(c, '\u{bc}'..='\u{be}' | '\u{2044}' | '\u{2150}'..='\u{215f}' | '\u{2189}')
}

/// Runs of digits with what parts each from the one before (a space for every kind of gap), and the
/// text behind them.
fn groups(text: &str) -> (Vec<(char, &str)>, &str) {
    fn next<'t>(&(_, (group, rest)): &(char, (&'t str, &'t str))) -> Option<(char, (&'t str, &'t str))> {
        let part = rest.chars().next()?;
        let behind = rest.get(part.len_utf8()..)?;
        let count = digits(behind);
        let part = match part {
            '.' | ',' if count > 0 => part,
            // A gap is within a number only if it parts thousands: "2 100" and not "2 10".
            '\'' | '’' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' if count == 3 && group.len() <= 3 => ' ',
            _ => return None,
        };
        Some((part, behind.split_at(count)))
    }
    let all: Vec<_> = successors(Some((' ', text.split_at(digits(text)))), next).collect();
    let behind = all.last().map_or(text, |(_, (_, rest))| rest);
    (all.into_iter().map(|(part, (group, _))| (part, group)).collect(), behind)
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Digits before and behind what parts the decimals; `None` if thousands are grouped wrongly.
fn join(groups: &[(char, &str)], decimal: Decimal) -> Option<(String, String)> {
    let (_, first) = groups.first()?;
    let parting: Vec<char> = groups.iter().skip(1).map(|(part, _)| *part).collect();
    let count = |part| parting.iter().filter(|other| **other == part).count();
    let last = parting.iter().rev().find(|part| **part != ' ').copied();
    let tail = groups.last().map_or(0, |(_, group)| group.len());
    let by = match (decimal, last) {
        (Decimal::Point, _) => Some('.'),
        (Decimal::Comma, _) => Some(','),
        (Decimal::Auto, None) => None,
        (Decimal::Auto, Some(last)) => {
            let thousands = last == ',' && tail == 3 && first.len() <= 3 && !first.starts_with('0');
            let alone = parting.len() == 1;
            let mixed = count('.') > 0 && count(',') > 0;
            (count(last) == 1 && (mixed || !alone || !thousands)).then_some(last)
        }
    };
    let has_decimals = by.is_some_and(|by| count(by) > 0);
    if has_decimals && (by.is_some_and(|by| count(by) > 1) || parting.last().copied() != by) {
        return None;
    }
    let whole = groups.split_at(groups.len() - usize::from(has_decimals)).0;
    let decimals = groups.last().filter(|_| has_decimals).map_or("", |(_, group)| group);
    let even = whole.len() == 1 || (first.len() <= 3 && is_grouped(whole.get(1..).unwrap_or_default()));
    even.then(|| (whole.iter().map(|(_, group)| *group).collect(), decimals.to_owned()))
}

/// Groups behind the first: all of three digits, or of two and the last of three as in India; one
/// and the same sign between them.
fn is_grouped(groups: &[(char, &str)]) -> bool {
    let Some(((part, last), others)) = groups.split_last() else { return true };
    let same = others.iter().all(|(other, _)| other == part);
    let all = |digits| others.iter().all(|(_, group)| group.len() == digits);
    same && last.len() == 3 && (all(3) || all(2))
}

#[cfg(test)]
mod tests;
