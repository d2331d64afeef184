//! Truth tables of where links lead.

use super::*;

/// A target in one line: `file path`, `folder path`, `url …`, with `#fragment` behind.
fn show(target: &Target) -> String {
    let with = |text: String, fragment: &Option<String>| match fragment {
        Some(fragment) => format!("{text} #{fragment}"),
        None => text,
    };
    match target {
        Target::File { path, form: Form::Leaf, fragment, .. } => with(format!("file {path}"), fragment),
        Target::File { path, form: Form::Folder, fragment, .. } => with(format!("folder {path}"), fragment),
        Target::Above { path } => format!("above {path}"),
        Target::Rootless { path } => format!("rootless {path}"),
        Target::Url { url, fragment } => with(format!("url {url}"), fragment),
        Target::Mail(rest) => format!("mail {rest}"),
        Target::Tel(rest) => format!("tel {rest}"),
        Target::SamePage { fragment } => with("same".to_owned(), fragment),
        Target::Other { scheme } => format!("other {scheme}"),
        Target::Invalid { .. } => "invalid".to_owned(),
    }
}

fn site(root: Option<&str>, url: Option<&str>) -> Site {
    Site::new(root, url.map(|url| Url::parse(url).unwrap()), Vec::new())
}

#[test]
fn links_of_a_file_without_root_or_address() {
    let site = site(None, None);
    let base = Base::of_file(&site, "./docs/guide.md");
    for (value, expected) in [
        ("", "same"),
        ("#", "same #"),
        ("#a%20b", "same #a%20b"),
        ("?q=1#x", "same #x"),
        ("guide.md#x", "same #x"),
        ("./other.md", "file docs/other.md"),
        (" other.md\n", "file docs/other.md"),
        ("oth\ner.md", "file docs/other.md"),
        ("other.md?plain=1#L3", "file docs/other.md #L3"),
        ("a%20b.md", "file docs/a b.md"),
        ("a b.md", "file docs/a b.md"),
        ("sub/", "folder docs/sub"),
        ("..", "folder "),
        (".", "folder docs"),
        ("%2e%2e/x.md", "file x.md"),
        ("../README.md", "file README.md"),
        ("../../x.md", "file ../x.md"),
        (r"sub\x.md", "file docs/sub/x.md"),
        ("sub%2Fx.md", "file docs/sub%2Fx.md"),
        ("/x.md", "rootless /x.md"),
        ("//example.com/a", "url https://example.com/a"),
        (r"\\example.com\a", "url https://example.com/a"),
        ("HTTPS://Example.COM", "url https://example.com/"),
        ("https://example.com/a?b#c", "url https://example.com/a?b #c"),
        ("https://example.com/#", "url https://example.com/ #"),
        ("http://", "invalid"),
        ("https://exa mple.com/", "invalid"),
        ("https://[::1/", "invalid"),
        ("http://h:99999/", "invalid"),
        ("mailto:a@b.example", "mail a@b.example"),
        ("MAILTO:a@b.example?subject=x", "mail a@b.example?subject=x"),
        ("tel:+49-30-1", "tel +49-30-1"),
        ("javascript:void(0)", "other javascript"),
        ("data:image/png;base64,AA==", "other data"),
        ("vscode:extension/x", "other vscode"),
        (r"C:\docs\x.md", "invalid"),
        ("c:/docs/x.md", "invalid"),
        ("file:///etc/hosts", "file /etc/hosts"),
        ("file://server/share", "other file"),
        ("1:2.md", "file docs/1:2.md"),
        ("./a:b.md", "file docs/a:b.md"),
    ] {
        assert_eq!(show(&resolve(value, &base)), expected, "{value:?}");
    }
}

#[test]
fn links_of_a_file_below_a_root() {
    let site = site(Some("./public/"), None);
    let base = Base::of_file(&site, "public/a/b.html");
    for (value, expected) in [
        ("/", "folder public"),
        ("/x.html", "file public/x.html"),
        ("/../x.html", "file public/x.html"),
        ("/%2e%2e/x.html", "file public/x.html"),
        ("../x.html", "file public/x.html"),
        ("../../x.html", "above ../../x.html"),
        ("../..", "above ../.."),
        ("../../public/x.html", "file public/x.html"),
        (r"\x.html", "file public/x.html"),
        ("b.html", "same"),
        ("/a/b.html#x", "same #x"),
        ("b.html/", "folder public/a/b.html"),
    ] {
        assert_eq!(show(&resolve(value, &base)), expected, "{value:?}");
    }
    let outside = Base::of_file(&site, "README.md");
    assert_eq!(show(&resolve("../x.md", &outside)), "file ../x.md", "a root fences only what lies below it");
}

