//! A path inside an image, always relative to the image's root and already normalised.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A path inside an image: relative to its root, `/`-separated, without `.`, `..` or empty components.
///
/// Paths in layers are bytes, not text: Linux allows every byte but NUL and `/`. They are kept as they are,
/// so that two different files never fall together; only showing them to a person is lossy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct ImagePath(#[serde(with = "path_bytes")] Box<[u8]>);

/// A path that would leave the tree, or that no Linux file system can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    /// A `..` component that climbs above the root.
    #[error("the path climbs above the image's root")]
    EscapesRoot,
    /// A NUL byte.
    #[error("the path holds a NUL byte")]
    Nul,
    /// Longer than [`ImagePath::MAX_BYTES`].
    #[error("the path is longer than {} bytes", ImagePath::MAX_BYTES)]
    TooLong,
}

impl ImagePath {
    /// Longest path that is accepted, in bytes: Linux's `PATH_MAX` with room for a long link.
    pub const MAX_BYTES: usize = 8192;

    /// Normalises `raw`: leading slashes, `.` and empty components go; `..` removes its predecessor.
    ///
    /// # Errors
    /// [`BadPath`] when `..` would climb above the root, on a NUL byte, or on absurd length.
    pub fn new(raw: impl AsRef<[u8]>) -> Result<Self, BadPath> {
        let raw = raw.as_ref();
        if raw.len() > Self::MAX_BYTES {
            return Err(BadPath::TooLong);
        }
        if raw.contains(&0) {
            return Err(BadPath::Nul);
        }
        if is_normal(raw) {
            return Ok(Self(raw.into()));
        }
        let mut out: Vec<u8> = Vec::with_capacity(raw.len());
        for part in raw.split(|&b| b == b'/') {
            match part {
                b"" | b"." => {}
                b".." => {
                    if out.is_empty() {
                        return Err(BadPath::EscapesRoot);
                    }
                    let cut = out.iter().rposition(|&b| b == b'/').unwrap_or(0);
                    out.truncate(cut);
                }
                part => {
                    if !out.is_empty() {
                        out.push(b'/');
                    }
                    out.extend_from_slice(part);
                }
            }
        }
        Ok(Self(out.into()))
    }

    /// Normalises `raw` as container runtimes do with the names in a layer: `..` stops at the root.
    ///
    /// The flag says whether it had to be stopped. Length counts after normalising, because `././…/./etc/passwd` of
    /// any length is `etc/passwd` to a runtime.
    ///
    /// # Errors
    /// [`BadPath`] on a NUL byte, or on absurd length of the normalised path.
    pub fn clamped(raw: impl AsRef<[u8]>) -> Result<(Self, bool), BadPath> {
        let raw = raw.as_ref();
        match Self::new(raw) {
            Ok(path) => return Ok((path, false)),
            Err(BadPath::Nul) => return Err(BadPath::Nul),
            Err(BadPath::EscapesRoot | BadPath::TooLong) => {}
        }
        let mut escaped = false;
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in raw.split(|&b| b == b'/') {
            match part {
                b"" | b"." => {}
                b".." => escaped |= parts.pop().is_none(),
                part => parts.push(part),
            }
        }
        let path = Self::new(parts.join(&b'/'))?;
        Ok((path, escaped))
    }

    /// The root itself: the empty path.
    pub fn root() -> Self {
        Self::default()
    }

    /// The bytes, without a leading slash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text, if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last component; empty for the root.
    pub fn file_name(&self) -> &[u8] {
        match memchr::memrchr(b'/', &self.0) {
            Some(at) => &self.0[at + 1..],
            None => &self.0,
        }
    }

