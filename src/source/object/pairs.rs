//! A JSON object as its keys and values in the order written, each still text, so that a fault
//! can name its place. Must not know what the keys mean.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// Keys of one object at most, so that a line of 16 MiB cannot be made into millions of them.
const MOST_KEYS: usize = 1_000;

/// The pairs of an object.
pub(super) struct Pairs<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'a> Pairs<'a> {
    /// Raw key, decoded key, raw value; in order, without those whose value is `null`.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a RawValue, Cow<'a, str>, &'a RawValue)> + '_ {
        self.0
            .iter()
            .filter(|(_, value)| !super::is_null(value))
            .map(|&(key, value)| (key, string(key).unwrap_or(Cow::Borrowed(key.get())), value))
    }

    /// Whether there is such a key, `null` included.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| string(key).is_some_and(|key| key == name))
    }

    /// The second of two keys of the same name, of these names. Which of their values counts is told nowhere, and
    /// readers of JSON differ (RFC 8259, section 4).
    pub(super) fn twice<'n>(&self, names: &'n [&'n str]) -> Option<(&'a RawValue, &'n str)> {
        let mut seen = 0_u64;
        self.0.iter().find_map(|&(key, _)| {
            let decoded = string(key)?;
            let at = names.iter().position(|name| *name == decoded)?;
            let bit = 1_u64.checked_shl(u32::try_from(at).ok()?)?;
            let was_seen = seen & bit != 0;
            seen |= bit;
            was_seen.then_some((key, names[at]))
        })
    }

    /// The value of a key, the last one if it is written twice; `None` for `null`.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.iter().filter(|(_, key, _)| key == name).last().map(|(_, _, value)| value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(&'de RawValue, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    if pairs.len() == MOST_KEYS {
                        return Err(A::Error::custom(format_args!("more than {MOST_KEYS} keys")));
                    }
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(Collect).map(Pairs)
    }
}

/// The text of a JSON string; `None` if it is something else, or not Unicode (lone surrogates).
pub(super) fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let inner = value.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(value.get()).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

/// Where `part`, which was borrowed from `text`, begins in it.
pub(super) fn offset(text: &str, part: &RawValue) -> usize {
    (part.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}
