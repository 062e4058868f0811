//! A sorted table of strings with a value each, readable in place.
//!
//! ```text
//! count u32, groups u32, then for each group the offset of its first entry, u32
//! entry: bytes shared with the entry before, varint; bytes that follow, varint; those bytes; the value
//! ```
//!
//! Every 16th entry begins a group and shares nothing, so a look-up is a binary search over the groups' first keys and a
//! walk over at most 16 entries; nothing is copied. An fst would be a little smaller, but its reader trusts its bytes: it
//! can be verified only as a whole, and panics on a hostile one.

use std::{cmp::Ordering, marker::PhantomData};

use crate::{
    Error,
    file::{
        Section,
        bytes::{Cursor, Malformed, Put},
    },
};

/// Entries in a group.
const GROUP: usize = 16;
/// Bytes before the offsets of the groups.
const HEAD: u64 = 8;
/// No key is longer: a walk over keys never holds more than this.
pub(crate) const LONGEST_KEY: usize = 16 * 1024;

/// What a table holds for each key.
pub(crate) trait Value: Copy {
    fn encode(&self, to: &mut Vec<u8>);
    fn decode(from: &mut Cursor<'_>) -> Result<Self, Malformed>;
}

/// Builds a table from keys that come in byte order, each once.
pub(crate) struct TableBuilder<V> {
    entries: Vec<u8>,
    groups: Vec<u32>,
    count: u32,
    last: Vec<u8>,
    value: PhantomData<V>,
}

impl<V: Value> TableBuilder<V> {
    pub(crate) fn new() -> Self {
        TableBuilder {
            entries: Vec::new(),
            groups: Vec::new(),
            count: 0,
            last: Vec::new(),
            value: PhantomData,
        }
    }

    pub(crate) fn push(&mut self, key: &[u8], value: &V) {
        debug_assert!(self.count == 0 || self.last.as_slice() < key, "keys must come sorted, each once");
        let shared = if (self.count as usize).is_multiple_of(GROUP) {
            self.groups.push(self.entries.len() as u32);
            0
        } else {
            self.last.iter().zip(key).take_while(|(a, b)| a == b).count()
        };
        let suffix = key.get(shared..).unwrap_or_default();
        self.entries.put_varint(shared as u64);
        self.entries.put_varint(suffix.len() as u64);
        self.entries.extend_from_slice(suffix);
        value.encode(&mut self.entries);
        self.last.clear();
        self.last.extend_from_slice(key);
        self.count += 1;
    }

    /// The encoded table.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + self.groups.len() * 4 + self.entries.len());
        bytes.extend_from_slice(&self.count.to_le_bytes());
        bytes.extend_from_slice(&(self.groups.len() as u32).to_le_bytes());
        for group in &self.groups {
            bytes.extend_from_slice(&group.to_le_bytes());
        }
        bytes.extend_from_slice(&self.entries);
        bytes
    }
}

/// A table in the map.
#[derive(Clone, Copy)]
pub(crate) struct Table<'db, V> {
    section: Section<'db>,
    count: u32,
    groups: u32,
    value: PhantomData<V>,
}

impl<'db, V: Value> Table<'db, V> {
    /// The table that fills `section`; an empty section is an empty table.
    pub(crate) fn open(section: Section<'db>) -> Result<Self, Error> {
        if section.len() == 0 {
            return Ok(Table { section, count: 0, groups: 0, value: PhantomData });
        }
        let (count, groups) = (section.u32(0)?, section.u32(4)?);
        if groups as usize != (count as usize).div_ceil(GROUP) || HEAD + u64::from(groups) * 4 > section.len()
        {
            return Err(section.damaged(0));
        }
        Ok(Table { section, count, groups, value: PhantomData })
    }

