//! What pages say when they are not what was linked to: nothing here, for sale, sign in, prove
//! that you are human.
//!
//! Rather miss one than accuse a good page: titles are compared part by part, texts only where a
//! page has few words. Must not know statuses.

/// Titles (or parts of titles between separators) of pages that say that there is nothing.
const NOTHING_TITLES: &[&str] = &[
    "404",
    "404 not found",
    "404 error",
    "404 page",
    "404 page not found",
    "404 file not found",
    "error 404",
    "error 404 not found",
    "http 404",
    "http error 404",
    "410 gone",
    "not found",
    "not found 404",
    "page not found",
    "page not found 404",
    "file not found",
    "content not found",
    "article not found",
    "product not found",
    "the page cannot be found",
    "page cannot be found",
    "page can't be found",
    "page does not exist",
    "page doesn't exist",
    "this page does not exist",
    "this page doesn't exist",
    "sorry, page not found",
    "oops! page not found",
    "page no longer available",
    "page unavailable",
    "video unavailable",
    "seite nicht gefunden",
    "seite wurde nicht gefunden",
    "nicht gefunden",
    "page introuvable",
    "page non trouvée",
    "erreur 404",
    "página no encontrada",
    "error 404 página no encontrada",
    "página não encontrada",
    "pagina non trovata",
    "errore 404",
    "pagina niet gevonden",
    "nie znaleziono strony",
    "strona nie znaleziona",
    "страница не найдена",
    "ページが見つかりません",
    "页面未找到",
    "找不到页面",
];

/// The same in the text of a short page.
const NOTHING_TEXTS: &[&str] = &[
    "404 not found",
    "page not found",
    "page could not be found",
    "page cannot be found",
    "page can't be found",
    "page was not found",
    "page you are looking for does not exist",
    "page you are looking for doesn't exist",
    "page you are looking for could not be found",
    "page you're looking for doesn't exist",
    "page you requested could not be found",
    "page you requested does not exist",
    "this page does not exist",
    "this page doesn't exist",
    "seite wurde nicht gefunden",
    "seite konnte nicht gefunden werden",
    "page demandée n'existe pas",
    "page est introuvable",
    "página no existe",
    "страница не найдена",
];

/// What parked domains say, in title or text.
const PARKED: &[&str] = &[
    "domain is for sale",
    "domain may be for sale",
    "domain for sale",
    "domain name is for sale",
    "buy this domain",
    "domain is parked",
    "parked domain",
    "parked free, courtesy of",
    "this domain has been registered",
    "domain has expired and is pending renewal",
    "inquire about this domain",
    "domain parking",
    "related searches sponsored listings",
    "diese domain steht zum verkauf",
    "diese domain kaufen",
    "ce nom de domaine est à vendre",
    "este dominio está en venta",
];

/// Markets of domains: who is sent there has reached a domain for sale.
const MARKETS: &[&str] = &[
    "hugedomains.com",
    "sedo.com",
    "sedoparking.com",
    "dan.com",
    "afternic.com",
    "bodis.com",
    "parkingcrew.net",
    "undeveloped.com",
    "domainmarket.com",
    "buydomains.com",
];

/// Titles of pages that ask whether one is human.
const CHALLENGES: &[&str] = &[
    "just a moment...",
    "attention required! | cloudflare",
    "access denied",
    "are you a robot?",
    "are you human?",
    "robot check",
    "security check",
    "bot verification",
    "human verification",
    "verifying you are human",
    "please wait... | cloudflare",
    "ddos-guard",
    "pardon our interruption",
    "client challenge",
    "one moment, please...",
    "making sure you're not a bot!",
];

/// Parts of paths that sign-in pages have.
const LOGIN_PARTS: &[&str] = &[
    "login",
    "log-in",
    "log_in",
    "signin",
    "sign-in",
    "sign_in",
    "sso",
    "oauth",
    "oauth2",
    "saml",
    "auth",
    "authwall",
    "authorize",
    "authenticate",
    "servicelogin",
    "login.php",
    "login.html",
    "login.aspx",
    "wp-login.php",
];

/// First labels of hosts that are for signing in.
const LOGIN_HOSTS: &[&str] = &["login", "accounts", "account", "signin", "sso", "auth", "idp", "id", "passport"];

/// A page with more characters than this has something to say.
const SHORT_CHARS: usize = 2_000;

/// Text that is looked at, in bytes from its start.
const LOOKED_AT: usize = 8_192;

