//! Headings that are written in HTML: GitHub names them like all others.

use memchr::memmem;

/// The text of every `<h1>` to `<h6>` of a piece of HTML, tags and references dropped, which is
/// what a name keeps of them.
pub(super) fn headings(html: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some((text_start, level)) = open(html, at) {
        let content = html.get(text_start..).unwrap_or_default();
        // Without an end, what follows is prose; looking again and again would not be linear.
        let Some(end) = close(content, level) else { return out };
        out.push(plain(content.get(..end).unwrap_or_default()));
        at = text_start + end;
    }
    out
}

/// Where the heading of this level ends.
fn close(content: &str, level: u8) -> Option<usize> {
    let bytes = content.as_bytes();
    memmem::find_iter(bytes, b"</")
        .find(|at| matches!(bytes.get(at + 2..at + 4), Some(&[b'h' | b'H', digit]) if digit == level))
}

/// Where the content of the next heading begins, and its level, a digit.
fn open(html: &str, from: usize) -> Option<(usize, u8)> {
    let mut at = from;
    loop {
        at += html.get(at..)?.find('<')? + 1;
        let rest = html.get(at..)?.as_bytes();
        let &[b'h' | b'H', level @ b'1'..=b'6', next, ..] = rest else { continue };
        if next == b'>' || next == b' ' || next == b'\n' || next == b'\t' || next == b'\r' {
            let end = html.get(at..)?.find('>')?;
            return Some((at + end + 1, level));
        }
    }
}

/// HTML without tags, comments and references.
fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = match from.starts_with('<') {
            true => from.find('>').map_or(from.len(), |end| end + 1),
            false => reference(from).unwrap_or(1),
        };
        rest = from.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Length of the character reference that a text begins with.
fn reference(text: &str) -> Option<usize> {
    let name = text.bytes().skip(1).take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count();
    (name > 0 && text.as_bytes().get(name + 1) == Some(&b';')).then_some(name + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_in_html_give_their_text() {
        let html = "<p>x<h1 align=center>\n  <img alt=y>A &amp; <b>B</b>\n</h1><hr><H2>two</H2><h3>open<h7>no</h7>";
        assert_eq!(headings(html), ["\n  A  B\n", "two"]);
        assert!(headings("<h1").is_empty() && headings("<h1>x").is_empty() && headings("<").is_empty());
        assert_eq!(headings("<h6>a < b & c</h6>"), ["a "]);
    }
}
