//! The `Link` header field (RFC 8288). Must not know HTTP beyond its value.

use super::{
    rel,
    written::{is_space, trim},
};
use crate::model::Link;

/// The links of a `Link` field; spans are bytes of `value`.
///
/// Read as RFC 8288, appendix B.2 tells, which gets something out of most that is not quite right.
/// Element is `link`, without attribute. Left out are hints that name a server only, and
/// references to the page itself.
pub fn link_field(value: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut at = 0;
    while let Some(rest) = value.get(at..) {
        let skipped = rest.len() - rest.trim_start_matches(|c| is_space(c) || c == ',').len();
        let Some(reference) = rest.get(skipped..).and_then(|rest| rest.strip_prefix('<')) else { break };
        let Some(length) = reference.find('>') else { break };
        let start = at + skipped + 1;
        let (relation, behind) = parameters(value, start + length + 1);
        at = behind;
        let span = trim(value, start..start + length);
        if let Some(kind) = rel::kind(&relation).filter(|_| !span.is_empty()) {
            let reference = value.get(span.clone()).unwrap_or_default().into();
            links.push(Link { kind, element: "link", attribute: None, text: Box::default(), value: reference, span });
        }
    }
    links
}

/// The first `rel` among the parameters from here on, and where they end.
fn parameters(value: &str, from: usize) -> (String, usize) {
    let mut relation = None;
    let mut at = from;
    loop {
        at += space(value, at);
        if !value.get(at..).is_some_and(|rest| rest.starts_with(';')) {
            // What stands here is no parameter: the next link comes behind the next comma.
            let rest = value.get(at..).unwrap_or_default();
            return (relation.unwrap_or_default(), at + rest.find(',').unwrap_or(rest.len()));
        }
        at += 1 + space(value, at + 1);
        let name = value.get(at..).unwrap_or_default();
        let name = name.get(..name.find([' ', '\t', '=', ';', ',']).unwrap_or(name.len())).unwrap_or_default();
        at += name.len();
        at += space(value, at);
        let mut content = String::new();
        if value.get(at..).is_some_and(|rest| rest.starts_with('=')) {
            at += 1 + space(value, at + 1);
            at += content_at(value.get(at..).unwrap_or_default(), &mut content);
        }
        if name.eq_ignore_ascii_case("rel") {
            relation.get_or_insert(content);
        }
    }
}

fn space(value: &str, at: usize) -> usize {
    let rest = value.get(at..).unwrap_or_default();
    rest.len() - rest.trim_start_matches([' ', '\t']).len()
}

/// Reads a token or a quoted string; answers how many bytes it took.
fn content_at(text: &str, content: &mut String) -> usize {
    let Some(inner) = text.strip_prefix('"') else {
        let token = text.get(..text.find([';', ',']).unwrap_or(text.len())).unwrap_or_default();
        content.push_str(token.trim_end());
        return token.len();
    };
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            '"' if !escaped => return at + 2,
            '\\' if !escaped => escaped = true,
            c => {
                content.push(c);
                escaped = false;
            }
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use LinkKind::{Image, Resource, Script, Stylesheet};

    use super::*;
    use crate::model::LinkKind;

    fn of(field: &str) -> Vec<(LinkKind, String)> {
        let links = link_field(field);
        assert!(links.iter().all(|link| field[link.span.clone()] == *link.value), "{field}");
        links.into_iter().map(|link| (link.kind, link.value.into())).collect()
    }

    #[test]
    fn fields_are_read_as_the_rfc_tells() {
        for (field, want) in [
            ("<a>; rel=next", &[(Resource, "a")] as &[(LinkKind, &str)]),
            ("<a>;rel=\"next\",<b> ; REL = stylesheet", &[(Resource, "a"), (Stylesheet, "b")]),
            ("<a,b;c>; title=\"x, <no>; rel=icon\"; rel=icon", &[(Image, "a,b;c")]),
            ("<a>; title=\"\\\"<no>\"; rel=\"x icon\", <b>", &[(Image, "a"), (Resource, "b")]),
            ("<a>; rel=next; rel=stylesheet", &[(Resource, "a")]),
            ("<a>; rel=preconnect, <b>; rel=modulepreload", &[(Script, "b")]),
            ("<a>; rel*=UTF-8''icon", &[(Resource, "a")]),
            (", ,< a >; x; y=; rel=next,", &[(Resource, "a")]),
            ("<a> junk; rel=icon, <b>", &[(Resource, "a"), (Resource, "b")]),
            ("<>; rel=self, < >", &[]),
            ("<a>; title=\"open, <b>", &[(Resource, "a")]),
            ("a; rel=next", &[]),
            ("<a", &[]),
            ("", &[]),
            ("<ä>;", &[(Resource, "ä")]),
        ] {
            let want: Vec<_> = want.iter().map(|&(kind, value)| (kind, value.to_owned())).collect();
            assert_eq!(of(field), want, "{field}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_field_has_links_within_bounds(field in "([<>;,=\" \\\\aä\t]|rel=){0,30}") {
            of(&field);
        }
    }
}
