//! The second pass: sections, in the order of the file.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use xxhash_rust::xxh3::Xxh3;

use super::{
    gather::{Body, Gathered, Slot},
    intake::{self, Facts},
    kept::{self, Content, Kept},
    packages,
    spool::Span,
};
use crate::{
    CveId, FeedId, Mention, RecordId, Role,
    file::{
        Writer,
        bytes::{Cursor, Malformed},
    },
    section::{
        affected::Draft,
        assessments::Assessments,
        cves::CveBuilder,
        ids, names,
        records::Draft as RecordDraft,
        text::{self, Pointer, TextBuilder},
        withdrawn,
    },
};

/// How much went into a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assembled {
    pub(crate) records: u32,
    pub(crate) packages: u32,
    pub(crate) entries: u32,
    pub(crate) cves: u64,
    /// The same for two databases of the same contents.
    pub(crate) content: String,
    /// Bytes of texts, expanded, that no record has any more.
    pub(crate) unused_text: u64,
}

/// An entry in the temporary file, and the package it is about.
pub(super) struct EntryPlace {
    pub(super) package: u32,
    pub(super) record: u32,
    pub(super) span: Span,
}

/// Writes all sections but `meta`.
pub(crate) fn assemble(
    gathered: &Gathered<'_>,
    mut cves: CveBuilder,
    to: &mut Writer,
) -> io::Result<Assembled> {
    let (pointers, unused_text) = write_text(gathered, to)?;
    let kept = Kept::of(gathered);
    let mut index = Index::default();
    if let Some(kept) = &kept {
        index.assessments = kept::assessments(kept.database).map_err(io::Error::other)?;
    }
    write_records(gathered, &pointers, &mut index, &mut cves, to)?;
    drop(pointers);
    let (packages, entries) = packages::write(&gathered.facts, kept.as_ref(), &mut index, to)?;

    let Index { assessments, mentions, mut content, .. } = index;
    to.section(names::ASSESSMENTS);
    to.write_all(&assessments.finish())?;
    to.section(names::WITHDRAWN);
    to.write_all(&withdrawn::encode(&gathered.withdrawn))?;
    let (ids, lists) = ids::encode(mentions);
    to.section(names::IDS);
    to.write_all(&ids)?;
    to.section(names::MENTIONS);
    to.write_all(&lists)?;
    let known = cves.len();
    cves.sum_up(&mut content);
    let sections = [names::CVES, names::CVE_SEVERITIES, names::KEV];
    for (name, bytes) in sections.iter().zip(cves.finish()) {
        to.section(name);
        to.write_all(&bytes)?;
    }
    Ok(Assembled {
        records: gathered.slots.len() as u32,
        packages,
        entries,
        cves: known,
        content: content.finish(),
        unused_text,
    })
}

/// Of the texts that stay in their blocks, the share that may be unused before all are compressed anew.
const MOST_UNUSED: u64 = 4;

fn write_text(gathered: &Gathered<'_>, to: &mut Writer) -> io::Result<(Vec<Pointer>, u64)> {
    if let Some(database) = gathered.old {
        let old = database.texts().map_err(io::Error::other)?;
        let unused = database.info().unused_text + gathered.unused_text;
        if unused <= old.expanded / MOST_UNUSED {
            return Ok((append_text(gathered, &old, to)?, unused));
        }
    }
    let dictionary = sample(gathered)?;
    let mut builder = TextBuilder::new(&dictionary);
    to.section(names::TEXT);
    let pointers = gathered
        .slots
        .iter()
        .map(|(_, slot)| builder.push(&gathered.text(slot)?, to))
        .collect::<io::Result<_>>()?;
    write_text_index(builder, &dictionary, to)?;
    Ok((pointers, 0))
}

/// The blocks of the older database as they are, and behind them what is new.
fn append_text(gathered: &Gathered<'_>, old: &text::Texts<'_>, to: &mut Writer) -> io::Result<Vec<Pointer>> {
    let mut builder = TextBuilder::after(old);
    to.section(names::TEXT);
    to.write_all(old.text)?;
    let pointer = |(_, slot): &(_, Slot)| match &slot.body {
        Body::Kept { text, .. } => Ok(*text),
        Body::New { .. } => builder.push(&gathered.text(slot)?, to),
    };
    let pointers = gathered.slots.iter().map(pointer).collect::<io::Result<_>>()?;
    write_text_index(builder, old.dictionary, to)?;
    Ok(pointers)
}

fn write_text_index(builder: TextBuilder, dictionary: &[u8], to: &mut Writer) -> io::Result<()> {
    let index = builder.finish(to)?;
    to.section(names::TEXT_INDEX);
    to.write_all(&index)?;
    to.section(names::TEXT_DICTIONARY);
    to.write_all(dictionary)
}

