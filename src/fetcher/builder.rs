//! Settings by name, for Rust programs.
//!
//! Must not know how a run goes.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use http::{HeaderName, HeaderValue};

use super::{BuildError, Fetcher};
use crate::{
    engine::Hooks,
    model::{View, units::Rate, wanted::Rule},
    page::recipe::Recipe,
    settings::{
        AUTO_MOST, AUTO_MOST_PER_HOST, Adaptive, CacheSettings, Contact, Cookies, Dedupe, Order, Reach, RobotsMode,
        Save, Settings, With,
    },
};

/// Settings by name; whatever is not named is as the command line has it.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    settings: Settings,
    pub(super) hooks: Hooks,
    fault: Option<String>,
}

impl Builder {
    /// Starts from these settings.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Exchanges at once, over all hosts [default: 32].
    pub fn concurrency(mut self, most: usize) -> Self {
        if let Some(most) = self.at_least_one("concurrency", most) {
            self.settings.limits.in_flight = most;
        }
        self
    }

    /// Exchanges at once, for one host [default: 8].
    pub fn per_host(mut self, most: usize) -> Self {
        if let Some(most) = self.at_least_one("per_host", most) {
            self.settings.limits.host.in_flight = most;
        }
        self
    }

    /// Whether the numbers at once are found out below those that are set [default: off].
    pub fn adaptive(mut self, adaptive: Adaptive) -> Self {
        self.settings.limits.adaptive = adaptive;
        self
    }

    /// Finds all numbers at once out, up to [`AUTO_MOST`] and [`AUTO_MOST_PER_HOST`]; a later
    /// [`concurrency`](Self::concurrency) or [`per_host`](Self::per_host) is a cap.
    pub fn auto(self) -> Self {
        self.concurrency(AUTO_MOST.get()).per_host(AUTO_MOST_PER_HOST.get()).adaptive(Adaptive::All)
    }

    /// Requests looked ahead at most [default: 50,000].
    pub fn window(mut self, most: usize) -> Self {
        if let Some(most) = self.at_least_one("window", most) {
            self.settings.limits.window = most;
        }
        self
    }

    /// Starts per time, over all hosts.
    pub fn rate(mut self, rate: Rate) -> Self {
        self.settings.limits.rate = Some(rate);
        self
    }

    /// Starts per time, for one host.
    pub fn rate_per_host(mut self, rate: Rate) -> Self {
        self.settings.limits.host.rate = Some(rate);
        self
    }

    /// Whether the robots.txt of each origin is asked for first and obeyed [default: ignore].
    pub fn robots(mut self, robots: RobotsMode) -> Self {
        self.settings.robots = robots;
        self
    }

