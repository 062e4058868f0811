//! Keys and scopes: a signature is made with a key that is good for one day, region and service.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::ALGORITHM;

/// The last word of every scope.
const TERMINATOR: &str = "aws4_request";

/// A secret access key. It is not shown by `Debug`.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// A secret access key.
    pub fn new(secret: impl Into<Box<str>>) -> Self {
        Self(secret.into())
    }

    /// The signature of a text in a scope, in hexadecimal digits.
    pub(super) fn signature(&self, scope: &Scope<'_>, string_to_sign: &str) -> String {
        let key = hmac(format!("AWS4{}", self.0).as_bytes(), scope.date.as_bytes());
        let key = hmac(&key, scope.region.as_bytes());
        let key = hmac(&key, scope.service.as_bytes());
        let key = hmac(&key, TERMINATOR.as_bytes());
        hex(&hmac(&key, string_to_sign.as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a signature is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// The day in UTC: `20150830`.
    pub date: &'a str,
    /// The region: `us-east-1`.
    pub region: &'a str,
    /// The service by its signing name: `ecr`.
    pub service: &'a str,
}

impl<'a> Scope<'a> {
    /// Reads `20150830/us-east-1/ecr/aws4_request`.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut words = text.split('/');
        let scope = Self { date: words.next()?, region: words.next()?, service: words.next()? };
        let whole = words.next() == Some(TERMINATOR) && words.next().is_none();
        (whole && !scope.region.is_empty() && !scope.service.is_empty()).then_some(scope)
    }

    /// What is signed for a canonical request: its hash, under the time and the scope.
    pub fn string_to_sign(&self, instant: &str, canonical: &str) -> String {
        format!("{ALGORITHM}\n{instant}\n{self}\n{}", sha256(canonical.as_bytes()))
    }
}

impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// The hash of bytes, in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let secret = Secret::new("wJalrXUtnFEMI");
        assert!(!format!("{secret:?}").contains("wJal"));
    }

    #[test]
    fn scopes_are_read_whole() {
        let scope = Scope::parse("20150830/us-east-1/ecr/aws4_request").unwrap();
        assert_eq!((scope.date, scope.region, scope.service), ("20150830", "us-east-1", "ecr"));
        assert_eq!(scope.to_string(), "20150830/us-east-1/ecr/aws4_request");
        for broken in
            ["", "20150830/us-east-1/ecr", "a/b/c/aws4_request/d", "a/b//aws4_request", "a/b/c/aws5"]
        {
            assert_eq!(Scope::parse(broken), None, "{broken}");
        }
    }
}
