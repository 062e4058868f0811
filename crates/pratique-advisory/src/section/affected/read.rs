//! Reading: views of a group in the map.
//!
//! A group's dictionary is checked when the group is opened and an entry when the iterator reaches it, so that the views
//! themselves cannot fail.

use std::iter;

use super::{BEGINNING, RANGES, RATING, SEVERITIES, STATE, VERSIONS, decode_state};
use crate::{
    Error, Event, Informational, RangeKind, RecordId, Severity, State,
    file::{
        Section,
        bytes::{Cursor, Malformed},
    },
    range,
    section::assessments,
};

/// The sorted version strings of a package; checked when opened, so that reading them cannot fail.
#[derive(Clone, Copy, Default)]
struct Dictionary<'db> {
    count: u32,
    width: usize,
    ends: &'db [u8],
    strings: &'db str,
}

impl<'db> Dictionary<'db> {
    fn decode(from: &mut Cursor<'db>) -> Result<Self, Malformed> {
        let count = from.varint32()?;
        if count == 0 {
            return Ok(Dictionary::default());
        }
        let width = usize::from(from.byte()?);
        if !matches!(width, 1 | 2 | 4) {
            return Err(Malformed);
        }
        let ends = from.take((count as usize).checked_mul(width).ok_or(Malformed)?)?;
        let mut dictionary = Dictionary { count, width, ends, strings: "" };
        let length = dictionary.end(count - 1);
        dictionary.strings = std::str::from_utf8(from.take(length)?).map_err(|_| Malformed)?;
        let mut last = 0;
        for index in 0..count {
            let end = dictionary.end(index);
            if end < last || !dictionary.strings.is_char_boundary(end) {
                return Err(Malformed);
            }
            last = end;
        }
        Ok(dictionary)
    }

    /// Passes over a dictionary whose strings nobody is going to read.
    fn pass(from: &mut Cursor<'db>) -> Result<Self, Malformed> {
        let count = from.varint32()?;
        if count == 0 {
            return Ok(Dictionary::default());
        }
        let width = usize::from(from.byte()?);
        let ends = from.take((count as usize).checked_mul(width).ok_or(Malformed)?)?;
        let passed = Dictionary { count, width, ends, strings: "" };
        from.take(passed.end(count - 1))?;
        Ok(passed)
    }

    #[inline]
    fn end(&self, index: u32) -> usize {
        let at = index as usize * self.width;
        match (self.width, self.ends.get(at..at + self.width)) {
            (1, Some([a])) => usize::from(*a),
            (2, Some([a, b])) => usize::from(u16::from_le_bytes([*a, *b])),
            (4, Some([a, b, c, d])) => u32::from_le_bytes([*a, *b, *c, *d]) as usize,
            _ => 0,
        }
    }

    #[inline]
    fn get(&self, index: u32) -> Option<&'db str> {
        if index >= self.count {
            return None;
        }
        let start = index.checked_sub(1).map_or(0, |before| self.end(before));
        self.strings.get(start..self.end(index))
    }

    fn find(&self, version: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle)?.cmp(version) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// Where a version stands among the version strings of its package; see [`Candidates::locate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionPlace(Option<u32>);

/// The entries that a database has about one package: an iterator.
#[derive(Clone)]
pub struct Candidates<'db> {
    section: Section<'db>,
    assessments: Section<'db>,
    offset: u64,
    length: u64,
    dictionary: Dictionary<'db>,
    entries: Cursor<'db>,
    left: u32,
    record: u32,
    records: u32,
}

impl<'db> Candidates<'db> {
    /// The group at these bytes of the section. `records` is the number of records in the database.
    pub(crate) fn open(
        section: Section<'db>,
        assessments: Section<'db>,
        (offset, length): (u64, u64),
        records: u32,
    ) -> Result<Self, Error> {
        let mut entries = Cursor::new(section.bytes(offset, length)?);
        let dictionary = section.sound(offset, Dictionary::decode(&mut entries))?;
        let left = section.sound(offset, entries.varint32())?;
        Ok(Candidates { section, assessments, offset, length, dictionary, entries, left, record: 0, records })
    }

