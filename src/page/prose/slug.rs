//! Names of headings, as GitHub makes them.
//!
//! Lower case; nothing but letters, marks, digits, connectors, hyphens and spaces; each space a
//! hyphen. Documentation generators do the same with github-slugger. Compared with its version 2
//! over every code point: they differ only in letters newer than Unicode 13, which that one drops.

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;

/// What stays of text outside ASCII: `\p{Word}` of the expression that GitHub uses.
static KEPT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]$").expect("the expression is constant and compiles in a test")
});

/// The name of a heading with this text, before repeats are told apart.
pub fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let mut out = String::with_capacity(lower.len());
    let mut bytes = [0; 4];
    for c in lower.chars() {
        match c {
            ' ' => out.push('-'),
            '-' | '_' | 'a'..='z' | '0'..='9' => out.push(c),
            _ if c.is_ascii() => {}
            _ if c.is_alphabetic() || KEPT.is_match(c.encode_utf8(&mut bytes)) => out.push(c),
            _ => {}
        }
    }
    out
}

/// Names headings one after another: a repeat gets `-1`, the next `-2`, past names that are taken.
#[derive(Debug, Default)]
pub struct Slugger {
    seen: HashMap<String, usize>,
}

impl Slugger {
    /// The name of the next heading, whose text is this.
    pub fn slug(&mut self, text: &str) -> String {
        let plain = slug(text);
        let mut name = plain.clone();
        if let Some(&count) = self.seen.get(&plain) {
            let mut count = count;
            while self.seen.contains_key(&name) {
                count += 1;
                name = format!("{plain}-{count}");
            }
            self.seen.insert(plain, count);
        }
        self.seen.insert(name.clone(), 0);
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text of a heading and its name, as github-slugger gives it.
    const NAMES: &[(&str, &str)] = &[
        ("Hello, world!", "hello-world"),
        ("", ""),
        ("Heading", "heading"),
        ("ALL CAPS", "all-caps"),
        ("1.2.3 Release", "123-release"),
        ("v1.0.0-rc.1", "v100-rc1"),
        ("What's new?", "whats-new"),
        ("C++ and C#", "c-and-c"),
        ("foo_bar", "foo_bar"),
        ("foo-bar", "foo-bar"),
        ("foo - bar", "foo---bar"),
        ("foo -- bar", "foo----bar"),
        ("two  spaces", "two--spaces"),
        (" leading", "-leading"),
        ("trailing ", "trailing-"),
        ("A & B", "a--b"),
        ("A/B", "ab"),
        ("a.b.c", "abc"),
        ("path/to/file.rs", "pathtofilers"),
        ("`code`", "code"),
        ("--flag=VALUE", "--flagvalue"),
        ("$HOME", "home"),
        ("100%", "100"),
        ("(parens) [brackets] {braces}", "parens-brackets-braces"),
        ("\"quoted\" 'single'", "quoted-single"),
        ("“curly” ‘quotes’", "curly-quotes"),
        ("en–dash em—dash", "endash-emdash"),
        ("tab\there", "tabhere"),
        ("line\nbreak", "linebreak"),
        ("no\u{a0}break", "nobreak"),
        ("Größe und Übermaß", "größe-und-übermaß"),
        ("Ça va, élève?", "ça-va-élève"),
        ("ПРИВЕТ мир", "привет-мир"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("İstanbul", "i̇stanbul"),
        ("中文标题", "中文标题"),
        ("日本語、テスト。", "日本語テスト"),
        ("한국어 제목", "한국어-제목"),
        ("हिन्दी", "हिन्दी"),
        ("ไทยนี้", "ไทยนี้"),
        ("مرحبا", "مرحبا"),
        ("🚀 Launch", "-launch"),
        ("Launch 🚀", "launch-"),
        ("❤\u{fe0f} Love", "\u{fe0f}-love"),
        (":rocket: Launch", "rocket-launch"),
        ("👨\u{200d}👩\u{200d}👧", ""),
        ("x² + ½", "x--"),
        ("Ⅳ four", "ⅳ-four"),
        ("①", ""),
        ("٣ arabic digit", "٣-arabic-digit"),
        ("e\u{301}", "e\u{301}"),
        ("under‿tie", "under‿tie"),
        ("€ and £", "-and-"),
        ("™ ® ©", "--"),
        ("…", ""),
        ("<T>", "t"),
        ("a|b", "ab"),
        ("~/.config", "config"),
    ];

    #[test]
    fn headings_are_named_as_github_names_them() {
        for (text, name) in NAMES {
            assert_eq!(slug(text), *name, "{text:?}");
        }
    }

    #[test]
    fn repeats_are_counted_past_names_that_are_taken() {
        let cases: &[&[(&str, &str)]] = &[
            &[("a", "a"), ("a", "a-1"), ("A", "a-2")],
            &[("a", "a"), ("a-1", "a-1"), ("a", "a-2"), ("a", "a-3")],
            &[("a-1", "a-1"), ("a", "a"), ("a", "a-2")],
            &[("a", "a"), ("a", "a-1"), ("a-1", "a-1-1")],
            &[("", ""), ("", "-1"), ("", "-2")],
            &[("🚀", ""), ("🎉", "-1")],
            &[("foo", "foo"), ("foo", "foo-1"), ("foo 1", "foo-1-1"), ("foo-1-1", "foo-1-1-1"), ("foo", "foo-2")],
        ];
        for case in cases {
            let mut slugger = Slugger::default();
            for (text, name) in *case {
                assert_eq!(slugger.slug(text), *name, "{text:?} in {case:?}");
            }
        }
    }
}
