//! What paths lead to, against the standard and against the crate, and how wrong ones are told.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;

fn later() -> Budget {
    Budget::of(Duration::from_secs(600), 0)
}

fn find(path: &str, value: &Value) -> Vec<Value> {
    let path = JsonPath::parse(path).unwrap_or_else(|fault| panic!("{path}: {fault:?}"));
    path.find(value, &later()).into_iter().cloned().collect()
}

/// The store of RFC 9535, figure 1.
fn store() -> Value {
    json!({"store": {
        "book": [
            {"category": "reference", "author": "Nigel Rees", "title": "Sayings of the Century", "price": 8.95},
            {"category": "fiction", "author": "Evelyn Waugh", "title": "Sword of Honour", "price": 12.99},
            {"category": "fiction", "author": "Herman Melville", "title": "Moby Dick", "isbn": "0-553-21311-3", "price": 8.99},
            {"category": "fiction", "author": "J. R. R. Tolkien", "title": "The Lord of the Rings", "isbn": "0-395-19395-8", "price": 22.99}
        ],
        "bicycle": {"color": "red", "price": 399}
    }})
}

#[test]
fn paths_lead_where_the_standard_says() {
    let titles = |path: &str| -> Vec<String> {
        find(path, &store()).iter().map(|book| book["title"].as_str().unwrap_or("?").to_owned()).collect()
    };
    assert_eq!(find("$.store.book[*].author", &store()).len(), 4);
    assert_eq!(find("$..author", &store()).len(), 4);
    assert_eq!(find("$.store..price", &store()), [json!(399), json!(8.95), json!(12.99), json!(8.99), json!(22.99)]);
    assert_eq!(find("$..*", &store()).len(), 27);
    assert_eq!(titles("$..book[2]"), ["Moby Dick"]);
    assert_eq!(titles("$..book[-1]"), ["The Lord of the Rings"]);
    assert_eq!(titles("$..book[0,1]"), ["Sayings of the Century", "Sword of Honour"]);
    assert_eq!(titles("$..book[:2]"), ["Sayings of the Century", "Sword of Honour"]);
    assert_eq!(titles("$..book[?@.isbn]"), ["Moby Dick", "The Lord of the Rings"]);
    assert_eq!(titles("$..book[?@.price < 10]"), ["Sayings of the Century", "Moby Dick"]);
    assert_eq!(titles("$..book[?@.price < 10 && !@.isbn]"), ["Sayings of the Century"]);
    assert_eq!(titles("$..book[?match(@.author, 'Herman.*')]"), ["Moby Dick"]);
    assert_eq!(titles("$..book[?match(@.author, 'Herman')]"), [""; 0]);
    assert_eq!(titles("$..book[?search(@.author, 'R. R')]"), ["The Lord of the Rings"]);
    assert_eq!(titles("$..book[?length(@.title) > 20]"), ["Sayings of the Century", "The Lord of the Rings"]);
    assert_eq!(titles("$..book[?count(@.*) == 5]"), ["Moby Dick", "The Lord of the Rings"]);
    assert_eq!(titles("$..book[?value(@..isbn) == '0-553-21311-3']"), ["Moby Dick"]);
    assert_eq!(titles("$..book[?@.price > $.store.bicycle.price]"), [""; 0]);
    assert_eq!(find("$", &json!(1)), [json!(1)]);
    assert_eq!(find("$.a.b", &json!({"a": 1})), [Value::Null; 0]);
}

#[test]
fn parts_of_lists_follow_the_standard() {
    let list = json!(["a", "b", "c", "d", "e", "f", "g"]);
    for (path, want) in [
        ("$[1:3]", "bc"),
        ("$[5:]", "fg"),
        ("$[1:5:2]", "bd"),
        ("$[5:1:-2]", "fd"),
        ("$[::-1]", "gfedcba"),
        ("$[-2:]", "fg"),
        ("$[:-5]", "ab"),
        ("$[::0]", ""),
        ("$[100:]", ""),
        ("$[-100:2]", "ab"),
        ("$[::9007199254740991]", "a"),
        ("$[9]", ""),
        ("$[-8]", ""),
    ] {
        let found: String = find(path, &list).iter().filter_map(Value::as_str).collect();
        assert_eq!(found, want, "{path}");
    }
    assert_eq!(find("$[::-1]", &json!([])), [Value::Null; 0]);
}

