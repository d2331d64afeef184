//! Cookies that a server has no right to set (RFC 6265, and the prefixes of RFC 6265bis). `/` sets
//! them and redirects; what comes along to `/next` is what was kept.

use super::{Ask, Behaviour, Cert, Seen, Set, Step, behaviour::group, holds};

/// `/` sends these fields with a redirect to `/next`.
fn sets(name: &'static str, does: &'static str, fields: impl Into<Vec<u8>>) -> Behaviour {
    let fields = fields.into();
    Behaviour::plain(name, does, move |ask| set(ask, &fields)).with(Set::Cookies)
}

fn set(ask: &Ask, fields: &[u8]) -> Vec<Step> {
    match ask.path.as_str() {
        "/" => Step::raw([b"HTTP/1.1 302 Found\r\nlocation: /next\r\ncontent-length: 0\r\n", fields, b"\r\n"].concat()),
        _ => Step::page("x"),
    }
}

fn sent(seen: &Seen) -> Option<&str> {
    seen.asks.iter().rfind(|ask| ask.path == "/next").and_then(|ask| ask.header("cookie"))
}

fn none(_: &serde_json::Value, seen: &Seen) -> Result<(), String> {
    let is_asked = seen.asks.iter().any(|ask| ask.path == "/next");
    holds(is_asked && sent(seen).is_none(), || format!("sent {:?}", sent(seen)))
}

fn only_a(_: &serde_json::Value, seen: &Seen) -> Result<(), String> {
    holds(sent(seen) == Some("a=1"), || format!("sent {:?}", sent(seen)))
}

pub fn all() -> Vec<Behaviour> {
    group("Cookies", [scopes(), times(), shapes(), hosts()].into_iter().flatten().collect())
}

fn scopes() -> Vec<Behaviour> {
    vec![
        Behaviour::plain("cookie-wall", "redirects to itself until its cookie comes back", |ask| match ask.header("cookie") {
            Some("a=1") => Step::page("x"),
            _ => Step::answer(302, "location: /\r\nset-cookie: a=1\r\n", ""),
        })
        .with(Set::Cookies),
        Behaviour::plain("cookie-wall-without-a-jar", "redirects to itself until its cookie comes back, to whom keeps none", |ask| {
            match ask.header("cookie") {
                Some(_) => Step::page("x"),
                None => Step::answer(302, "location: /\r\nset-cookie: a=1\r\n", ""),
            }
        })
        .fails(&["redirect.loop"]),
        Behaviour::plain("cookie-wall-that-never-opens", "sets another cookie each time and redirects to itself", |ask| {
            Step::answer(302, &format!("location: /\r\nset-cookie: a={}\r\n", ask.hit), "")
        })
        .with(Set::Cookies)
        .fails(&["redirect.too_many", "redirect.loop"])
        .check(|_, seen| holds(seen.asks.len() <= 11, || format!("{} requests", seen.asks.len()))),
        sets("cookie-for-another-host", "sets cookies for other hosts", "set-cookie: b=2; Domain=example.com\r\nset-cookie: c=3; Domain=127.0.0.2\r\nset-cookie: a=1\r\n").check(only_a),
        sets("cookie-for-a-suffix", "sets cookies for com, a dot, and the end of an address", "set-cookie: b=2; Domain=com\r\nset-cookie: c=3; Domain=.\r\nset-cookie: d=4; Domain=0.0.1\r\nset-cookie: a=1; Domain=\r\n").check(only_a),
        sets("cookie-secure-over-http", "sets cookies over http that are for https", "set-cookie: b=2; Secure\r\nset-cookie: a=1\r\n").check(only_a),
        sets("cookie-prefix-over-http", "uses the prefixes of cookies over http, in capitals too", "set-cookie: __Host-b=2; Secure; Path=/\r\nset-cookie: __secure-c=3; Secure\r\nset-cookie: __HOST-d=4; Path=/\r\nset-cookie: a=1\r\n").check(only_a),
        Behaviour::tls("cookie-prefix-over-https", "uses the prefixes of cookies wrongly over https", Cert::Good, |ask| {
            set(ask, b"set-cookie: __Host-b=2; Path=/\r\nset-cookie: __Secure-c=3\r\nset-cookie: __Host-d=4; Secure; Path=/x\r\nset-cookie: __Host-e=5; Secure\r\nset-cookie: __Host-f=6; Secure; Path=/; Domain=127.0.0.1\r\nset-cookie: =__Host-g=7\r\nset-cookie: a=1; Secure\r\n")
        })
        .with(Set::Cookies)
        .check(only_a),
        sets("cookie-for-another-path", "sets cookies for paths that the next request is not below", "set-cookie: b=2; Path=/nex\r\nset-cookie: c=3; Path=/next/\r\nset-cookie: a=1; Path=/next\r\n").check(only_a),
        sets("cookie-path-hostile", "sets cookies for paths that are none", "set-cookie: b=2; Path=/../../\r\nset-cookie: a=1; Path=next\r\n").check(only_a),
        Behaviour::plain("cookie-without-a-jar", "sets a cookie for whom keeps none", |ask| set(ask, b"set-cookie: a=1\r\n")).check(none),
    ]
}

fn times() -> Vec<Behaviour> {
    vec![
        sets("cookie-expired", "sets cookies whose time is over", "set-cookie: b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT\r\nset-cookie: c=3; Max-Age=0\r\nset-cookie: d=4; Max-Age=-99999999999999999999\r\nset-cookie: a=1\r\n").check(only_a),
        sets("cookie-taken-back", "sets a cookie and takes it back", "set-cookie: b=2\r\nset-cookie: a=1\r\nset-cookie: b=; Max-Age=0\r\n").check(only_a),
        sets("cookie-for-ever", "sets a cookie for longer than time is counted", "set-cookie: a=1; Max-Age=99999999999999999999999999\r\n").check(only_a),
        sets("cookie-odd-dates", "sets a cookie until a day that is none", "set-cookie: a=1; Expires=Fri, 99 Foo 99999 99:99:99 XYZ; Max-Age=soon\r\n").check(only_a),
    ]
}

