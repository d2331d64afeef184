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
            ("1.299,- €", 1299.0),
            ("1.299,– €", 1299.0),
            ("CHF 1.299.-", 1299.0),
            ("1'299.— CHF", 1299.0),
            ("5,--", 5.0),
            ("1.299,", 1299.0),
            ("-1.299,-", -1299.0),
            ("Page.....12", 12.0),
            ("...5 left", 5.0),
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
            ("1.5,- €", GROUPS),
            ("3½", FRACTION),
            ("½", FRACTION),
            ("1⁄2", FRACTION),
        ] {
            assert_eq!(number(text, Decimal::Auto), Err(why), "{text}");
        }
        assert_eq!(number("1.299,-", Decimal::Point), Err(GROUPS));
        assert_eq!(number(&"9".repeat(400), Decimal::Auto), Err("is too large a number"));
        assert_eq!(number("1e999", Decimal::Auto), Err(MANY));
    }

    #[test]
    fn shortened_numbers_are_refused_in_any_case_and_language() {
        for text in [
            "$1.5 Million",
            "2 millions",
            "5 Millionen",
            "1,2 Tsd.",
            "1.2万",
            "1.2万円",
            "1.5MM",
            "1.2tn",
            "5 lakh",
            "1.5m",
            "3.4 Bn",
            "2 Milliarden",
            "3,5 млн",
            "7 тыс.",
            "2 億円",
            "2亿",
            "1 crore",
            "10 Mrd. €",
            "1.5-million",
            "3 Thousand",
        ] {
            assert_eq!(number(text, Decimal::Auto), Err(SHORT), "{text}");
        }
        for text in ["5 mm²", "5 mile", "5 kg", "5 milligrams", "5 Millimeter", "5 bananas", "5 m²", "5 m/s", "5 Cent"]
        {
            let is_area = text == "5 mm²";
            assert_eq!(number(text, Decimal::Auto).ok(), (!is_area).then_some(5.0), "{text}");
        }
    }

    #[test]
    fn a_sign_stands_before_the_currency_or_as_accountants_write_it() {
        for (text, want) in [
            ("-US$5", -5.0),
            ("-R$ 50", -50.0),
            ("-CHF 5", -5.0),
            ("-EUR 5", -5.0),
            ("−CA$ 5.50", -5.5),
            ("–5 °C", -5.0),
            ("EUR -5", -5.0),
            ("$-5", -5.0),
            ("-Rs. 5", -5.0),
            ("(5.00)", -5.0),
            ("($5)", -5.0),
            ("$(1,234.50)", -1234.5),
            ("(5 EUR)", -5.0),
            ("1.234,50-", -1234.5),
            ("5- EUR", -5.0),
            ("EUR 5-", -5.0),
            ("Reviews (5)", 5.0),
            ("5-inch", 5.0),
            ("5 - great", 5.0),
            ("ab -cd 5", 5.0),
            ("A-US$5", 5.0),
            ("USD 5", 5.0),
        ] {
            assert_eq!(number(text, Decimal::Auto), Ok(want), "{text}");
        }
        for text in ["5-", "(5)", "Loss ($5.00)", "5- great", "from 5.00-"] {
            assert_eq!(number(text, Decimal::Auto), Err(SIGN), "{text}");
        }
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
        assert_eq!(int("1.000", Decimal::Auto), Err(THOUSANDS));
        assert_eq!(int("12.000 km", Decimal::Auto), Err(THOUSANDS));
        assert_eq!(int("1.000", Decimal::Comma), Ok(1000));
        assert_eq!(int("1.000", Decimal::Point), Ok(1));
        assert_eq!(int("0.000", Decimal::Auto), Ok(0));
        assert_eq!(int("1.299,-", Decimal::Auto), Ok(1299));
        assert_eq!(int("9223372036854775808", Decimal::Auto), Err("is too large a number"));
    }
}
