//! TLS: certificates that are wrong, and handshakes that go wrong.

use std::{io, sync::Arc, time::Duration};

use rustls::{RootCertStore, ServerConfig, crypto::aws_lc_rs, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use super::{
    Behaviour, Cert, Step, Tls, behaviour::group, ca_pem, ms, port::Stream, sealed::until_gone, secs, tls::certificate,
};

pub fn all() -> Vec<Behaviour> {
    [certificates(), hellos(), silences(), ends()].into_iter().flatten().collect()
}

fn fine() -> Vec<Step> {
    Step::answer(200, "", "fine\n")
}

/// Nothing was asked for, since nobody knows who would have answered.
fn unasked(_: &serde_json::Value, seen: &super::Seen) -> Result<(), String> {
    super::redirects::asked(seen, 0)
}

fn certificates() -> Vec<Behaviour> {
    group(
        "TLS",
        vec![
            Behaviour::tls("certificate-expired", "shows a certificate that expired in 2020", Cert::Expired, |_| {
                fine()
            })
            .fails(&["tls.expired"])
            .check(unasked),
            Behaviour::tls(
                "certificate-self-signed",
                "shows a certificate that it signed itself",
                Cert::SelfSigned,
                |_| fine(),
            )
            .fails(&["tls.untrusted"])
            .check(unasked),
            Behaviour::tls(
                "certificate-of-another-host",
                "shows the certificate of another host",
                Cert::WrongHost,
                |_| fine(),
            )
            .fails(&["tls.hostname"])
            .check(unasked),
            Behaviour::hello(
                "certificate-chain-of-1-mib",
                "shows a certificate and a chain of 1 MiB behind it",
                |stream, _| {
                    shake(stream, || {
                        let (mut chain, key) = certificate(Cert::Good);
                        let leaf = chain[0].clone();
                        chain.extend(std::iter::repeat_n(leaf.clone(), (1 << 20) / leaf.len()));
                        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                            .with_safe_default_protocol_versions()
                            .unwrap()
                            .with_no_client_auth()
                            .with_single_cert(chain, key)
                            .unwrap()
                    })
                },
            )
            .fails(&["tls.handshake", "tls.untrusted"])
            .check(unasked),
            Behaviour::hello("certificate-wanted", "wants a certificate of the client, in TLS 1.3", |stream, _| {
                shake(stream, || wants_certificate(&rustls::version::TLS13))
            })
            .fails(&["tls.handshake"]),
            Behaviour::hello(
                "certificate-wanted-in-tls-1-2",
                "wants a certificate of the client, in TLS 1.2",
                |stream, _| shake(stream, || wants_certificate(&rustls::version::TLS12)),
            )
            .fails(&["tls.handshake"])
            .check(unasked),
        ],
    )
}

/// A server that lets in only who shows a certificate.
fn wants_certificate(version: &'static rustls::SupportedProtocolVersion) -> ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem().as_bytes()).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let (chain, key) = certificate(Cert::Good);
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .unwrap()
}

/// A handshake that is expected to fail; the client is heard out.
async fn shake(stream: Stream, config: impl FnOnce() -> ServerConfig) -> io::Result<()> {
    let Stream::Plain(tcp) = stream else { return Ok(()) };
    let acceptor = TlsAcceptor::from(Arc::new(config()));
    match acceptor.accept(tcp).into_fallible().await {
        Ok(mut tls) => until_gone(&mut tls).await,
        Err((_, mut tcp)) => {
            tcp.shutdown().await?;
            until_gone(&mut tcp).await
        }
    }
}

/// Reads the ClientHello, sends these bytes instead of an answer, closes, and hears the client out.
async fn says(mut stream: Stream, bytes: Vec<u8>) -> io::Result<()> {
    let mut hello = [0; 16 * 1024];
    if stream.read(&mut hello).await? == 0 {
        return Ok(());
    }
    stream.write_all(&bytes).await?;
    stream.shutdown().await?;
    until_gone(&mut stream).await
}

/// A TLS record in the clear (RFC 8446, section 5.1).
fn record(kind: u8, version: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    [&[kind][..], &version.to_be_bytes(), &length.to_be_bytes(), payload].concat()
}

fn alert(description: u8) -> Vec<u8> {
    record(21, 0x0303, &[2, description])
}

/// A ServerHello (RFC 5246, section 7.4.1.3) that chooses ECDHE-ECDSA with ChaCha20.
fn server_hello(version: u16, extensions: &[u8]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.extend([0, 0xcc, 0xa9, 0]);
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    record(22, version, &[&[2][..], &length[1..], &body].concat())
}

fn hellos() -> Vec<Behaviour> {
    let says = |name, does, bytes: fn() -> Vec<u8>| {
        Behaviour::hello(name, does, move |stream, _| says(stream, bytes())).fails(&["tls.handshake"])
    };
    group(
        "TLS",
        vec![
            says("tls-1-0-only", "answers the ClientHello in TLS 1.0", || server_hello(0x0301, &[])),
            says("tls-1-1-only", "answers the ClientHello in TLS 1.1", || server_hello(0x0302, &[])),
            says("tls-too-old-alert", "says that it knows no version of TLS that is wanted", || alert(70)),
            says("tls-alert", "ends the handshake with an alert", || alert(40)),
            says("tls-unknown-name", "says that it does not know the host", || alert(112)),
            says("tls-close-notify-at-once", "says goodbye instead of hello", || record(21, 0x0303, &[1, 0])),
            says("tls-garbage", "answers the ClientHello with noise", || (0..=255).cycle().take(4096).collect()),
            says("tls-closed", "closes the connection in the handshake", Vec::new),
            says("tls-cut-hello", "closes the connection within its ServerHello", || {
                server_hello(0x0303, &[])[..20].to_vec()
            }),
            says("tls-on-a-plain-port", "speaks plain HTTP on the port of https", || {
                b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_vec()
            }),
            says("tls-alpn-not-offered", "chooses spdy/3 where h2 and http/1.1 were offered", || {
                server_hello(0x0303, b"\x00\x10\x00\x09\x00\x07\x06spdy/3")
            }),
            says("tls-cipher-not-offered", "chooses a cipher suite that was not offered: none at all", || {
                let mut hello = server_hello(0x0303, &[]);
                hello[44..46].copy_from_slice(&[0, 0]);
                hello
            }),
            says(
                "tls-endless-handshake-message",
                "announces a handshake message of 16 MiB and begins to send it",
                || {
                    let begun = record(22, 0x0303, &[&[2, 0xff, 0xff, 0xff][..], &[0; 16380]].concat());
                    [begun, record(22, 0x0303, &[0; 16384]).repeat(64)].concat()
                },
            ),
            Behaviour::tls(
                "tls-alpn-without-common",
                "knows spdy/3 alone",
                Tls::new(Cert::Good).alpn(&["spdy/3"]),
                |_| fine(),
            )
            .fails(&["tls.handshake"])
            .check(unasked),
            Behaviour::accept("plain-on-a-tls-port", "speaks TLS on the port of plain HTTP", |stream, _| {
                shake(stream, || {
                    let (chain, key) = certificate(Cert::Good);
                    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                        .with_safe_default_protocol_versions()
                        .unwrap()
                        .with_no_client_auth()
                        .with_single_cert(chain, key)
                        .unwrap()
                })
            })
            .fails(&["protocol.invalid"]),
        ],
    )
}

fn silences() -> Vec<Behaviour> {
    group(
        "TLS",
        vec![
            Behaviour::hello("tls-silence", "never answers the ClientHello", |mut stream, _| async move {
                until_gone(&mut stream).await
            })
            .fails(&["connect.timeout"]),
            Behaviour::hello(
                "tls-drip",
                "sends its ServerHello a byte at a time, every tenth of a second",
                |stream, _| drip(stream, server_hello(0x0303, &[0; 64]), ms(100)),
            )
            .fails(&["connect.timeout"]),
            Behaviour::hello("tls-reset", "resets the connection in the handshake", |mut stream, _| async move {
                stream.read_u8().await?;
                stream.arm_reset()
            })
            .fails(&["connect.reset"]),
            Behaviour::tls(
                "tls-silence-after-the-handshake",
                "shakes hands and never answers the request",
                Cert::Good,
                |_| vec![Step::Stall],
            )
            .fails(&["timeout.headers"]),
            Behaviour::tls(
                "tls-drip-of-the-head",
                "sends the response head a byte at a time within TLS",
                Cert::Good,
                |_| vec![Step::drip("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", ms(200))],
            )
            .fails(&["timeout.headers"]),
            Behaviour::tls(
                "tls-drip-of-the-body",
                "sends the body a byte at a time within TLS, for ever",
                Cert::Good,
                |_| {
                    vec![Step::send("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n"), Step::drip([b'x'; 999], ms(200))]
                },
            )
            .fails(&["timeout.total"])
            .within(secs(5)),
        ],
    )
}

async fn drip(mut stream: Stream, bytes: Vec<u8>, every: Duration) -> io::Result<()> {
    for byte in bytes {
        tokio::time::sleep(every).await;
        stream.write_all(&[byte]).await?;
    }
    Ok(())
}

/// The end of a body within TLS, as a library ends it.
fn ends() -> Vec<Behaviour> {
    group(
        "TLS",
        vec![
            Behaviour::tls(
                "tls-body-until-close",
                "sends a body without a length and ends it with close_notify",
                Cert::Good,
                |_| Step::raw("HTTP/1.1 200 OK\r\n\r\nfine\n"),
            )
            .ok(200)
            .has("/bytes", 5),
            Behaviour::tls(
                "tls-reset-in-the-body",
                "resets the connection in the middle of the body",
                Cert::Good,
                |_| vec![Step::send("HTTP/1.1 200 OK\r\n\r\nfi"), Step::Wait(ms(100)), Step::Reset],
            )
            .fails(&["body.truncated"]),
        ],
    )
}
