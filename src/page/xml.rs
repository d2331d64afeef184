//! XML as sitemaps and feeds have it: read leniently, without expanding entities.
//!
//! Must not know what elements mean.

use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart},
};

/// A reader that minds neither names of end tags nor a lone `&`: others do not either.
pub(super) fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    reader
}

/// Calls `tell` with what a reference means: a character, or one of the five entities that XML
/// knows. Others are not expanded, so that a small file cannot become a large one: `None`.
pub(super) fn meaning<T>(name: &BytesRef<'_>, tell: impl FnOnce(Option<&str>) -> T) -> T {
    let c = name.resolve_char_ref().ok().flatten();
    let mut buffer = [0; 4];
    tell(c.map(|c| &*c.encode_utf8(&mut buffer)).or_else(|| resolve_predefined_entity(name)))
}

/// Whether the text of a `guid` is an address; it may be a mere name (RSS 2.0).
pub(super) fn is_permalink(tag: &BytesStart<'_>) -> bool {
    !tag.attributes().with_checks(false).flatten().any(|attribute| {
        attribute.key.local_name().as_ref() == "isPermaLink" && attribute.value.trim().eq_ignore_ascii_case("false")
    })
}
