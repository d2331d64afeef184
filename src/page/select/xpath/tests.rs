//! XPaths that people write, and the selectors that find the same.

use super::*;
use crate::page::select::{Plan, Rule};

#[test]
fn simple_paths_have_a_selector_and_others_have_none() {
    for (path, css) in [
        ("//h1", Some("h1")),
        ("//h1/text()", Some("h1")),
        ("//a/@href", Some("a[href]::attr(href)")),
        ("//@href", Some("[href]::attr(href)")),
        ("/html/body/div[2]", Some("html > body > div:nth-of-type(2)")),
        (r#"//div[contains(@class,"price")]"#, Some(r#"div[class*="price"]"#)),
        ("//table//tr[position()>1]/td[2]", Some("table tr:nth-of-type(n+2) > td:nth-of-type(2)")),
        ("//li[position() <= 2]", Some("li:nth-of-type(-n+2)")),
        ("normalize-space(//h1)", Some("h1")),
        ("string(//title)", Some("title")),
        (r#"//a[starts-with(@href, "/x")]/@href"#, Some(r#"a[href^="/x"]::attr(href)"#)),
        ("//ul/li[last()]", Some("ul > li:last-of-type")),
        (r#"//*[@id="content"]//p"#, Some("#content p")),
        ("//*[@id='1st']", Some("[id=\"1st\"]")),
        ("//p[not(@class)]", Some("p:not([class])")),
        ("//li[a]/a/text()", Some("li:has(> a) > a")),
        ("//div[.//img]", Some("div:has(img)")),
        ("//h1 | //h2", Some("h1, h2")),
        ("//a/@href | //link/@href", Some("a[href], link[href]::attr(href)")),
        ("//a[@href and @class]/@href", Some("a[href][class]::attr(href)")),
        ("//a[@id='x' or @name='x']", Some("a:is(#x, [name=\"x\"])")),
        ("//a[@rel!='next']", Some("a[rel]:not([rel=\"next\"])")),
        ("(//p)[1]", Some("p")),
        (".//h2", Some("h2")),
        ("//h2/following-sibling::p", Some("h2 ~ p")),
        ("//h2/following-sibling::*[1][self::p]", Some("h2 + p")),
        ("//div[contains(concat(' ', normalize-space(@class), ' '), ' card ')]", Some("div.card")),
        ("//descendant::a", Some("a")),
        ("count(//li)", None),
        ("(//p)[last()]", None),
        ("//h2/following-sibling::p[1]", None),
        ("//h2/../p", None),
        ("//a[contains(text(), 'Rust')]", None),
        ("//a[@x='1'][2]", None),
        ("//a/@href | //img/@src", None),
        ("//div//@href", None),
        ("//p[", None),
        ("//", None),
        ("//a[@b='", None),
        ("/div", None),
        ("//svg:path", None),
    ] {
        assert_eq!(as_css(path).as_deref(), css, "{path}");
    }
}

#[test]
fn nothing_that_is_typed_costs_much_or_is_read_without_end() {
    for text in ["(", "[", "/", "//a[", "not(", "string(", "|", "//a[not(", "@", "'"] {
        let long = format!("//{}", text.repeat(2000 / text.len()));
        let _ = as_css(&long);
        assert!(is_xpath(&long));
    }
}

#[test]
fn who_writes_xpath_is_told_the_selector_for_it() {
    let told = |css: &str| Plan::of(&[Rule::css("x", css)], &[]).unwrap_err().to_string();
    assert_eq!(
        told("//h1"),
        "--select x: `//h1`: this looks like XPath at column 1\n  //h1\n  ^^^^\n  hint: as a selector: `h1`"
    );
    for (css, hint) in [
        ("//a/@href|url", "as a selector: `a[href]::attr(href)|url`"),
        ("//h1 | //h2", "as a selector: `h1, h2`"),
        (".card{t=.//h2}", "as a selector: `h2`"),
        ("normalize-space(//h1)", "as a selector: `h1`"),
        ("count(//li)", "selectors are CSS: docs/extract.md has those for common XPaths"),
    ] {
        assert!(told(css).ends_with(hint), "{}", told(css));
    }
    for css in ["a / b", "h1 >> b", ".a(", "count(x)"] {
        assert!(!told(css).contains("XPath"), "{css}");
    }
}
