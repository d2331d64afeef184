//! The misbehaving server of the tests, for scripts: a port for each behaviour of docs/hostile.md.
//! `cargo run --example hostile_server -- [--set fetch|robots|cookies|save|crawl|check] [--seconds N]`
//!
//! Prints a list in JSON Lines, one request a behaviour, with the name and what is expected in `tags`; a
//! line `# ca FILE` in front tells the authority for `--ca`. Serves until its standard input ends, or for
//! so many seconds.

#[path = "../tests/hostile/server/mod.rs"]
mod server;

use std::{io::Write as _, time::Duration};

use serde_json::json;
use server::{Places, Port, Set, ca_pem, catalogue};
use tokio::io::AsyncReadExt as _;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments: Vec<_> = std::env::args().collect();
    let told = |flag: &str| arguments.iter().position(|it| it == flag).and_then(|at| arguments.get(at + 1));
    let set = match told("--set").map(String::as_str) {
        None | Some("fetch") => Set::Fetch,
        Some("robots") => Set::Robots,
        Some("cookies") => Set::Cookies,
        Some("save") => Set::Save,
        Some("crawl") => Set::Crawl,
        Some("check") => Set::Check,
        Some(other) => return Err(std::io::Error::other(format!("no set is called {other}"))),
    };
    let authority = std::env::temp_dir().join(format!("hostile-{}.pem", std::process::id()));
    std::fs::write(&authority, ca_pem())?;
    let good = [Port::good().await?, Port::good_tls().await?];
    let places = Places { good: good[0].origin().to_owned(), good_tls: good[1].origin().to_owned() };
    let mut out = format!("# ca {}\n", authority.display());
    let mut ports = Vec::new();
    for behaviour in catalogue().into_iter().filter(|it| it.set == set) {
        let port = Port::open(behaviour.clone(), places.clone()).await?;
        let expect = &behaviour.expect;
        let (mut request, codes) = (behaviour.request.clone(), json!(expect.codes));
        request["url"] = port.url(behaviour.path).into();
        request["tags"] = json!({
            "behaviour": behaviour.name, "outcome": expect.outcome, "status": expect.status, "codes": codes,
        });
        out += &format!("{request}\n");
        ports.push(port);
    }
    std::io::stdout().write_all(out.as_bytes())?;
    std::io::stdout().flush()?;
    match told("--seconds").and_then(|text| text.parse().ok()) {
        Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
        None => _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await?,
    }
    std::fs::remove_file(authority)
}