    /// The bytes of a group's entries.
    fn group(&self, index: u32) -> Result<Cursor<'db>, Error> {
        let entries = HEAD + u64::from(self.groups) * 4;
        let place = HEAD + u64::from(index) * 4;
        let start = entries + u64::from(self.section.u32(place)?);
        let end = match index + 1 {
            next if next < self.groups => entries + u64::from(self.section.u32(place + 4)?),
            _ => self.section.len(),
        };
        let length = end.checked_sub(start).ok_or_else(|| self.section.damaged(place))?;
        self.section.bytes(start, length).map(Cursor::new)
    }

    fn first_key(&self, group: u32) -> Result<&'db [u8], Error> {
        let mut cursor = self.group(group)?;
        let key = cursor.varint().and_then(|_| cursor.size()).and_then(|length| cursor.take(length));
        self.section.sound(HEAD + u64::from(group) * 4, key)
    }

    /// The value of `key`.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<V>, Error> {
        // The last group whose first key is not after the key.
        let (mut low, mut high) = (0, self.groups);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.first_key(middle)? <= key { low = middle + 1 } else { high = middle }
        }
        let Some(group) = low.checked_sub(1) else { return Ok(None) };
        let found = Self::search(self.group(group)?, key);
        self.section.sound(HEAD + u64::from(group) * 4, found)
    }

    /// Walks over one group. `matched` is how many bytes the key has in common with the entry before: an entry that
    /// shares more than that with its predecessor is on the same side of the key as that one was (before it), and one that
    /// shares less is already beyond the key.
    fn search(mut entries: Cursor<'_>, key: &[u8]) -> Result<Option<V>, Malformed> {
        let mut matched = 0;
        while !entries.is_empty() {
            let shared = entries.size()?;
            let length = entries.size()?;
            let suffix = entries.take(length)?;
            let value = V::decode(&mut entries)?;
            match shared.cmp(&matched) {
                Ordering::Greater => {}
                Ordering::Less => return Ok(None),
                Ordering::Equal => {
                    let wanted = key.get(matched..).ok_or(Malformed)?;
                    let common = suffix.iter().zip(wanted).take_while(|(a, b)| a == b).count();
                    match (suffix.get(common), wanted.get(common)) {
                        (None, None) => return Ok(Some(value)),
                        (Some(entry), Some(wanted)) if entry > wanted => return Ok(None),
                        (Some(_), None) => return Ok(None),
                        _ => matched += common,
                    }
                }
            }
        }
        Ok(None)
    }

    /// Walks over all entries in order.
    pub(crate) fn walk(&self) -> Walk<'db, V> {
        Walk { table: *self, next_group: 0, entries: Cursor::new(&[]), left: self.count, key: Vec::new() }
    }

    /// The same walk in parts of some `keys` keys, for several threads: one after another they are the whole.
    pub(crate) fn walks(&self, keys: usize) -> impl Iterator<Item = Walk<'db, V>> + use<'db, V> {
        let table = *self;
        let groups = (keys.div_ceil(GROUP) as u32).max(1);
        (0..table.groups.div_ceil(groups)).map(move |part| {
            let first = part * groups;
            let before = first.saturating_mul(GROUP as u32);
            let left = table.count.saturating_sub(before).min(groups.saturating_mul(GROUP as u32));
            Walk { next_group: first, left, ..table.walk() }
        })
    }
}

/// A walk over a table; it lends each key.
pub(crate) struct Walk<'db, V> {
    table: Table<'db, V>,
    next_group: u32,
    entries: Cursor<'db>,
    left: u32,
    key: Vec<u8>,
}

impl<V: Value> Walk<'_, V> {
    /// The next key and its value.
    pub(crate) fn next(&mut self) -> Result<Option<(&[u8], V)>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        if self.entries.is_empty() {
            if self.next_group == self.table.groups {
                return Err(self.table.section.damaged(0));
            }
            self.entries = self.table.group(self.next_group)?;
            self.next_group += 1;
            self.key.clear();
        }
        let step = self.step();
        let value =
            self.table.section.sound(HEAD + u64::from(self.next_group.saturating_sub(1)) * 4, step)?;
        self.left -= 1;
        Ok(Some((&self.key, value)))
    }

    /// Ends the walk early.
    pub(crate) fn end(&mut self) {
        self.left = 0;
    }

    fn step(&mut self) -> Result<V, Malformed> {
        let shared = self.entries.size()?;
        let length = self.entries.size()?;
        let suffix = self.entries.take(length)?;
        if shared > self.key.len() || length > LONGEST_KEY {
            return Err(Malformed);
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(suffix);
        V::decode(&mut self.entries)
    }
}
