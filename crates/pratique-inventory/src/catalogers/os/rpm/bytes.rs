//! Numbers and slices out of a stranger's bytes: everything that may lie outside is an `Option`.

/// The `length` bytes at `offset`.
pub(super) fn slice(bytes: &[u8], offset: usize, length: usize) -> Option<&[u8]> {
    bytes.get(offset..offset.checked_add(length)?)
}

/// Byte order of a database, which is that of the machine that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) fn u16(self, bytes: &[u8], offset: usize) -> Option<u16> {
        let raw = slice(bytes, offset, 2)?.try_into().ok()?;
        Some(if self == Self::Big { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) })
    }

    pub(super) fn u32(self, bytes: &[u8], offset: usize) -> Option<u32> {
        let raw = slice(bytes, offset, 4)?.try_into().ok()?;
        Some(if self == Self::Big { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) })
    }
}

/// Which pages of a file were met: one bit each.
pub(super) struct Seen(Vec<u64>);

impl Seen {
    /// For pages up to and including `last`.
    pub(super) fn new(last: u32) -> Self {
        Self(vec![0; last as usize / 64 + 1])
    }

    /// Marks a page; whether it was unmarked. Pages beyond the last count as marked.
    pub(super) fn first_time(&mut self, page: u32) -> bool {
        let Some(word) = self.0.get_mut(page as usize / 64) else { return false };
        let bit = 1 << (page % 64);
        let first = *word & bit == 0;
        *word |= bit;
        first
    }
}

/// How many bytes records may still have together: as many as their file.
///
/// Without it, a thousand index entries that point at the same megabyte would make a gigabyte to read.
pub(super) struct Remaining(usize);

impl Remaining {
    pub(super) fn new(file: &[u8]) -> Self {
        Self(file.len())
    }

    pub(super) fn take(&mut self, length: usize) -> Result<(), super::BadDatabase> {
        self.0 = self.0.checked_sub(length).ok_or(super::BadDatabase::Overlap)?;
        Ok(())
    }
}