#[test]
fn a_path_may_climb_above_a_root_whose_edge_is_open() {
    let site = site(Some("docs"), None).with_edge(Edge::Open);
    let base = Base::of_file(&site, "docs/a.md");
    for (value, expected) in
        [("../README.md", "file README.md"), ("..", "folder "), ("../../x", "file ../x"), ("/../x", "file docs/x")]
    {
        assert_eq!(show(&resolve(value, &base)), expected, "{value:?}");
    }
}

#[test]
fn a_project_may_have_a_name_for_its_folder() {
    let site = site(Some("docu"), Some("https://example.com/")).with_home(Some("@site/"));
    let base = Base::of_file(&site, "docu/docs/a.md");
    for (value, expected) in [
        ("@site/static/x.png?a#b", "file docu/static/x.png #b"),
        ("@site/docs/a.md", "same"),
        ("@sites/x", "file docu/docs/@sites/x"),
    ] {
        assert_eq!(show(&resolve(value, &base)), expected, "{value}");
    }
    let target = resolve("@site/static/x.png", &base);
    assert!(matches!(target, Target::File { way: Way::Path, .. }), "{target:?}");
}

#[test]
fn a_file_that_a_page_of_the_web_names_is_not_looked_for_here() {
    let site = site(Some("public"), Some("https://example.com/"));
    let page = Base::of_page(&site, &Url::parse("https://other.example/a").unwrap());
    let based = page.clone().with_href(Some("file:///etc/"));
    for base in [&page, &based] {
        for value in ["file:///etc/passwd", "FILE:/etc/passwd", "file:passwd", "file://localhost/etc/passwd"] {
            assert_eq!(show(&resolve(value, base)), "other file", "{value}");
        }
        assert_eq!(show(&resolve("passwd", base)), "url https://other.example/passwd");
    }
    assert_eq!(show(&resolve("file:///etc/passwd", &Base::of_file(&site, "public/a.html"))), "file /etc/passwd");
}

#[test]
fn a_place_is_named_by_its_path_or_by_its_address() {
    let way = |url: Option<&str>, href: Option<&str>, value: &str| {
        let site = site(Some("public"), url);
        match resolve(value, &Base::of_file(&site, "public/a/b.html").with_href(href)) {
            Target::File { way, .. } => way,
            other => panic!("{value}: {other:?}"),
        }
    };
    let url = Some("https://example.com/");
    for (url, href, value, expected) in [
        (None, None, "x.html", Way::Path),
        (None, None, " /x.html", Way::Address),
        (None, Some("/c/"), "x.html", Way::Address),
        (url, None, "../x.html", Way::Path),
        (url, None, "/x.html", Way::Address),
        (url, None, "https://example.com/x.html", Way::Address),
        (url, None, "//example.com/x.html", Way::Address),
        (url, None, "file:///x.html", Way::Path),
    ] {
        assert_eq!(way(url, href, value), expected, "{value}");
    }
}

#[test]
fn links_of_a_file_that_will_have_an_address() {
    let site = site(Some("public"), Some("https://example.com/docs"));
    let base = Base::of_file(&site, "public/a/b c.html");
    for (value, expected) in [
        ("x.html", "file public/a/x.html"),
        ("../", "folder public"),
        ("../../", "url https://example.com/"),
        ("/", "url https://example.com/"),
        ("/docs", "folder public"),
        ("/docs/x?y#z", "file public/x #z"),
        ("/docsx", "url https://example.com/docsx"),
        ("//example.com/docs/x", "file public/x"),
        ("https://example.com:443/docs/x/", "folder public/x"),
        ("http://example.com/docs/x", "url http://example.com/docs/x"),
        ("https://example.com:8443/docs/x", "url https://example.com:8443/docs/x"),
        ("https://example.org/docs/x", "url https://example.org/docs/x"),
        ("https://example.com/docs/a/b%20c.html#x", "same #x"),
        ("#x", "same #x"),
        ("?v=2", "same"),
        ("../../../../docs/x", "file public/x"),
    ] {
        assert_eq!(show(&resolve(value, &base)), expected, "{value:?}");
    }
    let elsewhere = Base::of_file(&site, "README.md");
    assert_eq!(show(&resolve("https://example.com/docs/x", &elsewhere)), "file public/x");
    assert_eq!(show(&resolve("x.md", &elsewhere)), "file x.md");
}

