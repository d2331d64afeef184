//! Cells that span rows and columns, laid out on a grid.
//!
//! Follows the HTML standard (4.9.12) but for cells that overlap, of which the later one is shown.
//! Every row is as wide as it says; must not know what the cells are named by.

use std::rc::Rc;

/// Columns of a table at most. One cell may span a thousand (HTML standard, 4.9.11).
const COLUMNS: usize = 1_024;

/// A cell as it is written.
pub(super) struct Cell {
    /// What it says.
    pub(super) text: Rc<str>,
    /// Columns and rows that it takes; of rows, 0 is all that follow in its group.
    pub(super) span: (usize, usize),
    /// Whether it is a `<th>`.
    pub(super) head: bool,
}

/// A row with a text, or nothing, for each column.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// What its slots say.
    pub(super) slots: Vec<Option<Rc<str>>>,
    /// Whether all cells that begin in it are `<th>`.
    pub(super) head: bool,
}

/// Slots that a page may still fill.
#[derive(Debug)]
pub(super) struct Room {
    /// How many.
    pub(super) slots: usize,
    /// Whether something found no room.
    pub(super) cut: bool,
}

/// Lays out the rows of one group (`<tbody>` and the like), at whose end every span ends.
pub(super) fn lay_out(rows: Vec<Vec<Cell>>, room: &mut Room) -> Vec<Row> {
    let mut grid = Vec::with_capacity(rows.len());
    // Of each column, what hangs down into the next row and for how many more.
    let mut hanging: Vec<Option<(Rc<str>, usize)>> = Vec::new();
    for cells in rows {
        let head = !cells.is_empty() && cells.iter().all(|cell| cell.head);
        let mut slots: Vec<Option<Rc<str>>> = hanging.iter_mut().map(take_one).collect();
        let mut column = 0;
        for cell in cells {
            while slots.get(column).is_some_and(Option::is_some) {
                column += 1;
            }
            let end = column.saturating_add(cell.span.0.clamp(1, 1_000));
            room.cut |= end > COLUMNS;
            let end = end.min(COLUMNS).max(column);
            slots.resize(slots.len().max(end), None);
            hanging.resize(slots.len(), None);
            let down = if cell.span.1 == 0 { usize::MAX } else { cell.span.1 - 1 };
            for (slot, hanging) in slots.iter_mut().zip(&mut hanging).take(end).skip(column) {
                *slot = Some(Rc::clone(&cell.text));
                *hanging = (down > 0).then(|| (Rc::clone(&cell.text), down));
            }
            column = end;
        }
        let Some(left) = room.slots.checked_sub(slots.len().max(1)) else {
            room.cut = true;
            break;
        };
        room.slots = left;
        grid.push(Row { slots, head });
    }
    grid
}

/// What hangs down into this row.
fn take_one(hanging: &mut Option<(Rc<str>, usize)>) -> Option<Rc<str>> {
    let (text, rows) = hanging.take()?;
    let this = Rc::clone(&text);
    *hanging = Some((text, rows - 1)).filter(|(_, rows)| *rows > 0);
    Some(this)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(rows: &[&[(&str, usize, usize)]]) -> Vec<String> {
        let cell = |&(text, columns, rows): &(&str, usize, usize)| Cell {
            text: text.into(),
            span: (columns, rows),
            head: false,
        };
        let rows = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        let grid = lay_out(rows, &mut Room { slots: 10_000, cut: false });
        let said = |row: Row| row.slots.iter().map(|slot| slot.as_deref().unwrap_or("-")).collect::<Vec<_>>().join(" ");
        grid.into_iter().map(said).collect()
    }

    #[test]
    fn spans_repeat_what_they_say() {
        assert_eq!(laid(&[&[("a", 2, 1), ("b", 1, 2)], &[("c", 1, 1), ("d", 1, 1)]]), ["a a b", "c d b"]);
        assert_eq!(laid(&[&[("a", 1, 2), ("b", 1, 1)], &[("c", 1, 1)], &[("d", 1, 1)]]), ["a b", "a c", "d -"]);
        assert_eq!(laid(&[&[("x", 1, 1), ("a", 1, 0)], &[("b", 1, 1)], &[]]), ["x a", "b a", "- a"]);
    }

    #[test]
    fn a_span_ends_with_its_group_and_makes_no_rows() {
        assert_eq!(laid(&[&[("a", 1, 65_534)]]), ["a"]);
        assert_eq!(laid(&[]), [""; 0]);
    }

    #[test]
    fn a_cell_that_overlaps_is_shown() {
        assert_eq!(laid(&[&[("a", 1, 1), ("b", 1, 2)], &[("c", 2, 1)]]), ["a b", "c c"]);
    }

    #[test]
    fn what_has_no_room_is_left_out_and_said() {
        let cell = || Cell { text: "x".into(), span: (1_000, 60_000), head: true };
        let mut room = Room { slots: 10_000, cut: false };
        let grid = lay_out((0..100_000).map(|_| vec![cell(), cell(), cell()]).collect(), &mut room);
        assert!(
            room.cut && grid.len() < 10 && grid.iter().all(|row| row.slots.len() <= COLUMNS && row.head),
            "{room:?}"
        );
    }
}
