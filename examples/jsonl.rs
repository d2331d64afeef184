//! Reads URLs from standard input and writes records as JSON Lines, in input order; stops after
//! the first failure. Shows selectors, order, and stopping a run that is under way.
//!
//! `printf 'http://127.0.0.1:8080/\n' | cargo run --example jsonl`

use std::io::{BufRead as _, Write as _};

use fetchall::{Fetcher, Request, engine::Stop};
use futures::{StreamExt as _, stream};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fetcher = Fetcher::builder().select("heading", "h1").ordered().build()?;
    let lines = std::io::stdin().lock().lines().collect::<Result<Vec<_>, _>>()?;
    let mut records = fetcher.run(stream::iter(lines).map(Request::get));
    let handle = records.handle();
    let mut out = std::io::stdout().lock();
    while let Some(record) = records.next().await {
        serde_json::to_writer(&mut out, &record)?;
        out.write_all(b"\n")?;
        if !record.ok {
            handle.stop(Stop::Failures);
        }
    }
    eprintln!("{:?}", handle.progress());
    Ok(())
}
