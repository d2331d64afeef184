//! One row for each thing that links, and each that only looks like it: what browsers make of it.

use LinkKind::{
    Anchor, Card, Cite, Data, Drawing, Embed, Form, Frame, Image, Media, Ping, Refresh, Resource, Script, Style,
    Stylesheet,
};

use super::*;
use crate::model::LinkKind;

/// Kind, element, attribute (empty if none), value, and what is written at its span.
type Row<'a> = (LinkKind, &'a str, &'a str, &'a str, &'a str);

pub(super) fn check(rows: &[(&str, &[Row<'_>])]) {
    for (html, want) in rows {
        // Nothing depends on where it starts.
        for before in ["", "ä&amp;\r\n<p class=x>"] {
            let html = format!("{before}{html}");
            let found = outline(&html, Look::ALL).links;
            let found: Vec<Row<'_>> = found
                .iter()
                .map(|link| {
                    (link.kind, link.element, link.attribute.unwrap_or(""), &*link.value, &html[link.span.clone()])
                })
                .collect();
            assert_eq!(found, *want, "{html}");
        }
    }
}

/// The same without what is written.
type Plain<'a> = (LinkKind, &'a str, &'a str, &'a str);

/// The same where all is written as it is meant.
fn plain(rows: &[(&str, &[Plain<'_>])]) {
    for (html, want) in rows {
        let want: Vec<Row<'_>> =
            want.iter().map(|&(kind, name, attribute, value)| (kind, name, attribute, value, value)).collect();
        check(&[(html, &want)]);
    }
}

pub(super) fn nothing(pages: &[&str]) {
    pages.iter().for_each(|html| check(&[(html, &[])]));
}

#[test]
fn every_attribute_of_html_that_links() {
    plain(&[
        // HTML standard, 4.6: links; ping only matters to a link
        ("<a href=x>", &[(Anchor, "a", "href", "x")]),
        ("<area href=x>", &[(Anchor, "area", "href", "x")]),
        ("<a ping='p  q' href=x>", &[(Ping, "a", "ping", "p"), (Ping, "a", "ping", "q"), (Anchor, "a", "href", "x")]),
        ("<area href=x ping=p>", &[(Anchor, "area", "href", "x"), (Ping, "area", "ping", "p")]),
        ("<a ping=p>", &[]),
        // 4.8: embedded content
        (
            "<img src=x srcset='y 1x, z 2x'>",
            &[(Image, "img", "src", "x"), (Image, "img", "srcset", "y"), (Image, "img", "srcset", "z")],
        ),
        ("<image src=x>", &[(Image, "img", "src", "x")]), // 13.2.6.4.7: "don't ask"
        (
            "<picture><source srcset='x, y 100w' src=no><img src=z></picture>",
            &[(Image, "source", "srcset", "x"), (Image, "source", "srcset", "y"), (Image, "img", "src", "z")],
        ),
        (
            "<video src=x poster=y><source src=z srcset=no><track src=t></video>",
            &[
                (Media, "video", "src", "x"),
                (Media, "video", "poster", "y"),
                (Media, "source", "src", "z"),
                (Media, "track", "src", "t"),
            ],
        ),
        (
            "<audio src=x><source src=y></audio><source src=z>",
            &[(Media, "audio", "src", "x"), (Media, "source", "src", "y"), (Media, "source", "src", "z")],
        ),
        ("<iframe src=x></iframe>", &[(Frame, "iframe", "src", "x")]),
        ("<embed src=x><object data=y></object>", &[(Embed, "embed", "src", "x"), (Embed, "object", "data", "y")]),
        ("<video><a href=x></video>", &[(Anchor, "a", "href", "x")]),
        ("<img longdesc=x>", &[(Cite, "img", "longdesc", "x")]),
        ("<iframe longdesc=x></iframe>", &[(Cite, "iframe", "longdesc", "x")]),
        // 4.10: forms; only what submits has an action of its own
        (
            "<form action=x><button formaction=y></button></form>",
            &[(Form, "form", "action", "x"), (Form, "button", "formaction", "y")],
        ),
        (
            "<button type=submit formaction=x><button type=bad formaction=y>",
            &[(Form, "button", "formaction", "x"), (Form, "button", "formaction", "y")],
        ),
        ("<button type=button formaction=x><button type=RESET formaction=x>", &[]),
        (
            "<input type=submit formaction=x><input type=Image formaction=y src=z>",
            &[(Form, "input", "formaction", "x"), (Form, "input", "formaction", "y"), (Image, "input", "src", "z")],
        ),
        ("<input formaction=x><input src=x><input type=text src=x formaction=x>", &[]),
        // 4.12: scripts
        (
            "<script src=x></script><script type=module src=y></script>",
            &[(Script, "script", "src", "x"), (Script, "script", "src", "y")],
        ),
        // 4.4.4, 4.5.7, 4.7: sources of quotations and edits
        (
            "<blockquote cite=w><q cite=x><del cite=y><ins cite=z>",
            &[
                (Cite, "blockquote", "cite", "w"),
                (Cite, "q", "cite", "x"),
                (Cite, "del", "cite", "y"),
                (Cite, "ins", "cite", "z"),
            ],
        ),
        // 15.3: backgrounds
        ("<body background=x>", &[(Image, "body", "background", "x")]),
        (
            "<table background=a><thead background=b><tr background=c><th background=d><tbody background=e><tr><td background=f><tfoot background=g>",
            &[
                (Image, "table", "background", "a"),
                (Image, "thead", "background", "b"),
                (Image, "tr", "background", "c"),
                (Image, "th", "background", "d"),
                (Image, "tbody", "background", "e"),
                (Image, "td", "background", "f"),
                (Image, "tfoot", "background", "g"),
            ],
        ),
        // 16.3.2: frames
        (
            "<frameset><frame src=x longdesc=y></frameset>",
            &[(Frame, "frame", "src", "x"), (Cite, "frame", "longdesc", "y")],
        ),
    ]);
    nothing(&[
        "<a src=x><img href=x data-src=x lowsrc=x usemap=#x><p href=x src=x cite=x>",
        "<html manifest=x><head profile=x><option value=x><param name=src value=x>",
        "<td background=x><frame src=x>", // the parser ignores these tags there
        "<form><form action=x></form></form>",
        "<div background=x>",
    ]);
}

#[test]
fn every_link_element_by_what_it_is_for() {
    plain(&[
        // HTML standard, 4.6.7
        ("<link rel=stylesheet href=x>", &[(Stylesheet, "link", "href", "x")]),
        ("<link href=x REL='Alternate StyleSheet'>", &[(Stylesheet, "link", "href", "x")]),
        (
            "<link rel='shortcut icon' href=x><link rel=apple-touch-icon href=y><link rel=mask-icon href=z>",
            &[(Image, "link", "href", "x"), (Image, "link", "href", "y"), (Image, "link", "href", "z")],
        ),
        ("<link rel=modulepreload href=x>", &[(Script, "link", "href", "x")]),
        (
            "<link rel=canonical href=x><link rel=manifest href=y><link rel=next href=z>",
            &[(Resource, "link", "href", "x"), (Resource, "link", "href", "y"), (Resource, "link", "href", "z")],
        ),
        (
            "<link rel=preload as=image href=x imagesrcset='y 1x, z 2x'>",
            &[
                (Resource, "link", "href", "x"),
                (Image, "link", "imagesrcset", "y"),
                (Image, "link", "imagesrcset", "z"),
            ],
        ),
        (
            "<link href=x><body><link itemprop=url href=y>",
            &[(Resource, "link", "href", "x"), (Resource, "link", "href", "y")],
        ),
    ]);
    nothing(&[
        "<link rel=preconnect href=x><link rel='dns-prefetch' href=x>",
        "<link rel=stylesheet href>",
        "<link rel=icon>",
    ]);
}

#[test]
fn every_kind_of_metadata() {
    plain(&[
        // HTML standard, 4.2.5.3
        ("<meta http-equiv=refresh content='5; url=x'>", &[(Refresh, "meta", "content", "x")]),
        ("<meta content='0;URL=\"x y\"' http-equiv=Refresh>", &[(Refresh, "meta", "content", "x y")]),
        ("<noscript><meta http-equiv=refresh content=0,x></noscript>", &[(Refresh, "meta", "content", "x")]),
        // OpenGraph and cards: both attributes, relative ones too
        (
            "<meta property=og:image content=/x><meta name=og:url content=y>",
            &[(Card, "meta", "content", "/x"), (Card, "meta", "content", "y")],
        ),
        (
            "<meta property='og:video:secure_url' content=x><meta property=og:audio content=y>",
            &[(Card, "meta", "content", "x"), (Card, "meta", "content", "y")],
        ),
        (
            "<meta name=twitter:image content=x><meta property=TWITTER:player content=y>",
            &[(Card, "meta", "content", "x"), (Card, "meta", "content", "y")],
        ),
        ("<meta property='x og:image' content=y>", &[(Card, "meta", "content", "y")]),
        (
            "<meta property=article:author content=https://h/x><meta property=article:author content=Ann>",
            &[(Card, "meta", "content", "https://h/x")],
        ),
        // JSON-LD 1.1, 7
        (
            "<script type=application/ld+json>{\"url\": \"https://h/x\", \"@id\": \"https://h/\"}</script>",
            &[(Data, "script", "", "https://h/x")],
        ),
        (
            "<script type='Application/LD+JSON; profile=x'>[{\"logo\": [\"http://h/x\"]}]</script>",
            &[(Data, "script", "", "http://h/x")],
        ),
    ]);
    check(&[(
        "<script type=application/ld+json>{\"image\": \"https:\\/\\/h\\/x\"}</script>",
        &[(Data, "script", "", "https://h/x", "https:\\/\\/h\\/x")],
    )]);
    nothing(&[
        "<meta http-equiv=refresh content=5>",
        "<meta http-equiv=refresh content='url=x'>",
        "<meta name=description content=https://h/x><meta content=x><meta property=og:title content=x><meta property=og:image>",
        "<meta property=og:image content=''>",
        "<script>{\"url\": \"https://h/x\"}</script><script type=application/json>{\"url\": \"https://h/x\"}</script>",
        "<script type=application/ld+json>{\"url\": \"https://h/x\",}</script>",
    ]);
}

#[test]
fn every_place_of_styles() {
    plain(&[
        (
            "<style>@import 'x'; @import url(y); p{background:url( 'z' )}</style>",
            &[(Stylesheet, "@import", "", "x"), (Stylesheet, "@import", "", "y"), (Style, "url()", "", "z")],
        ),
        ("<style type='TEXT/CSS'>p{background:url(x)}</style>", &[(Style, "url()", "", "x")]),
        ("<noscript><style>p{background:url(x)}</style></noscript>", &[(Style, "url()", "", "x")]),
        ("<style>p{background:url(x)", &[(Style, "url()", "", "x")]), // 13.2.6.4.8: the end of the page ends it
        ("<style><!-- p{background:url(x)} --></style>", &[(Style, "url()", "", "x")]),
        (
            "<p style='background: url(x), image-set(\"y\" 1x)'>",
            &[(Style, "url()", "style", "x"), (Style, "image-set()", "style", "y")],
        ),
        ("<svg><style>p{fill:url(x)}</style></svg>", &[(Style, "url()", "", "x")]),
        ("<svg><style><![CDATA[ p{fill:url(x)} ]]></style></svg>", &[(Style, "url()", "", "x")]),
        ("<svg><style>p{fill:url(x)}<g></g>p{fill:url(y)}</style></svg>", &[(Style, "url()", "", "x")]),
        (
            "<svg><path fill='url(#x) red' clip-path=url(y) style='mask:url(z)'></svg>",
            &[(Style, "url()", "fill", "#x"), (Style, "url()", "clip-path", "y"), (Style, "url()", "style", "z")],
        ),
    ]);
    check(&[
        ("<p style='background:url(x?a&amp;b)'>", &[(Style, "url()", "style", "x?a&b", "x?a&amp;b")]),
        ("<p style='background:url(&quot;x&quot;)'>", &[(Style, "url()", "style", "x", "x")]),
        ("<p style='a:url(x&#47;y)'>", &[(Style, "url()", "style", "x/y", "a:url(x&#47;y)")]),
        ("<p style='a:url(x\\)y)'>", &[(Style, "url()", "style", "x)y", "x\\)y")]),
        ("<style>p{a:url(x&amp;y)}</style>", &[(Style, "url()", "", "x&amp;y", "x&amp;y")]), // raw text
        ("<svg><style>p{a:url(x&amp;y)}</style></svg>", &[(Style, "url()", "", "x&y", "x&amp;y")]), // text as elsewhere
    ]);
    nothing(&[
        "<style type=text/less>p{background:url(x)}</style>", // 4.2.6
        "<p style='@import \"x\"'><p fill=url(x)><p style='content:\"url(x)\"'>",
        "<textarea><style>p{background:url(x)}</style></textarea>",
        "<math><style>p{background:url(x)}</style></math>",
    ]);
}

#[test]
fn drawings_and_formulas() {
    plain(&[
        // SVG 2, 16.1: the new name wins
        (
            "<svg><a href=x><use xlink:href=#y><image href=z xlink:href=no></svg>",
            &[(Drawing, "a", "href", "x"), (Drawing, "use", "xlink:href", "#y"), (Drawing, "image", "href", "z")],
        ),
        (
            "<svg><script href=x></script><feImage href=y /><textPath xlink:href=#z></svg>",
            &[
                (Drawing, "script", "href", "x"),
                (Drawing, "feImage", "href", "y"),
                (Drawing, "textPath", "xlink:href", "#z"),
            ],
        ),
        (
            "<svg><linearGradient href=#x><pattern href=#y><mpath href=#z></svg>",
            &[
                (Drawing, "linearGradient", "href", "#x"),
                (Drawing, "pattern", "href", "#y"),
                (Drawing, "mpath", "href", "#z"),
            ],
        ),
        ("<svg><a href></svg>", &[(Drawing, "a", "href", "")]),
        (
            "<svg><foreignObject><a href=x><img src=y></foreignObject><image src=no></svg>",
            &[(Anchor, "a", "href", "x"), (Image, "img", "src", "y")],
        ),
        // 13.2.6.5: what breaks out is HTML again
        ("<svg><p><a href=x><image src=y>", &[(Anchor, "a", "href", "x"), (Image, "img", "src", "y")]),
        ("<svg><img src=x><a href=y>", &[(Image, "img", "src", "x"), (Anchor, "a", "href", "y")]),
        ("<math><mtext><a href=x></mtext></math>", &[(Anchor, "a", "href", "x")]),
        ("<svg><title><a href=x></title></svg>", &[(Anchor, "a", "href", "x")]),
    ]);
    nothing(&[
        "<svg><path href=x><image src=x><link href=x><iframe src=x><script src=x></script><use></svg>",
        "<svg><image href></svg>",
        "<math><a href=x><mi href=x></math>",
        "<svg><![CDATA[<a href=x>]]></svg>",
    ]);
}
