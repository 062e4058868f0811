//! A tar reader that reads what container runtimes read.
//!
//! containerd, docker and podman unpack layers with Go's `archive/tar`. Archives are full of corners where readers
//! differ (which of two names wins, whether a global header counts, what ends an archive), and a layer that we read
//! otherwise than the runtime is a way to hide a package. So this reader takes Go's decisions, not GNU tar's or
//! POSIX's, and `tests/tar_differential.rs` holds it against Go itself. What follows from that:
//!
//! * a GNU long name wins over a pax path, a pax path over the header block;
//! * the records of a second `x` header replace those of the first, they are not merged;
//! * global (`g`) headers change nothing but end the reach of extension headers before them;
//! * links, devices and directories have no body, whatever their size field says;
//! * a type NUL entry whose name ends in `/` is a directory;
//! * the archive ends after two zero blocks, or at the end of the input on a block boundary (before or after one
//!   zero block); a zero block followed by anything else is damage; what follows two zero blocks is not looked at.
//!
//! The reader works on a [`BufRead`], and parses in the buffer that the decompressor wrote: a body that nobody
//! wants costs no copy.

mod header;
mod number;
mod pax;
mod sparse;

#[cfg(test)]
mod differential;

use std::io::{self, BufRead, Read};

use header::{Block, text};
use pax::Records;
use sparse::{PaxSparse, Run, SparseFile};

/// Size of a block.
const BLOCK: usize = 512;

/// Longest body of an entry that describes another one (extended header, long name): Go's and libarchive's limit.
const MAX_SPECIAL: usize = 1 << 20;

/// What is wrong with a tar archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TarError {
    /// The archive stops in the middle of an entry.
    #[error("the tar archive is cut off")]
    Truncated,
    /// Not a header block where one must be, or a damaged one.
    #[error("the tar header's checksum is wrong: the archive is damaged, or not a tar archive")]
    Checksum,
    /// A field that must be a number is not.
    #[error("the tar header's {0} is not a number")]
    Number(&'static str),
    /// A size below zero.
    #[error("the tar header states a negative size")]
    NegativeSize,
    /// A damaged pax extended header.
    #[error("the tar archive has a damaged extended header")]
    Pax,
    /// A sparse file's map does not fit the file.
    #[error("the tar archive has a sparse file whose map is damaged")]
    Sparse,
    /// An extended header, long name or sparse map beyond 1 MiB.
    #[error("the tar archive has an extended header of more than 1 MiB")]
    SpecialTooLong,
    /// One zero block, and then more.
    #[error("the tar archive goes on after a zero block")]
    LoneZeroBlock,
    /// Too many entries.
    #[error("the tar archive has more than {0} entries")]
    TooManyEntries(u64),
}

impl From<TarError> for io::Error {
    fn from(error: TarError) -> Self {
        let kind = match error {
            TarError::Truncated => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// An entry as the archive states it: names are raw, nothing is normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) name: Vec<u8>,
    pub(crate) link: Vec<u8>,
    /// Length of the body; expanded for a sparse file, 0 for what has none.
    pub(crate) size: u64,
    pub(crate) mode: u32,
}

/// The type of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    HardLink,
    SymLink,
    Directory,
    Device,
    /// A `g` header; `significant` when some reader would rename or resize files for it.
    Global {
        significant: bool,
    },
    /// A type that no container runtime unpacks.
    Unknown(u8),
}

/// Where an archive comes from.
pub(crate) trait Input: BufRead {
    /// Skips up to `most` bytes and says how many; 0 only at the end.
    fn skip(&mut self, most: u64) -> io::Result<u64> {
        let available = self.fill_buf()?.len();
        let n = usize::try_from(most).map_or(available, |most| available.min(most));
        self.consume(n);
        Ok(n as u64)
    }
}

impl Input for &[u8] {}

/// Reads a tar archive. As a [`Read`] it is the current entry's body.
pub(crate) struct Reader<R> {
    input: R,
    /// Bytes of the current body that are still in the input, without padding.
    body: u64,
    padding: u64,
    sparse: Option<SparseFile>,
    entries: u64,
    max_entries: u64,
    ended: bool,
    /// A body was found damaged: what follows cannot be trusted either, and Go's reader stops as well.
    failed: Option<TarError>,
    /// Where in the expanded stream the input stands.
    offset: u64,
}

impl<R: Input> Reader<R> {
    pub(crate) fn new(input: R, max_entries: u64) -> Self {
        Self {
            input,
            body: 0,
            padding: 0,
            sparse: None,
            entries: 0,
            max_entries,
            ended: false,
            failed: None,
            offset: 0,
        }
    }

