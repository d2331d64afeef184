//! How connections are made, and whom they trust.

use std::{
    collections::HashMap,
    net::IpAddr,
    path::{Path, PathBuf},
};

use fetchall::{
    cookies::{CookieJar, file},
    settings::{Cookies, Family, HttpVersions, MinTls, PrivateIps, ProxyUrl, Settings, Transport, Verify},
};

use super::BadFlag;

/// `--http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum HttpArg {
    /// HTTP/1.1 only
    #[value(name = "1.1")]
    Http1,
    /// HTTP/2 only, without TLS too
    #[value(name = "2")]
    Http2,
    /// HTTP/2 where TLS agrees on it
    Auto,
}

/// `--min-tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TlsArg {
    /// TLS 1.2
    #[value(name = "1.2")]
    V12,
    /// TLS 1.3
    #[value(name = "1.3")]
    V13,
}

/// `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Switch {
    /// on
    On,
    /// off
    Off,
}

/// `--cookies`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CookiesArg {
    /// Kept for the run, or not.
    Switch(Switch),
    /// Kept in a file.
    File(PathBuf),
}

/// `allow` or `deny`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Gate {
    /// allow
    Allow,
    /// deny
    Deny,
}

/// One `--resolve`: what stands in for the resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    host: String,
    port: u16,
    addresses: Vec<IpAddr>,
}

