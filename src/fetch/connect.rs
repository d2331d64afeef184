//! Names to addresses, and the moments of connecting.
//!
//! The system's resolver behind a small cache with single flight, address rules and
//! `--resolve`; and a connector layer that sets marks. Must not know requests.

use std::{
    collections::HashMap,
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{OnceCell, Semaphore};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    classify::{NameFault, name_fault},
    environment::Environment,
    probe::{Mark, Probe},
    pulse::{self, Reach},
};
use crate::{
    model::{Code, Failure},
    policy::address::is_private,
    settings::{Family, PrivateIps, ProxyUrl, Transport},
};

/// Look-ups at once: the system's resolver blocks a thread for each.
const LOOKUPS: usize = 64;
/// How long an answer is believed; the system's resolver does not tell the record's own time.
const BELIEVED: Duration = Duration::from_secs(60);
/// Names remembered at most.
const NAMES: usize = 10_000;

type Answer = Result<Arc<[IpAddr]>, NameFault>;

#[derive(Debug)]
struct Known {
    answer: Arc<OnceCell<Answer>>,
    since: Instant,
}

/// The resolver of a run.
#[derive(Clone, Debug)]
pub(super) struct Resolver(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    fixed: HashMap<(String, u16), Vec<IpAddr>>,
    family: Family,
    private: PrivateIps,
    /// Proxies are the user's own choice, wherever they are.
    proxy_hosts: Vec<String>,
    known: Mutex<HashMap<String, Known>>,
    lookups: Semaphore,
}

impl Resolver {
    pub fn new(transport: &Transport) -> Self {
        Resolver(Arc::new(Inner {
            fixed: transport.resolve.clone(),
            family: transport.family,
            private: transport.private_ips,
            proxy_hosts: proxy_hosts(transport),
            known: Mutex::default(),
            lookups: Semaphore::new(LOOKUPS),
        }))
    }
}

impl Resolver {
    /// Whether a name may be asked for, as far as its addresses say.
    pub async fn judge(&self, name: &str) -> Result<(), Failure> {
        let name = name.to_ascii_lowercase();
        let usable = match self.0.look_up(&name).await {
            Ok(addresses) => self.0.usable(&name, &addresses, self.0.private),
            Err(fault) => Err(fault),
        };
        usable.map(drop).map_err(|fault| Failure::new(fault.code, fault.message))
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let inner = Arc::clone(&self.0);
        let probe = Probe::current();
        Box::pin(async move {
            if let Some(probe) = &probe {
                probe.mark(Mark::DnsStart);
            }
            let name = name.as_str().to_ascii_lowercase();
            let fixed = probe.as_ref().and_then(|probe| inner.fixed.get(&(name.clone(), probe.port)));
            let answer = match fixed {
                Some(addresses) => Ok(addresses.as_slice().into()),
                None => inner.look_up(&name).await,
            };
            let usable = answer
                .and_then(|addresses| inner.usable(&name, &addresses, inner.private_for(&name, probe.as_deref())));
            if let Some(probe) = &probe {
                probe.mark(Mark::DnsEnd);
            }
            match usable {
                Ok(addresses) => Ok(Box::new(addresses.into_iter()) as Addrs),
                Err(fault) => Err(Box::new(fault) as Box<dyn std::error::Error + Send + Sync>),
            }
        })
    }
}

