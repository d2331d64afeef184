//! Fetches the URLs of the command line and prints one line for each, as each completes.
//!
//! `cargo run --example fetch_many -- http://127.0.0.1:8080/ http://127.0.0.1:8080/missing`

use std::io::Write as _;

use fetchall::{Fetcher, Request};
use futures::{StreamExt as _, stream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fetcher = Fetcher::builder().concurrency(8).retries(1).build()?;
    let urls: Vec<String> = std::env::args().skip(1).collect();
    let mut records = fetcher.run(stream::iter(urls).map(Request::get));
    let mut out = std::io::stdout();
    while let Some(record) = records.next().await {
        let said = match record.error {
            None => {
                let (status, title) = (record.status.unwrap_or_default(), record.title.unwrap_or_default());
                writeln!(out, "{status} {} {title}", record.input)
            }
            Some(error) => writeln!(out, "{} {} {}", error.code, record.input, error.message),
        };
        match said {
            Err(gone) if gone.kind() == std::io::ErrorKind::BrokenPipe => break, // whoever reads has enough
            said => said?,
        }
    }
    Ok(())
}