/// Flags of the group "Connection and trust".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Connection and trust")]
pub struct TrustFlags {
    /// Protocol version: 1.1, 2 or auto [default: auto]
    #[arg(long, value_name = "VERSION", hide_possible_values = true)]
    pub http: Option<HttpArg>,
    /// IPv4 only
    #[arg(long, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// IPv6 only
    #[arg(long)]
    pub ipv6: bool,
    /// Address to use instead of asking the resolver
    ///
    /// `--resolve example.com:443:127.0.0.1`; may be repeated, several addresses are separated by
    /// commas.
    #[arg(long, value_name = "HOST:PORT:IP", value_parser = resolve)]
    pub resolve: Vec<Resolve>,
    /// Proxy for all requests: http, https, socks5 or socks5h
    ///
    /// Without it, HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are read, also in small letters, as curl
    /// does; one that names no proxy is an error. May be repeated; @FILE has one a line, # starts a comment. Of several, each host has its own as long as
    /// that works; one that fails three times in a row rests, and its hosts go to others.
    #[arg(short = 'x', long, value_name = "URL|@FILE")]
    pub proxy: Vec<String>,
    /// Hosts that go around the proxy, comma-separated; * is all
    #[arg(long, value_name = "LIST")]
    pub no_proxy: Option<String>,
    /// Do not verify certificates; every record says so
    #[arg(short = 'k', long)]
    pub insecure: bool,
    /// Certificate authorities beside the system's (PEM); may be repeated
    #[arg(long, value_name = "FILE")]
    pub ca: Vec<PathBuf>,
    /// Client certificate chain (PEM), with the key or beside --key
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Private key of --cert (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Oldest TLS version accepted: 1.2 or 1.3 [default: 1.2]
    #[arg(long, value_name = "VERSION", hide_possible_values = true)]
    pub min_tls: Option<TlsArg>,
    /// Keep and send cookies: on, off, or a file to keep them in [default: off]
    ///
    /// The file is read first, if it is there, and written at the end of the run (mode 0600): as
    /// cookies.txt, which curl reads and writes too, or as JSON if its name ends with .json. A file
    /// that is called on or off is written ./on.
    #[arg(long, value_name = "ON|OFF|FILE", value_parser = cookies)]
    pub cookies: Option<CookiesArg>,
    /// Whether private addresses may be reached: allow or deny [default: allow]
    ///
    /// Checked after name look-up, on every redirect; loopback and link-local count as private.
    #[arg(long, value_name = "ALLOW|DENY", hide_possible_values = true)]
    pub private_ips: Option<Gate>,
}

/// `on`, `off` or a file.
fn cookies(text: &str) -> Result<CookiesArg, String> {
    match text.to_ascii_lowercase().as_str() {
        "" => Err("write on, off, or the name of a file".to_owned()),
        "on" => Ok(CookiesArg::Switch(Switch::On)),
        "off" => Ok(CookiesArg::Switch(Switch::Off)),
        _ => Ok(CookiesArg::File(PathBuf::from(text))),
    }
}

/// A jar with what is in the file; the file need not be there yet, but its folder.
fn jar(path: &Path) -> Result<CookieJar, BadFlag> {
    let bad = |message: String| BadFlag::new("--cookies", message);
    let jar = CookieJar::new();
    let loaded = file::load(path, &jar).map_err(|error| bad(error.to_string()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if loaded.is_none() && !folder.is_dir() => {
            Err(bad(format!("cannot write {} when the run is over: there is no such folder", path.display())))
        }
        _ => Ok(jar),
    }
}

/// `HOST:PORT:IP[,IP]`; an IPv6 address may stand in brackets.
fn resolve(text: &str) -> Result<Resolve, String> {
    let wrong = || format!("`{text}` is not HOST:PORT:IP; write example.com:443:127.0.0.1");
    let host_end = if text.starts_with('[') { text.find(']').map(|at| at + 1) } else { text.find(':') };
    let (host, rest) = text.split_at(host_end.ok_or_else(wrong)?);
    let (port, addresses) = rest.strip_prefix(':').and_then(|rest| rest.split_once(':')).ok_or_else(wrong)?;
    let host = super::values::host(host).map_err(|_| wrong())?;
    let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
    let addresses = addresses
        .split(',')
        .map(|address| address.trim().trim_start_matches('[').trim_end_matches(']').parse())
        .collect::<Result<Vec<IpAddr>, _>>()
        .map_err(|_| wrong())?;
    Ok(Resolve { host, port, addresses })
}

impl TrustFlags {
    /// Fills `transport`.
    pub fn resolve(&self, settings: &mut Settings) -> Result<(), BadFlag> {
        let transport = &mut settings.transport;
        transport.http = match self.http {
            Some(HttpArg::Http1) => HttpVersions::Http1,
            Some(HttpArg::Http2) => HttpVersions::Http2,
            Some(HttpArg::Auto) => HttpVersions::Auto,
            None => transport.http,
        };
        transport.family = match (self.ipv4, self.ipv6) {
            (true, _) => Family::V4,
            (_, true) => Family::V6,
            _ => transport.family,
        };
        transport.resolve = resolver(&self.resolve);
        for text in &self.proxy {
            transport.proxies.extend(proxies(text)?);
        }
        transport.no_proxy.clone_from(&self.no_proxy);
        match &self.cookies {
            Some(CookiesArg::Switch(Switch::On)) => transport.cookies = Cookies::On,
            Some(CookiesArg::Switch(Switch::Off)) => transport.cookies = Cookies::Off,
            Some(CookiesArg::File(path)) => transport.cookies = Cookies::Jar(jar(path)?),
            None => {}
        }
        transport.private_ips = match self.private_ips {
            Some(Gate::Allow) => PrivateIps::Allow,
            Some(Gate::Deny) => PrivateIps::Deny,
            None => transport.private_ips,
        };
        self.tls(transport)
    }

    /// The file that `--cookies` names.
    pub fn cookie_file(&self) -> Option<&Path> {
        match &self.cookies {
            Some(CookiesArg::File(path)) => Some(path),
            _ => None,
        }
    }

    fn tls(&self, transport: &mut Transport) -> Result<(), BadFlag> {
        if self.insecure {
            transport.verify = Verify::Nothing;
        }
        transport.min_tls = match self.min_tls {
            Some(TlsArg::V12) => MinTls::V12,
            Some(TlsArg::V13) => MinTls::V13,
            None => transport.min_tls,
        };
        for path in &self.ca {
            transport.ca_pem.push(pem("--ca", path, CERTIFICATE)?);
        }
        if let Some(path) = &self.cert {
            let chain = pem("--cert", path, CERTIFICATE)?;
            let (flag, key_path) = self.key.as_ref().map_or(("--cert", path), |key| ("--key", key));
            let key = pem(flag, key_path, PRIVATE_KEY)?;
            if contains(&key, "ENCRYPTED PRIVATE KEY-----") || contains(&key, "Proc-Type: 4,ENCRYPTED") {
                let problem = format!("the key in {} is encrypted; decrypt it first", key_path.display());
                return Err(BadFlag::new(flag, problem));
            }
            transport.identity_pem = Some((chain, key));
        }
        Ok(())
    }
}

fn resolver(given: &[Resolve]) -> HashMap<(String, u16), Vec<IpAddr>> {
    let mut all: HashMap<_, Vec<IpAddr>> = HashMap::new();
    for one in given {
        all.entry((one.host.clone(), one.port)).or_default().extend(&one.addresses);
    }
    all
}

/// A proxy, or those of a file. No error repeats one, since it may hold a password.
fn proxies(text: &str) -> Result<Vec<ProxyUrl>, BadFlag> {
    let Some(path) = text.strip_prefix('@') else {
        return Ok(vec![text.parse().map_err(|problem| BadFlag::new("--proxy", problem))?]);
    };
    let content = super::read_text("--proxy", Path::new(path))?;
    let mut found = Vec::new();
    for (at, line) in content.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            let proxy = line.parse();
            found
                .push(proxy.map_err(|problem| BadFlag::new("--proxy", format!("{path}: line {}: {problem}", at + 1)))?);
        }
    }
    if found.is_empty() { Err(BadFlag::new("--proxy", format!("{path} names no proxy"))) } else { Ok(found) }
}

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";
const PRIVATE_KEY: &str = "PRIVATE KEY-----";

