//! The public row of a checked link: the `link` record.
//!
//! One for every link that was found; `check` makes them, `sink` and `report` read them. The order
//! of the fields is the order of the keys. Must not know how a verdict comes about.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::{
    link::{LinkKind, Spot},
    record::{Error, Ms, Outcome, RecordKind, Redirect, Skip},
};

/// How much a finding weighs. Ordered: `Off` is least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Not worth a word.
    #[default]
    Off,
    /// Shown.
    Warning,
    /// Shown, and the link is not `ok`.
    Error,
}

impl Severity {
    /// The name in records and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Off => "off",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

macro_rules! rules {
    ($( $variant:ident $name:literal $severity:ident $meaning:literal $advice:literal; )*) => {
        /// What was found about a link. The names are API: rules are added, never renamed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule { $( #[doc = $meaning] $variant, )* }

        impl Rule {
            /// Every rule, in the order of the table.
            pub const ALL: &'static [Rule] = &[ $( Rule::$variant, )* ];

            /// The stable name, for example `link.missing_anchor`.
            pub const fn name(self) -> &'static str {
                match self { $( Rule::$variant => $name, )* }
            }

            /// What it weighs unless `--rule` says otherwise.
            pub const fn severity(self) -> Severity {
                match self { $( Rule::$variant => Severity::$severity, )* }
            }

            /// What it means, one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $( Rule::$variant => $meaning, )* }
            }

            /// What to do about it.
            pub const fn advice(self) -> &'static str {
                match self { $( Rule::$variant => $advice, )* }
            }
        }
    };
}

