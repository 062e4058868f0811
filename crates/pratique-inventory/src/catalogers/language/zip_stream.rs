//! Zip archives read from front to back, member by member, without seeking and in constant memory.
//!
//! Follows PKWARE's APPNOTE 6.3.10: local headers (4.3.7), data descriptors (4.3.9), the central directory
//! (4.3.12), its end (4.3.16) and the zip64 forms of all of them (4.5.3).
//!
//! The format is meant to be read from its end: the directory there says which members exist. Read from the
//! front, three things are hard:
//!
//! * **Members whose size follows them** (flag bit 3; `jar` and Maven write nothing else). The end of such a
//!   member is found by looking for the next header and checking that before it lies a descriptor, in any of
//!   its four forms, that states the number of bytes passed. That is a search, not an inflation, and finds the
//!   end of stored members as well.
//! * **Bytes that belong to no member**: a shell script in front (executable Spring Boot archives), members
//!   that were deleted in place. They are passed over up to the next header.
//! * **Members that exist only in one of the two places**. The directory is read when it comes by, and
//!   must have the names and places that were passed. All of them are summed up in two numbers, so that an
//!   archive of a million members needs no more memory than one of ten. What does not agree is told
//!   ([`ZipStream::disagreements`]): then members may have been missed.

mod body;
mod source;

use std::io::{self, Read};

use flate2::Decompress;
use memchr::memmem;
use xxhash_rust::xxh3::xxh3_64_with_seed;

pub(super) use self::body::Body;
use self::source::{Source, u16_at, u32_at, u64_at};

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const END_64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";
const SIGNATURE: [u8; 4] = *b"PK\x05\x05";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// Longest prefix that is searched for the first member.
const LONGEST_PREFIX: u64 = 16 << 20;

/// The longest descriptor and the four bytes behind it: so many must be in view to say that none begins here.
const LOOKAHEAD: usize = 24 + 4;

/// Why an archive cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum ZipError {
    /// The bytes around the archive could not be read, or those of the archive it lies in not inflated.
    #[error("reading it failed: {0}")]
    Io(#[from] io::Error),
    /// No member and no empty directory in the first bytes.
    #[error("it is no zip archive: no member begins in its first {0} bytes")]
    NotAnArchive(u64),
    /// The bytes end before the directory's end.
    #[error("it breaks off at offset {0}, before the end of its directory: members may be missing")]
    Truncated(u64),
}

/// How a member is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// Not at all.
    Stored,
    /// RFC 1951.
    Deflated,
    /// In a way that Java's own reader does not know either.
    Other(u16),
}

/// The header of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name: bytes, mostly UTF-8.
    pub(super) name: Vec<u8>,
    /// How it is compressed.
    pub(super) method: Method,
    /// Whether a password is needed to read it.
    pub(super) encrypted: bool,
}

/// An archive while it streams past.
pub(super) struct ZipStream<'a> {
    source: Source<'a>,
    /// Bytes before the first member.
    prefix: u64,
    /// What is left of the current member's compressed bytes.
    left: Left,
    deferred: bool,
    method: Method,
    inflate: Option<Decompress>,
    passed: Tally,
    listed: Option<Tally>,
    disagreements: Vec<String>,
}

/// What is left of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// So many bytes.
    Known(u64),
    /// Unknown: `passed` bytes are gone, `clear` bytes in view surely belong to it, and the end has been seen
    /// behind them or not.
    Unknown { passed: u64, clear: usize, end_seen: bool },
}

/// Names and places of all members in a few numbers that do not depend on their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    members: u64,
    names: u64,
    /// With places counted from the first byte.
    places: u64,
    /// With places counted from the end of the prefix.
    places_behind_prefix: u64,
}