    pub(crate) fn get_mut(&mut self) -> &mut R {
        &mut self.input
    }

    /// Position in the archive: after `next`, that of the current body's first byte.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the current body is stored as it is, in one piece.
    pub(crate) fn is_sparse(&self) -> bool {
        self.sparse.is_some()
    }

    /// Moves to the next entry; what is left of the current one is skipped.
    pub(crate) fn next(&mut self) -> io::Result<Option<Header>> {
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        if self.ended {
            return Ok(None);
        }
        let mut records = Records::default();
        let mut long_name: Vec<u8> = Vec::new();
        let mut long_link: Vec<u8> = Vec::new();
        loop {
            self.skip_body()?;
            let Some(block) = self.header_block()? else {
                self.ended = true;
                return Ok(None);
            };
            self.entries += 1;
            if self.entries > self.max_entries {
                return Err(TarError::TooManyEntries(self.max_entries).into());
            }
            let mut fields = block.fields()?;
            self.start_body(fields.flag, fields.size)?;
            match fields.flag {
                b'x' => records = Records::parse(&self.special()?)?,
                b'g' => {
                    let significant = Records::parse(&self.special()?)?.is_significant();
                    return Ok(Some(Header {
                        kind: Kind::Global { significant },
                        name: fields.name,
                        link: Vec::new(),
                        size: 0,
                        mode: 0,
                    }));
                }
                b'L' => long_name = text(&self.special()?).to_vec(),
                b'K' => long_link = text(&self.special()?).to_vec(),
                _ => {
                    records.check()?;
                    prefer(&mut fields.name, &records.path);
                    prefer(&mut fields.link, &records.link);
                    if !records.size.is_empty() {
                        fields.size = number::decimal(&records.size).ok_or(TarError::Pax)?;
                    }
                    prefer(&mut fields.name, &long_name);
                    prefer(&mut fields.link, &long_link);
                    return self.entry(&block, fields, &records).map(Some);
                }
            }
        }
    }

    /// Sets up the body of an entry whose extension headers are applied.
    fn entry(&mut self, block: &Block, mut fields: header::Fields, records: &Records) -> io::Result<Header> {
        if fields.flag == 0 {
            fields.flag = if fields.name.ends_with(b"/") { b'5' } else { b'0' };
        }
        self.start_body(fields.flag, fields.size)?;
        self.set_up_sparse(block, &mut fields, records)?;
        let kind = match fields.flag {
            // Old GNU sparse files and contiguous files are files.
            b'0' | b'7' | b'S' => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::SymLink,
            b'3' | b'4' | b'6' => Kind::Device,
            b'5' => Kind::Directory,
            other => Kind::Unknown(other),
        };
        let size = if has_no_body(fields.flag) {
            0
        } else {
            u64::try_from(fields.size).map_err(|_| TarError::NegativeSize)?
        };
        // What is masked fits.
        let mode = u32::try_from(fields.mode & 0o7777).unwrap_or_default();
        Ok(Header { kind, name: fields.name, link: fields.link, size, mode })
    }

    fn set_up_sparse(
        &mut self,
        block: &Block,
        fields: &mut header::Fields,
        records: &Records,
    ) -> io::Result<()> {
        let fragments = if fields.flag == b'S' {
            let (size, fragments) = sparse::map_old_gnu(block, || self.block()?.ok_or_else(truncated))?;
            fields.size = size;
            fragments
        } else {
            let kind = PaxSparse::of(records);
            // The name and size records count as soon as the format is known, before the map is looked at.
            if !matches!(kind, Ok(PaxSparse::No)) {
                prefer(&mut fields.name, &records.sparse_name);
                let size = if records.sparse_size.is_empty() {
                    &records.sparse_real_size
                } else {
                    &records.sparse_size
                };
                if !size.is_empty() {
                    fields.size = number::decimal(size).ok_or(TarError::Sparse)?;
                }
            }
            match kind? {
                PaxSparse::No => return Ok(()),
                PaxSparse::Map(fragments) => fragments,
                PaxSparse::InBody => sparse::map_1x0(|| {
                    if self.body < BLOCK as u64 {
                        return Err(truncated());
                    }
                    self.body -= BLOCK as u64;
                    self.block()?.ok_or_else(truncated)
                })?,
            }
        };
        if has_no_body(fields.flag) {
            return Err(TarError::Sparse.into());
        }
        self.sparse = Some(SparseFile::new(fragments, fields.size)?);
        Ok(())
    }

