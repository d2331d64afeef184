//! What each page of the demo does to a client with default settings: the one table behind the
//! demo's list, its index page and its tests.
//!
//! Must not know how pages are served.

/// A line of the demo's list, and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// Path and query on the demo; where it holds `://`, the whole line as it stands.
    pub path: &'static str,
    /// `outcome` of the record.
    pub outcome: &'static str,
    /// `error.code` or `skip.code` of the record.
    pub code: Option<&'static str>,
    /// What the page does, in a sentence.
    pub about: &'static str,
}

impl Expected {
    /// The line as it stands in a list for the site at `base`, which has no slash at its end.
    pub fn line(&self, base: &str) -> String {
        if self.path.contains("://") { self.path.to_owned() } else { format!("{base}{}", self.path) }
    }
}

const fn good(path: &'static str, about: &'static str) -> Expected {
    Expected { path, outcome: "ok", code: None, about }
}

const fn refused(path: &'static str, code: &'static str, about: &'static str) -> Expected {
    Expected { path, outcome: "http_error", code: Some(code), about }
}

const fn broken(path: &'static str, code: &'static str, about: &'static str) -> Expected {
    Expected { path, outcome: "error", code: Some(code), about }
}

/// The demo's list: done within a few seconds, retries included.
pub const LISTED: &[Expected] = &[
    good("/", "This page."),
    good("/?name=Alice", "Says hello to Alice, or to the name in the query."),
    good("/limited", "Answers 429 with Retry-After: 1 first, and well to who waits a second (a count per ?key=)."),
    good("/article/1", "An article with a price; each takes 100 ms."),
    good("/article/2", "Another."),
    good("/flaky?key=a&fails=1", "Answers 503 once, then well (a count per ?key=)."),
    good("/article/3", "Another."),
    good("/flaky?key=b&fails=2", "Answers 503 twice, then well."),
    broken("/cut", "body.truncated", "Promises 1,000 bytes, sends a few and closes."),
    good("/slow?delay=0.5", "Answers after half a second; ?delay= takes seconds, at most 60."),
    broken("/close", "protocol.empty", "Closes the connection without an answer."),
    refused("/missing", "http.client_error", "Answers 404."),
    broken("/reset", "connect.reset", "Resets the connection without an answer."),
    good("/json", "A JSON object."),
    good("/echo", "Tells method, headers and body of your request, as JSON."),
    good("/article/4", "Another article."),
    refused("/error", "http.server_error", "Answers 500."),
    refused("/gone", "http.client_error", "Answers 410."),
    refused("/status/418", "http.client_error", "Answers with the status in its path, 200 to 999."),
    broken("/garbage", "protocol.invalid", "Answers with something that is not HTTP."),
    good("/extra", "A whole answer with half of another behind it, which belongs to nobody."),
    good("/redirect/3", "Redirects three times, then leads here."),
    good("/redirect-307", "Redirects to /echo with 307, which keeps method and body."),
    broken("/loop", "redirect.loop", "Redirects to where it came from."),
    broken("/loop-new", "redirect.too_many", "Redirects to an ever new URL."),
    broken("/redirect-scheme", "redirect.scheme", "Redirects to ftp."),
    broken("/redirect-bad", "redirect.invalid", "Redirects to something that is no URL."),
    good("/gzip", "Packed with gzip."),
    good("/br", "Packed with brotli."),
    good("/zstd", "Packed with zstd."),
    good("/deflate", "Packed with deflate."),
    broken("/bad-gzip", "body.decode", "Says gzip and is not."),
    good("/drip?seconds=0.5", "A byte every 100 ms, for ?seconds=."),
    good("/big?mb=2", "Two MiB of text; ?mb= takes up to 1024."),
    good("/latin1", "ISO-8859-1; the Content-Type says so."),
    good("/sjis", "Shift_JIS; a meta element says so."),
    good("/utf16", "UTF-16; its byte order mark says so."),
    good("/no-title", "Has no title."),
    good("/broken-html", "Unclosed and misnested elements."),
    good("/headers", "150 header fields."),
    good("/cookie", "Sets a cookie, and tells which came."),
    good("/etag", "Has an ETag and a date; answers 304 to who has it already."),
    good("/empty", "200 and no body."),
    good("/204", "204, which never has a body."),
    good("/binary", "Bytes that are no text."),
    good("/escape", "A title with terminal escapes and marks that turn text around."),
    refused("/auth", "http.client_error", "Wants user:pass or the bearer token `token`; answers 401 without."),
    good("/login", "A form for user and pass, with a token; ?strict=1 answers 403 to a wrong password."),
    refused("/account", "http.client_error", "A page for members; answers 403 to who has not logged in."),
    good("/article/5", "Another article."),
    broken("ftp://127.0.0.1/file", "url.scheme", "A URL that is neither http nor https."),
    broken("http://exa mple/", "url.invalid", "A line that is no URL."),
    broken("http://127.0.0.1:1/", "connect.refused", "A port where nothing listens."),
    Expected { path: "/article/1", outcome: "skipped", code: Some("duplicate"), about: "A line that came before." },
];

/// Pages that are not in the list because they take long. What becomes of them is told for
/// `--timeout 2s --retries 0`.
pub const APART: &[Expected] = &[
    broken("/slow?delay=10", "timeout.total", "Answers after ten seconds."),
    broken("/stall", "timeout.total", "A head, a few bytes, then silence."),
    broken("/drip?seconds=60", "timeout.total", "A byte every 100 ms for a minute."),
    broken("/endless", "body.too_large", "A body without end, as fast as you read; --timeout may come first."),
    broken("/bomb", "body.bomb", "One MiB of gzip that unpacks to a GiB; --timeout may come first."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_line_came_before() {
        let mut seen = std::collections::HashSet::new();
        let doubled: Vec<_> = LISTED.iter().filter(|row| !seen.insert(row.path)).collect();
        assert_eq!(doubled.len(), 1);
        assert_eq!(doubled[0].code, Some("duplicate"));
    }

    #[test]
    fn a_row_has_a_code_exactly_when_it_is_not_ok() {
        for row in LISTED.iter().chain(APART) {
            assert_eq!(row.outcome == "ok", row.code.is_none(), "{}", row.path);
        }
    }

    #[test]
    fn whole_urls_stay_and_paths_get_the_base() {
        assert_eq!(LISTED[1].line("http://127.0.0.1:8080"), "http://127.0.0.1:8080/?name=Alice");
        assert_eq!(broken("ftp://x/", "url.scheme", "").line("http://b"), "ftp://x/");
    }
}
