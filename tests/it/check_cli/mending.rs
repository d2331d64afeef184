//! `--fix` and `--diff`: what they show, write and count.

use std::fs;

use super::*;

#[tokio::test]
async fn a_difference_shows_what_a_fix_writes_and_what_is_mended_counts_no_more() {
    let dir = faulty();
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    let (index, page) = (read("index.md"), read("page.html"));
    let shown = check(dir.path(), &[".", "--fix", "--diff"]).await;
    assert_eq!(shown.exit, 1, "{shown}");
    let hunk = "-- [The right heading, written otherwise](guide.md#Getting_Started)\n";
    assert!(shown.text().starts_with("--- a/index.md\n+++ b/index.md\n") && shown.text().contains(hunk), "{shown}");
    assert!(shown.text().contains("+<img src=\"logo.svg\" alt=\"The right file, written otherwise\">\n"), "{shown}");
    assert!(shown.stderr.contains("3 links in 2 files can be fixed"), "{shown}");
    assert_eq!((read("index.md"), read("page.html")), (index.clone(), page.clone()), "nothing was written");

    let fixed = check(dir.path(), &[".", "--fix"]).await;
    assert_eq!((fixed.exit, fixed.text().lines().count()), (1, 4), "{fixed}");
    assert!(fixed.stderr.contains("fixed 3 links in 2 files") && fixed.stderr.contains("4 errors"), "{fixed}");
    assert_eq!(read("page.html"), page.replace("Logo.svg", "logo.svg"));
    let mended = index.replace("(Guide.md)", "(guide.md)").replace("#Getting_Started", "#getting-started");
    assert_eq!(read("index.md"), mended);
    let again = check(dir.path(), &[".", "--fix"]).await;
    assert!(again.exit == 1 && !again.stderr.contains("fixed"), "{again}");
}

#[tokio::test]
async fn a_redirect_is_mended_though_it_weighs_nothing_unless_it_was_turned_off() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/old" => Reply::redirect(301, "/new"),
        "/moved" => Reply::redirect(302, "/new"),
        _ => Reply::html("<h1 id=x>x</h1>"),
    })
    .await;
    let text = format!("[ä]({0}/old#x \"t\") [b]({0}/moved)\n", site.url("").trim_end_matches('/'));
    let dir = files(&[("a.md", &text)]);
    let path = dir.path().join("a.md");
    assert_eq!(check(dir.path(), &["a.md", "--fix", "--rule=redirected=off"]).await.exit, 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let fixed = check(dir.path(), &["a.md", "--fix"]).await;
    assert_eq!(fixed.exit, 0, "{fixed}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text.replace("/old#x", "/new#x"), "{fixed}");
}

#[tokio::test]
async fn a_file_in_another_case_is_no_mending_if_the_place_on_it_is_not_there() {
    let text = "\u{feff}[x](B.md#SEC)\n[y](B.md#none)\n[z](@Dir/C.md)\n";
    let dir = files(&[("a.md", text), ("b.md", "## Sec\n"), ("@dir/c.md", "")]);
    let fixed = check(dir.path(), &["a.md", "--fix"]).await;
    assert_eq!((fixed.exit, fixed.text().lines().count()), (1, 1), "{fixed}");
    assert!(
        fixed.text().contains("a.md:2:5: link.case B.md#none") && fixed.text().contains("no such place"),
        "{fixed}"
    );
    let now = fs::read_to_string(dir.path().join("a.md")).unwrap();
    assert_eq!(now, "\u{feff}[x](b.md#sec)\n[y](B.md#none)\n[z](@dir/c.md)\n");
}
