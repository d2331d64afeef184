//! The course of a login: the page, the form, where it leads, and whether that worked.
//!
//! The form's content is sent hop by hop, so that each place it would go to is looked at before;
//! everything else is left to the engine. Must not know how a request is made.

use std::future::Future;

use http::{HeaderName, HeaderValue, Method, header};
use url::Url;

use super::{LoggedIn, Login, LoginError, landing::Landing};
use crate::{
    model::{Failure, Look, Record, Request, units::StatusSet},
    page::form::{Form, FormPage, Submission},
    policy::redirect,
    settings::{Choose, Pages, RobotsMode, Settings},
};

/// `Origin`, by which servers tell their own forms from others.
const ORIGIN: HeaderName = header::ORIGIN;

/// Makes a login; `ask` makes one request with these settings and brings its record.
pub(crate) async fn log_in<A, F>(login: &Login, settings: &Settings, ask: A) -> Result<LoggedIn, LoginError>
where
    A: Fn(Request, Settings) -> F,
    F: Future<Output = Option<Record>>,
{
    let settings = own(settings);
    let accept = &settings.ask.accept;
    let what = "the page with the form cannot be fetched";
    let page = Landing::of(ask(Request::get(login.url.as_str()).look(Look::BODY), settings.clone()).await, what)?;
    if !accept.contains(page.status) {
        return Err(LoginError::new(format!("{} answered {}, not with a form", page.place(), page.line())));
    }
    let submission = match prepare(login, &page)? {
        Some(submission) => submission,
        None => {
            return Ok(LoggedIn { url: login.url.clone(), statuses: page.statuses, already: true, doubt: None });
        }
    };
    let (landing, statuses) = send(login, &settings, submission, &page.url, &ask).await?;
    if !accept.contains(landing.status) {
        let message = format!("the form was answered with {}, at {}", landing.line(), landing.place());
        return Err(LoginError::new(message).hint("a wrong user name or password? --accept takes other statuses"));
    }
    let doubt = judge(login, &landing)?;
    Ok(LoggedIn { url: login.url.clone(), statuses, already: false, doubt })
}

/// The settings of a run, for requests that are none of its own: nothing is chosen, extracted or
/// limited by what was meant for others.
fn own(settings: &Settings) -> Settings {
    let mut own = settings.clone();
    own.choose = Choose::default();
    own.robots = RobotsMode::Ignore;
    own.pages = Pages::default();
    own.pages.with.headers = true;
    own.ask.method = Method::GET;
    own.ask.body = None;
    own
}

/// What is to be sent; `None` if nothing need be.
fn prepare(login: &Login, page: &Landing) -> Result<Option<Submission>, LoginError> {
    let input = page.input();
    let no_page = || LoginError::new(format!("what {} answered is no page that can be read", page.place()));
    let read = FormPage::read(&input).ok_or_else(no_page)?;
    if login.unless.as_ref().is_some_and(|css| read.has(css)) {
        return Ok(None);
    }
    login.permits(&page.url, "the page with the form is at")?;
    let form: Form = read.form(login.form.as_ref())?;
    let mut tokens = Vec::new();
    for (name, value) in read.values(&login.tokens) {
        let nothing = || LoginError::new(format!("the selector of the token `{name}` finds nothing on the page"));
        tokens.push((value.ok_or_else(nothing)?, name));
    }
    let tokens: Vec<(&str, &str)> = tokens.iter().map(|(value, name)| (name.as_str(), value.as_str())).collect();
    let submission = form.submit(&login.fields(), &tokens)?;
    login.permits(submission.url(), "the form goes to")?;
    Ok(Some(submission))
}

