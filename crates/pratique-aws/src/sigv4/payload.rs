//! What stands for the body in a canonical request.

use std::borrow::Cow;

use http::HeaderMap;

use super::key::sha256;

/// The header in which a client says what it put in for the body.
pub(super) const HEADER: &str = "x-amz-content-sha256";

/// What stands for the body in a canonical request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    /// Its hash. The client need not say it: only Amazon S3 insists on the header.
    Hash(Option<&'a str>),
    /// `UNSIGNED-PAYLOAD`: nothing. The body is protected by TLS alone, or not at all.
    Unsigned,
    /// A body in chunks, each with its signature, or with a checksum at the end. Only Amazon S3 takes that; the AWS SDKs send
    /// it nowhere else.
    Streaming(&'a str),
}

impl<'a> Payload<'a> {
    /// What the headers of a request say.
    pub fn of(headers: &'a HeaderMap) -> Self {
        match headers.get(HEADER).and_then(|value| value.to_str().ok()).map(str::trim) {
            None => Self::Hash(None),
            Some("UNSIGNED-PAYLOAD") => Self::Unsigned,
            Some(text) if text.starts_with("STREAMING-") => Self::Streaming(text),
            Some(text) => Self::Hash(Some(text)),
        }
    }

    /// The word in the canonical request, for a body; none where the body is not the one that the client hashed.
    pub(super) fn word(self, body: &[u8]) -> Option<Cow<'a, str>> {
        match self {
            Self::Unsigned => Some("UNSIGNED-PAYLOAD".into()),
            Self::Streaming(word) => Some(word.into()),
            Self::Hash(claimed) => {
                let actual = sha256(body);
                claimed.is_none_or(|claimed| claimed == actual).then(|| actual.into())
            }
        }
    }
}
