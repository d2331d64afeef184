//! What is read out of bodies and put into records.

use std::path::PathBuf;

use fetchall::{
    model::{Digest, View, units, wanted::Rule},
    page::recipe::Recipe,
    settings::{Pages, Settings, With},
};

use super::{BadFlag, read_text, trust::Switch};

/// Flags of the group "Extract".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Extract")]
pub struct ExtractFlags {
    /// Text that a selector finds, as data.NAME: title=h1
    ///
    /// NAME=CSS gives the first match or null, 'NAME[]=CSS' a list of all. Behind the selector
    /// ::text, ::html or ::attr(NAME), then filters: 'price=.price|number|required'. In braces,
    /// fields of each match: 'items[]=.card{title=h2, price=.price|number}'. May be repeated.
    #[arg(long, value_name = "NAME=CSS", value_parser = select)]
    pub select: Vec<Rule>,
    /// What a JSONPath finds in JSON or JSON-LD: sku=$.sku
    ///
    /// RFC 9535, asked of JSON bodies and of the JSON-LD of pages; filters and [] as with --select. May be repeated.
    #[arg(long, value_name = "NAME=PATH", value_parser = json)]
    pub json: Vec<Rule>,
    /// What a regular expression finds: 'id=ID: (\d+)|int'
    ///
    /// In the text of any body: the first group, or the whole match; filters and [] as with --select. May be repeated.
    #[arg(long, value_name = "NAME=RE", value_parser = regex)]
    pub regex: Vec<Rule>,
    /// A name that must find something, or the record fails; may be repeated
    ///
    /// items.price is a field of a group. The record is not ok then: extract.missing, or
    /// extract.invalid where what was found cannot be read. All else stays in it.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub required: Vec<String>,
    /// A TOML file of selectors, required names and a login
    ///
    /// The flags add to it; one of the same name replaces what the recipe says. Its table [login]
    /// says which form is filled in before the run begins.
    #[arg(long, value_name = "FILE")]
    pub recipe: Option<PathBuf>,
    /// Ready-made: meta,jsonld,links,tables,text,markdown
    ///
    /// As view.NAME in records: what a page says about itself, its structured data, its links, its
    /// tables, its main content as text or as Markdown.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = view)]
    pub view: Vec<View>,
    /// Heavy keys: headers,body,tls,attempts,links
    ///
    /// For a crawl also `skipped`: a record for each URL that was found and not fetched.
    #[arg(long, value_name = "LIST", value_parser = with)]
    pub with: Vec<With>,
    /// SHA-256 of every body: on or off [default: on]
    ///
    /// Off, `sha256` is null in every record: for big bodies the digest costs more CPU than the rest.
    #[arg(long, value_name = "ON|OFF", hide_possible_values = true)]
    pub digest: Option<Switch>,
}

/// Splits at the first `=`: selectors hold `=` themselves (`a[rel=next]`), names do not.
fn named<'t>(text: &'t str, what: &str, example: &str) -> Result<(&'t str, &'t str), String> {
    let wrong = || format!("`{text}` is not NAME={what}; write {example}");
    let (name, selector) = text.split_once('=').ok_or_else(wrong)?;
    let name = name.trim();
    let bare = name.strip_suffix("[]").unwrap_or(name).trim_end();
    if selector.trim().is_empty() || bare.is_empty() || bare.contains(['[', ']', ' ', '"']) {
        return Err(wrong());
    }
    Ok((name, selector))
}

fn select(text: &str) -> Result<Rule, String> {
    named(text, "CSS", "title=h1 or 'links[]=a[href]'").map(|(name, css)| Rule::css(name, css.trim()))
}

fn json(text: &str) -> Result<Rule, String> {
    named(text, "PATH", "sku=$.sku or 'ids[]=$.items[*].id'").map(|(name, path)| Rule::json(name, path.trim()))
}

fn regex(text: &str) -> Result<Rule, String> {
    named(text, "RE", r"'id=ID: (\d+)'").map(|(name, pattern)| Rule::regex(name, pattern))
}

fn view(text: &str) -> Result<View, String> {
    let names = || View::ALL.iter().map(|view| view.name());
    View::of_name(text.trim()).ok_or_else(|| match units::nearest(text, names()) {
        Some(near) => format!("unknown view `{text}`; did you mean `{near}`?"),
        None => format!("unknown view `{text}`; there are {}", names().collect::<Vec<_>>().join(", ")),
    })
}

fn with(text: &str) -> Result<With, String> {
    const KEYS: [&str; 6] = ["headers", "body", "tls", "attempts", "links", "skipped"];
    let mut with = With::default();
    for key in text.split(',').map(str::trim) {
        match key {
            "headers" => with.headers = true,
            "body" => with.body = true,
            "tls" => with.tls = true,
            "attempts" => with.attempts = true,
            "links" => with.links = true,
            "skipped" => with.skipped = true,
            other => {
                let near = units::nearest(other, KEYS).map(|near| format!("; did you mean `{near}`?"));
                let near = near.unwrap_or_else(|| format!("; there are {}", KEYS.join(", ")));
                return Err(format!("unknown key `{other}`{near}"));
            }
        }
    }
    Ok(with)
}

impl ExtractFlags {
    /// Fills `pages` and hands the recipe out, which may say more. Whether selectors can be read is
    /// tried by whoever makes a plan of them.
    pub fn resolve(&self, settings: &mut Settings) -> Result<Option<Recipe>, BadFlag> {
        let pages = &mut settings.pages;
        let recipe = self.rules(pages)?;
        self.view.iter().for_each(|view| pages.view(*view));
        for one in &self.with {
            let all = &mut pages.with;
            all.headers |= one.headers;
            all.body |= one.body;
            all.tls |= one.tls;
            all.attempts |= one.attempts;
            all.links |= one.links;
            all.skipped |= one.skipped;
        }
        pages.digest = match self.digest {
            Some(Switch::On) => Digest::Sha256,
            Some(Switch::Off) => Digest::Off,
            None => pages.digest,
        };
        Ok(recipe)
    }

    /// The recipe, and what the flags add to it.
    fn rules(&self, pages: &mut Pages) -> Result<Option<Recipe>, BadFlag> {
        let mut read = None;
        if let Some(path) = &self.recipe {
            let text = read_text("--recipe", path)?;
            let recipe = Recipe::parse(&text)
                .map_err(|error| BadFlag::new("--recipe", format!("{}: {error}", path.display())))?;
            recipe.rules.iter().for_each(|rule| pages.add(rule.clone()));
            pages.require(recipe.required.iter().cloned());
            recipe.views.iter().for_each(|view| pages.view(*view));
            read = Some(recipe);
        }
        let typed: Vec<(&str, &Rule)> = (self.select.iter().map(|rule| ("--select", rule)))
            .chain(self.json.iter().map(|rule| ("--json", rule)))
            .chain(self.regex.iter().map(|rule| ("--regex", rule)))
            .collect();
        for (at, (_, rule)) in typed.iter().enumerate() {
            if let Some((flag, _)) = typed[..at].iter().find(|(_, other)| other.key() == rule.key()) {
                return Err(BadFlag::new(flag, format!("`{}` is named twice", rule.key())));
            }
            pages.add((*rule).clone());
        }
        pages.require(self.required.iter().map(|name| name.trim().to_owned()));
        Ok(read)
    }
}
