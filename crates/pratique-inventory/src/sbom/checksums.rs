//! Digests of what was distributed, where a package's ecosystem states them.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::package::Package;

/// A digest of a package's archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Checksum {
    /// How it was computed.
    pub(crate) algorithm: Algorithm,
    /// In lower-case hexadecimal.
    pub(crate) hex: String,
}

/// How a digest is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    const ALL: [Self; 5] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// As CycloneDX writes it.
    pub(crate) const fn cyclonedx(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// As SPDX 2 writes it; SPDX 3 does so in lower case.
    pub(crate) const fn spdx(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
        }
    }

    const fn digits(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha1 => 40,
            Self::Sha256 => 64,
            Self::Sha384 => 96,
            Self::Sha512 => 128,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.spdx().eq_ignore_ascii_case(name))
    }
}

/// The digests that `package` has among its details: `integrity` in the words of the W3C's Subresource Integrity,
/// `checksum` as `ALGORITHM:HEX` or plain, or a detail that bears the algorithm's name.
pub(crate) fn of(package: &Package) -> Vec<Checksum> {
    let mut found = Vec::new();
    for (name, value) in &package.details {
        match name.as_str() {
            "integrity" => found.extend(value.split_whitespace().filter_map(integrity)),
            "checksum" | "hash" => found.extend(value.split_whitespace().filter_map(plain)),
            name => found.extend(Algorithm::named(name).and_then(|algorithm| hex(algorithm, value))),
        }
    }
    found.sort();
    found.dedup();
    found
}

fn integrity(text: &str) -> Option<Checksum> {
    let (name, digest) = text.split_once('-')?;
    let digest = digest.split_once('?').map_or(digest, |(digest, _)| digest);
    let bytes = STANDARD.decode(digest).ok()?;
    let digits = bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    hex(Algorithm::named(name)?, &digits)
}

fn plain(text: &str) -> Option<Checksum> {
    match text.split_once(':') {
        Some((name, digits)) => hex(Algorithm::named(name)?, digits),
        None => hex(Algorithm::ALL.into_iter().find(|algorithm| algorithm.digits() == text.len())?, text),
    }
}

fn hex(algorithm: Algorithm, digits: &str) -> Option<Checksum> {
    let right = digits.len() == algorithm.digits() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    right.then(|| Checksum { algorithm, hex: digits.to_ascii_lowercase() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_ecosystems_write() {
        assert_eq!(
            integrity("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
            hex(Algorithm::Sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        );
        assert_eq!(plain(&"A".repeat(64)), hex(Algorithm::Sha256, &"a".repeat(64)));
        assert_eq!(plain(&format!("sha256:{}", "0".repeat(64))), hex(Algorithm::Sha256, &"0".repeat(64)));
        for wrong in ["", "sha256:abc", "sha9:00", "h1:abc=", "xyz"] {
            assert_eq!(plain(wrong), None, "{wrong}");
        }
    }
}
