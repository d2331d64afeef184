//! What is read out of bodies and put into records.

use fetchall::{
    model::{Digest, units},
    settings::{Settings, With},
};

use super::{BadFlag, trust::Switch};

/// Flags of the group "Extract".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Extract")]
pub struct ExtractFlags {
    /// Text that a selector finds, as data.NAME: title=h1
    ///
    /// `--select NAME=CSS` gives the first match, `--select 'NAME[]=CSS'` a list of all. May be
    /// repeated.
    #[arg(long, value_name = "NAME=CSS", value_parser = select)]
    pub select: Vec<(String, String)>,
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
fn select(text: &str) -> Result<(String, String), String> {
    let wrong = || format!("`{text}` is not NAME=CSS; write title=h1 or 'links[]=a[href]'");
    let (name, css) = text.split_once('=').ok_or_else(wrong)?;
    let (name, css) = (name.trim(), css.trim());
    let bare = name.strip_suffix("[]").unwrap_or(name);
    if css.is_empty() || bare.is_empty() || bare.contains(['[', ']', ' ', '"']) {
        return Err(wrong());
    }
    Ok((name.to_owned(), css.to_owned()))
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
    /// Fills `pages`.
    pub fn resolve(&self, settings: &mut Settings) -> Result<(), BadFlag> {
        let bare = |name: &str| name.trim_end_matches("[]").to_owned();
        for (at, (name, _)) in self.select.iter().enumerate() {
            if self.select[..at].iter().any(|(other, _)| bare(other) == bare(name)) {
                return Err(BadFlag::new("--select", format!("`{}` is named twice", bare(name))));
            }
        }
        settings.pages.select.clone_from(&self.select);
        for one in &self.with {
            let all = &mut settings.pages.with;
            all.headers |= one.headers;
            all.body |= one.body;
            all.tls |= one.tls;
            all.attempts |= one.attempts;
            all.links |= one.links;
            all.skipped |= one.skipped;
        }
        settings.pages.digest = match self.digest {
            Some(Switch::On) => Digest::Sha256,
            Some(Switch::Off) => Digest::Off,
            None => settings.pages.digest,
        };
        Ok(())
    }
}
