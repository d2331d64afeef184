//! The kinds of reports and their names.

use std::str::FromStr;

use crate::model::units::nearest;

/// How findings are written. The names are API (`--report KIND=PATH`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// JUnit XML, for the test pages of CI servers.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands, which GitHub Actions turns into annotations.
    Github,
    /// GitLab Code Quality.
    Gitlab,
    /// Checkstyle XML, which most review tools read.
    Checkstyle,
    /// Reviewdog Diagnostic Format, a diagnostic a line.
    Rdjsonl,
    /// A comment for a pull request.
    Markdown,
    /// A line for each finding.
    Text,
    /// One object with every link and the summary.
    Json,
    /// Every link, an object a line.
    Jsonl,
    /// A page for browsers, with every link.
    Html,
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Kind] = &[
        Kind::Junit,
        Kind::Sarif,
        Kind::Github,
        Kind::Gitlab,
        Kind::Checkstyle,
        Kind::Rdjsonl,
        Kind::Markdown,
        Kind::Text,
        Kind::Json,
        Kind::Jsonl,
        Kind::Html,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Junit => "junit",
            Kind::Sarif => "sarif",
            Kind::Github => "github",
            Kind::Gitlab => "gitlab",
            Kind::Checkstyle => "checkstyle",
            Kind::Rdjsonl => "rdjsonl",
            Kind::Markdown => "markdown",
            Kind::Text => "text",
            Kind::Json => "json",
            Kind::Jsonl => "jsonl",
            Kind::Html => "html",
        }
    }

    /// Whether links that are fine are written too. For the other kinds it is enough to keep what
    /// weighs something.
    pub const fn lists_all(self) -> bool {
        matches!(self, Kind::Json | Kind::Jsonl | Kind::Html)
    }
}

impl FromStr for Kind {
    type Err = String;

    /// By name; else a sentence that says which there are.
    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Kind::ALL.iter().map(|kind| kind.name());
        if let Some(kind) = Kind::ALL.iter().find(|kind| kind.name() == name) {
            return Ok(*kind);
        }
        let meant =
            nearest(name, names()).map(|near| format!("; did you mean {near}?")).unwrap_or_else(|| ".".to_owned());
        Err(format!("`{name}` is no kind of report{meant} There are: {}", names().collect::<Vec<_>>().join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_by_their_names_and_others_are_told_which_there_are() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        let told = "serif".parse::<Kind>().unwrap_err();
        assert!(told.contains("did you mean sarif?") && told.contains("checkstyle, rdjsonl"), "{told}");
        let told = "42".parse::<Kind>().unwrap_err();
        assert!(told.starts_with("`42` is no kind of report. There are: junit,"), "{told}");
    }
}
