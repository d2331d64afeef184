//! URLs that a site makes up without end, known by their looks: loops of folders, queries that grow,
//! calendars.
//!
//! A crawl leaves them out; asked for by itself, each would be fetched. Sessions in URLs are no trap
//! here: they are no part of what a page is known by (`policy::canonical::identity`), so their number
//! does not matter. Must not know what came before (that is `counts`).

use std::{collections::HashMap, fmt, ops::RangeInclusive};

use ::url::Url;

use crate::model::Code;

/// What an ordinary URL keeps to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrapLimits {
    /// Bytes of the whole URL. Twice what browsers once took (2,083), a quarter of what is fetched.
    pub url: usize,
    /// Segments of the path; an empty last one, behind a slash, is none.
    pub segments: usize,
    /// How often one segment stands in the path, next to each other or not; numbers may stand in it as
    /// often as they like.
    pub same_segment: usize,
    /// Bytes of the query.
    pub query: usize,
    /// How often one name stands in the query: lists of choices have it several times.
    pub same_name: usize,
    /// Years of dates in path and query that can have pages.
    pub years: RangeInclusive<u16>,
}

impl TrapLimits {
    /// The defaults, in a year of our calendar: dates from 1970 until the year after the next.
    ///
    /// Archives of newspapers go further back: whoever crawls one has to widen `years`, or to do without
    /// these rules.
    pub fn in_year(year: u16) -> Self {
        let years = 1970..=year.saturating_add(2);
        TrapLimits { url: 4096, segments: 20, same_segment: 2, query: 2048, same_name: 10, years }
    }
}

/// Why a URL is left out: what there is too much of, and what was allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trap {
    /// The URL has more bytes.
    LongUrl(usize),
    /// The path has more segments.
    DeepPath(usize),
    /// The path has one segment more often.
    RepeatedSegment(usize),
    /// The query has more bytes.
    LongQuery(usize),
    /// The query has one name more often.
    RepeatedName(usize),
    /// Path or query have a date in this year, in which nothing can have happened.
    Year(u16),
    /// That many queries of this path, found on itself, showed nothing new.
    ManyQueries(u32),
    /// That many pages of this host were taken before.
    ManyPages(u32),
}

impl Trap {
    /// The code of the skip.
    pub fn code(self) -> Code {
        match self {
            Trap::ManyPages(_) => Code::BudgetPages,
            _ => Code::BudgetTrap,
        }
    }
}

/// The sentence for the record of a skip. It is the same for all URLs left out for the same reason, so
/// that they can be counted.
impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trap::LongUrl(most) => write!(f, "the URL is longer than {most} bytes"),
            Trap::DeepPath(most) => write!(f, "the path has more than {most} segments"),
            Trap::RepeatedSegment(most) => write!(f, "the path has the same segment more than {most} times"),
            Trap::LongQuery(most) => write!(f, "the query is longer than {most} bytes"),
            Trap::RepeatedName(most) => write!(f, "the query has the same name more than {most} times"),
            Trap::Year(year) => write!(f, "a calendar without end: the year {year}"),
            Trap::ManyQueries(most) => write!(f, "{most} queries of this path led to nothing new"),
            Trap::ManyPages(most) => write!(f, "{most} pages of this host were taken before"),
        }
    }
}

/// What is wrong with a URL by its looks, cheapest question first; `None` for an ordinary one.
pub fn trap(url: &Url, limits: &TrapLimits) -> Option<Trap> {
    if url.as_str().len() > limits.url {
        return Some(Trap::LongUrl(limits.url));
    }
    let path = url.path();
    let path = path.strip_prefix('/').unwrap_or(path);
    let segments = path.strip_suffix('/').unwrap_or(path);
    if !segments.is_empty() && segments.split('/').count() > limits.segments {
        return Some(Trap::DeepPath(limits.segments));
    }
    // Numbers are days, chapters, verses; an empty segment is a slash too many.
    let is_word = |segment: &&str| segment.bytes().any(|byte| !byte.is_ascii_digit());
    if too_often(segments.split('/').filter(is_word), limits.same_segment) {
        return Some(Trap::RepeatedSegment(limits.same_segment));
    }
    let query = url.query().unwrap_or_default();
    if query.len() > limits.query {
        return Some(Trap::LongQuery(limits.query));
    }
    let names = query.split('&').filter_map(|part| part.split('=').next()).filter(|name| !name.is_empty());
    if too_often(names, limits.same_name) {
        return Some(Trap::RepeatedName(limits.same_name));
    }
    let years = years_of_path(segments).chain(years_of_query(query));
    years.into_iter().find(|year| !limits.years.contains(year)).map(Trap::Year)
}

/// Words above which a table is worth its making; most URLs have fewer than ten.
const FEW: usize = 24;

fn too_often<'a>(words: impl Iterator<Item = &'a str> + Clone, most: usize) -> bool {
    if words.clone().nth(FEW).is_none() {
        let count = |word: &str| words.clone().filter(|other| *other == word).count();
        return words.clone().skip(most).any(|word| count(word) > most);
    }
    let mut counts = HashMap::new();
    words.into_iter().any(|word| {
        let count = counts.entry(word).or_insert(0_usize);
        *count += 1;
        *count > most
    })
}

/// Years in which a date is a date; other numbers of four digits count things.
const PLAUSIBLE: RangeInclusive<u16> = 1900..=2199;

/// Years of the dates in a path, which are whole segments: `/2031/05`, `/2031/05/17`, `/2031-05-17`. The
/// month has two digits, because `/5000/3` is the third page of topic 5000.
fn years_of_path(path: &str) -> impl Iterator<Item = u16> {
    let pairs = path.split('/').zip(path.split('/').skip(1));
    let parted = pairs.filter_map(|(year, month)| year_of(year).filter(|_| month.len() == 2 && is_month(month)));
    parted.chain(path.split('/').filter_map(year_of_day))
}

