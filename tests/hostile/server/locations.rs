//! Redirects: what stands in Location, and what the next request is like.

use super::{
    Ask, Behaviour, Step,
    behaviour::group,
    redirects::{asked, asks, end, moved},
};

pub fn all() -> Vec<Behaviour> {
    [missing(), spellings(), bytes(), schemes(), statuses(), methods()].into_iter().flatten().collect()
}

/// Redirects with this Location; `/end` and what is below it is the end.
fn leads(name: &'static str, does: &'static str, location: &'static [u8]) -> Behaviour {
    Behaviour::plain(name, does, move |ask| if ask.path == "/" { moved(302, location) } else { end() })
}

/// The second request was for this path.
fn then(seen: &super::Seen, path: &str) -> Result<(), String> {
    match asks(seen).get(1) {
        Some(ask) if ask.path == path => asked(seen, 2),
        other => Err(format!("then asked for {:?}", other.map(|ask| &ask.path))),
    }
}

fn missing() -> Vec<Behaviour> {
    group(
        "Redirects",
        vec![
            Behaviour::plain("redirect-without-a-location", "answers 302 and does not say where to", |_| {
                Step::answer(302, "", "moved, somewhere")
            })
            .http_error(302, &["http.redirect"]),
            leads("redirect-with-an-empty-location", "answers 302 with a Location that is empty: the page itself", b"")
                .fails(&["redirect.loop"])
                .check(|_, seen| asked(seen, 1)),
            Behaviour::plain("redirect-with-two-locations", "answers 302 with two Locations that differ", |ask| {
                match ask.path.as_str() {
                    "/" => Step::answer(302, "location: /one\r\nlocation: /two\r\n", ""),
                    _ => end(),
                }
            })
            .fails(&["redirect.invalid"])
            .check(|_, seen| asked(seen, 1)),
            Behaviour::plain("redirect-with-a-location-twice", "answers 302 with the same Location twice", |ask| {
                match ask.path.as_str() {
                    "/" => Step::answer(302, "location: /end\r\nlocation: /end\r\n", ""),
                    _ => end(),
                }
            })
            .ok(200),
            leads("redirect-without-a-host", "redirects to a URL without a host", b"http://")
                .fails(&["redirect.invalid"]),
            leads("redirect-to-a-port-above-65535", "redirects to a port that cannot be", b"http://127.0.0.1:99999/")
                .fails(&["redirect.invalid"]),
        ],
    )
}

/// How a Location may be written (URL Standard, RFC 9110, section 10.2.2).
fn spellings() -> Vec<Behaviour> {
    group(
        "Redirects",
        vec![
            Behaviour::plain("redirect-relative", "redirects to a path relative to the page's own", |ask| {
                if ask.path == "/dir/sub/page" { moved(301, "../end?q=1") } else { end() }
            })
            .at("/dir/sub/page")
            .ok(200)
            .check(|_, seen| then(seen, "/dir/end?q=1")),
            Behaviour::plain("redirect-without-a-scheme", "redirects to a URL that leaves the scheme out", |ask| {
                let place = ask.origin.trim_start_matches("http:");
                if ask.path == "/" { moved(302, format!("{place}/end")) } else { end() }
            })
            .ok(200)
            .check(|_, seen| then(seen, "/end")),
            leads("redirect-to-a-fragment", "redirects to a URL with a fragment", b"/end#part")
                .ok(200)
                .has("/redirects/0/location", "/end#part")
                .check(|_, seen| then(seen, "/end")),
            leads("redirect-with-backslashes", "writes the path in Location with backslashes", b"\\dir\\end")
                .ok(200)
                .check(|_, seen| then(seen, "/dir/end")),
            leads("redirect-with-blanks", "writes blanks around and in Location", b"  /the end \t")
                .ok(200)
                .check(|_, seen| then(seen, "/the%20end")),
            leads("redirect-with-a-tab", "writes a tab in the middle of Location", b"/e\tnd")
                .ok(200)
                .check(|_, seen| then(seen, "/end")),
            Behaviour::plain("redirect-with-userinfo", "redirects to a URL with a user's name and password", |ask| {
                let place = ask.origin.trim_start_matches("http://");
                if ask.path == "/" { moved(302, format!("http://user:location-canary@{place}/end")) } else { end() }
            })
            .ok(200)
            .check(|record, seen| match asks(seen).get(1) {
                Some(ask) if ask.header("authorization").is_some() => Err("the server chose our credentials".into()),
                _ if record.to_string().contains("location-canary") => Err("the password stands in the record".into()),
                _ => then(seen, "/end"),
            }),
        ],
    )
}

