//! For each package the entries of all records about it: the part that matching reads.
//!
//! ```text
//! group: dictionary, number of entries varint, entries in ascending order of record
//! dictionary: count varint; if not 0: width of an offset u8 (1, 2 or 4), for each string the offset of its end, the strings,
//!             sorted by bytes
//! entry: record varint, less that of the entry before; flags u8
//!   RANGES     count varint; each: events << 1 | kind varint; each event: string << 2 | kind varint, where string 0 is the
//!              version "0" and string n the dictionary's number n - 1
//!   VERSIONS   length << 1 | form varint, then a bitmap over the dictionary (form 0) or runs in it (form 1: gap, length - 1)
//!   SEVERITIES count varint, assessments varint
//!   RATING     assessment varint
//!   STATE      state, and informational kind << 4, u8
//! ```
//!
//! All the version strings of a package lie in one dictionary: the records of a distribution name the same few uploads over
//! and over, and a version that is asked for is looked up once for all entries.

use std::iter;

use super::assessments::{self, Assessment, Assessments};
use crate::{
    Error, Event, Informational, RangeKind, RecordId, Severity, State,
    file::{
        Section,
        bytes::{Cursor, Malformed, Put},
    },
    range,
};

const RANGES: u8 = 1;
const VERSIONS: u8 = 1 << 1;
const SEVERITIES: u8 = 1 << 2;
const RATING: u8 = 1 << 3;
const STATE: u8 = 1 << 4;

/// The version that every `introduced` of "from the beginning" states; it is not worth a place in each dictionary.
const BEGINNING: &str = "0";

/// An entry as the compiler passes it on, before its package's dictionary is known.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Draft<'a> {
    pub(crate) severities: Vec<Assessment<'a>>,
    pub(crate) rating: Option<Assessment<'a>>,
    pub(crate) state: State,
    pub(crate) informational: Option<Informational>,
    pub(crate) ranges: Vec<(RangeKind, Vec<Event<'a>>)>,
    pub(crate) versions: Vec<&'a str>,
}

impl<'a> Draft<'a> {
    pub(crate) fn encode(&self, to: &mut Vec<u8>) {
        to.put_varint((self.severities.len() + usize::from(self.rating.is_some())) as u64);
        for assessment in self.severities.iter().chain(&self.rating) {
            assessment.encode(to);
        }
        to.push(u8::from(self.rating.is_some()));
        to.push(state_code(self.state, self.informational));
        to.put_varint(self.ranges.len() as u64);
        for (kind, events) in &self.ranges {
            to.put_varint((events.len() as u64) << 1 | kind.code());
            for event in events {
                to.put_varint(range::event_code(event));
                to.put_text(range::version(event));
            }
        }
        to.put_varint(self.versions.len() as u64);
        for version in &self.versions {
            to.put_text(version);
        }
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Draft<'a>, Malformed> {
        let mut from = Cursor::new(bytes);
        let mut severities = Draft::decode_assessments(&mut from)?;
        // The rating is the last of the assessments, if the flag after them says that there is one.
        let rating = if from.byte()? == 1 { severities.pop() } else { None };
        let (state, informational) = decode_state(from.byte()?)?;
        let mut ranges = Vec::new();
        for _ in 0..from.size()? {
            let head = from.varint()?;
            let mut events = Vec::new();
            for _ in 0..head >> 1 {
                let code = from.varint()?;
                events.push(range::event_from_code(code, from.text()?).ok_or(Malformed)?);
            }
            ranges.push((RangeKind::from_code(head), events));
        }
        let mut versions = Vec::new();
        for _ in 0..from.size()? {
            versions.push(from.text()?);
        }
        Ok(Draft { severities, rating, state, informational, ranges, versions })
    }