impl Tally {
    fn add(&mut self, name: &[u8], offset: u64, prefix: u64) {
        self.members += 1;
        self.names = self.names.wrapping_add(xxh3_64_with_seed(name, u64::MAX));
        self.places = self.places.wrapping_add(xxh3_64_with_seed(name, offset));
        let behind = xxh3_64_with_seed(name, offset.wrapping_sub(prefix));
        self.places_behind_prefix = self.places_behind_prefix.wrapping_add(behind);
    }
}

impl<'a> ZipStream<'a> {
    /// Begins to read, and finds the first member.
    ///
    /// # Errors
    /// [`ZipError::NotAnArchive`] when none begins in the first 16 MiB.
    pub(super) fn open(body: &'a mut dyn Read) -> Result<Self, ZipError> {
        let mut source = Source::new(body);
        source.ensure(4)?;
        if !source.starts_with(LOCAL) && !source.starts_with(END) {
            source.find_header(LONGEST_PREFIX, |bytes| bytes.starts_with(&LOCAL) && plausible(bytes))?;
        }
        if !source.starts_with(LOCAL) && !source.starts_with(END) {
            return Err(ZipError::NotAnArchive(source.offset));
        }
        Ok(Self {
            prefix: source.offset,
            source,
            left: Left::Known(0),
            deferred: false,
            method: Method::Stored,
            inflate: None,
            passed: Tally::default(),
            listed: None,
            disagreements: Vec::new(),
        })
    }

    /// The next member, or `None` behind the last one, when the directory has been read too.
    ///
    /// # Errors
    /// [`ZipError::Truncated`] when the bytes end before the directory does.
    pub(super) fn next_member(&mut self) -> Result<Option<Member>, ZipError> {
        self.skip_rest()?;
        loop {
            if self.source.starts_with_after(4, LOCAL)? {
                return self.local_header().map(Some);
            }
            if self.source.starts_with(CENTRAL)
                || self.source.starts_with(END)
                || self.source.starts_with(END_64)
            {
                self.directory()?;
                return Ok(None);
            }
            // Bytes that belong to nobody: whether anything is missing, the directory will say.
            self.source.consume(1);
            self.source.find_header(u64::MAX, |bytes| {
                (bytes.starts_with(&LOCAL) && plausible(bytes))
                    || bytes.starts_with(&CENTRAL)
                    || bytes.starts_with(&END)
            })?;
            if self.source.ended && self.source.view().is_empty() {
                return Err(ZipError::Truncated(self.source.offset));
            }
        }
    }

    /// The bytes of the member that [`ZipStream::next_member`] returned last, inflated. What is left unread is
    /// skipped.
    pub(super) fn body(&mut self) -> Body<'_, 'a> {
        match &mut self.inflate {
            Some(inflate) => inflate.reset(false),
            none if self.method == Method::Deflated => *none = Some(Decompress::new(false)),
            None => {}
        }
        Body { zip: self, finished: false }
    }

    /// Where the directory and the members that were passed do not agree, after the last member.
    pub(super) fn disagreements(self) -> Vec<String> {
        let mut all = self.disagreements;
        if let Some(listed) = self.listed {
            if listed.members != self.passed.members || listed.names != self.passed.names {
                all.push(format!(
                    "its directory lists {} members and {} were found, not all of them the same: some may have \
                     been missed",
                    listed.members, self.passed.members
                ));
            } else if listed.places != self.passed.places && listed.places != self.passed.places_behind_prefix
            {
                all.push(
                    "its directory places members elsewhere than they were found: others may have been read"
                        .into(),
                );
            }
        }
        all
    }

