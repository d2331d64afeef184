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

/// What a block holds between comments, CDATA marks and white space, in any order and number.
fn bare(block: &str) -> (usize, &str) {
    let mut text = block;
    loop {
        let before = text.len();
        text = text.trim_start();
        for mark in ["<!--", "<![CDATA[", "-->", "]]>"] {
            text = text.strip_prefix(mark).unwrap_or(text);
        }
        if let Some(inside) = text.strip_prefix("/*") {
            text = inside.find("*/").and_then(|end| inside.get(end + 2..)).unwrap_or(text);
        }
        if let Some(line) = text.strip_prefix("//") {
            // The mark may be what the comment is for: `//<![CDATA[`.
            let marked = line.trim_start().strip_prefix("<![CDATA[").or_else(|| line.trim_start().strip_prefix("<!--"));
            text = marked.unwrap_or_else(|| line.split_once('\n').map_or("", |(_, behind)| behind));
        }
        if text.len() == before {
            break;
        }
    }
    let start = block.len() - text.len();
    loop {
        let before = text.len();
        text = text.trim_end();
        for mark in ["-->", "]]>", "<!", ";", "//"] {
            text = text.strip_suffix(mark).unwrap_or(text);
        }
        if let Some(inside) = text.strip_suffix("*/") {
            text = inside.rfind("/*").and_then(|start| inside.get(..start)).unwrap_or(text);
        }
        if text.len() == before {
            return (start, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn common_slips_are_forgiven() {
        let read = |block: &str| read(block, |text| serde_json::from_str::<Value>(text));
        for block in [
            "<!-- {\"a\":1} -->",
            "//<![CDATA[\n{\"a\":1}\n//]]>",
            "<![CDATA[{\"a\":1}]]>",
            " {\"a\":1}; ",
            "/*<![CDATA[*/{\"a\":1}/*]]>*/",
            "// c\n// d\n{\"a\":1}",
            "/* c */ {\"a\":1} /* d */",
            "<!--//--><![CDATA[//><!--\n{\"a\":1}\n//--><!]]>",
            "{\"a\":1}\n//]]>",
        ] {
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
