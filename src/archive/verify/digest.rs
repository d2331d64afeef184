//! Digests as records state them, and digests of what is read. Pure.

use data_encoding::{BASE32_NOPAD, HEXLOWER_PERMISSIVE};
use sha2::Digest as _;

/// Why a stated digest cannot be held against anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOne {
    /// The algorithm is not known here.
    Unknown,
    /// It is not of the form of its algorithm.
    Malformed,
}

/// A digest that is being made of what comes along, to be held against one that was stated.
#[derive(Clone)]
pub struct Digest {
    stated: Vec<u8>,
    made: Made,
}

#[derive(Clone)]
enum Made {
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl Digest {
    /// Reads `algorithm:value`, the value in hex or base32.
    ///
    /// # Errors
    /// It is none, or none that is known.
    pub fn of(text: &str) -> Result<Digest, NotOne> {
        let (algorithm, value) = text.split_once(':').ok_or(NotOne::Malformed)?;
        let (made, length) = match algorithm.trim().to_ascii_lowercase().as_str() {
            "sha1" | "sha-1" => (Made::Sha1(sha1::Sha1::new()), 20),
            "sha256" | "sha-256" => (Made::Sha256(sha2::Sha256::new()), 32),
            "sha512" | "sha-512" => (Made::Sha512(sha2::Sha512::new()), 64),
            _ => return Err(NotOne::Unknown),
        };
        let value = value.trim();
        let stated = match value.len() == 2 * length {
            true => HEXLOWER_PERMISSIVE.decode(value.as_bytes()).ok(),
            false => BASE32_NOPAD.decode(value.trim_end_matches('=').to_ascii_uppercase().as_bytes()).ok(),
        };
        let stated = stated.filter(|stated| stated.len() == length).ok_or(NotOne::Malformed)?;
        Ok(Digest { stated, made })
    }

    /// More of the content.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.made {
            Made::Sha1(made) => made.update(bytes),
            Made::Sha256(made) => made.update(bytes),
            Made::Sha512(made) => made.update(bytes),
        }
    }

    /// Whether the content was what was stated.
    pub fn holds(self) -> bool {
        match self.made {
            Made::Sha1(made) => made.finalize()[..] == self.stated[..],
            Made::Sha256(made) => made.finalize()[..] == self.stated[..],
            Made::Sha512(made) => made.finalize()[..] == self.stated[..],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_any_hand_are_understood() {
        let sha256 = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        let in_base32 = data_encoding::BASE32.encode(&data_encoding::HEXUPPER.decode(sha256.as_bytes()).unwrap());
        for text in [
            "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5",
            "SHA-1:vgmt4nsha2awvor6evyxqugcnsonbwe5",
            "sha1:a9993e364706816aba3e25717850c26c9cd0d89d",
            &format!("sha256:{sha256}"),
            &format!("sha-256:{}", sha256.to_lowercase()),
            &format!("sha256:{in_base32}"),
            &format!("sha256:{}", in_base32.trim_end_matches('=')),
        ] {
            let holds = |content: &str| {
                let mut digest = Digest::of(text).map_err(|not| format!("{text}: {not:?}")).unwrap();
                content.as_bytes().chunks(2).for_each(|piece| digest.update(piece));
                digest.holds()
            };
            assert!(holds("abc") && !holds("abd"), "{text}");
        }
    }

    #[test]
    fn what_is_no_digest_is_told_apart_from_what_is_not_known() {
        let why = |text| Digest::of(text).err();
        assert_eq!(why("md5:900150983cd24fb0d6963f7d28e17f72"), Some(NotOne::Unknown));
        for text in ["", "sha1", "sha1:", "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE", "sha256:xyz", "sha1:ä", "sha1:====="]
        {
            assert_eq!(why(text), Some(NotOne::Malformed), "{text}");
        }
    }
}
