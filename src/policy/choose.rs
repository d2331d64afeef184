//! Which requests of a list are made at all, as far as one request tells.
//!
//! The door and the dry run judge alike, because both ask here. Must not know what was seen before.

use ::url::Url;

use super::url::normalise;
use crate::{
    model::{Failure, Request, redact},
    settings::{AssumeScheme, Choose},
};

/// What a request is, before anything is known of the others.
#[derive(Debug)]
pub enum Judgement {
    /// To be fetched, from this URL.
    Wanted(Url),
    /// Left out by the user; the sentence says by what.
    Unwanted(Url, String),
    /// No request that can be made.
    Faulty(Failure),
}

/// Judges a request: can it be read, is it an http URL, do the patterns let it pass?
pub fn judge(request: &Request, assume: AssumeScheme, choose: &Choose) -> Judgement {
    if let Some(fault) = &request.fault {
        return Judgement::Faulty(Failure::clone(fault));
    }
    match normalise(request.url_text(), assume) {
        Err(failure) => Judgement::Faulty(failure),
        Ok(url) => match request.excluded().map(str::to_owned).or_else(|| unwanted(&url, choose)) {
            Some(message) => Judgement::Unwanted(url, message),
            None => Judgement::Wanted(url),
        },
    }
}

/// By which pattern the user left the URL out, as a sentence; `None` if it is wanted.
pub fn unwanted(url: &Url, choose: &Choose) -> Option<String> {
    let (include, exclude) = (&choose.include, &choose.exclude);
    if include.is_empty() && exclude.is_empty() {
        return None;
    }
    let text = redact::url(url);
    if let Some(pattern) = exclude.iter().find(|pattern| pattern.is_match(&text)) {
        return Some(format!("matches --exclude {}", pattern.as_str()));
    }
    let wanted = include.is_empty() || include.iter().any(|pattern| pattern.is_match(&text));
    (!wanted).then(|| "matches no --include".to_owned())
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn exclusion_goes_before_inclusion_and_faults_before_both() {
        let pattern = |text: &str| vec![Regex::new(text).unwrap()];
        let choose = Choose { include: pattern("/a"), exclude: pattern("b$"), ..Choose::default() };
        let told = |request: Request| match judge(&request, AssumeScheme::Https, &choose) {
            Judgement::Wanted(url) => url.to_string(),
            Judgement::Unwanted(_, message) => message,
            Judgement::Faulty(failure) => failure.code.to_string(),
        };
        assert_eq!(told(Request::get("h/a")), "https://h/a");
        assert_eq!(told(Request::get("h/ab")), "matches --exclude b$");
        assert_eq!(told(Request::get("h/c")), "matches no --include");
        let mut left_out = Request::get("h/a");
        left_out.wish_mut().excluded = Some("too old".into());
        assert_eq!(told(left_out), "too old");
        assert_eq!(told(Request::get("ftp://h/a")), "url.scheme");
        assert_eq!(told(Request::unreadable("h/a", "x")), "url.invalid");
    }
}
