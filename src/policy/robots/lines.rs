//! The lines of a robots.txt: what each is about, and its value. Must not know groups.

use memchr::{memchr, memchr2, memrchr2};

use super::READ;

/// Bytes of a line that count; what follows is cut. Google's parser has this number: eight times the
/// longest URL of an old browser, less one.
pub(super) const LINE: usize = 8 * 2083 - 1;

/// A line that means something to us.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Where it stands, from 1.
    pub number: u32,
    /// All of it but the comment and the white space around it.
    pub text: &'a [u8],
    /// What it is about.
    pub key: Key,
    /// What it says.
    pub value: &'a [u8],
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Agent,
    Allow,
    Disallow,
    Delay,
    Sitemap,
}

/// How the keys start, in any case of letters, with the misspellings that Google's parser takes.
/// `Crawl-delay` is ours.
const KEYS: [(&str, Key); 16] = [
    ("user-agent", Key::Agent),
    ("useragent", Key::Agent),
    ("user agent", Key::Agent),
    ("allow", Key::Allow),
    ("disallow", Key::Disallow),
    ("dissallow", Key::Disallow),
    ("dissalow", Key::Disallow),
    ("disalow", Key::Disallow),
    ("diasllow", Key::Disallow),
    ("disallaw", Key::Disallow),
    ("crawl-delay", Key::Delay),
    ("crawldelay", Key::Delay),
    ("crawl delay", Key::Delay),
    ("crawl_delay", Key::Delay),
    ("sitemap", Key::Sitemap),
    ("site-map", Key::Sitemap),
];

/// The part of a file that is read: whole lines only, if it is longer than [`READ`].
pub(super) fn whole_lines(bytes: &[u8]) -> &[u8] {
    match bytes.get(..READ) {
        Some(start) if bytes.len() > READ => {
            let cut_at_end = matches!(bytes[READ], b'\r' | b'\n');
            let end = if cut_at_end { READ } else { memrchr2(b'\r', b'\n', start).unwrap_or(0) };
            &start[..end]
        }
        _ => bytes,
    }
}

/// The lines that mean something. They end with LF, CR or CR LF; a byte order mark, or what is left
/// of one, may stand before the first.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mark = bytes.iter().zip(b"\xEF\xBB\xBF").take_while(|(byte, mark)| byte == mark).count();
    let mut rest = bytes.get(mark..);
    let mut number = 0_u32;
    std::iter::from_fn(move || {
        loop {
            let left = rest?;
            let (line, next) = match memchr2(b'\r', b'\n', left) {
                None => (left, None),
                Some(at) => (&left[..at], left.get(at + if left[at..].starts_with(b"\r\n") { 2 } else { 1 }..)),
            };
            rest = next;
            number = number.saturating_add(1);
            if let Some(line) = read(number, line) {
                return Some(line);
            }
        }
    })
}

fn read(number: u32, line: &[u8]) -> Option<Line<'_>> {
    let line = &line[..line.len().min(LINE)];
    let text = line[..memchr(b'#', line).unwrap_or(line.len())].trim_ascii();
    let (name, value) = match memchr(b':', text) {
        Some(at) => (&text[..at], text[at + 1..].trim_ascii()),
        None => two_words(text)?,
    };
    let name = name.trim_ascii();
    let starts = |key: &str| name.get(..key.len()).is_some_and(|start| start.eq_ignore_ascii_case(key.as_bytes()));
    let (_, key) = KEYS.iter().find(|(key, _)| starts(key))?;
    Some(Line { number, text, key: *key, value })
}

/// Of a line without its colon, if there can be no doubt where that was: between two words.
fn two_words(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr2(b' ', b'\t', text)?;
    let value = text[at..].trim_ascii();
    memchr2(b' ', b'\t', value).is_none().then_some((&text[..at], value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(line: &str) -> Option<(Key, String)> {
        read(1, line.as_bytes()).map(|line| (line.key, String::from_utf8_lossy(line.value).into_owned()))
    }

    #[test]
    fn a_key_may_be_misspelt_and_its_colon_forgotten() {
        for (line, key, value) in [
            ("Disallow: /a", Key::Disallow, "/a"),
            (" \t DISALLOW \t:\t/a b \t# why", Key::Disallow, "/a b"),
            ("disalow:/a", Key::Disallow, "/a"),
            ("Dissallow: /a", Key::Disallow, "/a"),
            ("dissalow: /a", Key::Disallow, "/a"),
            ("diasllow: /a", Key::Disallow, "/a"),
            ("disallaw: /a", Key::Disallow, "/a"),
            ("disallowed: /a", Key::Disallow, "/a"),
            ("disallow /a", Key::Disallow, "/a"),
            ("disallow\t \t/a", Key::Disallow, "/a"),
            ("disallow:", Key::Disallow, ""),
            ("Allow: /a:b", Key::Allow, "/a:b"),
            ("user agent: x", Key::Agent, "x"),
            ("UserAgent: x", Key::Agent, "x"),
            ("Site-map: https://h/s", Key::Sitemap, "https://h/s"),
            ("Crawl-Delay: 5", Key::Delay, "5"),
        ] {
            assert_eq!(read_one(line), Some((key, value.to_owned())), "{line}");
        }
        for line in ["", "#", "disallow /a /b", "user agent x", "disallow", ": /a", "no-allow: /a", "dis allow: /a"] {
            assert_eq!(read_one(line), None, "{line}");
        }
    }

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        for end in ["\n", "\r", "\r\n"] {
            let file = ["Allow: /1", "", "# 3", "junk", "Allow: /5", ""].join(end);
            let numbers: Vec<_> = lines(file.as_bytes()).map(|line| line.number).collect();
            assert_eq!(numbers, [1, 5], "{end:?}");
        }
        let mixed: Vec<_> = lines(b"\n\r\n\r\rallow /5\n\rallow /7").map(|line| line.number).collect();
        assert_eq!(mixed, [5, 7]);
    }

    #[test]
    fn a_line_that_the_limit_cuts_is_ignored() {
        let short = "allow: /x\n".repeat(READ / 10);
        assert_eq!(whole_lines(short.as_bytes()).len(), READ);
        let long = short.clone() + "allow: /y\n";
        assert_eq!(whole_lines(long.as_bytes()).len(), READ - 1, "its last line is whole");
        let cut = "allow: /xy\n".repeat(READ / 10);
        let kept = whole_lines(cut.as_bytes());
        assert!(kept.ends_with(b"allow: /xy") && kept.len() > READ - 12, "{}", kept.len());
        let exact = "#".repeat(READ) + "\nallow: /y";
        assert_eq!(whole_lines(exact.as_bytes()).len(), READ);
        assert_eq!(whole_lines(&vec![b'a'; READ + 1]), b"");
    }
}
