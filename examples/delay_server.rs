//! A server for benchmarks: answers every request with a 200-byte page after a delay.
//! `cargo run --release --example delay_server -- PORT HOSTS DELAY_MS`
//!
//! Listens on so many addresses from 127.0.0.1 on; with 0, on one socket that answers for all of
//! 127.0.0.0/8, for as many hosts as anybody likes. Whoever is not on this machine is turned away.
//!
//! Each line on standard input asks for what was counted since the last one; so does its end,
//! which ends the server too. Cheap, because it shares the machine with what is measured: one
//! thread, and no timer where there is no delay.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpSocket, TcpStream},
};

/// Longest head of a request: whoever sends more is not a client of ours.
const HEAD_MOST: usize = 64 * 1024;

#[derive(Default)]
struct Count {
    requests: AtomicUsize,
    connections: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

impl Count {
    fn up(now: &AtomicUsize, most: &AtomicUsize) {
        most.fetch_max(now.fetch_add(1, Relaxed) + 1, Relaxed);
    }

    /// What was counted since the last time.
    fn tell(&self) {
        println!(
            "requests {} connections {} most_connections {} most_requests {}",
            self.requests.swap(0, Relaxed),
            self.connections.swap(0, Relaxed),
            self.most_open.swap(self.open.load(Relaxed), Relaxed),
            self.most_under_way.swap(self.under_way.load(Relaxed), Relaxed),
        );
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let number =
        |at: usize, default: u64| std::env::args().nth(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (port, hosts, delay) = (number(1, 8099), number(2, 1), Duration::from_millis(number(3, 50)));
    let port = u16::try_from(port).unwrap_or(8099);
    let count = Arc::new(Count::default());
    let addresses: Vec<_> = match u32::try_from(hosts).unwrap_or(u32::MAX) {
        0 => vec![Ipv4Addr::UNSPECIFIED],
        hosts => (1..=hosts).map(|host| Ipv4Addr::from_bits(Ipv4Addr::new(127, 0, 0, 0).to_bits() + host)).collect(),
    };
    for address in addresses {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind((address, port).into())?;
        tokio::spawn(accept(socket.listen(4096)?, delay, Arc::clone(&count)));
    }
    println!("ready");
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {
        count.tell();
    }
    count.tell();
    Ok(())
}

async fn accept(listener: TcpListener, delay: Duration, count: Arc<Count>) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, peer)) if peer.ip().is_loopback() => stream,
            Ok(_) => continue,
            // Out of file descriptors, most likely: some will be free again.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        let count = Arc::clone(&count);
        tokio::spawn(async move {
            count.connections.fetch_add(1, Relaxed);
            Count::up(&count.open, &count.most_open);
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
    let mut head = Vec::with_capacity(1024);
    while head.len() < HEAD_MOST && stream.read_buf(&mut head).await? > 0 {
        while let Some(end) = memchr::memmem::find(&head, b"\r\n\r\n") {
            head.drain(..end + 4);
            count.requests.fetch_add(1, Relaxed);
            Count::up(&count.under_way, &count.most_under_way);
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            count.under_way.fetch_sub(1, Relaxed);
            stream.write_all(reply.as_bytes()).await?;
        }
    }
    Ok(())
}
