//! Which database a file is: by its SHA-256 and its length.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Write},
    path::Path,
    str::FromStr,
};

use sha2::{Digest as _, Sha256};

/// The size of the pieces in which files are read.
const PIECE: usize = 256 << 10;

/// The SHA-256 of a database file: which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentId([u8; 32]);

/// Text that is no content id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} does not name a database: it is not sha256: and 64 lower-case hexadecimal digits")]
pub struct NotAContentId(String);

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for ContentId {
    type Err = NotAContentId;

    fn from_str(text: &str) -> Result<Self, NotAContentId> {
        let bad = || NotAContentId(text.chars().take(100).collect());
        let hex = text.strip_prefix("sha256:").ok_or_else(bad)?;
        if hex.len() != 64 || !hex.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(bad());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| bad())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| bad())?;
        }
        Ok(Self(bytes))
    }
}

/// What a database is known by when it has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its SHA-256.
    pub id: ContentId,
    /// Its length in bytes.
    pub bytes: u64,
}

impl Content {
    /// Reads a whole file.
    pub fn of(path: &Path) -> io::Result<Content> {
        tally(&mut File::open(path)?, &mut io::sink(), u64::MAX)
    }
}

/// Copies all of `from`, and says how much that was.
pub(super) fn copy(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<u64> {
    let mut piece = vec![0; PIECE];
    let mut copied = 0;
    loop {
        let n = match from.read(&mut piece) {
            Ok(0) => return Ok(copied),
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(piece.get(..n).unwrap_or_default())?;
        copied += n as u64;
    }
}

/// Copies all of `from` to `to`, and one byte more than `most` at the most, and says what it was.
pub(super) fn tally(from: &mut dyn Read, to: &mut dyn Write, most: u64) -> io::Result<Content> {
    let mut hashed = Hashed { hasher: Sha256::new(), to };
    let bytes = copy(&mut from.take(most.saturating_add(1)), &mut hashed)?;
    Ok(Content { id: ContentId(hashed.hasher.finalize().into()), bytes })
}

/// Hashes what is written.
struct Hashed<'a> {
    hasher: Sha256,
    to: &'a mut dyn Write,
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.update(bytes);
        self.to.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ids_have_one_spelling() {
        let text = format!("sha256:{}", "0f".repeat(32));
        assert_eq!(text.parse::<ContentId>().unwrap().to_string(), text);
        for bad in ["", "sha256:", &text[7..], &text.to_uppercase(), &text[..70], "sha256:é"] {
            assert!(bad.parse::<ContentId>().is_err(), "{bad}");
        }
    }
}
