//! How many pages a PDF has, as far as that can be told without unpacking it.
//!
//! Looks for the tree of pages (ISO 32000-1, 7.7.3.2). Must not know links.

/// The number of pages; `None` where the tree of pages is packed or there is none.
pub(super) fn pages(bytes: &[u8]) -> Option<u32> {
    let tree = memchr::memmem::find_iter(bytes, b"/Pages").filter_map(|at| {
        // The name of a type, not a reference from the catalogue.
        let before = bytes.get(at.saturating_sub(8)..at)?.trim_ascii_end();
        before.ends_with(b"/Type").then_some(at)
    });
    tree.filter_map(|at| count(dictionary(bytes, at))).max()
}

/// What stands between `<<` and `>>` around a place; nested ones are passed over as they come.
fn dictionary(bytes: &[u8], at: usize) -> &[u8] {
    const REACH: usize = 64 << 10;
    let before = &bytes[at.saturating_sub(REACH)..at];
    let start = memchr::memmem::rfind(before, b" obj").map_or(at, |from| at - before.len() + from);
    let behind = &bytes[at..bytes.len().min(at + REACH)];
    let end = memchr::memmem::find(behind, b"endobj").map_or(at + behind.len(), |to| at + to);
    &bytes[start..end]
}

fn count(dictionary: &[u8]) -> Option<u32> {
    let at = memchr::memmem::find(dictionary, b"/Count")? + b"/Count".len();
    let digits = dictionary.get(at..)?.trim_ascii_start();
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_at_the_root_of_their_tree() {
        let file = b"%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n\
            2 0 obj << /Type /Pages /Kids [3 0 R 4 0 R] /Count 12 >> endobj\n\
            3 0 obj <</Count 5/Type/Pages/Parent 2 0 R>> endobj\n";
        assert_eq!(pages(file), Some(12));
        assert_eq!(pages(b"%PDF-1.5 stream ..."), None);
        assert_eq!(pages(b"/Type /Pages"), None);
    }
}
