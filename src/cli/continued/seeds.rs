//! What a list of seeds is known by: not only where it points, but what is asked for there.
//!
//! Only a digest leaves this room, so no secret of a seed does. How patient a seed is may differ when a
//! crawl goes on, as the flags for it may.

use fetchall::{
    journal::identity,
    model::{Request, Wish},
};

/// SHA-256 of the list, in hex. Seeds that are only a URL count as a line of text does.
pub fn digest(seeds: &[Request]) -> String {
    let lines: Vec<String> = seeds.iter().map(line).collect();
    identity::digest(lines.join("\n").as_bytes())
}

fn line(seed: &Request) -> String {
    let Request { input, url, fault: _, wish } = seed;
    let mut fields = Fields::default();
    if let Some(url) = url {
        fields.add("url", url.as_bytes());
    }
    if let Some(wish) = wish {
        fields.add_wish(wish);
    }
    if fields.0.is_empty() { input.to_string() } else { format!("{input}\n{}", identity::digest(&fields.0)) }
}

/// Names and values, each with its length before it, so that none can pass for two.
#[derive(Default)]
struct Fields(Vec<u8>);

impl Fields {
    fn add(&mut self, name: &str, value: &[u8]) {
        for part in [name.as_bytes(), value] {
            self.0.extend_from_slice(&(part.len() as u64).to_le_bytes());
            self.0.extend_from_slice(part);
        }
    }

    fn add_wish(&mut self, wish: &Wish) {
        if let Some(method) = &wish.method {
            self.add("method", method.as_str().as_bytes());
        }
        for (name, value) in &wish.headers {
            self.add(name.as_str(), value.as_bytes());
        }
        if let Some(body) = &wish.body {
            self.add("body", body);
        }
        if let Some(redirects) = wish.redirects {
            self.add("redirects", &redirects.to_le_bytes());
        }
        if let Some(accept) = &wish.accept {
            self.add("accept", format!("{accept:?}").as_bytes());
        }
        for rule in &wish.rules {
            self.add("rule", format!("{rule:?}").as_bytes());
        }
        for (name, value) in [("id", &wish.id), ("tags", &wish.tags)] {
            if let Some(value) = value {
                self.add(name, value.get().as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue, Method};

    use super::*;

    #[test]
    fn seeds_are_told_apart_by_all_that_shapes_their_records_and_not_by_their_patience() {
        let seed = || Request::get("https://h/");
        let field = |value| seed().header(HeaderName::from_static("x"), HeaderValue::from_static(value));
        let with = |wish| Request { wish: Some(Box::new(wish)), ..seed() };
        let tags = |text: &str| Some(serde_json::value::RawValue::from_string(text.to_owned()).unwrap());
        let others = [
            seed(),
            seed().method(Method::POST),
            field("one"),
            field("two"),
            seed().body("a"),
            seed().body("b"),
            with(Wish { tags: tags("{\"a\":1}"), ..Wish::default() }),
            with(Wish { id: tags("1"), ..Wish::default() }),
            with(Wish { redirects: Some(0), ..Wish::default() }),
            Request { url: Some("https://other/".into()), ..seed() },
        ];
        let digests: std::collections::HashSet<_> =
            others.iter().map(|one| digest(std::slice::from_ref(one))).collect();
        assert_eq!(digests.len(), others.len());
        let patient = seed().timeout(std::time::Duration::from_secs(9));
        assert_eq!(digest(&[patient]), digest(&[seed()]));
        assert_eq!(digest(&[seed(), seed()]), identity::digest(b"https://h/\nhttps://h/"), "as a list of texts");
    }
}
