//! Compressed bytes, and the bits of them.

use std::io::{self, Read};

use crate::Damage;

/// Compressed bytes per read.
const BUFFER: usize = 64 << 10;
/// Bytes of nothing behind the end, so that a round may look ahead without asking.
const PAD: usize = 32;
/// Most bytes that one round of decoding looks ahead.
pub(crate) const AHEAD: usize = 24;

/// A source of bits.
pub(crate) struct Input<R> {
    source: R,
    pub(crate) bytes: Box<[u8; BUFFER + PAD]>,
    /// Next byte to go into the bit buffer.
    pub(crate) at: usize,
    pub(crate) end: usize,
    /// Bits that were taken from `bytes` and not used: the next one lowest. Above `count` they are those of `bytes[at]`,
    /// or zero.
    pub(crate) bits: u64,
    pub(crate) count: u32,
    is_at_end: bool,
}

impl<R: Read> Input<R> {
    pub(crate) fn new(source: R) -> Self {
        // On the heap from the start; the length is right.
        let bytes = vec![0; BUFFER + PAD].try_into().unwrap_or_else(|_| Box::new([0; BUFFER + PAD]));
        Self { source, bytes, at: 0, end: 0, bits: 0, count: 0, is_at_end: false }
    }

    pub(crate) fn source(&mut self) -> &mut R {
        &mut self.source
    }

    pub(crate) fn into_source(self) -> R {
        self.source
    }

    /// Makes sure that a round can look ahead, if there is that much left.
    #[inline]
    pub(crate) fn look_ahead(&mut self) -> io::Result<()> {
        if self.end.saturating_sub(self.at) < AHEAD && !self.is_at_end {
            self.read_more()?;
        }
        Ok(())
    }

    #[cold]
    fn read_more(&mut self) -> io::Result<()> {
        self.bytes.copy_within(self.at..self.end, 0);
        self.end -= self.at;
        self.at = 0;
        while self.end < AHEAD && !self.is_at_end {
            match self.source.read(&mut self.bytes[self.end..BUFFER]) {
                Ok(0) => self.is_at_end = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes[self.end..self.end + PAD].fill(0);
        Ok(())
    }

    /// Fills the bit buffer to at least 56 bits; behind the end these are zeros.
    #[inline(always)]
    pub(crate) fn refill(&mut self) {
        let next = self.bytes.get(self.at..self.at + 8).and_then(|next| next.first_chunk());
        self.bits |= u64::from_le_bytes(*next.unwrap_or(&[0; 8])) << self.count;
        self.at += ((63 - self.count) >> 3) as usize;
        self.count |= 56;
    }

    /// Whether more was used than there is.
    pub(crate) fn is_overrun(&self) -> bool {
        self.at.saturating_sub(self.count as usize / 8) > self.end
    }

    /// Takes `count` bits, at most 32.
    pub(crate) fn take(&mut self, count: u32) -> io::Result<u32> {
        if self.count < count {
            self.look_ahead()?;
            self.refill();
        }
        let bits = self.bits & ((1 << count) - 1);
        self.bits >>= count;
        self.count -= count;
        if self.is_overrun() { Err(damage(Damage::Truncated)) } else { Ok(bits as u32) }
    }

    /// Goes on at the next whole byte, and gives back what the bit buffer took beyond it.
    pub(crate) fn align(&mut self) {
        self.at = self.at.saturating_sub(self.count as usize / 8);
        (self.bits, self.count) = (0, 0);
    }

    /// Bytes from here on, at least one unless this is the end. Only after [`Input::align`].
    pub(crate) fn rest(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.end {
            self.read_more()?;
        }
        Ok(self.bytes.get(self.at..self.end).unwrap_or_default())
    }

    /// The next byte. Only after [`Input::align`].
    pub(crate) fn byte(&mut self) -> io::Result<u8> {
        let byte = self.rest()?.first().copied().ok_or_else(|| damage(Damage::Truncated))?;
        self.at += 1;
        Ok(byte)
    }
}

/// Damage as an error of reading.
pub(crate) fn damage(damage: Damage) -> io::Error {
    let kind = match damage {
        Damage::Truncated => io::ErrorKind::UnexpectedEof,
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, damage)
}
