//! The second pass: sections, in the order of the file.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use rayon::prelude::*;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::{
    gather::{Gathered, Slot},
    intake::{self, Facts},
    spool::{Laid, Span},
};
use crate::{
    CveId, FeedId, Mention, RecordId, Role,
    file::{
        Writer,
        bytes::{Cursor, Malformed},
    },
    keys::KeyValue,
    names::family,
    section::{
        affected::{self, Draft},
        assessments::Assessments,
        cves::CveBuilder,
        ecosystems::{self, EcosystemEntry},
        ids, names,
        records::Draft as RecordDraft,
        table::TableBuilder,
        text::{self, Pointer, TextBuilder},
    },
};

/// Packages that are encoded at a time, and by one task.
const PACKAGES: usize = 4096;
const TASK: usize = 64;

/// How much went into a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assembled {
    pub(crate) records: u32,
    pub(crate) packages: u32,
    pub(crate) entries: u32,
    pub(crate) cves: u64,
}

/// An entry in the temporary file, and the package it is about.
struct EntryPlace {
    package: u32,
    record: u32,
    span: Span,
}

/// Writes all sections but `meta`.
pub(crate) fn assemble(gathered: &Gathered, mut cves: CveBuilder, to: &mut Writer) -> io::Result<Assembled> {
    let pointers = write_text(gathered, to)?;
    let mut index = Index::default();
    write_records(gathered, &pointers, &mut index, &mut cves, to)?;
    drop(pointers);
    let (packages, entries) = write_affected(&gathered.facts, &mut index, to)?;

    let Index { assessments, mentions, .. } = index;
    to.section(names::ASSESSMENTS);
    to.write_all(&assessments.finish())?;
    let (ids, lists) = ids::encode(mentions);
    to.section(names::IDS);
    to.write_all(&ids)?;
    to.section(names::MENTIONS);
    to.write_all(&lists)?;
    let known = cves.len();
    let sections = [names::CVES, names::CVE_SEVERITIES, names::KEV];
    for (name, bytes) in sections.iter().zip(cves.finish()) {
        to.section(name);
        to.write_all(&bytes)?;
    }
    Ok(Assembled { records: gathered.slots.len() as u32, packages, entries, cves: known })
}

fn write_text(gathered: &Gathered, to: &mut Writer) -> io::Result<Vec<Pointer>> {
    let dictionary = sample(gathered)?;
    let mut builder = TextBuilder::new(&dictionary);
    to.section(names::TEXT);
    let pointers = gathered
        .slots
        .iter()
        .map(|(_, slot)| builder.push(&gathered.texts.read(slot.text)?, to))
        .collect::<io::Result<_>>()?;
    let index = builder.finish(to)?;
    to.section(names::TEXT_INDEX);
    to.write_all(&index)?;
    to.section(names::TEXT_DICTIONARY);
    to.write_all(&dictionary)?;
    Ok(pointers)
}

/// A dictionary: the beginnings of records taken at even distances.
fn sample(gathered: &Gathered) -> io::Result<Vec<u8>> {
    const EACH: u32 = 512;
    // Many records have less to say than that, some nothing.
    let samples = 4 * text::DICTIONARY / EACH as usize;
    let step = gathered.slots.len().div_ceil(samples).max(1);
    let mut dictionary = Vec::with_capacity(text::DICTIONARY);
    for (_, slot) in gathered.slots.iter().step_by(step) {
        let span = Span { length: slot.text.length.min(EACH), ..slot.text };
        dictionary.extend_from_slice(&gathered.texts.read(span)?);
    }
    dictionary.truncate(text::DICTIONARY);
    Ok(dictionary)
}

/// What is gathered while the records go by.
#[derive(Default)]
struct Index {
    assessments: Assessments,
    mentions: Vec<(Box<str>, Mention)>,
    /// `ecosystem\0name` → number in order of appearance.
    packages: HashMap<Box<str>, u32>,
    entries: Vec<EntryPlace>,
    /// For each record a hash of all that a match shows of it.
    hashes: Vec<u64>,
}

