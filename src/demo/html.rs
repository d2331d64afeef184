//! Small tools for the demo's pages: filling a template, escaping, and answers in one line.
//!
//! Must not know which pages exist.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

const PLAIN: &str = include_str!("../../fixtures/demo/plain.html");

/// The text of `template` with every `{key}` replaced by its value, in one pass: braces in a value
/// are text. Values go in as they are, so text from outside must be escaped before.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 256);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let (before, tail) = rest.split_at(open);
        out.push_str(before);
        let hit = values.iter().find_map(|(key, value)| {
            let after = tail[1..].strip_prefix(key)?.strip_prefix('}')?;
            Some((value, after))
        });
        match hit {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = &tail[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// `text` made safe inside elements and quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// An HTML page in UTF-8.
pub fn html(body: impl Into<Body>) -> Response {
    typed("text/html; charset=utf-8", body)
}

/// A body with a Content-Type.
pub fn typed(content_type: &'static str, body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))], body.into()).into_response()
}

/// The text of a simple page with a title and a sentence, both escaped here.
pub fn plain_text(title: &str, text: &str) -> String {
    fill(PLAIN, &[("title", &escape(title)), ("text", &escape(text))])
}

/// A simple page with that status.
pub fn plain(status: StatusCode, title: &str, text: &str) -> Response {
    (status, html(plain_text(title, text))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_not_a_template() {
        let page = fill("<p {style}>{name} and {other}{", &[("name", "{other}"), ("other", "x")]);
        assert_eq!(page, "<p {style}>{other} and x{");
    }

    #[test]
    fn markup_in_text_is_text() {
        assert_eq!(escape("<b>'\"&"), "&lt;b&gt;&#39;&quot;&amp;");
    }
}
