//! The directory of ecosystems: small, and read whole when a database is opened.
//!
//! ```text
//! count varint, then for each, sorted by name: name text; packages, entries, records varint;
//! offset and length of its table in `keys` varint; hash of that table's keys and contents u64
//! ```

use pratique_version::Ecosystem;

use crate::{
    Error,
    file::{
        Section,
        bytes::{Cursor, Malformed, Put},
    },
    names::family,
};

/// What is known about one ecosystem, or about one release of a distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcosystemEntry {
    /// As OSV spells it, release included: `Debian:12`, `npm`.
    pub name: Box<str>,
    /// The ecosystem without its release; `None` for one that this program does not know.
    pub family: Option<Ecosystem>,
    /// How many package names have advisories.
    pub packages: u32,
    /// How many entries there are over all packages.
    pub entries: u32,
    /// How many records have an entry here.
    pub records: u32,
    pub(crate) keys_offset: u64,
    pub(crate) keys_length: u64,
    pub(crate) hash: u64,
}

pub(crate) fn encode(entries: &[EcosystemEntry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.put_varint(entries.len() as u64);
    for entry in entries {
        bytes.put_text(&entry.name);
        bytes.put_varint(u64::from(entry.packages));
        bytes.put_varint(u64::from(entry.entries));
        bytes.put_varint(u64::from(entry.records));
        bytes.put_varint(entry.keys_offset);
        bytes.put_varint(entry.keys_length);
        bytes.extend_from_slice(&entry.hash.to_le_bytes());
    }
    bytes
}

pub(crate) fn read(section: Section<'_>) -> Result<Vec<EcosystemEntry>, Error> {
    if section.len() == 0 {
        return Ok(Vec::new());
    }
    section.sound(0, decode(section.all()?))
}

fn decode(bytes: &[u8]) -> Result<Vec<EcosystemEntry>, Malformed> {
    let mut from = Cursor::new(bytes);
    let count = from.size()?;
    let mut entries: Vec<EcosystemEntry> = Vec::new();
    for _ in 0..count {
        let name = from.text()?;
        let entry = EcosystemEntry {
            name: name.into(),
            family: family(name),
            packages: from.varint32()?,
            entries: from.varint32()?,
            records: from.varint32()?,
            keys_offset: from.varint()?,
            keys_length: from.varint()?,
            hash: from.u64()?,
        };
        if entries.last().is_some_and(|last| last.name >= entry.name) {
            return Err(Malformed);
        }
        entries.push(entry);
    }
    Ok(entries)
}
