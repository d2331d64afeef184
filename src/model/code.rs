//! The closed table of error and skip codes: the one place where each name, its retry class and
//! its explanation are written. `explain`, the docs and the schemas read it.
//!
//! The names are API: leaves are added, never renamed. Must not know how a failure came about
//! (that is `fetch::classify`) nor what is done about it (that is `policy`).

use std::{fmt, str::FromStr};

/// Whether trying the same request again may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The next try would end the same way.
    Never,
    /// A later try may succeed.
    MayHelp,
}

/// Which key of a record carries the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `error.code`: the request was tried, or could not be.
    Error,
    /// `skip.code`: the request was left out on purpose.
    Skip,
}

/// What is known about a code, for `explain` and the docs.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The stable name, for example `dns.not_found`.
    pub name: &'static str,
    /// Error or skip.
    pub kind: Kind,
    /// Whether the request is tried again.
    pub again: Again,
    /// What it means, one sentence.
    pub meaning: &'static str,
    /// What to do about it; pasted into a terminal where that is possible.
    pub advice: &'static str,
}

macro_rules! codes {
    ($( $variant:ident $name:literal $kind:ident $again:ident $meaning:literal $advice:literal; )*) => {
        /// Why a record is not `ok`, or why a request was skipped.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $( #[doc = $meaning] $variant, )* }

        impl Code {
            /// Whether it only says that the run ended before the request did, or could not keep what came.
    pub fn is_left_over(self) -> bool {
        matches!(self, Code::Cancelled
                | Code::IoWrite
                | Code::BudgetDeadline
                | Code::BudgetFailures
                | Code::BudgetFirst)
    }

    /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[ $( Code::$variant, )* ];

            /// The row of the table.
            pub const fn facts(self) -> Facts {
                match self { $( Code::$variant => Facts {
                    name: $name, kind: Kind::$kind, again: Again::$again,
                    meaning: $meaning, advice: $advice,
                }, )* }
            }
        }
    };
}

