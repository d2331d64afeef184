//! MDX.

use super::*;

fn mdx(text: &str) -> Vec<String> {
    links(text, Language::Mdx)
}

#[test]
fn jsx_gives_links_where_its_attributes_are_strings() {
    let text = "import a from './https://no.org'\nimport b from \"b\"\n\n# Title\n\n<Card href=\"/card\" icon={<X />}>\n\n[a](b)\n\n</Card>\n\n\
        <img src='/i.png' alt=\"x\" /> <img src={pic} /> <a href={'/lit'}>x</a>\n<Link\n  to=\"/to\"\n  {...props}\n>t</Link> <Foo to=\"de\" />\n\n\
        export const x = {\n\n  url: 'https://no.org',\n}\n\nbare https://c.org `<a href=\"no\">` {/* https://no.org */}\n";
    assert_eq!(mdx(text), ["component /card", "link b", "img /i.png", "a /lit", "Link /to", "text https://c.org"]);
}

#[test]
fn what_is_no_jsx_stays_markdown() {
    assert_eq!(mdx("a < b and [c](d) <e\n\n[f](g) { x\n"), ["link d", "link g"]);
    assert_eq!(mdx("```js\nimport x from 'https://no.org'\n<a href=\"no\">\n```\n[a](b)"), ["link b"]);
    assert_eq!(mdx("export {\n[no](no)\n\n[a](b)"), ["link b"], "braces that never close cost a paragraph");
    assert_eq!(
        mdx("---\na: https://a.org\n---\n\nimport x from 'y'\n\n[b](c)\r\n"),
        ["string https://a.org", "link c"]
    );
    assert_eq!(mdx("# ä <b>ö</b> {x} ü\n<p>[ß](ß)</p>"), ["link ß"]);
}

#[test]
fn what_follows_a_tag_at_the_start_of_a_line_is_no_code() {
    for text in [
        "<kbd>[x](gone.md)</kbd>",
        "<Tabs><TabItem>[x](gone.md)</TabItem></Tabs>",
        "<Tabs>\n<TabItem value=\"x\">[x](gone.md)</TabItem>\n</Tabs>",
        "text\n\n  <TabItem\n  value=\"x\">[x](gone.md)</TabItem>",
        "<kbd>{/* fetchall:x */}[x](gone.md)</kbd>",
    ] {
        assert_eq!(mdx(text), ["link gone.md"], "{text:?}");
    }
    assert_eq!(mdx("<Card title=\"x\">\n\n[a](b)\n\n</Card>\n\n# <b>T</b>"), ["link b"]);
}

#[test]
fn headings_ids_and_comments_count() {
    let text = "# One <br/>\n\n<div id=\"two\"></div>\n\n{/* fetchall:ignore */}\n\n`{/* fetchall:no */}`\n\n## Three {#drei}\n";
    assert_eq!(names(text, Language::Mdx), ["two", "one", "drei"]);
    assert_eq!(directives(text, Language::Mdx), [("ignore".into(), "{/* fetchall:ignore */}".into())]);
}
