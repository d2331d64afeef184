//! TLS whose records are made by hand once the handshake is through: what a library would not send.

use std::{io, sync::Arc};

use rustls::{
    ConnectionTrafficSecrets, ContentType, ProtocolVersion, ServerConfig, SupportedCipherSuite,
    crypto::{
        CryptoProvider,
        aws_lc_rs::{self, cipher_suite},
        cipher::{MessageEncrypter, OutboundChunks, OutboundPlainMessage},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use super::{Cert, Stream, message::read_head, port::Shared, tls::certificate};

/// Which version is spoken, with its one cipher suite: ChaCha20-Poly1305, whose nonces need nothing extra.
#[derive(Clone, Copy, Debug)]
pub enum Version {
    Tls12,
    Tls13,
}

impl Version {
    fn suite(self) -> SupportedCipherSuite {
        match self {
            Version::Tls12 => cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            Version::Tls13 => cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        }
    }

    fn config(self) -> ServerConfig {
        let provider = CryptoProvider { cipher_suites: vec![self.suite()], ..aws_lc_rs::default_provider() };
        let (chain, key) = certificate(Cert::Good);
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        config.enable_secret_extraction = true;
        config
    }
}

/// A connection on which a request was read; what is sent is sealed record by record.
pub struct Sealed {
    tcp: TcpStream,
    sealer: Box<dyn MessageEncrypter>,
    seq: u64,
}

impl Sealed {
    /// Shakes hands, reads the request, and takes the keys out.
    pub async fn after_request(stream: Stream, version: Version, shared: &Shared) -> io::Result<Sealed> {
        let Stream::Plain(tcp) = stream else { return Err(io::Error::other("there is TLS already")) };
        let tls = TlsAcceptor::from(Arc::new(version.config())).accept(tcp).await?;
        let mut tls = BufReader::new(tls);
        if let Some(head) = read_head(&mut tls).await? {
            shared.asked(&head.method, &head.target, head.headers, Vec::new());
        }
        let (tcp, connection) = tls.into_inner().into_inner();
        let (seq, secrets) = connection.dangerous_extract_secrets().map_err(io::Error::other)?.tx;
        let ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } = secrets else {
            return Err(io::Error::other("another cipher suite was chosen"));
        };
        let sealer = match version.suite() {
            SupportedCipherSuite::Tls12(suite) => suite.aead_alg.encrypter(key, iv.as_ref(), &[]),
            SupportedCipherSuite::Tls13(suite) => suite.aead_alg.encrypter(key, iv),
        };
        Ok(Sealed { tcp, sealer, seq })
    }

    /// A record, not yet sent.
    pub fn record(&mut self, typ: ContentType, bytes: &[u8]) -> Vec<u8> {
        let payload = OutboundChunks::Single(bytes);
        let plain = OutboundPlainMessage { typ, version: ProtocolVersion::TLSv1_2, payload };
        let sealed = self.sealer.encrypt(plain, self.seq).unwrap();
        self.seq += 1;
        sealed.encode()
    }

    /// A record of this type.
    pub async fn send(&mut self, typ: ContentType, bytes: &[u8]) -> io::Result<()> {
        let record = self.record(typ, bytes);
        self.raw(&record).await
    }

    /// A record with content.
    pub async fn data(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.send(ContentType::ApplicationData, bytes.as_ref()).await
    }

    /// Bytes as they are.
    pub async fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tcp.write_all(bytes).await
    }

    /// A small page, whole.
    pub async fn page(&mut self) -> io::Result<()> {
        self.data("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfine\n").await?;
        until_gone(&mut self.tcp).await
    }

    /// Closes in the way of TCP alone, without close_notify.
    pub async fn hang_up(mut self) -> io::Result<()> {
        self.tcp.shutdown().await?;
        until_gone(&mut self.tcp).await
    }
}

/// Reads until the client goes, so that what was sent is not lost to a reset.
pub async fn until_gone(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<()> {
    let mut bin = [0; 4096];
    while stream.read(&mut bin).await? > 0 {}
    Ok(())
}