    /// The records that the group at these bytes has entries of, ascending, each as often as it has entries.
    ///
    /// Nothing else is read, so that all groups of a database can be asked.
    pub(crate) fn records_in(
        section: Section<'db>,
        (offset, length): (u64, u64),
        records: u32,
    ) -> Result<impl Iterator<Item = Result<RecordId, Error>> + use<'db>, Error> {
        let mut entries = Cursor::new(section.bytes(offset, length)?);
        let dictionary = section.sound(offset, Dictionary::pass(&mut entries))?;
        let left = section.sound(offset, entries.varint32())?;
        let all = Candidates { offset, dictionary, entries, left, records, ..Candidates::none(section) };
        Ok(all.map(|entry| entry.map(|entry| entry.record)))
    }

    /// No entries at all.
    pub(crate) fn none(section: Section<'db>) -> Self {
        let (dictionary, entries) = (Dictionary::default(), Cursor::new(&[]));
        Candidates {
            section,
            assessments: section,
            offset: 0,
            length: 0,
            dictionary,
            entries,
            left: 0,
            record: 0,
            records: 0,
        }
    }

    /// Looks a version up once, for [`Versions::has`] to be asked of each entry: exact spelling, no comparison.
    pub fn locate(&self, version: &str) -> VersionPlace {
        VersionPlace(self.dictionary.find(version))
    }

    /// The bytes of the group before its entries: the dictionary.
    pub(crate) fn dictionary_bytes(&self) -> Result<&'db [u8], Error> {
        let mut cursor = Cursor::new(self.section.bytes(self.offset, self.length)?);
        let all = cursor.rest();
        self.section.sound(self.offset, Dictionary::decode(&mut cursor))?;
        Ok(all.get(..all.len() - cursor.rest().len()).unwrap_or_default())
    }

    /// The next entry's record, and its bytes without that.
    pub(crate) fn next_bytes(&mut self) -> Option<Result<(RecordId, &'db [u8]), Error>> {
        let mut before = self.entries;
        let entry = self.next()?;
        let taken = |entry: Affected<'db>| {
            // The entry has been read, so its first number can be.
            before.varint32().map_err(|Malformed| self.section.damaged(self.offset))?;
            let length = before.rest().len() - self.entries.rest().len();
            Ok((entry.record(), before.rest().get(..length).unwrap_or_default()))
        };
        Some(entry.and_then(taken))
    }

    fn entry(&mut self) -> Result<Affected<'db>, Malformed> {
        let dictionary = self.dictionary;
        let from = &mut self.entries;
        let record = self.record.checked_add(from.varint32()?).filter(|record| *record < self.records);
        self.record = record.ok_or(Malformed)?;
        let flags = from.byte()?;
        let mut found = Affected {
            record: RecordId(self.record),
            assessments: self.assessments,
            ranges: Ranges { dictionary, left: 0, bytes: Cursor::new(&[]) },
            versions: Versions { dictionary, set: Set::default() },
            severities: Cursor::new(&[]),
            rating: None,
            state: State::default(),
            informational: None,
        };
        if flags & RANGES != 0 {
            let count = from.varint32()?;
            found.ranges = Ranges { dictionary, left: count, bytes: *from };
            for _ in 0..count {
                for _ in 0..from.varint()? >> 1 {
                    let string = from.varint()? >> 2;
                    if string > u64::from(dictionary.count) {
                        return Err(Malformed);
                    }
                }
            }
        }
        if flags & VERSIONS != 0 {
            let head = from.varint()?;
            let bytes = from.take(usize::try_from(head >> 1).map_err(|_| Malformed)?)?;
            found.versions.set = Set { runs: head & 1 == 1, bytes };
        }
        if flags & SEVERITIES != 0 {
            let count = from.size()?;
            let start = from.rest();
            for _ in 0..count {
                from.varint32()?;
            }
            let length = start.len() - from.rest().len();
            found.severities = Cursor::new(start.get(..length).ok_or(Malformed)?);
        }
        if flags & RATING != 0 {
            found.rating = Some(from.varint32()?);
        }
        if flags & STATE != 0 {
            (found.state, found.informational) = decode_state(from.byte()?)?;
        }
        Ok(found)
    }
}

impl<'db> Iterator for Candidates<'db> {
    type Item = Result<Affected<'db>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let entry = self.entry();
        if entry.is_err() {
            self.left = 0;
        }
        Some(self.section.sound(self.offset, entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // An entry has at least two bytes, so that a hostile count makes nobody reserve memory for it.
        (0, Some((self.left as usize).min(self.entries.rest().len() / 2)))
    }
}

/// What one record says about one package. A view into the map: cloning it is cheap.
#[derive(Clone)]
pub struct Affected<'db> {
    record: RecordId,
    assessments: Section<'db>,
    ranges: Ranges<'db>,
    versions: Versions<'db>,
    severities: Cursor<'db>,
    rating: Option<u32>,
    state: State,
    informational: Option<Informational>,
}

impl<'db> Affected<'db> {
    /// The record that says so.
    pub fn record(&self) -> RecordId {
        self.record
    }