/// A PEM file that holds at least one block of the kind wanted. Whether the block is any good is
/// found out before the run too, where the TLS library is at home.
fn pem(flag: &'static str, path: &Path, wanted: &str) -> Result<Vec<u8>, BadFlag> {
    let bytes =
        std::fs::read(path).map_err(|error| BadFlag::new(flag, format!("cannot read {}: {error}", path.display())))?;
    if contains(&bytes, wanted) {
        return Ok(bytes);
    }
    let what = if wanted == CERTIFICATE { "certificate" } else { "private key" };
    Err(BadFlag::new(flag, format!("{} holds no {what} in PEM form", path.display())))
}

fn contains(bytes: &[u8], wanted: &str) -> bool {
    memchr::memmem::find(bytes, wanted.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolve_takes_host_port_and_addresses() {
        let good = |text: &str| resolve(text).unwrap();
        assert_eq!(good("Example.com:443:127.0.0.1").host, "example.com");
        assert_eq!(good("h:8080:[::1],127.0.0.1").addresses.len(), 2);
        assert_eq!(good("h:8080:::1").addresses, ["::1".parse::<IpAddr>().unwrap()]);
        for text in ["", "h", "h:80", "h:x:1.2.3.4", "h:0:1.2.3.4", "h:80:name", "h:80:"] {
            assert!(resolve(text).is_err(), "{text}");
        }
    }

    #[test]
    fn proxies_are_read_from_flags_and_files_and_a_bad_one_is_named_by_its_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = format!("@{}", file.path().display());
        std::fs::write(&file, "\u{feff}# mine\r\nlocalhost:1\r\n\r\n  socks5h://u:canary@h:2\n").unwrap();
        let names: Vec<_> = proxies(&path).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["http://localhost:1", "socks5h://h:2"]);
        assert_eq!(proxies("h:3").unwrap()[0].secret(), "http://h:3");
        std::fs::write(&file, "h:1\nftp://u:canary@h\n").unwrap();
        let told = proxies(&path).unwrap_err().to_string();
        assert!(
            told.contains(&path[1..]) && told.contains("line 2: not a proxy") && !told.contains("canary"),
            "{told}"
        );
        std::fs::write(&file, "# h:1\n").unwrap();
        assert!(proxies(&path).unwrap_err().to_string().ends_with("names no proxy"));
        assert!(proxies("@/nonexistent").unwrap_err().to_string().contains("cannot read /nonexistent"));
    }

    #[test]
    fn cookies_are_on_off_or_in_a_file_that_can_be_read_and_written() {
        assert_eq!(cookies("ON"), Ok(CookiesArg::Switch(Switch::On)));
        assert_eq!(cookies("off"), Ok(CookiesArg::Switch(Switch::Off)));
        assert_eq!(cookies("./off"), Ok(CookiesArg::File("./off".into())));
        assert!(cookies("").is_err());
        assert!(jar(Path::new("not-there.txt")).is_ok());
        let told = jar(Path::new("no/such/folder/jar.txt")).unwrap_err().to_string();
        assert!(told.contains("no/such/folder/jar.txt") && told.contains("no such folder"), "{told}");
        assert!(jar(Path::new("Cargo.toml")).unwrap_err().to_string().contains("Cargo.toml, line 1: "));
    }
}