codes! {
    UrlInvalid "url.invalid" Error Never
        "The line is not a URL, or the request it describes cannot be read."
        "Look at `input` and `error.message`; blank lines and lines that start with # are skipped.";
    UrlScheme "url.scheme" Error Never
        "Only http and https are fetched."
        "Take the line out of the list, or write the http address of the same thing.";
    DnsNotFound "dns.not_found" Error Never
        "The host name does not exist."
        "Check the spelling; `getent hosts NAME` asks the same resolver.";
    DnsTimeout "dns.timeout" Error MayHelp
        "The resolver gave no answer in time."
        "See --connect-timeout; a slow resolver is eased by a smaller --concurrency.";
    DnsFailed "dns.failed" Error MayHelp
        "The resolver answered with a failure."
        "Check the resolver of this machine; --resolve HOST:PORT:IP goes around it.";
    ConnectRefused "connect.refused" Error MayHelp
        "Nothing listens at that address and port."
        "Is the server up, and is it the right port?";
    ConnectTimeout "connect.timeout" Error MayHelp
        "No connection within --connect-timeout (or what was left of --timeout)."
        "A firewall may drop the packets; --connect-timeout 30s waits longer.";
    ConnectReset "connect.reset" Error MayHelp
        "The peer broke the connection before it answered."
        "Often a server under load: try a smaller --per-host.";
    ConnectUnreachable "connect.unreachable" Error MayHelp
        "There is no route to that address."
        "Check network and VPN; --ipv4 or --ipv6 picks one family.";
    ConnectDescriptors "connect.descriptors" Error MayHelp
        "This process has no file descriptor left for one more connection."
        "Raise `ulimit -n` or lower --concurrency.";
    TlsUntrusted "tls.untrusted" Error Never
        "The certificate is not signed by an authority that this machine trusts."
        "--ca FILE adds an authority; --insecure gives up the check.";
    TlsExpired "tls.expired" Error Never
        "The certificate has expired, or is not valid yet."
        "Tell the owner of the site; check this machine's clock.";
    TlsHostname "tls.hostname" Error Never
        "The certificate is for another name."
        "Is it the right host? --resolve HOST:PORT:IP reaches a host by its real name.";
    TlsHandshake "tls.handshake" Error Never
        "The TLS handshake failed."
        "A plain http port behind https, or a TLS version that one side refuses: see --min-tls.";
    TimeoutHeaders "timeout.headers" Error MayHelp
        "No response head within --headers-timeout."
        "--headers-timeout 60s waits longer.";
    TimeoutRead "timeout.read" Error MayHelp
        "The body fell silent for longer than --read-timeout."
        "--read-timeout 60s waits longer.";
    TimeoutTotal "timeout.total" Error MayHelp
        "The attempt took longer than --timeout, or all of them longer than --url-timeout."
        "--timeout 2m waits longer.";
    HttpClientError "http.client_error" Error Never
        "The server answered 4xx."
        "The URL is wrong, gone or needs credentials; --accept 2xx,404 takes it as an answer.";
    HttpRedirect "http.redirect" Error Never
        "The server answered 3xx and the redirect was not followed."
        "See --redirects; --accept 2xx,3xx takes it as an answer.";
    HttpUnexpected "http.unexpected" Error Never
        "The status is outside what --accept takes, or the program that asked judges it to be no answer."
        "--accept 2xx,999 takes it as an answer.";
    HttpRateLimited "http.rate_limited" Error MayHelp
        "The server limits us: 429, or 503 with Retry-After."
        "Go slower: --rate-per-host 1/s; or wait longer: --retry-after-max 10m.";
    HttpNotReady "http.not_ready" Error MayHelp
        "The answer is none yet, as the program that asked judges it."
        "Try again later, or with more retries.";
    HttpServerError "http.server_error" Error MayHelp
        "The server answered 5xx."
        "Try again later: the list can hold just the records that failed.";
    RedirectTooMany "redirect.too_many" Error Never
        "More redirects than --redirects allows."
        "--redirects 20 follows more.";
    RedirectLoop "redirect.loop" Error Never
        "The redirects lead back to where they have been."
        "Some sites need a cookie to get out: --cookies on.";
    RedirectInvalid "redirect.invalid" Error Never
        "The Location field is no URL."
        "Tell the owner of the site.";
    RedirectScheme "redirect.scheme" Error Never
        "The redirect leads to something other than http or https."
        "Only http and https are fetched.";
    ProtocolInvalid "protocol.invalid" Error MayHelp
        "The answer is not valid HTTP."
        "Is it an HTTP server? --http 1.1 rules out a broken HTTP/2.";
    ProtocolEmpty "protocol.empty" Error MayHelp
        "The server closed the connection without an answer."
        "Often a server under load, or TLS spoken on a plain port.";
    ProtocolHeadersTooLarge "protocol.headers_too_large" Error Never
        "The response head has more than 1,000 fields or 256 KiB."
        "Tell the owner of the site.";
    ProtocolHttp2 "protocol.http2" Error Never
        "The HTTP/2 connection broke its own rules."
        "--http 1.1 goes around it.";
    BodyTruncated "body.truncated" Error MayHelp
        "The body ended before it was complete."
        "The server or a proxy cut it; another try may bring all of it.";
    BodyDecode "body.decode" Error Never
        "The body could not be decoded as its Content-Encoding says."
        "-H 'Accept-Encoding: identity' asks for it unpacked.";
    BodyTooLarge "body.too_large" Error Never
        "The body is larger than --max-body."
        "--max-body 1GiB takes more.";
    BodyBomb "body.bomb" Error Never
        "The packed body unpacks to more than --max-body."
        "--max-body 1GiB takes more, if you trust the server.";
    ProxyConnect "proxy.connect" Error Never
        "The proxy could not be reached, or could not reach the host."
        "Check --proxy; --no-proxy HOST goes around it.";
    ProxyAuth "proxy.auth" Error Never
        "The proxy wants credentials."
        "--proxy http://USER:PASSWORD@HOST:PORT";
    ProxyHandshake "proxy.handshake" Error Never
        "The proxy did not speak as its scheme says."
        "Is it http, https or socks5? --proxy socks5://HOST:PORT";
    BlockedPrivateAddress "blocked.private_address" Error Never
        "The address is private and --private-ips deny is set."
        "--private-ips allow takes the rule away.";
    BlockedDowngrade "blocked.downgrade" Error Never
        "A redirect led from https to http while credentials or a body would have gone with it."
        "Ask the http address itself, if it must be.";
    LinkMissingFile "link.missing_file" Error Never
        "No file of that name stands where the link points to."
        "Correct the path; --root-dir says where links that start with / begin, --preset how the folder is served.";
    LinkMissingAnchor "link.missing_anchor" Error Never
        "The target has no place of that name."
        "Correct the fragment; `suggestion` has the nearest name that exists.";
    LinkCase "link.case" Error Never
        "The path is right but for the case of its letters."
        "Write the name as the file has it.";
    LinkInsecure "link.insecure" Error Never
        "The link is http where https works or is needed."
        "Write https.";
    LinkRedirected "link.redirected" Error Never
        "The target has moved for good."
        "Link to the final address.";
    LinkMail "link.mail" Error Never
        "The mail address or telephone number is malformed."
        "Write mailto:name@example.com or tel:+4930123456.";
    LinkIgnore "link.ignore" Error Never
        "An ignore entry or directive matches nothing, is over, or cannot be read."
        "Correct or remove it.";
    ExtractMissing "extract.missing" Error Never
        "A required name found nothing on the page."
        "Look at the body (--with body): is it there, without a script that would put it there? `data` has what was found.";
    ExtractInvalid "extract.invalid" Error Never
        "A selector of this request cannot be read, or a required value is not of its type."
        "See `error.message`: it names the field and what was found there. `data` has the rest.";
    IoMissing "io.missing" Error Never
        "The archive of --replay, or the --cache, has no answer to this request."
        "Fetch it once with --warc, or without --offline; method, URL and credentials must be the same.";
    IoRead "io.read" Error Never
        "A document could not be read."
        "Look at `error.message`. A record has a page if --with body kept it; a file must be readable.";
    IoWrite "io.write" Error Never
        "The body could not be saved (--save), and the run ended."
        "`error.message` names the file: is the disk full, or the folder not yours? Then run it again.";
    Cancelled "cancelled" Error Never
        "The run was stopped before this request was finished."
        "Run it again: this request got no answer yet.";
    InternalPanic "internal.panic" Error Never
        "A bug in fetchall: the work on this request panicked."
        "Please report it with the URL, or the page that it stands for.";
    Duplicate "duplicate" Skip Never
        "The same request came before; `skip.of` is its `seq`."
        "--dedupe none fetches it again.";
    Excluded "excluded" Skip Never
        "Left out by --include or --exclude."
        "Change the pattern.";
    Scope "scope" Skip Never
        "The link leads out of what the crawl was asked to cover."
        "A wider scope covers more: host, then domain, then any.";
    Depth "depth" Skip Never
        "The link is further from the seeds than the crawl goes."
        "Raise the depth, or give the page that has the link as a seed.";
    RobotsDisallowed "robots.disallowed" Skip Never
        "The robots.txt of the host asks not to fetch this path; the message has the line."
        "Ask the owner of the site for leave.";
    RobotsNofollow "robots.nofollow" Skip Never
        "The link, or all of its page, is marked as not to be followed."
        "It is the wish of whoever wrote the page: rel=nofollow, a meta element or X-Robots-Tag.";
    RobotsUnavailable "robots.unavailable" Skip Never
        "The robots.txt of the host could not be had, so nothing of it may be fetched (RFC 9309, section 2.3.1.4)."
        "Try again later: the server failed, limits us or cannot be reached.";
    Baseline "baseline" Skip Never
        "The finding was there before: --baseline has it."
        "Mend it, then --update-baseline forgets it.";
    BudgetHost "budget.host" Skip Never
        "The host failed --host-errors times in a row and was given up for a while."
        "--host-errors 0 never gives up; see the errors before this record.";
    BudgetHostSkipped "budget.host_skipped" Skip Never
        "Somebody told the run to skip this host: `fetchall ps PID --skip-host HOST`."
        "Run it again without that; a list of the records that were skipped will do.";
    BudgetPages "budget.pages" Skip Never
        "As many pages as the crawl may take, of this host or in all, were taken before."
        "Raise the number of pages.";
    BudgetTrap "budget.trap" Skip Never
        "The URL looks like one of endlessly many that a site makes up: a calendar, a loop of folders, a growing query."
        "If the page is real, fetch it by itself: only crawling leaves it out.";
    BudgetDeadline "budget.deadline" Skip Never
        "The run reached --deadline before this request was started."
        "Give the run more time.";
    BudgetFailures "budget.failures" Skip Never
        "The run was stopped by --fail-fast or --max-failures before this request was started."
        "Mend what failed, then run it again.";
    BudgetFirst "budget.first" Skip Never
        "The run had the successes that --first asked for before this request was finished."
        "Ask for more with --first N.";
}

