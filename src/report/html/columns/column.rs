//! One column while rows come in, and the shortest way to write it. Must not know other columns' names.

use std::{collections::HashMap, fmt::Write as _, ops::Range};

/// One column of the rows that were taken in.
#[derive(Default)]
pub(super) struct Column {
    /// Their values, one behind the other.
    text: String,
    /// Where each begins and ends; `None` where the row has no such key.
    cells: Vec<Option<Range<usize>>>,
}

impl Column {
    /// Takes the value of a row in; rows without one are passed over.
    pub(super) fn push(&mut self, row: usize, value: &str) {
        self.cells.resize(row, None);
        let from = self.text.len();
        self.text.push_str(value);
        self.cells.push(Some(from..self.text.len()));
    }

    /// The value of a row; `None` where it has no such key.
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        self.cells.get(row)?.clone().and_then(|cell| self.text.get(cell))
    }

    /// The values of `rows` rows; `null` where there is none.
    fn values(&self, rows: usize) -> impl Iterator<Item = &str> {
        (0..rows).map(|row| self.get(row).unwrap_or("null"))
    }

    /// Whether one of so many rows has no value.
    pub(super) fn has_gaps(&self, rows: usize) -> bool {
        self.cells.len() < rows || self.cells.contains(&None)
    }

    /// The shortest way to write it. `model` is another column that may say the same.
    pub(super) fn encode(&self, rows: usize, model: Option<(&str, &Column)>) -> String {
        let mut kinds: HashMap<&str, usize> = HashMap::new();
        let mut of: Vec<&str> = Vec::new();
        let at: Vec<usize> = self
            .values(rows)
            .map(|value| {
                *kinds.entry(value).or_insert_with(|| {
                    of.push(value);
                    of.len() - 1
                })
            })
            .collect();
        let mut text = if of.len() == 1 {
            format!("{{\"all\":[{}]", of[0])
        } else if of.len() * 2 <= rows {
            let at = at.iter().map(usize::to_string).collect::<Vec<_>>();
            format!("{{\"of\":[{}],\"at\":[{}]", of.join(","), at.join(","))
        } else {
            self.as_model(rows, model)
                .unwrap_or_else(|| format!("{{\"list\":[{}]", self.values(rows).collect::<Vec<_>>().join(",")))
        };
        let none: Vec<_> = (0..rows).filter(|row| self.get(*row).is_none()).map(|row| row.to_string()).collect();
        if !none.is_empty() {
            // Writing to a String cannot fail, here and below.
            let _ = write!(text, ",\"none\":[{}]", none.join(","));
        }
        text.push('}');
        text
    }

    fn as_model(&self, rows: usize, model: Option<(&str, &Column)>) -> Option<String> {
        let (name, model) = model?;
        let differ: Vec<_> = (0..rows).filter(|row| self.get(*row) != model.get(*row)).collect();
        if differ.len() * 2 > rows {
            return None;
        }
        let but =
            differ.into_iter().map(|row| format!("\"{row}\":{}", self.get(row).unwrap_or("null"))).collect::<Vec<_>>();
        Some(format!("{{\"as\":\"{name}\",\"but\":{{{}}}", but.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_rows_share_is_written_once() {
        let column = |values: &[Option<&str>]| {
            let mut column = Column::default();
            for (row, value) in values.iter().enumerate() {
                value.iter().for_each(|value| column.push(row, value));
            }
            column
        };
        let [one, two] = [Some("1"), Some("2")];
        assert_eq!(column(&[one, one]).encode(2, None), r#"{"all":[1]}"#);
        assert_eq!(column(&[one, two, one, one]).encode(4, None), r#"{"of":[1,2],"at":[0,1,0,0]}"#);
        assert_eq!(column(&[one, None, two]).encode(3, None), r#"{"list":[1,null,2],"none":[1]}"#);
        let url = column(&[Some("1"), Some("3"), Some("4")]);
        let like = column(&[Some("1"), Some("5"), Some("4")]);
        assert_eq!(like.encode(3, Some(("url", &url))), r#"{"as":"url","but":{"1":5}}"#);
    }
}
