//! The table `[login]` of a recipe: which form is filled in with what.
//!
//! ```toml
//! [login]
//! url = "https://shop.example/login"
//! form = "form#login"
//! fields = { user = "anna", password = { env = "SHOP_PASSWORD" }, remember = true }
//! token = { csrf = "meta[name=csrf-token]::attr(content)" }
//! check = "a[href='/logout']"
//! unless = "a[href='/logout']"
//! allow-origin = "https://accounts.example"
//! ```
//!
//! No error holds the value of a field. Must not know the environment: names of variables stay names.

use std::ops::Range;

use toml::{Spanned, de::DeValue};
use url::Url;

use super::{File, RecipeError, in_order};
use crate::{
    model::{units, wanted::Rule},
    page::{
        form::{Css, Secret},
        select::Plan,
    },
};

const KEYS: [&str; 7] = ["url", "form", "fields", "token", "check", "unless", "allow-origin"];

/// What a recipe says about logging in.
#[derive(Clone, Debug)]
pub struct LoginRecipe {
    /// The page with the form.
    pub url: Url,
    /// The form; `None` is the only one with a field for a password.
    pub form: Option<Css>,
    /// What is put into its fields, in the order of the file.
    pub fields: Vec<(String, Given)>,
    /// Fields whose values are taken from the page.
    pub tokens: Plan,
    /// What must be on the page after it.
    pub check: Option<Css>,
    /// What is on the page of somebody who is logged in already.
    pub unless: Option<Css>,
    /// Other origins that what is filled in may go to.
    pub allow_origin: Vec<Url>,
}

/// Where the value of a field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// From the recipe.
    Text(Secret),
    /// From the environment variable of this name.
    Env(String),
    /// A box that is ticked, or not.
    Tick(bool),
}

type Value<'i> = Spanned<DeValue<'i>>;

pub(super) fn read(file: &File<'_>, name: Range<usize>, value: &Value<'_>) -> Result<LoginRecipe, RecipeError> {
    let mut url = None;
    let (mut form, mut check, mut unless) = (None, None, None);
    let (mut fields, mut tokens, mut allow_origin) = (Vec::new(), Vec::new(), Vec::new());
    for (key, value) in in_order(file.table(value).map_err(RecipeError::masked)?) {
        match key.get_ref().as_ref() {
            "url" => url = Some(address(file, value).map_err(RecipeError::masked)?),
            "form" => form = Some(css(file, "form", value)?),
            "check" => check = Some(css(file, "check", value)?),
            "unless" => unless = Some(css(file, "unless", value)?),
            "fields" => fields = given(file, value).map_err(RecipeError::masked)?,
            "token" => tokens = rules(file, value)?,
            "allow-origin" => allow_origin = origins(file, value).map_err(RecipeError::masked)?,
            other => {
                let near = units::nearest(other, KEYS).map(|near| format!("did you mean `{near}`?"));
                // A mistyped `fields` may have a password behind it.
                let fault = file.fault(key.span(), format!("unknown key `{other}` in [login]")).masked();
                return Err(fault.hint(near.unwrap_or_else(|| format!("there are {}", KEYS.join(", ")))));
            }
        }
    }
    let missing = || file.fault(name, "[login] does not say where the form is").hint("write url = \"https://…\" in it");
    let tokens = Plan::of(&tokens, &[]).map_err(|error| file.selector(&error, 0..0))?;
    Ok(LoginRecipe { url: url.ok_or_else(missing)?, form, fields, tokens, check, unless, allow_origin })
}

fn address(file: &File<'_>, value: &Value<'_>) -> Result<Url, RecipeError> {
    let text = file.string(value)?;
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let wrong = || file.fault(value.span(), "this is no address").masked().hint("write https://shop.example/login");
    url.filter(|url| url.username().is_empty() && url.password().is_none()).ok_or_else(wrong)
}

fn css(file: &File<'_>, name: &str, value: &Value<'_>) -> Result<Css, RecipeError> {
    Css::parse(name, file.string(value)?).map_err(|error| file.selector(&error, value.span()))
}

fn given(file: &File<'_>, value: &Value<'_>) -> Result<Vec<(String, Given)>, RecipeError> {
    let mut fields = Vec::new();
    for (key, value) in in_order(file.table(value)?) {
        let given = match value.get_ref() {
            DeValue::Boolean(tick) => Given::Tick(*tick),
            DeValue::Table(table) => match (table.get("env"), table.len()) {
                (Some(name), 1) => Given::Env(file.string(name)?.to_owned()),
                _ => {
                    let fault = file.fault(key.span(), format!("`{}` is no text", key.get_ref()));
                    return Err(fault.hint("write { env = \"NAME\" } for what is in an environment variable"));
                }
            },
            _ => Given::Text(Secret::new(file.string(value)?)),
        };
        fields.push((key.get_ref().to_string(), given));
    }
    Ok(fields)
}

