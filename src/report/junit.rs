//! JUnit XML, as the common schema of CI servers has it (xUnit plugin of Jenkins, `junit-10.xsd`).
//!
//! A suite for each document with findings, a case for each finding: an error is a failure, a
//! warning is a skipped case, since the format knows nothing between. One case more stands for the
//! links that are fine, so that a report is never without a case, which CI servers take for a
//! fault.

use std::{collections::HashMap, io};

use quick_xml::events::BytesText;

use super::{
    CheckSummary, text, view,
    xml::{self, Xml, clean},
};
use crate::model::{Finding, Severity};

/// One document with everything that was found.
pub(super) fn write(findings: &[Finding], summary: &CheckSummary, out: &mut dyn io::Write) -> io::Result<()> {
    let shown = view::shown(findings);
    let (tests, failures) = (shown.len() + 1, failures(&shown));
    let mut document = xml::begin(out)?;
    document
        .create_element("testsuites")
        .with_attribute(("name", "fetchall check"))
        .with_attribute(("tests", tests.to_string().as_str()))
        .with_attribute(("failures", failures.to_string().as_str()))
        .with_attribute(("errors", "0"))
        .with_attribute(("time", format!("{:.3}", summary.elapsed.as_secs_f64()).as_str()))
        .write_inner_content(|inner| {
            view::by_document(&shown).try_for_each(|(name, findings)| suite(inner, name, findings))?;
            the_rest(inner, summary)
        })?;
    xml::end(document)
}

fn failures(findings: &[&Finding]) -> usize {
    findings.iter().filter(|finding| finding.severity == Severity::Error).count()
}

fn suite(xml: &mut Xml<'_>, name: &str, findings: &[&Finding]) -> io::Result<()> {
    let failures = failures(findings);
    let counts =
        [("tests", findings.len()), ("failures", failures), ("errors", 0), ("skipped", findings.len() - failures)]
            .map(|(name, count)| (name, count.to_string()));
    xml.create_element("testsuite")
        .with_attribute(("name", clean(name).as_str()))
        .with_attributes(counts.iter().map(|(name, count)| (*name, count.as_str())))
        .write_inner_content(|inner| {
            let mut seen = HashMap::new();
            findings.iter().try_for_each(|finding| case(inner, finding, &mut seen))
        })?;
    Ok(())
}

/// The name of a case must be its own and stay over moved lines, since servers compare runs by it:
/// document and reference, counted where they come again.
fn case(xml: &mut Xml<'_>, finding: &Finding, seen: &mut HashMap<(&'static str, String), usize>) -> io::Result<()> {
    let rule = view::rule(finding);
    let mut name = clean(&format!("{}: {}", view::document(finding), view::subject(finding)));
    let nth = seen.entry((rule, name.clone())).and_modify(|nth| *nth += 1).or_insert(1);
    if *nth > 1 {
        name.push_str(&format!(" ({nth})"));
    }
    let verdict = if finding.severity == Severity::Error { "failure" } else { "skipped" };
    let place = clean(&format!("{}: {}", text::place(finding), view::sentence(finding)));
    xml.create_element("testcase")
        .with_attribute(("name", name.as_str()))
        .with_attribute(("classname", rule))
        .write_inner_content(|inner| {
            inner
                .create_element(verdict)
                .with_attribute(("type", rule))
                .with_attribute(("message", clean(&finding.message()).as_str()))
                .write_text_content(BytesText::new(&place))?;
            Ok(())
        })?;
    Ok(())
}

fn the_rest(xml: &mut Xml<'_>, summary: &CheckSummary) -> io::Result<()> {
    let counts = [("tests", "1"), ("failures", "0"), ("errors", "0"), ("skipped", "0")];
    xml.create_element("testsuite")
        .with_attribute(("name", "fetchall check"))
        .with_attributes(counts)
        .write_inner_content(|inner| {
            inner
                .create_element("testcase")
                .with_attribute(("name", "every other link"))
                .with_attribute(("classname", "link.ok"))
                .write_inner_content(|case| {
                    case.create_element("system-out").write_text_content(BytesText::new(&summary.line()))?;
                    Ok(())
                })?;
            Ok(())
        })?;
    Ok(())
}
