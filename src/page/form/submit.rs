//! From a form and what is filled in to the request that sends it.
//!
//! Must not know elements or trees.

use std::{borrow::Cow, collections::HashSet};

use encoding_rs::UTF_8;
use url::{Url, form_urlencoded};

use super::{
    FormError,
    controls::{Control, Form, Item, Kind, Send},
};
use crate::{model::units, page::base::in_encoding};

/// The type of the only content that is sent here.
const URLENCODED: &str = "application/x-www-form-urlencoded";

/// Names of fields that an error lists at most.
const NAMES_TOLD: usize = 40;

/// What is put into a field.
#[derive(Clone, Copy)]
pub enum Filled<'a> {
    /// A text; of radio buttons, menus and buttons, the one with this value.
    Text(&'a str),
    /// A box that is ticked, or not.
    Tick(bool),
}

/// The request that sends a form.
#[derive(Clone, PartialEq, Eq)]
pub enum Submission {
    /// With the content in the query.
    Get(Url),
    /// With the content in the body, whose type is `application/x-www-form-urlencoded`.
    Post(Url, String),
}

impl Submission {
    /// Where to; a GET has the content in its query.
    pub fn url(&self) -> &Url {
        match self {
            Submission::Get(url) | Submission::Post(url, _) => url,
        }
    }

    /// The `Content-Type` of a POST.
    pub const CONTENT_TYPE: &str = URLENCODED;
}

