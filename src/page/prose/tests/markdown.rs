//! Markdown.

use super::*;

#[test]
fn a_destination_is_found_as_it_is_written() {
    for (text, expected) in [
        ("[a](b)", "link b"),
        ("![a](b.png \"title (x)\")", "image b.png"),
        ("[a](<b c> 'x')", "link b c"),
        ("[a](  /b(c)d\n \"t\")", "link /b(c)d"),
        ("[a](b\\)c)", "link b)c < b\\)c"),
        ("[a](x?a=1&amp;b=%20)", "link x?a=1&b=%20 < x?a=1&amp;b=%20"),
        ("[](b)", "link b"),
        ("[a]()", "link "),
        ("[`](` b](c)", "link c"),
        ("[a \\](x) b](c)", "link c"),
        ("[a ](x)", "link x"),
        ("[*a*](x_y_z)", "link x_y_z"),
        ("[](x)", "link x"),
        ("[a](b \"[c](d)\")", "link b"),
        ("> [a](\n> b)", "link b"),
        ("- x [a](#b)", "link #b"),
        ("| a |\n|---|\n| [b](c) \\| |", "link c"),
        ("# [a](b) {#c}", "link b"),
        ("~~[a](b)~~ x[^1]\n\n[^1]: y", "link b"),
        ("[ä](ö/ü.md#ß)", "link ö/ü.md#ß"),
        ("<https://a.org/?x=1&y=2>", "autolink https://a.org/?x=1&y=2"),
        ("<a@b.org>", "autolink mailto:a@b.org < a@b.org"),
        ("<mailto:a@b.org>", "autolink mailto:a@b.org"),
        ("at https://a.org/b_c_d.", "text https://a.org/b_c_d"),
        ("at www.a.org/b", "text http://www.a.org/b < www.a.org/b"),
        ("https://a.org/?a=1&amp;b=2", "text https://a.org/?a=1&b=2 < https://a.org/?a=1&amp;b=2"),
        ("https://a.org/a\\_b", "text https://a.org/a_b < https://a.org/a\\_b"),
        ("**https://a.org/x**", "text https://a.org/x"),
        ("> [!NOTE]\n> https://a.org", "text https://a.org"),
        ("[[Page]]", "wikilink Page"),
        ("x [[Page Name#Part|some words]] y", "wikilink Page Name#Part"),
        ("[[1]](https://a.org)", "link https://a.org"),
        ("[a]: b 'title'\n\n[a] and [A][] and [x][a]", "definition b"),
        ("[a]:\n  <b c>\n\n![x][a]", "definition b c"),
        ("[a\\]: x]: b\n\n[a\\]: x]", "definition b"),
        ("[unused]: https://a.org", "definition https://a.org"),
        ("> [a]: /x&amp;y\n\n[a]", "definition /x&y < /x&amp;y"),
        ("---\na: https://a.org\n---\nx", "string https://a.org"),
        ("+++\na = \"https://a.org\"\n+++\nx", "string https://a.org"),
        ("---\n\n[a](b)\n\n---", "link b"),
        ("x\n\n---\n[a](b)\n\n---\n", "link b"),
        ("<img src=\"a.png\">", "img a.png"),
        ("x <a href=\"b\">https://c.org</a>", "a b"),
        ("<p>\n\n[a](b)\n\n</p>", "link b"),
        ("<details>\n<summary>[no](x)</summary>\n\n[a](b)", "link b"),
    ] {
        assert_eq!(md(text), [expected], "{text:?}");
    }
}

#[test]
fn code_comments_and_plain_brackets_are_no_links() {
    for text in [
        "`[a](b)` ``https://a.org``",
        "```\n[a](b)\nhttps://a.org\n```",
        "    [a](b) https://a.org",
        "~~~md\n<a href=\"x\">\n[[a]]\n~~~",
        "<!-- [a](b) https://a.org -->",
        "\\[a](b)",
        "[a]",
        "[ ] [x]",
        "- [ ] todo\n- [x] done",
        "[//]: # (a comment)\n[comment]: <> (another)",
        "[^1]\n\n[^1]: note",
        "<code>https://a.org</code> <kbd>https://b.org</kbd>",
        "if [[ -f x ]] then [[1]] or [[2, 3]] [[]] [[a\nb]]",
        "$[[a]$",
        "mailto:x@y.org x@y.org",
    ] {
        assert_eq!(md(text), [""; 0], "{text:?}");
    }
}

