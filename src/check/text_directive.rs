//! `#:~:text=`: fragments that point to words (URL Fragment Text Directives, WICG).
//!
//! `[prefix-,]start[,end][,-suffix]`, each percent-encoded. Must not know where the text comes
//! from: the caller has the words that people see.

use percent_encoding::percent_decode_str;

/// What stands before the directives of a fragment.
const MARK: &str = ":~:";

/// One text directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextDirective {
    prefix: Option<String>,
    start: String,
    end: Option<String>,
    suffix: Option<String>,
}

/// A fragment without its directives, and what stands behind the mark.
pub fn split(fragment: &str) -> (&str, Option<&str>) {
    match fragment.split_once(MARK) {
        Some((element, directives)) => (element, Some(directives)),
        None => (fragment, None),
    }
}

/// The text directives among those behind the mark; what is malformed is ignored, as browsers do.
pub fn parse(directives: &str) -> Vec<TextDirective> {
    directives.split('&').filter_map(|one| one.strip_prefix("text=")).filter_map(directive).collect()
}

fn directive(value: &str) -> Option<TextDirective> {
    let mut parts: Vec<&str> = value.split(',').collect();
    let decode = |part: &str| fold(&percent_decode_str(part).decode_utf8_lossy());
    let prefix = match parts.first()?.strip_suffix('-') {
        Some(prefix) => {
            parts.remove(0);
            Some(decode(prefix)).filter(|prefix| !prefix.is_empty())
        }
        None => None,
    };
    let suffix = match parts.last()?.strip_prefix('-') {
        Some(suffix) => {
            parts.pop();
            Some(decode(suffix)).filter(|suffix| !suffix.is_empty())
        }
        None => None,
    };
    let (start, end) = match parts.as_slice() {
        [start] => (decode(start), None),
        [start, end] => (decode(start), Some(decode(end)).filter(|end| !end.is_empty())),
        _ => return None,
    };
    (!start.is_empty()).then_some(TextDirective { prefix, start, end, suffix })
}

/// A text in which directives are looked for: lower case, white space folded to one blank.
#[derive(Clone, Debug)]
pub struct Words(String);

impl Words {
    /// Of the words that people see on a page.
    pub fn of(text: &str) -> Self {
        Words(fold(text))
    }

    /// Bytes of memory held.
    pub fn heap_bytes(&self) -> usize {
        self.0.capacity()
    }

    /// Whether the directive points to something: at word bounds, any case. Linear in the text for
    /// each directive, but for texts that repeat the start of what is sought.
    pub fn have(&self, directive: &TextDirective) -> bool {
        let text = self.0.as_str();
        let ends_word = directive.end.is_some() || directive.suffix.is_none();
        for (at, found) in text.match_indices(directive.start.as_str()) {
            let behind = at + found.len();
            let is_start = match &directive.prefix {
                None => is_bound(text, at),
                Some(prefix) => {
                    let before = text[..at].trim_end();
                    before.ends_with(prefix.as_str()) && is_bound(text, before.len() - prefix.len())
                }
            };
            if !is_start || (ends_word && !is_bound(text, behind)) {
                continue;
            }
            match &directive.end {
                None if self.follows(behind, directive) => return true,
                None => {}
                // What does not end behind the first start does not end behind a later one.
                Some(end) => {
                    return text[behind..].match_indices(end.as_str()).any(|(offset, found)| {
                        let (from, to) = (behind + offset, behind + offset + found.len());
                        is_bound(text, from)
                            && (directive.suffix.is_some() || is_bound(text, to))
                            && self.follows(to, directive)
                    });
                }
            }
        }
        false
    }

    /// Whether the suffix, if there is one, stands there.
    fn follows(&self, at: usize, directive: &TextDirective) -> bool {
        let Some(suffix) = &directive.suffix else { return true };
        let rest = self.0[at..].trim_start();
        rest.starts_with(suffix.as_str()) && is_bound(rest, suffix.len())
    }
}

/// Whether every text directive of `directives` points to something in `text`.
pub fn text_directive_matches(directives: &str, text: &str) -> bool {
    let words = Words::of(text);
    parse(directives).iter().all(|directive| words.have(directive))
}

fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

/// Whether a word may begin or end there. Scripts without blanks between words have bounds
/// everywhere.
fn is_bound(text: &str, at: usize) -> bool {
    let joins = |c: char| c.is_alphanumeric() && !has_no_blanks(c);
    let before = text[..at].chars().next_back();
    let behind = text[at..].chars().next();
    !(before.is_some_and(joins) && behind.is_some_and(joins))
}

/// Thai, Lao, Myanmar, Khmer; kana, ideographs and what lies among them.
fn has_no_blanks(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{2E80}'..='\u{A4CF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "The  Quick brown\nfox jumps over the lazy dog. Foxes sleep. A fox again, 東京都に住む ÄPFEL";

    #[test]
    fn directives_point_to_words() {
        for (directive, is_there) in [
            ("text=quick%20brown", true),
            ("text=QUICK", true),
            ("text=äpfel", true),
            ("text=%C3%84pfel", true),
            ("text=quic", false),
            ("text=uick", false),
            ("text=fox", true),
            ("text=brown-,fox", true),
            ("text=lazy-,fox", false),
            ("text=fox,-again", true),
            ("text=fox,-jumps%20over", true),
            ("text=fox,-jum", false),
            ("text=fox,-sleep", false),
            ("text=quick,dog", true),
            ("text=dog,quick", false),
            ("text=the-,quick,dog,-foxes", false),
            ("text=the-,quick,lazy,-dog", true),
            ("text=東京", true),
            ("text=京都", true),
            ("text=quick&text=dog", true),
            ("text=quick&text=cat", false),
            // malformed ones are ignored
            ("text=", true),
            ("text=a,b,c", true),
            ("text=-", true),
            ("unknown=cat", true),
        ] {
            assert_eq!(text_directive_matches(directive, TEXT), is_there, "{directive}");
        }
    }

    #[test]
    fn a_fragment_is_parted_at_the_mark() {
        assert_eq!(split("id:~:text=a"), ("id", Some("text=a")));
        assert_eq!(split(":~:"), ("", Some("")));
        assert_eq!(split("id"), ("id", None));
    }

    #[test]
    fn a_text_that_repeats_itself_costs_no_more_than_it_should() {
        let text = "a ".repeat(500_000);
        let begun = std::time::Instant::now();
        assert!(!text_directive_matches("text=a,b&text=a%20a,-c&text=x-,a", &text));
        assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
    }

    proptest::proptest! {
        #[test]
        fn any_directive_can_be_asked(directive in "(text=)?[a,% \\-&ü]{0,16}", text in "[aü, -]{0,20}") {
            text_directive_matches(&directive, &text);
        }
    }
}
