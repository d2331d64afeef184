use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Parsed {
    read_all(text.as_bytes(), None)
}

fn page(url: &str) -> Entry {
    Entry { url: url.to_owned(), kind: Kind::Page, modified: None, priority: None, title: None }
}

/// Addresses, dates and titles of the pages.
fn told(parsed: &Parsed) -> Vec<String> {
    assert_eq!(parsed.faults, [""; 0]);
    let said = |it: &Option<String>| it.clone().unwrap_or_else(|| "-".to_owned());
    let entries = parsed.entries.iter().chain(&parsed.children);
    entries.map(|entry| format!("{} {} {}", entry.url, said(&entry.modified), said(&entry.title))).collect()
}

#[test]
fn a_sitemap_has_its_pages_with_date_and_priority() {
    let parsed = parse(
        "\u{feff}<?xml version='1.0' encoding='UTF-8'?>\n<urlset xmlns='x' xmlns:image='y'>\n<url><loc> https://h/1?a=1&amp;b=&#50; </loc>\
         <lastmod>2026-01-31</lastmod><changefreq>daily</changefreq><priority>0.8</priority>\
         <image:image><image:loc>https://h/no.png</image:loc></image:image></url>\
         <url><image:loc>https://h/no</image:loc><loc><![CDATA[https://h/2]]></loc><priority>9</priority></url><!-- c --></urlset>",
    );
    let first = Entry { modified: Some("2026-01-31".into()), priority: Some(0.8), ..page("https://h/1?a=1&b=2") };
    assert_eq!(parsed, Parsed { entries: vec![first, page("https://h/2")], ..Parsed::default() });
    assert_eq!(
        told(&parse("<s:urlset xmlns:s='x'><s:url><s:loc>https://h/1</s:loc></s:url></s:urlset>")),
        ["https://h/1 - -"]
    );
}

#[test]
fn an_index_has_children() {
    let parsed =
        parse("<sitemapindex><sitemap><loc>https://h/s.xml.gz</loc><lastmod>2026</lastmod></sitemap></sitemapindex>");
    assert_eq!(parsed.entries, []);
    let child = Entry { kind: Kind::Sitemap, modified: Some("2026".into()), ..page("https://h/s.xml.gz") };
    assert_eq!(parsed.children, [child]);
}

#[test]
fn feeds_of_all_kinds_have_entries() {
    let rss = "<rss><channel><title>Feed</title><link>https://h/</link><image><url>https://h/no</url></image>\
        <item><title> A  &amp; b </title><link>https://h/1</link><pubDate>Sat, 31 Jan 2026 12:00:00 GMT</pubDate><guid>https://h/no</guid></item>\
        <item><guid>https://h/2</guid><media:title>no</media:title></item><item><guid isPermaLink='false'>https://h/no</guid></item>\
        <item><enclosure url='https://h/3.mp3'/><dc:date>2026</dc:date></item><item><link>/4</link></item></channel></rss>";
    let expected = [
        "https://h/1 Sat, 31 Jan 2026 12:00:00 GMT A & b",
        "https://h/2 - -",
        "https://h/3.mp3 2026 -",
        "https://h/4 - -",
    ];
    assert_eq!(told(&parse(rss)), expected);
    let atom = "<feed><link rel='self' href='https://h/feed/'/><entry><link rel='edit' href='no'/><link href='1'/><title type='html'>&lt;b&gt;T</title>\
        <published>2025</published><updated>2026</updated><content><a href='no'>no</a></content></entry>\
        <entry xml:base='https://o/'><link rel='alternate' href='2'/></entry></feed>";
    assert_eq!(told(&parse(atom)), ["https://h/feed/1 2026 <b>T", "https://o/2 - -"]);
    let rdf = "<rdf:RDF><channel><link>https://h/</link></channel><item rdf:about='x'><link>https://h/1</link><dc:date>2026</dc:date></item></rdf:RDF>";
    assert_eq!(told(&parse(rdf)), ["https://h/1 2026 -"]);
    let opml = "<opml><body><outline text='Folder'><outline text='T' type='rss' xmlUrl='https://h/f' htmlUrl='https://h/'/>\
        <outline type='link' url='https://h/l'></outline></outline></body></opml>";
    assert_eq!(told(&parse(opml)), ["https://h/l - -", "https://h/f - T"]);
    assert_eq!(parse(opml).children[0].kind, Kind::Feed);
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","home_page_url":"https:\/\/h\/","items":[
        {"id":"1","url":"https://h/1","title":"A \"b\" }","date_published":"2025","date_modified":"2026","content_html":"{[\"}"},
        {"id":"https://h/2"},{"id":5,"url":"3"},{"id":"note"}],"x":[{"url":"https://h/no"}]}"#;
    assert_eq!(told(&parse(json)), ["https://h/1 2026 A \"b\" }", "https://h/2 - -", "https://h/3 - -"]);
    assert_eq!(told(&parse("https://h/1\r\n\n# no\n https://h/2")), ["https://h/1 - -", "https://h/2 - -"]);
}

