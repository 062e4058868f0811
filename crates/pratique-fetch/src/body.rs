//! What is sent along with a request.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

/// A body, which may have to be sent more than once: after a failure, or with a newer login.
#[derive(Debug, Clone)]
pub enum Body {
    /// Bytes in memory.
    Bytes(Arc<[u8]>),
    /// Part of a file, opened anew each time it is sent. The file must not change meanwhile.
    File {
        /// The file.
        path: PathBuf,
        /// The first byte that is sent.
        offset: u64,
        /// How many are sent.
        length: u64,
    },
}

impl Body {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes `offset .. offset + length` of this body, or what there is of them.
    #[must_use]
    pub fn part(&self, offset: u64, length: u64) -> Self {
        let offset = offset.min(self.len());
        let length = length.min(self.len() - offset);
        match self {
            Self::Bytes(bytes) => {
                let range = offset as usize..(offset + length) as usize;
                Self::Bytes(bytes.get(range).unwrap_or_default().into())
            }
            Self::File { path, offset: start, .. } => {
                Self::File { path: path.clone(), offset: start + offset, length }
            }
        }
    }

    /// Reads it from its beginning.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Bytes(bytes) => Box::new(io::Cursor::new(Arc::clone(bytes))),
            Self::File { path, offset, length } => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(*offset))?;
                Box::new(file.take(*length))
            }
        })
    }

    pub(crate) fn to_reqwest(&self) -> io::Result<reqwest::blocking::Body> {
        Ok(match self {
            Self::Bytes(bytes) => bytes.to_vec().into(),
            Self::File { length, .. } => reqwest::blocking::Body::sized(self.open()?, *length),
        })
    }
}

impl<T: Into<Vec<u8>>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self::Bytes(bytes.into().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stay_inside() {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let whole = std::fs::read(&path).unwrap();
        let length = whole.len() as u64;
        for body in [Body::from(whole.clone()), Body::File { path, offset: 0, length }] {
            for (offset, wanted) in [(0, 9), (3, 5), (3, u64::MAX), (length, 4), (u64::MAX, 1), (0, 0)] {
                let mut read = Vec::new();
                let part = body.part(offset, wanted);
                part.open().unwrap().read_to_end(&mut read).unwrap();
                let start = offset.min(length) as usize;
                let end = offset.saturating_add(wanted).min(length) as usize;
                assert_eq!(read, whole[start..end], "{offset} {wanted}");
                assert_eq!(part.len(), read.len() as u64);
                // A part of a part counts from where that begins.
                let mut read = Vec::new();
                part.part(1, 2).open().unwrap().read_to_end(&mut read).unwrap();
                assert_eq!(read, whole[start..end].iter().skip(1).take(2).copied().collect::<Vec<_>>());
            }
        }
    }
}
