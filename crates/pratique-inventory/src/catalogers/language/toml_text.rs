//! TOML of strangers: within bounds, and with errors that say where.

use serde::de::DeserializeOwned;

use crate::{File, Unreadable};

/// Longest document that is read, in bytes: a thousand packages take 250 kB, with every hash 2 MB.
const LONGEST: u64 = 32 << 20;

/// Reads a document. The parser bounds its depth itself.
///
/// # Errors
/// [`Unreadable::TooLarge`] over 32 MiB, [`Unreadable::Malformed`] with the line of what makes no sense.
pub(super) fn read<T: DeserializeOwned>(file: &mut File<'_>, format: &'static str) -> Result<T, Unreadable> {
    let bytes = file.bytes_within(LONGEST.min(file.limits.file_bytes))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let text = std::str::from_utf8(text).map_err(|error| Unreadable::malformed(format, error))?;
    toml::from_str(text).map_err(|error| Unreadable::malformed(format, at(text, &error)))
}

/// What is wrong and in which line, without the excerpt that TOML's error brings.
fn at(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(0, |before| before.bytes().filter(|&b| b == b'\n').count() + 1);
    format!("line {line}: {}", error.message())
}
