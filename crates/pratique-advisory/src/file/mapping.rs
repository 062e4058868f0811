//! The one place where memory is mapped, and so the one place of this crate with `unsafe`.

#![allow(unsafe_code)]

use std::{fs::File, io, ops::Deref};

/// A whole file, mapped read-only.
pub(crate) struct Mapping(memmap2::Mmap);

impl Mapping {
    /// Maps all of `file`.
    pub(crate) fn of(file: &File) -> io::Result<Mapping> {
        // SAFETY: a map is undefined behaviour if the bytes under it change. A database file never changes once it
        // has its name: it is written under a temporary name, synced, and renamed into place; an update makes a new
        // file and renames that, which leaves this map on the old one. Nothing in this program opens one for
        // writing. Bytes that are merely wrong (a damaged or hostile file) are plain `u8`s to us: every offset and
        // length read from them is checked before use.
        unsafe { memmap2::Mmap::map(file) }.map(Mapping)
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
