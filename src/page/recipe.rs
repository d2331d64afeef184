//! Recipes: what to select, kept in a TOML file.
//!
//! ```toml
//! required = ["title", "items.price"]
//!
//! [select]
//! title = "h1"
//! "links[]" = "a::attr(href)|url"
//!
//! [select."items[]"]
//! within = ".card"
//! title = "h2"
//! price = ".price|number"
//!
//! [json]
//! sku = "$.sku"
//!
//! [regex]
//! id = 'ID: (\d+)|int'
//! ```
//!
//! The table `[login]` is read by `login`.
//!
//! Must not know pages, flags or files.

mod login;

use std::{fmt, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub use login::{Given, LoginRecipe};

use super::select::{Plan, Rule, SelectError, What};
use crate::model::{View, redact, units};

/// Longest recipe, in bytes.
const BYTES: usize = 256 << 10;

/// Groups within groups at most, as in selectors.
const NESTING: usize = 8;

const KEYS: [&str; 6] = ["select", "json", "regex", "required", "view", "login"];

/// Key of a group's own selector.
const WITHIN: &str = "within";

/// What a recipe says.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// What to select, in the order of the file.
    pub rules: Vec<Rule>,
    /// Names that must find something.
    pub required: Vec<String>,
    /// Both, ready to be used.
    pub plan: Plan,
    /// Ready-made views.
    pub views: Vec<View>,
    /// How to log in before.
    pub login: Option<LoginRecipe>,
}

/// Characters of a line that are shown, around its fault.
const SHOWN: usize = 400;

/// Why a recipe cannot be used, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeError {
    /// What is wrong.
    pub message: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters are wrong there; at least 1.
    pub width: usize,
    /// The line itself.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for RecipeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RecipeError { message, line, column, width, text, hint } = self;
        let before = if *column > SHOWN { column - SHOWN / 2 } else { 0 };
        let shown = text.chars().skip(before).take(SHOWN);
        let shown: String = shown.map(|c| if c.is_control() { ' ' } else { c }).collect();
        // Formatting panics at widths that do not fit 16 bits.
        let (at, more) = ((column - before).min(SHOWN + 1), width.saturating_sub(1).min(SHOWN));
        write!(f, "line {line}, column {column}: {message}\n  {shown}\n  {:>at$}{:^<more$}", '^', "")?;
        hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

impl std::error::Error for RecipeError {}

type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;

/// A rule with the place of what it was written as, and those of a group.
struct Placed {
    rule: Rule,
    value: Range<usize>,
    inner: Vec<Placed>,
}

impl Recipe {
    /// Reads a recipe. Unknown keys and selectors that cannot be read are errors.
    pub fn parse(text: &str) -> Result<Recipe, RecipeError> {
        let file = File { text };
        if text.len() > BYTES {
            return Err(file.fault(0..0, format!("the recipe is longer than {BYTES} bytes")));
        }
        let table = DeTable::parse(text).map_err(|error| {
            let first = error.message().lines().next().unwrap_or_default().to_owned();
            let fault = file.fault(error.span().unwrap_or_default(), first);
            // It may be in a value that is nobody's business.
            if may_hold_login(text) || fault.names_secret() { fault.masked() } else { fault }
        })?;
        let (mut placed, mut required, mut views, mut login) = (Vec::new(), Vec::new(), Vec::new(), None);
        for (key, value) in in_order(table.get_ref()) {
            match key.get_ref().as_ref() {
                "select" => placed.extend(file.rules(value, 0)?),
                "json" => placed.extend(file.texts(value, Rule::json)?),
                "regex" => placed.extend(file.texts(value, Rule::regex)?),
                "required" => required = file.names(value, "required = [\"title\"]")?,
                "view" => views = file.views(value)?,
                "login" => {
                    login = Some(login::read(&file, key.span(), value).map_err(|error| error.masked_near("fields"))?)
                }
                other => {
                    let near = units::nearest(other, KEYS).map(|near| format!("did you mean `{near}`?"));
                    let fault = file.fault(key.span(), format!("unknown key `{other}`")).masked();
                    return Err(fault.hint(near.unwrap_or_else(|| format!("there are {}", KEYS.join(", ")))));
                }
            }
        }
        Ok(Recipe { login, views, ..file.recipe(placed, required)? })
    }
}