#[test]
fn links_and_their_texts_come_in_document_order() {
    let text =
        "[![badge *one*](i.svg)](https://a.org) [two `x`\n three][r] https://b.org <img src=\"h\">\n\n[r]: c.md\n";
    let found = outline(text, Language::Markdown, LOOK).links;
    let all: Vec<_> = found.iter().map(|link| (link.element, &*link.value, &*link.text, link.kind)).collect();
    assert_eq!(
        all,
        [
            ("image", "i.svg", "badge one", LinkKind::Image),
            ("link", "https://a.org", "badge one", LinkKind::Anchor),
            ("text", "https://b.org", "", LinkKind::Text),
            ("img", "h", "", LinkKind::Image),
            ("definition", "c.md", "two x three", LinkKind::Anchor),
        ]
    );
    let images = outline("![x][r]\n\n[r]: c.png", Language::Markdown, LOOK).links;
    assert_eq!(images[0].kind, LinkKind::Image, "a definition that only images use is one of an image");
}

#[test]
fn a_reference_that_nobody_defines_is_text() {
    for text in ["[a-z][0-9]+", "[x][x]", "See [the guide][guide] and ![x][y].\n\n[z]: z", "[a][]", "\\[a][b]"] {
        assert!(outline(text, Language::Markdown, LOOK).faults.is_empty(), "{text:?}");
    }
    assert_eq!(md("[a-z][0-9] [x][x]"), [""; 0]);
}

#[test]
fn headings_footnotes_and_html_give_anchors() {
    let text = "# The `x` [option](y)!\n\nSetext *title*\n===\n\n## Same\n## Same\n> ### In a quote\n\n## Own {#own .class}\n\
        <h2 id=\"html-id\">From <em>HTML</em> &amp; more</h2>\n\n<a id=\"anchor\"></a>text[^n]\n\n[^n]: note\n\n```\n# no\n```\n";
    let found = outline(text, Language::Markdown, LOOK).anchors;
    for name in [
        "the-x-option",
        "setext-title",
        "same",
        "same-1",
        "in-a-quote",
        "own",
        "html-id",
        "from-html--more",
        "anchor",
        "fn-n",
        "fnref-n",
        "user-content-fn-n",
        "fn:n",
    ] {
        assert!(found.has(name), "{name}: {:?}", found.names().collect::<Vec<_>>());
    }
    for name in ["no", "own-own-class", "same-2"] {
        assert!(!found.has(name), "{name}");
    }
    assert_eq!(names("# ![logo](x) Title\n", Language::Markdown), ["-title", "logo-title"]);
    assert_eq!(names("# 🚀 A &amp; B <b>c</b>\n", Language::Markdown), ["-a--b-c"]);
    assert_eq!(names("# :rocket: Go\n# a\\_b\n", Language::Markdown), ["rocket-go", "a_b"]);
}

#[test]
fn comments_speak_to_the_checker() {
    let text = "---\nx: y\n---\n# A\n\n<!-- fetchall:ignore-next reason=\"x\" -->\n[a](b) <!--fetchall: ignore-line-->\n\n`<!-- fetchall:no -->`\n";
    assert_eq!(
        directives(text, Language::Markdown),
        [
            ("ignore-next reason=\"x\"".into(), "<!-- fetchall:ignore-next reason=\"x\" -->".into()),
            ("ignore-line".into(), "<!--fetchall: ignore-line-->".into()),
        ]
    );
}

#[test]
fn html_is_read_in_place_over_blocks() {
    let text = "\u{feff}<table>\n<tr><td>\n\n**x** <a\n  href=\"one\">t</a>\n\n- <img src=\"two\">\n\n</td></tr></table>\n\n```html\n<a href=\"no\">\n```\n`<a href=\"no\">`\n";
    assert_eq!(md(text), ["a one", "img two"]);
    let text = "> x <a\n> href=\"one\">t</a>\n>\n> <img\n>   src=\"two\">\n\n- > <a\n  > href='three'>t</a>\n";
    assert_eq!(md(text), ["a one", "img two", "a three"]);
}
