//! Spans for a collector of OpenTelemetry.

use super::*;

/// A collector, and every span that it was sent.
async fn collector(status: u16) -> Site {
    Site::start(move |_| Reply::json("{}").with_status(status)).await
}

fn spans(collector: &Site) -> (Vec<Value>, Vec<Value>) {
    let messages: Vec<Value> = collector.asks().iter().map(|ask| serde_json::from_slice(&ask.body).unwrap()).collect();
    let list = |message: &Value| message["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone();
    (messages.iter().flat_map(list).collect(), messages)
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a Value {
    let found = span["attributes"].as_array().unwrap().iter().find(|pair| pair["key"] == key);
    found.map_or(&Value::Null, |pair| pair["value"].as_object().unwrap().values().next().unwrap())
}

#[tokio::test]
async fn each_request_is_a_span_by_the_conventions_and_its_tries_are_within_it() {
    let (site, collector) = (site().await, collector(200).await);
    let secret = site.url("/a").replace("http://", "http://me:CANARY@");
    let urls = [site.url("/flaky"), site.url("/missing"), secret, "nonsense://x".to_owned()];
    let run = fetchall(urls.iter().map(String::as_str).chain(["--backoff=1ms..2ms"]))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url(""))
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=a%20b")
        .env("OTEL_SERVICE_NAME", "nightly")
        .run()
        .await;
    assert!(run.exit == 1 && !run.stderr.contains("spans"), "{run}");
    let ask = &collector.asks()[0];
    assert_eq!((&*ask.method, &*ask.path, ask.header("x-tenant")), ("POST", "/v1/traces", Some("a b")));
    assert_eq!(ask.header("content-type"), Some("application/json"));
    let (spans, messages) = spans(&collector);
    assert!(!messages[0].to_string().contains("CANARY"));
    let resource = &messages[0]["resourceSpans"][0]["resource"];
    assert_eq!(
        (attribute(resource, "service.name"), attribute(resource, "fetchall.command")),
        (&"nightly".into(), &"fetch".into())
    );
    let of =
        |seq: &str| -> Vec<&Value> { spans.iter().filter(|span| attribute(span, "fetchall.seq") == seq).collect() };
    let (flaky, missing) = (of("0"), of("1"));
    assert_eq!((flaky.len(), missing.len(), of("2").len(), of("3").len()), (3, 1, 1, 0), "{spans:#?}");
    let whole = flaky.iter().find(|span| span["kind"] == 1).unwrap();
    assert!(whole["parentSpanId"].is_null() && whole["name"] == "fetchall.request");
    let tries: Vec<_> = flaky.iter().filter(|span| span["kind"] == 3).collect();
    let nanos = |span: &Value, key: &str| span[key].as_str().unwrap().parse::<u128>().unwrap();
    for span in &tries {
        assert_eq!((&span["parentSpanId"], &span["traceId"]), (&whole["spanId"], &whole["traceId"]));
        assert!(nanos(span, "startTimeUnixNano") >= nanos(whole, "startTimeUnixNano"));
        assert!(nanos(span, "endTimeUnixNano") <= nanos(whole, "endTimeUnixNano"));
    }
    assert_eq!(
        (attribute(tries[0], "http.response.status_code"), attribute(tries[0], "error.type")),
        (&"500".into(), &"http.server_error".into())
    );
    assert_eq!((attribute(tries[1], "http.request.resend_count"), &tries[1]["status"]), (&"1".into(), &Value::Null));
    let span = missing[0];
    for (key, value) in [
        ("http.request.method", "GET".to_owned()),
        ("url.full", site.url("/missing")),
        ("server.address", "127.0.0.1".to_owned()),
        ("server.port", site.addr().port().to_string()),
        ("http.response.status_code", "404".to_owned()),
    ] {
        assert_eq!(attribute(span, key), &Value::from(value), "{key}");
    }
    assert_eq!((&span["name"], &span["kind"], &span["status"]["code"]), (&"GET".into(), &3.into(), &2.into()));
    let record = run.record(1);
    let took = (nanos(span, "endTimeUnixNano") - nanos(span, "startTimeUnixNano")) as f64 / 1e6;
    assert!((took - record["timings"]["total_ms"].as_f64().unwrap()).abs() < 0.002, "{record}");
}

#[tokio::test]
async fn a_collector_that_takes_nothing_costs_spans_and_no_record() {
    let site = site().await;
    let refusing = collector(503).await;
    for endpoint in [refusing.url(""), "http://127.0.0.1:1".to_owned()] {
        let run = fetchall([&*site.url("/a")]).env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint).run().await;
        assert!(
            run.exit == 0 && run.stderr.contains("takes no spans") && run.stderr.contains("1 span was not taken"),
            "{run}"
        );
    }
    for (name, value) in [("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense"), ("OTEL_EXPORTER_OTLP_HEADERS", "a b=c")] {
        let run = fetchall([&*site.url("/b")]).env("OTEL_EXPORTER_OTLP_ENDPOINT", refusing.url("")).env(name, value);
        let run = run.run().await;
        assert!(run.exit == 2 && run.stderr.contains(name), "{run}");
    }
    assert_eq!(site.hits("/b"), 0);
}
