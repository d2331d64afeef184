//! The XML reports, read back by a reader that checks what XML demands.

use std::collections::BTreeMap;

use quick_xml::{Reader, events::Event};

use super::super::{
    Kind,
    tests::{NASTY_PATH, awkward, dead, written},
};

/// An element as it was read: name, attributes, text, the elements within.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    within: Vec<Element>,
}

impl Element {
    fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// Reads a document and refuses what XML 1.0 does not allow.
fn read_xml(text: &str) -> Element {
    assert!(!text.contains(
        |c| matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
    ));
    let mut reader = Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    let element = |start: &quick_xml::events::BytesStart<'_>| Element {
        name: start.name().as_ref().to_owned(),
        attributes: start
            .attributes()
            .map(|attribute| {
                let attribute = attribute.unwrap();
                let value = quick_xml::escape::unescape(&attribute.value).unwrap().into_owned();
                (attribute.key.as_ref().to_owned(), value)
            })
            .collect(),
        ..Element::default()
    };
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => open.push(element(&start)),
            Event::Empty(start) => open.last_mut().unwrap().within.push(element(&start)),
            Event::End(_) => {
                let done = open.pop().unwrap();
                open.last_mut().unwrap().within.push(done);
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text),
            Event::GeneralRef(name) => {
                let reference = format!("&{};", &*name);
                open.last_mut().unwrap().text.push_str(&quick_xml::escape::unescape(&reference).unwrap());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open.len(), 1);
    open.pop().unwrap().within.pop().unwrap()
}

#[test]
fn junit_keeps_to_the_schema_of_jenkins() {
    let root = read_xml(&written(Kind::Junit, &awkward()));
    // junit-10.xsd: what may stand where, with which attributes; `!` marks those required.
    let rules: BTreeMap<&str, (&[&str], &[&str])> = BTreeMap::from([
        ("testsuites", (&["testsuite"][..], &["name", "time", "tests", "failures", "errors"][..])),
        ("testsuite", (&["testcase"], &["!name", "!tests", "!failures", "!errors", "skipped", "time"])),
        ("testcase", (&["failure", "skipped", "system-out"], &["!name", "classname", "time"])),
        ("failure", (&[], &["type", "message"])),
        ("skipped", (&[], &["type", "message"])),
        ("system-out", (&[], &[])),
    ]);
    assert_eq!(root.name, "testsuites");
    let mut left = vec![&root];
    while let Some(element) = left.pop() {
        let (within, attributes) = rules[element.name.as_str()];
        for name in element.attributes.keys() {
            assert!(attributes.iter().any(|known| known.trim_start_matches('!') == name), "{name} in {}", element.name);
        }
        for name in attributes.iter().filter_map(|known| known.strip_prefix('!')) {
            assert!(element.attributes.contains_key(name), "{name} is missing in {}", element.name);
        }
        for inner in &element.within {
            assert!(within.contains(&inner.name.as_str()), "{} in {}", inner.name, element.name);
        }
        left.extend(&element.within);
    }
    let time = root.attribute("time");
    assert_eq!(time, "1.234");
}

#[test]
fn junit_counts_what_it_lists() {
    let findings = [awkward(), vec![dead("plain.md", 8), dead("plain.md", 99)]].concat();
    let root = read_xml(&written(Kind::Junit, &findings));
    let count = |suite: &Element, what: &str| {
        suite.within.iter().flat_map(|case| &case.within).filter(|inner| inner.name == what).count().to_string()
    };
    for suite in &root.within {
        assert_eq!(suite.attribute("tests"), suite.within.len().to_string(), "{suite:?}");
        assert_eq!(suite.attribute("failures"), count(suite, "failure"), "{suite:?}");
        assert_eq!(suite.attribute("skipped"), count(suite, "skipped"), "{suite:?}");
    }
    let names: Vec<_> = root.within.iter().map(|suite| suite.attribute("name")).collect();
    assert_eq!(names, [&NASTY_PATH[2..], "plain.md", "https://example.com/ä b?c=<d>", "fetchall check"]);
    assert_eq!((root.attribute("tests"), root.attribute("failures")), ("7", "5"));
    let cases: Vec<_> = root.within.iter().flat_map(|suite| &suite.within).collect();
    let mut names: Vec<_> = cases.iter().map(|case| (case.attribute("classname"), case.attribute("name"))).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 7, "{names:?}");
    assert!(names.contains(&("link.dead", "plain.md: https://example.com/gone (3)")), "{names:?}");
    let told = &cases[0].within[0];
    assert_eq!(told.attribute("message"), r#"404 ]]> "Gone"\u{a}@all | 100% \u{9b}31m"#);
    let start = r#"docs/Größe & "100%"|a,b:c.md:3:5: x"y'<z>&]]>|`%0A`\u{d}\u{a}::error::🦀\u{202e}\u{1b}[2J\u{0}](http://evil): 404"#;
    assert!(told.text.trim().starts_with(start), "{}", told.text);
}

#[test]
fn junit_without_findings_has_a_case_that_passes() {
    let root = read_xml(&written(Kind::Junit, &[]));
    assert_eq!((root.attribute("tests"), root.attribute("failures"), root.within.len()), ("1", "0", 1));
    assert_eq!(root.within[0].within[0].within[0].name, "system-out");
}

#[test]
fn checkstyle_has_a_file_for_each_document_and_an_error_for_each_finding() {
    let root = read_xml(&written(Kind::Checkstyle, &awkward()));
    assert_eq!((root.name.as_str(), root.attribute("version")), ("checkstyle", "8.0"));
    let files: Vec<_> =
        root.within.iter().map(|file| (file.name.as_str(), file.attribute("name"), file.within.len())).collect();
    assert_eq!(
        files,
        [("file", &NASTY_PATH[2..], 1), ("file", "plain.md", 2), ("file", "https://example.com/ä b?c=<d>", 1)]
    );
    for error in root.within.iter().flat_map(|file| &file.within) {
        assert_eq!(error.name, "error");
        assert!(["error", "warning"].contains(&error.attribute("severity")), "{error:?}");
        assert!(error.attribute("source").starts_with("fetchall.link."), "{error:?}");
        assert!(!error.attribute("message").is_empty(), "{error:?}");
    }
    let [nowhere, warned] = &root.within[1].within[..] else { panic!("{root:?}") };
    assert!(!nowhere.attributes.contains_key("line") && !nowhere.attributes.contains_key("column"));
    assert_eq!(
        (warned.attribute("line"), warned.attribute("column"), warned.attribute("severity")),
        ("7", "5", "warning")
    );
}
