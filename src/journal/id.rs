//! Names of runs: what tells the records of one run from those of another, wherever they end up.

use std::time::SystemTime;

/// A name for a new run, which no other has: a UUID that begins with the time (RFC 9562, version 7), so
/// that runs sort by their beginning.
pub fn new_id() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    of(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), fastrand::u16(..), fastrand::u64(..))
}

fn of(millis: u64, first: u16, second: u64) -> String {
    let (high, low) = ((millis >> 16) & 0xffff_ffff, millis & 0xffff);
    let (version, variant) = (0x7000 | (first & 0x0fff), 0x8000 | ((second >> 48) & 0x3fff));
    format!("{high:08x}-{low:04x}-{version:04x}-{variant:04x}-{:012x}", second & 0xffff_ffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_uuid_that_sorts_by_time() {
        // The example of RFC 9562, appendix A.6.
        let id = of(0x017f_22e2_79b0, 0x0cc3, 0x18c4_dc0c_0c07_398f);
        assert_eq!(id, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
        assert!(of(1, 0, 0) < of(2, 0, 0) && new_id() != new_id() && new_id().len() == 36);
    }
}
