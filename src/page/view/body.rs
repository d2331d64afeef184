//! The words of a page, in the order they stand, without looking for what matters.
//!
//! One streaming pass: whatever a page nests, it has its words. Paragraphs are parted by a blank line,
//! rows and items by a line break, cells by a tab. Text in `<pre>` stays as it is.

use html5gum::{State, Tokenizer};

use crate::page::{
    gap::Gap,
    place::Place,
    tags::{StartTag, Tags, Watcher},
};

/// All words of a page but its title.
pub(super) fn text(html: &str) -> String {
    let mut body = Body::default();
    // The tokenizer returns at the end; a string cannot fail to be read.
    let _ = Tokenizer::new_with_emitter(html, Tags::new(&mut body)).next();
    body.text.truncate(body.text.trim_end().len());
    body.text
}

#[derive(Default)]
struct Body {
    place: Place,
    /// Whether what is read now is nobody's text.
    mute: bool,
    /// `<pre>` elements that are open.
    pre: usize,
    /// Whether one of them just began: a line break there is none (HTML standard, 13.2.6.4.7).
    begun: bool,
    gap: Gap,
    text: String,
    /// Bytes of a character whose rest comes with the next piece.
    split: Vec<u8>,
}

impl Body {
    fn part(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    fn push(&mut self, piece: &str) {
        if self.pre > 0 {
            let begun = std::mem::take(&mut self.begun);
            return self.put(piece.strip_prefix('\n').filter(|_| begun).unwrap_or(piece));
        }
        let mut at_start = true;
        for word in piece.split(char::is_whitespace) {
            if !at_start {
                self.part(Gap::Space);
            }
            at_start = false;
            self.put(word);
        }
    }

    fn put(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let gap = std::mem::take(&mut self.gap);
        if !self.text.is_empty() {
            self.text.push_str(gap.text());
        }
        self.text.push_str(text);
    }
}

impl Watcher for Body {
    const PLACES: bool = false;
    type Use = ();

    fn wanted(&mut self, _: &[u8]) -> &'static [(&'static str, ())] {
        &[]
    }

    fn start(&mut self, tag: &StartTag<'_, ()>) -> Option<State> {
        let state = self.place.start(tag);
        self.mute = matches!(tag.name, b"title") || (state.is_some() && !matches!(tag.name, b"xmp" | b"plaintext"));
        self.part(Gap::of(tag.name));
        if tag.name == b"pre" {
            self.pre += 1;
            self.begun = true;
        }
        state
    }

    fn end(&mut self, name: &[u8], _: usize) {
        self.place.end(name);
        self.mute = false;
        self.part(Gap::of(name));
        if name == b"pre" {
            self.pre = self.pre.saturating_sub(1);
        }
    }

    fn text(&mut self, piece: &[u8]) {
        if self.mute || self.place.in_template() {
            return;
        }
        self.split.extend_from_slice(piece);
        let split = std::mem::take(&mut self.split);
        match str::from_utf8(&split) {
            Ok(text) => self.push(text),
            Err(_) => self.split = split,
        }
    }

    fn takes_cdata(&self) -> bool {
        !self.place.is_html()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_in_order_parted_as_people_see_them() {
        let html = "<title>no</title><style>no</style><h1>Head</h1>\n<p>One  <b>wo</b>rd,\n two<br>three</p>\
            <ul><li>a<li>b</ul><table><tr><td>1<td>2<tr><td>3</table><script>no</script><div>x</div><div>y</div>";
        assert_eq!(text(html), "Head\n\nOne word, two\nthree\n\na\nb\n\n1\t2\n3\n\nx\ny");
    }

    #[test]
    fn preformatted_text_keeps_its_lines() {
        assert_eq!(text("a<pre>\n  x\n    y &lt; z</pre>b"), "a\n\n  x\n    y < z\n\nb");
    }

    #[test]
    fn what_nobody_sees_is_not_read() {
        let html =
            "<template>no</template><iframe>no</iframe><noscript>yes</noscript><!-- no --><svg><title>no</title></svg>";
        assert_eq!(text(html), "yes");
        assert_eq!(text("<textarea>no</textarea>"), "");
        assert_eq!(text(""), "");
    }

    #[test]
    fn nesting_costs_nothing() {
        assert_eq!(text(&format!("{}deep", "<div>".repeat(1_000_000))), "deep");
        assert_eq!(text(&format!("{}deep", "<svg>".repeat(200_000))), "deep");
    }
}
