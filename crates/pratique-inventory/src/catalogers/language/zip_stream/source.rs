//! Bytes that stream past, with a look ahead of what a format needs to see in one piece.

use std::io::{self, Read};

use memchr::memmem;

use super::ZipError;

/// Bytes held at a time.
const BUFFER: usize = 64 << 10;

/// A little-endian number at an offset; zero where the bytes end before it.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_le_bytes(*b))
}

/// A little-endian number at an offset; zero where the bytes end before it.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_le_bytes(*b))
}

/// A little-endian number at an offset; zero where the bytes end before it.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u64::from_le_bytes(*b))
}

/// The archive's bytes through a buffer that can look ahead.
pub(super) struct Source<'a> {
    body: &'a mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset of the first byte in view.
    pub(super) offset: u64,
    /// Whether nothing follows what is in view.
    pub(super) ended: bool,
}

impl<'a> Source<'a> {
    /// Begins to read `body`.
    pub(super) fn new(body: &'a mut dyn Read) -> Self {
        Self { body, buffer: vec![0; BUFFER], start: 0, end: 0, offset: 0, ended: false }
    }

    /// The bytes in view.
    pub(super) fn view(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether what is in view begins with these four bytes.
    pub(super) fn starts_with(&self, what: [u8; 4]) -> bool {
        self.view().starts_with(&what)
    }

    /// As [`Source::starts_with`], with `count` bytes brought into view before.
    pub(super) fn starts_with_after(&mut self, count: usize, what: [u8; 4]) -> io::Result<bool> {
        self.ensure(count)?;
        Ok(self.starts_with(what))
    }

    /// Passes over bytes that are in view.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Brings at least `count` bytes into view, if there are so many. Lengths asked for are at most three
    /// 16-bit numbers together.
    pub(super) fn ensure(&mut self, count: usize) -> io::Result<()> {
        if self.end - self.start < count && !self.ended {
            if self.buffer.len() < count {
                self.buffer.resize(count, 0);
            }
            self.fill()?;
        }
        Ok(())
    }

    /// As [`Source::ensure`], but they must be there.
    pub(super) fn need(&mut self, count: usize) -> Result<&[u8], ZipError> {
        self.ensure(count)?;
        if self.end - self.start < count {
            return Err(ZipError::Truncated(self.offset + (self.end - self.start) as u64));
        }
        Ok(self.view())
    }

    /// Fills the buffer.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while !self.ended && self.end < self.buffer.len() {
            match self.body.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Passes over bytes whether they are in view or not.
    pub(super) fn skip(&mut self, mut count: u64) -> Result<(), ZipError> {
        while count > 0 {
            self.ensure(1)?;
            let step = usize::try_from(count).unwrap_or(usize::MAX).min(self.view().len());
            if step == 0 {
                return Err(ZipError::Truncated(self.offset));
            }
            self.consume(step);
            count -= step as u64;
        }
        Ok(())
    }

    /// Moves on to the next place where `fits` holds, at most `limit` bytes; to the end if there is none.
    pub(super) fn find_header(&mut self, limit: u64, fits: impl Fn(&[u8]) -> bool) -> io::Result<()> {
        /// So much of a header must be in view to judge it.
        const SEEN: usize = 64;
        let first = self.offset;
        loop {
            self.fill()?;
            let view = self.view();
            let found = memmem::find_iter(view, b"PK").find(|&at| {
                let judged = self.ended || view.len() - at >= SEEN;
                judged && view.get(at..).is_some_and(&fits)
            });
            match found {
                Some(at) => {
                    self.consume(at);
                    return Ok(());
                }
                None if self.ended => {
                    self.consume(view.len());
                    return Ok(());
                }
                None => self.consume(view.len().saturating_sub(SEEN)),
            }
            if self.offset - first > limit {
                return Ok(());
            }
        }
    }
}