impl RecipeError {
    fn hint(self, hint: impl Into<String>) -> Self {
        RecipeError { hint: Some(hint.into()), ..self }
    }

    /// Shows of the line only what stands before the first `=`; of one without, nothing.
    fn masked(mut self) -> Self {
        let from = self.text.find('=').map_or(0, |at| at + 1);
        let (open, hidden) = self.text.split_at(from);
        self.text = open.chars().chain(hidden.chars().map(|c| if c.is_whitespace() { c } else { '*' })).collect();
        self
    }

    /// Whether the line is about something that is a secret, by its name.
    fn names_secret(&self) -> bool {
        let words = self.text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
        words.into_iter().any(|word| redact::may_be_secret_field(word) || word.to_ascii_lowercase().contains("pass"))
    }

    /// The same, where the line holds this word.
    fn masked_near(self, word: &str) -> Self {
        if self.text.contains(word) { self.masked() } else { self }
    }
}

/// The text of a recipe, to be blamed.
struct File<'a> {
    text: &'a str,
}

impl File<'_> {
    fn fault(&self, bytes: Range<usize>, message: impl Into<String>) -> RecipeError {
        let before = self.text.get(..bytes.start).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let text = self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let chars = |range: Range<usize>| self.text.get(range).unwrap_or_default().chars().count();
        let end = bytes.end.min(start + text.len()).max(bytes.start);
        RecipeError {
            message: message.into(),
            line: before.matches('\n').count() + 1,
            column: chars(start..before.len()) + 1,
            width: chars(bytes.start..end).max(1),
            text: text.to_owned(),
            hint: None,
        }
    }

    fn table<'t, 'i>(&self, value: &'t Spanned<DeValue<'i>>) -> Result<&'t DeTable<'i>, RecipeError> {
        let wrong = || self.fault(value.span(), format!("a table is expected, not a {}", value.get_ref().type_str()));
        value.get_ref().as_table().ok_or_else(wrong)
    }

    fn string<'t>(&self, value: &'t Spanned<DeValue<'_>>) -> Result<&'t str, RecipeError> {
        let wrong = || self.fault(value.span(), format!("a text is expected, not a {}", value.get_ref().type_str()));
        value.get_ref().as_str().ok_or_else(wrong)
    }

    /// Selectors and groups; `depth` counts the groups around them.
    fn rules(&self, value: &Spanned<DeValue<'_>>, depth: usize) -> Result<Vec<Placed>, RecipeError> {
        let mut rules = Vec::new();
        for (key, value) in in_order(self.table(value)?) {
            let name = key.get_ref().as_ref();
            if !value.get_ref().is_table() {
                if depth == 0 || name != WITHIN {
                    rules.push(Placed {
                        rule: Rule::css(name, self.string(value)?),
                        value: value.span(),
                        inner: Vec::new(),
                    });
                }
                continue;
            }
            if depth >= NESTING {
                return Err(self.fault(key.span(), format!("groups nest more than {NESTING} deep")));
            }
            let Some(within) = value.get_ref().get(WITHIN) else {
                let fault = self.fault(key.span(), format!("the group `{name}` does not say where it is found"));
                return Err(fault.hint(format!("write {WITHIN} = \".card\" in it")));
            };
            let inner = self.rules(value, depth + 1)?;
            let fields = inner.iter().map(|placed| placed.rule.clone()).collect();
            let what = What::Group(self.string(within)?.to_owned(), fields);
            rules.push(Placed { rule: Rule { name: name.to_owned(), what }, value: within.span(), inner });
        }
        Ok(rules)
    }

    fn texts(
        &self,
        value: &Spanned<DeValue<'_>>,
        rule: impl Fn(String, String) -> Rule,
    ) -> Result<Vec<Placed>, RecipeError> {
        let table = in_order(self.table(value)?);
        let placed = |(key, value): (&Key<'_>, &Spanned<DeValue<'_>>)| {
            let rule = rule(key.get_ref().to_string(), self.string(value)?.to_owned());
            Ok(Placed { rule, value: value.span(), inner: Vec::new() })
        };
        table.into_iter().map(placed).collect()
    }

    fn views(&self, value: &Spanned<DeValue<'_>>) -> Result<Vec<View>, RecipeError> {
        let read = |(name, place): (String, Range<usize>)| {
            View::of_name(&name).ok_or_else(|| {
                let all = || View::ALL.iter().map(|view| view.name());
                let near = units::nearest(&name, all()).map(|near| format!("did you mean `{near}`?"));
                let hint = near.unwrap_or_else(|| format!("there are {}", all().collect::<Vec<_>>().join(", ")));
                self.fault(place, format!("unknown view `{name}`")).hint(hint)
            })
        };
        self.names(value, "view = [\"text\"]")?.into_iter().map(read).collect()
    }

    /// `form` is what to write instead.
    fn names(&self, value: &Spanned<DeValue<'_>>, form: &str) -> Result<Vec<(String, Range<usize>)>, RecipeError> {
        let wrong = || self.fault(value.span(), "a list of names is expected").hint(format!("write {form}"));
        let list = value.get_ref().as_array().ok_or_else(wrong)?;
        list.iter().map(|name| Ok((self.string(name)?.to_owned(), name.span()))).collect()
    }

    /// Tries the rules one by one first, so that a fault is told where it stands.
    fn recipe(&self, placed: Vec<Placed>, required: Vec<(String, Range<usize>)>) -> Result<Recipe, RecipeError> {
        for one in &placed {
            self.try_out(one, 0)?;
        }
        let rules: Vec<Rule> = placed.iter().map(|placed| placed.rule.clone()).collect();
        // What is wrong with none of them and with all is a name that is there twice.
        if let Err(error) = Plan::of(&rules, &[]) {
            let place = named(&placed, &error.name).map_or(0..0, |one| one.value.clone());
            return Err(self.selector(&error, place));
        }
        let names: Vec<String> = required.iter().map(|(name, _)| name.clone()).collect();
        match Plan::of(&rules, &names) {
            Ok(plan) => Ok(Recipe { rules, required: names, plan, views: Vec::new(), login: None }),
            Err(error) => {
                let place = required.into_iter().find(|(name, _)| *name == error.name).map_or(0..0, |(_, place)| place);
                Err(RecipeError { hint: error.hint.map(String::from), ..self.fault(place, error.message) })
            }
        }
    }

    fn try_out(&self, placed: &Placed, depth: usize) -> Result<(), RecipeError> {
        for one in &placed.inner {
            self.try_out(one, depth + 1)?;
        }
        Plan::try_rule(&placed.rule, depth).map_err(|error| {
            let place = named(&placed.inner, &error.name).unwrap_or(placed).value.clone();
            self.selector(&error, place)
        })
    }

    /// The fault of a selector, at its place in the file where the file has it as it is.
    fn selector(&self, error: &SelectError, value: Range<usize>) -> RecipeError {
        let raw = self.text.get(value.clone()).unwrap_or_default();
        let inside = raw.find(error.css.as_str()).filter(|_| !error.css.is_empty());
        let place = inside.zip(error.column).map(|(at, column)| {
            let byte = |chars| error.css.char_indices().nth(chars).map_or(error.css.len(), |(at, _)| at);
            let start = value.start + at;
            start + byte(column - 1)..start + byte(column - 1 + error.width)
        });
        let fault = self.fault(place.unwrap_or(value), format!("{}: {}", error.name, error.message));
        RecipeError { hint: error.hint.as_deref().map(str::to_owned), ..fault }
    }
}

/// Whether a recipe that cannot be read looks like one with a login.
fn may_hold_login(text: &str) -> bool {
    text.contains("fields")
        || text.lines().any(|line| line.trim_start_matches([' ', '\t', '[', '"', '\'']).starts_with("log"))
}

/// The last rule of this name.
fn named<'p>(placed: &'p [Placed], name: &str) -> Option<&'p Placed> {
    placed.iter().rev().find(|one| one.rule.name == name)
}

/// The entries of a table in the order of the file.
fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Key<'i>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

#[cfg(test)]
mod tests;
