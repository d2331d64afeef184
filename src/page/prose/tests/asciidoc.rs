//! AsciiDoc.

use super::*;

fn adoc(text: &str) -> Vec<String> {
    links(text, Language::AsciiDoc)
}

#[test]
fn macros_references_and_urls_are_links() {
    for (text, expected) in [
        ("link:a.html[words]", "link a.html"),
        ("link:++a b.html++[words]", "link a b.html"),
        ("see https://a.org/x[the site^].", "link https://a.org/x"),
        ("see https://a.org/x.", "text https://a.org/x"),
        ("<https://a.org/x>", "text https://a.org/x"),
        ("mailto:a@b.org[Mail]", "link mailto:a@b.org < a@b.org"),
        ("xref:other.adoc#part[words]", "xref other.adoc#part"),
        ("xref:other.adoc[]", "xref other.adoc"),
        ("xref:part[]", "xref #part < part"),
        ("<<part>>", "xref #part < part"),
        ("<<other.adoc#part,words>>", "xref other.adoc#part"),
        ("<<other#part>>", "xref other.adoc#part < other#part"),
        ("<<other.adoc#>>", "xref other.adoc < other.adoc#"),
        ("<<Section Title>>", "xref #Section Title < Section Title"),
        ("image::a.png[Alt]", "image a.png"),
        ("an image:a.png[] here", "image a.png"),
        ("include::part.adoc[lines=1..2]", "include part.adoc"),
        (":imagesdir: img\n\nimage::a.png[]", "image img/a.png < a.png"),
        (":base: https://a.org\n:base!:\n\nlink:{base}/x[y]", "attribute https://a.org"),
        ("* item link:a[b]", "link a"),
        ("|===\n|https://a.org |b\n|===", "text https://a.org"),
        ("====\nlink:a[b]\n====", "link a"),
        ("\\link:no[x] link:a[b]", "link a"),
    ] {
        assert_eq!(adoc(text), [expected], "{text:?}");
    }
    assert_eq!(adoc(":base: https://a.org\n\nlink:{base}/x[y]")[1], "link https://a.org/x < {base}/x");
    assert_eq!(adoc("image:a.png[link=\"https://a.org\"]"), ["image a.png", "link https://a.org"]);
}

#[test]
fn code_and_comments_are_no_links() {
    for text in [
        "----\nhttps://a.org\n----",
        "....\nlink:a[b]\n....",
        "////\nhttps://a.org\n////",
        "// https://a.org",
        "[source,sh]\n----\ncurl https://a.org\n----",
        "[source]\ncurl https://a.org\nagain https://a.org",
        " literal https://a.org\nhttps://a.org",
        "```\nhttps://a.org\n```",
        "`link:a[b]` `https://a.org` +https://a.org+",
        "pass:[link:a[b] pass:q,a[https://a.org]",
        "xref:module:page.adoc[] xref:2.0@page.adoc[]",
        "link:{unknown}/x[y]",
    ] {
        assert_eq!(adoc(text), [""; 0], "{text:?}");
    }
}

#[test]
fn sections_and_ids_are_anchors() {
    let text = "= Document\n\n== First Part\n\n[[own]]\n== Second\n\n[#third.role]\n=== Third\n\n[quote,id=fourth]\nx [[fifth]]y anchor:sixth[]\n\n* [[[bib]]] z\n\n== First Part\n";
    let found = outline(text, Language::AsciiDoc, LOOK).anchors;
    for name in
        ["_first_part", "first-part", "First Part", "own", "third", "fourth", "fifth", "sixth", "bib", "_first_part_2"]
    {
        assert!(found.has(name), "{name}: {:?}", found.names().collect::<Vec<_>>());
    }
}

#[test]
fn comments_speak_to_the_checker() {
    let text = "// fetchall: ignore-next\nhttps://a.org\n//fetchall:x\n";
    let expected = [("ignore-next".into(), "// fetchall: ignore-next".into()), ("x".into(), "//fetchall:x".into())];
    assert_eq!(directives(text, Language::AsciiDoc), expected);
}
