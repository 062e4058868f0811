//! The canonical request: one text for all the ways in which the same request may be written.
//!
//! Where implementations go wrong:
//! - The path is encoded *again*, over the encoding it travels with: `%20` becomes `%2520`. Amazon S3 alone does not do that,
//!   and does not resolve `.`, `..` and doubled slashes either.
//! - Query parameters are sorted by name and then by value *after* encoding. A parameter without `=` gets one.
//! - A `+` in a query is a plus sign here, and not a space: clients write spaces as `%20`. Bodies of forms are another matter,
//!   but no part of this text.
//! - Values of headers lose surrounding whitespace, and runs of it become one space, inside of quotes too. Headers of the same
//!   name are one line, their values joined by commas in the order in which they came.

use std::borrow::Cow;
use std::fmt::Write as _;

use http::HeaderMap;
use http::header::HOST;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// Everything but the unreserved characters of RFC 3986.
pub(super) const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same within a path, whose slashes stay.
const ENCODED_IN_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// What of a request is signed, besides the body.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path as it travels.
    pub path: &'a str,
    /// The query as it travels, without `?`.
    pub query: &'a str,
    /// The host of the request line, where there is no `Host` header (HTTP/2).
    pub authority: Option<&'a str>,
    /// All headers.
    pub headers: &'a HeaderMap,
}

impl<'a> Request<'a> {
    /// The parts of an HTTP request.
    pub fn of(parts: &'a http::request::Parts) -> Self {
        Self {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            authority: parts.uri.authority().map(http::uri::Authority::as_str),
            headers: &parts.headers,
        }
    }

    /// The canonical request. `signed` are names of headers, in lower case and in the order in which they were signed;
    /// `payload` stands for the body. Query parameters named `without` are left out (that of the signature itself).
    ///
    /// # Errors
    /// The name of a signed header that the request does not have.
    pub fn canonical(
        &self,
        signed: &[&str],
        service: &str,
        payload: &str,
        without: Option<&str>,
    ) -> Result<String, String> {
        let mut text = String::with_capacity(512);
        text.push_str(self.method);
        text.push('\n');
        text.push_str(&path(self.path, service));
        text.push('\n');
        query_onto(&mut text, self.query, without);
        text.push('\n');
        for name in signed {
            let value = self.header(name).ok_or_else(|| (*name).to_owned())?;
            let _ = writeln!(text, "{name}:{value}");
        }
        let _ = write!(text, "\n{}\n{payload}", signed.join(";"));
        Ok(text)
    }

    /// The canonical value of a header.
    fn header(&self, name: &str) -> Option<String> {
        let mut values = self.headers.get_all(name).iter().peekable();
        if values.peek().is_none() {
            return if name == HOST.as_str() { self.authority.map(str::to_owned) } else { None };
        }
        let mut joined = String::new();
        for (index, value) in values.enumerate() {
            if index > 0 {
                joined.push(',');
            }
            // Clients sign the bytes they send, which are nearly always UTF-8; others cannot have been signed as text.
            fold_onto(&mut joined, &String::from_utf8_lossy(value.as_bytes()));
        }
        Some(joined)
    }
}

/// Adds a value with its whitespace folded.
fn fold_onto(text: &mut String, value: &str) {
    for (index, word) in value.split_ascii_whitespace().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
}

/// The canonical path.
fn path<'a>(path: &'a str, service: &str) -> Cow<'a, str> {
    if service == "s3" {
        let once: Vec<u8> = percent_decode_str(path).collect();
        return percent_encode(&once, ENCODED_IN_PATH).to_string().into();
    }
    percent_encode(normalised(path).as_bytes(), ENCODED_IN_PATH).to_string().into()
}

/// The path without `.`, `..` and doubled slashes, as RFC 3986 resolves them.
pub(crate) fn normalised(path: &str) -> Cow<'_, str> {
    if !path.contains("//") && !path.contains("/.") && path.starts_with('/') {
        return Cow::Borrowed(path);
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let mut resolved = format!("/{}", kept.join("/"));
    if path.ends_with('/') && !kept.is_empty() {
        resolved.push('/');
    }
    Cow::Owned(resolved)
}

/// The parameters of a query, decoded: percent-encoding only, a `+` stays one.
pub(crate) fn parameters(query: &str) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode_str(name).into(), percent_decode_str(value).into())
    })
}

/// Adds the canonical query.
fn query_onto(text: &mut String, query: &str, without: Option<&str>) {
    let mut pairs: Vec<(String, String)> = parameters(query)
        .filter(|(name, _)| without.is_none_or(|without| **name != *without.as_bytes()))
        .map(|(name, value)| {
            (percent_encode(&name, ENCODED).to_string(), percent_encode(&value, ENCODED).to_string())
        })
        .collect();
    pairs.sort_unstable();
    for (index, (name, value)) in pairs.iter().enumerate() {
        let separator = if index > 0 { "&" } else { "" };
        let _ = write!(text, "{separator}{name}={value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_encoded_twice_except_of_s3() {
        assert_eq!(path("/tags/arn%3Aaws%3Aecr", "inspector2"), "/tags/arn%253Aaws%253Aecr");
        assert_eq!(path("/tags/arn%3Aaws%3Aecr", "s3"), "/tags/arn%3Aaws%3Aecr");
        assert_eq!(path("/a//b/../c/", "ecr"), "/a/c/");
        assert_eq!(path("/a//b/../c/", "s3"), "/a//b/../c/");
        assert_eq!(path("/..", "ecr"), "/");
        assert_eq!(path("", "ecr"), "/");
        assert_eq!(path("/a:b@c+d", "ecr"), "/a%3Ab%40c%2Bd");
    }

    #[test]
    fn queries_are_sorted_encoded_and_complete() {
        let canonical = |query| {
            let mut text = String::new();
            query_onto(&mut text, query, Some("X-Amz-Signature"));
            text
        };
        assert_eq!(canonical("b=2&a=%20x&a=&X-Amz-Signature=1&c"), "a=&a=%20x&b=2&c=");
        assert_eq!(canonical("a=1+2&&a=1%202"), "a=1%202&a=1%2B2");
        assert_eq!(canonical("a=%e1%88%b4"), "a=%E1%88%B4", "hexadecimal digits are capitals");
        assert_eq!(canonical("a=b=c"), "a=b%3Dc");
    }

    #[test]
    fn values_of_headers_are_folded_and_joined() {
        let mut headers = HeaderMap::new();
        headers.append("x-a", "  a \t b  ".parse().unwrap());
        headers.append("x-a", "\"c   d\"".parse().unwrap());
        let request =
            Request { method: "GET", path: "/", query: "", authority: Some("example"), headers: &headers };
        assert_eq!(request.header("x-a").unwrap(), "a b,\"c d\"");
        assert_eq!(request.header("host").unwrap(), "example");
        assert_eq!(request.header("x-b"), None);
    }
}