impl Code {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// Whether trying again may help.
    pub fn retryable(self) -> bool {
        self.facts().again == Again::MayHelp
    }

    /// The part before the dot: `dns`, `connect`, …
    pub fn family(self) -> &'static str {
        let name = self.name();
        name.split_once('.').map_or(name, |(family, _)| family)
    }

    /// Whether the host could not be talked to at all, which is what a breaker counts. A response
    /// with any status is proof of the opposite.
    pub fn is_transport(self) -> bool {
        matches!(self.family(), "dns" | "connect" | "tls" | "timeout" | "protocol" | "proxy")
            && self != Code::ConnectDescriptors
    }

    /// The known name nearest to `text`, for a "did you mean".
    pub fn nearest(text: &str) -> Option<&'static str> {
        super::units::nearest(text, Code::ALL.iter().map(|code| code.name()))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Code {
    type Err = String;

    /// Finds a code by its name; the error names the nearest one.
    fn from_str(text: &str) -> Result<Self, String> {
        Code::ALL.iter().copied().find(|code| code.name() == text).ok_or_else(|| match Code::nearest(text) {
            Some(near) => format!("unknown code `{text}`; did you mean `{near}`?"),
            None => format!("unknown code `{text}`"),
        })
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl schemars::JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }

    /// A pattern, not a list: leaves may grow without a new version of the record.
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(url|dns|connect|tls|timeout|http|redirect|protocol|body|proxy|blocked|link|extract|io|internal|robots|budget)\\.[a-z0-9_]+$|^(cancelled|duplicate|excluded|scope|depth|resumed|cached|baseline)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_parse_back() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        for name in &names {
            assert_eq!(name.parse::<Code>().unwrap().name(), *name);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn a_mistyped_code_names_the_nearest() {
        assert_eq!(
            "dns.notfound".parse::<Code>().unwrap_err(),
            "unknown code `dns.notfound`; did you mean `dns.not_found`?"
        );
    }

    #[test]
    fn the_contract_says_what_is_retried() {
        let retried: Vec<_> = Code::ALL.iter().filter(|code| code.retryable()).map(|code| code.name()).collect();
        assert_eq!(
            retried,
            [
                "dns.timeout",
                "dns.failed",
                "connect.refused",
                "connect.timeout",
                "connect.reset",
                "connect.unreachable",
                "connect.descriptors",
                "timeout.headers",
                "timeout.read",
                "timeout.total",
                "http.rate_limited",
                "http.not_ready",
                "http.server_error",
                "protocol.invalid",
                "protocol.empty",
                "body.truncated",
            ]
        );
    }
}