    fn local_header(&mut self) -> Result<Member, ZipError> {
        const FIXED: usize = 30;
        let offset = self.source.offset;
        let view = self.source.need(FIXED)?;
        let (flags, method) = (u16_at(view, 6), u16_at(view, 8));
        let (mut compressed, expanded) = (u64::from(u32_at(view, 18)), u64::from(u32_at(view, 22)));
        let (name, extra) = (usize::from(u16_at(view, 26)), usize::from(u16_at(view, 28)));
        let view = self.source.need(FIXED + name + extra)?;
        let field = view.get(FIXED + name..FIXED + name + extra).unwrap_or_default();
        let name = view.get(FIXED..FIXED + name).unwrap_or_default().to_vec();
        if compressed == u64::from(u32::MAX) {
            // Zip64: the expanded size comes first, but only where the header's own field is full too.
            let at = if expanded == u64::from(u32::MAX) { 8 } else { 0 };
            compressed =
                zip64(field).and_then(|sizes| sizes.get(at..at + 8)).map_or(compressed, |b| u64_at(b, 0));
        }
        self.source.consume(FIXED + extra + name.len());
        self.deferred = flags & 8 != 0;
        self.method = match method {
            0 => Method::Stored,
            8 => Method::Deflated,
            other => Method::Other(other),
        };
        self.left = if self.deferred && compressed == 0 {
            Left::Unknown { passed: 0, clear: 0, end_seen: false }
        } else {
            Left::Known(compressed)
        };
        self.passed.add(&name, offset, self.prefix);
        // Bit 13: names and sizes of local headers are masked, the directory is encrypted.
        if flags & 0x2000 != 0 && self.disagreements.is_empty() {
            self.disagreements
                .push("its directory is encrypted: the names of its members cannot be seen".into());
        }
        Ok(Member { name, method: self.method, encrypted: flags & 1 != 0 })
    }

    /// Compressed bytes of the current member that are in view; none when it is over.
    fn raw(&mut self) -> io::Result<&[u8]> {
        let length = match &mut self.left {
            Left::Known(0) => 0,
            Left::Known(left) => {
                self.source.ensure(1)?;
                usize::try_from(*left).unwrap_or(usize::MAX).min(self.source.view().len())
            }
            Left::Unknown { passed, clear, end_seen } => {
                if *clear == 0 && !*end_seen {
                    // Small members end in what is in view already.
                    self.source.ensure(4 * LOOKAHEAD)?;
                    let view = self.source.view();
                    match end_of_member(view, *passed) {
                        Some(end) => (*clear, *end_seen) = (end, true),
                        None if self.source.ended => (*clear, *end_seen) = (view.len(), true),
                        None => *clear = view.len().saturating_sub(LOOKAHEAD),
                    }
                }
                *clear
            }
        };
        Ok(self.source.view().get(..length).unwrap_or_default())
    }

    fn consume_raw(&mut self, count: usize) {
        match &mut self.left {
            Left::Known(left) => *left = left.saturating_sub(count as u64),
            Left::Unknown { passed, clear, .. } => {
                *passed += count as u64;
                *clear = clear.saturating_sub(count);
            }
        }
        self.source.consume(count);
    }

    /// Skips what is left of the current member, and its descriptor.
    fn skip_rest(&mut self) -> Result<(), ZipError> {
        loop {
            let count = self.raw()?.len();
            if count == 0 {
                break;
            }
            self.consume_raw(count);
        }
        if matches!(self.left, Left::Known(left) if left > 0) {
            return Err(ZipError::Truncated(self.source.offset));
        }
        if self.deferred {
            self.source.ensure(LOOKAHEAD)?;
            let view = self.source.view();
            let behind = [16, 24, 12, 20].into_iter().find(|&length| {
                let marked = matches!(length, 16 | 24);
                marked == view.starts_with(&DESCRIPTOR) && view.get(length..).is_some_and(is_header)
            });
            self.source.consume(behind.unwrap_or(0));
        }
        self.left = Left::Known(0);
        self.deferred = false;
        Ok(())
    }