fn write_records(
    gathered: &Gathered,
    pointers: &[Pointer],
    index: &mut Index,
    cves: &mut CveBuilder,
    to: &mut Writer,
) -> io::Result<()> {
    to.section(names::RECORDS);
    let mut ends = Vec::with_capacity(gathered.slots.len() * 4);
    let mut encoded = Vec::new();
    for (number, (((id, feed), slot), text)) in gathered.slots.iter().zip(pointers).enumerate() {
        let bytes = gathered.facts.read(slot.facts)?;
        let record = RecordId(number as u32);
        encoded.clear();
        own(index.add(record, id, *feed, slot, &bytes, *text, cves, &mut encoded))?;
        to.write_all(&encoded)?;
        let end = u32::try_from(to.position()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        ends.extend_from_slice(&end.to_le_bytes());
    }
    to.section(names::RECORD_INDEX);
    to.write_all(&ends)
}

/// What we have laid down ourselves a moment ago does not decode: the temporary file was changed under us.
fn own<T>(decoded: Result<T, Malformed>) -> io::Result<T> {
    decoded.map_err(|Malformed| io::ErrorKind::InvalidData.into())
}

impl Index {
    #[expect(clippy::too_many_arguments, reason = "the parts of one record, each from another place")]
    fn add(
        &mut self,
        record: RecordId,
        id: &str,
        feed: FeedId,
        slot: &Slot,
        bytes: &[u8],
        text: Pointer,
        cves: &mut CveBuilder,
        encoded: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        let (fact_bytes, entries) = intake::entries(bytes)?;
        let Facts { aliases, upstream, related, severities, rating } = Facts::decode(fact_bytes)?;
        let severities: Vec<u32> =
            severities.into_iter().map(|stated| self.assessments.intern(stated)).collect();
        let rating = rating.map(|word| self.assessments.intern(word));

        self.mentions.push((id.into(), Mention { record, role: Role::Id }));
        for (list, role) in [(&aliases, Role::Alias), (&upstream, Role::Upstream), (&related, Role::Related)]
        {
            self.mentions.extend(list.iter().map(|id| (Box::from(*id), Mention { record, role })));
        }
        // A severity of an advisory that fixes several flaws is that of the worst, not of each.
        let only_upstream = if upstream.len() == 1 { upstream.as_slice() } else { &[] };
        for name in [id].iter().chain(&aliases).chain(only_upstream) {
            if let Ok(cve) = name.parse::<CveId>() {
                severities.iter().chain(&rating).for_each(|number| cves.severity(cve, *number, record));
            }
        }

        let mut hash = Xxh3::new();
        hash.update(id.as_bytes());
        hash.update(&[0, feed.code()]);
        hash.update(fact_bytes);
        self.hashes.push(hash.digest());

        let mut key = String::new();
        for (ecosystem, name, draft) in entries {
            for assessment in Draft::decode_assessments(&mut Cursor::new(draft))? {
                self.assessments.intern(assessment);
            }
            key.clear();
            key.push_str(ecosystem);
            key.push('\0');
            key.push_str(name);
            let next = self.packages.len() as u32;
            let package = match self.packages.get(key.as_str()) {
                Some(package) => *package,
                None => *self.packages.entry(key.as_str().into()).or_insert(next),
            };
            let within = draft.as_ptr().addr() - bytes.as_ptr().addr();
            let span = Span { offset: slot.facts.offset + within as u64, length: draft.len() as u32 };
            self.entries.push(EntryPlace { package, record: record.0, span });
        }
        let (modified, published) = (slot.modified, slot.published);
        RecordDraft { id, feed, modified, published, aliases, upstream, related, severities, rating, text }
            .encode(encoded);
        Ok(())
    }
}

/// One package, encoded.
struct Group {
    bytes: Vec<u8>,
    entries: u32,
    hash: u64,
}

fn write_affected(facts: &Laid, index: &mut Index, to: &mut Writer) -> io::Result<(u32, u32)> {
    // From the order of appearance to the order of keys.
    let mut packages: Vec<(Box<str>, u32)> = std::mem::take(&mut index.packages).into_iter().collect();
    packages.sort_unstable();
    let mut ranks = vec![0; packages.len()];
    for (rank, (_, number)) in packages.iter().enumerate() {
        if let Some(place) = ranks.get_mut(*number as usize) {
            *place = rank as u32;
        }
    }
    let mut entries = std::mem::take(&mut index.entries);
    for entry in &mut entries {
        entry.package = ranks.get(entry.package as usize).copied().unwrap_or_default();
    }
    entries.sort_unstable_by_key(|entry| (entry.package, entry.record, entry.span.offset));

    let groups: Vec<&[EntryPlace]> = entries.chunk_by(|a, b| a.package == b.package).collect();
    let (assessments, hashes) = (&index.assessments, &index.hashes);
    let mut directory = Directory::new(hashes.len());
    to.section(names::AFFECTED);
    for (packages, groups) in packages.chunks(PACKAGES).zip(groups.chunks(PACKAGES)) {
        let encoded = groups
            .par_chunks(TASK)
            .map(|groups| {
                groups
                    .iter()
                    .map(|group| encode(group, facts, assessments, hashes))
                    .collect::<io::Result<Vec<_>>>()
            })
            .collect::<io::Result<Vec<_>>>()?;
        for (((key, _), places), group) in packages.iter().zip(groups).zip(encoded.into_iter().flatten()) {
            let (ecosystem, name) = key.split_once('\0').unwrap_or((key, ""));
            directory.add(ecosystem, name, places, &group, to.position());
            to.write_all(&group.bytes)?;
        }
    }
    let (ecosystems, keys) = directory.finish();
    to.section(names::KEYS);
    to.write_all(&keys)?;
    to.section(names::ECOSYSTEMS);
    to.write_all(&ecosystems::encode(&ecosystems))?;
    let entries = ecosystems.iter().map(|ecosystem| ecosystem.entries).sum();
    Ok((packages.len() as u32, entries))
}

fn encode(
    places: &[EntryPlace],
    facts: &Laid,
    assessments: &Assessments,
    hashes: &[u64],
) -> io::Result<Group> {
    let drafts = places
        .iter()
        .map(|place| Ok((place.record, facts.read(place.span)?)))
        .collect::<io::Result<Vec<(u32, Vec<u8>)>>>()?;
    let mut hash = Xxh3::new();
    for (record, draft) in &drafts {
        hash.update(&hashes.get(*record as usize).copied().unwrap_or_default().to_le_bytes());
        hash.update(&(draft.len() as u64).to_le_bytes());
        hash.update(draft);
    }
    let drafts: Vec<(u32, &[u8])> =
        drafts.iter().map(|(record, draft)| (*record, draft.as_slice())).collect();
    let (bytes, entries) = own(affected::encode_group(&drafts, assessments))?;
    Ok(Group { bytes, entries, hash: hash.digest() })
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

    fn add(&mut self, ecosystem: &str, name: &str, places: &[EntryPlace], group: &Group, offset: u64) {
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
        last.entries += group.entries;
        last.hash =
            xxh3_64(&[last.hash, group.hash, xxh3_64(name.as_bytes())].map(u64::to_le_bytes).concat());
        for place in places {
            if let Some(word) = self.seen.get_mut(place.record as usize / 64) {
                *word |= 1 << (place.record % 64);
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
