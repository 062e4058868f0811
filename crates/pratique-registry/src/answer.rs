//! Parts of answers.

use axum::http::{HeaderMap, HeaderValue};

/// A header's value; nothing for a text that cannot be one.
pub(crate) fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// How much of an upload is there, as its `Range` header says it: from 0 to the last byte. An empty one says `0-0`, as
/// clients expect.
pub(crate) fn range(length: u64) -> String {
    format!("0-{}", length.saturating_sub(1))
}

/// A header as text.
pub(crate) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Whether the client has what `etag` names (RFC 9110, section 13.1.2).
pub(crate) fn has(headers: &HeaderMap, etag: &str) -> bool {
    let Some(known) = header(headers, "if-none-match") else { return false };
    known.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag == etag)
}
