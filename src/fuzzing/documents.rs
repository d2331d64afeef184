//! Documents: what they link to, and where in them that stands.

use encoding_rs::UTF_8;
use url::Url;

use super::{
    bodies::views,
    tools::{QUICK, choice, lengthened, lies_within, within},
};
use crate::{
    check::fix::{self, Edit, Syntax},
    model::{
        Link, Look,
        link::{Locator, Outline},
    },
    page::{
        Language, css_links as links_of_css, facts,
        form::FormPage,
        is_html, link_field, outline as outline_of_html, prose,
        scan::{self, Seek},
    },
};

/// Every language of documents that is not HTML.
const LANGUAGES: [Language; 11] = [
    Language::Markdown,
    Language::PythonMarkdown,
    Language::Mdx,
    Language::Rst,
    Language::AsciiDoc,
    Language::Css,
    Language::Text,
    Language::Json,
    Language::Toml,
    Language::Yaml,
    Language::Sitemap,
];

/// Everything that is said of a document has its place in it, in order where it can be shown and replaced.
fn is_in_place(outline: &Outline, text: &str, syntax: Syntax) {
    are_in_place(&outline.links, text);
    for directive in &outline.directives {
        lies_within(&directive.span, text, &directive.text);
    }
    for fault in &outline.faults {
        lies_within(&fault.span, text, &fault.message);
    }
    let mut locator = Locator::new(text);
    let edits = outline.links.iter().map(|link| {
        let spot = locator.spot(&link.span);
        assert!((spot.line, spot.column) <= (spot.end_line, spot.end_column), "{spot:?}");
        let context = fix::context_of(text, &link.span, syntax);
        Edit { span: link.span.clone(), new: "https://new.example/".to_owned(), context }
    });
    // Whether or not they overlap, nothing breaks; and what is put in place of all is there.
    let edits: Vec<Edit> = edits.collect();
    if let Ok(new) = fix::apply(text, &edits) {
        assert!(edits.is_empty() || new.contains("new.example"));
    }
}

fn are_in_place(links: &[Link], text: &str) {
    for link in links {
        lies_within(&link.span, text, &link.value);
        assert!(link.text.chars().count() <= Link::TEXT_CHARS, "{link:?}");
    }
}

/// Whether nothing in a reference is written otherwise than it is meant.
fn is_plain(written: &str) -> bool {
    !written.contains(|c: char| c <= ' ' || matches!(c, '&' | '\\' | '\u{7f}'))
}

/// Links, anchors, directives of a page lie in it and are as written; scan, facts, forms and views read
/// anything, in bounded time.
pub fn html_links(data: &[u8]) {
    let (kind, data) = choice(data);
    let data = lengthened(data);
    let html = String::from_utf8_lossy(&data);
    let url = Url::parse("https://site.example/a/b?c=d").expect("a URL");
    let outline = within(QUICK, "an outline", || outline_of_html(&html, Look::ALL));
    is_in_place(&outline, &html, Syntax::Html);
    if !html.to_ascii_lowercase().contains("srcdoc") {
        for link in outline.links.iter().filter(|link| link.attribute == Some("href")) {
            let written = &html[link.span.clone()];
            assert!(!is_plain(written) || written.replace('\0', "\u{fffd}") == *link.value, "{written:?} {link:?}");
        }
    }
    let names = outline.anchors.names().all(|name| outline.anchors.has(name));
    assert!(names);
    match kind % 4 {
        0 => {
            let scanned = within(QUICK, "a scan", || scan::scan(&html, Seek::Links));
            assert!(scanned.title.as_ref().is_none_or(|title| title.chars().count() <= 512 && title.trim() == title));
            let links = within(QUICK, "links", || scanned.links(Some(&url), UTF_8));
            assert!(links.iter().all(|link| Url::parse(link).is_ok()), "{links:?}");
        }
        1 => {
            let facts = within(QUICK, "facts", || facts::facts(&html, &url, UTF_8));
            assert!(facts.links.iter().all(|link| link.url.fragment().is_none()));
        }
        2 => views(&html),
        _ => {
            is_html(None, &data);
            let input = crate::page::Input {
                body: data.to_vec().into(),
                content_type: Some("text/html".to_owned()),
                url: Some(url.into()),
            };
            within(4 * QUICK, "a form", || FormPage::read(&input).map(|page| page.form(None).map(drop)));
        }
    }
}

/// Links of style sheets and of what stands within attributes: `style`, `srcset`, `refresh`, `Link`.
pub fn css_links(data: &[u8]) {
    let (kind, data) = choice(data);
    let data = lengthened(data);
    let text = String::from_utf8_lossy(&data);
    let links = within(QUICK, "a style sheet", || links_of_css(&text));
    are_in_place(&links, &text);
    for link in &links {
        let written = &text[link.span.clone()];
        assert!(!link.value.is_empty() && (!is_plain(written) || *written == *link.value), "{written:?} {link:?}");
    }
    let fields = within(QUICK, "a Link field", || link_field(&text));
    are_in_place(&fields, &text);
    let inner = text.replace(['"', '&'], "_");
    let html = match kind % 4 {
        0 => format!("<img srcset=\"{inner}\">"),
        1 => format!("<p style=\"{inner}\">"),
        2 => format!("<meta http-equiv=refresh content=\"{inner}\">"),
        _ => format!("<style>{text}</style>"),
    };
    let outline = within(QUICK, "an attribute", || outline_of_html(&html, Look::ALL));
    is_in_place(&outline, &html, Syntax::Html);
}

/// Links, anchors, directives and faults of documents that people write lie in them, in bounded time.
pub fn prose_links(data: &[u8]) {
    let (kind, data) = choice(data);
    let data = lengthened(data);
    let text = String::from_utf8_lossy(&data);
    let language = LANGUAGES[kind % LANGUAGES.len()];
    let outline = within(QUICK, language.name(), || prose::outline(&text, language, Look::ALL));
    let syntax = match language {
        Language::Markdown | Language::PythonMarkdown | Language::Mdx => Syntax::Markdown,
        Language::Css => Syntax::Css,
        Language::Json => Syntax::Json,
        _ => Syntax::Plain,
    };
    is_in_place(&outline, &text, syntax);
    for name in outline.anchors.names().take(100) {
        assert!(outline.anchors.has(name), "{name:?}");
    }
}
