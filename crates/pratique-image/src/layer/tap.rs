//! The compressed end of a layer: buffers its bytes, and counts and hashes them as they come in.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use crate::digest::{Digest, Hasher};
use crate::{LayerError, Progress};

/// Bytes per read of the source: large enough for the disk, small enough for the second-level cache.
const BUFFER: usize = 128 << 10;

/// What the bytes of a layer have to be.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Expected {
    /// Digest of the bytes as they are stored.
    pub(crate) digest: Option<Digest>,
    /// Their number.
    pub(crate) size: Option<u64>,
    /// Digest of the expanded tar archive.
    pub(crate) diff_id: Option<Digest>,
}

/// A reader whose every byte is counted and, when there is a digest to check, hashed.
pub(crate) struct Tap {
    inner: Box<dyn Read + Send>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    total: u64,
    hasher: Option<Hasher>,
    expected: Option<Digest>,
    size: Option<u64>,
    progress: Option<(Arc<dyn Progress>, usize)>,
}

impl Tap {
    pub(crate) fn new(
        inner: Box<dyn Read + Send>,
        digest: Option<Digest>,
        size: Option<u64>,
        progress: Option<(Arc<dyn Progress>, usize)>,
    ) -> Self {
        Self {
            inner,
            buffer: vec![0; BUFFER].into(),
            start: 0,
            end: 0,
            total: 0,
            hasher: digest.map(|digest| digest.algorithm().hasher()),
            expected: digest,
            size,
            progress,
        }
    }

    /// Bytes read from the source so far.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The first bytes of the source, at least `want` of them unless it is shorter. Only before anything is consumed.
    pub(crate) fn peek(&mut self, want: usize) -> io::Result<&[u8]> {
        while self.end < want.min(self.buffer.len()) && self.refill()? {}
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// Expects `digest` of bytes of which some are buffered but none consumed.
    pub(crate) fn rehashing(mut self, digest: Digest) -> Self {
        let mut hasher = digest.algorithm().hasher();
        hasher.update(self.buffer.get(..self.end).unwrap_or_default());
        self.hasher = Some(hasher);
        self.expected = Some(digest);
        self
    }

    /// Reads the source to its end and checks size and digest.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        loop {
            (self.start, self.end) = (0, 0);
            if !self.refill()? {
                break;
            }
        }
        if let Some(expected) = self.size.filter(|&size| size != self.total) {
            return Err(LayerError::WrongSize { expected, actual: self.total }.into());
        }
        if let (Some(expected), Some(hasher)) = (self.expected, self.hasher.take()) {
            let actual = hasher.finish();
            if actual != expected {
                return Err(
                    LayerError::WrongDigest { expected: expected.into(), actual: actual.into() }.into()
                );
            }
        }
        Ok(())
    }

    /// Reads more behind what is buffered; `false` at the end of the source.
    fn refill(&mut self) -> io::Result<bool> {
        let space = self.buffer.get_mut(self.end..).unwrap_or_default();
        let n = loop {
            match self.inner.read(space) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if n == 0 {
            return Ok(false);
        }
        if let (Some(hasher), Some(bytes)) = (&mut self.hasher, space.get(..n)) {
            hasher.update(bytes);
        }
        self.end += n;
        self.total += n as u64;
        if let Some((progress, index)) = &self.progress {
            progress.layer_bytes(*index, n as u64);
        }
        // More than promised: no need to read what may be endless.
        if let Some(expected) = self.size.filter(|&size| size < self.total) {
            return Err(LayerError::WrongSize { expected, actual: self.total }.into());
        }
        Ok(true)
    }
}

impl BufRead for Tap {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            self.refill()?;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }
}

impl Read for Tap {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}
