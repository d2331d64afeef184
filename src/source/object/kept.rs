//! A record that carries the page that was fetched.
//!
//! What a later version of fetchall may have written beside it is no fault.

use serde::de::DeserializeOwned;

use super::{Pairs, Place, keys, syntax};
use crate::{
    model::{Code, Failure, Wish, record::Skip},
    source::{
        excerpt,
        saved::{Body, Facts, Kept},
    },
};

/// The page of a record, or why there is none.
pub(in crate::source) fn kept(text: &str, place: Place) -> Kept {
    let none = |why: String| Kept { input: excerpt(text).into(), body: Body::None(why), ..Kept::default() };
    if !text.starts_with('{') {
        return none(place.says("expected a JSON object, as `fetch --with body` writes them"));
    }
    match serde_json::from_str::<Pairs<'_>>(text) {
        Ok(pairs) => of_pairs(&pairs, place),
        Err(error) => none(syntax(text, place, &error)),
    }
}

fn of_pairs(pairs: &Pairs<'_>, place: Place) -> Kept {
    let mut wish = Wish::default();
    for name in ["id", "tags"] {
        if let Some(value) = pairs.get(name) {
            // What is wrong with it was said when the request was read.
            let _ = keys::set(&mut wish, name, value);
        }
    }
    let url = string(pairs, "url");
    Kept {
        input: string(pairs, "input").or_else(|| url.clone()).unwrap_or_default().into(),
        final_url: string(pairs, "final_url"),
        method: string(pairs, "method"),
        facts: Facts {
            status: value(pairs, "status"),
            content_type: string(pairs, "content_type"),
            charset: string(pairs, "charset"),
            bytes: value(pairs, "bytes"),
            sha256: string(pairs, "sha256"),
            etag: string(pairs, "etag"),
            last_modified: string(pairs, "last_modified"),
            started_at: string(pairs, "started_at"),
        },
        former: failure(pairs).filter(|failure| failure.code.family() != "extract"),
        skip: skip(pairs),
        id: wish.id,
        tags: wish.tags,
        body: body(pairs, place),
        url,
    }
}

fn body(pairs: &Pairs<'_>, place: Place) -> Body {
    if let Some(body) = pairs.get("body") {
        return match keys::text(body) {
            Ok(text) => Body::Text(text.into_owned()),
            Err(message) => Body::None(place.says(&format!("`body` {message}"))),
        };
    }
    if let Some(body) = pairs.get("body_base64") {
        return match keys::base64(body) {
            Ok(bytes) => Body::Bytes(bytes.into()),
            Err(message) => Body::None(place.says(&format!("`body_base64` {message}"))),
        };
    }
    if lacks_nothing(pairs) {
        return Body::Text(String::new());
    }
    Body::None(place.says("this record has no body; fetch with `--with body` keeps it"))
}

/// Whether an answer has no body by its nature.
fn lacks_nothing(pairs: &Pairs<'_>) -> bool {
    is_bodiless(value(pairs, "status"), string(pairs, "method").as_deref())
}

/// Whether the answer to such a request with such a status has no body by its nature (RFC 9110, 6.4.1).
pub(in crate::source) fn is_bodiless(status: Option<u16>, method: Option<&str>) -> bool {
    matches!(status, Some(204 | 304)) || method == Some("HEAD")
}

/// Whether a line is an object that carries a page.
pub(in crate::source) fn has_body(line: &[u8]) -> bool {
    let line = str::from_utf8(line).unwrap_or_default().trim();
    if !line.starts_with('{') {
        return false;
    }
    let names = serde_json::from_str::<Pairs<'_>>(line);
    names.is_ok_and(|pairs| pairs.has("body") || pairs.has("body_base64"))
}

/// Why the request was skipped; `None` also where this version does not know the code.
fn skip(pairs: &Pairs<'_>) -> Option<Skip> {
    #[derive(serde::Deserialize)]
    struct Written {
        code: String,
        #[serde(default)]
        message: String,
        of: Option<u64>,
    }
    let Written { code, message, of } = value(pairs, "skip")?;
    Some(Skip { code: code.parse().ok()?, message, of })
}

/// Why the record was not `ok`; `None` also where this version does not know the code.
fn failure(pairs: &Pairs<'_>) -> Option<Failure> {
    #[derive(serde::Deserialize)]
    struct Error {
        code: String,
        message: String,
    }
    let Error { code, message } = value(pairs, "error")?;
    Some(Failure::new(code.parse::<Code>().ok()?, message))
}

fn value<T: DeserializeOwned>(pairs: &Pairs<'_>, name: &str) -> Option<T> {
    serde_json::from_str(pairs.get(name)?.get()).ok()
}

fn string(pairs: &Pairs<'_>, name: &str) -> Option<String> {
    keys::text(pairs.get(name)?).ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Kept {
        kept(text, Place { line: 7, column: 1 })
    }

    fn why(text: &str) -> String {
        match read(text).body {
            Body::None(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_record_gives_its_page_and_what_was_said_of_it() {
        let kept = read(
            r#"{"v":1,"type":"fetch","id":5,"input":"a.org","url":"https://a.org/","final_url":"https://a.org/b",
                "method":"GET","status":404,"error":{"code":"http.client_error","message":"404","retryable":false},
                "content_type":"text/html","charset":"utf-8","bytes":9,"sha256":"00","tags":{"k":1},"body":"<p>\n"}"#,
        );
        assert_eq!((&*kept.input, kept.url.as_deref()), ("a.org", Some("https://a.org/")));
        assert_eq!((kept.facts.status, kept.facts.bytes), (Some(404), Some(9)));
        assert_eq!(kept.former.unwrap().code, Code::HttpClientError);
        let skipped = read(r#"{"skip":{"code":"duplicate","message":"as before","of":3}}"#).skip.unwrap();
        assert_eq!((skipped.code, &*skipped.message, skipped.of), (Code::Duplicate, "as before", Some(3)));
        let failed = read(r#"{"error":{"code":"extract.missing","message":"x"},"body":""}"#);
        assert!(failed.former.is_none(), "it is asked anew");
        for none in [r#"{"status":304}"#, r#"{"status":204,"body":null}"#, r#"{"method":"HEAD","status":200}"#] {
            assert!(matches!(read(none).body, Body::Text(text) if text.is_empty()), "{none}");
        }
        assert_eq!((kept.id.unwrap().get(), kept.tags.unwrap().get()), ("5", r#"{"k":1}"#));
        assert!(matches!(kept.body, Body::Text(text) if text == "<p>\n"));
        assert!(matches!(read(r#"{"body_base64":"AAE="}"#).body, Body::Bytes(bytes) if bytes == [0, 1]));
    }

    #[test]
    fn a_record_without_a_page_says_why() {
        for (text, told) in [
            (r#"{"v":1,"type":"fetch"}"#, "line 7, column 1: this record has no body; fetch with `--with body`"),
            (r#"{"body":5}"#, "`body` must be a string, and is a number"),
            (r#"{"body_base64":"!"}"#, "`body_base64` is not base64"),
            ("<p>", "expected a JSON object"),
            (r#"{"body":"#, "line 7, column 8: EOF"),
        ] {
            assert!(why(text).contains(told), "{text}: {}", why(text));
        }
        assert_eq!(&*read("<p>").input, "<p>");
    }
}
