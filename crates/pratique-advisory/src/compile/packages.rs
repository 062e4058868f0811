//! The second pass, package by package: what was said anew, and what stays of an older database.

use std::{
    cmp::Ordering,
    io::{self, Write},
};

use rayon::prelude::*;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::{
    assemble::{EntryPlace, Index, own},
    kept::{self, Kept},
    spool::Laid,
};
use crate::{
    Error,
    file::{Writer, bytes::Put},
    keys::KeyValue,
    names::family,
    section::{
        affected,
        ecosystems::{self, EcosystemEntry},
        names,
        table::TableBuilder,
    },
};

/// Packages that are encoded at a time, and by one task.
const PACKAGES: usize = 4096;
const TASK: usize = 64;

/// A package: what it is filed under, and where its entries lie.
struct Package<'a> {
    /// `ecosystem\0name`.
    key: Box<str>,
    /// In the older database.
    old: Option<KeyValue>,
    /// Said anew.
    new: &'a [EntryPlace],
}

/// Writes the sections of packages. Answers the numbers of packages and of entries.
pub(super) fn write(
    facts: &Laid,
    kept: Option<&Kept<'_>>,
    index: &mut Index,
    to: &mut Writer,
) -> io::Result<(u32, u32)> {
    // From the order of appearance to the order of keys.
    let mut named: Vec<(Box<str>, u32)> = std::mem::take(&mut index.packages).into_iter().collect();
    named.sort_unstable();
    let mut ranks = vec![0; named.len()];
    for (rank, (_, number)) in named.iter().enumerate() {
        if let Some(place) = ranks.get_mut(*number as usize) {
            *place = rank as u32;
        }
    }
    let mut entries = std::mem::take(&mut index.entries);
    for entry in &mut entries {
        entry.package = ranks.get(entry.package as usize).copied().unwrap_or_default();
    }
    entries.sort_unstable_by_key(|entry| (entry.package, entry.record, entry.span.offset));
    let groups = entries.chunk_by(|a, b| a.package == b.package);
    let new = named.into_iter().zip(groups).map(|((key, _), new)| Package { key, old: None, new });
    let packages = merge(kept.map(old_packages).transpose()?.unwrap_or_default(), new);

    let encoder = Encoder { facts, kept, index };
    let mut directory = Directory::new(index.hashes.len());
    to.section(names::AFFECTED);
    for packages in packages.chunks(PACKAGES) {
        let encoded = packages
            .par_chunks(TASK)
            .map(|packages| packages.iter().map(|it| encoder.encode(it)).collect::<io::Result<Vec<_>>>())
            .collect::<io::Result<Vec<_>>>()?;
        for (package, group) in packages.iter().zip(encoded.into_iter().flatten()) {
            // Nothing that was said of it stays.
            if group.records.is_empty() {
                continue;
            }
            let (ecosystem, name) = package.key.split_once('\0').unwrap_or((&package.key, ""));
            directory.add(ecosystem, name, &group, to.position());
            to.write_all(&group.bytes)?;
        }
    }
    let (ecosystems, keys) = directory.finish();
    to.section(names::KEYS);
    to.write_all(&keys)?;
    to.section(names::ECOSYSTEMS);
    to.write_all(&ecosystems::encode(&ecosystems))?;
    let sum = |count: fn(&EcosystemEntry) -> u32| ecosystems.iter().map(count).sum();
    Ok((sum(|ecosystem| ecosystem.packages), sum(|ecosystem| ecosystem.entries)))
}

/// The packages of the older database, in the order of their keys.
fn old_packages(kept: &Kept<'_>) -> io::Result<Vec<Package<'static>>> {
    let mut packages = Vec::with_capacity(kept.database.info().packages as usize);
    for entry in kept.database.ecosystems() {
        let mut walk = kept.database.table(entry).map_err(io::Error::other)?.walk();
        while let Some((name, value)) = walk.next().map_err(io::Error::other)? {
            let key = format!("{}\0{}", entry.name, String::from_utf8_lossy(name)).into();
            packages.push(Package { key, old: Some(value), new: &[] });
        }
    }
    // A name that begins as another does, and goes on with a character below the separator, stands elsewhere among keys.
    packages.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    Ok(packages)
}

/// Both lists, each in the order of keys, as one.
fn merge<'a>(old: Vec<Package<'a>>, new: impl Iterator<Item = Package<'a>>) -> Vec<Package<'a>> {
    let mut merged = Vec::with_capacity(old.len());
    let (mut old, mut new) = (old.into_iter().peekable(), new.peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return merged,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.key.cmp(&b.key),
        };
        let mut next = if order == Ordering::Greater { new.next() } else { old.next() };
        if let (Ordering::Equal, Some(next), Some(new)) = (order, &mut next, new.next_if(|_| order.is_eq())) {
            next.new = new.new;
        }
        merged.extend(next);
    }
}

/// What is needed to encode packages, several at once.
struct Encoder<'a> {
    facts: &'a Laid,
    kept: Option<&'a Kept<'a>>,
    index: &'a Index,
}