    /// The directory that holds this path; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let cut = memchr::memrchr(b'/', &self.0).unwrap_or(0);
        Some(Self(self.0[..cut].into()))
    }

    /// All components, from the root down.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|&b| b == b'/').filter(|part| !part.is_empty())
    }

    /// The path's proper ancestors as byte slices, nearest first, the root (empty) last.
    pub fn ancestors(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest: Option<&[u8]> = if self.is_root() { None } else { Some(&self.0) };
        std::iter::from_fn(move || {
            let here = rest?;
            if here.is_empty() {
                rest = None;
                return None;
            }
            let up = &here[..memchr::memrchr(b'/', here).unwrap_or(0)];
            rest = Some(up);
            Some(up)
        })
    }

    /// Whether the path is `suffix` or ends in `/suffix`: whole components only.
    pub fn ends_with(&self, suffix: &str) -> bool {
        let suffix = suffix.as_bytes();
        self.0.ends_with(suffix)
            && (self.0.len() == suffix.len() || self.0[self.0.len() - suffix.len() - 1] == b'/')
    }

    /// Whether the path is `prefix` or lies below it: whole components only.
    pub fn starts_with(&self, prefix: &str) -> bool {
        let prefix = prefix.as_bytes();
        self.0.starts_with(prefix)
            && (prefix.is_empty() || self.0.len() == prefix.len() || self.0[prefix.len()] == b'/')
    }

    /// `self/name`, normalised like [`ImagePath::new`].
    ///
    /// # Errors
    /// As [`ImagePath::new`].
    pub fn join(&self, name: impl AsRef<[u8]>) -> Result<Self, BadPath> {
        let mut raw = self.0.to_vec();
        raw.push(b'/');
        raw.extend_from_slice(name.as_ref());
        Self::new(raw)
    }
}

/// Whether `raw` is already what [`ImagePath::new`] would make of it: the common case, worth no allocation.
fn is_normal(raw: &[u8]) -> bool {
    raw.is_empty() || raw.split(|&b| b == b'/').all(|part| !matches!(part, b"" | b"." | b".."))
}

impl fmt::Display for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

/// Serialises as text where the format is for people and the bytes are text, else as bytes.
mod path_bytes {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            return String::from_utf8_lossy(bytes).serialize(to);
        }
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Box<[u8]>, D::Error> {
        if from.is_human_readable() {
            return Ok(String::deserialize(from)?.into_bytes().into());
        }
        Ok(Vec::<u8>::deserialize(from)?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises() {
        for (raw, want) in [
            ("etc/passwd", "etc/passwd"),
            ("./etc//passwd/", "etc/passwd"),
            ("/etc/./ssl/../passwd", "etc/passwd"),
            ("a/..", ""),
            ("", ""),
            ("/", ""),
        ] {
            assert_eq!(ImagePath::new(raw).unwrap().to_string(), want, "{raw}");
        }
        assert_eq!(ImagePath::new("../x"), Err(BadPath::EscapesRoot));
        assert_eq!(ImagePath::new("a/../../x"), Err(BadPath::EscapesRoot));
        assert_eq!(ImagePath::new("a\0b"), Err(BadPath::Nul));
        assert_eq!(ImagePath::new(vec![b'a'; ImagePath::MAX_BYTES + 1]), Err(BadPath::TooLong));
    }

    #[test]
    fn clamps_to_the_root() {
        for (raw, want, escaped) in [
            ("etc/passwd", "etc/passwd", false),
            ("/etc/passwd", "etc/passwd", false),
            ("../x", "x", true),
            ("a/../../x", "x", true),
            ("../../..", "", true),
        ] {
            let (path, out) = ImagePath::clamped(raw).unwrap();
            assert_eq!((path.to_string().as_str(), out), (want, escaped), "{raw}");
        }
        let long = "./".repeat(ImagePath::MAX_BYTES) + "etc/passwd";
        assert_eq!(ImagePath::clamped(long).unwrap(), (ImagePath::new("etc/passwd").unwrap(), false));
        assert_eq!(ImagePath::clamped("a\0"), Err(BadPath::Nul));
        assert_eq!(ImagePath::clamped(vec![b'a'; ImagePath::MAX_BYTES + 1]), Err(BadPath::TooLong));
    }

    #[test]
    fn asks_by_whole_components() {
        let path = ImagePath::new("usr/lib/apk/db/installed").unwrap();
        assert!(path.ends_with("lib/apk/db/installed"));
        assert!(!path.ends_with("b/apk/db/installed"));
        assert!(path.starts_with("usr"));
        assert!(!path.starts_with("us"));
        assert_eq!(path.file_name(), b"installed");
        let up: Vec<_> = path.ancestors().map(<[u8]>::to_vec).collect();
        assert_eq!(up, [&b"usr/lib/apk/db"[..], b"usr/lib/apk", b"usr/lib", b"usr", b""]);
    }

    #[test]
    fn keeps_bytes_that_are_not_text() {
        let a = ImagePath::new(b"a\xff").unwrap();
        let b = ImagePath::new(b"a\xfe").unwrap();
        assert_ne!(a, b);
        assert_eq!(a.as_str(), None);
    }
}
