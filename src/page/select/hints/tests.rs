//! What is told of selectors that matched nothing.

use std::sync::{Arc, Mutex};

use super::*;

fn plan(selectors: &[(&str, &str)]) -> Plan {
    let owned: Vec<_> = selectors.iter().map(|(name, css)| (name.to_string(), css.to_string())).collect();
    Plan::parse(&owned).unwrap()
}

fn sentences(selectors: &[(&str, &str)], html: &str, pages: usize) -> Vec<String> {
    let (mut alone, shared) = (Hints::default(), Arc::new(Mutex::new(Hints::default())));
    let plan = plan(selectors);
    let noting = plan.clone().noting(&shared);
    for _ in 0..pages {
        alone.note(&plan, html);
        noting.read(html);
    }
    let sentences = alone.sentences();
    assert_eq!(sentences, shared.lock().unwrap().sentences(), "reading notes what noting notes");
    sentences
}

#[test]
fn a_selector_without_matches_is_told_what_is_near() {
    let html = "<p class='price big'>1</p><div id=Main class=card><h2>x</h2></div>";
    for (css, want) in [
        (".pricee", "`.pricee` matched nothing on 24 pages; `.price` occurs 24 times"),
        (".Price", "`.Price` matched nothing on 24 pages; `.price` occurs 24 times"),
        ("#price", "`#price` matched nothing on 24 pages; `.price` occurs 24 times"),
        ("price", "`price` matched nothing on 24 pages; `.price` occurs 24 times"),
        ("#main > h2", "`#main > h2` matched nothing on 24 pages; `#Main` occurs 24 times"),
        (".card .big", "`.card .big` matched nothing on 24 pages; its names occur, but not together like this"),
        (".nothing:not(.price)", "`.nothing:not(.price)` matched nothing on 24 pages"),
    ] {
        assert_eq!(sentences(&[("x", css), ("y", "h2")], html, 24), [want]);
    }
    assert_eq!(sentences(&[("x", "a")], "", 1), ["`a` matched nothing on 1 page"]);
}

#[test]
fn a_field_of_a_group_counts_where_its_group_matched() {
    let html = "<div class=card><h2>x</h2></div>";
    let both = [("a", ".card{t=h2, p=.titel}"), ("b", ".cart{t=.never}")];
    assert_eq!(
        sentences(&both, html, 2),
        ["`.titel` matched nothing on 2 pages", "`.cart` matched nothing on 2 pages; `.card` occurs 2 times"]
    );
}

#[test]
fn one_match_is_enough_to_be_silent() {
    let shared = Arc::new(Mutex::new(Hints::default()));
    let plan = plan(&[("x", ".late"), ("y", ".never")]).noting(&shared);
    for page in 0..100 {
        plan.read(if page == 80 { "<p class=late>" } else { "<p class=lat><p class=lat>" });
    }
    assert_eq!(shared.lock().unwrap().sentences(), ["`.never` matched nothing on 100 pages"]);
    let one = self::plan(&[("x", ".lase")]).noting(&shared);
    (0..100).for_each(|_| drop(one.read("<p class=late>")));
    let told = shared.lock().unwrap().sentences();
    assert_eq!(told[1], "`.lase` matched nothing on 100 pages; `.late` occurs 64 times on the first 64");
}

#[test]
fn memory_is_bounded() {
    let mut hints = Hints::default();
    let html: String = (0..10_000).map(|i| format!("<p class='name{i}'>")).collect();
    for i in 0..500 {
        hints.note(&plan(&[("x", &format!(".nam{i}"))]), if i < 3 { &html } else { "<p>" });
    }
    assert!(hints.tallies.len() <= TALLIES);
    assert!(hints.tallies.iter().all(|tally| tally.near.len() <= KEPT));
}

#[test]
fn names_of_a_selector() {
    let found = needles("div.a\\:b > #c-d:hover, ul li:nth-child(2) [x=y]::before");
    let shown: Vec<_> = found.iter().map(|(sort, name)| sort.shown(name)).collect();
    assert_eq!(shown, ["div", ".a:b", "#c-d", "ul", "li"]);
}
