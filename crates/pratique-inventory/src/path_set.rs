//! A set of paths, eight bytes each.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use xxhash_rust::xxh3::xxh3_64;

/// A set of paths kept as sorted 64-bit hashes: enough to ask "is this path in it", never to list it.
///
/// A layer of three million files is 24 MB this way. With `n` paths in the set and `m` asked, a wrong yes has
/// a chance of `n·m / 2^64`: for a million and ten thousand, one in two billion. Somebody who makes two paths
/// collide on purpose gains nothing that naming the path outright (in a package's file list, by a whiteout)
/// would not give them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathSet(Vec<u64>);

impl PathSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it holds `path` (bytes of a normalised path, without a leading slash).
    pub fn contains(&self, path: &[u8]) -> bool {
        !self.0.is_empty() && self.contains_hash(Self::hash(path))
    }

    /// As [`PathSet::contains`], with the hash at hand.
    pub fn contains_hash(&self, hash: u64) -> bool {
        self.0.binary_search(&hash).is_ok()
    }

    /// The hash under which `path` is kept.
    pub fn hash(path: &[u8]) -> u64 {
        xxh3_64(path)
    }

    /// The hashes, ascending.
    pub fn hashes(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().copied()
    }

    /// Number of paths.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<P: AsRef<[u8]>> FromIterator<P> for PathSet {
    fn from_iter<I: IntoIterator<Item = P>>(paths: I) -> Self {
        Self::from_hashes(paths.into_iter().map(|path| Self::hash(path.as_ref())).collect())
    }
}

impl PathSet {
    /// A set from hashes in any order, made with [`PathSet::hash`].
    pub fn from_hashes(mut hashes: Vec<u64>) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        hashes.shrink_to_fit();
        Self(hashes)
    }
}

/// As one run of little-endian bytes: hashes do not compress, and millions of them must load at once.
impl Serialize for PathSet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.0.len() * 8);
        for hash in &self.0 {
            bytes.extend_from_slice(&hash.to_le_bytes());
        }
        to.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for PathSet {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = <&[u8]>::deserialize(from)?;
        let (hashes, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(D::Error::custom("a path set is a whole number of 8-byte hashes"));
        }
        let hashes: Vec<u64> = hashes.iter().map(|hash| u64::from_le_bytes(*hash)).collect();
        if !hashes.is_sorted() {
            return Err(D::Error::custom("a path set is sorted"));
        }
        Ok(Self(hashes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_it_was_given() {
        let set: PathSet = ["usr/bin/env", "etc/passwd", "usr/bin/env"].into_iter().collect();
        assert_eq!(set.len(), 2);
        assert!(set.contains(b"etc/passwd"));
        assert!(!set.contains(b"etc"));
        assert!(!PathSet::new().contains(b"etc"));
    }
}
