//! Lists that are packed by gzip, unpacked while they are read.
//!
//! Told by the first two bytes, which no text begins with. Must not know what is in a list.

use std::io::{self, BufReader, Cursor, ErrorKind, Read};

use flate2::read::MultiGzDecoder;

/// How gzip begins (RFC 1952, 2.3.1).
pub(super) const MARK: [u8; 2] = [0x1f, 0x8b];

/// The input as it is meant. Waits for its first two bytes.
pub(super) fn unpacked(mut input: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    let mut first = Vec::with_capacity(MARK.len());
    while first.len() < MARK.len() {
        let mut byte = [0];
        match input.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => first.extend_from_slice(&byte),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let is_packed = first == MARK;
    let whole = Cursor::new(first).chain(input);
    Ok(if is_packed {
        Box::new(MultiGzDecoder::new(BufReader::with_capacity(64 << 10, whole)))
    } else {
        Box::new(whole)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn read(bytes: Vec<u8>) -> io::Result<String> {
        io::read_to_string(unpacked(Box::new(Cursor::new(bytes)))?)
    }

    fn packed(text: &str) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn packed_or_not_it_reads_the_same() {
        for text in ["", "a", "ab", "https://h/\n"] {
            assert_eq!(read(text.as_bytes().to_vec()).unwrap(), text);
            assert_eq!(read(packed(text)).unwrap(), text);
        }
        assert_eq!(read([packed("one "), packed("two")].concat()).unwrap(), "one two");
    }

    #[test]
    fn what_is_cut_short_is_an_error() {
        let whole = packed(&"https://h/\n".repeat(99));
        assert!(read(whole[..whole.len() - 9].to_vec()).is_err());
        assert!(read(vec![0x1f, 0x8b]).is_err());
    }
}
