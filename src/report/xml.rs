//! What the XML reports share: text that every XML 1.0 reader takes.

use std::io;

use quick_xml::{
    Writer,
    events::{BytesDecl, Event},
};

use crate::model::escape::visible;

/// Writes into a report.
pub(super) type Xml<'a> = Writer<&'a mut dyn io::Write>;

/// Begins a document.
pub(super) fn begin(out: &mut dyn io::Write) -> io::Result<Xml<'_>> {
    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    Ok(xml)
}

/// Ends a document.
pub(super) fn end(xml: Xml<'_>) -> io::Result<()> {
    xml.into_inner().write_all(b"\n")
}

/// Text without what XML 1.0 forbids (section 2.2, `Char`): controls are written out, as on a
/// terminal, and the two noncharacters go. Quotes and brackets are the writer's.
pub(super) fn clean(text: &str) -> String {
    visible(text).replace(['\u{fffe}', '\u{ffff}'], "")
}

#[cfg(test)]
mod tests;
