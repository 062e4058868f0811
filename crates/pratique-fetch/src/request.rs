//! What is asked for.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
};
use reqwest::{Method, Url};

use crate::{Body, Error};

/// A request: an address, headers, sometimes a body.
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Body>,
}

impl Request {
    /// Asks for a resource.
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: Method::GET, url: url.into(), headers: HeaderMap::new(), body: None }
    }

    /// Asks for a resource's headers.
    pub fn head(url: impl Into<String>) -> Self {
        Self { method: Method::HEAD, ..Self::get(url) }
    }

    /// Sends a form. Redirects are not followed.
    pub fn post_form(url: impl Into<String>, fields: &[(&str, &str)]) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(
            reqwest::header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        Self { method: Method::POST, url: url.into(), headers, body: Some(form_encoded(fields).into()) }
    }

    /// Begins something at the server; sent again after failures, so that may be begun twice. Redirects are not
    /// followed.
    pub fn post(url: impl Into<String>, body: impl Into<Body>) -> Self {
        Self { method: Method::POST, body: Some(body.into()), ..Self::get(url) }
    }

    /// Puts a resource there; sent again after failures. Redirects are not followed.
    pub fn put(url: impl Into<String>, body: impl Into<Body>) -> Self {
        Self { method: Method::PUT, ..Self::post(url, body) }
    }

    /// Adds to a resource. Never sent again after a failure, as nobody knows how much of it has arrived; whoever can
    /// ask the server does that. Redirects are not followed.
    pub fn patch(url: impl Into<String>, body: impl Into<Body>) -> Self {
        Self { method: Method::PATCH, ..Self::post(url, body) }
    }

    /// Whether sending it twice is as good as sending it once, or at least does no harm.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.method != Method::PATCH
    }

    /// Whether it only reads: only then are redirects followed, since what is sent is meant for one server.
    pub(crate) fn is_reading(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    /// Where it goes; may be secret.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds a header.
    ///
    /// # Errors
    /// [`Error::BadHeader`] when name or value cannot be sent.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        let bad = || Error::BadHeader { name: name.chars().take(100).collect() };
        let header: HeaderName = name.parse().map_err(|_| bad())?;
        self.headers.append(header, HeaderValue::from_str(value).map_err(|_| bad())?);
        Ok(self)
    }

    /// Says which media types are wanted.
    ///
    /// # Errors
    /// As [`Request::header`].
    pub fn accept(self, types: &[&str]) -> Result<Self, Error> {
        self.header(ACCEPT.as_str(), &types.join(", "))
    }

    /// Sends a bearer token.
    ///
    /// # Errors
    /// As [`Request::header`].
    pub fn bearer(self, token: &str) -> Result<Self, Error> {
        self.authorization(&format!("Bearer {token}"))
    }

    /// Sends a user name and password.
    ///
    /// # Errors
    /// As [`Request::header`].
    pub fn basic(self, username: &str, password: &str) -> Result<Self, Error> {
        self.authorization(&format!("Basic {}", BASE64_STANDARD.encode(format!("{username}:{password}"))))
    }

    fn authorization(mut self, value: &str) -> Result<Self, Error> {
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| Error::BadHeader { name: AUTHORIZATION.as_str().to_owned() })?;
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        Ok(self)
    }

    /// Wants the resource only if it is no longer what these say, as an earlier [`crate::Response`] gave them; the
    /// answer is then a status 304 without a body.
    ///
    /// # Errors
    /// As [`Request::header`].
    pub fn unless(mut self, etag: Option<&str>, last_modified: Option<&str>) -> Result<Self, Error> {
        if let Some(etag) = etag {
            self = self.header(IF_NONE_MATCH.as_str(), etag)?;
        }
        if let Some(date) = last_modified {
            self = self.header(IF_MODIFIED_SINCE.as_str(), date)?;
        }
        Ok(self)
    }
}

/// Whether two addresses have scheme, host and port in common, so that what is meant for one may go to the other.
pub fn same_origin(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (Url::parse(a), Url::parse(b)) else { return false };
    a.origin().is_tuple() && a.origin() == b.origin()
}

/// Names and values as a form or a query has them: `a=1&b=2`, encoded.
pub fn form_encoded(fields: &[(&str, &str)]) -> String {
    let encoded = |(name, value): &(&str, &str)| format!("{}={}", form_encode(name), form_encode(value));
    fields.iter().map(encoded).collect::<Vec<_>>().join("&")
}

/// `application/x-www-form-urlencoded`, as the URL standard has it.
fn form_encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_forms() {
        let request = Request::post_form("http://x", &[("scope", "repository:a/b:pull"), ("p", "ü &=")]);
        let Some(Body::Bytes(body)) = request.body else { panic!("{:?}", request.body) };
        assert_eq!(*body, *b"scope=repository%3Aa%2Fb%3Apull&p=%C3%BC+%26%3D");
    }

    #[test]
    fn tells_origins_apart() {
        assert!(same_origin("https://a.example/x", "https://A.example:443"));
        for other in [
            "http://a.example",
            "https://a.example:444",
            "https://a.example.org",
            "https://b@c/a.example",
            "",
            "data:x",
        ] {
            assert!(!same_origin("https://a.example/x", other), "{other}");
        }
        assert!(!same_origin("data:x", "data:x"));
    }

    #[test]
    fn refuses_headers_that_would_split() {
        assert!(matches!(Request::get("http://x").header("a", "b\r\nc: d"), Err(Error::BadHeader { .. })));
        assert!(matches!(Request::get("http://x").bearer("a\nb"), Err(Error::BadHeader { .. })));
    }
}
