//! Connections that are used again: what comes on them belongs to nobody but the request it answers.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::{
    TURN, judge,
    run::fetchall,
    server::{Ask, Behaviour, Places, Port, Step, ms},
};

/// Responses on a connection before it is given up.
const ANSWERS: usize = 7;

/// Answers with the path, and gives the connection up after some answers in one of three ways.
async fn serve(mut stream: TcpStream, number: usize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::new();
    for answered in 0.. {
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        }
        if answered == ANSWERS {
            // The request is there, and its answer is that the connection ends.
            if number % 3 == 1 {
                stream.set_zero_linger()?;
            }
            return Ok(());
        }
        let path = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let length = path.len();
        let answer = [format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").as_bytes(), path].concat();
        stream.write_all(&answer).await?;
        head.clear();
        if answered + 1 == ANSWERS && number % 3 == 2 {
            return stream.shutdown().await;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_10000_requests_on_connections_that_the_server_gives_up_none_fails_and_none_is_repeated_visibly() {
    let _turn = TURN.lock().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, counted.fetch_add(1, SeqCst)));
        }
    });
    let list: String = (0..10_000).map(|n| format!("http://{addr}/{n}\n")).collect();
    let fields = "--fields=outcome,attempts,bytes,url,error";
    let args = ["fetch", "-", "-c16", "--per-host=16", "--retries=0", "--progress=none", fields];
    let run = fetchall(args).stdin(list).run().await;
    let wrong: Vec<_> = run
        .text()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|record| {
            let length = record["url"].as_str().map_or(0, |url| url.len() - format!("http://{addr}").len());
            record["outcome"] != "ok" || record["attempts"] != 1 || record["bytes"] != length
        })
        .collect();
    assert_eq!((run.text().lines().count(), run.exit), (10_000, 0), "{}", run.stderr);
    assert!(wrong.is_empty(), "{} wrong, the first: {}", wrong.len(), wrong[0]);
    let connections = connections.load(SeqCst);
    assert!(connections >= 10_000 / (ANSWERS + 1), "only {connections} connections: none was given up");
}

/// Two requests, one after the other with a pause; what the second record says, and connections made.
async fn two(behaviour: Behaviour) -> (Value, Value, usize) {
    let port = Port::open(behaviour, Places::default()).await.unwrap();
    let args = ["fetch", "-", "-c1", "--retries=0", "--headers-timeout=2s", "--read-timeout=2s", "--progress=none"];
    let mut child = fetchall(args).open_stdin().start();
    child.write(format!("{}\n", port.url("/first"))).await;
    let first = judge::valid(&child.line().await.unwrap()).unwrap();
    tokio::time::sleep(ms(150)).await;
    child.write(format!("{}\n", port.url("/second"))).await;
    let second = judge::valid(&child.line().await.unwrap()).unwrap();
    child.wait().await;
    (first, second, port.seen().connections)
}

fn answers(name: &'static str, first: fn() -> Vec<Step>) -> Behaviour {
    Behaviour::plain(name, "", move |ask: &Ask| match ask.path.as_str() {
        "/first" => first(),
        _ => Step::answer(200, "", "second"),
    })
}

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
const POISON: &str = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nbad";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_on_an_idle_connection_is_the_answer_to_no_request() {
    let _turn = TURN.lock().await;
    for behaviour in [
        answers("together", || vec![Step::send([HELLO, POISON].concat()), Step::Next]),
        answers("later", || vec![Step::send(HELLO), Step::Wait(ms(30)), Step::send(POISON), Step::Next]),
        answers("rubbish", || vec![Step::send(HELLO), Step::Wait(ms(30)), Step::send("\0rubbish"), Step::Next]),
        answers("408", || {
            let timeout = "HTTP/1.1 408 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            vec![Step::send(HELLO), Step::Wait(ms(30)), Step::send(timeout)]
        }),
        answers("closed", || vec![Step::send(HELLO)]),
    ] {
        let name = behaviour.name;
        let (first, second, connections) = two(behaviour).await;
        assert_eq!((&first["outcome"], &first["bytes"]), (&"ok".into(), &5.into()), "{name}: {first}");
        assert_eq!((&second["outcome"], &second["bytes"]), (&"ok".into(), &6.into()), "{name}: {second}");
        assert_eq!((&second["attempts"], connections), (&1.into(), 2), "{name}: {second}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_framing_is_in_doubt_what_follows_is_the_answer_to_no_request() {
    let _turn = TURN.lock().await;
    let head = "HTTP/1.1 200 OK\r\n";
    for (name, fields, code) in [
        ("both", "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "protocol.invalid"),
        (
            "both-and-later",
            "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "protocol.invalid",
        ),
        ("gzip", "transfer-encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "protocol.invalid"),
        ("lengths", "content-length: 5\r\ncontent-length: 6\r\n\r\nhello!", "protocol.invalid"),
        ("chunk", "transfer-encoding: chunked\r\n\r\n5x\r\nhello\r\n0\r\n\r\n", "protocol.invalid"),
    ] {
        let behaviour = Behaviour::plain(name, "", move |ask: &Ask| match ask.path.as_str() {
            // The next request is on its way when this comes, on the same connection if that was kept.
            "/first" if name.ends_with("later") => {
                vec![Step::send([head, fields].concat()), Step::Wait(ms(600)), Step::send(POISON), Step::Next]
            }
            "/first" => vec![Step::send([head, fields, POISON].concat()), Step::Next],
            _ => Step::answer(200, "", "second"),
        });
        let (first, second, connections) = two(behaviour).await;
        assert_eq!(first["error"]["code"], code, "{name}: {first}");
        assert_eq!((&second["outcome"], connections), (&"ok".into(), 2), "{name}: {second}");
    }
}
