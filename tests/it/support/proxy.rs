//! Proxies that work, and tell what went through them.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use base64::Engine as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufStream, copy_bidirectional},
    net::TcpStream,
};

use super::{
    listen::{Listening, listen},
    message::{Head, find, read_body, read_head},
};

/// One request to the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// `CONNECT`, the method of a plain request, or `SOCKS5`.
    pub method: String,
    /// As the client wrote it: `host:port`, or a whole URL.
    pub target: String,
    /// What the proxy itself could read; names in lower case. Empty for SOCKS.
    pub headers: Vec<(String, String)>,
    /// False: it was sent away for lack of credentials.
    pub allowed: bool,
}

impl Passed {
    /// First value of a field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

type Log = Arc<Mutex<Vec<Passed>>>;

/// A proxy on 127.0.0.1; it ends when this is dropped.
pub struct Proxy {
    listening: Listening,
    scheme: &'static str,
    log: Log,
}

impl Proxy {
    /// An HTTP proxy, for CONNECT and for plain requests. `auth` is `user:password`, and asked for
    /// with 407.
    pub async fn http(auth: Option<&str>) -> Proxy {
        let wanted = auth.map(|auth| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(auth)));
        Proxy::start("http", move |stream, log| {
            let wanted = wanted.clone();
            async move { through_http(stream, wanted.as_deref(), &log).await }
        })
        .await
    }

    /// A SOCKS5 proxy without credentials, for addresses and for names (`socks5h`).
    pub async fn socks5() -> Proxy {
        Proxy::start("socks5", |stream, log| async move { through_socks(stream, &log).await }).await
    }

    async fn start<F>(scheme: &'static str, serve: impl Fn(TcpStream, Log) -> F + Send + Sync + 'static) -> Proxy
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let log = Log::default();
        let each = log.clone();
        let at = (Ipv4Addr::LOCALHOST, 0).into();
        let listening = listen(at, move |stream, _| {
            let served = serve(stream, each.clone());
            // its errors are one of the two ends leaving
            async move { drop(served.await) }
        })
        .await;
        Proxy { listening, scheme, log }
    }

    pub fn addr(&self) -> SocketAddr {
        self.listening.addr
    }

    /// For `--proxy`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.addr())
    }

    /// For `--proxy`, with `user:password`.
    pub fn url_with(&self, auth: &str) -> String {
        format!("{}://{auth}@{}", self.scheme, self.addr())
    }

    /// Everything that it was asked for, in order.
    pub fn passed(&self) -> Vec<Passed> {
        self.log.lock().unwrap().clone()
    }

    /// Connections made to it.
    pub fn connections(&self) -> usize {
        self.listening.connections.total()
    }
}

/// Notes the request down; says whether it may pass.
fn note(log: &Log, head: &Head, wanted: Option<&str>) -> bool {
    let allowed = wanted.is_none_or(|wanted| head.header("proxy-authorization") == Some(wanted));
    log.lock().unwrap().push(Passed {
        method: head.method.clone(),
        target: head.target.clone(),
        headers: head.headers.clone(),
        allowed,
    });
    allowed
}

async fn through_http(stream: TcpStream, wanted: Option<&str>, log: &Log) -> io::Result<()> {
    let mut client = BufStream::new(stream);
    while let Some(head) = read_head(&mut client).await? {
        let body = read_body(&mut client, &head).await?;
        if !note(log, &head, wanted) {
            let no =
                "HTTP/1.1 407 Who are you\r\nproxy-authenticate: Basic realm=\"tests\"\r\ncontent-length: 0\r\n\r\n";
            client.write_all(no.as_bytes()).await?;
            client.flush().await?;
            continue;
        }
        let asked = head.target.strip_prefix("http://").unwrap_or(&head.target);
        let (host, path) =
            asked.split_once('/').map_or((asked, String::from("/")), |(host, path)| (host, format!("/{path}")));
        let Some(mut server) = reach(&mut client, host).await? else { return Ok(()) };
        if head.method == "CONNECT" {
            client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
            client.flush().await?;
        } else {
            server.write_all(forwarded(&head, &path).as_bytes()).await?;
            server.write_all(&body).await?;
        }
        // a plain request was sent with `connection: close`, so both ends at the end of its answer
        return copy_bidirectional(&mut client, &mut server).await.map(drop);
    }
    Ok(())
}

/// The connection to the server; `None` after telling the client that there is none.
async fn reach(client: &mut BufStream<TcpStream>, host: &str) -> io::Result<Option<TcpStream>> {
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    match TcpStream::connect(host).await {
        Ok(server) => Ok(Some(server)),
        Err(_) => {
            client.write_all(b"HTTP/1.1 502 Nobody there\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await?;
            client.shutdown().await?;
            Ok(None)
        }
    }
}

/// The head for the server: path in place of the URL, nothing that was meant for the proxy.
fn forwarded(head: &Head, path: &str) -> String {
    let mut text = format!("{} {path} HTTP/1.1\r\n", head.method);
    for (name, value) in &head.headers {
        if !matches!(name.as_str(), "connection" | "proxy-authorization" | "proxy-connection") {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    text + "connection: close\r\n\r\n"
}

/// RFC 1928: no credentials, CONNECT alone.
async fn through_socks(mut client: TcpStream, log: &Log) -> io::Result<()> {
    let [version, methods] = read(&mut client).await?;
    let mut offered = vec![0; methods.into()];
    client.read_exact(&mut offered).await?;
    if version != 5 || !offered.contains(&0) {
        return client.write_all(&[5, 0xff]).await;
    }
    client.write_all(&[5, 0]).await?;
    let [_, command, _, kind] = read(&mut client).await?;
    let host = match kind {
        1 => IpAddr::from(Ipv4Addr::from(read::<4>(&mut client).await?)).to_string(),
        4 => format!("[{}]", Ipv6Addr::from(read::<16>(&mut client).await?)),
        _ => {
            let [length] = read(&mut client).await?;
            let mut name = vec![0; length.into()];
            client.read_exact(&mut name).await?;
            String::from_utf8_lossy(&name).into_owned()
        }
    };
    let target = format!("{host}:{}", u16::from_be_bytes(read(&mut client).await?));
    log.lock().unwrap().push(Passed {
        method: "SOCKS5".into(),
        target: target.clone(),
        headers: vec![],
        allowed: true,
    });
    let server = if command == 1 { TcpStream::connect(&target).await } else { Err(io::ErrorKind::Unsupported.into()) };
    let verdict = if server.is_ok() { 0 } else { 5 };
    client.write_all(&[5, verdict, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    copy_bidirectional(&mut client, &mut server?).await.map(drop)
}

async fn read<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
