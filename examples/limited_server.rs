//! A server for benchmarks: answers every request with a 200-byte page after a delay, and with 503 above
//! so many requests a second. `cargo run --release --example limited_server -- PORT RATE DELAY_MS [KIND]`
//!
//! RATE 0 is no limit. KIND is `bucket` (a token bucket that holds a tenth of a second, the default),
//! `full` (one that holds a second) or `window` (so many in each second of the clock). Prints what it has
//! counted when standard input ends.

use std::{
    cell::RefCell,
    net::Ipv4Addr,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::LocalSet,
};

/// Who may go on, and what has been counted.
struct Gate {
    rate: f64,
    /// Most that is granted at once.
    room: f64,
    /// Grants left.
    left: f64,
    /// When `left` was last filled up.
    filled: Instant,
    /// Filled up once a second instead of all the time.
    by_window: bool,
    granted: u64,
    refused: u64,
    open: u64,
    most_open: u64,
}

impl Gate {
    fn new(rate: f64, kind: &str) -> Self {
        let room = if kind == "bucket" { (rate / 10.0).max(1.0) } else { rate };
        Gate {
            rate,
            room,
            left: room,
            filled: Instant::now(),
            by_window: kind == "window",
            granted: 0,
            refused: 0,
            open: 0,
            most_open: 0,
        }
    }

    fn grants(&mut self) -> bool {
        let passed = self.filled.elapsed();
        if self.by_window && passed >= Duration::from_secs(1) {
            self.left = self.room;
            self.filled += Duration::from_secs(passed.as_secs());
        } else if !self.by_window {
            self.left = (self.left + self.rate * passed.as_secs_f64()).min(self.room);
            self.filled += passed;
        }
        let grants = self.rate == 0.0 || self.left >= 1.0;
        self.left -= f64::from(u8::from(grants));
        *(if grants { &mut self.granted } else { &mut self.refused }) += 1;
        grants
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let argument = |at: usize, default: &str| std::env::args().nth(at).unwrap_or_else(|| default.to_owned());
    let number = |at: usize, default: u32| argument(at, "").parse().unwrap_or(default);
    let (port, rate, delay) = (number(1, 8098), number(2, 500), Duration::from_millis(number(3, 20).into()));
    let gate = Rc::new(RefCell::new(Gate::new(f64::from(rate), &argument(4, "bucket"))));
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, u16::try_from(port).unwrap_or(8098)).into())?;
    let listener = socket.listen(4096)?;
    let counted = Rc::clone(&gate);
    let local = LocalSet::new();
    local.spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let gate = Rc::clone(&gate);
            tokio::task::spawn_local(async move {
                // A client that goes away is no news here.
                let _ = answer(stream, delay, &gate).await;
                gate.borrow_mut().open -= 1;
            });
        }
    });
    println!("ready");
    let mut rest = Vec::new();
    local.run_until(tokio::io::stdin().read_to_end(&mut rest)).await?;
    let counted = counted.borrow();
    println!("granted {} refused {} most_connections {}", counted.granted, counted.refused, counted.most_open);
    Ok(())
}

async fn answer(mut stream: TcpStream, delay: Duration, gate: &RefCell<Gate>) -> std::io::Result<()> {
    {
        let mut gate = gate.borrow_mut();
        gate.open += 1;
        gate.most_open = gate.most_open.max(gate.open);
    }
    stream.set_nodelay(true)?;
    let page = format!("<html><head><title>page</title></head><body>{}</body></html>", "x".repeat(139));
    let granted = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len());
    let refused = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    let mut head = Vec::new();
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
        while let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            head.drain(..end + 4);
            let reply = if gate.borrow_mut().grants() { &granted } else { refused };
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            stream.write_all(reply.as_bytes()).await?;
        }
    }
}