impl Inner {
    /// Asks the system once for everybody who wants the same name now.
    async fn look_up(&self, name: &str) -> Answer {
        let cell = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= NAMES {
                known.retain(|_, entry| entry.since.elapsed() < BELIEVED);
                if known.len() >= NAMES {
                    known.clear();
                }
            }
            let fresh = || Known { answer: Arc::default(), since: Instant::now() };
            let entry = known.entry(name.to_owned()).or_insert_with(fresh);
            let failed = matches!(entry.answer.get(), Some(Err(_)));
            if failed || entry.since.elapsed() > BELIEVED {
                *entry = fresh();
            }
            Arc::clone(&entry.answer)
        };
        cell.get_or_init(|| self.ask_system(name)).await.clone()
    }

    async fn ask_system(&self, name: &str) -> Answer {
        // RFC 6761, section 6.4: nobody needs to be asked about these.
        if name == "invalid" || name.ends_with(".invalid") || name.ends_with(".invalid.") {
            return Err(NameFault { code: Code::DnsNotFound, message: format!("{name}: no such host") });
        }
        let _permit = self.lookups.acquire().await;
        let begun = Instant::now();
        match tokio::net::lookup_host((name, 0)).await {
            Ok(found) => {
                let addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
                let dns_ms = begun.elapsed().as_micros() as f64 / 1000.0;
                tracing::debug!(target: "fetchall::fetch", host = name, addresses = ?addresses, dns_ms, "look-up");
                Ok(addresses.into())
            }
            Err(error) => Err(name_fault(name, &error)),
        }
    }

    /// What is connected to is a proxy where its name is a proxy's, and the request goes through one: a proxy
    /// on localhost opens localhost to nobody who goes around it.
    fn private_for(&self, name: &str, probe: Option<&Probe>) -> PrivateIps {
        let is_proxy = probe.is_some_and(|probe| probe.via_proxy) && self.proxy_hosts.iter().any(|host| host == name);
        if is_proxy { PrivateIps::Allow } else { self.private }
    }

    /// The addresses that family and rules leave; an error if none is left.
    fn usable(&self, name: &str, addresses: &[IpAddr], private: PrivateIps) -> Result<Vec<SocketAddr>, NameFault> {
        let of_family: Vec<IpAddr> = addresses
            .iter()
            .copied()
            .filter(|ip| match self.family {
                Family::Any => true,
                Family::V4 => ip.is_ipv4(),
                Family::V6 => ip.is_ipv6(),
            })
            .collect();
        if of_family.is_empty() {
            let message = format!("{name}: no address of the wanted family");
            return Err(NameFault { code: Code::DnsNotFound, message });
        }
        let allowed: Vec<SocketAddr> = of_family
            .iter()
            .filter(|ip| private == PrivateIps::Allow || !is_private(**ip))
            .map(|ip| SocketAddr::new(*ip, 0))
            .collect();
        if allowed.is_empty() {
            let message = format!("{name} has a private address, {}", of_family[0]);
            return Err(NameFault { code: Code::BlockedPrivateAddress, message });
        }
        Ok(allowed)
    }
}

/// The names of the proxies in use: the user's, else the environment's.
fn proxy_hosts(transport: &Transport) -> Vec<String> {
    let host = |proxy: &ProxyUrl| {
        let url = proxy.secret();
        let with_scheme = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        url::Url::parse(&with_scheme).ok()?.host_str().map(str::to_ascii_lowercase)
    };
    match transport.proxies.as_slice() {
        // One that names none is told before anything is looked up.
        [] => Environment::read().unwrap_or_default().each().filter_map(host).collect(),
        proxies => proxies.iter().filter_map(host).collect(),
    }
}

/// Sets marks around the connector.
#[derive(Clone, Debug)]
pub(super) struct Marks;

impl<S> Layer<S> for Marks {
    type Service = Marked<S>;
    fn layer(&self, inner: S) -> Marked<S> {
        Marked(inner)
    }
}

/// A connector that tells the probe when it starts and when it is done.
#[derive(Clone, Debug)]
pub(super) struct Marked<S>(S);

impl<S, D> Service<D> for Marked<S>
where
    S: Service<D>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, target: D) -> Self::Future {
        let probe = Probe::current();
        if let Some(probe) = &probe {
            probe.mark(Mark::ConnectStart);
            pulse::is_at(Reach::Connect);
        }
        let mut connecting = Box::pin(self.0.call(target));
        Box::pin(std::future::poll_fn(move |context| {
            let ours = probe.as_ref().filter(|probe| probe.driven_by_current());
            let connected = connecting.as_mut().poll(context);
            if let (Poll::Ready(Ok(_)), Some(probe)) = (&connected, ours) {
                probe.mark(Mark::ConnectEnd);
                pulse::is_at(Reach::Head);
            }
            connected
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_with_only_private_addresses_is_blocked() {
        let transport = Transport { private_ips: PrivateIps::Deny, ..Transport::default() };
        let resolver = Resolver::new(&transport);
        let fault = resolver.0.usable("h", &["10.0.0.1".parse().unwrap()], PrivateIps::Deny).unwrap_err();
        assert_eq!(fault.code, Code::BlockedPrivateAddress);
        let both = resolver
            .0
            .usable("h", &["10.0.0.1".parse().unwrap(), "1.1.1.1".parse().unwrap()], PrivateIps::Deny)
            .unwrap();
        assert_eq!(both.len(), 1);
        let missing = resolver.0.look_up("host.invalid").await.unwrap_err();
        assert_eq!(missing.code, Code::DnsNotFound);
    }
}
