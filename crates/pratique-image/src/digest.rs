//! Content digests: `sha256:…` and `sha512:…`.
//!
//! OCI image specification, *Content Descriptors*, section "Digests". A digest names bytes exactly as they are
//! stored: nothing that is parsed is ever re-serialised to compute one. Only the two registered algorithms are
//! known; an unknown one cannot be verified and is therefore refused, not passed on.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;

use crate::LayerError;

/// The registered digest algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256, what nearly everything uses.
    Sha256,
    /// SHA-512, optional for implementations.
    Sha512,
}

impl Algorithm {
    /// The name before the colon.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// Length of the hash in bytes.
    pub const fn hash_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// Starts hashing.
    pub fn hasher(self) -> Hasher {
        match self {
            Self::Sha256 => Hasher(State::Sha256(sha2::Sha256::new())),
            Self::Sha512 => Hasher(State::Sha512(Box::default())),
        }
    }
}

/// A content digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    /// The hash; what the algorithm does not fill stays zero, so that comparing is comparing bytes.
    bytes: [u8; 64],
}

/// Text that is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDigest {
    /// No colon.
    #[error("digest {0:?} has no `algorithm:` in front")]
    NoAlgorithm(String),
    /// Neither sha256 nor sha512.
    #[error("digest algorithm {0:?} is not supported (sha256 and sha512 are)")]
    UnknownAlgorithm(String),
    /// Not exactly the right number of lower-case hexadecimal digits.
    #[error("digest {text:?} does not have {want} lower-case hexadecimal digits after the colon")]
    BadHex {
        /// The text.
        text: String,
        /// How many digits there should be.
        want: usize,
    },
}

impl Digest {
    /// The SHA-256 of `bytes`.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self::of(Algorithm::Sha256, bytes)
    }

    /// The digest of `bytes`.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = algorithm.hasher();
        hasher.update(bytes);
        hasher.finish()
    }

    /// Which algorithm made it.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hash itself: 32 or 64 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.algorithm.hash_len()).unwrap_or(&self.bytes)
    }

    /// The hexadecimal digits alone, as file names in an OCI layout.
    pub fn hex(&self) -> String {
        use fmt::Write as _;
        let mut out = String::with_capacity(self.algorithm.hash_len() * 2);
        for byte in self.as_bytes() {
            // Writing to a String cannot fail.
            let _ = write!(out, "{byte:02x}");
        }
        out
    }

    /// Whether `bytes` are what this digest names.
    pub fn names(&self, bytes: &[u8]) -> bool {
        Self::of(self.algorithm, bytes) == *self
    }

    fn from_hash(algorithm: Algorithm, hash: &[u8]) -> Self {
        let mut bytes = [0; 64];
        for (to, from) in bytes.iter_mut().zip(hash) {
            *to = *from;
        }
        Self { algorithm, bytes }
    }
}

impl FromStr for Digest {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let Some((name, hex)) = text.split_once(':') else {
            return Err(BadDigest::NoAlgorithm(excerpt(text)));
        };
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return Err(BadDigest::UnknownAlgorithm(excerpt(name))),
        };
        let bad = || BadDigest::BadHex { text: excerpt(text), want: algorithm.hash_len() * 2 };
        if hex.len() != algorithm.hash_len() * 2 {
            return Err(bad());
        }
        let mut hash = Vec::with_capacity(algorithm.hash_len());
        for pair in hex.as_bytes().chunks_exact(2) {
            let [high, low] = pair else { return Err(bad()) };
            let (Some(high), Some(low)) = (nibble(*high), nibble(*low)) else { return Err(bad()) };
            hash.push(high << 4 | low);
        }
        Ok(Self::from_hash(algorithm, &hash))
    }
}

/// Upper case is refused: a digest has one spelling, as caches and file names compare text.
const fn nibble(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    }
}

