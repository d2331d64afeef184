//! The records of an earlier run, to ask only for what has changed since.
//!
//! A list is read as ever; each plain request that the earlier run has an answer for asks under the
//! conditions that the answer gave (`ETag`, `Last-Modified`). Must not know what becomes of the answer.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::{self, BufRead},
    sync::Arc,
};

use futures::{StreamExt as _, stream::BoxStream};
use serde::Deserialize;
use url::Url;
use xxhash_rust::xxh3::xxh3_128;

use super::SourceError;
use crate::model::{
    Request,
    earlier::{Earlier, EarlierAnswer},
    record::shown,
};

/// What an earlier run knew, by URL: about 200 bytes a record with an answer.
#[derive(Clone, Debug, Default)]
pub struct EarlierRun {
    answers: HashMap<u128, EarlierAnswer>,
}

/// What of a record is looked at.
#[derive(Deserialize)]
struct Row<'a> {
    ok: bool,
    #[serde(borrow, default)]
    outcome: Cow<'a, str>,
    #[serde(borrow)]
    input: Cow<'a, str>,
    #[serde(borrow, default)]
    url: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    sha256: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    etag: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    last_modified: Option<Cow<'a, str>>,
}

impl EarlierRun {
    /// Reads its JSON Lines; a last line that is torn is passed over. Of several records of a URL the last
    /// one counts.
    ///
    /// # Errors
    /// Reading fails, or line so and so is none of our records.
    pub fn read(name: &str, mut reader: impl BufRead) -> Result<EarlierRun, SourceError> {
        let mut run = EarlierRun::default();
        let mut bytes = Vec::new();
        for line in 1_u64.. {
            bytes.clear();
            let read = reader.read_until(b'\n', &mut bytes);
            let read = read.map_err(|source| SourceError::Read { name: name.to_owned(), source })?;
            if read == 0 {
                break;
            }
            match serde_json::from_slice::<Row<'_>>(&bytes) {
                Ok(row) => run.note(row),
                Err(_) if line > 1 && bytes.last() != Some(&b'\n') => break,
                Err(_) if bytes.trim_ascii().is_empty() => {}
                Err(error) => {
                    let what = format!("{name}, line {line}: it is no record of fetchall's ({error})");
                    return Err(SourceError::Unusable(what));
                }
            }
        }
        Ok(run)
    }

    fn note(&mut self, row: Row<'_>) {
        if row.method.as_deref().is_some_and(|method| method != "GET") || row.outcome == "skipped" {
            return;
        }
        let keys = [Some(row.input.as_ref()), row.url.as_deref()].into_iter().flatten().map(key);
        let text = |value: &Option<Cow<'_, str>>| value.as_deref().map(Into::into);
        let answer = row.ok.then(|| EarlierAnswer {
            sha256: text(&row.sha256),
            etag: text(&row.etag),
            last_modified: text(&row.last_modified),
        });
        for key in keys {
            match &answer {
                Some(answer) => _ = self.answers.insert(key, answer.clone()),
                None => _ = self.answers.remove(&key),
            }
        }
    }

    /// How many answers it knows.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// Gives a request what is known of it. Requests with a method or content of their own stay as they are,
    /// and so do conditions that a list sets itself.
    pub fn prepare(&self, request: &mut Request) {
        let wish = request.wish.as_deref();
        if request.fault.is_some() || wish.is_some_and(|wish| wish.method.is_some() || wish.body.is_some()) {
            return;
        }
        let known = |text: &str| self.answers.get(&key(text));
        let text = request.url_text();
        let by_url = Url::parse(text).ok().and_then(|mut url| {
            url.set_fragment(None);
            known(url.as_str())
        });
        let answer = by_url.or_else(|| known(&shown(&request.input, true))).cloned();
        let wish = request.wish.get_or_insert_default();
        wish.earlier = Some(Earlier { answer: answer.map(Box::new) });
    }
}

/// The requests of `source`, each with what `earlier` knows of it.
pub fn since(
    source: BoxStream<'static, Result<Request, SourceError>>,
    earlier: EarlierRun,
) -> BoxStream<'static, Result<Request, SourceError>> {
    let earlier = Arc::new(earlier);
    let prepare = move |request: Result<Request, SourceError>| {
        request.map(|mut request| {
            earlier.prepare(&mut request);
            request
        })
    };
    source.map(prepare).boxed()
}

fn key(text: &str) -> u128 {
    xxh3_128(text.as_bytes())
}

/// Reads the records in a file, packed by gzip or not.
///
/// # Errors
/// The file cannot be read, or is no run of fetchall's.
pub fn open(path: &std::path::Path) -> Result<EarlierRun, SourceError> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|source| SourceError::Open { name: name.clone(), source })?;
    let mut reader = io::BufReader::with_capacity(1 << 18, file);
    let head = reader.fill_buf().map_err(|source| SourceError::Read { name: name.clone(), source })?;
    if head.starts_with(&[0x1f, 0x8b]) {
        return EarlierRun::read(&name, io::BufReader::new(flate2::bufread::MultiGzDecoder::new(reader)));
    }
    EarlierRun::read(&name, reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = concat!(
        r#"{"ok":true,"outcome":"ok","input":"a.example/x","url":"https://a.example/x","method":"GET","sha256":"aa","etag":"\"e\"","last_modified":"Sat, 01 Jan 2000 00:00:00 GMT"}"#,
        "\n",
        r#"{"ok":false,"outcome":"error","input":"https://b.example/","url":"https://b.example/","method":"GET"}"#,
        "\n",
        r#"{"ok":true,"outcome":"ok","input":"https://c.example/","url":"https://c.example/","method":"POST","etag":"\"e\""}"#,
        "\n{\"ok\":tr",
    );

    fn prepared(text: &str) -> Request {
        let mut request = Request::get(text);
        EarlierRun::read("x", RUN.as_bytes()).unwrap().prepare(&mut request);
        request
    }

    #[test]
    fn what_has_an_answer_is_asked_for_under_its_conditions() {
        for text in ["a.example/x", "https://a.example/x", "https://a.example/x#part"] {
            let wish = prepared(text).wish.unwrap();
            let fields: Vec<_> = wish.conditions().map(|(name, _)| name.to_string()).collect();
            assert_eq!(fields, ["if-none-match", "if-modified-since"], "{text}");
            assert!(wish.headers.is_empty(), "it is still the same request");
            assert_eq!(wish.earlier.unwrap().answer.unwrap().sha256.as_deref(), Some("aa"));
        }
        for text in ["https://b.example/", "https://c.example/", "https://new.example/"] {
            let wish = prepared(text).wish.unwrap();
            assert!(wish.headers.is_empty() && wish.earlier == Some(Earlier::default()), "{text}");
        }
    }

    #[test]
    fn what_is_no_run_is_named() {
        let error = EarlierRun::read("x", "notes\n".as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("x, line 1: it is no record of fetchall's"), "{error}");
        assert!(EarlierRun::read("x", "".as_bytes()).unwrap().is_empty());
    }
}
