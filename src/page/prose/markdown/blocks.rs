//! Blocks that MkDocs adds to Markdown: `!!! note`, `??? tip`, `=== "Tab"`. What is indented below
//! them by four is content, not code.
//!
//! Each head becomes an item of a list of the same length, whose content is indented by four as well,
//! so that places stay places. Must not know what the content says.

/// What a head becomes; letters fill up what is longer.
const ITEM: &str = "-   ";

/// The marks that a head begins with, and whether a quoted title has to follow.
const HEADS: &[(&str, bool)] = &[
    ("!!! ", false),
    ("??? ", false),
    ("???+ ", false),
    ("=== ", true),
    ("===! ", true),
    ("===+ ", true),
    ("===!+ ", true),
    ("===+! ", true),
];

/// The same text, byte for byte as long, with lists for such blocks.
pub(super) fn as_lists(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut fence: Option<(u8, usize)> = None;
    for line in body.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let mark = fence_of(content);
        match (fence, mark) {
            (Some(open), Some((mark, bare))) if bare && mark.0 == open.0 && mark.1 >= open.1 => fence = None,
            (None, Some((mark, _))) => fence = Some(mark),
            _ => {}
        }
        let head = head_of(content).filter(|_| fence.is_none() && mark.is_none());
        let indent = line.len() - content.len();
        match head {
            Some(head) => {
                out.push_str(&line[..indent]);
                out.push_str(ITEM);
                out.extend(std::iter::repeat_n('x', head.len() - ITEM.len()));
                out.push_str(&content[head.len()..]);
            }
            None => out.push_str(line),
        }
    }
    out
}

/// The mark of a head, with its blank.
fn head_of(content: &str) -> Option<&'static str> {
    let (mark, titled) = HEADS.iter().find(|(mark, _)| content.starts_with(mark))?;
    let first = content[mark.len()..].chars().next()?;
    let fits = if *titled { first == '"' } else { first.is_alphanumeric() || first == '"' };
    fits.then_some(*mark)
}

/// Mark and length of a fence of code, and whether nothing follows it.
fn fence_of(content: &str) -> Option<((u8, usize), bool)> {
    let mark = *content.as_bytes().first().filter(|mark| matches!(mark, b'`' | b'~'))?;
    let len = content.bytes().take_while(|byte| *byte == mark).count();
    let rest = content[len..].trim();
    (len >= 3 && !(mark == b'`' && rest.contains('`'))).then_some(((mark, len), rest.is_empty()))
}