rules! {
    Dead "link.dead" Error
        "The target does not exist or cannot be reached, also at the second look."
        "Correct or remove the link; `error.code` and `status` say what was met.";
    MissingFile "link.missing_file" Error
        "No file of that name stands where the link points to."
        "Correct the path; --root-dir says where links that start with / begin, --preset how the folder is served.";
    MissingAnchor "link.missing_anchor" Error
        "The target has no place of that name (no such id, heading or page)."
        "Correct the fragment; `suggestion` has the nearest name that exists.";
    Case "link.case" Error
        "The path is right but for the case of its letters: it works on some systems and breaks on others."
        "Write the name as the file has it; --fix does.";
    Invalid "link.invalid" Error
        "The link cannot be read as a URL."
        "Correct what `error.message` names.";
    Mail "link.mail" Error
        "The mail address or telephone number is malformed."
        "Write mailto:name@example.com or tel:+4930123456.";
    Redirected "link.redirected" Off
        "The target has moved for good (301 or 308 all the way)."
        "Link to the final address; --fix does.";
    Insecure "link.insecure" Off
        "The link is http and the same address works over https."
        "Write https; --fix does.";
    Mixed "link.mixed" Warning
        "A page served over https loads something over http; browsers block or upgrade it."
        "Write https.";
    Blocked "link.blocked" Off
        "The server refuses programs (403, 999, a challenge page): the link may well work for people."
        "Look at it in a browser; --accept or an ignore entry settles it.";
    Limited "link.limited" Warning
        "The server asked to slow down until the end (429, 503 with Retry-After); nothing is known about the link."
        "Check it again later, or slower: --rate-per-host, --delay.";
    Flaky "link.flaky" Off
        "The target failed first and answered when asked again."
        "Nothing, unless it happens often.";
    Unverifiable "link.unverifiable" Off
        "Whether it works cannot be told from outside: a route within a single-page application, an unknown scheme."
        "Nothing.";
    SoftMissing "link.soft_404" Warning
        "The server answers 200 with a page that says that there is nothing."
        "Look at it in a browser.";
    Parked "link.parked" Warning
        "The domain seems to be parked or for sale."
        "Look at it in a browser, and replace the link.";
    Login "link.login" Warning
        "The link ends at a sign-in page."
        "Link to something public, or give credentials with -H or --auth-file.";
    UnusedIgnore "link.unused_ignore" Warning
        "An ignore entry matches no link any more, or its date has passed."
        "Remove it.";
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Rule {
    type Err = ();

    /// By name, the part before the dot left out or not.
    fn from_str(name: &str) -> Result<Self, ()> {
        let is_it = |rule: &&Rule| rule.name() == name || rule.name().strip_prefix("link.") == Some(name);
        Rule::ALL.iter().find(is_it).copied().ok_or(())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Where a link stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LinkSource {
    /// The file, as named on the command line or found below it, with `/` between its parts.
    pub path: Option<Box<str>>,
    /// The page, where the link was found over the network.
    pub url: Option<Box<str>>,
    /// First line, from 1; `None` where the place is unknown.
    pub line: Option<u32>,
    /// First column, from 1, in characters.
    pub column: Option<u32>,
    /// Line behind the last character.
    pub end_line: Option<u32>,
    /// Column behind the last character.
    pub end_column: Option<u32>,
    /// What the link is for.
    #[schemars(with = "String")]
    pub kind: LinkKind,
    /// The element or construct.
    pub element: &'static str,
    /// The attribute, where there is one.
    pub attribute: Option<&'static str>,
    /// What people read.
    pub text: Box<str>,
    /// The reference as written.
    pub raw: Box<str>,
}

impl LinkSource {
    /// Fills in the place.
    pub fn at(mut self, spot: Spot) -> Self {
        self.line = Some(spot.line);
        self.column = Some(spot.column);
        self.end_line = Some(spot.end_line);
        self.end_column = Some(spot.end_column);
        self
    }
}

/// What could stand there instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Suggestion {
    /// Why it is suggested.
    pub kind: SuggestionKind,
    /// The reference to write, in the form that the document uses (relative stays relative).
    pub url: String,
}

/// Why something is suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionKind {
    /// The target moved there for good.
    Redirect,
    /// The same over https.
    Https,
    /// The same in the right case.
    Case,
    /// A place of nearly that name exists.
    Anchor,
    /// A file of nearly that name, or the renamed file.
    File,
    /// A copy in a web archive may exist there.
    Archive,
}

impl SuggestionKind {
    /// Whether `--fix` may write it without a person looking.
    pub const fn is_safe(self) -> bool {
        !matches!(self, SuggestionKind::Archive)
    }
}

/// One link in a document, exactly one of these out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// Version of the record, 1.
    pub v: u8,
    /// `link`.
    #[serde(rename = "type")]
    pub kind: RecordKind,
    /// Position of the link among all that were found, from 0.
    pub seq: u64,
    /// False exactly when this record counts against the exit code.
    pub ok: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// What was found; `None` where there is nothing to say.
    #[schemars(with = "Option<String>")]
    pub rule: Option<Rule>,
    /// What that weighs in this run.
    pub severity: Severity,
    /// Where the link stands.
    pub source: LinkSource,
    /// The target, absolute, without fragment: a URL, or the path of a file.
    pub url: Option<Box<str>>,
    /// The URL that answered.
    pub final_url: Option<Box<str>>,
    /// The fragment as written, without `#`.
    pub fragment: Option<Box<str>>,
    /// `host[:port]` that limits apply to; `None` for files.
    pub host: Option<Box<str>>,
    /// Status of the last response.
    pub status: Option<u16>,
    /// Why it is not good.
    pub error: Option<Error>,
    /// Why it was left out.
    pub skip: Option<Skip>,
    /// What could stand there instead.
    pub suggestion: Option<Suggestion>,
    /// Redirects that were followed, in order.
    pub redirects: Vec<Redirect>,
    /// Tries made for the target.
    pub attempts: u32,
    /// Time of the last exchange.
    pub total_ms: Option<Ms>,
    /// When this finding was first seen (`--grace`, `--baseline`), RFC 3339.
    pub first_seen: Option<Box<str>>,
    /// Stands for this finding over moved lines: hex of a hash of rule, document, target and the
    /// how-manieth of its kind.
    pub fingerprint: Box<str>,
}

impl Finding {
    /// One line that says what is wrong, for people and reports; empty where nothing is.
    pub fn message(&self) -> String {
        let what = match (&self.error, &self.skip, self.rule) {
            (Some(error), _, _) => error.message.clone(),
            (None, Some(skip), _) => skip.message.clone(),
            (None, None, Some(rule)) => rule.meaning().to_owned(),
            (None, None, None) => return String::new(),
        };
        match &self.suggestion {
            Some(suggestion) => format!("{what} (did you mean {}?)", suggestion.url),
            None => what,
        }
    }
}

/// The JSON Schema of a row (draft 2020-12).
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Finding).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_by_either_name() {
        for rule in Rule::ALL {
            assert_eq!(rule.name().parse(), Ok(*rule));
        }
        assert_eq!("missing_anchor".parse(), Ok(Rule::MissingAnchor));
        assert_eq!("nonsense".parse::<Rule>(), Err(()));
    }
}