/// Bytes that do not belong there.
fn bytes() -> Vec<Behaviour> {
    const NO_FIELD: &[&str] = &["protocol.invalid", "redirect.invalid"];
    group(
        "Redirects",
        vec![
            leads("redirect-with-nul", "sends a NUL in Location", b"/e\0nd")
                .fails(NO_FIELD)
                .check(|_, seen| asked(seen, 1)),
            leads("redirect-with-cr", "sends a CR in Location", b"/e\rx-split: 1")
                .fails(NO_FIELD)
                .check(|_, seen| asked(seen, 1)),
            leads("redirect-with-a-folded-line", "goes on with Location on the next line", b"/e\r\n nd").ok(200).check(
                |_, seen| match asks(seen).get(1).map(|ask| ask.path.replace("%20", "")) {
                    Some(path) if path == "/end" => asked(seen, 2),
                    other => Err(format!("then asked for {other:?}")),
                },
            ),
            leads("redirect-with-packed-cr-lf", "hides a line end in Location as %0D%0A", b"/end%0d%0ax-split:%201")
                .ok(200)
                .check(|_, seen| match asks(seen).get(1) {
                    Some(ask) if ask.header("x-split").is_some() => Err("a field was smuggled in".into()),
                    _ => then(seen, "/end%0d%0ax-split:%201"),
                }),
            leads("redirect-with-utf-8", "sends Location in UTF-8, not percent-encoded", "/ende-früh".as_bytes())
                .ok(200)
                .check(|_, seen| then(seen, "/ende-fr%C3%BCh")),
            leads("redirect-with-latin-1", "sends Location in Latin-1, not percent-encoded", b"/ende-fr\xfch?\xe9")
                .ok(200)
                .check(|_, seen| then(seen, "/ende-fr%FCh?%E9")),
        ],
    )
}

/// What is not fetched.
fn schemes() -> Vec<Behaviour> {
    let leads =
        |name, does, location| leads(name, does, location).fails(&["redirect.scheme"]).check(|_, seen| asked(seen, 1));
    group(
        "Redirects",
        vec![
            leads("redirect-to-file", "redirects to a file of the machine that asks", b"file:///etc/passwd"),
            leads("redirect-to-data", "redirects to a page within the Location", b"data:text/html,<h1>hi</h1>"),
            leads("redirect-to-javascript", "redirects to a script", b"javascript:alert(1)"),
            leads(
                "redirect-to-gopher",
                "redirects to gopher, which could speak to any server",
                b"gopher://127.0.0.1:25/xHELO",
            ),
            leads("redirect-to-unix", "redirects to a socket of the machine that asks", b"unix:/var/run/docker.sock"),
        ],
    )
}

/// Statuses that look like redirects (RFC 9110, section 15.4).
fn statuses() -> Vec<Behaviour> {
    let says = |name, does, status: u16| {
        Behaviour::plain(name, does, move |ask| if ask.path == "/" { moved(status, "/end") } else { end() })
            .http_error(status, &["http.redirect"])
            .check(|_, seen| asked(seen, 1))
    };
    group(
        "Redirects",
        vec![
            says("status-300", "leaves the choice among several places to the client, and names one", 300),
            says("status-304-unasked", "answers 304 to a request without a condition", 304),
            says("status-305", "names a proxy that is to be used, which nobody does", 305),
            says("status-306", "answers 306, which has no meaning any more", 306),
        ],
    )
}

/// A request with content, and what came of it on the other side.
fn methods() -> Vec<Behaviour> {
    let form = |name, does, method: &'static str, status: u16| {
        Behaviour::plain(name, does, move |ask| if ask.path == "/" { moved(status, "/end") } else { end() })
            .asking("method", method)
            .asking("headers", serde_json::json!({"content-type": "application/x-www-form-urlencoded"}))
            .asking("body", "k=v")
            .ok(200)
    };
    let is_get: super::Check = |_, seen| came(seen, "GET", "");
    let is_post: super::Check = |_, seen| came(seen, "POST", "k=v");
    group(
        "Redirects",
        vec![
            form("redirect-301-of-a-form", "answers a POST with 301", "POST", 301).check(is_get),
            form("redirect-302-of-a-form", "answers a POST with 302", "POST", 302).check(is_get),
            form("redirect-303-of-a-form", "answers a POST with 303", "POST", 303).check(is_get),
            form("redirect-307-of-a-form", "answers a POST with 307", "POST", 307).check(is_post),
            form("redirect-308-of-a-form", "answers a POST with 308", "POST", 308).check(is_post),
            form("redirect-301-of-a-put", "answers a PUT with 301", "PUT", 301)
                .check(|_, seen| came(seen, "PUT", "k=v")),
            form("redirect-303-of-a-delete", "answers a DELETE with 303", "DELETE", 303).check(is_get),
            Behaviour::plain("redirect-303-of-head", "answers HEAD with 303", |ask| {
                if ask.path == "/" { moved(303, "/end") } else { Step::answer(200, "", "") }
            })
            .asking("method", "HEAD")
            .ok(200)
            .has("/method", "HEAD")
            .check(|_, seen| came(seen, "HEAD", "")),
        ],
    )
}

/// The second request had this method and content, and fields about content only where there is some.
fn came(seen: &super::Seen, method: &str, body: &str) -> Result<(), String> {
    let Some(Ask { method: had, body: content, headers, .. }) = asks(seen).get(1).copied() else {
        return Err("the redirect was not followed".into());
    };
    let about = headers.iter().any(|(name, _)| name.starts_with("content-"));
    match had == method && content == body.as_bytes() && about != body.is_empty() {
        true => asked(seen, 2),
        false => Err(format!("{had} with {} bytes came, fields {headers:?}", content.len())),
    }
}
