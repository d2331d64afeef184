//! What a scan takes and what it leaves, oddity by oddity.

use encoding_rs::{UTF_8, WINDOWS_1252};

use super::*;

fn links_of(html: &str) -> Vec<String> {
    let url = Url::parse("https://h.test/dir/page?q").unwrap();
    scan(html, Seek::Links).links(Some(&url), UTF_8)
}

/// Links below the origin of the page, without it.
fn paths(html: &str) -> Vec<String> {
    let short = |link: String| link.strip_prefix("https://h.test").map(str::to_owned).unwrap_or(link);
    links_of(html).into_iter().map(short).collect()
}

/// The title, which must be the same whatever else is looked for.
fn title(html: &str) -> Option<String> {
    let title = scan(html, Seek::Links).title;
    assert_eq!(scan(html, Seek::Title).title, title, "{html}");
    title
}

#[test]
fn every_element_that_links_is_read_in_order() {
    let html = "<link href=/1><script src=/2></script><a href=/3><img src=/4></a><area href=/5><iframe src=/6></iframe>\
        <video src=/7><source src=/8></video><audio src=/9></audio><embed src=/10><object data=/11></object>\
        <form action=/12></form><image src=/13><a href=/3>";
    let numbers = ["/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9", "/10", "/11", "/12", "/13", "/3"];
    assert_eq!(paths(html), numbers);
    let others = "<a src=/x><img href=/x><p href=/x><base target=/x><input src=/x><meta content=/x><a name=href>";
    assert_eq!(paths(others), [""; 0]);
}

#[test]
fn attributes_are_read_as_browsers_do() {
    for (html, link) in [
        ("<A HREF=/x>", "/x"),
        ("<a\nhref\t=\r\n'/x'>", "/x"),
        ("<a class=\"y\"href=/x>", "/x"),
        ("<a/href=/x/>", "/x/"),
        ("<a href=/x href=/y>", "/x"),
        ("<a href='/x?a=1&amp;b=2&copy;=3&#x26;c'>", "/x?a=1&b=2%C2%A9=3&c"),
        ("<a href=/x?a&copy=1>", "/x?a&copy=1"),
        ("<a href=' \n/a\tb\nc '>", "/abc"),
        ("<a href='\\back/..\\slash'>", "/slash"),
        ("<a href=/n\0ul>", "/n%EF%BF%BDul"),
        ("<a href=\"/'><b>\">", "/'%3E%3Cb%3E"),
        ("<a href=/ü?ü#ü>", "/%C3%BC?%C3%BC#%C3%BC"),
        ("<a href=//other.test:443/>", "https://other.test/"),
        ("<a href=mailto:me@h.test>", "mailto:me@h.test"),
        ("<a href=#top>", "/dir/page?q#top"),
        ("<a href=>", "/dir/page?q"),
        ("<a href>", "/dir/page?q"),
        ("<a href='?r'>", "/dir/page?r"),
        ("<a href=../x/./y/../z>", "/x/z"),
    ] {
        assert_eq!(paths(html), [link], "{html}");
    }
}

#[test]
fn what_leads_nowhere_is_no_link() {
    for html in [
        "<a href='http://'>",
        "<a href='https://h:99999/'>",
        "<a href='http://[::1'>",
        "<img src=>",
        "<img src>",
        "<script src=''></script>",
        "<form action=''>",
        "<link href=' '>",
        "<img src=data:image/gif;base64,R0lGOD>",
        "<a href=' \nDATA:text/html,x'>",
        "<a href=/x",
        "<a href='/x>",
        "</a href=/x>",
        "< a href=/x>",
        "<!a href=/x>",
        "<?a href=/x>",
    ] {
        assert_eq!(paths(html), [""; 0], "{html}");
    }
    // Only the values that are wrong are left out.
    assert_eq!(paths("<a href=/1><a href='http://a b/'><a href=/2>"), ["/1", "/2"]);
}

#[test]
fn text_is_not_searched_for_tags() {
    for text in [
        "<script>var a = '</a><a href=/no>'; if (a</b/) {}</script>",
        "<script><!-- <script> </script> <a href=/no> --></script>",
        "<style>a:before{content:'<a href=/no>'}</style>",
        "<textarea><a href=/no></textarea>",
        "<title><a href=/no></title>",
        "<xmp><a href=/no></xmp>",
        "<iframe><a href=/no></iframe>",
        "<noframes><a href=/no></noframes>",
        "<noembed><a href=/no></noembed>",
        "<!-- <a href=/no> -->",
        "<!--><!-- - --! <a href=/no> --!>",
        "<p title='<a href=/no>'>",
        "<script src=/yes><a href=/no></SCRIPT\n>",
    ] {
        let html = format!("{text}<a href=/yes>");
        assert!(paths(&html).iter().all(|link| link == "/yes"), "{html}");
        assert_eq!(paths(&html).last().map(String::as_str), Some("/yes"), "{html}");
    }
    assert_eq!(paths("<plaintext><a href=/no>"), [""; 0]);
    assert_eq!(paths("<script><a href=/no>"), [""; 0]);
}

#[test]
fn noscript_is_part_of_the_page_and_template_is_not() {
    assert_eq!(paths("<noscript><a href=/1><img src=/2></noscript><a href=/3>"), ["/1", "/2", "/3"]);
    assert_eq!(paths("<noscript><style><a href=/no></style></noscript><a href=/1>"), ["/1"]);
    let nested = "<template><a href=/no><template></template><base href=/no/></template></template><a href=1>";
    assert_eq!(paths(nested), ["/dir/1"]);
    assert_eq!(title("<template><title>no</title></template><title>yes</title>").as_deref(), Some("yes"));
    assert_eq!(paths("</template><a href=/1>"), ["/1"]);
}