fn shapes() -> Vec<Behaviour> {
    let many = |count: usize| (0..count).map(|n| format!("set-cookie: c{n}=1\r\n")).collect::<String>();
    vec![
        sets("cookies-by-the-ten-thousand", "sets 10,000 cookies at once", many(10_000))
            .fails(&["protocol.headers_too_large"]),
        sets("cookies-by-the-hundred", "sets 900 cookies at once", many(900)).check(|_, seen| {
            let count = sent(seen).map_or(0, |field| field.split("; ").count());
            holds((50..=180).contains(&count), || format!("sent {count}"))
        }),
        sets("cookie-of-a-megabyte", "sets a cookie of 1 MB", format!("set-cookie: b={}\r\n", "x".repeat(1_000_000)))
            .fails(&["protocol.headers_too_large"]),
        sets(
            "cookie-of-5-kb",
            "sets a cookie of 5 KB, which is no longer kept",
            format!("set-cookie: b={}\r\nset-cookie: a=1\r\n", "x".repeat(5_000)),
        )
        .check(only_a),
        sets(
            "cookies-of-4-kb",
            "sets 100 cookies of 4 KB each",
            (0..60).map(|n| format!("set-cookie: c{n}={}\r\n", "x".repeat(4_000))).collect::<String>(),
        )
        .check(|_, seen| {
            let length = sent(seen).map_or(0, str::len);
            holds((1..=8192).contains(&length), || format!("sent {length} bytes"))
        }),
        sets("cookie-with-cr", "has CR in a cookie", "set-cookie: b=2\rX-Evil: 1\r\n").fails(&["protocol.invalid"]),
        sets("cookie-with-nul", "has NUL in a cookie", "set-cookie: b=2\0\r\n").fails(&["protocol.invalid"]),
        sets("cookie-with-controls", "has a tab and DEL in cookies", "set-cookie: b=2\t3\r\nset-cookie: a=1\r\n")
            .check(only_a),
        sets(
            "cookie-without-a-name",
            "sets cookies without names, and nothing at all",
            "set-cookie: =b\r\nset-cookie: ;;;\r\nset-cookie:\r\nset-cookie: =\r\nset-cookie: a=1\r\n",
        )
        .check(only_a),
        sets(
            "cookie-attributes-nonsense",
            "has attributes that mean nothing",
            "set-cookie: a=1; SameSite=Sideways; Priority=; ;;Foo=Bar; HttpOnly=no; Partitioned\r\n",
        )
        .check(only_a),
        sets("cookie-quoted", "has quotes around a value, which belong to it", "set-cookie: a=\"1 2\"\r\n")
            .check(|_, seen| holds(sent(seen) == Some("a=\"1 2\""), || format!("sent {:?}", sent(seen)))),
        sets(
            "cookie-of-bytes",
            "has bytes in a cookie that are no text",
            b"set-cookie: b=\xff\xfe\r\nset-cookie: a=1\r\n".to_vec(),
        )
        .check(only_a),
        sets(
            "cookie-shown-to-nobody",
            "sets a cookie whose value is a secret",
            "set-cookie: a=CANARY1\r\nset-cookie2: b=CANARY2\r\n",
        )
        .flags(&["--with=headers,attempts"])
        .tells(|tale| {
            let shown = [&tale.stdout, &tale.stderr].map(|text| String::from_utf8_lossy(text).contains("CANARY1"));
            holds(shown == [false, false], || "the value of a cookie was shown".to_owned())
        }),
    ]
}

/// Hosts with names need somebody who says where they are.
const NAMES: &[&str] = &[
    "--resolve=a.shop.co.uk:{port}:127.0.0.1",
    "--resolve=b.shop.co.uk:{port}:127.0.0.1",
    "--resolve=other.co.uk:{port}:127.0.0.1",
];

fn hosts() -> Vec<Behaviour> {
    let round = |ask: &Ask| {
        let port = ask.origin.rsplit_once(':').map_or("", |(_, port)| port);
        let to = |host: &str, path: &str, fields: &str| {
            Step::answer(302, &format!("location: http://{host}:{port}{path}\r\n{fields}"), "")
        };
        match ask.path.as_str() {
            "/" => to("a.shop.co.uk", "/set", ""),
            "/set" => to(
                "b.shop.co.uk",
                "/sibling",
                "set-cookie: a=1; Domain=shop.co.uk\r\nset-cookie: b=2; Domain=co.uk\r\n\
                 set-cookie: c=3\r\nset-cookie: d=4; Domain=.uk\r\nset-cookie: e=5; Domain=b.shop.co.uk\r\n",
            ),
            "/sibling" => to("other.co.uk", "/stranger", ""),
            _ => Step::page("x"),
        }
    };
    vec![
        Behaviour::plain("cookie-for-a-public-suffix", "sets cookies for co.uk and for its sister hosts", round)
            .with(Set::Cookies)
            .flags(NAMES)
            .tells(|tale| {
                let sent =
                    |path: &str| tale.seen.asks.iter().find(|ask| ask.path == path).map(|ask| ask.header("cookie"));
                let (sibling, stranger) = (sent("/sibling"), sent("/stranger"));
                let is_right = sibling == Some(Some("a=1")) && stranger == Some(None);
                holds(is_right, || format!("the sister host was sent {sibling:?}, a stranger {stranger:?}"))
            }),
    ]
}
