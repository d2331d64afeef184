use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::wanted::Rule;

fn read(text: &str) -> Request {
    request(text, Place { line: 3, column: 1 })
}

fn fault(text: &str) -> String {
    read(text).fault.unwrap_or_else(|| panic!("{text} was taken")).message
}

#[test]
fn every_key_becomes_its_part_of_the_wish() {
    let request = read(
        r#"{"url":"https://a/é","method":"post","headers":{"X-A":"1","accept":["b","ü"]},"body":"x\ny",
            "timeout":"1m","retries":0,"redirects":3,"accept":["2xx",404],"select":{"t":"h1"},"json":{"s":"$.sku"},
            "regex":{"i":"ID (.)"},"if_none_match":"\"e\"","if_modified_since":"Sat, 01 Jan 2000 00:00:00 GMT",
            "priority":-5,"id":12345678901234567890.5,"tags":{"a":[1,null]}}"#,
    );
    assert!(request.fault.is_none(), "{:?}", request.fault);
    assert_eq!((&*request.input, &request.url), ("https://a/é", &None));
    let wish = *request.wish.unwrap();
    assert_eq!(wish.method, Some(Method::POST));
    let fields: Vec<(&str, &[u8])> =
        wish.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let expected: [(&str, &[u8]); 5] = [
        ("x-a", b"1"),
        ("accept", b"b"),
        ("accept", "ü".as_bytes()),
        ("if-none-match", b"\"e\""),
        ("if-modified-since", b"Sat, 01 Jan 2000 00:00:00 GMT"),
    ];
    assert_eq!(fields, expected);
    assert_eq!(wish.body.unwrap(), "x\ny");
    assert_eq!((wish.timeout, wish.retries, wish.redirects), (Some(Duration::from_secs(60)), Some(0), Some(3)));
    let accept = wish.accept.unwrap();
    assert!(accept.contains(204) && accept.contains(404) && !accept.contains(403));
    assert_eq!(wish.rules, [Rule::css("t", "h1"), Rule::json("s", "$.sku"), Rule::regex("i", "ID (.)")]);
    assert_eq!(wish.priority, -5);
    assert_eq!(wish.id.unwrap().get(), "12345678901234567890.5");
    assert_eq!(wish.tags.unwrap().get(), r#"{"a":[1,null]}"#);
}

