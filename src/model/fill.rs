//! From a page's data to a type of one's own. Must not know pages.

use std::fmt;

use serde::de::{DeserializeOwned, value::MapDeserializer};
use serde_json::Value;

use super::Record;

/// Why data does not fit a type.
#[derive(Debug)]
pub struct FillError {
    /// The name whose value does not fit, as `items[2].price`; `None` if it is the whole.
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
///
/// # Errors
/// A value that does not fit, and a field that has none.
pub fn fill<T: DeserializeOwned>(data: &[(String, Value)]) -> Result<T, FillError> {
    let entries = data.iter().map(|(name, value)| (name.as_str(), value));
    let values = MapDeserializer::<_, serde_json::Error>::new(entries);
    serde_path_to_error::deserialize(values).map_err(|error| {
        let path = error.path().to_string();
        FillError { name: Some(path).filter(|path| path != "."), source: error.into_inner() }
    })
}

impl Record {
    /// What was selected, as a struct; `None` where nothing was found: no page, or null and empty lists
    /// alone. So pages of another kind, among those of a crawl, are passed over.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use fetchall::{Fetcher, Request};
    /// use futures::{StreamExt as _, stream};
    ///
    /// #[derive(Debug, PartialEq, serde::Deserialize)]
    /// struct Book {
    ///     title: String,
    ///     price: f64,
    ///     tags: Vec<String>,
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// # let site = fetchall::demo::Site::start(0).await?;
    /// # let url = site.url("/catalogue/item/1");
    /// let fetcher = Fetcher::builder()
    ///     .select("title", "h1")
    ///     .select("price", ".price|number")
    ///     .select("tags[]", ".tag")
    ///     .build()?;
    /// let mut records = fetcher.run(stream::iter([url]).map(Request::get));
    /// while let Some(record) = records.next().await {
    ///     if let Some(book) = record.data_as::<Book>()? {
    ///         println!("{book:?}");
    /// #       assert!(book.price > 0.0);
    ///     }
    /// }
    /// # Ok(()) })
    /// # }
    /// ```
    ///
    /// # Errors
    /// A value that does not fit, and a field that has none; the error names it.
    pub fn data_as<T: DeserializeOwned>(&self) -> Result<Option<T>, FillError> {
        let is_hollow = |value: &Value| match value {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            _ => false,
        };
        let found = self.data.as_deref().filter(|data| !data.iter().all(|(_, value)| is_hollow(value)));
        found.map(fill).transpose()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Ending, Request, Visit, record::Heavy};

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
        let items = data(&[("items", json!([{"title": "Pot"}, {"title": 7}]))]);
        let nested = fill::<std::collections::HashMap<String, Vec<Item>>>(&items).unwrap_err();
        assert_eq!(nested.to_string(), "data.items[1].title: invalid type: integer `7`, expected a string");
    }

    #[test]
    fn a_page_on_which_nothing_was_found_fills_nothing_and_one_with_half_of_it_is_at_fault() {
        let mut record = Record::of(Visit::refused(0, Request::get("h"), None, Ending::Ok), Heavy::default());
        assert_eq!(record.data_as::<Item>().unwrap(), None);
        record.data = Some(data(&[("title", json!(null)), ("price", json!(null)), ("tags", json!([]))]));
        assert_eq!(record.data_as::<Item>().unwrap(), None);
        record.data = Some(data(&[("title", json!(null)), ("price", json!(1.5))]));
        let fault = record.data_as::<Item>().unwrap_err();
        assert_eq!(fault.to_string(), "data.title: invalid type: null, expected a string");
    }
}
