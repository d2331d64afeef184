//! What the answer to a request for robots.txt means, before a byte of it is read. Must not know
//! rules.

use crate::model::Code;

/// What may be fetched from a host, as far as the fetch of its robots.txt tells (RFC 9309, section
/// 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// There is a file: its rules hold.
    Rules,
    /// There is none: everything may be fetched.
    #[default]
    Open,
    /// It cannot be had for now: nothing may be fetched.
    Closed,
}

impl Access {
    /// After the final status, redirects followed.
    ///
    /// 2xx has rules. 4xx means that there is no file, 401 and 403 among them; and so does a 3xx that
    /// leads nowhere, which is treated as 404. 5xx, 429 and everything that is no status of HTTP (999)
    /// mean that the host does not want to be asked now.
    pub const fn from_status(status: u16) -> Access {
        match status {
            200..=299 => Access::Rules,
            429 => Access::Closed,
            300..=499 => Access::Open,
            _ => Access::Closed,
        }
    }

    /// After a fetch that ended without a usable answer.
    ///
    /// Redirects without end (the RFC asks for five to be followed) or to no place are a file that is
    /// not there. Nor is one that an archive or a cache lacks where nobody is asked; all else leaves the rules unknown. A file longer than [`READ`](super::READ) is no
    /// failure: its start has to be asked for.
    pub fn from_failure(code: Code) -> Access {
        match code {
            Code::IoMissing => Access::Open,
            code if code.family() == "redirect" => Access::Open,
            _ => Access::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_allows_all_and_what_is_unknown_nothing() {
        for (status, access) in [
            (200, Access::Rules),
            (206, Access::Rules),
            (301, Access::Open),
            (304, Access::Open),
            (400, Access::Open),
            (401, Access::Open),
            (403, Access::Open),
            (404, Access::Open),
            (410, Access::Open),
            (429, Access::Closed),
            (499, Access::Open),
            (500, Access::Closed),
            (503, Access::Closed),
            (999, Access::Closed),
            (101, Access::Closed),
        ] {
            assert_eq!(Access::from_status(status), access, "{status}");
        }
        for (code, access) in [
            (Code::RedirectTooMany, Access::Open),
            (Code::RedirectLoop, Access::Open),
            (Code::RedirectInvalid, Access::Open),
            (Code::RedirectScheme, Access::Open),
            (Code::DnsNotFound, Access::Closed),
            (Code::ConnectRefused, Access::Closed),
            (Code::TimeoutTotal, Access::Closed),
            (Code::TlsExpired, Access::Closed),
            (Code::BodyTruncated, Access::Closed),
        ] {
            assert_eq!(Access::from_failure(code), access, "{code}");
        }
    }
}
