//! Zips of records, read in batches that can be expanded on several cores.
//!
//! Reading is one seek after the other and cheap; expanding and parsing are what takes time. So one thread takes the
//! compressed members out of the zip, and [`Packed::expand`] is for the others. Limits: no member may claim, or expand to,
//! more than [`LARGEST_MEMBER`]; nothing is reserved for a claimed size beyond what is plausible.

use std::{
    borrow::Cow,
    io::{self, Read, Seek, SeekFrom},
};

use flate2::{Decompress, FlushDecompress, Status};
use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::source::ReadSeek;

/// The largest record by far has some 10 MB.
pub(crate) const LARGEST_MEMBER: u64 = 128 * 1024 * 1024;
/// A batch is closed when it has so many members, or when they claim so many bytes.
const BATCH_MEMBERS: usize = 1024;
const BATCH_BYTES: u64 = 8 * 1024 * 1024;

/// A member as it lies in the zip.
pub(crate) struct Packed {
    pub(crate) name: String,
    body: Result<Body, Broken>,
}

struct Body {
    deflated: bool,
    bytes: Vec<u8>,
    size: u64,
    crc: u32,
}

/// Why a member cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("the zip says that it has {0} bytes, more than any record")]
    TooLarge(u64),
    #[error("it is encrypted")]
    Encrypted,
    #[error("its compression method is not known ({0})")]
    Method(CompressionMethod),
    #[error("the zip is damaged there: {0}")]
    Zip(ZipError),
    #[error("the zip is damaged there: {0}")]
    Io(io::Error),
    #[error("its compressed data are damaged")]
    Deflate,
    #[error("it does not have the size that the zip says")]
    Size,
    #[error("its checksum is not the one that the zip says")]
    Checksum,
}

/// A zip, read front to back.
pub(crate) struct Archive<'a> {
    zip: ZipArchive<Window<Box<dyn ReadSeek + 'a>>>,
    next: usize,
}

impl<'a> Archive<'a> {
    pub(crate) fn open(file: Box<dyn ReadSeek + 'a>) -> Result<Archive<'a>, ZipError> {
        let zip = ZipArchive::new(Window::new(file))?;
        if zip.has_duplicate_names() {
            return Err(ZipError::InvalidArchive("it has two members of one name".into()));
        }
        Ok(Archive { zip, next: 0 })
    }

    /// The next members; empty at the end.
    pub(crate) fn batch(&mut self) -> Vec<Packed> {
        let (mut batch, mut claimed) = (Vec::new(), 0);
        while self.next < self.zip.len() && batch.len() < BATCH_MEMBERS && claimed < BATCH_BYTES {
            let index = self.next;
            self.next += 1;
            let name = self.zip.name_for_index(index).and_then(Result::ok).map(Cow::into_owned);
            if name.as_ref().is_some_and(|name| name.ends_with('/')) {
                continue;
            }
            let body = self.body(index);
            claimed += body.as_ref().map_or(0, |body| body.size + body.bytes.len() as u64);
            batch.push(Packed { name: name.unwrap_or_else(|| format!("member {index}")), body });
        }
        batch
    }

    fn body(&mut self, index: usize) -> Result<Body, Broken> {
        let member = self.zip.by_index_raw(index).map_err(Broken::Zip)?;
        let largest = member.size().max(member.compressed_size());
        if largest > LARGEST_MEMBER {
            return Err(Broken::TooLarge(largest));
        }
        if member.encrypted() {
            return Err(Broken::Encrypted);
        }
        let deflated = match member.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => return Err(Broken::Method(other)),
        };
        let (size, crc, length) = (member.size(), member.crc32(), member.compressed_size());
        let mut bytes = Vec::with_capacity(length.min(1024 * 1024) as usize);
        member.take(length).read_to_end(&mut bytes).map_err(Broken::Io)?;
        if bytes.len() as u64 == length { Ok(Body { deflated, bytes, size, crc }) } else { Err(Broken::Size) }
    }
}

impl Packed {
    /// The member's own bytes, checked. `buffer` is overwritten; it is the caller's so that it can be used again.
    pub(crate) fn expand<'a>(&'a self, buffer: &'a mut Vec<u8>) -> Result<&'a [u8], &'a Broken> {
        let body = self.body.as_ref()?;
        let bytes = if body.deflated { inflate(body, buffer)? } else { &body.bytes };
        if bytes.len() as u64 != body.size {
            return Err(&Broken::Size);
        }
        if crc32fast::hash(bytes) != body.crc {
            return Err(&Broken::Checksum);
        }
        Ok(bytes)
    }
}

fn inflate<'a>(body: &Body, buffer: &'a mut Vec<u8>) -> Result<&'a [u8], &'static Broken> {
    buffer.clear();
    // One byte more than claimed, so that a member that is larger is noticed and not just cut.
    let claimed = body.size as usize + 1;
    buffer.reserve(claimed.min(64 * 1024 + body.bytes.len() * 16));
    let mut inflater = Decompress::new(false);
    loop {
        let read = inflater.total_in() as usize;
        let rest = body.bytes.get(read..).unwrap_or_default();
        let status =
            inflater.decompress_vec(rest, buffer, FlushDecompress::Finish).map_err(|_| &Broken::Deflate)?;
        if matches!(status, Status::StreamEnd) {
            return Ok(buffer);
        }
        if buffer.len() >= claimed {
            return Err(&Broken::Size);
        }
        if buffer.len() < buffer.capacity() && inflater.total_in() as usize == read {
            return Err(&Broken::Deflate);
        }
        if buffer.len() == buffer.capacity() {
            buffer.reserve(buffer.len().min(claimed - buffer.len()).max(1));
        }
    }
}

/// Buffers a file for a reader that seeks a little forward all the time, for which `BufReader` throws its buffer away.
struct Window<R> {
    file: R,
    buffer: Vec<u8>,
    /// The place in the file of the buffer's first byte.
    start: u64,
    position: u64,
}

const WINDOW: u64 = 256 * 1024;

impl<R: Read + Seek> Window<R> {
    fn new(file: R) -> Window<R> {
        Window { file, buffer: Vec::new(), start: 0, position: 0 }
    }
}

impl<R: Read + Seek> Read for Window<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let end = self.start + self.buffer.len() as u64;
        if self.position < self.start || self.position >= end {
            self.file.seek(SeekFrom::Start(self.position))?;
            self.buffer.clear();
            self.start = self.position;
            self.file.by_ref().take(WINDOW).read_to_end(&mut self.buffer)?;
        }
        let within = (self.position - self.start) as usize;
        let mut rest = self.buffer.get(within..).unwrap_or_default();
        let read = rest.read(to)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl<R: Read + Seek> Seek for Window<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.file.seek(SeekFrom::End(0))?.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
