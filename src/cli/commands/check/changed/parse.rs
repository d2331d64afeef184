//! Reads what git prints about a change: states, a patch, files that it does not know.
//!
//! Total: what is not understood is passed over. Must not know git's commands nor the disk.

/// A change, with paths below the top of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Lines that were added or changed: path, first line, last line, from 1.
    pub lines: Vec<(String, u32, u32)>,
    /// Files that are no longer there under this name.
    pub gone: Vec<String>,
    /// Documents that lost a heading or an id.
    pub touched: Vec<String>,
}

/// `states` is `diff --name-status -z`, `patch` is `diff` with at least one line of context,
/// `unknown` is `ls-files -z`.
pub(super) fn changed(states: &str, patch: &str, unknown: &str) -> Told {
    let mut told = Told { gone: gone(states), ..Told::default() };
    read_patch(patch, &mut told);
    let whole = unknown.split_terminator('\0').map(|path| (path.to_owned(), 1, u32::MAX));
    told.lines.extend(whole);
    told.touched.dedup();
    told
}

/// Removed and renamed files: `D path`, `R100 old new`; the parts end with NUL.
fn gone(states: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut parts = states.split_terminator('\0');
    while let (Some(state), Some(path)) = (parts.next(), parts.next()) {
        match state.as_bytes().first() {
            Some(b'D') => out.push(path.to_owned()),
            Some(b'R') => {
                out.push(path.to_owned());
                parts.next();
            }
            Some(b'C') => {
                parts.next();
            }
            _ => {}
        }
    }
    out
}

/// Goes through a patch. The lines of a hunk are counted, so that what a document says is never
/// taken for the patch's own words.
fn read_patch(patch: &str, told: &mut Told) {
    let (mut old_name, mut new_name) = (None, None);
    let mut lines = patch.split('\n');
    while let Some(line) = lines.next() {
        if line.starts_with("diff --git ") {
            (old_name, new_name) = (None, None);
        } else if let Some(name) = line.strip_prefix("--- ") {
            old_name = path(name, "a/");
        } else if let Some(name) = line.strip_prefix("+++ ") {
            new_name = path(name, "b/");
        } else if let Some(hunk) = line.strip_prefix("@@ -").and_then(Hunk::read) {
            let body = hunk.body(&mut lines);
            if let Some(name) = &new_name {
                told.lines.extend(body.added.iter().map(|(first, last)| (name.clone(), *first, *last)));
            }
            // A heading of a renamed document is missed under the new name; the old one is gone.
            if let Some(name) = new_name.as_ref().or(old_name.as_ref()).filter(|_| body.lost_a_place) {
                told.touched.push(name.clone());
            }
        }
    }
}

/// The path behind `---` and `+++`; `None` is `/dev/null`. Git puts a tab behind paths with blanks,
/// and quotes those with stranger characters.
fn path(name: &str, prefix: &str) -> Option<String> {
    let name = name.trim_end_matches(['\r', '\t']);
    let plain = match name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => unquote(quoted),
        None => name.to_owned(),
    };
    plain.strip_prefix(prefix).map(str::to_owned)
}

/// Undoes the quoting of C: `\t`, `\"`, `\303`.
fn unquote(quoted: &str) -> String {
    let mut out = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    let Some(digit) = bytes.next_if(|byte| (b'0'..=b'7').contains(byte)) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                }
                out.push(u8::try_from(value).unwrap_or(b'?'));
            }
            Some(letter) => out.push(match letter {
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                other => other,
            }),
            None => {}
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `@@ -old,count +new,count @@`; a count that is left out is 1.
struct Hunk {
    old_count: u32,
    new_start: u32,
    new_count: u32,
}

/// What a hunk says.
#[derive(Default)]
struct Body {
    added: Vec<(u32, u32)>,
    lost_a_place: bool,
}

impl Hunk {
    /// `text` is what stands behind `@@ -`.
    fn read(text: &str) -> Option<Hunk> {
        let (old, rest) = text.split_once(" +")?;
        let (new, _) = rest.split_once(" @@")?;
        let pair = |text: &str| -> Option<(u32, u32)> {
            match text.split_once(',') {
                Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
                None => Some((text.parse().ok()?, 1)),
            }
        };
        let ((_, old_count), (new_start, new_count)) = (pair(old)?, pair(new)?);
        Some(Hunk { old_count, new_start, new_count })
    }

