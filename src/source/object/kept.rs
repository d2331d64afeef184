//! A record that carries the page that was fetched.
//!
//! What a later version of fetchall may have written beside it is no fault.

use serde::de::DeserializeOwned;

use super::{Pairs, Place, keys, syntax};
use crate::{
    model::{Code, Failure, Wish},
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
        refused: failure(pairs).filter(|failure| failure.code.family() == "http"),
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
    Body::None(match (failure(pairs), pairs.get("skip").is_some()) {
        (Some(failure), _) => place.says(&format!("this record has no body, since it failed: {}", failure.code)),
        (None, true) => place.says("this record has no body, since its request was skipped"),
        (None, false) => place.says("this record has no body; fetch with `--with body` keeps it"),
    })
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
        assert_eq!(kept.refused.unwrap().code, Code::HttpClientError);
        assert_eq!((kept.id.unwrap().get(), kept.tags.unwrap().get()), ("5", r#"{"k":1}"#));
        assert!(matches!(kept.body, Body::Text(text) if text == "<p>\n"));
        assert!(matches!(read(r#"{"body_base64":"AAE="}"#).body, Body::Bytes(bytes) if bytes == [0, 1]));
    }

    #[test]
    fn a_record_without_a_page_says_why() {
        for (text, told) in [
            (r#"{"v":1,"type":"fetch"}"#, "line 7, column 1: this record has no body; fetch with `--with body`"),
            (r#"{"error":{"code":"dns.not_found","message":"x"}}"#, "since it failed: dns.not_found"),
            (r#"{"skip":{"code":"duplicate"}}"#, "skipped"),
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
