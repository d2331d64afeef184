//! What recipes say, and where wrong ones are wrong.

use serde_json::json;

use super::*;

const RECIPE: &str = r#"
required = ["title", "items.price"]

[select]
title = "h1"
"links[]" = "a::attr(href)"
"inline[]" = ".card{t=h2}"

[select."items[]"]
within = ".card"
price = ".price|number"
title = "h2"
"tags[]" = ".tag"
maker = { within = ".maker", name = "::text" }

[regex]
id = 'ID: (\d+)|int'
"#;

#[test]
fn a_recipe_and_rules_by_hand_are_the_same_plan() {
    let recipe = Recipe::parse(RECIPE).unwrap();
    let maker = Rule { name: "maker".into(), what: What::Group(".maker".into(), vec![Rule::css("name", "::text")]) };
    let items = vec![Rule::css("price", ".price|number"), Rule::css("title", "h2"), Rule::css("tags[]", ".tag"), maker];
    let rules = [
        Rule::css("title", "h1"),
        Rule::css("links[]", "a::attr(href)"),
        Rule::css("inline[]", ".card{t=h2}"),
        Rule { name: "items[]".into(), what: What::Group(".card".into(), items) },
        Rule::regex("id", r"ID: (\d+)|int"),
    ];
    assert_eq!(recipe.rules, rules);
    assert_eq!(recipe.required, ["title", "items.price"]);
    let html = "<h1>t</h1><div class=card><h2>a</h2><p class=price>1,50</p><p class=maker>m</p></div>ID: 42";
    let flags = Plan::of(
        &[
            Rule::css("title", "h1|required"),
            Rule::css("links[]", "a::attr(href)"),
            Rule::css("inline[]", ".card{t=h2}"),
            Rule::css(
                "items[]",
                ".card{price=.price|number|required, title=h2, tags[]=.tag, maker=.maker{name=::text}}",
            ),
            Rule::regex("id", r"ID: (\d+)|int"),
        ],
        &[],
    );
    let data = recipe.plan.read(html);
    assert_eq!(data, flags.unwrap().read(html));
    let item = json!({"price": 1.5, "title": "a", "tags": [], "maker": {"name": "m"}});
    assert_eq!(data[3], ("items".to_owned(), json!([item])));
    assert_eq!(data[4], ("id".to_owned(), json!(42)));
}

#[test]
fn a_wrong_recipe_is_shown_where_it_is_wrong() {
    for (text, line, column, message, hint) in [
        ("[select]\na = 'h1'\n[jsn]\nb = '$'", 3, 2, "unknown key `jsn`", "did you mean `json`?"),
        ("zzz = 1", 1, 1, "unknown key `zzz`", "there are select, json, regex, required, view, login"),
        ("[select]\n'ä' = 'h1 >> b'", 2, 12, "ä: unexpected `>` where a selector is expected", "a browser's"),
        ("[select]\na = '.p|numbr'", 2, 9, "a: there is no filter `numbr`", "did you mean `number`?"),
        ("[select]\na = 3", 2, 5, "a text is expected, not a integer", ""),
        ("[select]\n[select.a]\nb = 'h1'", 2, 9, "the group `a` does not say where it is found", "write within"),
        ("[select]\na = 'p'\n'a[]' = 'q'", 3, 9, "a[]: the name `a` is taken already", "give each"),
        (
            "required = ['b']\n[select]\nbb = 'p'",
            1,
            13,
            "a name is required that nothing is selected for",
            "did you mean `bb`?",
        ),
        ("required = 'b'", 1, 12, "a list of names is expected", "write required"),
        ("[regex]\na = '(x'", 2, 6, "a: unclosed group", ""),
        ("select = 3", 1, 10, "a table is expected, not a integer", ""),
        ("[select", 1, 8, "unclosed table, expected `]`", ""),
        ("[select]\n[select.a]\nwithin = 'p'", 3, 10, "a: the group has no fields", ""),
        (
            "[select]\n[select.a]\nwithin = 'p'\nb = 'i'\n'b[]' = 'i'",
            5,
            9,
            "b[]: the name `b` is taken already",
            "give each",
        ),
    ] {
        let error = Recipe::parse(text).expect_err(text);
        let found = (error.line, error.column, error.message.as_str());
        assert_eq!(found, (line, column, message), "{text}\n{error}");
        assert!(error.hint.clone().unwrap_or_default().starts_with(hint), "{error}");
        let shown = error.to_string();
        assert_eq!(shown.lines().nth(2).unwrap().find('^'), Some(column + 1), "{shown}");
    }
}

#[test]
fn a_recipe_is_bounded() {
    let nested = format!("[select.{}b]\nwithin='p'", "a.".repeat(9));
    assert!(Recipe::parse(&nested).is_err());
    let mut text = String::from("[select]\na = { within = 'p', x = 'i'");
    text.push_str(&", a = { within = 'p', x = 'i'".repeat(20));
    text.push_str(&" }".repeat(21));
    assert!(Recipe::parse(&text).unwrap_err().message.contains("nest more than 8 deep"));
    assert!(Recipe::parse(&"#".repeat(300_000)).unwrap_err().message.contains("longer than"));
    assert!(Recipe::parse("").unwrap().plan.is_empty());
}

#[test]
fn a_recipe_may_ask_for_views() {
    let recipe = Recipe::parse("view = ['text', 'meta']\n[select]\nt = 'h1'").unwrap();
    assert_eq!(recipe.views, [View::Text, View::Meta]);
    let error = |text: &str| Recipe::parse(text).unwrap_err();
    assert_eq!(error("view = ['markdwon']").hint.as_deref(), Some("did you mean `markdown`?"));
    assert_eq!(error("view = 'text'").hint.as_deref(), Some("write view = [\"text\"]"));
}

/// Found by fuzzing: carets under column 70,000 cannot be formatted, and nobody wants the line around it.
#[test]
fn a_fault_far_into_a_long_line_is_shown_with_what_is_around_it() {
    for length in [1, 300, 500, 70_000, 200_000] {
        let text = format!("x{}= [", " ".repeat(length));
        let error = Recipe::parse(&text).unwrap_err();
        let shown = error.to_string();
        let mut lines = shown.lines().skip(1);
        let (line, carets) = (lines.next().unwrap(), lines.next().unwrap());
        assert!(line.len() <= SHOWN + 2 && carets.len() <= 2 * SHOWN + 3, "{} {}", line.len(), carets.len());
        assert!(carets.trim_start().starts_with('^'), "{carets}");
    }
    let error = RecipeError { width: 1 << 20, column: 1, ..Recipe::parse("x").unwrap_err() };
    assert!(error.to_string().contains('^'));
}
