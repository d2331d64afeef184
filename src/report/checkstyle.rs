//! Checkstyle XML: `<file>` for each document, `<error>` for each finding.

use std::io;

use quick_xml::events::attributes::Attribute;

use super::{
    view,
    xml::{self, Xml, clean},
};
use crate::model::Finding;

/// Readers look for a version, and none of them compares it.
const VERSION: &str = "8.0";

/// One document with everything that was found.
pub(super) fn write(findings: &[Finding], out: &mut dyn io::Write) -> io::Result<()> {
    let shown = view::shown(findings);
    let mut document = xml::begin(out)?;
    document.create_element("checkstyle").with_attribute(("version", VERSION)).write_inner_content(|inner| {
        view::by_document(&shown).try_for_each(|(path, findings)| file(inner, path, findings))
    })?;
    xml::end(document)
}

fn file(xml: &mut Xml<'_>, path: &str, findings: &[&Finding]) -> io::Result<()> {
    xml.create_element("file").with_attribute(("name", clean(path).as_str())).write_inner_content(|inner| {
        for finding in findings {
            error(inner, finding)?;
        }
        Ok(())
    })?;
    Ok(())
}

fn error(xml: &mut Xml<'_>, finding: &Finding) -> io::Result<()> {
    let line = finding.source.line.map(|line| line.to_string());
    let column = finding.source.column.map(|column| column.to_string());
    let places = [("line", line.as_deref()), ("column", column.as_deref())];
    xml.create_element("error")
        .with_attributes(places.into_iter().filter_map(|(name, value)| Some(Attribute::from((name, value?)))))
        .with_attribute(("severity", finding.severity.name()))
        .with_attribute(("message", clean(&view::sentence(finding)).as_str()))
        .with_attribute(("source", format!("fetchall.{}", view::rule(finding)).as_str()))
        .write_empty()?;
    Ok(())
}
