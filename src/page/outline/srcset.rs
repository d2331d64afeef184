//! `srcset` and `imagesrcset`: images to choose from.

use std::ops::Range;

/// Where the addresses stand in a `srcset`, those of bad candidates left out (HTML standard,
/// 4.8.4.3.10, "parse a srcset attribute").
pub(super) fn addresses(value: &str) -> Vec<Range<usize>> {
    let bytes = value.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at += length(bytes, at, |byte| is_space(byte) || byte == b',');
        if at >= bytes.len() {
            return found;
        }
        let start = at;
        at += length(bytes, at, |byte| !is_space(byte));
        let address = value.get(start..at).unwrap_or_default();
        let cut = address.trim_end_matches(',');
        let ended = cut.len() < address.len();
        let descriptors = at..if ended { at } else { descriptors_end(bytes, at) };
        at = descriptors.end;
        if are_fine(value.get(descriptors).unwrap_or_default()) {
            found.push(start..start + cut.len());
        }
    }
}

/// Bytes from `at` on that are so.
fn length(bytes: &[u8], at: usize, is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().skip(at).take_while(|&&byte| is(byte)).count()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

/// The next comma outside of brackets.
fn descriptors_end(bytes: &[u8], from: usize) -> usize {
    let mut bracketed = false;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'(' => bracketed = true,
            b')' => bracketed = false,
            b',' if !bracketed => return at,
            _ => {}
        }
    }
    bytes.len()
}

/// Whether these say a width, a density or nothing, each once.
fn are_fine(descriptors: &str) -> bool {
    let (mut width, mut density, mut height) = (false, false, false);
    for word in descriptors.split([' ', '\t', '\n', '\r', '\x0c']).filter(|word| !word.is_empty()) {
        let fine = if let Some(number) = word.strip_suffix('w') {
            is_positive(number) && !density && !std::mem::replace(&mut width, true)
        } else if let Some(number) = word.strip_suffix('x') {
            is_density(number) && !width && !height && !std::mem::replace(&mut density, true)
        } else if let Some(number) = word.strip_suffix('h') {
            is_positive(number) && !density && !std::mem::replace(&mut height, true)
        } else {
            false
        };
        if !fine {
            return false;
        }
    }
    width || !height
}

fn is_positive(number: &str) -> bool {
    number.bytes().all(|byte| byte.is_ascii_digit()) && number.bytes().any(|byte| byte != b'0')
}

/// Whether it is a valid floating-point number (HTML standard, 2.3.4.3) and not negative.
fn is_density(number: &str) -> bool {
    let plain = number.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '-')
        && number.ends_with(|c: char| c.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    plain && number.parse::<f64>().is_ok_and(|number| number >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Vec<&str> {
        addresses(value).into_iter().map(|part| &value[part]).collect()
    }

    #[test]
    fn candidates_are_read_as_the_standard_says() {
        for (value, want) in [
            ("a", &["a"] as &[&str]),
            ("a 1x, b 2x", &["a", "b"]),
            ("a 1x,b 2x", &["a", "b"]),
            ("a,b", &["a,b"]),
            ("a, b", &["a", "b"]),
            ("a,, ,b,", &["a", "b"]),
            (" ,\n a\t100w ,\n b 200w ", &["a", "b"]),
            ("a 100w 50h, b 50h", &["a"]),
            ("a 1.5x, b 1e1x, c .5x, d 0x, e -0x, f +1x, g 1.x, h -1x, i NaNx, j infx", &["a", "b", "c", "d", "e"]),
            ("a 0w, b -1w, c 1.5w, d w, e 1w 2w, f 1w 1x, g 1x 1w, h x", &[]),
            ("a 1q, b (1, 2)x, c", &["c"]),
            ("data:image/png;base64,R0lG 1x, b 2x", &["data:image/png;base64,R0lG", "b"]),
            ("a (", &[]),
            ("a\u{a0}b 1x", &["a\u{a0}b"]),
            ("", &[]),
            (" , ", &[]),
        ] {
            assert_eq!(of(value), want, "{value}");
        }
    }
}
