//! Encoding: the drafts of a package's entries become its group.

use super::{BEGINNING, RANGES, RATING, SEVERITIES, STATE, VERSIONS, decode_state, state_code};
use crate::{
    Event, Informational, RangeKind, State,
    file::bytes::{Cursor, Malformed, Put},
    range,
    section::assessments::{Assessment, Assessments},
};

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

/// Encodes the group of one package. Entries come in ascending order of record.
pub(crate) fn encode_group(drafts: &[(u32, &[u8])], assessments: &Assessments) -> Result<Vec<u8>, Malformed> {
    let decoded = drafts
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
    Ok(bytes)
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
