//! Opening a container and reading verified bytes from it.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use xxhash_rust::xxh3::xxh3_64;

use super::{
    Extent,
    bytes::{Malformed, read_u32, read_u64},
    header::{self, BLOCK, FORMAT, Header, Refused},
    mapping::Mapping,
};
use crate::Error;

/// An open database file.
pub(crate) struct Container {
    path: PathBuf,
    map: Mapping,
    header: Header,
    /// One bit for each block: set once its checksum was found right.
    verified: Box<[AtomicU64]>,
}

impl Container {
    /// Opens a file: reads its header and checksum table, and nothing else.
    pub(crate) fn open(path: &Path) -> Result<Container, Error> {
        let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
                return Err(Error::Missing { path: path.to_owned() });
            }
            Err(problem) => return Err(unreadable(problem)),
        };
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() || metadata.len() == 0 {
            return Err(Error::Foreign { path: path.to_owned() });
        }
        let map = Mapping::of(&file).map_err(unreadable)?;
        let found = map.len() as u64;
        let Some(first) = map.first_chunk::<{ header::LENGTH }>() else {
            let begins = header::MAGIC.starts_with(map.get(..16).unwrap_or(&map));
            return Err(if begins {
                Error::Length { path: path.to_owned(), expected: header::LENGTH as u64, found }
            } else {
                Error::Foreign { path: path.to_owned() }
            });
        };
        let damaged = |offset, what| Error::Damaged { path: path.to_owned(), offset, what };
        let header = Header::decode(first).map_err(|refused| match refused {
            Refused::Foreign => Error::Foreign { path: path.to_owned() },
            Refused::Format(format) => Error::Format { path: path.to_owned(), found: format, known: FORMAT },
            Refused::Damaged(what) => damaged(0, what),
        })?;
        if header.file_length != found {
            return Err(Error::Length { path: path.to_owned(), expected: header.file_length, found });
        }
        let table = slice(&map, header.checksums).ok_or_else(|| damaged(0, "place of the checksum table"))?;
        if xxh3_64(table) != header.checksums_sum {
            return Err(damaged(header.checksums.offset, "checksum table"));
        }
        let verified = (0..(table.len() / 8).div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        Ok(Container { path: path.to_owned(), map, header, verified })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// When the database was made, in seconds since 1970.
    pub(crate) fn created(&self) -> i64 {
        self.header.created
    }

    /// The length of the file in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.header.file_length
    }

    /// Names and extents of all sections, in the order of the file.
    pub(crate) fn sections(&self) -> &[(String, Extent)] {
        &self.header.sections
    }

    /// The section of that name; an empty one if the file has none.
    pub(crate) fn extent(&self, name: &str) -> Extent {
        let found = self.header.sections.iter().find(|(other, _)| other == name);
        found.map_or(Extent { offset: header::LENGTH as u64, length: 0 }, |(_, extent)| *extent)
    }

    /// Reads within a section. `name` is what errors call it.
    pub(crate) fn section(&self, extent: Extent, name: &'static str) -> Section<'_> {
        Section { container: self, extent, name }
    }

    /// Verifies every block.
    pub(crate) fn verify(&self) -> Result<(), Error> {
        let blocks = (self.header.checksums.length / 8) as usize;
        (0..blocks).try_for_each(|block| self.verify_block(block))
    }

    pub(crate) fn damaged(&self, offset: u64, what: &'static str) -> Error {
        Error::Damaged { path: self.path.clone(), offset, what }
    }

    /// Makes sure that the blocks under these bytes of the file are what was written.
    #[inline]
    fn ensure(&self, offset: u64, length: u64) -> Result<(), Error> {
        if length == 0 {
            return Ok(());
        }
        let data = offset.saturating_sub(header::LENGTH as u64) as usize;
        let last = (data + length as usize - 1) / BLOCK;
        for block in data / BLOCK..=last {
            let word = self.verified.get(block / 64);
            // Relaxed: the bit guards nothing but itself; the map does not change, and two threads that verify one
            // block come to the same answer.
            if word.is_none_or(|word| word.load(Ordering::Relaxed) & 1 << (block % 64) == 0) {
                self.verify_block(block)?;
            }
        }
        Ok(())
    }

    #[cold]
    fn verify_block(&self, block: usize) -> Result<(), Error> {
        let table = self.header.checksums;
        let offset = header::LENGTH as u64 + (block * BLOCK) as u64;
        let length = table.offset.saturating_sub(offset).min(BLOCK as u64);
        let bytes = slice(&self.map, Extent { offset, length });
        let sum = slice(&self.map, table).map(|table| read_u64(table, block * 8));
        match (bytes, sum) {
            (Some(bytes), Some(Ok(sum))) if xxh3_64(bytes) == sum => {
                if let Some(word) = self.verified.get(block / 64) {
                    word.fetch_or(1 << (block % 64), Ordering::Relaxed);
                }
                Ok(())
            }
            _ => Err(self.damaged(offset, "checksum of a block")),
        }
    }
}

fn slice(map: &[u8], extent: Extent) -> Option<&[u8]> {
    let start = usize::try_from(extent.offset).ok()?;
    map.get(start..start.checked_add(usize::try_from(extent.length).ok()?)?)
}

/// One section of an open container.
#[derive(Clone, Copy)]
pub(crate) struct Section<'db> {
    container: &'db Container,
    extent: Extent,
    name: &'static str,
}

impl<'db> Section<'db> {
    pub(crate) fn len(&self) -> u64 {
        self.extent.length
    }

    /// Verified bytes `offset..offset + length` of the section.
    #[inline]
    pub(crate) fn bytes(&self, offset: u64, length: u64) -> Result<&'db [u8], Error> {
        let Section { container, extent, .. } = *self;
        if offset.checked_add(length).is_none_or(|end| end > extent.length) {
            return Err(self.damaged(offset));
        }
        let start = extent.offset + offset;
        container.ensure(start, length)?;
        slice(&container.map, Extent { offset: start, length }).ok_or_else(|| self.damaged(offset))
    }

    /// The whole section.
    pub(crate) fn all(&self) -> Result<&'db [u8], Error> {
        self.bytes(0, self.extent.length)
    }

    /// The little-endian number at byte `offset`.
    #[inline]
    pub(crate) fn u32(&self, offset: u64) -> Result<u32, Error> {
        let bytes = self.bytes(offset, 4)?;
        self.sound(offset, read_u32(bytes, 0))
    }

    /// The little-endian number at byte `offset`.
    pub(crate) fn u64(&self, offset: u64) -> Result<u64, Error> {
        let bytes = self.bytes(offset, 8)?;
        self.sound(offset, read_u64(bytes, 0))
    }

    /// A part of this section, as a section.
    pub(crate) fn part(&self, offset: u64, length: u64) -> Result<Section<'db>, Error> {
        if offset.checked_add(length).is_none_or(|end| end > self.extent.length) {
            return Err(self.damaged(offset));
        }
        Ok(Section { extent: Extent { offset: self.extent.offset + offset, length }, ..*self })
    }

    /// Turns what a decoder found at `offset` into an error that names file, place and section.
    #[inline]
    pub(crate) fn sound<T>(&self, offset: u64, decoded: Result<T, Malformed>) -> Result<T, Error> {
        decoded.map_err(|Malformed| self.damaged(offset))
    }

    #[cold]
    pub(crate) fn damaged(&self, offset: u64) -> Error {
        self.container.damaged(self.extent.offset.saturating_add(offset), self.name)
    }
}
