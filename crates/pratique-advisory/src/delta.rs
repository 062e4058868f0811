//! The difference between two databases, small enough to be fetched every day.
//!
//! ```text
//! magic, 16 bytes; format u16
//! head: length varint, JSON: contents before and after, what the newer database says of itself
//! records that are there no more: count varint; each: id text, feed u8
//! records that are new or changed: count varint; each: id text, feed u8, modified signed, flag u8 [published signed],
//!         sum u64, facts and entries (length varint, bytes), text (length varint, bytes)
//! what is known of CVEs beside records: 0 u8 if unchanged, else 1 u8, count varint; each: the identifier less the one
//!         before varint; flags u8; [probability f32; percentile f32]; [KEV entry: ransomware u8, four texts]
//! XXH3-64 of all before it
//! ```
//!
//! Applying it gives a database of the same contents ([`Info::content`]) as the newer one, though not of the same bytes:
//! texts lie in other blocks. That sum is checked before anything is replaced. It adds up what the newer database noted of
//! each record, which the delta brings along: it shows that the right records came together, while their bytes are vouched
//! for by the checksum at the end, and by the digest or signature of whoever sends it. The format is compact and not compressed:
//! whoever sends it compresses it.

use std::{
    collections::{HashMap, HashSet},
    io::{self, BufReader, Read, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::{
    CveId, Database, Epss, Error, FeedId, ImportError, Info, Record, RecordId,
    compile::{
        gather::{Gather, Old},
        intake::{Fate, Intake},
        kept,
    },
    file::bytes::Put,
    import::{output_error, write as write_database},
    section::{
        cves::{CveBuilder, Kev},
        text,
    },
};

const MAGIC: [u8; 16] = *b"\x93PRATIQUE-DIFF\r\n";
const FORMAT: u16 = 1;
/// Bounds on what a delta may state: no real identifier, head or record is near them.
const LONGEST_NAME: u64 = 64 * 1024;
const LONGEST_HEAD: u64 = 16 * 1024 * 1024;
const LONGEST_FACTS: u64 = 256 * 1024 * 1024;
/// A hundred times the CVEs that there are.
const MOST_CVES: u64 = 30_000_000;
const EPSS: u8 = 1;
const PERCENTILE: u8 = 1 << 1;
const KEV: u8 = 1 << 2;

/// What a delta says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeltaHead {
    /// [`Info::content`] of the database that it applies to.
    pub from: String,
    /// [`Info::content`] of the database that comes out.
    pub to: String,
    /// What that database says of itself.
    pub info: Info,
}

/// How much a delta holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeltaCounts {
    /// Records that are new or changed.
    pub changed: usize,
    /// Records that are there no more.
    pub removed: usize,
}

/// A delta could not be applied. The database is what it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaError {
    /// It is no delta, or a damaged one.
    #[error("not a usable difference of advisory databases: {0}; fetch the whole database instead")]
    Unusable(String),
    /// It applies to another database.
    #[error("the difference applies to a database with the contents {expected}, and this one has {found}")]
    OtherBase {
        /// What it applies to.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The database cannot be read, or the new one not be written.
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl From<Error> for DeltaError {
    fn from(error: Error) -> Self {
        DeltaError::Import(error.into())
    }
}

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
    to.write_all(&bytes)?;
    let sum = to.sum.digest();
    to.inner.write_all(&sum.to_le_bytes())?;
    Ok(DeltaCounts { changed: changed.len(), removed: removed.len() })
}

type Names = (Box<str>, FeedId);

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

/// An entry: ecosystem, name, draft.
type Entry = (Box<str>, Box<str>, Vec<u8>);