#[test]
fn the_first_base_counts_wherever_it_stands() {
    assert_eq!(
        links_of("<a href=x><base href=//b.test/c/d><base href=/no/><a href=y>"),
        ["https://b.test/c/x", "https://b.test/c/y"]
    );
    assert_eq!(paths("<base target=_top><base href=/up/><a href=x>"), ["/up/x"]);
    // One that is no URL, or leads nowhere, is as good as none, and hides those behind it.
    for base in ["http://:0x", "data:text/plain,x", "javascript:0"] {
        assert_eq!(paths(&format!("<base href='{base}'><base href=/no/><a href=x>")), ["/dir/x"], "{base}");
    }
    assert_eq!(paths("<base href><a href=x>"), ["/dir/x"]);
}

#[test]
fn drawings_and_formulas_have_rules_of_their_own() {
    // Nothing in there swallows the rest of the page.
    for inside in ["<title/>", "<title>x", "<style>", "<script>", "<textarea>", "<desc><p></desc>", "<path d=x />"] {
        let html = format!("<svg>{inside}<a href=/in></svg><title>t</title><a href=/out>");
        assert_eq!(paths(&html), ["/in", "/out"], "{html}");
        assert_eq!(title(&html).as_deref(), Some("t"), "{html}");
    }
    assert_eq!(paths("<svg><image src=/no href=/no></image></svg><svg/><image src=/1>"), ["/1"]);
    assert_eq!(paths("<svg><![CDATA[<a href=/no>]]><a href=/1></svg><![CDATA[<a href=/c>]]>"), ["/1"]);
    // Where HTML is let in, its rules hold; where it breaks in, the drawing is over.
    assert_eq!(paths("<svg><foreignObject><style><a href=/no></style></foreignObject></svg>"), [""; 0]);
    assert_eq!(paths("<math><mtext><script><a href=/no></script></mtext><a href=/1></math>"), ["/1"]);
    assert_eq!(paths("<svg><div><style><a href=/no></style><a href=/1>"), ["/1"]);
    assert_eq!(paths("<section><svg><g></section><style><a href=/no></style><a href=/1>"), ["/1"]);
    assert_eq!(paths("<svg><svg></svg><style><a href=/1></style></svg><style><a href=/no></style>"), ["/1"]);
}

#[test]
fn titles_are_folded_decoded_and_cut() {
    for (html, want) in [
        ("<title>\n  A &amp; B\t&#228; &eacute;&nbsp;\u{3000}C </title>", Some("A & B ä é C")),
        ("<TITLE lang=de>x</TITLE >", Some("x")),
        ("<title>a<b>c</b></titel></title>d", Some("a<b>c</b></titel>")),
        ("<title>a</title><title>b</title>", Some("a")),
        ("<title></title><title>b</title>", None),
        ("<title> \n </title>", None),
        ("<title>cut off", Some("cut off")),
        ("<title>a\0b&#0;&#xd800;</title>", Some("a\u{fffd}b\u{fffd}\u{fffd}")),
        ("<title>é&é</é<é&#é;</titleé</title>", Some("é&é</é<é&#é;</titleé")),
        ("<svg><title>no</title></svg><title>yes</title>", Some("yes")),
        ("<body><svg><title>no</title></svg><p>text", None),
        ("<script>'<title>no</title>'</script><!--<title>no</title>--><title>yes</title>", Some("yes")),
        ("<body><p>late<title>yes</title>", Some("yes")),
        ("", None),
    ] {
        assert_eq!(title(html).as_deref(), want, "{html}");
    }
    assert_eq!(title(&format!("<title>{}</title>", "ä ".repeat(600))), Some("ä ".repeat(256).trim_end().into()));
}

#[test]
fn a_known_title_ends_the_scan() {
    let mut scan = Scan::new(Seek::Title);
    let html = format!("<title>t</title>{}<base href=/b/>", "<p>".repeat(1_000));
    let mut tokens = Tokenizer::new_with_emitter(html.as_str(), Tags::new(&mut scan));
    assert!(tokens.next().is_some(), "it stopped before the end");
    assert_eq!(scan.base, None);
    assert!(scan.done());
}

#[test]
fn forms_do_not_nest() {
    let html = "<form action=/1><form action=/no></form><form action=/2></form><template></form></template>";
    assert_eq!(paths(html), ["/1", "/2"]);
    assert_eq!(paths("<form action=/1><template></form></template><form action=/no>"), ["/1"]);
}

#[test]
fn queries_follow_the_encoding_of_the_page() {
    let url = Url::parse("https://h.test/").unwrap();
    let scanned = scan("<a href='/ü?ü=€'>", Seek::Links);
    assert_eq!(scanned.links(Some(&url), WINDOWS_1252), ["https://h.test/%C3%BC?%FC=%80"]);
    assert_eq!(scanned.links(Some(&url), encoding_rs::UTF_16LE), ["https://h.test/%C3%BC?%C3%BC=%E2%82%AC"]);
}

#[test]
fn a_long_base_does_not_multiply_without_bounds() {
    let html = format!("<base href='/{}/'>{}", "b".repeat(1 << 20), "<a href=x>".repeat(1_000));
    let links = links_of(&html);
    assert!(links.iter().map(String::len).sum::<usize>() <= crate::page::base::BYTES);
    assert_eq!(links.len(), 31);
}
