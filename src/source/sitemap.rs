//! Sitemaps and feeds as lists: each entry is a request.
//!
//! What an entry says of its page (`lastmod`, `priority`, `title`) goes into the request's tags. What
//! is older than wanted is marked, so that it gets the record of a skip. A sitemap index yields the
//! addresses of its sitemaps: a source cannot fetch, so whoever wants their pages has to follow them.
//! Must not know how the files are written.

use serde_json::{Map, Value};

use crate::{
    model::Request,
    page::sitemap::{Entry, Item, Reader, Since},
};

/// Reads a sitemap or feed.
pub(super) struct Entries {
    reader: Reader,
    since: Option<Since>,
    items: Vec<Item>,
}

impl Entries {
    /// A reader at the beginning of a file; entries that are older than `since` are marked.
    pub(super) fn new(since: Option<Since>) -> Self {
        Entries { reader: Reader::new(None), since, items: Vec::new() }
    }

    /// Takes the next chunk; requests of the entries that end in it go to `out`.
    pub(super) fn push(&mut self, chunk: &[u8], out: &mut Vec<Request>) {
        self.reader.push(chunk, &mut self.items);
        self.hand_out(out);
    }

    /// Takes the end of the file.
    pub(super) fn end(&mut self, out: &mut Vec<Request>) {
        self.reader.end(&mut self.items);
        self.hand_out(out);
    }

    /// Whether nothing that follows would be read.
    pub(super) fn is_over(&self) -> bool {
        self.reader.is_over()
    }

    fn hand_out(&mut self, out: &mut Vec<Request>) {
        let since = self.since.as_ref();
        out.extend(self.items.drain(..).map(|item| match item {
            Item::Entry(entry) => request(entry, since),
            Item::Fault { input, message } => Request::unreadable(input, message),
        }));
    }
}

fn request(entry: Entry, since: Option<&Since>) -> Request {
    let excluded = since.zip(entry.modified.as_deref()).and_then(|(since, modified)| since.excludes(modified));
    let said = [
        ("lastmod", entry.modified.map(Value::String)),
        ("priority", entry.priority.map(Value::from)),
        ("title", entry.title.map(Value::String)),
    ];
    let tags: Map<String, Value> =
        said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let mut request = Request::get(entry.url);
    if !tags.is_empty() {
        request = request.tags(&tags);
    }
    if let Some(message) = excluded {
        request.wish_mut().excluded = Some(message.into());
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, since: Option<&str>) -> Vec<Request> {
        let mut entries = Entries::new(since.map(|since| since.parse().unwrap()));
        let mut out = Vec::new();
        text.as_bytes().chunks(7).for_each(|chunk| entries.push(chunk, &mut out));
        entries.end(&mut out);
        out
    }

    fn tags(request: &Request) -> Option<&str> {
        request.wish.as_ref()?.tags.as_ref().map(|tags| tags.get())
    }

    #[test]
    fn what_is_said_of_an_entry_is_in_its_tags() {
        let requests = read(
            "<urlset><url><loc>https://h/1</loc><lastmod>2026</lastmod><priority>0.5</priority></url>\
             <url><loc>https://h/2</loc></url><url/></urlset>",
            None,
        );
        assert_eq!(tags(&requests[0]), Some(r#"{"lastmod":"2026","priority":0.5}"#));
        assert_eq!((requests[1].url_text(), requests[1].wish.is_none()), ("https://h/2", true));
        assert_eq!(requests[2].fault.as_ref().unwrap().message, "line 1: the entry has no `loc`");
        let requests = read("<rss><item><link>https://h/1</link><title>T</title></item></rss>", None);
        assert_eq!(tags(&requests[0]), Some(r#"{"title":"T"}"#));
    }

    #[test]
    fn what_is_too_old_is_marked_and_what_has_no_date_is_kept() {
        let entry = |date: &str| format!("<url><loc>https://h/1</loc>{date}</url>");
        let text = format!(
            "<urlset>{}{}{}</urlset>",
            entry("<lastmod>2025-01-01</lastmod>"),
            entry(""),
            entry("<lastmod>2026-01-01</lastmod>")
        );
        let requests = read(&text, Some("2026-01-01"));
        let excluded: Vec<_> =
            requests.iter().map(|it| it.wish.as_ref().and_then(|wish| wish.excluded.as_deref())).collect();
        assert_eq!(excluded, [Some("lastmod 2025-01-01 is before --since 2026-01-01 (UTC)"), None, None]);
    }
}
