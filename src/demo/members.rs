//! The demo's members: a form with a token, a session in a cookie, a page for those who have one.

use std::{
    collections::VecDeque,
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::{
    Router,
    extract::{Form, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;

use super::{
    Demo,
    html::{escape, fill, html, plain, plain_text},
};

const LOGIN: &str = include_str!("../../fixtures/demo/login.html");

/// The one member.
const USER: &str = "user";
const PASSWORD: &str = "pass";
/// The cookie that holds a session.
const COOKIE: &str = "session";
/// Tokens, and sessions, that are remembered at most; the oldest go first.
const REMEMBERED: usize = 1_000;

/// Who may log in with which token, and who has.
#[derive(Default)]
pub struct Members {
    tokens: Mutex<VecDeque<String>>,
    sessions: Mutex<VecDeque<String>>,
    count: AtomicU64,
    seed: RandomState,
}

impl Members {
    /// A word that nobody guesses by counting.
    fn word(&self, among: &Mutex<VecDeque<String>>) -> String {
        let word = format!("{:016x}", self.seed.hash_one(self.count.fetch_add(1, Relaxed)));
        let mut words = among.lock().unwrap_or_else(PoisonError::into_inner);
        if words.len() >= REMEMBERED {
            words.pop_front();
        }
        words.push_back(word.clone());
        word
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        session(headers).is_some_and(|word| sessions.iter().any(|known| known == word))
    }
}

/// Takes a word out; whether it was there.
fn take(words: &Mutex<VecDeque<String>>, word: &str) -> bool {
    let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
    let at = words.iter().position(|known| known == word);
    at.is_some_and(|at| words.remove(at).is_some())
}

fn session(headers: &HeaderMap) -> Option<&str> {
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, word)| word)
}

pub fn routes() -> Router<Arc<Demo>> {
    Router::new().route("/login", get(form).post(log_in)).route("/account", get(account)).route("/logout", get(log_out))
}

#[derive(Deserialize)]
struct Strict {
    #[serde(default)]
    strict: u8,
}

impl Strict {
    /// What a wrong password is answered with.
    fn refusal(&self) -> StatusCode {
        if self.strict == 0 { StatusCode::OK } else { StatusCode::FORBIDDEN }
    }
}

async fn form(State(demo): State<Arc<Demo>>, Query(strict): Query<Strict>, headers: HeaderMap) -> Response {
    if demo.members.knows(&headers) {
        return members("You are logged in already.");
    }
    page(&demo, &strict, "It takes user and pass.", "").into_response()
}

fn page(demo: &Demo, strict: &Strict, told: &str, user: &str) -> Response {
    let action = if strict.strict == 0 { "/login" } else { "/login?strict=1" };
    let token = demo.members.word(&demo.members.tokens);
    html(fill(LOGIN, &[("token", &token), ("action", action), ("told", told), ("user", &escape(user))]))
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Filled {
    token: String,
    user: String,
    password: String,
    remember: Option<String>,
}

async fn log_in(State(demo): State<Arc<Demo>>, Query(strict): Query<Strict>, Form(filled): Form<Filled>) -> Response {
    if !take(&demo.members.tokens, &filled.token) {
        let page = page(&demo, &strict, "The token is not of this form, or was used before.", &filled.user);
        return (StatusCode::FORBIDDEN, page).into_response();
    }
    if filled.user != USER || filled.password != PASSWORD {
        return (strict.refusal(), page(&demo, &strict, "Wrong user or password.", &filled.user)).into_response();
    }
    let word = demo.members.word(&demo.members.sessions);
    let age = if filled.remember.is_some() { "; Max-Age=86400" } else { "" };
    let cookie = format!("{COOKIE}={word}; Path=/; HttpOnly; SameSite=Lax{age}");
    let fields = [(header::SET_COOKIE, cookie), (header::LOCATION, "/account".to_owned())];
    (fields, plain(StatusCode::SEE_OTHER, "Welcome", "Follow the Location field.")).into_response()
}

async fn account(State(demo): State<Arc<Demo>>, headers: HeaderMap) -> Response {
    if demo.members.knows(&headers) {
        return members("Nobody else reads this.");
    }
    plain(StatusCode::FORBIDDEN, "Members only", "Log in at /login.")
}

/// A page for members, which has the way out.
fn members(text: &str) -> Response {
    let links = "<p><a href=\"/account\">Your account</a></p><p><a href=\"/logout\">Log out</a></p></body>";
    html(plain_text("Members", text).replace("</body>", links))
}

async fn log_out(State(demo): State<Arc<Demo>>, headers: HeaderMap) -> Response {
    if let Some(word) = session(&headers) {
        take(&demo.members.sessions, word);
    }
    let cookie = [(header::SET_COOKIE, format!("{COOKIE}=; Path=/; Max-Age=0"))];
    (cookie, plain(StatusCode::OK, "Logged out", "Come back soon.")).into_response()
}
