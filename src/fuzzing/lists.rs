//! Lists: of lines, of JSON, of rows.

use super::tools::{QUICK, choice, is_strict_json, lengthened, within};
use crate::{
    model::{Ending, Record, Request, Visit, record::Heavy},
    policy::url::normalise,
    settings::AssumeScheme,
    sink::fuzzing::line,
    source::{Format, Options, fuzzing},
};

/// Sizes of the pieces that a list comes in.
const PIECES: [usize; 6] = [1, 2, 3, 7, 64, 4096];

/// The size of the pieces that a list comes in; what is long in small ones takes too much time.
fn piece(choice: usize, data: &[u8]) -> usize {
    if data.len() > 8 << 10 { 4 << 10 } else { PIECES[choice % PIECES.len()] }
}

fn options(format: Format) -> Options {
    Options { format: Some(format), ..Options::default() }
}

/// What of a request must not depend on how its list came in.
fn told(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|request| format!("{request:?}")).collect()
}

/// A list gives the same, in pieces and whole.
fn in_any_pieces(data: &[u8], options: &Options, size: usize) -> Vec<Request> {
    let (whole, end) = fuzzing::requests(data, options, usize::MAX);
    let (pieces, other_end) = fuzzing::requests(data, options, size);
    assert_eq!(end, other_end);
    assert_eq!(told(&whole), told(&pieces));
    whole
}

fn is_packed(data: &[u8]) -> bool {
    data.starts_with(b"\x1f\x8b")
}

/// Each line that is neither blank nor a comment gives one request, as it stands there, or one error.
pub fn url_lists(data: &[u8]) {
    let (size, data) = choice(data);
    let data = lengthened(data);
    let size = piece(size, &data);
    in_any_pieces(&data, &Options::default(), size);
    let requests = within(4 * QUICK, "a list of URLs", || in_any_pieces(&data, &options(Format::Lines), size));
    if is_packed(&data) {
        return;
    }
    let lines = data.split(|&byte| byte == b'\n').map(String::from_utf8_lossy);
    let wanted = lines.filter_map(|line| {
        let text = line.trim().trim_start_matches('\u{feff}').trim_start().to_owned();
        (!text.is_empty() && !text.starts_with('#')).then_some(text)
    });
    let wanted: Vec<String> = wanted.collect();
    assert_eq!(requests.len(), wanted.len());
    for (request, text) in requests.iter().zip(&wanted) {
        assert!(text.starts_with(&*request.input), "{:?} of {text:?}", request.input);
        assert!(request.fault.is_some() || *request.input == **text);
        if request.fault.is_none()
            && let Ok(url) = normalise(request.url_text(), AssumeScheme::Https)
        {
            assert!(matches!(url.scheme(), "http" | "https") && url.has_host());
        }
    }
}

/// Each line that is not blank gives one request or one error; each of them has a record that is strict
/// JSON, and is the same request when it is read again.
pub fn json_requests(data: &[u8]) {
    let (size, data) = choice(data);
    let data = lengthened(data);
    let size = piece(size, &data);
    in_any_pieces(&data, &options(Format::Json), size);
    let requests = within(8 * QUICK, "JSON Lines", || in_any_pieces(&data, &options(Format::Jsonl), size));
    if !is_packed(&data) {
        let text = data.split(|&byte| byte == b'\n').map(String::from_utf8_lossy);
        let is_wanted = |line: &str| !line.trim_start_matches('\u{feff}').trim().is_empty();
        assert_eq!(requests.len(), text.filter(|line| is_wanted(line)).count());
    }
    for (seq, request) in requests.into_iter().enumerate() {
        again(seq as u64, request);
    }
}

/// A request, its record, and what is read from that.
fn again(seq: u64, request: Request) {
    let (text, fault) = (request.url_text().to_owned(), request.fault.clone());
    let url = normalise(&text, AssumeScheme::Https).ok().filter(|_| fault.is_none());
    let wish = request.wish.clone().unwrap_or_default();
    let method = wish.method.clone().filter(|method| *method != http::Method::GET);
    let ending = fault.map_or(Ending::Ok, |failure| Ending::Error(*failure));
    let record = Record::of(Visit::refused(seq, request, url.clone(), ending), Heavy::default());
    let json = line(&record);
    let json = json.strip_suffix(b"\n").expect("a record is a line");
    is_strict_json(json);
    let (read, end) = fuzzing::requests(json, &options(Format::Jsonl), usize::MAX);
    assert!(end.is_none() && read.len() == 1, "{} {end:?}", String::from_utf8_lossy(json));
    let other = read[0].wish.clone().unwrap_or_default();
    let raw = |value: &Option<Box<serde_json::value::RawValue>>| value.as_ref().map(|value| value.get().to_owned());
    assert_eq!(raw(&wish.id), raw(&other.id));
    // Control characters and the like are escaped, and mean the same.
    assert_eq!(wish.tags.is_some(), other.tags.is_some());
    if read[0].fault.is_none() && url.is_some() {
        assert_eq!(method, other.method);
    }
    if let Some(url) = url.filter(|url| url.username().is_empty() && url.password().is_none() && url.query().is_none())
    {
        assert_eq!(read[0].url_text(), url.as_str(), "{}", String::from_utf8_lossy(json));
    }
}

/// Rows are read alike in any pieces, and a row that never ends is held in bounded memory.
pub fn csv_lists(data: &[u8]) {
    let (kind, data) = choice(data);
    let data = lengthened(data);
    let size = piece(kind, &data);
    let format = if kind & 0x80 == 0 { Format::Csv } else { Format::Tsv };
    let requests = within(8 * QUICK, "a table", || in_any_pieces(&data, &options(format), size));
    for request in requests.iter().filter(|request| request.fault.is_none()) {
        assert!(!request.input.is_empty() && request.input.trim() == &*request.input, "{:?}", request.input);
    }
    let most = data.iter().filter(|&&byte| matches!(byte, b'\n' | b'\r')).count() + 1;
    assert!(requests.len() <= most || is_packed(&data), "{} of {most} lines", requests.len());
    within(8 * QUICK, "a table with long rows", || fuzzing::table(&data, format, 256, size.max(64)));
}
