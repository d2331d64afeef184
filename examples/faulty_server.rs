//! A fast server for long runs: of a hundred requests, each of some faults meets one.
//! `cargo run --release --example faulty_server -- PORT`
//!
//! The number in the path, modulo 100, decides; above the faults it is a page of 200 bytes. Prints
//! `ready`, serves until its standard input ends, then prints how many requests and connections there were.

use std::{cell::Cell, net::Ipv4Addr, rc::Rc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::LocalSet,
    time::sleep,
};

/// What was counted: requests, connections.
type Count = Rc<[Cell<u64>; 2]>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(8097);
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    let listener = socket.listen(4096)?;
    let count: Count = Rc::default();
    let counted = Rc::clone(&count);
    let local = LocalSet::new();
    local.spawn_local(async move {
        loop {
            // Out of file descriptors, most likely: some will be free again.
            let Ok((stream, _)) = listener.accept().await else {
                sleep(Duration::from_millis(10)).await;
                continue;
            };
            counted[1].set(counted[1].get() + 1);
            // A client that goes away is no news here.
            let count = Rc::clone(&counted);
            tokio::task::spawn_local(async move { serve(stream, &count).await.ok() });
        }
    });
    println!("ready");
    local.run_until(tokio::io::stdin().read_to_end(&mut Vec::new())).await?;
    println!("requests {} connections {}", count[0].get(), count[1].get());
    Ok(())
}

/// What becomes of a connection.
enum Then {
    Next,
    Close,
    Reset,
    Stall,
}

async fn serve(mut stream: TcpStream, count: &Count) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::with_capacity(1024);
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > 64 * 1024 || stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        }
        count[0].set(count[0].get() + 1);
        let path = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let number = std::str::from_utf8(path).ok().and_then(|path| path[1..].parse::<u64>().ok());
        let (bytes, then) = answer(number.unwrap_or(99) % 100);
        head.clear();
        stream.write_all(&bytes).await?;
        match then {
            Then::Next => {}
            Then::Close => return stream.shutdown().await,
            Then::Reset => return stream.set_zero_linger(),
            Then::Stall => {
                while stream.read_buf(&mut head).await? > 0 {}
                return Ok(());
            }
        }
    }
}

fn with_length(status: &str, fields: &str, length: usize, content: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\n{fields}content-length: {length}\r\n\r\n").as_bytes(), content].concat()
}

fn chunked(chunks: &str) -> Vec<u8> {
    ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", chunks].concat().into_bytes()
}

fn answer(kind: u64) -> (Vec<u8>, Then) {
    let status = |line: &str| with_length(line, "", 0, b"");
    match kind {
        0 => (Vec::new(), Then::Close),
        1 => (Vec::new(), Then::Reset),
        2 => (Vec::new(), Then::Stall),
        3 => (b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(), Then::Close),
        4 => (b"SSH-2.0-server\r\n".to_vec(), Then::Close),
        5 => (with_length("200 OK", "", 1000, b"cut"), Then::Close),
        6 => (with_length("200 OK", "", 1000, b"reset"), Then::Reset),
        7 => (with_length("200 OK", "", 1000, b"stalls"), Then::Stall),
        8 => (chunked("5\r\nhello\r\n"), Then::Close),
        9 => (chunked("zz\r\nhello\r\n"), Then::Close),
        10 => (chunked(&format!("0\r\n{}\r\n", "x: y\r\n".repeat(200))), Then::Close),
        11 => (with_length("200 OK", &"x-many: 1\r\n".repeat(1500), 0, b""), Then::Close),
        12 => (with_length("200 OK", "content-encoding: gzip\r\n", 4, b"text"), Then::Next),
        13 => (with_length("200 OK", "content-encoding: gzip\r\n", 3, b"\x1f\x8b\x08"), Then::Next),
        14 => (with_length("200 OK", "", 400_000, &[b'x'; 400_000]), Then::Next),
        15 => (with_length("200 OK", "transfer-encoding: gzip, chunked\r\n", 5, b"hello"), Then::Close),
        16 => (status("500 Fault"), Then::Next),
        17 => (status("503 Fault"), Then::Next),
        18 => (status("404 Gone"), Then::Next),
        19 => (with_length("302 Found", "location: /99\r\n", 0, b""), Then::Next),
        20 => (with_length("302 Found", "location: /20\r\n", 0, b""), Then::Next),
        21 => (with_length("200 OK", "", 5, b"helloHTTP/1.1 200 OK\r\n\r\npoison"), Then::Next),
        22 => ([&b"HTTP/1.1 103 Hints\r\n\r\n"[..], &page()].concat(), Then::Next),
        23 => (page(), Then::Close),
        24 => (page(), Then::Reset),
        _ => (page(), Then::Next),
    }
}

fn page() -> Vec<u8> {
    let page = format!("<html><head><title>page</title></head><body>{}</body></html>", "x".repeat(139));
    with_length("200 OK", "content-type: text/html\r\n", page.len(), page.as_bytes())
}