#[test]
fn links_of_a_page() {
    let site = site(None, None);
    let base = Base::of_page(&site, &Url::parse("https://example.com/a/b?q#old").unwrap());
    for (value, expected) in [
        ("", "same"),
        ("#x", "same #x"),
        ("#ü", "same #%C3%BC"),
        ("?q#x", "same #x"),
        ("?r", "url https://example.com/a/b?r"),
        ("c", "url https://example.com/a/c"),
        ("/c", "url https://example.com/c"),
        ("../../../c", "url https://example.com/c"),
        (r"\c", "url https://example.com/c"),
        ("//other.example/", "url https://other.example/"),
        ("https:c", "url https://example.com/a/c"),
        ("http:c", "url http://c/"),
        ("tel:1", "tel 1"),
        ("//", "invalid"),
    ] {
        assert_eq!(show(&resolve(value, &base)), expected, "{value:?}");
    }
}

#[test]
fn a_base_element_moves_where_references_start_and_what_the_same_page_is() {
    let local = site(Some(""), None);
    for (href, value, expected) in [
        ("../img/", "x.png", "file img/x.png"),
        ("/img/y.html", "x.png", "file img/x.png"),
        ("https://example.com/d/", "x", "url https://example.com/d/x"),
        ("https://example.com/d/", "#x", "url https://example.com/d/ #x"),
        ("https://example.com/d/", "/x", "url https://example.com/x"),
        ("/", "#x", "folder  #x"),
        ("b.html", "#x", "same #x"),
        ("javascript:1", "x", "file a/x"),
        ("http://[", "x", "file a/x"),
        ("", "x", "file a/x"),
        ("#y", "x", "file a/x"),
    ] {
        let base = Base::of_file(&local, "a/b.html").with_href(Some(href));
        assert_eq!(show(&resolve(value, &base)), expected, "{href} {value}");
    }
    let served = site(Some("public"), Some("https://example.com/"));
    let base = Base::of_file(&served, "public/a/b.html").with_href(Some("/c/"));
    assert_eq!(show(&resolve("x", &base)), "file public/c/x");
    let page = Base::of_page(&local, &Url::parse("https://h/a/b").unwrap()).with_href(Some("../c/"));
    assert_eq!(show(&resolve("x", &page)), "url https://h/c/x");
}

#[test]
fn remaps_come_before_all_else() {
    let remaps = vec![
        "^https://old\\.example/ https://example.com/docs/".parse().unwrap(),
        "^https://files\\.example/(.*) file:///srv/$1".parse().unwrap(),
        "^https://bad\\.example/ nonsense".parse().unwrap(),
    ];
    let site = Site::new(Some("public"), Url::parse("https://example.com/docs/").ok(), remaps);
    let base = Base::of_file(&site, "public/a.html");
    for (value, expected) in [
        ("https://old.example/x#y", "file public/x #y"),
        ("https://files.example/a%20b#c", "file /srv/a b #c"),
        ("https://bad.example/", "invalid"),
        ("https://new.example/", "url https://new.example/"),
    ] {
        assert_eq!(show(&resolve(value, &base)), expected, "{value:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_reference_leads_somewhere(value in "\\PC{0,40}", href in "[a-z:/.#?\\\\%]{0,12}", which in 0..4) {
        let site = match which {
            0 => site(None, None),
            1 => site(Some("public"), None),
            _ => site(Some("public"), Some("https://example.com/d")),
        };
        let base = match which {
            3 => Base::of_page(&site, &Url::parse("https://example.com/d/e").unwrap()),
            _ => Base::of_file(&site, "public/a/b.html"),
        };
        for base in [base.clone().with_href(Some(&href)), base] {
            if let Target::File { path, .. } = resolve(&value, &base) {
                proptest::prop_assert_eq!(&paths::clean(&path), &path);
                proptest::prop_assert!(value.starts_with("file:") || !path.starts_with('/'));
            }
        }
    }

    #[test]
    fn references_of_punctuation_lead_somewhere(value in "[a.:/\\\\#?%2eF@\\[\\] \t\n-]{0,20}") {
        let site = site(Some(""), None);
        resolve(&value, &Base::of_file(&site, "a/b.html"));
        resolve(&value, &Base::of_page(&site, &Url::parse("https://h/").unwrap()));
    }
}
