//! The demo's traps: pages without end, each in its own way. A crawl has to get out of them by itself.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};

use super::{
    Demo,
    html::{html, plain_text},
};

/// How often a page with a session was asked for: each answer has a new one.
#[derive(Default)]
pub struct Sessions(AtomicU64);

pub fn routes() -> Router<Arc<Demo>> {
    Router::new()
        .route("/calendar/{year}/{month}", get(calendar))
        .route("/maze/", get(maze))
        .route("/maze/{*path}", get(maze))
        .route("/session/{page}", get(session))
}

/// A page with a sentence and these links: reference and text.
fn page(title: &str, text: &str, links: &[(String, &str)]) -> Response {
    let links: String = links.iter().map(|(href, text)| format!("<p><a href=\"{href}\">{text}</a></p>")).collect();
    html(plain_text(title, text).replace("</body>", &(links + "</body>")))
}

/// Every month leads to the one before and the one after.
async fn calendar(Path((year, month)): Path<(u32, u32)>) -> Response {
    let months = (year.min(99_999) * 12 + month.clamp(1, 12)).saturating_sub(1);
    let path = |months: u32| format!("/calendar/{:04}/{:02}", months / 12, months % 12 + 1);
    let links = [(path(months.saturating_sub(1)), "before"), (path(months + 1), "after")];
    page("Calendar", "Nothing happens in this month.", &links)
}

/// Every folder has one of the same name, because a slash is missing in its reference.
async fn maze() -> Response {
    page("Maze", "It looks like the folder before.", &[("maze/".to_owned(), "further in")])
}

/// Every link has a session of its own.
async fn session(State(demo): State<Arc<Demo>>, Path(number): Path<u32>) -> Response {
    let link = |page: u32, text| {
        let session = demo.sessions.0.fetch_add(1, Relaxed);
        (format!("/session/{page}?PHPSESSID={session:032x}"), text)
    };
    let links = [link(number % 3 + 1, "the next one"), link(number, "this one again")];
    page("Session", "There are three of these.", &links)
}
