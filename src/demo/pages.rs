//! The demo's good pages: index, list, greeting, articles, and what answers questions about the
//! request.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    APART, Demo, Expected, LISTED,
    html::{escape, fill, html, plain, typed},
    list,
};

const INDEX: &str = include_str!("../../fixtures/demo/index.html");
const GREETING: &str = include_str!("../../fixtures/demo/greeting.html");
const ARTICLE: &str = include_str!("../../fixtures/demo/article.html");

/// How long an article takes, so that concurrency shows.
const ARTICLE_DELAY: Duration = Duration::from_millis(100);
/// Longest `/slow?delay=`, in seconds.
const SLOWEST: f64 = 60.0;

const ARTICLES: [&str; 20] = [
    "Brass lantern",
    "Folding ruler",
    "Walnut bookend",
    "Copper kettle",
    "Pocket telescope",
    "Oak letter tray",
    "Wool blanket",
    "Glass inkwell",
    "Leather satchel",
    "Enamel mug",
    "Cast-iron trivet",
    "Linen apron",
    "Bamboo steamer",
    "Marble mortar",
    "Tin whistle",
    "Paper globe",
    "Cedar chest",
    "Steel compass",
    "Clay oven",
    "Silk lampshade",
];

pub fn routes() -> Router<Arc<Demo>> {
    Router::new()
        .route("/", get(index))
        .route("/list", get(own_list))
        .route("/article/{n}", get(article))
        .route("/slow", get(slow))
        .route("/json", get(small_json))
        .route("/echo", any(echo))
        .route("/status/{code}", any(status))
        .route("/cookie", get(cookie))
        .route("/etag", get(etag))
        .route("/auth", any(auth))
        .route("/headers", get(many_headers))
        .route("/escape", get(escapes))
}

#[derive(Deserialize)]
struct Greet {
    name: Option<String>,
}

async fn index(State(demo): State<Arc<Demo>>, Query(greet): Query<Greet>) -> Response {
    if let Some(name) = greet.name {
        return html(fill(GREETING, &[("name", &escape(&name))]));
    }
    let articles: String = (1..=ARTICLES.len()).map(|n| format!("<a href=\"/article/{n}\">{n}</a> ")).collect();
    html(fill(
        INDEX,
        &[
            ("base", &escape(&demo.base())),
            ("listed", &rows(LISTED)),
            ("apart", &rows(APART)),
            ("articles", articles.trim_end()),
        ],
    ))
}

fn rows(table: &[Expected]) -> String {
    let mut out = String::new();
    for row in table {
        let (path, about) = (escape(row.path), escape(row.about));
        let verdict = row.code.unwrap_or(row.outcome);
        // a String takes every write
        let _ = writeln!(
            out,
            "<tr><td><a href=\"{path}\"><code>{path}</code></a></td><td>{verdict}</td><td>{about}</td></tr>"
        );
    }
    out
}

async fn own_list(State(demo): State<Arc<Demo>>) -> Response {
    typed("text/plain; charset=utf-8", list(&demo.base()).join("\n") + "\n")
}

async fn article(State(demo): State<Arc<Demo>>, Path(n): Path<usize>) -> Response {
    tokio::time::sleep(ARTICLE_DELAY).await;
    let count = ARTICLES.len();
    let Some(title) = n.checked_sub(1).and_then(|at| ARTICLES.get(at)) else {
        return plain(StatusCode::NOT_FOUND, "No such article", &format!("They go from 1 to {count}."));
    };
    let cents = 995 + n * 737 % 9000;
    let page = fill(
        ARTICLE,
        &[
            ("base", &demo.base()),
            ("title", title),
            ("number", &n.to_string()),
            ("count", &count.to_string()),
            ("cents", &cents.to_string()),
            ("price", &format!("{}.{:02} €", cents / 100, cents % 100)),
            ("stock", &(n * 7 % 23).to_string()),
            ("days", &(1 + n % 5).to_string()),
            ("previous", &(if n == 1 { count } else { n - 1 }).to_string()),
            ("next", &(if n == count { 1 } else { n + 1 }).to_string()),
        ],
    );
    html(page)
}

#[derive(Deserialize)]
struct Slow {
    #[serde(default = "one_second")]
    delay: f64,
}

fn one_second() -> f64 {
    1.0
}

async fn slow(Query(slow): Query<Slow>) -> Response {
    // not a number is the one value that passes the clamp and is no duration
    let delay = Duration::try_from_secs_f64(slow.delay.clamp(0.0, SLOWEST)).unwrap_or_default();
    tokio::time::sleep(delay).await;
    plain(StatusCode::OK, "Slow", &format!("This took {:.1} seconds.", delay.as_secs_f64()))
}

async fn small_json() -> Response {
    let value = json!({
        "name": "fetchall demo",
        "items": [{"id": 1, "price": 12.5}, {"id": 2, "price": 8}],
        "nested": {"empty": null, "text": "ünïcode"},
    });
    typed("application/json", value.to_string())
}

