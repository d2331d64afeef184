//! MDX: what is no Markdown in it is read here and blanked, so that the rest can be read as
//! Markdown. Lines stay lines and places stay places.
//!
//! Blanked are blocks that begin with `import` or `export`, comments, and JSX tags, whose `href`,
//! `src` and `id` count where they are strings. Expressions are not looked into, except for tags.

use memchr::memmem;

use super::jsx;
use crate::page::prose::draft::Draft;

/// Bytes in tags and expressions that may be read in vain, beyond the length of the document: what
/// keeps a text of nothing but openings from costing the square of its length.
const VAIN_BYTES: usize = 1 << 20;

/// Blanks that make code of a line in Markdown.
const CODE_INDENT: usize = 4;

/// The Markdown of an MDX document; what else it says goes to the draft.
pub(super) fn prose(text: &str, draft: &mut Draft) -> String {
    let mut reader = Reader {
        text,
        out: String::with_capacity(text.len()),
        draft,
        vain: text.len() + VAIN_BYTES,
        comments_end: true,
    };
    let mut fence: Option<Fence> = None;
    let mut fresh = true;
    while reader.out.len() < text.len() {
        let at = reader.out.len();
        let line_end = line_end(text, at);
        let line = text.get(at..line_end).unwrap_or_default();
        let mark = Fence::of(line);
        match (&fence, mark) {
            (Some(open), mark) => {
                if mark.is_some_and(|mark| open.closed_by(&mark)) {
                    fence = None;
                }
                reader.keep(line_end);
            }
            (None, Some(mark)) => {
                fence = Some(mark);
                reader.keep(line_end);
            }
            (None, None) if fresh && is_module(line) => reader.module(),
            (None, None) => reader.line(line_end),
        }
        fresh = line.trim().is_empty();
    }
    reader.out
}

/// A line that opens or closes a block of code.
struct Fence {
    mark: u8,
    len: usize,
    /// Whether nothing follows the fence, as at the end of a block.
    bare: bool,
}

impl Fence {
    fn of(line: &str) -> Option<Fence> {
        let line = line.trim();
        let mark = *line.as_bytes().first().filter(|mark| matches!(mark, b'`' | b'~'))?;
        let len = line.bytes().take_while(|byte| *byte == mark).count();
        let rest = line.get(len..)?;
        let is_fence = len >= 3 && !(mark == b'`' && rest.contains('`'));
        is_fence.then_some(Fence { mark, len, bare: rest.is_empty() })
    }

    fn closed_by(&self, other: &Fence) -> bool {
        other.bare && other.mark == self.mark && other.len >= self.len
    }
}

/// Behind the newline of the line that begins, or goes on, here.
fn line_end(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(text.len(), |newline| at + newline + 1)
}

fn is_module(line: &str) -> bool {
    ["import", "export"]
        .iter()
        .any(|word| line.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '{', '*', '\t', '"', '\''])))
}

/// Where a block of module code ends: at a blank line outside braces. `None` if they never close.
fn module_end(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    let mut depth = 0_i64;
    while at < text.len() {
        let end = line_end(text, at);
        let line = text.get(at..end).unwrap_or_default();
        if depth <= 0 && line.trim().is_empty() {
            break;
        }
        for byte in line.bytes() {
            match byte {
                b'{' | b'(' | b'[' => depth += 1,
                b'}' | b')' | b']' => depth -= 1,
                _ => {}
            }
        }
        at = end;
    }
    (depth <= 0).then_some(at)
}

/// Where the next blank line begins.
fn paragraph_end(text: &str, mut at: usize) -> usize {
    while at < text.len() {
        let end = line_end(text, at);
        if text.get(at..end).unwrap_or_default().trim().is_empty() {
            break;
        }
        at = end;
    }
    at
}

struct Reader<'a> {
    text: &'a str,
    /// The copy; what is in it has been read.
    out: String,
    draft: &'a mut Draft,
    /// Bytes that may still be read in vain.
    vain: usize,
    /// Whether an end of a comment may follow.
    comments_end: bool,
}