fn rules(file: &File<'_>, value: &Value<'_>) -> Result<Vec<Rule>, RecipeError> {
    let mut rules = Vec::new();
    for (key, value) in in_order(file.table(value)?) {
        let rule = Rule::css(key.get_ref().as_ref(), file.string(value)?);
        Plan::try_rule(&rule, 0).map_err(|error| file.selector(&error, value.span()))?;
        rules.push(rule);
    }
    Ok(rules)
}

fn origins(file: &File<'_>, value: &Value<'_>) -> Result<Vec<Url>, RecipeError> {
    match value.get_ref().as_array() {
        Some(list) => list.iter().map(|one| address(file, one)).collect(),
        None => Ok(vec![address(file, value)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Recipe;
    use super::*;

    #[test]
    fn a_login_is_read_as_it_is_written() {
        let text = r#"
            [login]
            url = "https://h.example/login"
            form = "form#login"
            fields = { user = "anna", password = { env = "SECRET" }, remember = true }
            token = { csrf = "meta[name=csrf-token]::attr(content)" }
            check = "a[href='/logout']"
            allow-origin = ["https://a.example", "https://b.example:8443/"]
            [select]
            title = "h1"
        "#;
        let recipe = Recipe::parse(text).unwrap();
        let login = recipe.login.unwrap();
        assert_eq!((login.url.as_str(), recipe.rules.len()), ("https://h.example/login", 1));
        let expected = [
            ("user".to_owned(), Given::Text(Secret::new("anna"))),
            ("password".to_owned(), Given::Env("SECRET".to_owned())),
            ("remember".to_owned(), Given::Tick(true)),
        ];
        assert_eq!(login.fields, expected);
        assert_eq!(login.tokens.names().collect::<Vec<_>>(), ["csrf"]);
        assert_eq!(login.allow_origin.len(), 2);
        assert!(login.unless.is_none() && login.check.is_some_and(|css| css.text().contains("logout")));
        assert!(Recipe::parse("").unwrap().login.is_none());
    }

    #[test]
    fn a_wrong_login_is_shown_where_it_is_wrong_and_never_its_values() {
        for (text, line, told) in [
            ("[login]\nfields = { p = \"CANARY\" }", 1, "does not say where the form is"),
            ("[login]\nurl = \"ftp://CANARY\"", 2, "this is no address"),
            ("[login]\nurl = \"https://u:CANARY@h/\"", 2, "this is no address"),
            ("[login]\nurl = \"https://h/\"\nchek = \"p\"", 3, "did you mean `check`?"),
            ("[login]\nurl = \"https://h/\"\ncheck = \"p >> a\"", 3, "check: unexpected `>`"),
            ("[login]\nurl = \"https://h/\"\ntoken = { a = \"p|numbr\" }", 3, "did you mean `number`?"),
            ("[login]\nfields = { p = \"CANARY\", q = 3 }", 2, "a text is expected"),
            ("[login]\nfields = { p = \"CANARY\", q = { enf = \"CANARY\" } }", 2, "write { env = \"NAME\" }"),
            ("[login]\nfields = { p = \"CANARY }", 2, ""),
            ("[login]\nfields.p = \"CANARY", 2, ""),
            ("login = { fields = { p = \"CANARY\" } x }", 1, ""),
            ("[login]\nurl = \"https://h/\"\npasword = \"CANARY\"", 3, "unknown key `pasword` in [login]"),
            ("[login]\nurl = \"https://h/\"\nfeilds = { p = \"CANARY\" }", 3, "did you mean `fields`?"),
            ("[login.feilds]\nPASSWORD = \"CANARY\"", 1, "unknown key `feilds` in [login]"),
            ("login = \"CANARY\"", 1, "a table is expected"),
            ("[shop]\npassword = \"CANARY", 2, ""),
            ("[shop]\npassword = \"CANARY\"", 1, "unknown key `shop`"),
            ("pass-word = \"CANARY\"", 1, "unknown key `pass-word`"),
            ("x = 1 \n\"a = b\" = \"CANARY\"", 1, "unknown key `x`"),
            ("logn = { fields = { p = \"CANARY\" } }", 1, "did you mean `login`?"),
            ("login = { fields = { p = \"CANARY\" }, zzz = 1 }", 1, "unknown key `zzz`"),
        ] {
            let error = Recipe::parse(text).expect_err(text);
            let shown = error.to_string();
            assert!(error.line == line && shown.contains(told), "{text}\n{shown}");
            assert!(!shown.contains("CANARY"), "{text}\n{shown}");
        }
        let good = "[login]\nurl = \"https://h/\"\nfields = { p = \"CANARY\" }";
        assert!(!format!("{:?}", Recipe::parse(good)).contains("CANARY"));
    }
}
