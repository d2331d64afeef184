//! What stands around the digits of a number: its sign, its currency, words that make it another one.
//!
//! Must not know how digits are grouped.

use super::{SHORT, SIGN, Why};

/// Signs of currencies.
const SIGNS: &[char] = &['$', '€', '£', '¥', '₹', '₽', '₩', '₺', '₴', '฿', '₫', '₱', '₪', '¢'];

/// Currencies in letters that are not three capitals, as ISO 4217 has them.
const LETTERS: &[&str] = &["R", "Rs", "Rs.", "kr", "kr.", "Fr", "Fr.", "zł", "Kč", "Ft", "lei"];

/// Minus signs, as they are typed and as they are set.
const MINUS: [char; 4] = ['-', '−', '–', '－'];

/// Words behind a number that make it another one, in lower case.
const SHORTENED: &[&str] = &[
    "k", "m", "b", "mm", "mn", "bn", "tn", "mil", "mill", "mln", "mld", "mlrd", "md", "mia", "mio", "mrd", "tsd",
    "tys", "lac", "lacs", "cr", "tausend", "млн", "млрд", "трлн",
];

/// Beginnings of such words.
const STEMS: &[&str] = &[
    "thousand",
    "milli",
    "millón",
    "milion",
    "miliard",
    "miljo",
    "miljar",
    "milh",
    "billi",
    "trilli",
    "lakh",
    "crore",
    "тыс",
    "милли",
    "万",
    "萬",
    "億",
    "亿",
    "千",
    "만",
    "억",
    "천",
];

/// Words that begin like these and are units.
const UNITS: &[&str] = &["milligr", "millil", "millim", "millis"];

/// Refuses numbers like `1.2k` and `5 Millionen`, by what stands behind their digits. `m` is a million:
/// nobody can tell it from a metre, unless it is squared, cubed or parted by something.
pub(super) fn shortened(behind: &str) -> Result<(), Why> {
    let text = behind.trim_start_matches(|c: char| c.is_whitespace() || MINUS.contains(&c));
    let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let word = word.to_lowercase();
    let is_metre = word == "m" && rest.starts_with(['²', '³', '/']);
    let has_stem = |stems: &[&str]| stems.iter().any(|stem| word.starts_with(stem));
    let is_short = SHORTENED.contains(&word.as_str()) || (has_stem(STEMS) && !has_stem(UNITS));
    if is_short && !is_metre { Err(SHORT) } else { Ok(()) }
}

/// Whether a number is negative, by what stands around its digits; `plain`: it has no decimals.
///
/// A minus counts before the number or its currency: `-5`, `−£5`, `-US$ 5`, and not `SKU-5`. As
/// accountants write it, `(5.00)` and `5.00-`, it counts where nothing but a currency stands with a
/// number that is money: with decimals, or with its currency. `(5)` alone may be a count or a loss.
pub(super) fn is_negative(before: &str, behind: &str, plain: bool) -> Result<bool, Why> {
    if has_minus(before) {
        return Ok(true);
    }
    let (bare_before, bare_behind) = (without_currency_at_end(before), without_currency_at_start(behind));
    let has_currency = bare_before.len() < before.trim_end().len() || bare_behind.len() < behind.trim_start().len();
    let is_money = !plain || has_currency;
    if let (Some(outside), Some(after)) = (bare_before.strip_suffix('('), bare_behind.strip_prefix(')')) {
        let alone = without_currency_at_end(outside).is_empty() && without_currency_at_start(after).is_empty();
        return match (alone, is_money) {
            (true, true) => Ok(true),
            // `Reviews (5)` counts them.
            (false, false) => Ok(false),
            _ => Err(SIGN),
        };
    }
    let Some(after) = behind.strip_prefix(MINUS).filter(|after| !after.starts_with(char::is_alphanumeric)) else {
        return Ok(false);
    };
    let has_currency = has_currency || without_currency_at_start(after).len() < after.trim().len();
    let alone = bare_before.is_empty() && without_currency_at_start(after).is_empty();
    if alone && (!plain || has_currency) { Ok(true) } else { Err(SIGN) }
}

/// Whether a text ends with a minus, with a currency behind it or none.
fn has_minus(before: &str) -> bool {
    let is_minus = |text: &str| text.strip_suffix(MINUS).is_some_and(|text| !text.ends_with(char::is_alphanumeric));
    is_minus(before) || (is_minus(without_currency_at_end(before)) && !before.trim_end().ends_with(MINUS))
}

/// A text without the currency and the blanks that it ends with.
fn without_currency_at_end(text: &str) -> &str {
    let text = text.trim_end();
    let bare = text.trim_end_matches(SIGNS);
    let is_letter = |c: char| c.is_alphabetic() || c == '.';
    let letters = bare.trim_end_matches(is_letter);
    let word = bare.get(letters.len()..).unwrap_or_default();
    // `US$`, `CA$`
    let is_prefix = bare.len() < text.len() && word.len() <= 3 && word.bytes().all(|b| b.is_ascii_uppercase());
    if is_prefix || is_currency(word) { letters.trim_end() } else { bare.trim_end() }
}

/// A text without the currency and the blanks that it begins with.
fn without_currency_at_start(text: &str) -> &str {
    let text = text.trim_start();
    let bare = text.trim_start_matches(SIGNS);
    let rest = bare.trim_start_matches(|c: char| c.is_alphabetic() || c == '.');
    let word = bare.get(..bare.len() - rest.len()).unwrap_or_default();
    if is_currency(word) { rest.trim() } else { bare.trim() }
}

fn is_currency(word: &str) -> bool {
    LETTERS.contains(&word) || (word.len() == 3 && word.bytes().all(|b| b.is_ascii_uppercase()))
}
