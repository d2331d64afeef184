//! What reqwest costs by itself: the least program that fetches a list and says a line for each.
//! `floor_reqwest LIST CONCURRENCY [CA_FILE]`
//!
//! The same library with the same features as fetchall, no redirects, bodies read and dropped; one
//! short line for each URL. No records, no limits per host, no retries, no timings: those are what
//! the difference pays for.

use std::io::{BufWriter, Write as _};

use futures::{StreamExt as _, stream};
use reqwest::{Client, redirect, retry};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};

type Fault = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let args: Vec<String> = std::env::args().collect();
    let [_, list, concurrency, ca @ ..] = &args[..] else { return Err("LIST CONCURRENCY [CA_FILE]".into()) };
    let list = std::fs::read_to_string(list)?;
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .tls_backend_preconfigured(tls(ca.first())?)
        .build()?;
    let mut answers = stream::iter(list.lines()).map(|url| fetch(&client, url)).buffer_unordered(concurrency.parse()?);
    let mut out = BufWriter::new(std::io::stdout().lock());
    while let Some((url, answer)) = answers.next().await {
        match answer {
            Ok((status, bytes)) => writeln!(out, "{status} {bytes} {url}")?,
            Err(error) => writeln!(out, "- 0 {url} {error}")?,
        }
    }
    Ok(())
}

async fn fetch<'a>(client: &Client, url: &'a str) -> (&'a str, reqwest::Result<(u16, usize)>) {
    let answer = async {
        let mut response = client.get(url).send().await?;
        let mut bytes = 0;
        while let Some(chunk) = response.chunk().await? {
            bytes += chunk.len();
        }
        Ok((response.status().as_u16(), bytes))
    };
    (url, answer.await)
}

/// TLS 1.3 only, trusting the authorities in a file and nobody else.
fn tls(ca: Option<&String>) -> Result<ClientConfig, Fault> {
    let mut roots = RootCertStore::empty();
    if let Some(ca) = ca {
        roots.add_parsable_certificates(CertificateDer::pem_file_iter(ca)?.flatten());
    }
    Ok(ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
