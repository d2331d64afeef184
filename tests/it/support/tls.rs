//! Certificates for sites: our own authority, and leaves that are right or wrong in one way.

use std::sync::{Arc, LazyLock};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// What the certificate of a site is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cert {
    /// For localhost and 127.0.0.1, signed by the authority of [`ca_pem`].
    Good,
    /// The same, but it expired in 2020.
    Expired,
    /// Signed by the same authority, for other.example.
    WrongHost,
    /// For localhost and 127.0.0.1, signed by itself.
    SelfSigned,
}

/// How a site speaks TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    cert: Cert,
    alpn: Vec<Vec<u8>>,
    versions: Vec<&'static SupportedProtocolVersion>,
    asks_back: bool,
}

impl Tls {
    /// With that certificate, HTTP/1.1 alone, TLS 1.2 and 1.3.
    pub fn new(cert: Cert) -> Tls {
        Tls { cert, alpn: vec![b"http/1.1".to_vec()], versions: rustls::ALL_VERSIONS.to_vec(), asks_back: false }
    }

    /// Protocols offered, the favourite first: "h2", "http/1.1". None: no ALPN at all.
    pub fn alpn(mut self, names: &[&str]) -> Tls {
        self.alpn = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// TLS 1.2 alone.
    pub fn only_tls12(mut self) -> Tls {
        self.versions = vec![&rustls::version::TLS12];
        self
    }

    /// It asks for a client certificate, and takes who has none.
    pub fn asking_for_certificates(mut self) -> Tls {
        self.asks_back = true;
        self
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let (chain, key) = certificate(self.cert);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(&self.versions).unwrap();
        let builder = match self.asks_back {
            false => builder.with_no_client_auth(),
            true => {
                let mut roots = RootCertStore::empty();
                roots.add(CA.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
            }
        };
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = self.alpn.clone();
        TlsAcceptor::from(Arc::new(config))
    }
}

impl From<Cert> for Tls {
    fn from(cert: Cert) -> Tls {
        Tls::new(cert)
    }
}

static CA: LazyLock<CertifiedIssuer<'static, KeyPair>> = LazyLock::new(|| {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "fetchall tests");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
});

/// The authority of this test run, for `--ca`.
pub fn ca_pem() -> String {
    CA.pem()
}

/// A client certificate of that authority and its key, for `--cert`.
pub fn client_pem() -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "a client");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    params.signed_by(&key, &CA).unwrap().pem() + &key.serialize_pem()
}

fn certificate(cert: Cert) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let names: &[&str] = if cert == Cert::WrongHost { &["other.example"] } else { &["localhost", "127.0.0.1"] };
    let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    params.distinguished_name.push(DnType::CommonName, names[0]);
    if cert == Cert::Expired {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let leaf = match cert {
        Cert::SelfSigned => params.self_signed(&key),
        Cert::Good | Cert::Expired | Cert::WrongHost => params.signed_by(&key, &CA),
    };
    (vec![leaf.unwrap().der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}
