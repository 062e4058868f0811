//! The container: one immutable file of named, checksummed sections.
//!
//! ```text
//! 0       header, 4096 bytes: magic, format, creation time, lengths, section table, its own checksum
//! 4096    sections, one after the other
//! …       checksum table: one XXH3-64 for each 64 KiB block of the sections
//! ```
//!
//! The header and the checksum table are verified when the file is opened; that is 8 bytes for each 64 KiB, so the cost of
//! opening does not depend on what is in the file. A block is verified when it is first touched, which a bitmap
//! remembers. What is read from a verified block is still not trusted: a file may be made by an enemy, checksums and all,
//! so every reader of a section checks its offsets and lengths as well.
//!
//! Compatibility: the first 24 bytes and the place of the header's checksum are the same in every format to come. A
//! reader refuses a format number other than its own; sections that it does not know are not looked at, so a new section
//! needs no new number.

pub(crate) mod bytes;
mod header;
mod mapping;
mod read;
mod write;

pub(crate) use header::{Extent, FORMAT, MAGIC};
pub(crate) use read::{Container, Section};
pub(crate) use write::{Created, Scratch, Writer};
