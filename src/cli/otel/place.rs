//! What the environment says about where spans go and what they are called.
//!
//! <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>. Must not know spans.

use http::{HeaderName, HeaderValue, header};
use percent_encoding::percent_decode_str;
use url::Url;

/// A collector, and the name that we have there.
#[derive(Clone)]
pub struct Place {
    url: Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// `service.name` and what else holds for every span.
    pub resource: Vec<(String, String)>,
}

impl Place {
    /// Where traces go.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// What goes along.
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// Who gets them, in words.
    pub fn host(&self) -> &str {
        &self.url[url::Position::BeforeHost..url::Position::AfterPort]
    }

    /// As the environment says; `None` if it says nothing, or no.
    pub fn of(env: impl Fn(&str) -> Option<String>) -> Result<Option<Place>, String> {
        let env = |name: &str| env(name).filter(|value| !value.trim().is_empty());
        let is_off = env("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
            || env("OTEL_TRACES_EXPORTER").is_some_and(|value| value == "none");
        let own = env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").map(|text| ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", text));
        let all = || env("OTEL_EXPORTER_OTLP_ENDPOINT").map(|text| ("OTEL_EXPORTER_OTLP_ENDPOINT", text));
        let Some((name, text)) = own.or_else(all).filter(|_| !is_off) else { return Ok(None) };
        let protocol = env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL").or_else(|| env("OTEL_EXPORTER_OTLP_PROTOCOL"));
        if let Some(protocol) = protocol.filter(|protocol| protocol == "grpc") {
            return Err(format!("OTEL_EXPORTER_OTLP_PROTOCOL: {protocol} is not spoken; spans go over HTTP"));
        }
        // Its value may hold a password.
        let wrong = || format!("{name}: write an address like http://127.0.0.1:4318");
        let mut url = Url::parse(text.trim()).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong());
        }
        if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
            let path = format!("{}/v1/traces", url.path().trim_end_matches('/'));
            url.set_path(&path);
        }
        let mut headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let fields = env("OTEL_EXPORTER_OTLP_TRACES_HEADERS").or_else(|| env("OTEL_EXPORTER_OTLP_HEADERS"));
        for (name, value) in pairs(&fields.unwrap_or_default()) {
            let field = (HeaderName::try_from(name), HeaderValue::try_from(value));
            let (Ok(name), Ok(value)) = field else {
                return Err("OTEL_EXPORTER_OTLP_HEADERS: write name=value, with commas between them".to_owned());
            };
            headers.push((name, value));
        }
        let mut resource = pairs(&env("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default());
        let named = env("OTEL_SERVICE_NAME");
        if named.is_some() || resource.iter().all(|(key, _)| key != "service.name") {
            resource.retain(|(key, _)| key != "service.name");
            resource.push(("service.name".to_owned(), named.unwrap_or_else(|| "fetchall".to_owned())));
        }
        Ok(Some(Place { url, headers, resource }))
    }
}

/// `key=value,key=value`, percent-decoded as baggage is (W3C Baggage).
fn pairs(text: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| percent_decode_str(text.trim()).decode_utf8_lossy().into_owned();
    let pair = |pair: &str| pair.split_once('=').map(|(key, value)| (decoded(key), decoded(value)));
    text.split(',').filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vars: &[(&str, &str)]) -> Result<Option<Place>, String> {
        Place::of(|name| vars.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_environment_turns_it_on_and_off() {
        let all = "OTEL_EXPORTER_OTLP_ENDPOINT";
        assert!(of(&[]).unwrap().is_none() && of(&[(all, " ")]).unwrap().is_none());
        assert!(of(&[(all, "http://h:4318"), ("OTEL_SDK_DISABLED", "TRUE")]).unwrap().is_none());
        let place = of(&[(all, "http://h:4318/otlp/"), ("OTEL_EXPORTER_OTLP_HEADERS", "X-Key=a%20b,y=c")]);
        let place = place.unwrap().unwrap();
        assert_eq!((place.url(), place.host(), place.headers().len()), ("http://h:4318/otlp/v1/traces", "h:4318", 3));
        assert_eq!(place.headers()[1].1, "a b");
        assert_eq!(place.resource, [("service.name".to_owned(), "fetchall".to_owned())]);
        let place =
            of(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://h/x"), (all, "http://other")]).unwrap().unwrap();
        assert_eq!(place.url(), "http://h/x");
    }

    #[test]
    fn what_cannot_be_used_is_told_without_being_repeated() {
        let all = "OTEL_EXPORTER_OTLP_ENDPOINT";
        for vars in [
            &[(all, "canary")][..],
            &[(all, "ftp://me:canary@h")],
            &[(all, "http://h"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            &[(all, "http://h"), ("OTEL_EXPORTER_OTLP_HEADERS", "a b=canary")],
        ] {
            let told = of(vars).err().unwrap();
            assert!(!told.contains("canary"), "{told}");
        }
    }
}