    /// Reads the directory and what follows it.
    fn directory(&mut self) -> Result<(), ZipError> {
        const FIXED: usize = 46;
        let mut listed = Tally::default();
        while self.source.starts_with_after(4, CENTRAL)? {
            let view = self.source.need(FIXED)?;
            let (compressed, expanded) = (u32_at(view, 20), u32_at(view, 24));
            let name = usize::from(u16_at(view, 28));
            let (extra, comment) = (usize::from(u16_at(view, 30)), usize::from(u16_at(view, 32)));
            let mut offset = u64::from(u32_at(view, 42));
            let view = self.source.need(FIXED + name + extra)?;
            if offset == u64::from(u32::MAX) {
                // Zip64: only those fields are there that are full in the record itself, in this order.
                let at = 8 * (usize::from(expanded == u32::MAX) + usize::from(compressed == u32::MAX));
                let field = zip64(view.get(FIXED + name..FIXED + name + extra).unwrap_or_default());
                offset = field.and_then(|field| field.get(at..at + 8)).map_or(offset, |b| u64_at(b, 0));
            }
            listed.add(view.get(FIXED..FIXED + name).unwrap_or_default(), offset, 0);
            self.source.need(FIXED + name + extra + comment)?;
            self.source.consume(FIXED + name + extra + comment);
        }
        self.listed = Some(listed);
        loop {
            if self.source.starts_with_after(4, END)? {
                let view = self.source.need(22)?;
                let (count, comment) = (u16_at(view, 10), usize::from(u16_at(view, 20)));
                if count != u16::MAX && u64::from(count) != listed.members & 0xffff {
                    self.disagreements.push(format!(
                        "its directory has {} records and says it has {count}",
                        listed.members
                    ));
                }
                self.source.need(22 + comment)?;
                self.source.consume(22 + comment);
                break;
            }
            let length = if self.source.starts_with(END_64) {
                12 + u64_at(self.source.need(12)?, 4)
            } else if self.source.starts_with(LOCATOR_64) {
                20
            } else if self.source.starts_with(SIGNATURE) {
                6 + u64::from(u16_at(self.source.need(6)?, 4))
            } else {
                return Err(ZipError::Truncated(self.source.offset));
            };
            self.source.skip(length)?;
        }
        let end = self.source.offset;
        self.source.ensure(1)?;
        if !self.source.view().is_empty() {
            self.disagreements.push(format!("more bytes follow its end at offset {end}: they were not read"));
        }
        Ok(())
    }
}

/// Where in `view` the member ends of which `passed` bytes came before it: where a descriptor begins that
/// states just that length, in front of the next header.
fn end_of_member(view: &[u8], passed: u64) -> Option<usize> {
    for next in memmem::find_iter(view, b"PK") {
        if !view.get(next..).is_some_and(is_header) {
            continue;
        }
        // Checksum, compressed size, expanded size; the sizes of 4 or 8 bytes; a mark in front, or none.
        for (length, marked, wide) in
            [(16, true, false), (24, true, true), (12, false, false), (20, false, true)]
        {
            let Some(at) = next.checked_sub(length) else { continue };
            let Some(descriptor) = view.get(at..next) else { continue };
            if marked && !descriptor.starts_with(&DESCRIPTOR) {
                continue;
            }
            let size_at = if marked { 8 } else { 4 };
            let size =
                if wide { u64_at(descriptor, size_at) } else { u64::from(u32_at(descriptor, size_at)) };
            if size == passed + at as u64 {
                return Some(at);
            }
        }
    }
    None
}

/// Whether a header begins that may follow a member.
fn is_header(bytes: &[u8]) -> bool {
    bytes.starts_with(&LOCAL) || bytes.starts_with(&CENTRAL)
}

/// Whether a local header makes sense, where one is found by search.
fn plausible(header: &[u8]) -> bool {
    let name = u16_at(header, 26);
    header.len() >= 30
        && u16_at(header, 4) & 0xff <= 63
        && u16_at(header, 8) <= 99
        && (1..4096).contains(&name)
}

/// The zip64 field of a header's extra fields.
fn zip64(mut extra: &[u8]) -> Option<&[u8]> {
    while extra.len() >= 4 {
        let (id, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let field = extra.get(4..4 + length)?;
        if id == 1 {
            return Some(field);
        }
        extra = extra.get(4 + length..)?;
    }
    None
}
