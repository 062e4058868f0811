//! Reading: what a stranger sent is bounded before it is believed, and checked before anything is replaced.

use std::{
    collections::HashSet,
    io::{self, BufReader, Read},
    path::Path,
};

use jiff::Timestamp;
use xxhash_rust::xxh3::Xxh3;

use super::{DeltaError, DeltaHead, EPSS, FORMAT, KEV, MAGIC, Names, PERCENTILE};
use crate::{
    CveId, Database, Epss, FeedId, Info,
    compile::{
        gather::{Gather, Old},
        intake::{self, Fate, Intake},
        kept,
    },
    import::{output_error, write as write_database},
    section::{
        cves::{CveBuilder, Kev},
        text,
        withdrawn::WithdrawnTimes,
    },
};

/// Bounds on what a delta may state: no real identifier, head or record is near them.
const LONGEST_NAME: u64 = 64 * 1024;
const LONGEST_HEAD: u64 = 16 * 1024 * 1024;
const LONGEST_FACTS: u64 = 256 * 1024 * 1024;
/// A hundred times the CVEs that there are.
const MOST_CVES: u64 = 30_000_000;
/// A thousand times what is withdrawn in a year.
const MOST_WITHDRAWN: u64 = 30_000_000;

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
    let (over, withdrawn) = from.withdrawn()?;
    from.end()?;
    let stays = |id: &str, feed: FeedId| !named.contains(&(id.into(), feed));
    let mut gathered = gather.finish(Some(Old { database: old, stays: &stays })).map_err(io)?;
    gathered.withdrawn.retain(|names, _| !over.contains(names));
    gathered.withdrawn.extend(withdrawn);
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

    /// Records that are not withdrawn any more, and those that are.
    fn withdrawn(&mut self) -> Result<(HashSet<Names>, WithdrawnTimes), DeltaError> {
        let mut over = HashSet::new();
        for _ in 0..self.count(MOST_WITHDRAWN)? {
            over.insert((self.text()?.into(), self.feed()?));
        }
        let mut withdrawn = WithdrawnTimes::new();
        for _ in 0..self.count(MOST_WITHDRAWN)? {
            let (id, feed, at) = (self.text()?, self.feed()?, self.signed()?);
            if !intake::is_name(&id) || Timestamp::from_microsecond(at).is_err() {
                return Err(unusable("a withdrawn record in it makes no sense"));
            }
            withdrawn.insert((id.into(), feed), at);
        }
        Ok((over, withdrawn))
    }

    fn end(&mut self) -> Result<(), DeltaError> {
        let sum = self.sum.digest();
        if u64::from_le_bytes(self.array()?) == sum { Ok(()) } else { Err(unusable("its checksum is wrong")) }
    }
}