/// Years of the dates in a query: a value such as `2031-05-17`, a `month` or `date` such as `2031-05`, or
/// `year=2031` beside `month=5`.
fn years_of_query(query: &str) -> impl Iterator<Item = u16> {
    let pairs = || query.split('&').filter_map(|part| part.split_once('='));
    let month = pairs().any(|(name, value)| matches!(name, "month" | "mon" | "m") && is_month(value));
    let year = move |name: &str, value| year_of(value).filter(|_| month && matches!(name, "year" | "yr" | "y"));
    let of_month = |name: &str, value| year_of_month(value).filter(|_| matches!(name, "month" | "date" | "day" | "ym"));
    pairs().filter_map(move |(name, value)| {
        year_of_day(value).or_else(|| of_month(name, value)).or_else(|| year(name, value))
    })
}

fn year_of(text: &str) -> Option<u16> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|year| PLAUSIBLE.contains(year))
}

/// One or two digits from 1 to 12.
fn is_month(text: &str) -> bool {
    number_up_to(text, 12)
}

fn number_up_to(text: &str, most: u8) -> bool {
    let digits = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && text.parse().is_ok_and(|number: u8| (1..=most).contains(&number))
}

/// The year of `2031-05`.
fn year_of_month(text: &str) -> Option<u16> {
    let (year, month) = text.split_once('-')?;
    is_month(month).then(|| year_of(year)).flatten()
}

/// The year of `2031-05-17`.
fn year_of_day(text: &str) -> Option<u16> {
    let (month, day) = text.rsplit_once('-')?;
    number_up_to(day, 31).then(|| year_of_month(month)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tail: &str) -> Option<Trap> {
        trap(&Url::parse(&format!("http://h/{tail}")).unwrap(), &TrapLimits::in_year(2026))
    }

    #[test]
    fn ordinary_urls_are_no_traps() {
        for tail in [
            "",
            "a/b/c.html?x=1&y=2#z",
            "a/a/b",
            "a/b/a/c",
            "2026/05/17/title",
            "1970/1/",
            "t/some-topic/5000/3",
            "forum/1234/2",
            "part/5820-10",
            "part/5820-10-11",
            "part/2050-10",
            "archive/2001/01/01/01/",
            "bible/1/1/1",
            "item?ref=1050-10",
            "item?ref=2050-10",
            "x?y=5000&m=3",
            "2031/5",
            "0001-01-01",
            "2028/12/",
            "2031/title",
            "9999",
            "2031/13",
            "product/2031-99",
            "?id=2031&month=5",
            "?year=2031",
            "?f=1&f=2&f=3",
            "x;jsessionid=1234567890",
            "2031-05-17T10:00",
            "/////",
        ] {
            assert_eq!(found(tail), None, "{tail}");
        }
    }

    #[test]
    fn each_limit_is_met_exactly() {
        let url = |bytes: usize| "a".repeat(bytes - "http://h/".len());
        assert_eq!((found(&url(4096)), found(&url(4097))), (None, Some(Trap::LongUrl(4096))));
        let path = |segments: usize| (0..segments).map(|n| format!("{n}/")).collect::<String>();
        assert_eq!((found(&path(20)), found(&path(21))), (None, Some(Trap::DeepPath(20))));
        assert_eq!(found(path(21).trim_end_matches('/')), Some(Trap::DeepPath(20)));
        let query = |bytes: usize| format!("?{}", "q".repeat(bytes));
        assert_eq!((found(&query(2048)), found(&query(2049))), (None, Some(Trap::LongQuery(2048))));
        let names = |count: usize| format!("?{}", "f=1&".repeat(count));
        assert_eq!((found(&names(10)), found(&names(11))), (None, Some(Trap::RepeatedName(10))));
    }

    #[test]
    fn a_segment_stands_twice_at_most() {
        for tail in ["a/a/a", "a/b/a/b/a", "a/b/c/a/d/a/x.html", "7a/1/7a/1/7a"] {
            assert_eq!(found(tail), Some(Trap::RepeatedSegment(2)), "{tail}");
        }
    }

    #[test]
    fn calendars_end() {
        for (tail, year) in [
            ("2029/01/", 2029),
            ("cal/1969/12/31", 1969),
            ("cal/2029/12/31/x", 2029),
            ("cal/2029-01-31", 2029),
            ("cal?month=2029-01", 2029),
            ("cal?from=2029-01-02", 2029),
            ("cal?date=1969-12-31&x", 1969),
            ("cal?year=2029&month=1", 2029),
            ("cal?m=12&y=1969", 1969),
            ("2026/05/2031/06", 2031),
        ] {
            assert_eq!(found(tail), Some(Trap::Year(year)), "{tail}");
        }
    }

    #[test]
    fn a_trap_has_a_code_and_a_sentence() {
        let told = |trap: Trap| format!("{}: {trap}", trap.code());
        assert_eq!(told(Trap::RepeatedSegment(2)), "budget.trap: the path has the same segment more than 2 times");
        assert_eq!(told(Trap::Year(2099)), "budget.trap: a calendar without end: the year 2099");
        assert_eq!(told(Trap::ManyPages(9)), "budget.pages: 9 pages of this host were taken before");
    }

    proptest::proptest! {
        #[test]
        fn any_url_can_be_judged(tail in "[/?&=0-9a-b;-]{0,60}") {
            let seen = found(&tail);
            if let Some(Trap::Year(year)) = seen {
                proptest::prop_assert!(PLAUSIBLE.contains(&year) && !(1970..=2028).contains(&year));
            }
        }
    }
}
