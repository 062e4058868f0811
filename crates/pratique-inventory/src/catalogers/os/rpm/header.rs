//! The header of a package, as all three databases keep it.
//!
//! rpm, `docs/manual/format_header.md` and `format_v4.md` ("Header"), without the 8 bytes of magic that a
//! package file has in front. All numbers are big-endian: the number of index entries, the number of data bytes,
//! then the index (tag, type, offset, count; 16 bytes each), then the data. Traps:
//!
//! * The first entry of most headers is a "region" (tags below 100): a bracket around the entries that are
//!   signed. It says nothing itself.
//! * What rpm added at installation comes behind the region and may repeat a tag that is in it: then the later
//!   one counts.
//! * A translated string is an array; its first member is the untranslated one.

use super::bytes::{Order, slice};
use super::error::BadHeader;

/// The tags that are read: `include/rpm/rpmtag.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Name,
    Version,
    Release,
    Epoch,
    Vendor,
    Licence,
    Arch,
    OldFileNames,
    FileModes,
    SourceRpm,
    ProvideName,
    RequireName,
    DirIndexes,
    BaseNames,
    DirNames,
    ModularityLabel,
}

impl Tag {
    /// All of them with number and name, in the order of the enumeration.
    const ALL: [(Self, u32, &'static str); 16] = [
        (Self::Name, 1000, "NAME"),
        (Self::Version, 1001, "VERSION"),
        (Self::Release, 1002, "RELEASE"),
        (Self::Epoch, 1003, "EPOCH"),
        (Self::Vendor, 1011, "VENDOR"),
        (Self::Licence, 1014, "LICENSE"),
        (Self::Arch, 1022, "ARCH"),
        (Self::OldFileNames, 1027, "OLDFILENAMES"),
        (Self::FileModes, 1030, "FILEMODES"),
        (Self::SourceRpm, 1044, "SOURCERPM"),
        (Self::ProvideName, 1047, "PROVIDENAME"),
        (Self::RequireName, 1049, "REQUIRENAME"),
        (Self::DirIndexes, 1116, "DIRINDEXES"),
        (Self::BaseNames, 1117, "BASENAMES"),
        (Self::DirNames, 1118, "DIRNAMES"),
        (Self::ModularityLabel, 5096, "MODULARITYLABEL"),
    ];

    fn numbered(number: u32) -> Option<usize> {
        Self::ALL.iter().position(|&(_, known, _)| known == number)
    }

    /// Number and name.
    pub(super) fn known_as(self) -> (u32, &'static str) {
        Self::ALL.get(self as usize).map_or((0, ""), |&(_, number, name)| (number, name))
    }
}

/// Types of values.
mod kind {
    pub(super) const INT16: u32 = 3;
    pub(super) const INT32: u32 = 4;
    pub(super) const STRING: u32 = 6;
    pub(super) const STRING_ARRAY: u32 = 8;
    pub(super) const I18N_STRING: u32 = 9;
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    kind: u32,
    offset: u32,
    count: u32,
}

/// An index over the bytes of a header.
#[derive(Debug)]
pub(super) struct Header<'a> {
    data: &'a [u8],
    entries: [Option<Entry>; Tag::ALL.len()],
}

impl<'a> Header<'a> {
    /// Finds the tags in a header.
    pub(super) fn parse(blob: &'a [u8]) -> Result<Self, BadHeader> {
        const ENTRY: usize = 16;
        let number = |at| Order::Big.u32(blob, at).unwrap_or_default();
        let (count, length) = (number(0), number(4));
        let short = BadHeader::TooShort { length: blob.len(), entries: count, data: length };
        let index_length = (count as usize).checked_mul(ENTRY).ok_or(short.clone())?;
        let (Some(index), Some(data)) = (
            slice(blob, 8, index_length),
            8_usize.checked_add(index_length).and_then(|at| slice(blob, at, length as usize)),
        ) else {
            return Err(short);
        };
        let mut entries = [None; Tag::ALL.len()];
        for entry in index.chunks_exact(ENTRY) {
            let number = |at| Order::Big.u32(entry, at).unwrap_or_default();
            if let Some(slot) = Tag::numbered(number(0)).and_then(|at| entries.get_mut(at)) {
                *slot = Some(Entry { kind: number(4), offset: number(8), count: number(12) });
            }
        }
        Ok(Self { data, entries })
    }

    fn entry(&self, tag: Tag) -> Option<Entry> {
        self.entries.get(tag as usize).copied().flatten()
    }

    fn bad(tag: Tag, entry: Entry) -> BadHeader {
        let (number, name) = tag.known_as();
        let Entry { kind, offset, count } = entry;
        BadHeader::Tag { tag: number, name, kind, count, offset }
    }

    /// A string, or the first of several.
    pub(super) fn string(&self, tag: Tag) -> Result<Option<&'a [u8]>, BadHeader> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        let first = self.strings_of(entry).and_then(|mut strings| strings.next());
        first.ok_or_else(|| Self::bad(tag, entry)).map(Some)
    }

    /// All strings of an array.
    ///
    /// Ends early where the data end early: compare its length with what it is an array of.
    pub(super) fn strings(&self, tag: Tag) -> Result<impl Iterator<Item = &'a [u8]> + use<'a>, BadHeader> {
        let Some(entry) = self.entry(tag) else { return Ok(None.into_iter().flatten()) };
        let strings = self.strings_of(entry).ok_or_else(|| Self::bad(tag, entry))?;
        Ok(Some(strings).into_iter().flatten())
    }

    fn strings_of(&self, entry: Entry) -> Option<impl Iterator<Item = &'a [u8]> + use<'a>> {
        if !matches!(entry.kind, kind::STRING | kind::STRING_ARRAY | kind::I18N_STRING) {
            return None;
        }
        let mut rest = self.data.get(entry.offset as usize..)?;
        let next = move || {
            let end = memchr::memchr(0, rest)?;
            let (string, behind) = rest.split_at(end);
            rest = behind.get(1..).unwrap_or_default();
            Some(string)
        };
        Some(std::iter::from_fn(next).take(entry.count as usize))
    }

    /// The 32-bit numbers of an array.
    pub(super) fn words(&self, tag: Tag) -> Result<impl ExactSizeIterator<Item = u32> + use<'a>, BadHeader> {
        let raw = self.array(tag, kind::INT32, 4)?;
        Ok(raw.chunks_exact(4).map(|word| Order::Big.u32(word, 0).unwrap_or_default()))
    }

    /// The 16-bit numbers of an array.
    pub(super) fn halves(&self, tag: Tag) -> Result<impl ExactSizeIterator<Item = u16> + use<'a>, BadHeader> {
        let raw = self.array(tag, kind::INT16, 2)?;
        Ok(raw.chunks_exact(2).map(|half| Order::Big.u16(half, 0).unwrap_or_default()))
    }

    fn array(&self, tag: Tag, kind: u32, size: usize) -> Result<&'a [u8], BadHeader> {
        let Some(entry) = self.entry(tag) else { return Ok(&[]) };
        let length = (entry.count as usize).checked_mul(size).filter(|_| entry.kind == kind);
        let raw = length.and_then(|length| slice(self.data, entry.offset as usize, length));
        raw.ok_or_else(|| Self::bad(tag, entry))
    }
}
