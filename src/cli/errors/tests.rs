use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    thread,
};

use super::*;

fn breakage(says: Option<&'static str>) -> Breakage {
    Breakage { says, file: "src/page/scan.rs".to_owned(), line: 7, column: 9, at: SystemTime::UNIX_EPOCH }
}

/// Takes one request; gives its head and its body, and answers with this.
fn receiver(answer: &'static str) -> (String, thread::JoinHandle<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let taking = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).unwrap(), 0);
        }
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap()];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        (head, String::from_utf8(body).unwrap())
    });
    (address, taking)
}

#[test]
fn a_report_arrives_as_an_envelope_with_one_event() {
    let (address, taking) = receiver("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    let dsn: Dsn = format!("http://abc@{address}/42").parse().unwrap();
    let broken = breakage(Some("index out of bounds"));
    let courier = Courier::new().unwrap();
    courier.deliver(dsn.envelopes(), &headers(&dsn), envelope(&broken, "fetch")).unwrap();
    let (head, body) = taking.join().unwrap();
    assert!(head.starts_with("POST /api/42/envelope/ HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("x-sentry-auth: Sentry sentry_version=7, sentry_client=fetchall/"), "{head}");
    assert!(head.contains("sentry_key=abc") && head.contains("application/x-sentry-envelope"), "{head}");
    let lines: Vec<&str> = body.lines().collect();
    let [first, item, event] = [0, 1, 2].map(|at| serde_json::from_str::<Value>(lines[at]).unwrap());
    assert_eq!((&item["type"], &item["length"]), (&"event".into(), &lines[2].len().into()));
    assert_eq!(first["event_id"], event["event_id"]);
    let exception = &event["exception"]["values"][0];
    assert_eq!((&exception["type"], &exception["value"]), (&"panic".into(), &"index out of bounds".into()));
    assert_eq!(exception["stacktrace"]["frames"][0]["filename"], "src/page/scan.rs");
    assert_eq!((&event["tags"]["command"], &event["level"]), (&"fetch".into(), &"fatal".into()));
}

#[test]
fn what_is_not_taken_is_told_without_the_key() {
    let (address, taking) = receiver("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    let dsn: Dsn = format!("http://abc@{address}/42").parse().unwrap();
    let told = Courier::new().unwrap().deliver(dsn.envelopes(), &headers(&dsn), b"x".to_vec()).unwrap_err();
    assert!(told.contains("403") && !told.contains("abc"), "{told}");
    taking.join().unwrap();
}

#[test]
fn a_message_that_was_put_together_is_not_sent() {
    let text = String::from_utf8(envelope(&breakage(None), "fetch")).unwrap();
    assert!(text.contains("is not sent"));
    for (file, shown) in [
        ("/home/me/.cargo/x/h2-0.4.20/src/proto/mod.rs", "h2-0.4.20/src/proto/mod.rs"),
        ("src/engine/run.rs", "src/engine/run.rs"),
        ("C:\\build\\fetchall\\src\\lib.rs", "fetchall/src/lib.rs"),
        ("/rustc/abc/library/core.rs", "core.rs"),
    ] {
        assert_eq!(inside(file), shown);
    }
}
