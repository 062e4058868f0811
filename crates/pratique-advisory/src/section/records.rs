//! What is known of each record besides its packages.
//!
//! Records are numbered in the byte order of their identifiers. `record-index` holds for each the offset of its end, u32.
//!
//! ```text
//! record: flags u8, id text, [feed u8], modified signed, [published: modified - published, signed], aliases, upstream, related
//!         (each: count varint, texts), severities (count varint, assessments varint), [rating varint],
//!         block and offset of its text varint
//! ```

use jiff::Timestamp;

use super::{assessments, text::Pointer};
use crate::{
    Error, FeedId, Severity,
    file::{
        Section,
        bytes::{Cursor, Malformed, Put},
    },
    record::RecordId,
};

const PUBLISHED: u8 = 1;
const RATING: u8 = 1 << 1;
/// The record is of another feed than OSV.
const FEED: u8 = 1 << 2;

/// A record as the compiler passes it on.
pub(crate) struct Draft<'a> {
    pub(crate) id: &'a str,
    pub(crate) feed: FeedId,
    pub(crate) modified: i64,
    pub(crate) published: Option<i64>,
    pub(crate) aliases: Vec<&'a str>,
    pub(crate) upstream: Vec<&'a str>,
    pub(crate) related: Vec<&'a str>,
    pub(crate) severities: Vec<u32>,
    pub(crate) rating: Option<u32>,
    pub(crate) text: Pointer,
}

impl Draft<'_> {
    pub(crate) fn encode(&self, to: &mut Vec<u8>) {
        let published = if self.published.is_some() { PUBLISHED } else { 0 };
        let rating = if self.rating.is_some() { RATING } else { 0 };
        let feed = if self.feed == FeedId::Osv { 0 } else { FEED };
        to.push(published | rating | feed);
        to.put_text(self.id);
        if feed != 0 {
            to.push(self.feed.code());
        }
        to.put_signed(self.modified);
        if let Some(published) = self.published {
            to.put_signed(self.modified.wrapping_sub(published));
        }
        for list in [&self.aliases, &self.upstream, &self.related] {
            to.put_varint(list.len() as u64);
            for id in list {
                to.put_text(id);
            }
        }
        to.put_varint(self.severities.len() as u64);
        for severity in self.severities.iter().chain(&self.rating) {
            to.put_varint(u64::from(*severity));
        }
        to.put_varint(u64::from(self.text.block));
        to.put_varint(u64::from(self.text.offset));
    }
}

/// A record: a view into the map.
#[derive(Clone)]
pub struct Record<'db> {
    number: RecordId,
    id: &'db str,
    feed: FeedId,
    modified: Timestamp,
    published: Option<Timestamp>,
    aliases: Strings<'db>,
    upstream: Strings<'db>,
    related: Strings<'db>,
    assessments: Section<'db>,
    severities: Numbers<'db>,
    rating: Option<u32>,
    pub(crate) text: Pointer,
}

