//! Names of files and folders that no system takes for something else. Must not know URLs.

/// Names that stand for devices on Windows, whatever their extension and case.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
/// The same with a digit behind them.
const NUMBERED: [&str; 2] = ["com", "lpt"];

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Folder,
    File,
}

/// What does no harm in a name, and means nothing to a shell at the place where it stands.
pub(super) fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._%+,=@()".contains(&byte)
}

/// Whether a part of a URL can be a name as it is, and be told from names that were made.
pub(super) fn exact(part: &str, of: Part) -> bool {
    let fits = match of {
        // Behind it there is an extension, or `+`.
        Part::File => part.bytes().all(is_plain),
        Part::Folder => {
            let tilde = !part.contains('~') || (extension(part).is_none() && !ends_with_key(part));
            part.bytes().all(|byte| is_plain(byte) || byte == b'~') && !part.ends_with('.') && tilde
        }
    };
    fits && !part.is_empty() && !part.starts_with(['.', '-']) && !part.ends_with('+') && !is_reserved(part)
}

/// The name of a folder: one that looks like that of a file ends with `+`.
pub(super) fn folder(part: &str) -> String {
    if extension(part).is_some() { format!("{part}+") } else { part.to_owned() }
}

/// A harmless name that is similar to a part of a URL; neither empty nor longer than `most` bytes.
pub(super) fn similar(part: &str, most: usize) -> String {
    let mut name: String =
        part.bytes().take(most).map(|byte| if is_plain(byte) { char::from(byte) } else { '_' }).collect();
    let kept = name.trim_end_matches(['.', '+']).len();
    name.replace_range(kept.., &"_".repeat(name.len() - kept));
    if name.is_empty() || name.starts_with(['.', '-']) || is_reserved(&name) {
        name.insert(0, '_');
    }
    name
}

/// Whether a system may take it for a device.
pub(super) fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_ascii_lowercase();
    let is_numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    DEVICES.contains(&stem.as_str()) || NUMBERED.iter().any(|device| is_numbered(device))
}

/// Stem and extension: at most ten letters and digits, of which one is a letter.
pub(super) fn extension(name: &str) -> Option<(&str, &str)> {
    let (stem, ext) = name.rsplit_once('.')?;
    let is_one = !stem.is_empty()
        && (1..=10).contains(&ext.len())
        && ext.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && ext.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_one.then_some((stem, ext))
}

/// Whether it ends as names do that are only similar to their URL.
pub(super) fn ends_with_key(name: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte);
    name.rsplit_once('~').is_some_and(|(_, key)| key.len() == 16 && key.bytes().all(is_digit))
}
