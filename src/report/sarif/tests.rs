//! SARIF read back by rules of our own: what the standard requires of the parts that we write.

use serde_json::{Value, json};

use super::super::{
    Kind,
    tests::{awkward, dead, suggest, written},
};
use crate::model::{Rule, SuggestionKind};

/// Keys of an object that must be there, and those that may; nothing else.
fn has(value: &Value, must: &[&str], may: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    for key in must {
        assert!(object.contains_key(*key), "{key} is missing in {value}");
    }
    for key in object.keys() {
        assert!(must.contains(&key.as_str()) || may.contains(&key.as_str()), "{key} in {value}");
    }
}

fn is_message(value: &Value) {
    has(value, &["text"], &[]);
    assert!(value["text"].as_str().is_some_and(|text| !text.is_empty()), "{value}");
}

fn is_region(region: &Value) {
    has(region, &["startLine"], &["startColumn", "endLine", "endColumn"]);
    for number in region.as_object().unwrap().values() {
        assert!(number.as_u64().is_some_and(|number| number >= 1), "{region}");
    }
    let at = |line: &str, column: &str| Some((region[line].as_u64()?, region[column].as_u64()?));
    if let (Some(start), Some(end)) = (at("startLine", "startColumn"), at("endLine", "endColumn")) {
        assert!(start <= end, "{region}");
    }
}

fn is_artifact(location: &Value, bases: &Value) {
    has(location, &["uri"], &["uriBaseId"]);
    let uri = location["uri"].as_str().unwrap();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    assert!(uri.chars().all(allowed), "{uri} is no URI reference (RFC 3986, section 2)");
    let relative = url::Url::parse(uri).is_err();
    assert_eq!(location["uriBaseId"].is_string(), relative, "{location}");
    if let Some(base) = location["uriBaseId"].as_str() {
        assert!(bases[base].is_object(), "{base} is not in {bases}");
    }
}

fn is_result(result: &Value, rules: &[Value], bases: &Value) {
    has(result, &["level", "message", "locations", "partialFingerprints"], &["ruleId", "ruleIndex", "fixes"]);
    assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()), "{result}");
    is_message(&result["message"]);
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(rules[index]["id"], result["ruleId"]);
    for location in result["locations"].as_array().unwrap() {
        has(location, &["physicalLocation"], &[]);
        let physical = &location["physicalLocation"];
        has(physical, &["artifactLocation"], &["region"]);
        is_artifact(&physical["artifactLocation"], bases);
        physical.get("region").into_iter().for_each(is_region);
    }
    assert!(result["partialFingerprints"].as_object().unwrap().values().all(Value::is_string));
    for fix in result["fixes"].as_array().into_iter().flatten() {
        has(fix, &["artifactChanges"], &["description"]);
        is_message(&fix["description"]);
        for change in fix["artifactChanges"].as_array().unwrap() {
            has(change, &["artifactLocation", "replacements"], &[]);
            is_artifact(&change["artifactLocation"], bases);
            for replacement in change["replacements"].as_array().unwrap() {
                has(replacement, &["deletedRegion"], &["insertedContent"]);
                is_region(&replacement["deletedRegion"]);
                has(&replacement["insertedContent"], &["text"], &[]);
            }
        }
    }
}

/// The run of a log that keeps the rules.
fn run_of(text: &str) -> Value {
    let log: Value = serde_json::from_str(text).unwrap();
    has(&log, &["version", "runs"], &["$schema"]);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    has(run, &["tool"], &["results", "originalUriBaseIds", "columnKind"]);
    assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&run["columnKind"].as_str().unwrap()));
    has(&run["tool"], &["driver"], &[]);
    let driver = &run["tool"]["driver"];
    has(driver, &["name"], &["version", "rules"]);
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        has(rule, &["id"], &["shortDescription", "fullDescription", "help", "defaultConfiguration"]);
        ["shortDescription", "fullDescription", "help"].iter().for_each(|key| is_message(&rule[*key]));
        has(&rule["defaultConfiguration"], &[], &["level"]);
    }
    for result in run["results"].as_array().unwrap() {
        is_result(result, rules, &run["originalUriBaseIds"]);
    }
    run.clone()
}

#[test]
fn the_log_keeps_the_rules_of_the_standard_whatever_the_findings_say() {
    let run = run_of(&written(Kind::Sarif, &awkward()));
    assert_eq!(run["results"].as_array().unwrap().len(), 4);
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), Rule::ALL.len());
    assert!(run_of(&written(Kind::Sarif, &[]))["results"].as_array().unwrap().is_empty());
}

#[test]
fn a_result_says_what_where_how_bad_and_what_to_write_instead() {
    let finding = suggest(dead("./docs/ä b.md", 3), SuggestionKind::Redirect, "https://example.com/new");
    let run = run_of(&written(Kind::Sarif, &[finding]));
    let region = json!({"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 29});
    let artifact = json!({"uri": "docs/%C3%A4%20b.md", "uriBaseId": "%SRCROOT%"});
    let expected = json!({
        "ruleId": "link.dead",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "https://example.com/gone: 404 Not Found (did you mean https://example.com/new?)"},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
        "partialFingerprints": {"fetchall/v1": "./docs/ä b.md:3"},
        "fixes": [{
            "description": {"text": "Write https://example.com/new"},
            "artifactChanges": [{
                "artifactLocation": artifact,
                "replacements": [{"deletedRegion": region, "insertedContent": {"text": "https://example.com/new"}}],
            }],
        }],
    });
    assert_eq!(run["results"][0], expected);
}

#[test]
fn a_page_has_its_url_and_a_file_without_a_place_no_region() {
    let run = run_of(&written(Kind::Sarif, &awkward()));
    let physical: Vec<_> =
        run["results"].as_array().unwrap().iter().map(|result| &result["locations"][0]["physicalLocation"]).collect();
    assert_eq!(physical[1], &json!({"artifactLocation": {"uri": "plain.md", "uriBaseId": "%SRCROOT%"}}));
    assert_eq!(physical[3]["artifactLocation"], json!({"uri": "https://example.com/%C3%A4%20b?c=%3Cd%3E"}));
}

#[test]
fn hostile_names_become_no_links_in_messages() {
    let mut finding = dead("a.md", 1);
    finding.source.raw = r"[click\](https://evil.example)".into();
    let run = run_of(&written(Kind::Sarif, &[finding]));
    let text = run["results"][0]["message"]["text"].as_str().unwrap();
    assert_eq!(text, r"\[click\\\](https://evil.example): 404 Not Found");
}
