//! What can be wrong with an archive: the table of names, and a finding.
//!
//! Names are API: they are added, never renamed. Must not know how a flaw is found.

use serde::{Serialize, Serializer};

/// How much a flaw weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// The archive is at fault: something was lost, or a reader is misled.
    Error,
    /// Worth knowing, and allowed.
    Warning,
}

macro_rules! flaws {
    ($($name:ident, $text:literal, $weight:ident, $meaning:literal;)*) => {
        /// A kind of flaw.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Flaw {
            $(#[doc = $meaning] $name,)*
        }

        impl Flaw {
            /// All of them, in the order of the table.
            pub const ALL: &[Flaw] = &[$(Flaw::$name,)*];

            /// Its name, how much it weighs, what it means.
            pub const fn facts(self) -> (&'static str, Weight, &'static str) {
                match self {
                    $(Flaw::$name => ($text, Weight::$weight, $meaning),)*
                }
            }
        }
    };
}

flaws! {
    FileEmpty, "file.empty", Warning, "There is nothing in the file.";
    FileUnread, "file.unread", Error, "So much of the file is damaged that the rest was not looked at.";
    MemberTorn, "member.torn", Error, "The file ends within a gzip member: a crash, or a copy that was cut off.";
    MemberDamaged, "member.damaged", Error, "A gzip member cannot be unpacked, or its checksum is wrong.";
    MemberGarbage, "member.garbage", Error, "Between or behind the gzip members are bytes that are none.";
    MemberSeveral, "member.several", Error, "A gzip member has more than one record: those behind the first cannot be found by an index.";
    MemberStream, "member.stream", Error, "The whole file is one gzip stream: no record can be found by an index, and replay tools refuse it.";
    RecordGarbage, "record.garbage", Error, "Where a record should begin are bytes that are none.";
    RecordHead, "record.head", Error, "The head of a record cannot be read.";
    RecordLength, "record.length", Error, "A record does not end where its Content-Length says.";
    RecordCut, "record.cut", Error, "The file ends within a record.";
    RecordVersion, "record.version", Error, "A record is neither WARC/1.0 nor WARC/1.1.";
    FieldMissing, "field.missing", Error, "A field is missing that ISO 28500 demands of records of this type.";
    FieldInvalid, "field.invalid", Error, "The value of a field is not of its form.";
    FieldRepeated, "field.repeated", Error, "A field is there twice that may be there once.";
    FieldMisplaced, "field.misplaced", Warning, "A field is there that records of this type do not have.";
    TypeUnknown, "type.unknown", Warning, "ISO 28500 has no records of this type; readers pass over them.";
    IdRepeated, "id.repeated", Error, "Two records have the same WARC-Record-ID.";
    ReferenceMissing, "reference.missing", Error, "A record says that it belongs to another one, which is in none of the files.";
    ReferenceElsewhere, "reference.elsewhere", Warning, "What a record refers to is in none of the files that were named.";
    WarcinfoFirst, "warcinfo.first", Warning, "The first record of the file is no warcinfo: nothing says who wrote it.";
    WarcinfoReference, "warcinfo.reference", Error, "WARC-Warcinfo-ID names a record that is no warcinfo.";
    DigestBlock, "digest.block", Error, "The block of a record is not what its WARC-Block-Digest says.";
    DigestPayload, "digest.payload", Error, "The payload of a record is not what its WARC-Payload-Digest says, neither with chunks nor without.";
    DigestInvalid, "digest.invalid", Error, "A digest is not of the form of its algorithm.";
    DigestUnknown, "digest.unknown", Warning, "A digest is of an algorithm that is not known here (known are sha1, sha256 and sha512).";
    HttpHead, "http.head", Error, "The block of a record is not the HTTP message that its Content-Type says.";
    HttpUnended, "http.unended", Warning, "No blank line ends the head of an HTTP message, as some tools write requests: all of it is taken for head.";
    HttpVersion, "http.version", Error, "The status line is not that of HTTP/1: replay tools refuse it.";
    HttpEncoding, "http.encoding", Error, "Content-Encoding names a coding that the body does not have: browsers cannot read it when it is replayed. A server may have lied, too.";
    HttpChunked, "http.chunked", Error, "Transfer-Encoding says chunked, and the body has no chunks or is not made of them.";
    HttpLength, "http.length", Error, "Content-Length of the response is not the length of the body, and no WARC-Truncated says why.";
    HttpBodyless, "http.bodyless", Warning, "The response has a Content-Length and no body, as answers to HEAD have it.";
}

impl Flaw {
    /// Its name.
    pub const fn name(self) -> &'static str {
        self.facts().0
    }

    /// How much it weighs.
    pub const fn weight(self) -> Weight {
        self.facts().1
    }

    /// What it means.
    pub const fn meaning(self) -> &'static str {
        self.facts().2
    }
}

impl Serialize for Flaw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A flaw, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind.
    pub flaw: Flaw,
    /// How much it weighs.
    pub severity: Weight,
    /// The file, as it was named.
    pub file: String,
    /// Where in the file the record (or its gzip member) begins.
    pub offset: u64,
    /// `WARC-Record-ID` without brackets, if it is known.
    pub record_id: Option<String>,
    /// What the record is about, without credentials.
    pub url: Option<String>,
    /// A sentence.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_flaw_has_a_name_of_its_own_and_a_sentence() {
        let names: HashSet<_> = Flaw::ALL.iter().map(|flaw| flaw.name()).collect();
        assert_eq!(names.len(), Flaw::ALL.len());
        for flaw in Flaw::ALL {
            assert!(flaw.meaning().ends_with('.') && flaw.name().contains('.'), "{flaw:?}");
        }
    }
}
