//! Sparse files: bodies that hold only the parts that are not zeros, and a map of where these belong.
//!
//! GNU tar manual, *Storing Sparse Files*: the old format keeps the map in the header block (type `S`) and extension
//! blocks behind it; pax formats 0.0 and 0.1 keep it in extended header records, 1.0 at the start of the body.
//! `docker build` on a sparse file (the famous huge `/var/log/lastlog`) makes such entries, so they are met in
//! practice.

use std::io;

use super::header::{Block, Dialect};
use super::number::{decimal, numeric};
use super::pax::Records;
use super::{MAX_SPECIAL, TarError};

/// Most fragments of one file; every encoding runs into [`MAX_SPECIAL`] before.
const MAX_FRAGMENTS: usize = 1 << 20;

/// The parts of a sparse file that hold data, in order, and where reading it stands.
#[derive(Debug)]
pub(super) struct SparseFile {
    fragments: Vec<Fragment>,
    next: usize,
    pub(super) position: u64,
    pub(super) size: u64,
}

/// A run of data: where it lies in the expanded file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment {
    offset: i64,
    length: i64,
}

/// What comes next in a sparse file.
pub(super) enum Run {
    /// That many bytes from the archive.
    Data(u64),
    /// That many zeros.
    Hole(u64),
    /// Nothing.
    End,
}

impl SparseFile {
    /// Checks the map: within the size, in order, not overlapping.
    pub(super) fn new(fragments: Vec<Fragment>, size: i64) -> Result<Self, TarError> {
        let size = u64::try_from(size).map_err(|_| TarError::Sparse)?;
        let mut last_end = 0;
        for fragment in &fragments {
            let (Ok(offset), Ok(length)) = (u64::try_from(fragment.offset), u64::try_from(fragment.length))
            else {
                return Err(TarError::Sparse);
            };
            // Both are below 2^63: their sum cannot wrap.
            let end = offset + length;
            if offset < last_end || end > size {
                return Err(TarError::Sparse);
            }
            last_end = end;
        }
        Ok(Self { fragments, next: 0, position: 0, size })
    }

    /// The run at the current position.
    pub(super) fn run(&mut self) -> Run {
        while let Some(fragment) = self.fragments.get(self.next) {
            let (offset, length) = (fragment.offset.unsigned_abs(), fragment.length.unsigned_abs());
            if self.position < offset {
                return Run::Hole(offset - self.position);
            }
            let end = offset + length;
            if self.position < end {
                return Run::Data(end - self.position);
            }
            self.next += 1;
        }
        if self.position < self.size { Run::Hole(self.size - self.position) } else { Run::End }
    }
}

/// The map and real size that a pax header states for formats 0.0, 0.1 and 1.0.
pub(super) enum PaxSparse {
    /// Not a sparse file.
    No,
    /// The map is in the records.
    Map(Vec<Fragment>),
    /// The map starts the body.
    InBody,
}

impl PaxSparse {
    pub(super) fn of(records: &Records) -> Result<Self, TarError> {
        match (&records.sparse_major[..], &records.sparse_minor[..]) {
            (b"0", b"0" | b"1") => map_0x1(records).map(Self::Map),
            (b"1", b"0") => Ok(Self::InBody),
            (b"", b"") if !records.sparse_map.is_empty() => map_0x1(records).map(Self::Map),
            _ => Ok(Self::No),
        }
    }
}

fn map_0x1(records: &Records) -> Result<Vec<Fragment>, TarError> {
    let count =
        decimal(&records.sparse_blocks).and_then(|n| usize::try_from(n).ok()).ok_or(TarError::Sparse)?;
    let mut numbers = records.sparse_map.split(|&b| b == b',').filter(|_| !records.sparse_map.is_empty());
    let mut fragments = Vec::new();
    while let Some(offset) = numbers.next() {
        let length = numbers.next().ok_or(TarError::Sparse)?;
        push(&mut fragments, decimal(offset), decimal(length))?;
    }
    if fragments.len() == count { Ok(fragments) } else { Err(TarError::Sparse) }
}

/// Reads the map at the start of a format 1.0 body: newline-terminated decimal numbers, the first of which counts
/// the pairs, padded to a whole block. `next_block` reads the body.
pub(super) fn map_1x0(
    mut next_block: impl FnMut() -> Result<Block, io::Error>,
) -> Result<Vec<Fragment>, io::Error> {
    let mut text: Vec<u8> = Vec::new();
    let mut at = 0;
    let mut number = || -> Result<i64, io::Error> {
        loop {
            let unread = text.get(at..).unwrap_or_default();
            if let Some(end) = memchr::memchr(b'\n', unread) {
                let value = unread.get(..end).and_then(decimal).ok_or(TarError::Sparse)?;
                at += end + 1;
                return Ok(value);
            }
            if text.len() >= MAX_SPECIAL {
                return Err(TarError::SpecialTooLong.into());
            }
            text.extend_from_slice(&next_block()?.0);
        }
    };
    let count = usize::try_from(number()?).map_err(|_| TarError::Sparse)?;
    let mut fragments = Vec::new();
    for _ in 0..count {
        push(&mut fragments, Some(number()?), Some(number()?))?;
    }
    Ok(fragments)
}

/// Reads the map of an old GNU header and of the extension blocks that follow it.
///
/// Returns the expanded size and the fragments.
pub(super) fn map_old_gnu(
    header: &Block,
    mut next_block: impl FnMut() -> Result<Block, io::Error>,
) -> Result<(i64, Vec<Fragment>), io::Error> {
    // star uses the same type flag for another layout.
    if header.dialect() != Some(Dialect::Gnu) {
        return Err(TarError::Sparse.into());
    }
    let size = numeric(header.field(483, 12)).ok_or(TarError::Sparse)?;
    let mut fragments = Vec::new();
    let mut read = 4 * 24 + 1;
    let mut extended = pairs(header.field(386, 4 * 24 + 1), &mut fragments)?;
    while extended {
        if read >= MAX_SPECIAL {
            return Err(TarError::SpecialTooLong.into());
        }
        let block = next_block()?;
        read += block.0.len();
        extended = pairs(block.field(0, 21 * 24 + 1), &mut fragments)?;
    }
    Ok((size, fragments))
}

/// Offset-length pairs up to the first empty one, and whether an extension block follows.
fn pairs(table: &[u8], fragments: &mut Vec<Fragment>) -> Result<bool, TarError> {
    let Some((extended, table)) = table.split_last() else { return Ok(false) };
    for pair in table.chunks_exact(24) {
        let (offset, length) = pair.split_at(12);
        if offset.first() == Some(&0) {
            break;
        }
        push(fragments, numeric(offset), numeric(length))?;
    }
    Ok(*extended != 0)
}

fn push(to: &mut Vec<Fragment>, offset: Option<i64>, length: Option<i64>) -> Result<(), TarError> {
    match (offset, length) {
        (Some(offset), Some(length)) if to.len() < MAX_FRAGMENTS => {
            to.push(Fragment { offset, length });
            Ok(())
        }
        _ => Err(TarError::Sparse),
    }
}