    /// Time for one attempt [default: 30 s].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.times.attempt = timeout;
        self
    }

    /// Tries after the first [default: 2].
    pub fn retries(mut self, retries: u32) -> Self {
        self.settings.retry.retries = retries;
        self
    }

    /// Redirects followed at most [default: 10].
    pub fn redirects(mut self, most: u32) -> Self {
        self.settings.ask.redirects = most;
        self
    }

    /// A field for every request to the origin that was asked for.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.settings.ask.headers.push((name, value));
        self
    }

    /// Whether cookies are kept, and in which jar [default: off].
    pub fn cookies(mut self, cookies: Cookies) -> Self {
        self.settings.transport.cookies = cookies;
        self
    }

    /// Keeps answers in this folder from one run to the next, and asks only for what is not there or not
    /// fresh (RFC 9111) [default: none are kept]. Replaces what was said of a cache before.
    ///
    /// Each record says what came of it ([`Record::cache`](crate::Record::cache)). Several runs and processes may share a folder.
    pub fn cache(mut self, dir: impl Into<std::path::PathBuf>) -> Self {
        self.settings.cache = Some(CacheSettings::new(dir));
        self
    }

    /// What came within this time is used whatever the server said; goes behind [`cache`](Self::cache).
    pub fn max_age(mut self, age: Duration) -> Self {
        match &mut self.settings.cache {
            Some(cache) => cache.max_age = Some(age),
            None => self.fault = Some("max_age goes behind cache".to_owned()),
        }
        self
    }

    /// Asks nobody: every answer that is there is used, however old, and what is not there fails with
    /// `io.missing`; goes behind [`cache`](Self::cache).
    pub fn offline(mut self) -> Self {
        match &mut self.settings.cache {
            Some(cache) => cache.reach = Reach::Offline,
            None => self.fault = Some("offline goes behind cache".to_owned()),
        }
        self
    }

    /// `User-Agent`.
    pub fn user_agent(mut self, value: HeaderValue) -> Self {
        self.settings.ask.user_agent = value;
        self
    }

    /// Who runs this, a mail address or an http(s) URL: stands in a comment behind `User-Agent`, and a mail
    /// address in `From` too. That it is neither is told by [`build`](Self::build).
    pub fn contact(mut self, contact: &str) -> Self {
        match Contact::parse(contact) {
            Ok(contact) => self.settings.ask.contact = Some(contact),
            Err(problem) => self.fault = Some(format!("contact {problem}")),
        }
        self
    }

    /// A selector: `name` becomes a key of the record's `data` (`name[]` a list).
    pub fn select(self, name: impl Into<String>, css: impl Into<String>) -> Self {
        self.rule(Rule::css(name, css))
    }

    /// A JSONPath, asked of JSON bodies and of the JSON-LD of pages.
    pub fn json(self, name: impl Into<String>, path: impl Into<String>) -> Self {
        self.rule(Rule::json(name, path))
    }

    /// A regular expression, asked of the text of any body.
    pub fn regex(self, name: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.rule(Rule::regex(name, pattern))
    }

    /// A name that must find something (`price`, or `items.price` in a group): a record without it
    /// is not `ok` (`extract.missing`, `extract.invalid`).
    pub fn required(mut self, name: impl Into<String>) -> Self {
        self.settings.pages.require([name.into()]);
        self
    }

    /// A ready-made view, for the record's `view`.
    pub fn view(mut self, view: View) -> Self {
        self.settings.pages.view(view);
        self
    }

    /// What a recipe selects and requires; its login is for [`Fetcher::login`]. A later rule of the same name replaces the recipe's.
    pub fn recipe(mut self, recipe: Recipe) -> Self {
        recipe.rules.into_iter().for_each(|rule| self.settings.pages.add(rule));
        self.settings.pages.require(recipe.required);
        recipe.views.into_iter().for_each(|view| self.settings.pages.view(view));
        self
    }

    /// Saves the bodies of accepted responses below this folder, under names that derive from their URLs
    /// (`example.com/docs/index.html`); `saved.path` of a record says where.
    pub fn save(mut self, dir: impl Into<std::path::PathBuf>) -> Self {
        self.settings.save = Some(Save { dir: dir.into(), ..self.settings.save.unwrap_or_default() });
        self
    }

    /// How the names of saved bodies are made, as `--save-name` says: `{date}/{host}/{path}`. That it cannot be
    /// read is told by [`build`](Self::build).
    pub fn save_name(mut self, template: impl Into<String>) -> Self {
        self.settings.save.get_or_insert_default().name = Some(template.into());
        self
    }

    fn rule(mut self, rule: Rule) -> Self {
        self.settings.pages.add(rule);
        self
    }

    /// Heavy keys that records carry.
    pub fn with(mut self, with: With) -> Self {
        self.settings.pages.with = with;
        self
    }

    /// Records in input order instead of completion order.
    pub fn ordered(mut self) -> Self {
        self.settings.choose.order = Order::Input;
        self
    }

    /// Repeats are fetched again instead of being skipped.
    pub fn keep_duplicates(mut self) -> Self {
        self.settings.choose.dedupe = Dedupe::Off;
        self
    }

    /// Ends the run after so many successes.
    pub fn first(mut self, successes: NonZeroU32) -> Self {
        self.settings.choose.first = Some(successes);
        self
    }

    /// The fetcher. Nothing is sent.
    ///
    /// # Errors
    /// A value, selector, certificate or proxy that cannot be used.
    pub fn build(self) -> Result<Fetcher, BuildError> {
        match self.fault {
            Some(fault) => Err(BuildError::Value(fault)),
            None => Ok(Fetcher { hooks: self.hooks, ..Fetcher::new(self.settings)? }),
        }
    }

    fn at_least_one(&mut self, name: &str, value: usize) -> Option<NonZeroUsize> {
        let checked = NonZeroUsize::new(value);
        if checked.is_none() {
            self.fault = Some(format!("{name} must be at least 1"));
        }
        checked
    }
}
