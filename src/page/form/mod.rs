//! Forms: what a browser would send if somebody filled one in and pressed its first button.
//!
//! ```text
//! body ─► tree (who owns which control) ─► controls ─► Form ─► submit ─► Submission
//! ```
//!
//! After the HTML standard, section 4.10.21 (form submission), for
//! `application/x-www-form-urlencoded`. No script runs, and nothing is typed: values are put in as
//! they are. Pure. Must not know who logs in where.

mod controls;
mod submit;
mod tree;

use std::{borrow::Cow, fmt, time::Duration};

use encoding_rs::Encoding;
use url::Url;

use super::{
    Input,
    base::Base,
    blame::{Kind, SelectError, Written},
    budget::Clock,
    charset, hints,
    media::Media,
    pick::{self, Way, Within},
    scan::{Seek, scan},
    select::{Body, Document, Plan},
};

pub use controls::Form;
pub use submit::{Filled, Submission};

/// Time for making a tree, and for all looks at it.
const TIME: Duration = Duration::from_secs(2);

/// A text that is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text, for whom it is meant.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A CSS selector that can be read.
#[derive(Clone, Debug)]
pub struct Css {
    text: String,
    selector: scraper::Selector,
}

impl Css {
    /// Reads a selector; `name` is what it is for, to be blamed.
    pub fn parse(name: &str, text: &str) -> Result<Css, SelectError> {
        let written = Written { kind: Kind::Css, name, text };
        if text.trim().is_empty() {
            return Err(written.fault("there is no selector"));
        }
        let selector = scraper::Selector::parse(text).map_err(|_| written.css(0, text))?;
        Ok(Css { text: text.to_owned(), selector })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Why a form cannot be sent, and what to do about it. Holds no value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl FormError {
    fn new(message: impl Into<String>) -> Self {
        FormError { message: message.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        FormError { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

impl std::error::Error for FormError {}

/// A page that may have forms.
pub struct FormPage<'a> {
    tree: tree::Owned,
    text: Cow<'a, str>,
    url: &'a Url,
    encoding: &'static Encoding,
    clock: Clock,
}

impl<'a> FormPage<'a> {
    /// Reads a body; `None` if it is no HTML, or nests too deeply for a tree.
    pub fn read(input: &'a Input) -> Option<FormPage<'a>> {
        let media = Media::of(input.content_type.as_deref(), &input.body);
        if !media.html {
            return None;
        }
        let (encoding, text) = charset::decode(&input.body, hints(input, &media));
        let tree = tree::build(&text, &Clock::of(TIME))?;
        Some(FormPage { tree, text, url: input.url.as_deref()?, encoding, clock: Clock::of(TIME) })
    }

    /// Whether something on the page matches.
    pub fn has(&self, css: &Css) -> bool {
        self.matches(css).is_some()
    }

    /// Whether a form on it asks for a password.
    pub fn asks_for_password(&self) -> bool {
        let base = self.base();
        self.tree.forms().any(|form| controls::read(&self.tree, form, self.url, &base, self.encoding).has_password())
    }

    /// The form that matches; without a selector, the only one with a field for a password.
    pub fn form(&self, css: Option<&Css>) -> Result<Form, FormError> {
        let base = self.base();
        let read = |form| controls::read(&self.tree, form, self.url, &base, self.encoding);
        if let Some(css) = css {
            let Some(element) = self.matches(css) else {
                return Err(FormError::new(format!("`{}` matches nothing on the page", css.text)));
            };
            return match element.value().name() {
                "form" => Ok(read(element)),
                other => Err(FormError::new(format!("`{}` matches a <{other}>, not a form", css.text))),
            };
        }
        let mut forms: Vec<Form> = self.tree.forms().map(read).filter(Form::has_password).collect();
        match (forms.pop(), forms.len()) {
            (Some(form), 0) => Ok(form),
            (Some(_), others) => {
                let message = format!("{} forms on the page have a field for a password", others + 1);
                Err(FormError::new(message).hint("say which: form = \"form#login\""))
            }
            (None, _) => Err(FormError::new("no form on the page has a field for a password")
                .hint("is this the page with the form? One that JavaScript makes is not in the page")),
        }
    }

    /// What the rules of a plan find on the page, as texts; null is `None`.
    pub fn values(&self, plan: &Plan) -> Vec<(String, Option<String>)> {
        let found = plan.read_all(&Document::new(Body::Html, &self.text).at(self.url, self.encoding)).data;
        let text = |value| match value {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text),
            other => Some(other.to_string()),
        };
        found.into_iter().map(|(name, value)| (name, text(value))).collect()
    }

    fn base(&self) -> Base {
        Base::new(Some(self.url), scan(&self.text, Seek::Base).base.as_deref(), self.encoding)
    }

    fn matches<'s>(&'s self, css: &'s Css) -> Option<scraper::ElementRef<'s>> {
        pick::matches(Within::Page(&self.tree.html), &css.selector, Way::of(&css.text), &self.clock).next()
    }
}

#[cfg(test)]
mod tests;