/// A dictionary: the beginnings of records taken at even distances.
fn sample(gathered: &Gathered<'_>) -> io::Result<Vec<u8>> {
    const EACH: usize = 512;
    // Many records have less to say than that, some nothing.
    let samples = 4 * text::DICTIONARY / EACH;
    let step = gathered.slots.len().div_ceil(samples).max(1);
    let mut dictionary = Vec::with_capacity(text::DICTIONARY);
    for (_, slot) in gathered.slots.iter().step_by(step) {
        let text = gathered.text(slot)?;
        dictionary.extend_from_slice(text.get(..EACH).unwrap_or(&text));
    }
    dictionary.truncate(text::DICTIONARY);
    Ok(dictionary)
}

/// What is gathered while the records go by.
#[derive(Default)]
pub(super) struct Index {
    pub(super) assessments: Assessments,
    mentions: Vec<(Box<str>, Mention)>,
    /// `ecosystem\0name` → number in order of appearance.
    pub(super) packages: HashMap<Box<str>, u32>,
    pub(super) entries: Vec<EntryPlace>,
    /// For each record a hash of all that a match shows of it.
    pub(super) hashes: Vec<u64>,
    content: Content,
}

fn write_records(
    gathered: &Gathered<'_>,
    pointers: &[Pointer],
    index: &mut Index,
    cves: &mut CveBuilder,
    to: &mut Writer,
) -> io::Result<()> {
    to.section(names::RECORDS);
    let mut ends = Vec::with_capacity(gathered.slots.len() * 4);
    let mut sums = Vec::with_capacity(gathered.slots.len() * 8);
    let (mut encoded, mut fact_bytes) = (Vec::new(), Vec::new());
    for (number, (((id, feed), slot), text)) in gathered.slots.iter().zip(pointers).enumerate() {
        let record = RecordId(number as u32);
        let (modified, published) = (slot.modified, slot.published);
        let row = Row { record, id, feed: *feed, modified, published, text: *text };
        encoded.clear();
        match (&slot.body, gathered.old) {
            (Body::New { facts: span, .. }, _) => {
                let bytes = gathered.facts.read(*span)?;
                let (facts, entries) = own(intake::entries(&bytes))?;
                index.add(&row, own(Facts::decode(facts))?, facts, cves, &mut encoded);
                for (ecosystem, name, draft) in entries {
                    let within = draft.as_ptr().addr() - bytes.as_ptr().addr();
                    let span = Span { offset: span.offset + within as u64, length: draft.len() as u32 };
                    own(index.entry(record, (ecosystem, name), draft, span))?;
                }
            }
            (Body::Kept { record: old, .. }, Some(database)) => {
                let old = database.record(*old).map_err(io::Error::other)?;
                let facts = kept::facts(&old).map_err(io::Error::other)?;
                fact_bytes.clear();
                facts.encode(&mut fact_bytes);
                index.add(&row, facts, &fact_bytes, cves, &mut encoded);
            }
            (Body::Kept { .. }, None) => return Err(io::ErrorKind::InvalidData.into()),
        }
        index.content.add(&slot.sum.to_le_bytes());
        sums.extend_from_slice(&slot.sum.to_le_bytes());
        to.write_all(&encoded)?;
        let end = u32::try_from(to.position()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        ends.extend_from_slice(&end.to_le_bytes());
    }
    to.section(names::RECORD_INDEX);
    to.write_all(&ends)?;
    to.section(names::RECORD_SUMS);
    to.write_all(&sums)
}

/// What we have laid down ourselves a moment ago does not decode: the temporary file was changed under us.
pub(super) fn own<T>(decoded: Result<T, Malformed>) -> io::Result<T> {
    decoded.map_err(|Malformed| io::ErrorKind::InvalidData.into())
}

/// A record's place and times.
struct Row<'a> {
    record: RecordId,
    id: &'a str,
    feed: FeedId,
    modified: i64,
    published: Option<i64>,
    text: Pointer,
}

impl Index {
    fn add(
        &mut self,
        row: &Row<'_>,
        facts: Facts<'_>,
        fact_bytes: &[u8],
        cves: &mut CveBuilder,
        encoded: &mut Vec<u8>,
    ) {
        let Row { record, id, feed, modified, published, text } = *row;
        let Facts { aliases, upstream, related, severities, rating } = facts;
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
        RecordDraft { id, feed, modified, published, aliases, upstream, related, severities, rating, text }
            .encode(encoded);
    }

    /// Notes an entry of `record` that was said anew.
    fn entry(
        &mut self,
        record: RecordId,
        (ecosystem, name): (&str, &str),
        draft: &[u8],
        span: Span,
    ) -> Result<(), Malformed> {
        for assessment in Draft::decode_assessments(&mut Cursor::new(draft))? {
            self.assessments.intern(assessment);
        }
        let key = format!("{ecosystem}\0{name}");
        let next = self.packages.len() as u32;
        let package = *self.packages.entry(key.into()).or_insert(next);
        self.entries.push(EntryPlace { package, record: record.0, span });
        Ok(())
    }
}