    fn start_body(&mut self, flag: u8, size: i64) -> Result<(), TarError> {
        let size = if has_no_body(flag) { 0 } else { size };
        self.body = u64::try_from(size).map_err(|_| TarError::NegativeSize)?;
        self.padding = self.body.wrapping_neg() % BLOCK as u64;
        self.sparse = None;
        Ok(())
    }

    /// The body of an entry that describes another.
    fn special(&mut self) -> io::Result<Vec<u8>> {
        if self.body > MAX_SPECIAL as u64 {
            return Err(TarError::SpecialTooLong.into());
        }
        let mut out = Vec::new();
        self.read_to_end(&mut out)?;
        Ok(out)
    }

    /// The next header block; `None` at the archive's end.
    fn header_block(&mut self) -> io::Result<Option<Block>> {
        let Some(block) = self.block()? else { return Ok(None) };
        if !block.is_zero() {
            return Ok(Some(block));
        }
        match self.block()? {
            None => Ok(None),
            Some(second) if second.is_zero() => Ok(None),
            Some(_) => Err(TarError::LoneZeroBlock.into()),
        }
    }

    /// One whole block, or `None` when the input is at its end.
    fn block(&mut self) -> io::Result<Option<Block>> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while let Some(space) = block.get_mut(filled..).filter(|space| !space.is_empty()) {
            let n = self.input.read(space)?;
            if n == 0 {
                return if filled == 0 { Ok(None) } else { Err(truncated()) };
            }
            filled += n;
        }
        self.offset += BLOCK as u64;
        Ok(Some(Block(block)))
    }

    /// Skips what is left of the current body.
    pub(crate) fn skip_body(&mut self) -> io::Result<()> {
        let mut left = self.body;
        // The end of the input inside the padding of the last body is an end as good as any (Go says so); the
        // header that follows is then simply not there.
        while left > 0 {
            let n = self.skip_some(left)?;
            if n == 0 {
                return Err(truncated());
            }
            left -= n;
        }
        let mut padding = self.padding;
        while padding > 0 {
            let n = self.skip_some(padding)?;
            if n == 0 {
                break;
            }
            padding -= n;
        }
        (self.body, self.padding, self.sparse) = (0, 0, None);
        Ok(())
    }

    fn skip_some(&mut self, most: u64) -> io::Result<u64> {
        let n = self.input.skip(most)?;
        self.offset += n;
        Ok(n)
    }

    /// Bytes of the body as they are stored.
    fn read_stored(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.body).unwrap_or(usize::MAX).min(buf.len());
        let Some(buf) = buf.get_mut(..most).filter(|buf| !buf.is_empty()) else { return Ok(0) };
        let n = self.input.read(buf)?;
        if n == 0 {
            return Err(truncated());
        }
        self.body -= n as u64;
        self.offset += n as u64;
        Ok(n)
    }
}

impl<R: Input> Read for Reader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(sparse) = &mut self.sparse else { return self.read_stored(buf) };
        if buf.is_empty() {
            return Ok(0);
        }
        let clip = |run: u64, len: usize| usize::try_from(run).map_or(len, |run| run.min(len));
        match sparse.run() {
            // Stored bytes that the map does not mention: the map is wrong, and so would the file be.
            Run::End if self.body > 0 => {
                self.failed = Some(TarError::Sparse);
                Err(TarError::Sparse.into())
            }
            Run::End => Ok(0),
            Run::Hole(run) => {
                let n = clip(run, buf.len());
                buf.iter_mut().take(n).for_each(|byte| *byte = 0);
                sparse.position += n as u64;
                Ok(n)
            }
            Run::Data(run) => {
                let n = clip(run, buf.len());
                let n = self.read_stored(buf.get_mut(..n).unwrap_or_default())?;
                if n == 0 {
                    // The map promises more than is stored.
                    self.failed = Some(TarError::Sparse);
                    return Err(TarError::Sparse.into());
                }
                if let Some(sparse) = &mut self.sparse {
                    sparse.position += n as u64;
                }
                Ok(n)
            }
        }
    }
}

/// Whether entries of this type have no body, whatever their size field says.
fn has_no_body(flag: u8) -> bool {
    matches!(flag, b'1'..=b'6')
}

fn prefer(field: &mut Vec<u8>, other: &[u8]) {
    if !other.is_empty() {
        *field = other.to_vec();
    }
}

fn truncated() -> io::Error {
    TarError::Truncated.into()
}
