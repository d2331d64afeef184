//! Which suggestions are taken, and that nothing but the reference is touched.

use std::fs;

use fetchall::model::{Rule, Severity, SuggestionKind as Kind};

use super::{super::sample::*, *};

#[test]
fn only_what_is_surely_meant_is_written() {
    for (kind, old, new, safe) in [
        (Kind::Redirect, "http://h/a", "https://h/b", true),
        (Kind::Https, "http://h/a", "https://h/a", true),
        (Kind::Case, "Docs/A.md", "docs/a.md", true),
        (Kind::Archive, "http://h/a", "https://archive.example/http://h/a", false),
        (Kind::Anchor, "#Install_Linux", "#install-linux", true),
        (Kind::Anchor, "a.md#install%20linux", "a.md#install-linux", true),
        (Kind::Anchor, "#instal-linux", "#install-linux", false),
        (Kind::File, "img/My Logo.png", "img/my-logo.png", true),
        (Kind::File, "img/My%20Logo.png?x#y", "img/my-logo.png?x#y", true),
        (Kind::File, "a/b.md", "ab.md", false),
        (Kind::File, "logo.png", "logo2.png", false),
    ] {
        assert_eq!(is_safe(kind, old, new), safe, "{old} {new}");
    }
}

#[test]
fn a_rule_that_weighs_nothing_is_mended_unless_it_was_turned_off() {
    let text = "[x](http://h/a)";
    let moved = mendable("a.md", text, "http://h/a", Kind::Redirect, "https://h/b");
    let moved = weighing(moved, Rule::Redirected, Severity::Off);
    assert!(Mending::default().takes(&moved));
    let off = Mending { off: HashSet::from([Rule::Redirected]) };
    assert!(!off.takes(&moved));
    let elsewhere = mendable("a.rst", text, "http://h/a", Kind::Redirect, "https://h/b");
    assert!(!Mending::default().takes(&elsewhere), "nobody knows how to write it there");
    assert!(!Mending::default().takes(&dead("a.md", text, "http://h/a")));
}

#[test]
fn places_count_characters_and_every_kind_of_line_end() {
    let text = "# ü\r\näö [x](OLD) <OLD2>\n\tend OLD3";
    for raw in ["OLD", "OLD2", "OLD3", "ü"] {
        let finding = dead("a.md", text, raw);
        let start = text.find(raw).unwrap();
        let places = Places::of(text, std::slice::from_ref(&finding));
        assert_eq!(places.span(&finding), Some(start..start + raw.len()), "{raw}");
    }
    let mut beyond = dead("a.md", text, "OLD");
    beyond.source.end_column = Some(99);
    assert_eq!(Places::of(text, std::slice::from_ref(&beyond)).span(&beyond), None);
    beyond.source.line = None;
    assert_eq!(Places::of(text, std::slice::from_ref(&beyond)).span(&beyond), None);
}

#[test]
fn a_place_that_holds_more_or_something_else_is_left_alone() {
    let cases = [
        ("a.md", "[x](http://h/a)", "http://h/a", None, LinkKind::Anchor, true),
        ("a.html", "<a href=\"http://h/a b\">", "http://h/a b", Some("href"), LinkKind::Anchor, true),
        ("a.html", "<p style=\"background:url(x)\">", "background:url(x)", Some("style"), LinkKind::Style, false),
        ("a.html", "<img srcset=\"x.png 2x, y.png\">", "x.png 2x, y.png", Some("srcset"), LinkKind::Image, false),
        ("a.html", "<meta content=\"0;url=x\">", "0;url=x", Some("content"), LinkKind::Refresh, false),
        ("a.md", "see http://h/a b", "http://h/a b", None, LinkKind::Text, false),
    ];
    for (path, text, raw, attribute, kind, takes) in cases {
        let mut finding = mendable(path, text, raw, Kind::Redirect, "NEW");
        (finding.source.attribute, finding.source.kind) = (attribute, kind);
        let (edits, mended, left) = edits(text, syntax_of(path).unwrap(), vec![finding]);
        assert_eq!((edits.len(), mended.len(), left.len()), if takes { (1, 1, 0) } else { (0, 0, 1) }, "{text}");
    }
    let (text, changed) = ("[x](http://h/a)", "[y](http://g/a)");
    let finding = mendable("a.md", text, "http://h/a", Kind::Redirect, "NEW");
    let (edits, _, left) = edits(changed, Syntax::Markdown, vec![finding]);
    assert_eq!((edits.len(), left.len()), (0, 1), "the document has changed since it was read");
}

#[test]
fn links_of_one_place_agree_or_the_first_has_its_way() {
    let text = "[a][x] [b][x]\n\n[x]: OLD";
    let to = |new| mendable("a.md", text, "OLD", Kind::Redirect, new);
    let (edits, mended, left) = edits(text, Syntax::Markdown, vec![to("NEW"), to("NEW"), to("OTHER")]);
    assert_eq!((mended.len(), left.len()), (2, 1));
    assert_eq!(fix::apply(text, &edits).unwrap(), "[a][x] [b][x]\n\n[x]: NEW");
}

#[test]
fn a_difference_changes_nothing_and_a_fix_changes_the_place_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.md");
    let text = "one [ä](http://h/a \"t\") two\r\nhttp://h/a\n";
    fs::write(&path, text).unwrap();
    let name = path.to_str().unwrap();
    let gone = mendable(dir.path().join("gone.md").to_str().unwrap(), text, "http://h/a", Kind::Redirect, "NEW");
    let jobs = plan(vec![mendable(name, text, "http://h/a", Kind::Redirect, "https://h/(b"), gone]);
    assert_eq!((jobs.jobs.len(), jobs.mended.len(), jobs.left.len()), (1, 1, 1));
    let diff = jobs.jobs[0].diff();
    assert!(diff.contains("-one [ä](http://h/a \"t\") two\r\n+one [ä](https://h/%28b \"t\") two\r\n"), "{diff}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    jobs.jobs[0].write().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text.replacen("http://h/a", "https://h/%28b", 1));
}