/// The entries of some records. The database leads from packages to records alone, so this goes through all of it.
fn entries_of(database: &Database, wanted: &[RecordId]) -> Result<HashMap<RecordId, Vec<Entry>>, Error> {
    let wanted: HashSet<RecordId> = wanted.iter().copied().collect();
    let mut found: HashMap<RecordId, Vec<Entry>> = HashMap::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    for ecosystem in database.ecosystems() {
        let mut walk = database.table(ecosystem)?.walk();
        while let Some((name, value)) = walk.next()? {
            for affected in database.group(&value)? {
                let affected = affected?;
                if !wanted.contains(&affected.record()) {
                    continue;
                }
                let mut draft = Vec::new();
                kept::draft(&affected)?.encode(&mut draft);
                let name = String::from_utf8_lossy(name).into();
                found.entry(affected.record()).or_default().push((ecosystem.name.clone(), name, draft));
            }
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
    for (ecosystem, name, draft) in entries {
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

/// Makes the newer database of `old` and of a delta, and writes it to `target`, in one step at the end.
pub fn apply_delta(old: &Database, delta: impl Read, target: &Path) -> Result<Info, DeltaError> {
    let mut from = Reader { inner: BufReader::with_capacity(64 * 1024, delta), sum: Xxh3::new() };
    let head = from.head()?;
    if head.from != old.info().content {
        return Err(DeltaError::OtherBase { expected: head.from, found: old.info().content.clone() });
    }
    let io = |source| DeltaError::from(output_error(target, source));
    let mut gather = Gather::create(target).map_err(io)?;
    let mut named: HashSet<Names> = HashSet::new();
    for _ in 0..from.count(u64::from(old.info().records))? {
        named.insert((from.text()?.into(), from.feed()?));
    }
    for _ in 0..from.count(u64::from(head.info.records))? {
        let intake = from.record()?;
        named.insert((intake.id.clone(), intake.feed));
        gather.take(intake).map_err(io)?;
    }
    let mut cves = CveBuilder::default();
    match from.byte()? {
        0 => kept::cves(old, true, true, &mut cves)?,
        _ => from.cves(&mut cves)?,
    }
    from.end()?;
    let stays = |record: &Record<'_>| !named.contains(&(record.id().into(), record.feed()));
    let gathered = gather.finish(Some(Old { database: old, stays: &stays })).map_err(io)?;
    write_database(&gathered, cves, head.info, target, Some(&head.to)).map_err(|problem| {
        match problem.kind() {
            io::ErrorKind::InvalidData => {
                DeltaError::Unusable("what comes out is not what it promises".into())
            }
            _ => io(problem),
        }
    })
}

/// What a delta says of itself, without the rest of it.
pub fn read_delta_head(delta: impl Read) -> Result<DeltaHead, DeltaError> {
    Reader { inner: BufReader::new(delta), sum: Xxh3::new() }.head()
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

struct Reader<R> {
    inner: R,
    sum: Xxh3,
}

fn unusable(what: &str) -> DeltaError {
    DeltaError::Unusable(what.to_owned())
}

impl<R: Read> Reader<R> {
    /// Exactly so many bytes, if they are not more than `most`. Memory grows with what is really there.
    fn bytes(&mut self, length: u64, most: u64) -> Result<Vec<u8>, DeltaError> {
        if length > most {
            return Err(unusable("it states a length that nothing has"));
        }
        let mut bytes = Vec::new();
        let read = self.inner.by_ref().take(length).read_to_end(&mut bytes);
        match read {
            Ok(read) if read as u64 == length => {
                self.sum.update(&bytes);
                Ok(bytes)
            }
            Ok(_) => Err(unusable("it ends too early")),
            Err(problem) => Err(DeltaError::Unusable(format!("it cannot be read: {problem}"))),
        }
    }

    fn byte(&mut self) -> Result<u8, DeltaError> {
        self.array().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DeltaError> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes).map_err(|_| unusable("it ends too early"))?;
        self.sum.update(&bytes);
        Ok(bytes)
    }

    fn varint(&mut self) -> Result<u64, DeltaError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(unusable("a number in it is too large"))
    }

    /// A number of things, of which there cannot be more than `most`.
    fn count(&mut self, most: u64) -> Result<u64, DeltaError> {
        match self.varint()? {
            count if count <= most => Ok(count),
            _ => Err(unusable("it states too many of something")),
        }
    }

    fn signed(&mut self) -> Result<i64, DeltaError> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn text(&mut self) -> Result<String, DeltaError> {
        let length = self.varint()?;
        String::from_utf8(self.bytes(length, LONGEST_NAME)?).map_err(|_| unusable("a name in it is no text"))
    }

    fn feed(&mut self) -> Result<FeedId, DeltaError> {
        FeedId::from_code(self.byte()?).ok_or_else(|| unusable("it has records of a feed that is not known"))
    }

    fn head(&mut self) -> Result<DeltaHead, DeltaError> {
        if self.array()? != MAGIC {
            return Err(unusable("it does not begin as one"));
        }
        let format = u16::from_le_bytes(self.array()?);
        if format != FORMAT {
            return Err(DeltaError::Unusable(format!(
                "it has format {format}, and this program reads {FORMAT}"
            )));
        }
        let length = self.varint()?;
        let json = self.bytes(length, LONGEST_HEAD)?;
        serde_json::from_slice(&json).map_err(|problem| DeltaError::Unusable(format!("its head: {problem}")))
    }

    fn record(&mut self) -> Result<Intake, DeltaError> {
        let (id, feed) = (self.text()?.into(), self.feed()?);
        let modified = self.signed()?;
        let published = if self.byte()? == 1 { Some(self.signed()?) } else { None };
        let sum = u64::from_le_bytes(self.array()?);
        let length = self.varint()?;
        let facts = self.bytes(length, LONGEST_FACTS)?;
        let length = self.varint()?;
        let text = self.bytes(length, text::LONGEST as u64)?;
        if !text::is_sound(&text) {
            return Err(unusable("the text of a record in it makes no sense"));
        }
        Ok(Intake { id, feed, modified, published, fate: Fate::Indexed, commit_entries: 0, facts, text, sum })
    }

    fn cves(&mut self, to: &mut CveBuilder) -> Result<(), DeltaError> {
        let mut last = 0_u64;
        for _ in 0..self.count(MOST_CVES)? {
            let step = self.varint()?;
            if step == 0 {
                return Err(unusable("it has a flaw twice"));
            }
            last = last.checked_add(step).ok_or_else(|| unusable("a number in it is too large"))?;
            let cve = CveId::from_bits(last);
            let flags = self.byte()?;
            if flags & EPSS != 0 {
                let probability = f32::from_le_bytes(self.array()?);
                let percentile =
                    if flags & PERCENTILE == 0 { None } else { Some(f32::from_le_bytes(self.array()?)) };
                to.epss(cve, Epss { probability, percentile });
            }
            if flags & KEV != 0 {
                let ransomware = self.byte()? == 1;
                let texts = [self.text()?, self.text()?, self.text()?, self.text()?];
                let [added, due, name, action] = texts.each_ref().map(String::as_str);
                to.kev(cve, &Kev { added, due, ransomware, name, action });
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), DeltaError> {
        let sum = self.sum.digest();
        if u64::from_le_bytes(self.array()?) == sum { Ok(()) } else { Err(unusable("its checksum is wrong")) }
    }
}