async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut fields: Map<String, Value> = Map::new();
    for (name, value) in &headers {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let values = fields.entry(name.as_str()).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(text.into());
        }
    }
    let answer = json!({
        "method": method.as_str(),
        "path": uri.path(),
        "query": uri.query(),
        "headers": fields,
        "body": String::from_utf8_lossy(&body),
    });
    typed("application/json", answer.to_string())
}

async fn status(Path(code): Path<u16>) -> Response {
    // 1xx are no final answers
    match StatusCode::from_u16(code).ok().filter(|code| code.as_u16() >= 200) {
        Some(code) => plain(code, &format!("Status {}", code.as_u16()), "As you asked."),
        None => plain(StatusCode::BAD_REQUEST, "No such status", "It takes 200 to 999."),
    }
}

async fn cookie(headers: HeaderMap) -> Response {
    let came: Vec<_> = headers.get_all(header::COOKIE).iter().map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
    let text = if came.is_empty() { "No cookie came.".to_owned() } else { format!("This came: {}", came.join("; ")) };
    let set = [(header::SET_COOKIE, "visited=yes; Path=/; Max-Age=60; HttpOnly; SameSite=Lax")];
    (set, plain(StatusCode::OK, "Cookie", &text)).into_response()
}

const ETAG: &str = "\"demo-1\"";
const LAST_MODIFIED: &str = "Mon, 01 Jan 2024 12:00:00 GMT";

async fn etag(headers: HeaderMap) -> Response {
    let tags = [(header::ETAG, ETAG), (header::LAST_MODIFIED, LAST_MODIFIED)];
    if has_it_already(&headers) {
        return (StatusCode::NOT_MODIFIED, tags).into_response();
    }
    (tags, plain(StatusCode::OK, "Tagged", "Ask again with If-None-Match or If-Modified-Since.")).into_response()
}

/// RFC 9110, section 13.2.2: the date counts only where there is no tag.
fn has_it_already(headers: &HeaderMap) -> bool {
    let field = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(tags) = field(header::IF_NONE_MATCH) {
        return tags
            .split(',')
            .any(|tag| matches!(tag.trim(), "*" | ETAG) || tag.trim().strip_prefix("W/") == Some(ETAG));
    }
    let date = |text| httpdate::parse_http_date(text).ok();
    match (field(header::IF_MODIFIED_SINCE).and_then(date), date(LAST_MODIFIED)) {
        (Some(since), Some(modified)) => modified <= since,
        _ => false,
    }
}

async fn auth(headers: HeaderMap) -> Response {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, secret) = given.and_then(|value| value.split_once(' ')).unwrap_or_default();
    let basic = scheme.eq_ignore_ascii_case("basic") && secret.trim() == "dXNlcjpwYXNz";
    let bearer = scheme.eq_ignore_ascii_case("bearer") && secret.trim() == "token";
    if basic || bearer {
        return plain(StatusCode::OK, "Welcome", "You may read this.");
    }
    let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"demo\", charset=\"UTF-8\"")];
    (challenge, plain(StatusCode::UNAUTHORIZED, "Who are you?", "It takes user:pass, or the bearer token `token`."))
        .into_response()
}

async fn many_headers() -> Response {
    let mut response = plain(StatusCode::OK, "Many header fields", "This came with 150 of them, x-demo-1 and so on.");
    for n in 1..=150 {
        if let Ok(name) = header::HeaderName::try_from(format!("x-demo-{n}")) {
            response.headers_mut().insert(name, n.into());
        }
    }
    response
}

async fn escapes() -> Response {
    // red, a cleared screen, a bell, a C1 control, and text turned around
    let title = "\u{1b}[31mred\u{1b}[0m \u{1b}[2J\u{7}bell \u{9b}5m \u{202e}backwards\u{202c} \u{2066}end";
    plain(StatusCode::OK, title, "Nothing of it may reach a terminal as it is.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: header::HeaderName, value: &'static str) -> bool {
        has_it_already(&HeaderMap::from_iter([(name, header::HeaderValue::from_static(value))]))
    }

    #[test]
    fn a_copy_is_known_by_tag_or_date() {
        assert!(asked(header::IF_NONE_MATCH, "\"other\", W/\"demo-1\""));
        assert!(!asked(header::IF_NONE_MATCH, "\"other\""));
        assert!(asked(header::IF_MODIFIED_SINCE, LAST_MODIFIED));
        assert!(!asked(header::IF_MODIFIED_SINCE, "Sun, 31 Dec 2023 12:00:00 GMT"));
        assert!(!asked(header::IF_MODIFIED_SINCE, "yesterday"));
    }

    #[test]
    fn a_tag_that_differs_outweighs_the_date() {
        let headers = HeaderMap::from_iter([
            (header::IF_NONE_MATCH, header::HeaderValue::from_static("\"other\"")),
            (header::IF_MODIFIED_SINCE, header::HeaderValue::from_static(LAST_MODIFIED)),
        ]);
        assert!(!has_it_already(&headers));
    }
}