/// Sends it, and follows where that leads.
async fn send<A, F>(
    login: &Login,
    settings: &Settings,
    submission: Submission,
    page: &Url,
    ask: &A,
) -> Result<(Landing, Vec<u16>), LoginError>
where
    A: Fn(Request, Settings) -> F,
    F: Future<Output = Option<Record>>,
{
    let what = "the form cannot be sent";
    let (mut url, content) = match submission {
        Submission::Get(url) => {
            let request = as_from(Request::get(url.as_str()), page, &url);
            let landing = Landing::of(ask(request, at(login, settings, &url)).await, what)?;
            let statuses = landing.statuses.clone();
            return Ok((landing, statuses));
        }
        Submission::Post(url, content) => (url, content),
    };
    let mut statuses = Vec::new();
    for left in (0..=settings.ask.redirects).rev() {
        let request = post(&url, page, &content);
        let landing = Landing::of(ask(request, at(login, settings, &url)).await, what)?;
        statuses.push(landing.status);
        if left == 0 {
            return Ok((landing, statuses));
        }
        let astray = |failure: Failure| LoginError::new(format!("{what}: {}", failure.message));
        let Some(location) = landing.location().map_err(astray)? else { return Ok((landing, statuses)) };
        let onward = redirect::follow(&landing.url, &Method::POST, true, landing.status, &location).map_err(astray)?;
        login.permits(&onward.url, "the answer to the form leads to")?;
        url = onward.url;
        if !onward.with_body {
            let mut settings = at(login, settings, &url);
            settings.ask.redirects = left - 1;
            let request = Request::get(url.as_str()).look(Look::BODY);
            let landing = Landing::of(ask(request, settings).await, "the page after the form cannot be fetched")?;
            statuses.extend(&landing.statuses);
            return Ok((landing, statuses));
        }
    }
    Err(LoginError::new(format!("{what}: more than {} redirects", settings.ask.redirects)))
}

/// The form's content, which goes no further than to this URL.
fn post(url: &Url, page: &Url, content: &str) -> Request {
    let kind = HeaderValue::from_static(Submission::CONTENT_TYPE);
    let request = Request::get(url.as_str()).method(Method::POST).header(header::CONTENT_TYPE, kind);
    let mut request = as_from(request, page, url).body(content.to_owned());
    let wish = request.wish_mut();
    wish.redirects = Some(0);
    // Any answer ends it: a form is not sent twice, and what it means is judged here.
    wish.accept = "100..=999".parse::<StatusSet>().ok();
    request
}

/// With the fields by which a server sees that its own page sent the form (Fetch standard, 3.2;
/// Referrer Policy, `strict-origin-when-cross-origin`).
fn as_from(request: Request, page: &Url, to: &Url) -> Request {
    let origin = page.origin().ascii_serialization();
    let downgrade = page.scheme() == "https" && to.scheme() == "http";
    let referrer = if redirect::same_origin(page, to) {
        let mut bare = page.clone();
        bare.set_fragment(None);
        // Neither can fail on a URL of http.
        let _ = (bare.set_username(""), bare.set_password(None));
        String::from(bare)
    } else {
        format!("{origin}/")
    };
    let mut request = request.look(Look::BODY);
    if let Ok(origin) = HeaderValue::from_str(&origin)
        && request.method_or(&Method::GET) == Method::POST
    {
        request = request.header(ORIGIN, origin);
    }
    match HeaderValue::from_str(&referrer) {
        Ok(referrer) if !downgrade => request.header(header::REFERER, referrer),
        _ => request,
    }
}

/// The settings for a request to `url`: fields that the user gave for the site stay with its origin.
fn at(login: &Login, settings: &Settings, url: &Url) -> Settings {
    let mut settings = settings.clone();
    if !redirect::same_origin(&login.url, url) {
        settings.ask.headers.clear();
    }
    settings
}

/// Whether the page after the form is that of somebody who is logged in; a doubt where nobody said
/// how to tell.
fn judge(login: &Login, landing: &Landing) -> Result<Option<String>, LoginError> {
    let input = landing.input();
    let page = FormPage::read(&input);
    match &login.check {
        Some(css) if !page.as_ref().is_some_and(|page| page.has(css)) => {
            let message = format!("`{}` matches nothing on {} after the form was sent", css.text(), landing.place());
            Err(LoginError::new(message).hint("a wrong user name or password?"))
        }
        None if page.is_some_and(|page| page.asks_for_password()) => Ok(Some(
            "the page after the login asks for a password; `check` in the recipe would tell whether it worked"
                .to_owned(),
        )),
        _ => Ok(None),
    }
}
