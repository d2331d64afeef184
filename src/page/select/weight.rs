//! How much memory JSON takes, so that it can be refused before it takes it. Must not know pages.

use serde_json::Value;

/// A value, in bytes.
pub(super) const VALUE: usize = 32;

/// An object: the node of its tree holds eleven members.
pub(super) const OBJECT: usize = 640;

/// Share of the real weight that is charged, texts aside: 32 MiB of data may take 256 MiB as JSON.
const SHARE: usize = 8;

/// Weight of the values that a JSON text holds, counted too high where its texts hold `{[,`.
pub(super) fn of_text(text: &str) -> usize {
    let bytes: usize =
        text.bytes().map(|byte| if byte == b'{' { OBJECT } else { usize::from(byte == b',') * VALUE }).sum();
    (bytes + text.len()) / SHARE
}

/// Weight of a value with all that it holds; more than `most` counts as `most + 1`.
pub(super) fn of(value: &Value, most: usize) -> usize {
    let (mut left, mut weight) = (vec![value], 0usize);
    while let Some(value) = left.pop() {
        weight += VALUE / SHARE;
        match value {
            Value::String(text) => weight += text.len(),
            Value::Array(list) => left.extend(list),
            Value::Object(map) => {
                weight += OBJECT / SHARE + map.keys().map(String::len).sum::<usize>();
                left.extend(map.values());
            }
            _ => {}
        }
        if weight > most {
            return most + 1;
        }
    }
    weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_grow_with_what_takes_memory() {
        let flat = format!("[{}0]", "0,".repeat(1000));
        let objects = format!("[{}0]", "{},".repeat(1000));
        assert!(of_text(&flat) >= 1000 * VALUE / SHARE);
        assert!(of_text(&objects) >= 1000 * OBJECT / SHARE);
        let value: Value = serde_json::from_str(&objects).unwrap();
        assert!(of(&value, usize::MAX - 1) >= 1000 * OBJECT / SHARE);
        assert_eq!(of(&value, 100), 101);
    }
}
