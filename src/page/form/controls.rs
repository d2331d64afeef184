//! From the elements of a form to its controls and their defaults.
//!
//! Must not know what somebody wants to fill in.

use std::collections::HashSet;

use encoding_rs::{Encoding, UTF_8};
use scraper::ElementRef;
use url::Url;

use super::tree::Owned;
use crate::page::base::Base;

/// How far into a `<fieldset>` its legend is looked for; honest ones begin with it.
const LEGEND_WITHIN: usize = 64;

/// A form with its controls in document order.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where the form and its first button say it goes; `None` if that is no address.
    pub(super) send: Send,
    /// How its content is written.
    pub(super) encoding: &'static Encoding,
    pub(super) controls: Vec<Control>,
    /// The page has a script for when it is sent, and does not say where to.
    pub(super) is_scripted: bool,
}

/// Where and how a form is sent.
#[derive(Clone, Debug)]
pub(super) struct Send {
    pub(super) action: Option<Url>,
    pub(super) method: String,
    pub(super) enctype: String,
}

#[derive(Clone, Debug)]
pub(super) struct Control {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// It is not sent as it is; filling it in is what a script would do too.
    pub(super) is_disabled: bool,
    /// Name under which its direction goes along, and the direction.
    pub(super) direction: Option<(String, &'static str)>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Text {
        value: String,
        is_password: bool,
    },
    Check {
        value: String,
        is_on: bool,
    },
    Radio {
        value: String,
        is_on: bool,
    },
    Choice {
        options: Vec<Item>,
        many: bool,
    },
    Button {
        value: String,
        is_image: bool,
        send: Send,
    },
    /// `_charset_`: the name of the encoding is sent.
    Charset,
    File,
}

#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) value: String,
    pub(super) is_on: bool,
    pub(super) is_disabled: bool,
}

impl Form {
    pub(super) fn has_password(&self) -> bool {
        self.controls.iter().any(|control| matches!(control.kind, Kind::Text { is_password: true, .. }))
    }
}

pub(super) fn read(tree: &Owned, form: ElementRef<'_>, page: &Url, base: &Base, encoding: &'static Encoding) -> Form {
    let send = Send {
        action: action(form.attr("action"), page, base),
        method: form.attr("method").unwrap_or_default().trim().to_ascii_lowercase(),
        enctype: form.attr("enctype").unwrap_or_default().trim().to_ascii_lowercase(),
    };
    let mut controls: Vec<Control> =
        tree.controls(form).filter_map(|element| control(element, &send, page, base)).collect();
    settle_radios(&mut controls);
    // A form that says neither where it goes nor how, and has a script: that is a script's form.
    let is_silent = form.attr("action").is_none() && form.attr("method").is_none();
    let by_attribute = form.attr("accept-charset").map(|labels| {
        let mut known = labels.split_ascii_whitespace().filter_map(|label| Encoding::for_label(label.as_bytes()));
        known.next().unwrap_or(UTF_8)
    });
    Form {
        send,
        encoding: by_attribute.unwrap_or(encoding).output_encoding(),
        controls,
        is_scripted: is_silent && form.attr("onsubmit").is_some(),
    }
}

/// An empty action is the page itself, whatever its base (HTML standard, 4.10.21.3).
fn action(attribute: Option<&str>, page: &Url, base: &Base) -> Option<Url> {
    match attribute.map(str::trim) {
        None | Some("") => Some(page.clone()),
        Some(action) => base.join(action).ok(),
    }
}

