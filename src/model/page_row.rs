//! What the record of a crawled page has beside the keys of every record.
//!
//! Plain values. Must not know how a crawl goes on.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{FoundIn, record};

/// The keys of a page; always present in a record of type `page`, `null` when there is nothing to say.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PageRow {
    /// How many links it is away from a seed, which is at 0. `null`: it lies outside the crawl and was
    /// only looked at (`--check-links`).
    pub depth: Option<u32>,
    /// `url` of the page or sitemap that it was first found on; `null` for a seed.
    pub parent: Option<String>,
    /// How it was found there.
    pub found_in: FoundIn,
    /// Its proper name by `<link rel=canonical>`, absolute.
    pub canonical: Option<String>,
    /// Its language by `<html lang>`.
    pub lang: Option<String>,
    /// It asks not to be indexed; `null` if it was not read.
    pub noindex: Option<bool>,
    /// It asks not to follow its links; `null` if it was not read.
    pub nofollow: Option<bool>,
    /// What it links to; `null` if its links were not looked at.
    pub links: Option<LinkCounts>,
}

impl PageRow {
    /// Of a URL that nothing is known about but how it was found.
    pub fn found(depth: Option<u32>, parent: Option<String>, found_in: FoundIn) -> Self {
        let (canonical, lang, noindex, nofollow, links) = (None, None, None, None, None);
        PageRow { depth, parent, found_in, canonical, lang, noindex, nofollow, links }
    }
}

/// Pages that a page links to, each once, itself not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LinkCounts {
    /// In the scope of the crawl.
    pub internal: u32,
    /// Outside.
    pub external: u32,
    /// Of the internal ones, those that were not known and are to be asked for.
    pub new: u32,
    /// All links of the page, absolute, in document order (`--with links`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urls: Option<Vec<String>>,
}

/// The JSON Schema of a record of type `page` (draft 2020-12): that of every record and the keys above.
pub fn schema() -> Value {
    let mut whole = record::schema();
    let own = schemars::schema_for!(PageRow).to_value();
    whole["title"] = "Page".into();
    for part in ["properties", "$defs"] {
        if let (Some(all), Some(own)) = (whole[part].as_object_mut(), own[part].as_object()) {
            all.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    if let (Some(all), Some(own)) = (whole["required"].as_array_mut(), own["properties"].as_object()) {
        all.extend(own.keys().map(|key| Value::from(key.as_str())));
    }
    whole
}
