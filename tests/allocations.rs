//! What a request costs in allocations: a bound, so that nobody adds to it unseen.
//!
//! A program of its own, because it counts through an allocator of its own. Counted is the thread
//! that the run is on; the server has threads of its own, which are not.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use fetchall::{Fetcher, Request};
use futures::{StreamExt as _, stream};

const REQUESTS: u64 = 1_000;

/// Allocations for one request, from the line of the list to the record, connection kept.
/// Measured: 107; the rest is headroom for versions of the libraries.
const MOST: u64 = 130;

#[test]
fn a_request_on_a_kept_connection_takes_no_more_allocations_than_agreed() {
    let site = serve();
    let fetcher = Fetcher::builder().concurrency(8).per_host(8).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Connections, pools and tables have their size after the first run.
    runtime.block_on(fetch(&fetcher, urls(site, "warm", 200)));
    let list = urls(site, "counted", REQUESTS);
    let spent = allocation_counter::measure(|| runtime.block_on(fetch(&fetcher, list)));
    let each = spent.count_total / REQUESTS;
    println!("{each} allocations and {} bytes a request", spent.bytes_total / REQUESTS);
    assert!(each > 0, "nothing was counted");
    assert!(each <= MOST, "{each} allocations a request, {MOST} are agreed on");
}

fn urls(site: SocketAddr, name: &str, count: u64) -> Vec<String> {
    (0..count).map(|number| format!("http://{site}/{name}/{number}")).collect()
}

async fn fetch(fetcher: &Fetcher, urls: Vec<String>) {
    let count = urls.len();
    let records = fetcher.run(stream::iter(urls.into_iter().map(Request::get)));
    let good = records.filter(|record| std::future::ready(record.ok)).count().await;
    assert_eq!(good, count);
}

/// A server with a thread for each connection; ends with the program.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    address
}

/// Answers with a small page whenever the end of a head arrives. Our heads have no body and come
/// in one piece.
fn answer(mut stream: TcpStream) {
    let page = "<html><head><title>page</title></head><body>a page of usual words</body></html>";
    let reply = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len());
    let mut head = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut head) {
        if head[..read].ends_with(b"\r\n\r\n") && stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}