fn control(element: ElementRef<'_>, of_form: &Send, page: &Url, base: &Base) -> Option<Control> {
    let attr = |name: &str| element.attr(name);
    let value = || attr("value").unwrap_or_default().to_owned();
    let is_on = attr("checked").is_some();
    let or_on = || attr("value").unwrap_or("on").to_owned();
    let button = |is_image| Kind::Button {
        value: value(),
        is_image,
        send: Send {
            action: attr("formaction").map_or(of_form.action.clone(), |to| action(Some(to), page, base)),
            method: attr("formmethod").map_or(of_form.method.clone(), |how| how.trim().to_ascii_lowercase()),
            enctype: attr("formenctype").map_or(of_form.enctype.clone(), |how| how.trim().to_ascii_lowercase()),
        },
    };
    let kind = match element.value().name() {
        "select" => choice(element),
        "textarea" => Kind::Text { value: element.text().collect(), is_password: false },
        "button" => match attr("type").unwrap_or_default().to_ascii_lowercase().as_str() {
            "reset" | "button" => return None,
            _ => button(false),
        },
        _ => match attr("type").unwrap_or_default().to_ascii_lowercase().as_str() {
            "reset" | "button" => return None,
            "submit" => button(false),
            "image" => button(true),
            "checkbox" => Kind::Check { value: or_on(), is_on },
            "radio" => Kind::Radio { value: or_on(), is_on },
            "file" => Kind::File,
            "hidden" if attr("name").is_some_and(|name| name.eq_ignore_ascii_case("_charset_")) => Kind::Charset,
            "hidden" => Kind::Text { value: value(), is_password: false },
            "color" => {
                Kind::Text { value: attr("value").unwrap_or("#000000").to_ascii_lowercase(), is_password: false }
            }
            kind => {
                let line = value().replace(['\r', '\n'], "");
                let trimmed = matches!(kind, "email" | "url");
                let value = if trimmed { line.trim().to_owned() } else { line };
                Kind::Text { value, is_password: kind == "password" }
            }
        },
    };
    let name = attr("name").unwrap_or_default().to_owned();
    let dirname = attr("dirname").filter(|name| !name.is_empty()).map(|name| (name.to_owned(), direction(element)));
    let direction = dirname.filter(|_| matches!(kind, Kind::Text { .. }));
    Some(Control { name, kind, is_disabled: is_disabled(element), direction })
}

fn choice(element: ElementRef<'_>) -> Kind {
    let many = element.attr("multiple").is_some();
    let is_off = |option: ElementRef<'_>| {
        let group = option.parent().and_then(ElementRef::wrap).filter(|around| around.value().name() == "optgroup");
        option.attr("disabled").is_some() || group.is_some_and(|group| group.attr("disabled").is_some())
    };
    let elements = element.descendent_elements().filter(|element| element.value().name() == "option");
    let mut options: Vec<Item> = elements
        .map(|option| {
            let text = || option.text().collect::<String>().split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            Item {
                value: option.attr("value").map_or_else(text, str::to_owned),
                is_on: option.attr("selected").is_some(),
                is_disabled: is_off(option),
            }
        })
        .collect();
    if !many {
        let is_menu = element.attr("size").and_then(|size| size.trim().parse::<u32>().ok()).unwrap_or(1) <= 1;
        let first = || options.iter().position(|option| !option.is_disabled).filter(|_| is_menu);
        let on = options.iter().rposition(|option| option.is_on).or_else(first);
        options.iter_mut().enumerate().for_each(|(at, option)| option.is_on = Some(at) == on);
    }
    Kind::Choice { options, many }
}

/// Of radio buttons with one name the last that is on counts: it turned the others off.
fn settle_radios(controls: &mut [Control]) {
    let mut later = HashSet::new();
    for control in controls.iter_mut().rev() {
        if let Kind::Radio { is_on, .. } = &mut control.kind
            && *is_on
        {
            *is_on = later.insert(control.name.clone());
        }
    }
}

/// By itself, by a `<fieldset>` around it (but for what is in its first `<legend>`), or because it
/// stands in a `<datalist>`.
fn is_disabled(element: ElementRef<'_>) -> bool {
    let mut below = element;
    for around in element.ancestors().filter_map(ElementRef::wrap) {
        let name = around.value().name();
        if name == "datalist" {
            return true;
        }
        if name == "fieldset" && around.attr("disabled").is_some() {
            let legend = around.child_elements().take(LEGEND_WITHIN).find(|child| child.value().name() == "legend");
            if legend.is_none_or(|legend| legend.id() != below.id()) {
                return true;
            }
        }
        below = around;
    }
    element.attr("disabled").is_some()
}

/// As the nearest `dir` says.
fn direction(element: ElementRef<'_>) -> &'static str {
    let around = std::iter::once(element).chain(element.ancestors().filter_map(ElementRef::wrap));
    let said = around.filter_map(|element| element.attr("dir")).next().unwrap_or_default();
    if said.eq_ignore_ascii_case("rtl") { "rtl" } else { "ltr" }
}