impl Reader<'_> {
    /// Takes over the text up to `end`.
    fn keep(&mut self, end: usize) {
        self.out.push_str(self.text.get(self.out.len()..end).unwrap_or_default());
    }

    /// Blanks the text up to `end`, all but its newlines.
    fn blank(&mut self, end: usize) {
        let part = self.text.get(self.out.len()..end).unwrap_or_default();
        self.out.extend(part.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { ' ' }));
    }

    /// Keeps what follows blanked tags on the last line from looking like code, which in MDX nothing
    /// becomes by its indent: the first blanked byte turns into a dot.
    fn hold(&mut self) {
        let whole = self.out.strip_suffix('\n').unwrap_or(&self.out);
        let start = whole.rfind('\n').map_or(0, |newline| newline + 1);
        let line = whole.get(start..).unwrap_or_default();
        let indent = line.bytes().take_while(|byte| *byte == b' ').count();
        let written = self.text.get(start..).unwrap_or_default();
        let first = written.bytes().take_while(|byte| *byte == b' ').count();
        if indent >= CODE_INDENT && first < indent && !line.trim().is_empty() {
            self.out.replace_range(start + first..start + first + 1, ".");
        }
    }

    /// Blanks a block of module code. Braces that never close cost a paragraph and no more.
    fn module(&mut self) {
        let at = self.out.len();
        let end = if self.vain > 0 { module_end(self.text, at) } else { None };
        if end.is_none() {
            self.vain = self.vain.saturating_sub(self.text.len() - at);
        }
        self.blank(end.unwrap_or_else(|| paragraph_end(self.text, at)));
    }

    /// Reads prose up to `end`, or further if a tag or comment does not end there.
    fn line(&mut self, end: usize) {
        let bytes = self.text.as_bytes();
        let mut at = self.out.len();
        while at < end {
            let next = match bytes.get(at) {
                Some(b'\\') => Step::Over((at + 2).min(end)),
                Some(b'`') => Step::Over(self.code(at, end)),
                Some(b'{') => self.comment(at),
                Some(b'<') => self.tag(at),
                _ => Step::Over(at + 1),
            };
            match next {
                Step::Over(next) => at = next,
                Step::Blank(next) => {
                    self.keep(at);
                    self.blank(next);
                    at = next;
                }
            }
        }
        let end = (at.max(end)..=self.text.len()).find(|at| self.text.is_char_boundary(*at)).unwrap_or(end);
        self.keep(end);
        self.hold();
    }

    /// Behind a span of code that begins here, within the line.
    fn code(&self, at: usize, end: usize) -> usize {
        let rest = self.text.as_bytes().get(at..end).unwrap_or_default();
        let ticks = rest.iter().take_while(|byte| **byte == b'`').count();
        let mut close = ticks;
        while let Some(tick) = memchr::memchr(b'`', rest.get(close..).unwrap_or_default()) {
            let start = close + tick;
            let run = rest.iter().skip(start).take_while(|byte| **byte == b'`').count();
            close = start + run;
            if run == ticks {
                return at + close;
            }
        }
        at + ticks
    }

    fn comment(&mut self, at: usize) -> Step {
        let rest = self.text.get(at..).unwrap_or_default();
        let inside = rest.get(1..).unwrap_or_default().trim_start();
        let start = rest.len() - inside.len() + 2;
        if !self.comments_end || self.vain == 0 || !inside.starts_with("/*") {
            return Step::Over(at + 1);
        }
        let Some(close) = memmem::find(rest.as_bytes().get(start..).unwrap_or_default(), b"*/") else {
            self.comments_end = false;
            return Step::Over(at + 1);
        };
        let behind = rest.get(start + close + 2..).unwrap_or_default();
        let Some(after) = behind.trim_start().strip_prefix('}') else {
            self.vain = self.vain.saturating_sub(start + close);
            return Step::Over(at + 1);
        };
        let end = at + rest.len() - after.len();
        self.draft.comment(rest.get(start..start + close).unwrap_or_default(), at..end);
        Step::Blank(end)
    }

    fn tag(&mut self, at: usize) -> Step {
        if self.vain == 0 {
            return Step::Over(at + 1);
        }
        match jsx::tag(self.text, at) {
            Ok(tag) => {
                tag.read(self.text, self.draft);
                Step::Blank(tag.end)
            }
            Err(read) => {
                self.vain = self.vain.saturating_sub(read);
                Step::Over(at + 1)
            }
        }
    }
}

/// What to do with what begins here.
enum Step {
    /// Keep it up to this byte.
    Over(usize),
    /// Blank it up to this byte.
    Blank(usize),
}
