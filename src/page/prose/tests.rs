//! Whole documents, language by language: what is found and where it stands; and what holds for any
//! text.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::model::link::{Anchors, Directive, Link};

const LOOK: Look = Look::ALL;

const ALL: &[Language] = &[
    Language::Html,
    Language::Markdown,
    Language::PythonMarkdown,
    Language::Mdx,
    Language::Rst,
    Language::AsciiDoc,
    Language::Css,
    Language::Text,
    Language::Json,
    Language::Toml,
    Language::Yaml,
    Language::Sitemap,
];

/// Each link as `element value`, and ` < written` where it is written in other letters.
fn links(text: &str, language: Language) -> Vec<String> {
    let show = |link: Link| {
        let written = &text[link.span];
        let other = if written == &*link.value { String::new() } else { format!(" < {written}") };
        format!("{} {}{other}", link.element, link.value)
    };
    outline(text, language, LOOK).links.into_iter().map(show).collect()
}

fn md(text: &str) -> Vec<String> {
    links(text, Language::Markdown)
}

fn names(text: &str, language: Language) -> Vec<String> {
    outline(text, language, LOOK).anchors.names().map(str::to_owned).collect()
}

fn directives(text: &str, language: Language) -> Vec<(String, String)> {
    let show = |Directive { text: what, span }| (String::from(what), text[span].to_owned());
    outline(text, language, LOOK).directives.into_iter().map(show).collect()
}

mod asciidoc;
mod markdown;
mod mdx;
mod mkdocs;
mod rst;

#[test]
fn languages_are_told_by_extension_in_any_case() {
    for (path, language) in [
        ("a/b.md", Some(Language::Markdown)),
        ("README.MD", Some(Language::Markdown)),
        ("x.mdx", Some(Language::Mdx)),
        ("x.htm", Some(Language::Html)),
        ("x.rst", Some(Language::Rst)),
        ("x.asc", Some(Language::AsciiDoc)),
        ("x.yml", Some(Language::Yaml)),
        ("sitemap.xml", Some(Language::Sitemap)),
        ("md", None),
        ("x.rs", None),
        ("", None),
    ] {
        assert_eq!(Language::of_path(path), language, "{path}");
    }
    let names: std::collections::HashSet<_> = ALL.iter().map(|language| language.name()).collect();
    assert_eq!(names.len(), ALL.len() - 1, "two kinds of Markdown have one name");
}

#[test]
fn style_sheets_and_text_are_read_too() {
    let text = "/* fetchall: ignore */ a { content: \"/* fetchall:no */\"; } /* x */ b { x: url(https://a.org) }";
    assert_eq!(links(text, Language::Css), ["url() https://a.org"]);
    assert_eq!(directives(text, Language::Css), [("ignore".into(), "/* fetchall: ignore */".into())]);
    assert_eq!(links("See https://a.org, b@c.org", Language::Text), ["text https://a.org"]);
}

fn holds(text: &str, language: Language) {
    let found = outline(text, language, LOOK);
    let spans = found.links.iter().map(|link| &link.span);
    let spans = spans.chain(found.directives.iter().map(|directive| &directive.span));
    for span in spans.chain(found.faults.iter().map(|fault| &fault.span)) {
        assert!(text.get(span.clone()).is_some(), "{span:?} of {text:?} as {}", language.name());
    }
    assert!(found.links.is_sorted_by_key(|link| link.span.start));
    assert_eq!(found.anchors, Anchors::of(found.anchors.names(), true));
}

/// Pieces that mean something in some language.
const WORDS: &[&str] = &[
    "https://a.org/b",
    "www.a.org",
    "[",
    "](",
    ")",
    "[[",
    "]]",
    "](<",
    ">",
    "<",
    "<<",
    ">>",
    "`",
    "``",
    "```\n",
    "~~~\n",
    "{",
    "}",
    "{/*",
    "*/}",
    "<a href=\"x\">",
    "</a>",
    "<A to={'/x'}/>",
    "<h1>",
    "</h1>",
    "<!-- fetchall:x",
    "-->",
    "\n",
    "\n\n",
    "  ",
    "\t",
    "\r\n",
    "# ",
    "== ",
    "----\n",
    "=====\n",
    "////\n",
    ".. ",
    ".. _a: ",
    ".. image:: ",
    "::\n",
    "   ",
    "`a <",
    ">`_",
    "__ ",
    "_",
    "link:",
    "xref:",
    "image::",
    "include::",
    "[#id]",
    "[source]\n",
    ":a: ",
    "{a}",
    "++",
    "+",
    "|",
    "\\",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    ": ",
    "- ",
    "#",
    "|\n",
    ",",
    "=",
    "\\u00e9",
    "\\uD83D",
    "\\",
    "&amp;",
    "&#x41;",
    "&",
    "<urlset>",
    "<loc>",
    "</loc>",
    "<link href=\"",
    "<![CDATA[",
    "]]>",
    "---\n",
    "+++\n",
    "[^1]",
    "[^1]: ",
    "[a]: ",
    "[a]",
    "[a][b]",
    "![",
    "ä",
    "中",
    "🚀",
    "\u{feff}",
    "\0",
    "import x\n",
    "export {\n",
    "fetchall:",
    "// ",
    "/* ",
    "*/",
    "*",
    "**",
    "> ",
    "1. ",
    ";",
    "(",
    "\u{a0}",
    "é\u{301}",
    "…",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_an_outline_with_places_within_it(text in "\\PC{0,80}") {
        ALL.iter().for_each(|language| holds(&text, *language));
    }

    #[test]
    fn any_markup_has_an_outline_with_places_within_it(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..40),
        root in prop::sample::select(&["", "<urlset>", "---\n", "\u{feff}"]),
    ) {
        let text = format!("{root}{}", words.concat());
        ALL.iter().for_each(|language| holds(&text, *language));
    }
}

/// Pieces of which many in a row would be costly for a reader that looks ahead for each.
#[test]
fn nothing_costs_the_square_of_its_length() {
    let pairs = [
        "[#",
        "link:",
        "xref:x",
        "link:++",
        "<h1>",
        "<H1>x</H1>",
        "<h1",
        "{/*",
        "{",
        "<a b={",
        "<a b=\"",
        "<A b='x' ",
        "[[",
        "[[a|",
        "`",
        "``",
        "``a`",
        "http://",
        "https://a,",
        "www.",
        "[a][b]",
        "[a](",
        "![",
        "[a]: b\n",
        "# a\n",
        "== a\n",
        "a\n-\n",
        "a\n=\n",
        ".. a\n",
        "..\n\n",
        "x::\n\n",
        "`a <",
        "export {\n\n",
        "import x\n",
        "- ",
        "> ",
        "\"",
        "\"\\",
        "'",
        "\"\"\"",
        "[",
        "{\"",
        "<loc>",
        "&",
        "<link href='",
        "<![CDATA[",
        "\\",
        "a: |\n",
        "<!--",
        "<a ",
        "<code>",
        "/*",
        "+a",
        "[^1]",
        "[^1]: a\n",
        "|a",
        "{a}",
        ":a: {a}\n",
        "[[1]](",
        "<",
        "</",
        "\n",
    ];
    for piece in pairs {
        for language in ALL.iter().filter(|language| **language != Language::Html) {
            let text = piece.repeat(100_000 / piece.len());
            let before = Instant::now();
            outline(&text, *language, Look { names: false, ..LOOK });
            let took = before.elapsed();
            assert!(took < Duration::from_secs(4), "{piece:?} as {}: {took:?}", language.name());
        }
    }
}