#[test]
fn a_base_counts_for_the_element_that_says_it() {
    let feed = "<feed xml:base='https://h/'><entry xml:base='https://o/x/'><link href='1'/></entry>\
        <entry><link href='2'/></entry><entry xml:base='sub/'><link xml:base='deep/' href='3'/></entry>\
        <entry><link xml:base='https://l/' href='4'/><title>T</title></entry><entry><link href='5'/></entry></feed>";
    let urls: Vec<_> = parse(feed).entries.into_iter().map(|entry| entry.url).collect();
    assert_eq!(urls, ["https://o/x/1", "https://h/2", "https://h/sub/deep/3", "https://l/4", "https://h/5"]);
    let licensed = "<feed><link rel='license' href='https://cc/'/><link rel='icon' href='https://i/'/>\
        <link href='https://h/feed'/><entry><link href='1'/></entry></feed>";
    assert_eq!(parse(licensed).entries[0].url, "https://h/1");
}

#[test]
fn an_end_tag_that_ends_nothing_ends_nothing() {
    let stray = "<urlset></b><url><loc>https://h/1</loc></i></url></url></url><url><loc>https://h/2</loc></urlset>";
    assert_eq!(told(&parse(stray)), ["https://h/1 - -", "https://h/2 - -"]);
    let unclosed = "<urlset><url><loc>https://h/1<br></loc><url><loc>https://h/2</loc></url></urlset>";
    assert_eq!(parse(unclosed).faults, [""; 0]);
    let deep = format!(
        "<rss><channel>{}{}<item><link>https://h/1</link></item></channel></rss>",
        "<x>".repeat(900),
        "</x>".repeat(900)
    );
    assert_eq!(told(&parse(&deep)), ["https://h/1 - -"]);
}

#[test]
fn an_outline_with_an_empty_feed_leads_to_its_page() {
    let opml = "<opml><body><outline xmlUrl='' url=' ' htmlUrl='https://h/'/></body></opml>";
    assert_eq!(told(&parse(opml)), ["https://h/ - -"]);
}

