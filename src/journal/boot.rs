//! Which start of the machine this is. Must not know what for.

/// Names the machine's last start; `None` where the system does not say.
pub(super) fn id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}