impl<'db> Record<'db> {
    pub(crate) fn read(
        records: Section<'db>,
        index: Section<'db>,
        assessments: Section<'db>,
        number: RecordId,
    ) -> Result<Record<'db>, Error> {
        let place = u64::from(number.0) * 4;
        let start = match place.checked_sub(4) {
            Some(before) => index.u32(before)?,
            None => 0,
        };
        let length = index.u32(place)?.checked_sub(start).ok_or_else(|| index.damaged(place))?;
        let bytes = records.bytes(u64::from(start), u64::from(length))?;
        records.sound(u64::from(start), Record::decode(bytes, assessments, number))
    }

    fn decode(
        bytes: &'db [u8],
        assessments: Section<'db>,
        number: RecordId,
    ) -> Result<Record<'db>, Malformed> {
        let mut from = Cursor::new(bytes);
        let flags = from.byte()?;
        let id = from.text()?;
        let feed = match flags & FEED {
            0 => FeedId::Osv,
            _ => FeedId::from_code(from.byte()?).ok_or(Malformed)?,
        };
        let modified = from.signed()?;
        let published = match flags & PUBLISHED {
            0 => None,
            _ => Some(time(modified.wrapping_sub(from.signed()?))?),
        };
        let aliases = Strings::decode(&mut from)?;
        let upstream = Strings::decode(&mut from)?;
        let related = Strings::decode(&mut from)?;
        let severities = Numbers::decode(&mut from)?;
        let rating = if flags & RATING == 0 { None } else { Some(from.varint32()?) };
        let text = Pointer { block: from.varint32()?, offset: from.varint32()? };
        let modified = time(modified)?;
        Ok(Record {
            number,
            id,
            feed,
            modified,
            published,
            aliases,
            upstream,
            related,
            assessments,
            severities,
            rating,
            text,
        })
    }

    /// The record's number in this database.
    pub fn number(&self) -> RecordId {
        self.number
    }

    /// The record's identifier.
    pub fn id(&self) -> &'db str {
        self.id
    }

    /// The feed that it came from. Two feeds may have a record of the same identifier.
    pub fn feed(&self) -> FeedId {
        self.feed
    }

    /// When it last changed.
    pub fn modified(&self) -> Timestamp {
        self.modified
    }

    /// When it was first published.
    pub fn published(&self) -> Option<Timestamp> {
        self.published
    }

    /// Identifiers of the same flaw in other databases.
    pub fn aliases(&self) -> Strings<'db> {
        self.aliases.clone()
    }

    /// The upstream flaws that a distribution's record is about; several for an advisory that fixes several.
    pub fn upstream(&self) -> Strings<'db> {
        self.upstream.clone()
    }

    /// CVE identifiers among the record's `related`. Some publishers (AlmaLinux, Wolfi) list here what others call
    /// `upstream`; with others they are different flaws.
    pub fn related(&self) -> Strings<'db> {
        self.related.clone()
    }

    /// The record's severities: CVSS, or words of an unknown kind.
    pub fn severities(&self) -> Result<Vec<Severity<'db>>, Error> {
        self.severities.clone().map(|number| assessments::read(self.assessments, number)).collect()
    }

    /// The publisher's own word: GitHub severity, Ubuntu priority, the "Important:" of an errata title, …
    pub fn rating(&self) -> Result<Option<Severity<'db>>, Error> {
        self.rating.map(|number| assessments::read(self.assessments, number)).transpose()
    }

    /// Whether the record is about a package that was published to do harm, so that any version is a compromise.
    pub fn is_malware(&self) -> bool {
        self.id.starts_with("MAL-")
    }
}

fn time(micros: i64) -> Result<Timestamp, Malformed> {
    Timestamp::from_microsecond(micros).map_err(|_| Malformed)
}

/// Strings in the map: an iterator. Checked when the record was decoded.
#[derive(Clone)]
pub struct Strings<'db> {
    left: u32,
    bytes: Cursor<'db>,
}

impl<'db> Strings<'db> {
    fn decode(from: &mut Cursor<'db>) -> Result<Self, Malformed> {
        let left = from.varint32()?;
        let strings = Strings { left, bytes: *from };
        for _ in 0..left {
            from.text()?;
        }
        Ok(strings)
    }
}

impl<'db> Iterator for Strings<'db> {
    type Item = &'db str;

    fn next(&mut self) -> Option<&'db str> {
        self.left = self.left.checked_sub(1)?;
        self.bytes.text().ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Strings<'_> {}

#[derive(Clone)]
struct Numbers<'db> {
    left: u32,
    bytes: Cursor<'db>,
}

impl<'db> Numbers<'db> {
    fn decode(from: &mut Cursor<'db>) -> Result<Self, Malformed> {
        let left = from.varint32()?;
        let numbers = Numbers { left, bytes: *from };
        for _ in 0..left {
            from.varint32()?;
        }
        Ok(numbers)
    }
}

impl Iterator for Numbers<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        self.bytes.varint32().ok()
    }
}
