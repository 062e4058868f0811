//! Writing: which records differ, and all that is known of those.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use xxhash_rust::xxh3::Xxh3;

use super::{DeltaCounts, DeltaHead, EPSS, FORMAT, KEV, MAGIC, Names, PERCENTILE};
use crate::{Database, Error, Key, RecordId, compile::kept, file::bytes::Put, section::text};

/// Writes what makes `new` of `old`.
pub fn write_delta(old: &Database, new: &Database, to: &mut dyn Write) -> io::Result<DeltaCounts> {
    let mut to = Summing { inner: to, sum: Xxh3::new() };
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    let contents = |database: &Database| database.info().content.clone();
    let head = DeltaHead { from: contents(old), to: contents(new), info: new.info().clone() };
    let json = serde_json::to_vec(&head)?;
    bytes.put_varint(json.len() as u64);
    bytes.extend_from_slice(&json);

    let (removed, changed) = differing(old, new).map_err(io::Error::other)?;
    bytes.put_varint(removed.len() as u64);
    for (id, feed) in &removed {
        bytes.put_text(id);
        bytes.push(feed.code());
    }
    bytes.put_varint(changed.len() as u64);
    to.write_all(&bytes)?;
    let mut entries = entries_of(new, &changed).map_err(io::Error::other)?;
    for number in &changed {
        let entries = entries.remove(number).unwrap_or_default();
        bytes.clear();
        encode(new, *number, &entries, &mut bytes).map_err(io::Error::other)?;
        to.write_all(&bytes)?;
    }
    bytes.clear();
    encode_cves(old, new, &mut bytes).map_err(io::Error::other)?;
    encode_withdrawn(old, new, &mut bytes).map_err(io::Error::other)?;
    to.write_all(&bytes)?;
    let sum = to.sum.digest();
    to.inner.write_all(&sum.to_le_bytes())?;
    Ok(DeltaCounts { changed: changed.len(), removed: removed.len() })
}

/// The records of `old` that are gone, and those of `new` that are new or changed.
fn differing(old: &Database, new: &Database) -> Result<(Vec<Names>, Vec<RecordId>), Error> {
    let (mut removed, mut changed) = (Vec::new(), Vec::new());
    let (mut left, mut right) = (old.record_ids()?.peekable(), new.record_ids()?.peekable());
    loop {
        let names = |database: &Database, number: Option<&RecordId>| -> Result<Option<Names>, Error> {
            let Some(number) = number else { return Ok(None) };
            let record = database.record(*number)?;
            Ok(Some((record.id().into(), record.feed())))
        };
        match (names(old, left.peek())?, names(new, right.peek())?) {
            (None, None) => return Ok((removed, changed)),
            (Some(gone), there) if there.as_ref().is_none_or(|there| gone < *there) => {
                removed.push(gone);
                left.next();
            }
            (gone, Some(there)) if gone.as_ref().is_none_or(|gone| there < *gone) => {
                changed.extend(right.next());
            }
            _ => {
                if let (Some(before), Some(after)) = (left.next(), right.next())
                    && old.sum(before)? != new.sum(after)?
                {
                    changed.push(after);
                }
            }
        }
    }
}

/// An entry: the package that it is about, and its draft.
type Entry = (Key, Vec<u8>);

/// The entries of some records, in the order of packages.
fn entries_of(database: &Database, wanted: &[RecordId]) -> Result<HashMap<RecordId, Vec<Entry>>, Error> {
    let mut found: HashMap<RecordId, Vec<Entry>> = HashMap::new();
    for package in database.packages_of(wanted)? {
        for affected in &package.entries {
            let mut draft = Vec::new();
            kept::draft(affected)?.encode(&mut draft);
            found.entry(affected.record()).or_default().push((package.key.clone(), draft));
        }
    }
    Ok(found)
}

fn encode(database: &Database, number: RecordId, entries: &[Entry], to: &mut Vec<u8>) -> Result<(), Error> {
    let record = database.record(number)?;
    to.put_text(record.id());
    to.push(record.feed().code());
    to.put_signed(record.modified().as_microsecond());
    to.push(u8::from(record.published().is_some()));
    if let Some(published) = record.published() {
        to.put_signed(published.as_microsecond());
    }
    to.extend_from_slice(&database.sum(number)?.to_le_bytes());
    let (mut facts, mut all) = (Vec::new(), Vec::new());
    kept::facts(&record)?.encode(&mut facts);
    all.put_varint(facts.len() as u64);
    all.extend_from_slice(&facts);
    all.put_varint(entries.len() as u64);
    for (Key { ecosystem, name }, draft) in entries {
        all.put_text(ecosystem);
        all.put_text(name);
        all.put_varint(draft.len() as u64);
        all.extend_from_slice(draft);
    }
    to.put_varint(all.len() as u64);
    to.extend_from_slice(&all);
    let shown = database.text(number)?;
    let links = shown.references.iter().map(|link| (link.kind.as_str(), link.url.as_str()));
    let shown = text::encode(&shown.summary, &shown.details, links);
    to.put_varint(shown.len() as u64);
    to.extend_from_slice(&shown);
    Ok(())
}

fn encode_cves(old: &Database, new: &Database, to: &mut Vec<u8>) -> Result<(), Error> {
    let gathered = |database: &Database| -> Result<(u64, Vec<u8>), Error> {
        let (mut count, mut last, mut bytes) = (0, 0, Vec::new());
        database.each_cve(|cve, facts| {
            if facts.epss.is_none() && facts.kev.is_none() {
                return;
            }
            count += 1;
            bytes.put_varint(cve.to_bits() - last);
            last = cve.to_bits();
            let percentile = facts.epss.and_then(|epss| epss.percentile);
            let flag = |set: bool, flag: u8| if set { flag } else { 0 };
            bytes.push(
                flag(facts.epss.is_some(), EPSS)
                    | flag(percentile.is_some(), PERCENTILE)
                    | flag(facts.kev.is_some(), KEV),
            );
            if let Some(epss) = facts.epss {
                bytes.extend_from_slice(&epss.probability.to_le_bytes());
            }
            if let Some(percentile) = percentile {
                bytes.extend_from_slice(&percentile.to_le_bytes());
            }
            if let Some(kev) = &facts.kev {
                bytes.push(u8::from(kev.ransomware));
                for text in [kev.added, kev.due, kev.name, kev.action] {
                    bytes.put_text(text);
                }
            }
        })?;
        Ok((count, bytes))
    };
    let (before, after) = (gathered(old)?, gathered(new)?);
    to.push(u8::from(before != after));
    if before != after {
        to.put_varint(after.0);
        to.extend_from_slice(&after.1);
    }
    Ok(())
}

fn encode_withdrawn(old: &Database, new: &Database, to: &mut Vec<u8>) -> Result<(), Error> {
    let (before, after) = (old.all_withdrawn()?, new.all_withdrawn()?);
    let over: Vec<_> = before.keys().filter(|names| !after.contains_key(*names)).collect();
    to.put_varint(over.len() as u64);
    for (id, feed) in over {
        to.put_text(id);
        to.push(feed.code());
    }
    let changed: Vec<_> = after.iter().filter(|(names, at)| before.get(*names) != Some(at)).collect();
    to.put_varint(changed.len() as u64);
    for ((id, feed), at) in changed {
        to.put_text(id);
        to.push(feed.code());
        to.put_signed(*at);
    }
    Ok(())
}

struct Summing<'a> {
    inner: &'a mut dyn Write,
    sum: Xxh3,
}

impl Summing<'_> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.inner.write_all(bytes)
    }
}
