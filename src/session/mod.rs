//! Logging in: a form is fetched, filled in and sent before a run begins.
//!
//! ```text
//! url ─► page ─► form + fields ─► request ─► redirects ─► page after it ─► check
//! ```
//!
//! What the user gave goes only to the origin of `url` and those that `allow-origin` names. Requests
//! are made by whoever calls, through the client of the run; the session is what its jar holds
//! afterwards. Must not know flags, files, or how a request is made.

mod flow;
mod landing;

use std::fmt;

use url::Url;

use crate::page::{
    form::{Css, Filled, FormError, Secret},
    recipe::{Given, LoginRecipe, Recipe},
    select::Plan,
};

pub(crate) use flow::log_in;

/// A login, ready to be made.
#[derive(Clone, Debug)]
pub struct Login {
    url: Url,
    form: Option<Css>,
    fields: Vec<(String, Value)>,
    tokens: Plan,
    check: Option<Css>,
    unless: Option<Css>,
    allow: Vec<Url>,
}

#[derive(Clone, Debug)]
enum Value {
    Text(Secret),
    Tick(bool),
}

/// Why nobody is logged in. Holds no value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginError {
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A login that was made, or was not needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedIn {
    /// The page with the form.
    pub url: Url,
    /// What the form was answered with, redirects first; what the page was answered with, where
    /// nothing was sent.
    pub statuses: Vec<u16>,
    /// Nothing was sent: `unless` matches on the page.
    pub already: bool,
    /// A doubt, in a sentence.
    pub doubt: Option<String>,
}

impl Login {
    /// The login of a recipe, if it has one; values that are in environment variables are read now.
    ///
    /// # Errors
    /// A variable that is not set.
    pub fn of(recipe: &Recipe) -> Result<Option<Login>, LoginError> {
        Login::with(recipe, |name| std::env::var(name).ok())
    }

    /// The same with another source of variables.
    ///
    /// # Errors
    /// A variable that is not set.
    pub fn with(recipe: &Recipe, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Login>, LoginError> {
        recipe.login.as_ref().map(|login| Login::resolve(login, variable)).transpose()
    }

    fn resolve(recipe: &LoginRecipe, variable: impl Fn(&str) -> Option<String>) -> Result<Login, LoginError> {
        let LoginRecipe { url, form, fields, tokens, check, unless, allow_origin } = recipe.clone();
        let value = |(name, given): (String, Given)| {
            let value = match given {
                Given::Text(text) => Value::Text(text),
                Given::Tick(tick) => Value::Tick(tick),
                Given::Env(key) => match variable(&key) {
                    Some(text) => Value::Text(Secret::new(text)),
                    None => {
                        let message = format!("the environment variable {key} is not set, or is no text");
                        return Err(
                            LoginError::new(message).hint(format!("the field `{name}` takes its value from it"))
                        );
                    }
                },
            };
            Ok((name, value))
        };
        let fields = fields.into_iter().map(value).collect::<Result<_, _>>()?;
        Ok(Login { url, form, fields, tokens, check, unless, allow: allow_origin })
    }

    /// The page with the form.
    pub fn url(&self) -> &Url {
        &self.url
    }

    fn fields(&self) -> Vec<(&str, Filled<'_>)> {
        let filled = |value| match value {
            &Value::Tick(tick) => Filled::Tick(tick),
            Value::Text(text) => Filled::Text(text.reveal()),
        };
        self.fields.iter().map(|(name, value)| (name.as_str(), filled(value))).collect()
    }

    /// Whether what the user gave may go to where `url` leads; the error says who may allow it.
    fn permits(&self, url: &Url, what: &str) -> Result<(), LoginError> {
        let origin = url.origin();
        if origin == self.url.origin() || self.allow.iter().any(|allowed| allowed.origin() == origin) {
            return Ok(());
        }
        let origin = origin.ascii_serialization();
        let message = format!("blocked: {what} {origin}, which is another origin");
        Err(LoginError::new(message).hint(format!("if it belongs to the site: allow-origin = \"{origin}\"")))
    }
}

impl LoginError {
    fn new(message: impl Into<String>) -> Self {
        LoginError { message: message.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        LoginError { hint: Some(hint.into()), ..self }
    }

    /// There is no jar, so that no session would outlive the login.
    pub(crate) fn no_jar() -> Self {
        LoginError::new("a session is kept in cookies, and these are off")
    }
}

impl From<FormError> for LoginError {
    fn from(FormError { message, hint }: FormError) -> Self {
        LoginError { message, hint }
    }
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

impl std::error::Error for LoginError {}

impl fmt::Display for LoggedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let already = if self.already { "already " } else { "" };
        let statuses: Vec<String> = self.statuses.iter().map(u16::to_string).collect();
        write!(f, "{already}logged in at {} ({})", without_query(&self.url), statuses.join(", then "))
    }
}

/// A URL as it is told: a query may hold what was filled in.
fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

#[cfg(test)]
mod tests;