#[test]
fn nothing_equals_nothing_and_orders_nothing() {
    let list = json!([{"a": 1}, {"a": 1.0}, {"b": null}, {"a": null}, {"a": "1"}]);
    for (path, want) in [
        ("$[?@.a == 1]", 2),
        ("$[?@.x == @.y]", 5),
        ("$[?@.a == null]", 1),
        ("$[?@.a != 1]", 3),
        ("$[?@.a < 'x']", 1),
        ("$[?@.x <= @.y]", 5),
        ("$[?@.a <= 1]", 2),
        ("$[?!(@.a == 1 || @.b == null)]", 2),
    ] {
        assert_eq!(find(path, &list).len(), want, "{path}");
    }
}

#[test]
fn we_find_what_the_crate_finds() {
    use jsonpath_rust::JsonPath as _;
    let value =
        json!({"@graph": [{"@type": "Product", "offers": [{"price": "1"}, {"price": 2}]}, {"@type": ["A"]}], "x": {}});
    for path in
        ["$", "$.x", "$['@graph'][0].offers[*].price", "$['@graph'][?@['@type'] == 'Product'].offers", "$.*", "$.x.*"]
    {
        let theirs: Vec<Value> = value.query(path).unwrap().into_iter().cloned().collect();
        assert_eq!(find(path, &value), theirs, "{path}");
    }
}

#[test]
fn a_hostile_value_takes_neither_time_nor_memory() {
    let deep = format!("{}1{}", "[".repeat(120), "]".repeat(120));
    let wide = format!("{{\"{}\": [{}0]}}", "k".repeat(1 << 20), "[0],".repeat(100_000));
    for text in [deep, wide] {
        let value: Value = serde_json::from_str(&text).unwrap();
        for path in ["$..*..*..*", "$.*[*][*]", "$..[?count($..*) > 3]", "$..[?search(@, $..*)]", "$..[?@ == $]"] {
            let start = Instant::now();
            let found = JsonPath::parse(path).unwrap().find(&value, &Budget::of(Duration::from_millis(100), 0));
            assert!(start.elapsed() < Duration::from_secs(2), "{path}: {:?}", start.elapsed());
            assert!(found.len() <= 1_100_000);
        }
    }
}

#[test]
fn a_hostile_value_full_of_patterns_ends_in_time() {
    let value: Value = (0..5_000).map(|i| format!("{i}\\w{{60}}")).collect();
    let start = Instant::now();
    JsonPath::parse("$[?search('a', @)]").unwrap().find(&value, &Budget::of(Duration::from_millis(200), 0));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn a_wrong_path_is_shown_where_it_is_wrong() {
    for (path, at) in [
        ("offers", 0..1),
        ("$.offers[", 9..9),
        ("$.a b", 4..5),
        ("$.@type", 2..3),
        ("$[?@.a = 1]", 7..8),
        ("$[?in(@.a, [1])]", 11..12),
        ("$[?in(@.a, @.b)]", 3..5),
    ] {
        let fault = JsonPath::parse(path).expect_err(path);
        assert_eq!(fault.bytes, at, "{path}: {}", fault.message);
    }
    let deep = format!("$[?{}@{}]", "(".repeat(100), ")".repeat(100));
    assert!(JsonPath::parse(&deep).unwrap_err().message.contains("24 deep"));
    let check = || drop(JsonPath::parse(&format!("$[?{}@{}]", "(".repeat(23), ")".repeat(23))).unwrap());
    std::thread::Builder::new().stack_size(256 << 10).spawn(check).unwrap().join().unwrap();
}