/// What of a stranger's text goes into an error.
fn excerpt(text: &str) -> String {
    text.chars().take(160).collect()
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm.as_str())?;
        f.write_str(":")?;
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A hash being computed.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha256(sha2::Sha256),
    Sha512(Box<sha2::Sha512>),
}

impl Hasher {
    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The digest of all that was taken in.
    pub fn finish(self) -> Digest {
        match self.0 {
            State::Sha256(state) => Digest::from_hash(Algorithm::Sha256, &state.finalize()),
            State::Sha512(state) => Digest::from_hash(Algorithm::Sha512, &state.finalize()),
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

/// Hashes what is read through it and refuses, at the end, bytes that are not what was promised.
///
/// The last `read` (the one that would return 0) fails with a [`LayerError`] inside its `io::Error` when digest or
/// size differ, so whoever reads to the end has verified bytes. More bytes than promised fail at once.
#[derive(Debug)]
pub struct DigestReader<R> {
    inner: R,
    hasher: Option<Hasher>,
    digest: Digest,
    size: Option<u64>,
    read: u64,
}

impl<R: Read> DigestReader<R> {
    /// Expects `inner` to hold exactly what `digest` names, in `size` bytes where that is known.
    pub fn new(inner: R, digest: Digest, size: Option<u64>) -> Self {
        Self { inner, hasher: Some(digest.algorithm().hasher()), digest, size, read: 0 }
    }
}

impl<R: Read> Read for DigestReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let n = self.inner.read(buf)?;
        self.read += n as u64;
        if n == 0 {
            if let Some(expected) = self.size.filter(|&size| size != self.read) {
                return Err(LayerError::WrongSize { expected, actual: self.read }.into());
            }
            if let Some(hasher) = self.hasher.take() {
                let actual = hasher.finish();
                if actual != self.digest {
                    return Err(LayerError::WrongDigest {
                        expected: self.digest.into(),
                        actual: actual.into(),
                    }
                    .into());
                }
            }
            return Ok(0);
        }
        if let Some(expected) = self.size.filter(|&size| size < self.read) {
            return Err(LayerError::WrongSize { expected, actual: self.read }.into());
        }
        if let (Some(hasher), Some(bytes)) = (&mut self.hasher, buf.get(..n)) {
            hasher.update(bytes);
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn parses_and_shows() {
        let digest: Digest = EMPTY.parse().unwrap();
        assert_eq!(digest.to_string(), EMPTY);
        assert_eq!(digest, Digest::sha256(b""));
        assert_eq!(digest.hex(), &EMPTY[7..]);
        let long = Digest::of(Algorithm::Sha512, b"abc");
        assert_eq!(long.to_string().parse::<Digest>().unwrap(), long);
        assert!(long.to_string().starts_with("sha512:ddaf35a193617aba"));
        assert_eq!(serde_json::from_str::<Digest>(&serde_json::to_string(&long).unwrap()).unwrap(), long);
    }

    #[test]
    fn refuses_other_spellings() {
        let upper = EMPTY.to_uppercase().replace("SHA256", "sha256");
        for bad in [&upper, "sha256:", "sha256", "", "md5:00", &EMPTY[..70], "sha512:00", "sha256:é"] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }

    #[test]
    fn verifies_at_the_end() {
        let digest = Digest::sha256(b"hello");
        let read = |bytes: &[u8], size| {
            let mut out = Vec::new();
            DigestReader::new(bytes, digest, size)
                .read_to_end(&mut out)
                .map(|_| out)
                .map_err(LayerError::from)
        };
        assert_eq!(read(b"hello", Some(5)).unwrap(), b"hello");
        assert_eq!(read(b"hello", None).unwrap(), b"hello");
        assert!(matches!(read(b"hellO", Some(5)), Err(LayerError::WrongDigest { .. })));
        assert!(matches!(read(b"hell", Some(5)), Err(LayerError::WrongSize { expected: 5, actual: 4 })));
        assert!(matches!(read(b"hello!", Some(5)), Err(LayerError::WrongSize { expected: 5, actual: 6 })));
    }
}