#[test]
fn a_plain_object_costs_no_wish() {
    assert!(read(r#"{"url":"a"}"#).wish.is_none());
    assert!(read(r#"{"url":"a","method":null,"tags":null}"#).wish.is_none());
    assert_eq!(read(r#"{"url":"a","timeout":0.5}"#).wish.unwrap().timeout, Some(Duration::from_millis(500)));
    assert_eq!(read(r#"{"url":"a","accept":404}"#).wish.unwrap().accept.unwrap(), "404".parse().unwrap());
    assert_eq!(read(r#"{"url":"a","body_base64":"/wA="}"#).wish.unwrap().body.unwrap(), &b"\xff\0"[..]);
}

#[test]
fn an_unknown_key_names_its_place_and_the_nearest() {
    assert_eq!(
        fault(r#"{"url":"abcde", "metod":"GET"}"#),
        "line 3, column 17: unknown key `metod`; did you mean `method`?"
    );
    assert_eq!(
        fault("{\"url\":\"é\",\n \"metod\":1}"),
        "line 4, column 2: unknown key `metod`; did you mean `method`?"
    );
    assert!(
        fault(r#"{"url":"é","zzz":1}"#).starts_with("line 3, column 12: unknown key `zzz`; known are url, method,")
    );
}

#[test]
fn what_would_weaken_a_run_is_no_key() {
    for key in ["proxy", "insecure", "rate", "output", "save", "ca", "resolve"] {
        assert!(fault(&format!("{{\"url\":\"a\",\"{key}\":\"x\"}}")).contains(&format!("unknown key `{key}`")));
    }
}

#[test]
fn a_wrong_value_names_place_and_key() {
    for (pair, message) in [
        (r#""method":5"#, "`method` must be a string, and is a number"),
        (r#""method":"G T""#, "`method` is not a request method; write GET, POST, PUT, …"),
        (r#""method":"connect""#, "`method` cannot be CONNECT, which is for proxies only"),
        (r#""headers":[]"#, "`headers` must be an object, and is a list"),
        (r#""headers":{"a b":"x"}"#, "`headers` of `a b` is not possible: that is not the name of a header field"),
        (
            r#""headers":{"x":"canary\r\ny: z"}"#,
            "`headers` of `x` has a line break or another control character, which a header field cannot hold",
        ),
        (r#""headers":{"x":5}"#, "`headers` of `x` must be a string, and is a number"),
        (
            r#""headers":{"Content-Length":"5"}"#,
            "`headers` of `Content-Length` is not possible: the length of the body is worked out",
        ),
        (r#""body":{}"#, "`body` must be a string, and is an object"),
        (r#""body_base64":"?""#, "`body_base64` is not base64: Invalid symbol 63, offset 0."),
        (r#""timeout":"soon""#, "`timeout` cannot be read: `soon` is not a duration; write 500ms, 10s, 2m or 1h30m"),
        (r#""timeout":0"#, "`timeout` must be longer than nothing"),
        (r#""timeout":true"#, "`timeout` must be a duration such as \"10s\" or a number of seconds, and is a boolean"),
        (r#""retries":-1"#, "`retries` must be a whole number from 0 to 100"),
        (r#""retries":101"#, "`retries` must be a whole number from 0 to 100"),
        (r#""redirects":"3""#, "`redirects` must be a whole number from 0 to 100, and is a string"),
        (r#""accept":"2x""#, "`accept` cannot be read: `2x` is not a status set; write 2xx,403 or 200..=299"),
        (
            r#""accept":[[1]]"#,
            "`accept` must be a status set such as \"2xx,404\", a number, or a list of them, and is a list",
        ),
        (r#""select":{"a":1}"#, "`select` of `a` must be a string, and is a number"),
        (
            r#""if_none_match":"a\u0000""#,
            "`if_none_match` has a line break or another control character, which a header field cannot hold",
        ),
        (r#""priority":1.5"#, "`priority` must be a whole number"),
        (r#""id":{}"#, "`id` must be a string or a number, and is an object"),
        (r#""id":"\ud800""#, "`id` is a string with half a surrogate pair, which is not Unicode"),
        (r#""tags":[]"#, "`tags` must be an object, and is a list"),
        (r#""tags":{"a":"\udc00"}"#, "`tags` hold half a surrogate pair, which is not Unicode"),
    ] {
        let column = r#"{"url":"a","#.len() + pair.find(':').unwrap() + 2;
        let message = format!("line 3, column {column}: {message}");
        assert_eq!(fault(&format!("{{\"url\":\"a\",{pair}}}")), message, "{pair}");
    }
    assert!(fault(r#"{"url":"a","body":"x","body_base64":"eA=="}"#).contains("`body_base64` is the second body"));
}

#[test]
fn a_key_that_is_there_twice_is_refused_in_requests_and_in_records() {
    for (text, column, name) in [
        (r#"{"url":"a","url":"b"}"#, 12, "url"),
        (r#"{"url":"a","\u0075rl":"b"}"#, 12, "url"),
        (r#"{"url":"a","method":"GET","method":"POST"}"#, 27, "method"),
        (r#"{"v":1,"type":"fetch","url":"a","url":null}"#, 33, "url"),
        (r#"{"v":1,"type":"fetch","input":"a","input":"b"}"#, 35, "input"),
    ] {
        assert_eq!(fault(text), format!("line 3, column {column}: the key `{name}` is there twice"), "{text}");
    }
    let request = request(r#"{"url":"a","id":7,"url":"b"}"#, Place { line: 1, column: 1 });
    assert_eq!(request.wish.unwrap().id.unwrap().get(), "7");
}

#[test]
fn a_missing_or_wrong_url_says_so() {
    assert_eq!(fault("{}"), "line 3, column 1: the key `url` is missing");
    assert_eq!(fault(r#"{"url":null}"#), "line 3, column 1: the key `url` is missing");
    assert_eq!(fault(r#"{"url":["a"]}"#), "line 3, column 8: `url` must be a string, and is a list");
    assert_eq!(fault("12"), "line 3, column 1: expected a JSON object with the key `url`");
    assert!(fault(&format!("{{\"url\":\"{}\"}}", "x".repeat(70_000))).contains("longer than 64 KiB"));
}

#[test]
fn broken_json_names_its_place() {
    assert_eq!(fault(r#"{"url":"é" "id":1}"#), "line 3, column 12: expected `,` or `}`");
    assert_eq!(fault("{\"url\":\n  nope}"), "line 4, column 4: expected ident");
    assert!(
        fault("{\"url\":\"a\"").starts_with("line 3, column 10: EOF while parsing an object"),
        "{}",
        fault("{\"url\":\"a\"")
    );
    assert!(fault(r#"{"url":"a"} x"#).contains("trailing characters"));
    assert!(fault(&format!("{{{}\"url\":1}}", "\"a\":0,".repeat(1_001))).contains("more than 1000 keys"));
}

#[test]
fn a_bad_request_keeps_its_url_id_and_tags() {
    let request =
        read(r#"{"id":"7","url":"https://a","retries":"x","tags":{"k":1},"headers":{"authorization":"canary"}}"#);
    assert_eq!(&*request.input, "https://a");
    let wish = request.wish.unwrap();
    assert_eq!((wish.id.unwrap().get(), wish.tags.unwrap().get()), ("\"7\"", "{\"k\":1}"));
    assert!(wish.headers.is_empty());
    let line = format!("{{\"é\":\"{}", "é".repeat(400));
    assert_eq!(&*read(&line).input, line.chars().take(256).collect::<String>());
}

#[test]
fn tags_come_back_on_one_line_and_not_too_deep() {
    let tags = |text: &str| {
        read(&format!("{{\"url\":\"a\",\"tags\":{text}}}")).wish.map(|wish| wish.tags.unwrap().get().to_owned())
    };
    assert_eq!(tags("{\n\"a\": \r\n\"x\\ny\"}").unwrap(), "{ \"a\":   \"x\\ny\"}");
    assert_eq!(tags(r#"{"a":"\u00e9\ud83d\ude00[["}"#).unwrap(), r#"{"a":"\u00e9\ud83d\ude00[["}"#);
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert!(tags(&nested(63)).is_some());
    assert!(fault(&format!("{{\"url\":\"a\",\"tags\":{}}}", nested(64))).contains("nested deeper"));
    assert!(fault(&format!("{{\"url\":\"a\",\"tags\":{}}}", nested(1_000_000))).contains("nested deeper"));
}

#[test]
fn a_record_of_our_own_is_the_same_request_again() {
    let request = read(
        r#"{"v":1,"type":"fetch","seq":4,"id":9,"ok":false,"input":"x","url":"https://a/","method":"POST",
            "status":500,"error":{"code":"http.server_error"},"timings":{},"tags":{"k":1},"headers":{"a":["b"]},
            "body":"the page","redirects":[{}],"later":true}"#,
    );
    assert!(request.fault.is_none());
    assert_eq!(request.url_text(), "https://a/");
    let wish = request.wish.unwrap();
    assert_eq!((wish.method, wish.id.unwrap().get(), wish.tags.unwrap().get()), (Some(Method::POST), "9", "{\"k\":1}"));
    assert!(wish.headers.is_empty() && wish.body.is_none() && wish.redirects.is_none());
}

#[test]
fn whatever_record_is_written_can_be_read() {
    use crate::model::{Code, Ending, Failure, Record, Visit, record::Heavy};
    let mut wished = Request::get("https://u:p@h/").method(Method::PUT);
    wished.wish_mut().id = serde_json::from_str("\"x\"").ok();
    wished.wish_mut().tags = serde_json::from_str("{\"k\":[1]}").ok();
    let url: url::Url = "https://h/".parse().unwrap();
    let skipped = Ending::Skipped { code: Code::Duplicate, message: "again".to_owned(), of: Some(0) };
    let failed = || Ending::Error(Failure::new(Code::UrlInvalid, "no"));
    for (visit, again) in [
        (Visit::refused(0, wished, Some(url.clone()), failed()), "https://h/"),
        (Visit::refused(1, Request::get("https://h"), Some(url), skipped), "https://h/"),
        (Visit::refused(2, Request::unreadable("not a \u{0} url\"", "no"), None, failed()), "not a \u{0} url\""),
    ] {
        let (has_id, was_readable) = (visit.seq == 0, visit.url.is_some());
        let request = read(&serde_json::to_string(&Record::of(visit, Heavy::default())).unwrap());
        // What was no request must not become another one.
        assert_eq!(request.fault.is_none(), was_readable);
        assert_eq!(request.url_text(), again);
        let wish = request.wish.map(|wish| (wish.id.unwrap().get().to_owned(), wish.tags.unwrap().get().to_owned()));
        assert_eq!(wish, has_id.then(|| ("\"x\"".to_owned(), "{\"k\":[1]}".to_owned())));
    }
}

#[test]
fn content_that_a_record_does_not_hold_is_not_left_out_in_silence() {
    let message = fault(r#"{"v":1,"type":"fetch","url":"https://a/","method":"POST","request_bytes":3}"#);
    assert!(message.contains("does not hold the content"), "{message}");
}

#[test]
fn a_fragment_of_a_record_is_taken_as_far_as_it_goes() {
    let taken = |text: &str| {
        let request = read(text);
        (request.url_text().to_owned(), request.fault.is_some(), request.wish.is_some())
    };
    assert_eq!(
        taken(r#"{"v":1,"type":"fetch","url":null,"input":"not a url"}"#),
        ("not a url".to_owned(), false, false)
    );
    assert_eq!(taken(r#"{"v":"x","type":[],"url":"a","method":"GET"}"#), ("a".to_owned(), false, false));
    assert_eq!(taken(r#"{"v":1,"type":1,"url":"a","method":5,"id":[],"tags":"x"}"#), ("a".to_owned(), false, false));
    assert!(taken(r#"{"v":1,"type":"fetch","url":7}"#).1);
}

proptest! {
    #[test]
    fn no_text_panics(
        keys in proptest::collection::vec((proptest::sample::select([&keys::NAMES[..], &["v", "type", "input"]].concat()), any::<serde_like::Value>()), 0..5),
        cut in 0usize..200,
    ) {
        let text = format!("{{{}}}", keys.iter().map(|(key, value)| format!("\"{key}\":{}", value.0)).collect::<Vec<_>>().join(","));
        let cut = text.floor_char_boundary(cut.max(1));
        read(&text);
        read(&text[..cut]);
    }
}

mod serde_like {
    use proptest::prelude::*;

    /// A small piece of JSON, or nearly.
    #[derive(Debug)]
    pub(super) struct Value(pub(super) String);

    impl Arbitrary for Value {
        type Parameters = ();
        type Strategy = BoxedStrategy<Value>;
        fn arbitrary_with((): ()) -> Self::Strategy {
            let leaf = prop_oneof![
                any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
                any::<f64>().prop_map(|number| number.to_string()),
                Just("null".to_owned()),
                Just("\"\\ud800\"".to_owned()),
                Just("[]".to_owned()),
                Just("{}".to_owned()),
            ];
            prop_oneof![
                leaf.clone(),
                leaf.clone().prop_map(|value| format!("[{value}]")),
                leaf.prop_map(|value| format!("{{\"x\":{value}}}")),
            ]
            .prop_map(Value)
            .boxed()
        }
    }
}
