//! Keys: the packages that a database knows, and what changed about them since another one.

use std::{cmp::Ordering, collections::VecDeque};

use crate::{
    Database, Error,
    file::bytes::{Cursor, Malformed, Put},
    section::{
        ecosystems::EcosystemEntry,
        table::{Table, Value, Walk},
    },
};

/// What the key table holds for a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyValue {
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// Of all that a match may read or show of the package's entries and their records, except texts and times.
    pub(crate) hash: u64,
}

impl Value for KeyValue {
    fn encode(&self, to: &mut Vec<u8>) {
        to.put_varint(self.offset);
        to.put_varint(self.length);
        to.extend_from_slice(&self.hash.to_le_bytes());
    }

    fn decode(from: &mut Cursor<'_>) -> Result<Self, Malformed> {
        Ok(KeyValue { offset: from.varint()?, length: from.varint()?, hash: from.u64()? })
    }
}

/// A package by which advisories are filed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// As OSV spells it, release included.
    pub ecosystem: Box<str>,
    /// The name, normalised as its ecosystem compares names.
    pub name: Box<str>,
}

/// How what is known of a package differs between two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Only the newer one knows it.
    Added,
    /// Only the older one knows it.
    Removed,
    /// Both know it, and some match may come out, or be shown, differently.
    Changed,
}

/// The packages about which two databases differ, sorted by ecosystem and name: an iterator.
///
/// It compares hashes that were computed when the databases were made, and passes over ecosystems that are equal as a
/// whole, so it takes milliseconds. Texts and times do not count, nor do EPSS and KEV, which belong to CVEs and not to
/// packages.
pub struct Diff<'db> {
    old: &'db Database,
    new: &'db Database,
    /// Ecosystems that differ, with their place in each database.
    ecosystems: VecDeque<(Option<&'db EcosystemEntry>, Option<&'db EcosystemEntry>)>,
    open: Option<Side<'db>>,
}

/// The two walks over the ecosystem under way, each with the key that comes next.
struct Side<'db> {
    ecosystem: &'db str,
    old: Peeked<'db>,
    new: Peeked<'db>,
}

struct Peeked<'db> {
    walk: Option<Walk<'db, KeyValue>>,
    next: Option<(Vec<u8>, u64)>,
}

impl<'db> Peeked<'db> {
    fn open(database: &'db Database, entry: Option<&EcosystemEntry>) -> Result<Self, Error> {
        let walk = entry.map(|entry| database.table(entry)).transpose()?.map(|table| Table::walk(&table));
        let mut peeked = Peeked { walk, next: None };
        peeked.step()?;
        Ok(peeked)
    }

    fn step(&mut self) -> Result<(), Error> {
        let found = match &mut self.walk {
            Some(walk) => walk.next()?,
            None => None,
        };
        self.next = match (found, self.next.take()) {
            (Some((key, value)), Some((mut kept, _))) => {
                kept.clear();
                kept.extend_from_slice(key);
                Some((kept, value.hash))
            }
            (Some((key, value)), None) => Some((key.to_vec(), value.hash)),
            (None, _) => None,
        };
        Ok(())
    }
}

impl<'db> Diff<'db> {
    pub(crate) fn new(old: &'db Database, new: &'db Database) -> Diff<'db> {
        let mut ecosystems = VecDeque::new();
        let (mut left, mut right) = (old.ecosystems().iter().peekable(), new.ecosystems().iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => a.name.cmp(&b.name),
            };
            let pair = match order {
                Ordering::Less => (left.next(), None),
                Ordering::Greater => (None, right.next()),
                Ordering::Equal => (left.next(), right.next()),
            };
            let equal = matches!(pair, (Some(a), Some(b)) if (a.hash, a.packages) == (b.hash, b.packages));
            if !equal {
                ecosystems.push_back(pair);
            }
        }
        Diff { old, new, ecosystems, open: None }
    }

    fn step(&mut self) -> Result<Option<(Key, Change)>, Error> {
        loop {
            let Some(side) = &mut self.open else {
                let Some((old, new)) = self.ecosystems.pop_front() else { return Ok(None) };
                let ecosystem = new.or(old).map_or("", |entry| &entry.name);
                self.open = Some(Side {
                    ecosystem,
                    old: Peeked::open(self.old, old)?,
                    new: Peeked::open(self.new, new)?,
                });
                continue;
            };
            let (order, same) = match (&side.old.next, &side.new.next) {
                (None, None) => {
                    self.open = None;
                    continue;
                }
                (Some(_), None) => (Ordering::Less, false),
                (None, Some(_)) => (Ordering::Greater, false),
                (Some((a, x)), Some((b, y))) => (a.cmp(b), x == y),
            };
            let (changed, change) = match order {
                Ordering::Less => (&side.old.next, Change::Removed),
                Ordering::Greater => (&side.new.next, Change::Added),
                Ordering::Equal => (&side.new.next, Change::Changed),
            };
            let unchanged = order == Ordering::Equal && same;
            let name =
                changed.as_ref().filter(|_| !unchanged).map(|(name, _)| String::from_utf8_lossy(name).into());
            if order != Ordering::Greater {
                side.old.step()?;
            }
            if order != Ordering::Less {
                side.new.step()?;
            }
            if let Some(name) = name {
                return Ok(Some((Key { ecosystem: side.ecosystem.into(), name }, change)));
            }
        }
    }
}

impl Iterator for Diff<'_> {
    type Item = Result<(Key, Change), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            self.ecosystems.clear();
            self.open = None;
        }
        step.transpose()
    }
}
