//! What `--fix` would change, as a unified difference that `patch` and `git apply` take.
//!
//! The edits are known, so nothing has to be compared: the lines that they touch are taken out, the
//! same lines with the edits made are put in. Must not know files.

use std::ops::Range;

use super::fix::{Edit, Refused, ordered, put};

/// Lines shown around a change.
const AROUND: usize = 3;

/// The difference between a document and the same with its edits made; empty where there is none.
/// `path` is its name, relative, with `/` between its parts.
pub fn unified(path: &str, text: &str, edits: &[Edit]) -> Result<String, Refused> {
    let edits = ordered(text, edits)?;
    let lines = Lines::of(text);
    let changes = changes(text, &lines, &edits);
    if changes.is_empty() {
        return Ok(String::new());
    }
    let mut out = format!("--- a/{path}\n+++ b/{path}\n");
    // Lines that were put in so far, less those taken out.
    let mut ahead: isize = 0;
    let mut rest = changes.as_slice();
    while let Some(first) = rest.first() {
        let near = |pair: &[Change]| pair[1].old.start <= pair[0].old.end + 2 * AROUND;
        let count = 1 + rest.windows(2).take_while(|pair| near(pair)).count();
        let (hunk, next) = rest.split_at(count);
        rest = next;
        let from = first.old.start.saturating_sub(AROUND);
        let last = hunk.last().map_or(first.old.end, |change| change.old.end);
        ahead = write_hunk(&mut out, &lines, hunk, from..(last + AROUND).min(lines.count()), ahead);
    }
    Ok(out)
}

/// Lines of a text, with their ends.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        if starts.last() == Some(&text.len()) {
            starts.pop();
        }
        Lines { text, starts }
    }

    fn count(&self) -> usize {
        self.starts.len()
    }

    /// The line, from 0, that a byte stands on.
    fn at(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// The bytes of some lines.
    fn bytes(&self, lines: Range<usize>) -> Range<usize> {
        let start = |line: usize| self.starts.get(line).copied().unwrap_or(self.text.len());
        start(lines.start)..start(lines.end)
    }
}

/// Lines, from 0, and what is put in their place.
struct Change {
    old: Range<usize>,
    new: String,
}

fn changes(text: &str, lines: &Lines<'_>, edits: &[(Range<usize>, String)]) -> Vec<Change> {
    let mut out: Vec<Change> = Vec::new();
    let mut at = 0;
    while let Some((span, _)) = edits.get(at) {
        let first = lines.at(span.start);
        let mut end = lines.at(span.end.saturating_sub(1).max(span.start)) + 1;
        let begun = at;
        // Edits on the same lines are one change.
        while let Some((span, _)) = edits.get(at).filter(|(span, _)| at == begun || lines.at(span.start) < end) {
            end = end.max(lines.at(span.end.saturating_sub(1).max(span.start)) + 1);
            at += 1;
        }
        let bytes = lines.bytes(first..end);
        let new = put(text, bytes.clone(), &edits[begun..at]);
        if text.get(bytes) != Some(new.as_str()) {
            out.push(Change { old: first..end.min(lines.count()), new });
        }
    }
    out
}

fn write_hunk(out: &mut String, lines: &Lines<'_>, hunk: &[Change], old: Range<usize>, ahead: isize) -> isize {
    let grown = |change: &Change| count(&change.new) as isize - change.old.len() as isize;
    let growth: isize = hunk.iter().map(grown).sum();
    let new_length = old.len().saturating_add_signed(growth);
    // A side without lines is said to stand behind the line before it.
    let number = |start: usize, length: usize| if length == 0 { start } else { start + 1 };
    let old_start = number(old.start, old.len());
    let new_start = number(old.start.saturating_add_signed(ahead), new_length);
    out.push_str(&format!("@@ -{old_start},{} +{new_start},{new_length} @@\n", old.len()));
    let mut at = old.start;
    for change in hunk {
        write_lines(out, ' ', &lines.text[lines.bytes(at..change.old.start)]);
        write_lines(out, '-', &lines.text[lines.bytes(change.old.clone())]);
        write_lines(out, '+', &change.new);
        at = change.old.end;
    }
    write_lines(out, ' ', &lines.text[lines.bytes(at..old.end)]);
    ahead + growth
}

fn count(text: &str) -> usize {
    text.split_inclusive('\n').count()
}

fn write_lines(out: &mut String, sign: char, text: &str) {
    for line in text.split_inclusive('\n') {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fix::Context, *};

    fn edits(text: &str, changes: &[(&str, &str)]) -> Vec<Edit> {
        let edit = |(old, new): &(&str, &str)| {
            let start = text.find(old).unwrap();
            Edit { span: start..start + old.len(), new: (*new).to_owned(), context: Context::Plain }
        };
        changes.iter().map(edit).collect()
    }

    #[test]
    fn changes_far_apart_are_hunks_of_their_own() {
        let text: String = (1..=20).map(|n| format!("line{n:02}\n")).collect();
        let diff = unified("d/x.md", &text, &edits(&text, &[("line02", "two"), ("line04", "four"), ("line18", "x")]));
        let expected = "--- a/d/x.md\n+++ b/d/x.md\n\
            @@ -1,7 +1,7 @@\n line01\n-line02\n+two\n line03\n-line04\n+four\n line05\n line06\n line07\n\
            @@ -15,6 +15,6 @@\n line15\n line16\n line17\n-line18\n+x\n line19\n line20\n";
        assert_eq!(diff.as_deref(), Ok(expected));
    }

    #[test]
    fn two_edits_of_a_line_are_one_change_and_a_missing_line_end_is_told() {
        let text = "a OLD b WAS\r\nend";
        let diff = unified("x", text, &edits(text, &[("OLD", "NEW"), ("WAS", "IS"), ("end", "fin")])).unwrap();
        let expected = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a OLD b WAS\r\n+a NEW b IS\r\n-end\n\\ No newline at end of file\n+fin\n\\ No newline at end of file\n";
        assert_eq!(diff, expected);
    }

    #[test]
    fn an_edit_over_several_lines_shifts_what_comes_behind() {
        let text = "1\nA\nB\nC\n5\n6\n7\n8\n9\n10\n11\n12\nZ\n";
        let diff = unified("x", text, &edits(text, &[("A\nB\nC", "x"), ("Z", "z")])).unwrap();
        assert!(diff.contains("@@ -1,7 +1,5 @@\n") && diff.contains("@@ -10,4 +8,4 @@\n"), "{diff}");
    }

    #[test]
    fn what_changes_nothing_is_no_difference() {
        assert_eq!(unified("x", "a\nb", &edits("a\nb", &[("b", "b")])).as_deref(), Ok(""));
        assert_eq!(unified("x", "", &[]).as_deref(), Ok(""));
    }
}
