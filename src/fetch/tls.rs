//! TLS: whom to trust, what to offer.
//!
//! rustls with aws-lc-rs. The certificates of the system are read when the first https peer shows
//! its own, because reading them costs more than a whole http run of one URL. Must not know HTTP.

use std::sync::{Arc, OnceLock};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, NamedGroup, RootCertStore, SignatureScheme,
    client::{
        ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _};

use super::{
    ClientError,
    probe::{Mark, Probe},
};
use crate::settings::{HttpVersions, MinTls, Transport, Verify};

/// Sessions remembered for resumption.
const SESSIONS: usize = 256;

/// The provider, with X25519 offered first: its hello fits one packet everywhere, the hybrid
/// ML-KEM group stays on offer behind it.
fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups.sort_by_key(|group| group.name() != NamedGroup::X25519);
    Arc::new(provider)
}

/// What one client is told of TLS.
pub(super) type Config = ClientConfig;

/// What all clients of a run are told of TLS: trust in certificates is one for all, since to read it
/// takes time and memory.
#[derive(Debug)]
pub(super) struct Configs {
    home: ClientConfig,
    /// Without the client certificate, where there is one.
    foreign: Option<ClientConfig>,
}

impl Configs {
    pub fn new(transport: &Transport) -> Result<Self, ClientError> {
        let foreign = transport.identity_pem.is_some().then(|| config(transport, false)).transpose()?;
        Ok(Configs { home: config(transport, true)?, foreign })
    }

    /// For another client, which remembers sessions of its own: they do not go from one proxy to another.
    pub fn fresh(&self) -> (Config, Option<Config>) {
        let own = |config: &ClientConfig| {
            let mut config = config.clone();
            config.resumption = Resumption::store(Arc::new(Sessions(ClientSessionMemoryCache::new(SESSIONS))));
            config
        };
        (own(&self.home), self.foreign.as_ref().map(own))
    }
}

/// Client configuration, with the client certificate or without.
fn config(transport: &Transport, with_identity: bool) -> Result<ClientConfig, ClientError> {
    let provider = provider();
    let versions: &[&rustls::SupportedProtocolVersion] = match transport.min_tls {
        MinTls::V12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        MinTls::V13 => &[&rustls::version::TLS13],
    };
    let mut extra = Vec::new();
    for pem in &transport.ca_pem {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let certificates = certificates.map_err(|error| ClientError::Ca(error.to_string()))?;
        if certificates.is_empty() {
            return Err(ClientError::Ca("no certificate in it".into()));
        }
        extra.extend(certificates);
    }
    let trust = Trust { verify: transport.verify, extra, provider: Arc::clone(&provider), roots: OnceLock::new() };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| ClientError::Tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust));
    let mut config = match transport.identity_pem.as_ref().filter(|_| with_identity) {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
            let chain = chain.map_err(|error| ClientError::Identity(error.to_string()))?;
            if chain.is_empty() {
                return Err(ClientError::Identity("no certificate in it".into()));
            }
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| ClientError::Identity(error.to_string()))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| ClientError::Identity(error.to_string()))?
        }
    };
    config.alpn_protocols = match transport.http {
        HttpVersions::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        HttpVersions::Http1 => vec![b"http/1.1".to_vec()],
        HttpVersions::Http2 => vec![b"h2".to_vec()],
    };
    Ok(config)
}

/// Where the authorities come from that peers are verified against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorities {
    /// Certificates of the system that can be used; none: those compiled in count.
    pub system: usize,
    /// Those compiled in.
    pub compiled_in: usize,
    /// What of the system could not be read, a sentence each.
    pub faults: Vec<String>,
}

/// Looks at the authorities as a run would, without one.
pub fn authorities() -> Authorities {
    let system = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    let (usable, unusable) = store.add_parsable_certificates(system.certs);
    let unusable = (unusable > 0).then(|| format!("{unusable} certificates cannot be used"));
    Authorities {
        system: usable,
        compiled_in: webpki_roots::TLS_SERVER_ROOTS.len(),
        faults: system.errors.iter().map(ToString::to_string).chain(unusable).collect(),
    }
}

/// Verifies peers against the system's authorities, those compiled in where it has none, and the
/// user's own.
#[derive(Debug)]
struct Trust {
    verify: Verify,
    extra: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    roots: OnceLock<Result<Arc<WebPkiServerVerifier>, Error>>,
}

impl Trust {
    fn roots(&self) -> Result<Arc<WebPkiServerVerifier>, Error> {
        let load = || {
            let mut store = RootCertStore::empty();
            let system = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(system.certs);
            if store.is_empty() {
                store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            }
            store.add_parsable_certificates(self.extra.iter().cloned());
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&self.provider))
                .build()
                .map_err(|error| Error::General(error.to_string()))
        };
        self.roots.get_or_init(load).clone()
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.verify {
            Verify::Nothing => Ok(ServerCertVerified::assertion()),
            Verify::Full => {
                self.roots()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The session store, which rustls asks for a hint just when it makes the ClientHello: the one
/// moment between TCP and TLS that can be seen from outside.
#[derive(Debug)]
struct Sessions(ClientSessionMemoryCache);

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup) {
        self.0.set_kx_hint(server_name, group);
    }
    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup> {
        if let Some(probe) = Probe::current() {
            probe.mark(Mark::Hello);
        }
        self.0.kx_hint(server_name)
    }
    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.0.set_tls12_session(server_name, value);
    }
    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.tls12_session(server_name)
    }
    fn remove_tls12_session(&self, server_name: &ServerName<'static>) {
        self.0.remove_tls12_session(server_name);
    }
    fn insert_tls13_ticket(&self, server_name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.0.insert_tls13_ticket(server_name, value);
    }
    fn take_tls13_ticket(&self, server_name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.take_tls13_ticket(server_name)
    }
}
