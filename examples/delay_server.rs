//! A server for benchmarks: answers every request with a 200-byte page after a delay, on a range of
//! loopback addresses. `cargo run --release --example delay_server -- PORT HOSTS DELAY_MS`
//!
//! Prints what it has counted, requests and the most connections at once, when standard input ends.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};

#[derive(Default)]
struct Count {
    requests: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let number =
        |at: usize, default: u64| std::env::args().nth(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (port, hosts, delay) = (number(1, 8099), number(2, 1), Duration::from_millis(number(3, 50)));
    let count = Arc::new(Count::default());
    for host in 1..=hosts {
        let address =
            Ipv4Addr::new(127, 0, u8::try_from(host / 256).unwrap_or(255), u8::try_from(host % 256).unwrap_or(255));
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind((address, u16::try_from(port).unwrap_or(8099)).into())?;
        tokio::spawn(accept(socket.listen(4096)?, delay, Arc::clone(&count)));
    }
    println!("ready");
    let mut rest = Vec::new();
    tokio::io::stdin().read_to_end(&mut rest).await?;
    println!("requests {} most_connections {}", count.requests.load(Relaxed), count.most_open.load(Relaxed));
    Ok(())
}

async fn accept(listener: TcpListener, delay: Duration, count: Arc<Count>) {
    while let Ok((stream, _)) = listener.accept().await {
        let count = Arc::clone(&count);
        tokio::spawn(async move {
            let open = count.open.fetch_add(1, Relaxed) + 1;
            count.most_open.fetch_max(open, Relaxed);
            // A client that goes away is no news here.
            let _ = answer(stream, delay, &count).await;
            count.open.fetch_sub(1, Relaxed);
        });
    }
}

async fn answer(mut stream: TcpStream, delay: Duration, count: &Count) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let page = format!("<html><head><title>page</title></head><body>{}</body></html>", "x".repeat(139));
    let reply = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len());
    let mut head = Vec::new();
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
        while let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            head.drain(..end + 4);
            count.requests.fetch_add(1, Relaxed);
            tokio::time::sleep(delay).await;
            stream.write_all(reply.as_bytes()).await?;
        }
    }
}
