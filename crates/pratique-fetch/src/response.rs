//! What came back.

use std::io::{self, Read};
use std::time::Instant;

use reqwest::Url;
use reqwest::header::{CONTENT_LENGTH, ETAG, LAST_MODIFIED, LOCATION};

use crate::{Error, shown_url};

/// How much of an answer that is no success goes into the error.
const EXCERPT: u64 = 512;

/// A response whose body is still to be read.
#[derive(Debug)]
pub struct Response {
    inner: reqwest::blocking::Response,
    url: String,
    deadline: Option<Instant>,
}

impl Response {
    pub(crate) fn new(inner: reqwest::blocking::Response, url: &Url, deadline: Option<Instant>) -> Self {
        Self { inner, url: shown_url(url.as_str()), deadline }
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.inner.status().as_u16()
    }

    /// Where it came from at last, after redirects, as it may be shown.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A header's value, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.inner.headers().get(name)?.to_str().ok()
    }

    /// Where the `Location` header points to, as a whole address; it may be secret.
    pub fn location(&self) -> Option<String> {
        let url = self.inner.url().join(self.header(LOCATION.as_str())?).ok()?;
        matches!(url.scheme(), "http" | "https").then(|| url.into())
    }

    /// All values of a header that are text.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.inner.headers().get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// The entity tag, for [`crate::Request::unless`].
    pub fn etag(&self) -> Option<&str> {
        self.header(ETAG.as_str())
    }

    /// The date of the last change, for [`crate::Request::unless`].
    pub fn last_modified(&self) -> Option<&str> {
        self.header(LAST_MODIFIED.as_str())
    }

    /// The stated length of the body.
    pub fn content_length(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH.as_str())?.trim().parse().ok()
    }

    /// Whether a conditional request found nothing new.
    pub fn is_not_modified(&self) -> bool {
        self.status() == 304
    }

    /// Itself if the status is a success (2xx) or "not modified".
    ///
    /// # Errors
    /// [`Error::Status`] with the beginning of the answer.
    pub fn ok(mut self) -> Result<Self, Error> {
        if self.inner.status().is_success() || self.is_not_modified() {
            return Ok(self);
        }
        Err(Error::Status { url: self.url.clone(), status: self.status(), excerpt: self.excerpt() })
    }

    /// The beginning of the body as one line, with ": " in front; nothing if it is empty or no text.
    fn excerpt(&mut self) -> String {
        let mut bytes = Vec::new();
        // A body that cannot be read takes nothing from the status.
        let _ = self.by_ref().take(EXCERPT).read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        let line: String = text
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .filter(|c| !c.is_control())
            .collect();
        if line.is_empty() || line.starts_with('<') { String::new() } else { format!(": {line}") }
    }

    /// The whole body, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Broken`], [`Error::Timeout`].
    pub fn bytes(mut self, limit: u64) -> Result<Vec<u8>, Error> {
        let url = self.url.clone();
        let mut bytes = Vec::new();
        self.by_ref().take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| {
            match error.downcast::<Error>() {
                Ok(error) => error,
                Err(error) => Error::Broken { url: url.clone(), reason: error.to_string() },
            }
        })?;
        if bytes.len() as u64 > limit {
            return Err(Error::TooLarge { url, limit });
        }
        Ok(bytes)
    }

    /// Writes the whole body, of at most `limit` bytes, to `out`, and says how many there were.
    ///
    /// # Errors
    /// An `io::Error` from `out`, or one with an [`Error`] inside.
    pub fn copy_to(&mut self, out: &mut dyn io::Write, limit: u64) -> io::Result<u64> {
        let copied = io::copy(&mut self.by_ref().take(limit.saturating_add(1)), out)?;
        if copied > limit {
            return Err(io::Error::other(Error::TooLarge { url: self.url.clone(), limit }));
        }
        Ok(copied)
    }
}

impl Read for Response {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let reason = "the total time allowed has passed".into();
            return Err(io::Error::other(Error::Timeout { url: self.url.clone(), reason }));
        }
        self.inner.read(buf).map_err(|error| {
            let reason = innermost(&error);
            let url = self.url.clone();
            let is_timeout = error.kind() == io::ErrorKind::TimedOut
                || error
                    .get_ref()
                    .and_then(|inner| inner.downcast_ref::<reqwest::Error>())
                    .is_some_and(reqwest::Error::is_timeout);
            io::Error::new(
                error.kind(),
                if is_timeout { Error::Timeout { url, reason } } else { Error::Broken { url, reason } },
            )
        })
    }
}

/// The last error of a chain. Not the first: that one may show the whole URL.
fn innermost(error: &io::Error) -> String {
    let mut next: Option<&(dyn std::error::Error + 'static)> =
        error.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static));
    let mut last = error.kind().to_string();
    while let Some(error) = next {
        last = match error.source() {
            None => error.to_string(),
            Some(_) => last,
        };
        next = error.source();
    }
    last
}
