//! Fetches the URLs of the command line and prints one line for each, as each completes.
//!
//! `cargo run --example fetch_many -- http://127.0.0.1:8080/ http://127.0.0.1:8080/missing`

use fetchall::{Fetcher, Request};
use futures::{StreamExt as _, stream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), fetchall::BuildError> {
    let fetcher = Fetcher::builder().concurrency(8).retries(1).build()?;
    let urls: Vec<String> = std::env::args().skip(1).collect();
    let mut records = fetcher.run(stream::iter(urls).map(Request::get));
    while let Some(record) = records.next().await {
        match record.error {
            None => {
                println!("{} {} {}", record.status.unwrap_or_default(), record.input, record.title.unwrap_or_default())
            }
            Some(error) => println!("{} {} {}", error.code, record.input, error.message),
        }
    }
    Ok(())
}