    /// The ranges, in the record's order. A version is affected if it lies in any of them or is among
    /// [`Affected::versions`].
    pub fn ranges(&self) -> Ranges<'db> {
        self.ranges.clone()
    }

    /// The versions that the record lists one by one.
    pub fn versions(&self) -> Versions<'db> {
        self.versions
    }

    /// Whether any range names a version that is not affected any more.
    pub fn is_fixed_somewhere(&self) -> bool {
        self.ranges().any(|range| range.events.into_iter().any(|event| matches!(event, Event::Fixed(_))))
    }

    /// Severities stated for this package alone, which go before those of the record.
    pub fn severities(&self) -> Result<Vec<Severity<'db>>, Error> {
        let mut numbers = self.severities;
        iter::from_fn(|| numbers.varint32().ok())
            .map(|number| assessments::read(self.assessments, number))
            .collect()
    }

    /// The publisher's own word for this package (Debian urgency, Ubuntu priority, …), which goes before that of the
    /// record.
    pub fn rating(&self) -> Result<Option<Severity<'db>>, Error> {
        self.rating.map(|number| assessments::read(self.assessments, number)).transpose()
    }

    /// What the publisher says about a fix beyond the ranges.
    pub fn state(&self) -> State {
        self.state
    }

    /// Set if this is not a vulnerability but a notice about the package.
    pub fn informational(&self) -> Option<Informational> {
        self.informational
    }
}

/// The ranges of an entry: an iterator.
#[derive(Clone)]
pub struct Ranges<'db> {
    dictionary: Dictionary<'db>,
    left: u32,
    bytes: Cursor<'db>,
}

/// One range: its events in the record's order, which is not always the versions' order.
#[derive(Clone)]
pub struct Range<'db> {
    /// How its versions are compared.
    pub kind: RangeKind,
    /// Its events.
    pub events: Events<'db>,
}

impl<'db> Iterator for Ranges<'db> {
    type Item = Range<'db>;

    fn next(&mut self) -> Option<Range<'db>> {
        self.left = self.left.checked_sub(1)?;
        let head = self.bytes.varint().ok()?;
        let events = Events { dictionary: self.dictionary, left: (head >> 1) as u32, bytes: self.bytes };
        for _ in 0..head >> 1 {
            self.bytes.varint().ok()?;
        }
        Some(Range { kind: RangeKind::from_code(head), events })
    }
}

/// The events of a range: an iterator.
#[derive(Clone)]
pub struct Events<'db> {
    dictionary: Dictionary<'db>,
    left: u32,
    bytes: Cursor<'db>,
}

impl<'db> Iterator for Events<'db> {
    type Item = Event<'db>;

    fn next(&mut self) -> Option<Event<'db>> {
        self.left = self.left.checked_sub(1)?;
        let code = self.bytes.varint().ok()?;
        let version = match (code >> 2) as u32 {
            0 => BEGINNING,
            string => self.dictionary.get(string - 1)?,
        };
        range::event_from_code(code & 3, version)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some((self.left as usize).min(self.bytes.rest().len())))
    }
}

#[derive(Clone, Copy, Default)]
struct Set<'db> {
    runs: bool,
    bytes: &'db [u8],
}

impl Set<'_> {
    fn has(&self, place: u32) -> bool {
        if !self.runs {
            return self.bytes.get(place as usize / 8).is_some_and(|byte| byte & 1 << (place % 8) != 0);
        }
        let mut from = Cursor::new(self.bytes);
        let mut start = 0_u64;
        while let (Ok(gap), Ok(more)) = (from.varint(), from.varint()) {
            start = start.saturating_add(gap);
            if u64::from(place) < start {
                return false;
            }
            let end = start.saturating_add(more).saturating_add(1);
            if u64::from(place) < end {
                return true;
            }
            start = end;
        }
        false
    }
}

/// The versions that an entry lists one by one, in byte order.
#[derive(Clone, Copy)]
pub struct Versions<'db> {
    dictionary: Dictionary<'db>,
    set: Set<'db>,
}

impl<'db> Versions<'db> {
    /// Whether the entry lists any version.
    pub fn is_empty(&self) -> bool {
        self.set.bytes.is_empty()
    }

    /// Whether the entry lists this very spelling.
    pub fn contains(&self, version: &str) -> bool {
        !self.is_empty() && self.dictionary.find(version).is_some_and(|place| self.set.has(place))
    }

    /// Whether the entry lists the version that [`Candidates::locate`] was asked for. The place must come from the same
    /// package.
    pub fn has(&self, place: VersionPlace) -> bool {
        place.0.is_some_and(|place| self.set.has(place))
    }

    /// All listed versions, in byte order.
    pub fn iter(self) -> impl Iterator<Item = &'db str> {
        let count = if self.is_empty() { 0 } else { self.dictionary.count };
        (0..count)
            .filter(move |place| self.set.has(*place))
            .filter_map(move |place| self.dictionary.get(place))
    }
}