impl Encoder<'_> {
    fn encode(&self, package: &Package<'_>) -> io::Result<Group> {
        if let (Some(kept), Some(value), true) = (self.kept, &package.old, package.new.is_empty())
            && let Some(group) = copy(kept, value).map_err(io::Error::other)?
        {
            return Ok(group);
        }
        let mut drafts = package
            .new
            .iter()
            .map(|place| Ok((place.record, self.facts.read(place.span)?)))
            .collect::<io::Result<Vec<(u32, Vec<u8>)>>>()?;
        if let (Some(kept), Some(value)) = (self.kept, &package.old) {
            for affected in kept.database.group(value).map_err(io::Error::other)? {
                let affected = affected.map_err(io::Error::other)?;
                let Some(record) = kept.number(affected.record()) else { continue };
                let mut draft = Vec::new();
                kept::draft(&affected).map_err(io::Error::other)?.encode(&mut draft);
                drafts.push((record, draft));
            }
            // Stable: several entries of one record stay in their order.
            drafts.sort_by_key(|(record, _)| *record);
        }
        // An entry that repeats the one before it word for word says nothing more.
        drafts.dedup();
        let mut hash = Xxh3::new();
        for (record, draft) in &drafts {
            let of_record = self.index.hashes.get(*record as usize).copied().unwrap_or_default();
            hash.update(&of_record.to_le_bytes());
            hash.update(&(draft.len() as u64).to_le_bytes());
            hash.update(draft);
        }
        let drafts: Vec<(u32, &[u8])> =
            drafts.iter().map(|(record, draft)| (*record, draft.as_slice())).collect();
        let bytes = own(affected::encode_group(&drafts, &self.index.assessments))?;
        let records = drafts.iter().map(|(record, _)| *record).collect();
        Ok(Group { bytes, records, hash: hash.digest() })
    }
}

/// A package of which all records stay and nothing is said anew: its entries as they are, under the records' new numbers.
fn copy(kept: &Kept<'_>, value: &KeyValue) -> Result<Option<Group>, Error> {
    let mut candidates = kept.database.group(value)?;
    let mut bytes = Vec::with_capacity(value.length as usize);
    bytes.extend_from_slice(candidates.dictionary_bytes()?);
    let mut entries = Vec::new();
    let mut records = Vec::new();
    let mut last = 0;
    while let Some(entry) = candidates.next_bytes() {
        let (record, body) = entry?;
        let Some(record) = kept.number(record) else { return Ok(None) };
        // Records keep their order: they are numbered by it.
        let Some(step) = record.checked_sub(last) else { return Ok(None) };
        entries.put_varint(u64::from(step));
        entries.extend_from_slice(body);
        records.push(record);
        last = record;
    }
    bytes.put_varint(records.len() as u64);
    bytes.extend_from_slice(&entries);
    Ok(Some(Group { bytes, records, hash: value.hash }))
}

/// One package, encoded.
struct Group {
    bytes: Vec<u8>,
    /// The record of each of its entries.
    records: Vec<u32>,
    hash: u64,
}

/// The ecosystems and their key tables.
struct Directory {
    ecosystems: Vec<EcosystemEntry>,
    keys: Vec<u8>,
    table: TableBuilder<KeyValue>,
    /// One bit for each record: seen in the ecosystem under way.
    seen: Vec<u64>,
}

impl Directory {
    fn new(records: usize) -> Directory {
        let seen = vec![0; records.div_ceil(64)];
        Directory { ecosystems: Vec::new(), keys: Vec::new(), table: TableBuilder::new(), seen }
    }

    fn add(&mut self, ecosystem: &str, name: &str, group: &Group, offset: u64) {
        if self.ecosystems.last().is_none_or(|last| &*last.name != ecosystem) {
            self.close();
            self.ecosystems.push(EcosystemEntry {
                name: ecosystem.into(),
                family: family(ecosystem),
                packages: 0,
                entries: 0,
                records: 0,
                keys_offset: self.keys.len() as u64,
                keys_length: 0,
                hash: 0,
            });
        }
        let value = KeyValue { offset, length: group.bytes.len() as u64, hash: group.hash };
        self.table.push(name.as_bytes(), &value);
        let Some(last) = self.ecosystems.last_mut() else { return };
        last.packages += 1;
        last.entries += group.records.len() as u32;
        last.hash =
            xxh3_64(&[last.hash, group.hash, xxh3_64(name.as_bytes())].map(u64::to_le_bytes).concat());
        for record in &group.records {
            if let Some(word) = self.seen.get_mut(*record as usize / 64) {
                *word |= 1 << (record % 64);
            }
        }
    }

    fn close(&mut self) {
        let Some(last) = self.ecosystems.last_mut() else { return };
        let table = std::mem::replace(&mut self.table, TableBuilder::new()).finish();
        last.keys_length = table.len() as u64;
        last.records = self.seen.iter().map(|word| word.count_ones()).sum();
        self.keys.extend_from_slice(&table);
        self.seen.fill(0);
    }

    fn finish(mut self) -> (Vec<EcosystemEntry>, Vec<u8>) {
        self.close();
        (self.ecosystems, self.keys)
    }
}
