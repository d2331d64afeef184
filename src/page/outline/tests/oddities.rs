//! What is written against what is meant, and what only looks like a link.

use LinkKind::{Anchor, Frame, Image, Refresh};

use super::{
    rows::{check, nothing},
    *,
};
use crate::model::LinkKind;

#[test]
fn what_is_written_is_shown_and_what_is_meant_is_said() {
    let a = |value, written| [(Anchor, "a", "href", value, written)];
    check(&[
        ("<a href='x?a&amp;b&copy;c&#x26;d'>", &a("x?a&b©c&d", "x?a&amp;b&copy;c&#x26;d")),
        ("<a href=x?a&copy=1&amp>", &a("x?a&copy=1&", "x?a&copy=1&amp")), // 13.2.5.73
        ("<a href=' \n x y\t'>", &a("x y", "x y")),
        ("<a href='&#32;x'>", &a("x", "&#32;x")),
        ("<a href='x\r\ny'>", &a("x\ny", "x\r\ny")),
        ("<a href='x\r\n'>", &a("x", "x")),
        ("<a href='x\0'>", &a("x\u{fffd}", "x\0")),
        ("<A HREF = \"x'y\" >", &a("x'y", "x'y")),
        ("<a/href=x/>", &a("x/", "x/")),
        ("<a class=\"y\"href=x>", &a("x", "x")),
        ("<a href=x href=y>", &a("x", "x")),
        ("<a href=ä/€😀>", &a("ä/€😀", "ä/€😀")),
        ("<a href=&>", &a("&", "&")),
        ("<a href=&unknown;x&amp;>", &a("&unknown;x&", "&unknown;x&amp;")),
        ("<a href='&#0;&#xd800;&#99999999;'>", &a("\u{fffd}\u{fffd}\u{fffd}", "&#0;&#xd800;&#99999999;")),
        ("<a title='>' href=x>", &a("x", "x")),
        ("<a =x href=y>", &a("y", "y")),
        // An empty one is the page itself.
        ("<a href=''>", &a("", "")),
        ("<a href>", &a("", "")),
        ("<a href=>", &a("", "")),
        ("<a href title=x>", &a("", "")),
        ("<a href=' '>", &a("", "")),
        // Nothing is judged here.
        ("<a href=javascript:x>", &a("javascript:x", "javascript:x")),
        ("<a href=mailto:x@h>", &a("mailto:x@h", "mailto:x@h")),
        ("<a href='http://['>", &a("http://[", "http://[")),
        (
            "<img src=data:image/gif;base64,R0>",
            &[(Image, "img", "src", "data:image/gif;base64,R0", "data:image/gif;base64,R0")],
        ),
        ("<iframe src=about:blank></iframe>", &[(Frame, "iframe", "src", "about:blank", "about:blank")]),
        (
            "<img srcset='x?a&amp;b 1x, x?c&amp;d 2x'>",
            &[(Image, "img", "srcset", "x?a&b", "x?a&amp;b"), (Image, "img", "srcset", "x?c&d", "x?c&amp;d")],
        ),
        (
            "<img srcset=' x&#47;y 1x, z '>",
            &[(Image, "img", "srcset", "x/y", "x&#47;y 1x, z"), (Image, "img", "srcset", "z", "x&#47;y 1x, z")],
        ),
        ("<meta http-equiv=refresh content='0;url=x?a&amp;b'>", &[(Refresh, "meta", "content", "x?a&b", "x?a&amp;b")]),
        ("<iframe srcdoc='<a href=x>&lt;'></iframe>", &[(Anchor, "a", "href", "x", "<a href=x>&lt;")]),
        (
            "<iframe src=x srcdoc=\"<img src='y'>\"></iframe>",
            &[(Frame, "iframe", "src", "x", "x"), (Image, "img", "src", "y", "<img src='y'>")],
        ),
    ]);
}

#[test]
fn text_and_what_is_not_there_is_no_link() {
    for text in [
        "<script>'<a href=no>'</script>",
        "<script><!-- <script> </script> <a href=no> --></script>",
        "<style>a:before{content:'<a href=no>'}</style>",
        "<textarea><a href=no></textarea>",
        "<title><a href=no></title>",
        "<xmp><a href=no></xmp><noembed><a href=no></noembed><noframes><a href=no></noframes>",
        "<iframe><a href=no></iframe>",
        "<!-- <a href=no> --><!--><!---><!-- --!>",
        "<p title='<a href=no>'>",
        "<template><a href=no><style>a{b:url(no)}</style><template></template><img src=no></template>",
        "</a href=no>< a href=no><!a href=no><?a href=no>",
        "<img src=''><script src></script><form action=''></form><iframe src=' '></iframe><video src poster=''></video>",
        "<blockquote cite=''><object data=''></object><img srcset=' , '><a ping=no>",
        "<svg><style/><path></svg><svg/>",
    ] {
        let html = format!("{text}<a href=yes>");
        check(&[(&html, &[(Anchor, "a", "href", "yes", "yes")])]);
    }
    nothing(&["<a href=no", "<a href='no>", "<plaintext><a href=no>", "<script><a href=no>"]);
    check(&[("<noscript><a href=yes></noscript>", &[(Anchor, "a", "href", "yes", "yes")])]);
}

#[test]
fn order_is_that_of_the_page() {
    let html = "<p style='a:url(1)'><a ping=2 href=3><img srcset='4, 5' src=6></a><style>a{b:url(7)}</style>\
        <iframe srcdoc='<a href=8><a href=9>' src=10></iframe><script type=application/ld+json>{\"url\":\"http://11\"}</script><a href=12>";
    let want = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "http://11", "12"];
    assert_eq!(values(html), want);
}