    fn body<'a>(&self, lines: &mut impl Iterator<Item = &'a str>) -> Body {
        let mut body = Body::default();
        let (mut old_left, mut new_left, mut at) = (self.old_count, self.new_count, self.new_start);
        let mut lost = None;
        while old_left > 0 || new_left > 0 {
            let Some(line) = lines.next() else { break };
            let (sign, text) = line.split_at_checked(1).unwrap_or(("", ""));
            if matches!(sign, " " | "-" | "") {
                old_left = old_left.saturating_sub(1);
                body.lost_a_place |= lost.is_some() && is_underline(text);
                lost = (sign == "-" && !text.trim().is_empty()).then_some(());
                body.lost_a_place |= sign == "-" && is_place(text);
            }
            if matches!(sign, " " | "+" | "") {
                new_left = new_left.saturating_sub(1);
                if sign == "+" {
                    match body.added.last_mut().filter(|(_, last)| last.saturating_add(1) == at) {
                        Some((_, last)) => *last = at,
                        None => body.added.push((at, at)),
                    }
                }
                at = at.saturating_add(1);
            }
        }
        body
    }
}

/// Whether a line is one that fragments may point to: a heading or an id. Rather one too many: then
/// links to the document are looked at that need not be.
fn is_place(line: &str) -> bool {
    let line = line.trim();
    let lower = line.to_ascii_lowercase();
    let is_heading = |mark: char| line.starts_with(mark) && line.trim_start_matches(mark).starts_with([' ', '\t']);
    let marks = ["<h", "id=", "name=", "{#", "[[", "[#", ".. _"];
    is_heading('#') || is_heading('=') || marks.iter().any(|mark| lower.contains(mark))
}

/// Whether a line makes the one above it a heading (Markdown, reStructuredText).
fn is_underline(line: &str) -> bool {
    let line = line.trim();
    let first = line.chars().next().filter(char::is_ascii_punctuation);
    line.len() > 1 && first.is_some_and(|mark| line.chars().all(|c| c == mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = r#"diff --git a/docs/a.md b/docs/a.md
index 111..222 100644
--- a/docs/a.md
+++ b/docs/a.md
@@ -1,3 +1,4 @@
 # A
-old [x](y)
+new [x](z)
+--- b/fake.md
 end
@@ -9,3 +10,2 @@ ## Section
 text
--- a/fake.md
 more
@@ -20 +20 @@
-## Gone heading
+## New heading
diff --git a/with blank.md b/with blank.md
--- a/with blank.md	
+++ b/with blank.md	
@@ -0,0 +1,2 @@
+one
+two
\ No newline at end of file
diff --git "a/t\303\244b\t.md" "b/t\303\244b\t.md"
--- "a/t\303\244b\t.md"
+++ "b/t\303\244b\t.md"
@@ -4,3 +4,3 @@
 x
-Title
+Other
 =====
diff --git a/gone.md b/gone.md
deleted file mode 100644
--- a/gone.md
+++ /dev/null
@@ -1,2 +0,0 @@
-# Gone
-x
"#;

    #[test]
    fn a_patch_says_which_lines_are_new_and_which_documents_lost_a_place() {
        let told = changed("", PATCH, "");
        let lines = [("docs/a.md", 2, 3), ("docs/a.md", 20, 20), ("with blank.md", 1, 2), ("täb\t.md", 5, 5)];
        assert_eq!(told.lines, lines.map(|(path, first, last)| (path.to_owned(), first, last)));
        assert_eq!(told.touched, ["docs/a.md", "täb\t.md", "gone.md"]);
    }

    #[test]
    fn removed_and_renamed_files_are_gone_and_unknown_ones_are_new() {
        let states = "M\0a.md\0D\0b c.md\0R087\0old.md\0new.md\0C100\0x\0y\0T\0link\0D\0last.png\0";
        let told = changed(states, "", "new/file.md\0");
        assert_eq!(told.gone, ["b c.md", "old.md", "last.png"]);
        assert_eq!(told.lines, [("new/file.md".to_owned(), 1, u32::MAX)]);
    }

    #[test]
    fn what_loses_a_place_is_told_from_what_does_not() {
        for (line, yes) in [
            ("## Usage", true),
            ("#hashtag", false),
            ("== Usage", true),
            ("<a id=\"x\">", true),
            ("<H2>x", true),
            ("some words", false),
            (".. _label:", true),
            ("[[anchor]]", true),
            ("", false),
        ] {
            assert_eq!(is_place(line), yes, "{line}");
        }
        assert!(is_underline("====") && is_underline("~~") && !is_underline("-") && !is_underline("=-="));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_to_its_end(states in "[MDR\\PC\0]{0,40}", patch in "(@@ -[0-9]{0,11},[0-9]{0,3} \\+[0-9]{0,10}(,[0-9])? @@\n|[-+ \\PC]{0,9}\n){0,12}") {
            changed(&states, &patch, &states);
        }
    }
}
