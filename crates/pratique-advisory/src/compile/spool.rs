//! Temporary files that are written once, front to back, and then read at random.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use crate::file::Scratch;

/// Where something lies in a spool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) offset: u64,
    pub(crate) length: u32,
}

/// A spool that is being written.
pub(crate) struct Spool {
    file: BufWriter<Scratch>,
    length: u64,
}

impl Spool {
    pub(crate) fn create(target: &Path, purpose: &str) -> io::Result<Spool> {
        let scratch = Scratch::beside(target, purpose)?;
        Ok(Spool { file: BufWriter::with_capacity(256 * 1024, scratch), length: 0 })
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<Span> {
        self.file.write_all(bytes)?;
        let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let span = Span { offset: self.length, length };
        self.length += u64::from(length);
        Ok(span)
    }

    pub(crate) fn finish(self) -> io::Result<Laid> {
        let scratch = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Laid { scratch })
    }
}

/// A spool that is complete. It can be read by several threads at once.
pub(crate) struct Laid {
    scratch: Scratch,
}

impl Laid {
    pub(crate) fn read(&self, span: Span) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; span.length as usize];
        read_exact_at(self.scratch.file(), &mut bytes, span.offset)?;
        Ok(bytes)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = bytes.get_mut(read..).unwrap_or_default();
        offset += read as u64;
    }
    Ok(())
}
