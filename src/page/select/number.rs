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
//!
//! Apostrophes and spaces part thousands only. Must not know pages.

use std::iter::successors;

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

/// Words behind a number that make it another one.
const SHORTENED: &[&str] =
    &["k", "K", "M", "B", "bn", "Bn", "mn", "mln", "Mio", "Mrd", "thousand", "million", "billion", "trillion"];

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
    let first = text.find(|c: char| c.is_ascii_digit()).ok_or(NONE)?;
    let (before, rest) = text.split_at(first);
    let (groups, behind) = groups(rest);
    if behind.contains(|c: char| c.is_ascii_digit()) {
        return Err(MANY);
    }
    let word = behind.trim_start().split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    if SHORTENED.contains(&word) {
        return Err(SHORT);
    }
    // `.5` is a half, `No.5` is not.
    let point = before.strip_suffix('.').filter(|before| !before.ends_with(char::is_alphanumeric));
    let negative = is_negative(point.unwrap_or(before));
    match (point, groups.as_slice()) {
        (Some(_), [(_, decimals)]) if decimal != Decimal::Comma => {
            Ok(Parts { negative, whole: "0".to_owned(), decimals: (*decimals).to_owned() })
        }
        _ => {
            let (whole, decimals) = join(&groups, decimal).ok_or(GROUPS)?;
            Ok(Parts { negative, whole, decimals })
        }
    }
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

/// Whether what stands in front of a number ends with a minus: `-5`, `−£5`, `-€ 5`, and not `SKU-5`.
fn is_negative(before: &str) -> bool {
    let bare = before.trim_end().strip_suffix(['$', '€', '£', '¥', '₹', '₽', '₩', '₺', '₴', '฿', '₫', '₱', '₪', '¢']);
    let before = bare.unwrap_or(before);
    before.strip_suffix(['-', '−']).is_some_and(|before| !before.ends_with(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, want) in [
            ("1,234.50", 1234.5),
            ("1.234,50 €", 1234.5),
            ("£51.77", 51.77),
            ("0", 0.0),
            ("007", 7.0),
            ("12,5", 12.5),
            ("0,125", 0.125),
            ("1,234", 1234.0),
            ("1234,567", 1234.567),
            ("1.234", 1.234),
            ("1,234,567", 1_234_567.0),
            ("1.234.567", 1_234_567.0),
            ("1.234.567,8", 1_234_567.8),
            ("1 234,50 zł", 1234.5),
            ("1\u{202f}234\u{a0}567", 1_234_567.0),
            ("CHF 1'234.50", 1234.5),
            ("₹12,34,567.89", 1_234_567.89),
            ("In stock (22 available)", 22.0),
            ("Price: 51.77.", 51.77),
            ("15%", 15.0),
            ("30EUR", 30.0),
            ("-5", -5.0),
            ("−£5.50", -5.5),
            ("-€ 5", -5.0),
            ("SKU-5", 5.0),
            ("$.50", 0.5),
            ("-.5", -0.5),
            ("No.5", 5.0),
            ("6.02e23", 6.02e23),
            ("1E-3", 0.001),
            ("9007199254740993", 9_007_199_254_740_992.0),
        ] {
            assert_eq!(number(text, Decimal::Auto), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        for (text, why) in [
            ("", NONE),
            ("call us", NONE),
            ("١٢", NONE),
            ("10-20", MANY),
            ("4.5/5", MANY),
            ("from 12.99 to 15.99", MANY),
            ("2 10", MANY),
            ("3 for 100", MANY),
            ("1e5 x", MANY),
            ("12,34.5.6", GROUPS),
            ("1,2,3", GROUPS),
            ("1.23,456,7", GROUPS),
            ("1234,567,890", GROUPS),
            ("1.2k", SHORT),
            ("3 Mio €", SHORT),
        ] {
            assert_eq!(number(text, Decimal::Auto), Err(why), "{text}");
        }
        assert_eq!(number(&"9".repeat(400), Decimal::Auto), Err("is too large a number"));
        assert_eq!(number("1e999", Decimal::Auto), Err(MANY));
    }

    #[test]
    fn whoever_knows_the_decimals_may_say_so() {
        assert_eq!(number("1.234", Decimal::Comma), Ok(1234.0));
        assert_eq!(number("1.234,5", Decimal::Comma), Ok(1234.5));
        assert_eq!(number("1,234", Decimal::Comma), Ok(1.234));
        assert_eq!(number("1,234", Decimal::Point), Ok(1234.0));
        assert_eq!(number("1,5", Decimal::Point), Err(GROUPS));
        assert_eq!(number("1.5", Decimal::Comma), Err(GROUPS));
    }

    #[test]
    fn whole_numbers_have_no_decimals() {
        assert_eq!(int("In stock (22 available)", Decimal::Auto), Ok(22));
        assert_eq!(int("1,234.00", Decimal::Auto), Ok(1234));
        assert_eq!(int("-9223372036854775808", Decimal::Auto), Ok(i64::MIN));
        assert_eq!(int("1.5", Decimal::Auto), Err("is no whole number"));
        assert_eq!(int("9223372036854775808", Decimal::Auto), Err("is too large a number"));
    }
}