/// Whether a title or a short text says that there is nothing.
pub fn says_nothing_here(title: Option<&str>, text: Option<&str>) -> bool {
    title.is_some_and(|title| parts(title).any(|part| NOTHING_TITLES.contains(&part.as_str())))
        || short(text).is_some_and(|text| NOTHING_TEXTS.iter().any(|phrase| text.contains(phrase)))
}

/// Whether a title or a short text says that the domain is for sale or parked.
pub fn says_parked(title: Option<&str>, text: Option<&str>) -> bool {
    let has = |text: &str| PARKED.iter().any(|phrase| text.contains(phrase));
    title.is_some_and(|title| has(&plain(title))) || short(text).is_some_and(|text| has(&text))
}

/// Whether a host is a market of domains.
pub fn is_market(host: &str) -> bool {
    MARKETS.iter().any(|market| host.strip_suffix(market).is_some_and(|sub| sub.is_empty() || sub.ends_with('.')))
}

/// Whether a title is that of a page that asks whether one is human.
pub fn is_challenge(title: &str) -> bool {
    let title = plain(title);
    CHALLENGES.contains(&title.as_str())
}

/// Whether host or path are those of a sign-in page.
pub fn is_login(host: &str, path: &str) -> bool {
    let first = host.split('.').next().unwrap_or_default();
    let is_host = LOGIN_HOSTS.contains(&first) && host.split('.').count() > 2;
    let lower = path.to_ascii_lowercase();
    is_host || lower.split('/').any(|part| LOGIN_PARTS.contains(&part))
}

/// Lower case, white space folded, typographic apostrophes made plain.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase().replace('\u{2019}', "'")
}

/// The parts of a title between separators, without punctuation around them, and the whole of it
/// with its separators as blanks.
fn parts(title: &str) -> impl Iterator<Item = String> {
    let title = plain(title);
    let marks = |c: char| matches!(c, '|' | '·' | '•' | '–' | '—' | ':' | '»' | '«' | '/' | '(' | ')' | '[' | ']');
    let trim = |part: &str| part.trim_matches(|c: char| c.is_whitespace() || "-.!".contains(c)).to_owned();
    let split: Vec<String> = title.split(marks).flat_map(|part| part.split(" - ")).map(trim).collect();
    let whole = split.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    split.into_iter().chain([whole])
}

/// The text in lower case if the page has few words.
fn short(text: Option<&str>) -> Option<String> {
    let text = text?;
    if text.len() > LOOKED_AT {
        return None;
    }
    let plain = plain(text);
    (plain.chars().count() <= SHORT_CHARS).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_that_say_nothing_are_told_from_pages_about_it() {
        for (title, is_nothing) in [
            ("404", true),
            ("404 Not Found", true),
            ("404 - Not Found", true),
            ("Page not found · GitHub Pages", true),
            ("Page Not Found | Example", true),
            ("Example — Seite nicht gefunden!", true),
            ("Oops! Page not found", true),
            ("HTTP 404 - Wikipedia", true),
            ("404 Not Found - HTTP | MDN", true),
            ("Peugeot 404", false),
            ("How to make a good 404 page", false),
            ("Lost and not found", false),
            ("", false),
        ] {
            assert_eq!(says_nothing_here(Some(title), None), is_nothing, "{title}");
        }
        let long = format!("page not found {}", "word ".repeat(600));
        assert!(says_nothing_here(None, Some("Sorry.\n The page  you’re looking for doesn’t exist.")));
        assert!(!says_nothing_here(None, Some(&long)));
    }

    #[test]
    fn parked_domains_challenges_and_sign_in_pages_are_known() {
        assert!(says_parked(Some("example.com - Domain is for sale"), None));
        assert!(says_parked(None, Some("Buy this domain now")));
        assert!(!says_parked(Some("Domains"), Some("We sell furniture")));
        assert!(is_market("www.hugedomains.com") && is_market("dan.com") && !is_market("jordan.com"));
        assert!(is_challenge("Just a moment...") && !is_challenge("Just a moment in time"));
        for (host, path, is) in [
            ("example.com", "/login", true),
            ("example.com", "/a/Sign-In", true),
            ("accounts.example.com", "/v3/x", true),
            ("id.com", "/", false),
            ("example.com", "/blog/login-tips", false),
            ("example.com", "/", false),
        ] {
            assert_eq!(is_login(host, path), is, "{host}{path}");
        }
    }
}
