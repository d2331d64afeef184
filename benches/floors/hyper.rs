//! What hyper costs by itself: so many connections, each taking the next URL of the list.
//! `floor_hyper LIST CONCURRENCY [CA_FILE]`
//!
//! The floor below the floor: no pool, no URL handling beyond a split, all URLs on the first one's
//! host. A connection is opened once for each slot, and again if the server closes it.

use std::{
    cell::RefCell,
    io::{BufWriter, Write as _},
    rc::Rc,
    sync::Arc,
};

use bytes::Bytes;
use futures::future::try_join_all;
use http::{Request, Uri, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

type Fault = Box<dyn std::error::Error>;

/// The one host, and how it is spoken to.
struct Site {
    authority: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let args: Vec<String> = std::env::args().collect();
    let [_, list, concurrency, ca @ ..] = &args[..] else { return Err("LIST CONCURRENCY [CA_FILE]".into()) };
    let list = std::fs::read_to_string(list)?;
    let first: Uri = list.lines().next().ok_or("an empty list")?.parse()?;
    let authority = first.authority().ok_or("no host")?;
    let tls = match ca.first() {
        None => None,
        Some(ca) => Some((connector(ca)?, ServerName::try_from(authority.host().to_owned())?)),
    };
    let site = Site { authority: authority.to_string(), tls };
    let urls = RefCell::new(list.lines());
    let out = Rc::new(RefCell::new(BufWriter::new(std::io::stdout().lock())));
    let slots = (0..concurrency.parse()?).map(|_| async {
        let mut connection: Option<SendRequest<Empty<Bytes>>> = None;
        loop {
            let Some(url) = urls.borrow_mut().next() else { return Ok::<_, Fault>(()) };
            let mut sender = match connection.take() {
                Some(sender) => sender,
                None => site.connect().await?,
            };
            if sender.ready().await.is_err() {
                sender = site.connect().await?;
            }
            let (status, bytes) = fetch(&mut sender, &site.authority, url).await?;
            connection = Some(sender);
            writeln!(out.borrow_mut(), "{status} {bytes} {url}")?;
        }
    });
    try_join_all(slots).await?;
    out.borrow_mut().flush()?;
    Ok(())
}

impl Site {
    async fn connect(&self) -> Result<SendRequest<Empty<Bytes>>, Fault> {
        let tcp = TcpStream::connect(&self.authority).await?;
        tcp.set_nodelay(true)?;
        let Some((connector, name)) = &self.tls else { return speak(tcp).await };
        speak(connector.connect(name.clone(), tcp).await?).await
    }
}

async fn speak<S>(stream: S) -> Result<SendRequest<Empty<Bytes>>, Fault>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn fetch(
    sender: &mut SendRequest<Empty<Bytes>>,
    authority: &str,
    url: &str,
) -> Result<(u16, usize), hyper::Error> {
    let path = url.split_once(authority).map_or("/", |(_, path)| path);
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = path.parse().unwrap_or_default();
    if let Ok(host) = authority.parse() {
        request.headers_mut().insert(header::HOST, host);
    }
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok((status, bytes))
}

/// TLS 1.3 only, trusting the authorities in a file and nobody else.
fn connector(ca: &str) -> Result<TlsConnector, Fault> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_file_iter(ca)?.flatten());
    let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
