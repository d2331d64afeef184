//! `_redirects` of a site: rules that answer before or after its files.
//!
//! One rule a line: path, where to, status with `!` for "before files", conditions. Comments begin
//! with `#`. `:name` stands for one part of a path, `*` at the end for all that is left
//! (`:splat`). The first rule that matches is taken. Must not look at files.

/// The rules of one file, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redirections(Vec<Redirection>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Redirection {
    from: Vec<Part>,
    to: String,
    status: u16,
    order: Order,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Word(String),
    Any(String),
    Rest,
}

/// Whether a rule goes before files of the same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `301!`: also where a file stands.
    BeforeFiles,
    /// Only where no file stands.
    AfterFiles,
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// From 1.
    pub line: usize,
    /// A sentence.
    pub message: String,
}

/// What a rule answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Path from the root, or an address.
    pub to: String,
    /// 301 to 308 send there; 200 shows what is there; 4xx is an error page.
    pub status: u16,
}

impl Redirections {
    /// Reads a file; lines that cannot be read are left out and named.
    pub fn parse(text: &str) -> (Self, Vec<BadLine>) {
        let mut rules = Vec::new();
        let mut bad = Vec::new();
        for (index, line) in text.lines().enumerate() {
            match rule(line) {
                Ok(rule) => rules.extend(rule),
                Err(message) => bad.push(BadLine { line: index + 1, message }),
            }
        }
        (Redirections(rules), bad)
    }

    /// What is answered to a path from the root (with `/` in front), if a rule of this order
    /// matches. A `/` at the end makes no difference.
    pub fn answer(&self, path: &str, order: Order) -> Option<Answered> {
        let parts: Vec<&str> = parts(path).collect();
        self.0.iter().filter(|rule| rule.order == order).find_map(|rule| {
            let bound = bind(&rule.from, &parts)?;
            Some(Answered { to: fill(&rule.to, &bound), status: rule.status })
        })
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn rule(line: &str) -> Result<Option<Redirection>, String> {
    // A comment at the end has a blank before it: `/a /b#c` leads to a fragment.
    let words: Vec<&str> = line.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
    let Some((from, rest)) = words.split_first() else { return Ok(None) };
    let from = match from.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => from,
    };
    if !from.starts_with('/') {
        return Err(format!("`{from}` does not start with `/`"));
    }
    // Between the two may stand parameters of the query: `id=:id`.
    let is_target = |word: &&&str| word.starts_with('/') || word.contains("://");
    let Some(to) = rest.iter().find(is_target) else {
        return Err(format!("`{from}` has nothing to go to"));
    };
    let behind = rest.iter().skip_while(|word| *word != to).nth(1);
    let is_status = |word: &&&str| word.starts_with(|c: char| c.is_ascii_digit());
    let (status, order) = match behind.filter(is_status) {
        None => (301, Order::AfterFiles),
        Some(word) => {
            let order = if word.ends_with('!') { Order::BeforeFiles } else { Order::AfterFiles };
            let code = word.trim_end_matches('!').parse().ok().filter(|code| (200..600).contains(code));
            (code.ok_or_else(|| format!("`{word}` is not a status"))?, order)
        }
    };
    Ok(Some(Redirection { from: pattern(from)?, to: (*to).to_owned(), status, order }))
}

fn pattern(from: &str) -> Result<Vec<Part>, String> {
    let count = parts(from).count();
    let part = |(index, part): (usize, &str)| match part.strip_prefix(':') {
        _ if part == "*" && index + 1 == count => Ok(Part::Rest),
        _ if part.contains('*') => Err(format!("`*` may only be the last part of `{from}`")),
        Some(name) if !name.is_empty() => Ok(Part::Any(name.to_owned())),
        _ => Ok(Part::Word(part.to_owned())),
    };
    parts(from).enumerate().map(part).collect()
}

/// What the placeholders stand for.
fn bind<'a>(from: &'a [Part], parts: &[&str]) -> Option<Vec<(&'a str, String)>> {
    let mut bound = Vec::new();
    let mut left = parts.iter();
    for part in from {
        match part {
            Part::Rest => {
                bound.push(("splat", left.as_slice().join("/")));
                return Some(bound);
            }
            Part::Word(word) => {
                left.next().filter(|given| *given == word)?;
            }
            Part::Any(name) => bound.push((name.as_str(), (*left.next()?).to_owned())),
        }
    }
    left.next().is_none().then_some(bound)
}

/// The target with its placeholders filled; names that are not bound stay.
fn fill(to: &str, bound: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = to;
    while let Some(at) = rest.find(':') {
        let behind = &rest[at + 1..];
        let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(behind.len());
        let value = bound.iter().find(|(name, _)| *name == &behind[..end]);
        out.push_str(&rest[..at]);
        match value {
            Some((_, value)) => out.push_str(value),
            None => out.push_str(&rest[at..at + 1 + end]),
        }
        rest = &behind[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
# moved
/home              /
/blog/my-post.php  /blog/my-post 302
/news/:year/:slug  /blog/:year-:slug  301!  # dates
/store id=:id      /shop  301
/app/*             /app/index.html 200
/old/*  https://example.com/new/:splat  301 Country=de
https://site.example/x  /y
/gone  /404.html  404
bad /x
/nothing
/a/*/b /c
/x /y 99
";

    #[test]
    fn rules_match_in_order_with_placeholders_and_splats() {
        let (rules, bad) = Redirections::parse(TEXT);
        for (path, order, to) in [
            ("/home", Order::AfterFiles, Some("301 /")),
            ("/home/", Order::AfterFiles, Some("301 /")),
            ("/home/x", Order::AfterFiles, None),
            ("/blog/my-post.php", Order::AfterFiles, Some("302 /blog/my-post")),
            ("/news/2024/x", Order::BeforeFiles, Some("301 /blog/2024-x")),
            ("/news/2024/x", Order::AfterFiles, None),
            ("/news/2024", Order::BeforeFiles, None),
            ("/store", Order::AfterFiles, Some("301 /shop")),
            ("/app", Order::AfterFiles, Some("200 /app/index.html")),
            ("/app/a/b", Order::AfterFiles, Some("200 /app/index.html")),
            ("/old/a/b", Order::AfterFiles, Some("301 https://example.com/new/a/b")),
            ("/x", Order::AfterFiles, Some("301 /y")),
            ("/gone", Order::AfterFiles, Some("404 /404.html")),
            ("/", Order::AfterFiles, None),
        ] {
            let shown = rules.answer(path, order).map(|answer| format!("{} {}", answer.status, answer.to));
            assert_eq!(shown.as_deref(), to, "{path}");
        }
        let lines: Vec<usize> = bad.iter().map(|bad| bad.line).collect();
        assert_eq!(lines, [11, 12, 13, 14], "{bad:?}");
    }

    proptest::proptest! {
        #[test]
        fn any_file_can_be_read(text in "[/:*a! #0-9=\n]{0,60}", path in "[/a:*]{0,12}") {
            let (rules, _) = Redirections::parse(&text);
            rules.answer(&path, Order::AfterFiles);
        }
    }
}
