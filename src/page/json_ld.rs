//! JSON-LD as pages have it: which scripts hold it, and JSON that keeps the grammar but for slips that
//! are common and harmless. The one reader for all who want something of it. Must not know what.

use std::borrow::Cow;

/// Whether a script of this type holds JSON-LD.
pub(super) fn is_type(kind: &str) -> bool {
    let essence = kind.split_once(';').map_or(kind, |(essence, _)| essence);
    essence.trim().eq_ignore_ascii_case("application/ld+json")
}

/// What a block says, by `parse`, and the byte where that begins. `None`: it says nothing.
///
/// `parse` gets the block without what old pages put around it (comments, CDATA, a semicolon). If that
/// is no JSON, it gets it once more with a blank for each control character, byte for byte: line breaks
/// in strings are against the grammar and common, and between values they are blanks anyway. The error
/// is the first one.
pub(super) fn read<T, E>(block: &str, parse: impl Fn(&str) -> Result<T, E>) -> Option<Result<(usize, T), E>> {
    let (start, text) = bare(block);
    if text.is_empty() {
        return None;
    }
    let read = parse(text).or_else(|error| {
        let blank = |c: char| if c.is_ascii_control() { ' ' } else { c };
        let blanked: Cow<'_, str> = text.chars().map(blank).collect();
        parse(&blanked).map_err(|_| error)
    });
    Some(read.map(|value| (start, value)))
}

fn bare(block: &str) -> (usize, &str) {
    let trimmed = |start: usize, text: &'_ str| start + text.len() - text.trim_start().len();
    let (mut start, mut text) = (trimmed(0, block), block.trim());
    for (before, behind) in [("<!--", "-->"), ("//<![CDATA[", "//]]>"), ("<![CDATA[", "]]>"), ("", ";")] {
        if let Some(inner) = text.strip_prefix(before).and_then(|text| text.strip_suffix(behind)) {
            start = trimmed(start + before.len(), inner);
            text = inner.trim();
        }
    }
    (start, text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn common_slips_are_forgiven() {
        let read = |block: &str| read(block, |text| serde_json::from_str::<Value>(text));
        for block in ["<!-- {\"a\":1} -->", "//<![CDATA[\n{\"a\":1}\n//]]>", "<![CDATA[{\"a\":1}]]>", " {\"a\":1}; "] {
            let (start, value) = read(block).unwrap().unwrap();
            assert_eq!((Some(start), value), (block.find('{'), json!({"a": 1})), "{block}");
        }
        assert_eq!(read("{\"a\":\"two\nlines\"}").unwrap().unwrap().1, json!({"a": "two lines"}));
        assert!(read("<!-- -->").is_none() && read(" ").is_none());
        assert!(read("{\"a\": 1,}").unwrap().unwrap_err().to_string().contains("line 1 column 9"));
    }

    #[test]
    fn the_type_may_have_parameters() {
        assert!(is_type(" Application/LD+json ; charset=utf-8"));
        assert!(!is_type("application/json"));
    }
}
