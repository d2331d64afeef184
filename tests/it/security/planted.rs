//! Where secrets are planted, and a site that has some of its own.

use super::*;

/// Where a secret is planted: its name, flags, variables, and lines of the list.
pub struct Place {
    pub name: &'static str,
    pub args: Vec<String>,
    pub env: Vec<(&'static str, String)>,
    pub lines: Vec<String>,
}

/// A place where nothing is planted yet.
pub fn place(name: &'static str) -> Place {
    Place { name, args: Vec::new(), env: Vec::new(), lines: Vec::new() }
}

impl Place {
    /// With these flags.
    pub fn args(mut self, args: &[&str]) -> Place {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// With this variable.
    pub fn env(mut self, name: &'static str, value: impl Into<String>) -> Place {
        self.env.push((name, value.into()));
        self
    }

    /// With this line of the list.
    pub fn line(mut self, line: impl Into<String>) -> Place {
        self.lines.push(line.into());
        self
    }
}

/// Answers of every kind; some have secrets of their own, none says what it was told.
pub async fn site() -> Site {
    Site::start(|ask| match ask.path.as_str() {
        "/page" => Reply::html(
            "<title>x</title><a href='http://u:CANARY-href@h.invalid/'>x</a><img src='//u:CANARY-src@h.invalid/x'>",
        )
        .header("Link", "<//u:CANARY-link@h.invalid/>; rel=next")
        .header("Refresh", "9; url=http://u:CANARY-refresh@h.invalid/"),
        "/set" => Reply::html("<title>x</title>")
            .header("Set-Cookie", "s=CANARY-setcookie; Path=/")
            .header("Proxy-Authorization", "CANARY-back"),
        "/to" => Reply::redirect(302, "http://u:CANARY-location@127.0.0.1:1/"),
        "/to2" => Reply::redirect(302, "//u:CANARY-location@127.0.0.1:1/"),
        "/to3" => Reply::redirect(302, "https:\\u:CANARY-location@127.0.0.1:1/"),
        "/to4" => Reply::redirect(302, "http://u:CANARY-location@[/"),
        "/to5" => Reply::redirect(302, "ftp://u:CANARY-location@h/"),
        "/fail" => Reply::status(500),
        "/auth" => Reply::status(401).header("WWW-Authenticate", "Basic realm=x"),
        "/reset" => Reply::reset(),
        "/login" => {
            Reply::html("<form method=post action=/in><input name=user><input type=password name=password></form>")
        }
        "/in" => Reply::redirect(303, "/set").header("Set-Cookie", "sid=CANARY-session; Path=/"),
        _ => Reply::html("<a href=/set>x</a>"),
    })
    .await
}

/// Every place that takes a secret.
pub fn places(site: &Site, proxy: &Proxy) -> Vec<Place> {
    of_requests(site).into_iter().chain(of_ways(proxy)).collect()
}

/// Those that are about requests.
fn of_requests(site: &Site) -> Vec<Place> {
    let host = site.addr();
    let user = |path: &str| site.url(path).replace("http://", "http://user:CANARY-userinfo@");
    let header =
        |name: &str| serde_json::json!({"url": site.url("/json"), "headers": {name: "CANARY-json"}}).to_string();
    let (torn, json) = (header("X-Api-Key"), header("Authorization"));
    let recipe = format!(
        "[login]\nurl = '{}'\nfields = {{ user = 'me', password = {{ env = 'LOGIN_PASSWORD' }} }}\n[select]\ntitle = 'title'\n",
        site.url("/login")
    );
    let ca = file("client.pem", &client_pem().replace("-----BEGIN CERT", "CANARY-inside-a-key-file\n-----BEGIN CERT"));
    let jar = format!("{}\tFALSE\t/\tFALSE\t0\tsid\tCANARY-jar\n", host.ip());
    vec![
        place("userinfo")
            .line(user("/set"))
            .line(user("/reset"))
            .line(user("/fail"))
            .line(site.url("/q").replace("http://", "http://u:p'CANARY-quote@"))
            .line(site.url("/s").replace("http://", "http://u:p CANARY-blank@"))
            .line(user("/port").replace(&host.port().to_string(), "1"))
            .line(user("/tls").replace("http://", "https://"))
            .line("http://u:CANARY/slash@h.invalid/")
            .line("http://u:CANARY-bad@[")
            .line("ftp://u:CANARY-ftp@h.invalid/")
            .line("u:CANARY-none@h.invalid/")
            .line("http:/u:CANARY-one@h.invalid/")
            .line("http://u:CANARY-dns@h.invalid/"),
        place("location")
            .line(site.url("/to"))
            .line(site.url("/to2"))
            .line(site.url("/to3"))
            .line(site.url("/to4"))
            .line(site.url("/to5")),
        place("authorization").args(&["-H", "Authorization: Bearer CANARY-bearer"]).line(site.url("/auth")),
        place("cookie").args(&["-H", "Cookie: a=CANARY-cookie"]),
        place("key").args(&["-H", "X-Api-Key: CANARY-key", "-H", &format!("{host}=X-Auth-Token: CANARY-hostkey")]),
        place("netrc")
            .args(&["--netrc"])
            .env("NETRC", file("netrc", "machine 127.0.0.1 login u password CANARY-netrc\n")),
        place("auth file").args(&["--auth-file", &file("auth", "127.0.0.1 bearer CANARY-authfile\n")]),
        place("cookie file").args(&["--cookies", &file("jar.txt", &jar)]),
        place("client key").args(&["--cert", &ca]),
        place("content").args(&["-X", "POST", "-d", "password=CANARY-content"]),
        place("list")
            .line(json)
            .line(torn.trim_end_matches('}'))
            .line(format!("{torn},"))
            .line(torn.replace("headers", "hedaers").replace("\"url\"", "\"ulr\""))
            .line(serde_json::json!({"url": site.url("/json"), "method": "POST", "body": "CANARY-body"}).to_string()),
        place("variables")
            .env("FETCHALL_HEADER", "X-Api-Key: CANARY-variable")
            .env("FETCHALL_DATA", "CANARY-variable")
            .env("FETCHALL_HEADRE", "CANARY-mistyped"),
        place("login").args(&["--recipe", &file("recipe.toml", &recipe)]).env("LOGIN_PASSWORD", "CANARY-password"),
    ]
}

/// Those that are about ways: proxies and databases.
fn of_ways(proxy: &Proxy) -> Vec<Place> {
    let list = format!("{}\nme:CANARY-proxy@127.0.0.1:1\n", proxy.url_with("me:CANARY-proxy"));
    vec![
        place("proxy").args(&["-x", &proxy.url_with("me:CANARY-proxy")]),
        place("no proxy").args(&["-x", "http://me:CANARY-proxy@127.0.0.1:1"]),
        place("no such proxy").args(&["-x", "http://me:CANARY-proxy@h.invalid:1"]),
        place("wrong proxy").args(&["-x", &proxy.url_with("me:CANARY-wrong")]),
        place("proxies").args(&["-x", &format!("@{}", file("proxies", &list))]),
        place("variables of proxies")
            .env("http_proxy", proxy.url_with("me:CANARY-proxy"))
            .env("https_proxy", "http://me:CANARY-proxy@h.invalid:1"),
        place("database").args(&["--sink", "postgres://me:CANARY-database@127.0.0.1:1/db"]),
        place("another database").args(&["--sink", "mysql://me:CANARY-database@127.0.0.1:1/db"]),
    ]
}