impl Form {
    /// The request after filling in `fields`, which must be there, and `tokens`, which are added if
    /// they are not. What is left alone keeps its default.
    pub fn submit(mut self, fields: &[(&str, Filled<'_>)], tokens: &[(&str, &str)]) -> Result<Submission, FormError> {
        let mut button = None;
        for (name, value) in fields {
            button = self.fill(name, *value)?.or(button);
        }
        let mut extra = Vec::new();
        for (name, value) in tokens {
            if self.controls.iter().any(|control| control.name == *name) {
                self.fill(name, Filled::Text(value))?;
            } else {
                extra.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        let first = || {
            let button = self.controls.iter().position(|control| matches!(control.kind, Kind::Button { .. }));
            button.filter(|at| self.controls.get(*at).is_some_and(|button| !button.is_disabled))
        };
        let button = button.or_else(first);
        let send = match button.and_then(|at| self.controls.get(at)).map(|control| &control.kind) {
            Some(Kind::Button { send, .. }) => send,
            _ => &self.send,
        };
        let (url, is_post) = self.check(send)?;
        let mut entries = self.entries(button);
        entries.extend(extra);
        Ok(self.request(url, is_post, &entries))
    }

    /// Puts a value in; the place of the button, if it was one.
    fn fill(&mut self, name: &str, value: Filled<'_>) -> Result<Option<usize>, FormError> {
        if name.is_empty() || !self.controls.iter().any(|control| control.name == name) {
            return Err(self.unknown(name));
        }
        let mut same: Vec<(usize, &mut Control)> =
            self.controls.iter_mut().enumerate().filter(|(_, control)| control.name == name).collect();
        match value {
            Filled::Tick(tick) => {
                let boxes = same.iter_mut().filter_map(|(_, control)| match &mut control.kind {
                    Kind::Check { is_on, .. } => Some((is_on, &mut control.is_disabled)),
                    _ => None,
                });
                let ticked = boxes.map(|(is_on, is_disabled)| (*is_on, *is_disabled) = (tick, false)).count();
                match ticked {
                    0 => Err(FormError::new(format!("`{name}` is no box that can be ticked; write a text"))),
                    _ => Ok(None),
                }
            }
            Filled::Text(text) => put(name, &mut same, text),
        }
    }

    fn unknown(&self, name: &str) -> FormError {
        let mut known = HashSet::new();
        let all = self.controls.iter().map(|control| control.name.as_str());
        let names: Vec<&str> = all.filter(|name| !name.is_empty() && known.insert(*name)).take(NAMES_TOLD).collect();
        let hint = match units::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", names.join(", ")),
        };
        FormError::new(format!("the form has no field `{name}`")).hint(hint)
    }

    /// Whether it can be sent at all, where to, and whether in a body.
    fn check(&self, send: &Send) -> Result<(Url, bool), FormError> {
        let scripted = || {
            FormError::new("the form is sent by JavaScript, which does not run here")
                .hint("log in with a browser and hand its cookies over: --cookies FILE")
        };
        if self.is_scripted || send.method == "dialog" {
            return Err(scripted());
        }
        let url = send.action.as_ref().ok_or_else(|| FormError::new("the action of the form is no address"))?;
        match url.scheme() {
            "http" | "https" => {}
            "javascript" => return Err(scripted()),
            other => return Err(FormError::new(format!("the form goes to `{other}:`, which is not HTTP"))),
        }
        let is_post = send.method == "post";
        match send.enctype.as_str() {
            "multipart/form-data" | "text/plain" if is_post => {
                Err(FormError::new(format!("the form is sent as {}, which is not supported", send.enctype)))
            }
            _ => Ok((url.clone(), is_post)),
        }
    }

    /// Names and values in the order of the form (HTML standard, 4.10.21.4).
    fn entries(&self, button: Option<usize>) -> Vec<(String, String)> {
        let mut entries = Vec::new();
        for (at, control) in self.controls.iter().enumerate().filter(|(_, control)| !control.is_disabled) {
            let name = &control.name;
            let mut add = |name: &str, value: &str| entries.push((name.to_owned(), value.to_owned()));
            match &control.kind {
                Kind::Button { is_image: true, .. } if button == Some(at) => {
                    let prefix = if name.is_empty() { String::new() } else { format!("{name}.") };
                    add(&format!("{prefix}x"), "0");
                    add(&format!("{prefix}y"), "0");
                }
                _ if name.is_empty() => {}
                Kind::Button { value, .. } if button == Some(at) => add(name, value),
                Kind::Button { .. } => {}
                Kind::Check { value, is_on: true } | Kind::Radio { value, is_on: true } => add(name, value),
                Kind::Check { .. } | Kind::Radio { .. } => {}
                Kind::Choice { options, .. } => {
                    options
                        .iter()
                        .filter(|item| item.is_on && !item.is_disabled)
                        .for_each(|item| add(name, &item.value));
                }
                Kind::Charset => add(name, self.encoding.name()),
                Kind::File => add(name, ""),
                Kind::Text { value, .. } => add(name, value),
            }
            if let Some((name, direction)) = &control.direction {
                add(name, direction);
            }
        }
        entries
    }

    fn request(&self, mut url: Url, is_post: bool, entries: &[(String, String)]) -> Submission {
        let encode = in_encoding(self.encoding);
        let mut content = form_urlencoded::Serializer::new(String::new());
        if self.encoding != UTF_8 {
            content.encoding_override(Some(&encode));
        }
        for (name, value) in entries {
            content.append_pair(&with_crlf(name), &with_crlf(value));
        }
        let content = content.finish();
        url.set_fragment(None);
        if is_post {
            return Submission::Post(url, content);
        }
        url.set_query(Some(&content));
        Submission::Get(url)
    }
}

fn put(name: &str, same: &mut [(usize, &mut Control)], text: &str) -> Result<Option<usize>, FormError> {
    for (_, control) in same.iter_mut() {
        if let Kind::Text { value, .. } = &mut control.kind {
            text.clone_into(value);
            control.is_disabled = false;
            return Ok(None);
        }
    }
    let (mut found, mut pressed) = (false, None);
    let is_many = same.iter().any(|(_, control)| matches!(control.kind, Kind::Check { .. }));
    for (at, control) in same.iter_mut() {
        let is_it = match &mut control.kind {
            Kind::Check { value, is_on } | Kind::Radio { value, is_on } => {
                let is_it = value == text;
                // Boxes of one name are ticked one by one, radio buttons are one of many.
                *is_on = is_it || (is_many && *is_on);
                is_it
            }
            Kind::Choice { options, many } => choose(options, *many, text),
            Kind::Button { value, .. } => {
                let is_it = value == text;
                pressed = pressed.or(is_it.then_some(*at));
                is_it
            }
            Kind::Text { .. } | Kind::Charset | Kind::File => false,
        };
        if is_it {
            (found, control.is_disabled) = (true, false);
        }
    }
    if found { Ok(pressed) } else { Err(FormError::new(format!("`{name}` cannot have the value that it is given"))) }
}

fn choose(options: &mut [Item], many: bool, text: &str) -> bool {
    let Some(at) = options.iter().position(|item| item.value == text) else { return false };
    for (index, item) in options.iter_mut().enumerate() {
        item.is_on = index == at || (many && item.is_on);
    }
    true
}

/// Every line break as two characters (HTML standard, 4.10.21.4).
fn with_crlf(text: &str) -> Cow<'_, str> {
    if !text.contains(['\r', '\n']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n"))
}