    /// Only the assessments, a rating last.
    pub(crate) fn decode_assessments(from: &mut Cursor<'a>) -> Result<Vec<Assessment<'a>>, Malformed> {
        let mut found = Vec::new();
        for _ in 0..from.size()? {
            found.push(Assessment::decode(from)?);
        }
        Ok(found)
    }
}

fn state_code(state: State, informational: Option<Informational>) -> u8 {
    state as u8 | informational.map_or(0, |kind| kind as u8) << 4
}

fn decode_state(code: u8) -> Result<(State, Option<Informational>), Malformed> {
    let state = State::from_code(code & 0x0f).ok_or(Malformed)?;
    let informational = match code >> 4 {
        0 => None,
        kind => Some(Informational::from_code(kind).ok_or(Malformed)?),
    };
    Ok((state, informational))
}

/// Encodes the group of one package. Entries come in ascending order of record; an entry that repeats the one before it
/// word for word is left out. Answers the bytes and the number of entries in them.
pub(crate) fn encode_group(
    drafts: &[(u32, &[u8])],
    assessments: &Assessments,
) -> Result<(Vec<u8>, u32), Malformed> {
    let mut entries: Vec<(u32, &[u8])> = drafts.to_vec();
    entries.dedup();
    let decoded = entries
        .iter()
        .map(|(record, bytes)| Ok((*record, Draft::decode(bytes)?)))
        .collect::<Result<Vec<_>, _>>()?;

    let mut dictionary: Vec<&str> = Vec::new();
    for (_, draft) in &decoded {
        let events = draft.ranges.iter().flat_map(|(_, events)| events).map(range::version);
        dictionary.extend(events.filter(|version| *version != BEGINNING));
        dictionary.extend(&draft.versions);
    }
    dictionary.sort_unstable();
    dictionary.dedup();

    let mut bytes = encode_dictionary(&dictionary);
    bytes.put_varint(decoded.len() as u64);
    let mut last = 0;
    for (record, draft) in &decoded {
        bytes.put_varint(u64::from(record - last));
        last = *record;
        encode_entry(draft, &dictionary, assessments, &mut bytes)?;
    }
    Ok((bytes, decoded.len() as u32))
}

fn encode_dictionary(dictionary: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.put_varint(dictionary.len() as u64);
    if dictionary.is_empty() {
        return bytes;
    }
    let total: usize = dictionary.iter().map(|version| version.len()).sum();
    let width = match total {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 4,
    };
    bytes.push(width as u8);
    let mut end = 0_u32;
    for version in dictionary {
        end += version.len() as u32;
        bytes.extend(end.to_le_bytes().iter().take(width));
    }
    for version in dictionary {
        bytes.extend_from_slice(version.as_bytes());
    }
    bytes
}

fn encode_entry(
    draft: &Draft<'_>,
    dictionary: &[&str],
    assessments: &Assessments,
    to: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let place = |version: &str| dictionary.binary_search(&version).map_err(|_| Malformed);
    let state = state_code(draft.state, draft.informational);
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    to.push(
        flag(!draft.ranges.is_empty(), RANGES)
            | flag(!draft.versions.is_empty(), VERSIONS)
            | flag(!draft.severities.is_empty(), SEVERITIES)
            | flag(draft.rating.is_some(), RATING)
            | flag(state != 0, STATE),
    );
    if !draft.ranges.is_empty() {
        to.put_varint(draft.ranges.len() as u64);
        for (kind, events) in &draft.ranges {
            to.put_varint((events.len() as u64) << 1 | kind.code());
            for event in events {
                let string = if range::version(event) == BEGINNING {
                    0
                } else {
                    place(range::version(event))? as u64 + 1
                };
                to.put_varint(string << 2 | range::event_code(event));
            }
        }
    }
    if !draft.versions.is_empty() {
        let mut places =
            draft.versions.iter().map(|version| place(version)).collect::<Result<Vec<_>, _>>()?;
        places.sort_unstable();
        places.dedup();
        encode_set(&places, to);
    }
    if !draft.severities.is_empty() {
        to.put_varint(draft.severities.len() as u64);
        for assessment in &draft.severities {
            to.put_varint(u64::from(assessments.number(assessment).ok_or(Malformed)?));
        }
    }
    if let Some(rating) = &draft.rating {
        to.put_varint(u64::from(assessments.number(rating).ok_or(Malformed)?));
    }
    if state != 0 {
        to.push(state);
    }
    Ok(())
}

/// A set of places, ascending, in the shorter of its two forms.
fn encode_set(places: &[usize], to: &mut Vec<u8>) {
    let mut runs = Vec::new();
    let mut next = 0;
    for run in places.chunk_by(|a, b| a + 1 == *b) {
        let Some(first) = run.first() else { continue };
        runs.put_varint((first - next) as u64);
        runs.put_varint(run.len() as u64 - 1);
        next = first + run.len();
    }
    let mut bitmap = vec![0_u8; places.last().map_or(0, |last| last / 8 + 1)];
    for place in places {
        if let Some(byte) = bitmap.get_mut(place / 8) {
            *byte |= 1 << (place % 8);
        }
    }
    let (form, bytes) = if runs.len() < bitmap.len() { (1, runs) } else { (0, bitmap) };
    to.put_varint((bytes.len() as u64) << 1 | form);
    to.extend_from_slice(&bytes);
}

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
        Ok(Candidates { section, assessments, offset, dictionary, entries, left, record: 0, records })
    }

    /// No entries at all.
    pub(crate) fn none(section: Section<'db>) -> Self {
        let (dictionary, entries) = (Dictionary::default(), Cursor::new(&[]));
        Candidates {
            section,
            assessments: section,
            offset: 0,
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
