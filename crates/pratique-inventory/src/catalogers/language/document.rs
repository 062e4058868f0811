//! A lock file or manifest taken into memory whole.
//!
//! What is common to formats that are one small document: text that must be UTF-8, JSON, TOML.

use serde::de::DeserializeOwned;

use crate::{File, Unreadable};

/// The whole file, without a byte-order mark.
///
/// # Errors
/// [`Unreadable`] when it is longer than `longest` bytes.
pub(super) fn bytes(file: &mut File<'_>, longest: u64) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = file.bytes_within(longest.min(file.limits.file_bytes))?;
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    Ok(bytes)
}

/// The whole file, which must be UTF-8.
///
/// # Errors
/// As [`bytes`], and when it is no UTF-8, which every format here demands.
pub(super) fn text(file: &mut File<'_>, format: &'static str, longest: u64) -> Result<String, Unreadable> {
    String::from_utf8(bytes(file, longest)?)
        .map_err(|error| Unreadable::malformed(format, error.utf8_error()))
}

/// The whole file as JSON. Nesting is bounded by the parser.
///
/// # Errors
/// As [`bytes`], and when it is no JSON or not of this shape: the error names line, column and field.
pub(super) fn json<T: DeserializeOwned>(
    file: &mut File<'_>,
    format: &'static str,
    longest: u64,
) -> Result<T, Unreadable> {
    let bytes = bytes(file, longest)?;
    serde_json::from_slice(&bytes).map_err(|error| Unreadable::malformed(format, error))
}

/// The whole file as TOML. Nesting is bounded by the parser.
///
/// # Errors
/// As [`text`], and when it is no TOML or not of this shape: the error names the line.
pub(super) fn toml<T: DeserializeOwned>(
    file: &mut File<'_>,
    format: &'static str,
    longest: u64,
) -> Result<T, Unreadable> {
    let text = text(file, format, longest)?;
    toml::from_str(&text).map_err(|error| Unreadable::malformed(format, toml_error(&text, &error)))
}

/// What is wrong and in which line, without the excerpt that TOML's error brings.
pub(super) fn toml_error(text: &str, error: &::toml::de::Error) -> String {
    let line = error.span().map_or(0, |span| line_of(text.as_bytes(), span.start));
    format!("line {line}: {}", error.message())
}

/// The line of an offset, counted from 1.
pub(super) fn line_of(bytes: &[u8], offset: usize) -> usize {
    bytes.iter().take(offset).filter(|&&byte| byte == b'\n').count() + 1
}