#[test]
fn a_body_may_be_packed_and_written_in_other_letters() {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(b"<urlset><url><loc>https://h/1</loc></url></urlset>").unwrap();
    let packed = packer.finish().unwrap();
    assert_eq!(read_all(&packed, None).entries, [page("https://h/1")]);
    assert!(read_all(&packed[..20], None).faults[0].starts_with("it cannot be unpacked to its end"));
    let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><urlset><url><loc>https://h/\xe4</loc></url></urlset>";
    assert_eq!(read_all(latin, None).entries, [page("https://h/\u{e4}")]);
    let wide: Vec<u8> = "\u{feff}<urlset><url><loc>https://h/1</loc></url></urlset>"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    assert_eq!(read_all(&wide, None).entries, [page("https://h/1")]);
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_the_rest_is_read() {
    let parsed = parse(
        "<urlset>\n<url><lastmod>2026</lastmod></url>\n<url><loc>/rel</loc></url>\n<url/><url><loc>https://h/1</loc></url>",
    );
    assert_eq!(parsed.entries, [page("https://h/1")]);
    assert_eq!(
        parsed.faults,
        [
            "line 2: the entry has no `loc`",
            "line 3: the address is relative, and nothing says to what",
            "line 4: the entry has no `loc`",
            "line 4: the document ends before its outermost element does; it may be cut short",
        ]
    );
    assert_eq!(
        parse("<html><body>").faults,
        ["the document is no sitemap and no feed: its outermost element is `html`"]
    );
    assert_eq!(parse("plain words").faults, ["line 1: an address was expected"]);
    assert!(parse("{\"items\":[{\"url\":5}").faults[0].starts_with("line 1: the item is not as feeds have it"));
    assert!(parse("{\"items\":[").faults[0].ends_with("it may be cut short"));
    assert_eq!(parse(""), Parsed::default());
}

#[test]
fn relative_addresses_are_resolved_where_the_file_was_found() {
    let url = Url::parse("https://h/x/").unwrap();
    assert_eq!(read_all(b"<urlset><url><loc>y</loc></url></urlset>", Some(&url)).entries, [page("https://h/x/y")]);
}

#[test]
fn entities_are_not_expanded() {
    let text =
        "<!DOCTYPE u [<!ENTITY a 'boom'><!ENTITY b '&a;&a;'>]><urlset><url><loc>https://h/&b;</loc></url></urlset>";
    assert_eq!(parse(text).entries, [page("https://h/&b;")]);
}

#[test]
fn too_many_entries_and_too_many_bytes_are_said() {
    let many = format!("<urlset>{}", "<url><loc>https://h/1</loc></url>".repeat(ENTRIES + 5));
    let parsed = parse(&many);
    assert_eq!(parsed.entries.len(), ENTRIES);
    assert_eq!(parsed.faults, ["the file has more than 50000 entries; the rest is not read"]);
    let (mut reader, mut items) = (Reader::new(None), Vec::new());
    reader.push(b"<urlset>", &mut items);
    let blank = vec![b'>'; 1 << 20];
    (0..=BYTES >> 20).for_each(|_| reader.push(&blank, &mut items));
    assert!(reader.is_over());
    assert_eq!(items, [Item::fault("", "the file is longer than 100 MiB; the rest is not read")]);
}

#[test]
fn a_bomb_is_not_unpacked_to_its_end() {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(b"<urlset>").unwrap();
    let blank = vec![b' '; 1 << 20];
    (0..BYTES >> 19).for_each(|_| packer.write_all(&blank).unwrap());
    let faults = read_all(&packer.finish().unwrap(), None).faults;
    assert!(faults[0].starts_with("line 1: the markup") || faults[0].starts_with("the file is longer"), "{faults:?}");
}

#[test]
fn endless_markup_and_nesting_are_held_in_little_memory() {
    for (start, piece) in [
        ("<urlset><!--", "x"),
        ("<urlset a='", "x>"),
        ("<urlset><url><loc>", "x>"),
        ("<urlset>", "<a>"),
        ("{\"items\":[{\"a\":\"", "x"),
    ] {
        let (mut reader, mut items) = (Reader::new(None), Vec::new());
        reader.push(start.as_bytes(), &mut items);
        let chunk = piece.repeat((64 << 10) / piece.len());
        for _ in 0..100 {
            reader.push(chunk.as_bytes(), &mut items);
        }
        reader.end(&mut items);
        assert_eq!(items.len(), 1, "{start}: {items:?}");
    }
}

#[test]
fn markup_that_comes_in_small_pieces_is_not_read_again_and_again() {
    let (mut reader, mut items) = (Reader::new(None), Vec::new());
    let text = format!("<urlset><!--{}--><url><loc>https://h/1</loc></url></urlset>", "x>".repeat(100_000));
    let start = std::time::Instant::now();
    text.as_bytes().chunks(3).for_each(|piece| reader.push(piece, &mut items));
    reader.end(&mut items);
    assert_eq!(items, [Item::Entry(page("https://h/1"))]);
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
}

proptest! {
    #[test]
    fn chunk_boundaries_change_nothing_and_no_bytes_panic(
        start in proptest::sample::select(vec!["<urlset>", "<rss><channel>", "<feed>", "<opml>", "{\"items\":[", "<?xml version='1.0' encoding='latin1'?>\n<urlset>", "\u{feff}"]),
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "<url>", "</url>", "<loc>", "</loc>", "https://h/1", "<item>", "</item>", "<link>", "</link>", "<entry>", "</entry>", "<link href='/x'/>",
            "<title>", "</title>", "<lastmod>2026</lastmod>", "&amp;", "&x;", "&", "<!--", "-->", "<![CDATA[", "]]>", "é", "\n", ">", "'", "\"", "<url/>",
            "{", "}", "[", "]", "\"url\":", "\"https://h/2\"", ",", "\\", "<outline xmlUrl='https://h/3'/>", "</urlset>", "<?x?>", "<!DOCTYPE x [", "]>",
        ]), 0..40),
        chunk in 1usize..9,
    ) {
        let text = format!("{start}{}", parts.concat());
        let read = |size: usize| {
            let (mut reader, mut items) = (Reader::new(None), Vec::new());
            text.as_bytes().chunks(size).for_each(|chunk| reader.push(chunk, &mut items));
            reader.end(&mut items);
            items
        };
        prop_assert_eq!(read(1 << 20), read(chunk), "{}", text);
    }
}

/// Found by fuzzing: where a character of three bytes stood across the limit, the line was cut and asked for.
#[test]
fn an_address_that_is_too_long_is_never_cut_and_asked_for() {
    for filler in ["x", "é", "\u{fffd}", "😀"] {
        for more in 0..8 {
            let long = format!("https://h/{}{}", "x".repeat(more), filler.repeat((64 << 10) / filler.len() + 2));
            let parsed = read_all(format!("{long}\nhttps://h/b\n").as_bytes(), None);
            let urls: Vec<&str> = parsed.entries.iter().map(|entry| entry.url.as_str()).collect();
            assert_eq!((urls, parsed.faults.len()), (vec!["https://h/b"], 1), "{filler} {more}");
        }
    }
}
