//! From a page's data to a type of one's own. Must not know pages.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeOwned, value::MapDeserializer};
use serde_json::Value;

/// Why data does not fit a type.
#[derive(Debug)]
pub struct FillError {
    /// The name whose value does not fit; `None` if it is the whole.
    pub name: Option<String>,
    source: serde_json::Error,
}

impl fmt::Display for FillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "data.{name}: {}", self.source),
            None => write!(f, "data: {}", self.source),
        }
    }
}

impl std::error::Error for FillError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// The data of a page as a struct: each field takes the value of its name.
///
/// A field that may be missing is an `Option`. Numbers need a filter: a text fills no `f64`.
pub fn fill<T: DeserializeOwned>(data: &[(String, Value)]) -> Result<T, FillError> {
    let last = Cell::new(None);
    let entries = data.iter().map(|(name, value)| {
        last.set(Some(name.as_str()));
        (name.as_str(), value)
    });
    // A field that is missing is told behind the last entry, and is not its fault.
    let end = std::iter::from_fn(|| {
        last.set(None);
        None
    });
    let filled = T::deserialize(MapDeserializer::<_, serde_json::Error>::new(entries.chain(end)));
    filled.map_err(|source| FillError { name: last.get().map(str::to_owned), source })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Item {
        title: String,
        price: Option<f64>,
        #[serde(default)]
        tags: Vec<String>,
    }

    fn data(values: &[(&str, Value)]) -> Vec<(String, Value)> {
        values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn a_plain_struct_is_filled_from_data() {
        let found =
            data(&[("title", json!("Pot")), ("price", json!(51.77)), ("tags", json!(["a"])), ("more", json!(1))]);
        let want = Item { title: "Pot".into(), price: Some(51.77), tags: vec!["a".into()] };
        assert_eq!(fill::<Item>(&found).unwrap(), want);
        let bare = fill::<Item>(&data(&[("title", json!("Pot")), ("price", json!(null))])).unwrap();
        assert_eq!((bare.price, bare.tags), (None, Vec::new()));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let wrong = fill::<Item>(&data(&[("title", json!("Pot")), ("price", json!("51.77")), ("z", json!(1))]));
        assert_eq!(wrong.unwrap_err().to_string(), "data.price: invalid type: string \"51.77\", expected f64");
        let missing = fill::<Item>(&data(&[("price", json!(1.5))])).unwrap_err();
        assert_eq!(missing.to_string(), "data: missing field `title`");
    }
}
