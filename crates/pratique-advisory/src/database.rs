//! An open database.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use zstd::dict::DecoderDictionary;

use crate::{
    Affected, Candidates, CveFacts, CveId, Diff, EcosystemEntry, Error, Info, Key, Mention, Record, RecordId,
    Role, Severity, Text, Withdrawn,
    file::{Container, Extent, FORMAT, Section},
    keys::KeyValue,
    names::normalize,
    section::{
        assessments, cves, ecosystems, ids, names,
        table::{Table, Walk},
        text,
        withdrawn::{self, WithdrawnTimes},
    },
};

/// Text blocks that stay expanded: a megabyte or two.
const BLOCKS_KEPT: usize = 64;

/// A compiled advisory database: one immutable file, mapped into memory.
///
/// Opening it reads the header and two small sections, whatever its size. Look-ups read from the map, verify each 64 KiB
/// block on first touch, and copy nothing but texts. It may be shared between threads, and a newer file may be renamed
/// over it at any time: this one stays whole until it is dropped.
pub struct Database {
    container: Container,
    info: Info,
    ecosystems: Vec<EcosystemEntry>,
    dictionary: OnceLock<DecoderDictionary<'static>>,
    /// The text blocks that were expanded last, the newest behind: reports ask for neighbours, and twice.
    expanded: Mutex<VecDeque<(u32, Arc<[u8]>)>>,
}

impl Database {
    /// The format of the files that this program writes and reads.
    pub const FORMAT: u16 = FORMAT;

    /// Opens the database in that file.
    pub fn open(path: impl AsRef<Path>) -> Result<Database, Error> {
        let container = Container::open(path.as_ref())?;
        let section = |name| container.section(container.extent(name), name);
        let ecosystems = ecosystems::read(section(names::ECOSYSTEMS))?;
        let meta = section(names::META);
        let mut info: Info = serde_json::from_slice(meta.all()?).map_err(|_| meta.damaged(0))?;
        info.bytes = container.length();
        info.created = jiff::Timestamp::from_second(container.created()).map_err(|_| meta.damaged(0))?;
        Ok(Database { container, info, ecosystems, dictionary: OnceLock::new(), expanded: Mutex::default() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.container.path()
    }

    /// Where the data came from, when, and how much there is.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// Verifies the whole file, which look-ups do only for what they touch.
    pub fn verify(&self) -> Result<(), Error> {
        self.container.verify()
    }

    /// The sections of the file with their lengths in bytes, to see what takes the room.
    pub fn sections(&self) -> impl Iterator<Item = (&str, u64)> {
        self.container.sections().iter().map(|(name, Extent { length, .. })| (name.as_str(), *length))
    }

    fn section(&self, name: &'static str) -> Section<'_> {
        self.container.section(self.container.extent(name), name)
    }

    /// All ecosystems and releases that have advisories, sorted by name.
    pub fn ecosystems(&self) -> &[EcosystemEntry] {
        &self.ecosystems
    }

    /// One ecosystem or release, by the name that OSV gives it: `npm`, `Debian:12`. `None` means that the database knows
    /// nothing of it, so that nothing about its packages can be said.
    pub fn ecosystem(&self, name: &str) -> Option<&EcosystemEntry> {
        let place = self.ecosystems.binary_search_by(|entry| (*entry.name).cmp(name)).ok()?;
        self.ecosystems.get(place)
    }

    /// The key table of an ecosystem.
    pub(crate) fn table(&self, entry: &EcosystemEntry) -> Result<Table<'_, KeyValue>, Error> {
        Table::open(self.section(names::KEYS).part(entry.keys_offset, entry.keys_length)?)
    }

    /// All entries about a package. `ecosystem` is OSV's name, release included; `name` is normalised here.
    ///
    /// The entries come sorted by record. One record can have several for one package, one range each.
    pub fn affected(&self, ecosystem: &str, name: &str) -> Result<Candidates<'_>, Error> {
        match self.ecosystem(ecosystem) {
            Some(entry) => self.affected_in(entry, name),
            None => Ok(Candidates::none(self.section(names::AFFECTED))),
        }
    }

    /// The same for an ecosystem that was looked up before. `entry` must come from this database.
    pub fn affected_in(&self, entry: &EcosystemEntry, name: &str) -> Result<Candidates<'_>, Error> {
        let section = self.section(names::AFFECTED);
        match self.table(entry)?.get(normalize(entry.family, name).as_bytes())? {
            Some(value) => self.group(&value),
            None => Ok(Candidates::none(section)),
        }
    }

    /// The number of records.
    pub(crate) fn records(&self) -> Result<u32, Error> {
        let index = self.section(names::RECORD_INDEX);
        u32::try_from(index.len() / 4).map_err(|_| index.damaged(0))
    }

    /// All records, in the order of their identifiers.
    pub fn record_ids(&self) -> Result<impl Iterator<Item = RecordId> + use<>, Error> {
        Ok((0..self.records()?).map(RecordId))
    }

    /// The record of that number. Numbers of another database lead to another record or to an error.
    pub fn record(&self, number: RecordId) -> Result<Record<'_>, Error> {
        let (records, index) = (self.section(names::RECORDS), self.section(names::RECORD_INDEX));
        Record::read(records, index, self.section(names::ASSESSMENTS), number)
    }

    /// The record that an entry belongs to.
    pub fn record_of(&self, affected: &Affected<'_>) -> Result<Record<'_>, Error> {
        self.record(affected.record())
    }

    /// The records whose identifier or alias this is; the one whose own it is comes first.
    pub fn find(&self, id: &str) -> Result<Vec<RecordId>, Error> {
        let mut found = self.mentions(id)?;
        found.retain(|mention| matches!(mention.role, Role::Id | Role::Alias));
        found.sort_by_key(|mention| mention.role);
        Ok(found.into_iter().map(|mention| mention.record).collect())
    }

    /// The records that hold an identifier in any capacity, sorted by record.
    pub fn mentions(&self, id: &str) -> Result<Vec<Mention>, Error> {
        ids::read(self.section(names::IDS), self.section(names::MENTIONS), id)
    }

    /// By which feeds the record of exactly that identifier was withdrawn, and when. Nothing else is kept of such a record.
    pub fn withdrawn(&self, id: &str) -> Result<Vec<Withdrawn>, Error> {
        withdrawn::read(self.section(names::WITHDRAWN), id)
    }

    /// All withdrawn records.
    pub(crate) fn all_withdrawn(&self) -> Result<WithdrawnTimes, Error> {
        withdrawn::all(self.section(names::WITHDRAWN))
    }

    /// A record's summary, details and links. Expands a compressed block, which takes some ten times as long as a look-up.
    pub fn text(&self, record: RecordId) -> Result<Text, Error> {
        let pointer = self.record(record)?.text;
        let block = self.expanded(pointer.block)?;
        text::read(self.section(names::TEXT), &block, pointer.offset)
    }

    fn expanded(&self, block: u32) -> Result<Arc<[u8]>, Error> {
        // A panic elsewhere cannot leave a wrong value here: pairs come and go as one.
        let kept = || self.expanded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = kept().iter().rev().find(|(number, _)| *number == block) {
            return Ok(Arc::clone(bytes));
        }
        let bytes: Arc<[u8]> = self.expand_block(block)?.1.into();
        let mut kept = kept();
        if kept.len() == BLOCKS_KEPT {
            kept.pop_front();
        }
        kept.push_back((block, Arc::clone(&bytes)));
        Ok(bytes)
    }

    /// The text section, and one of its blocks expanded.
    pub(crate) fn expand_block(&self, block: u32) -> Result<(Section<'_>, Vec<u8>), Error> {
        let dictionary = if let Some(dictionary) = self.dictionary.get() {
            dictionary
        } else {
            let bytes = self.section(names::TEXT_DICTIONARY).all()?;
            self.dictionary.get_or_init(|| DecoderDictionary::copy(bytes))
        };
        let (text, index) = (self.section(names::TEXT), self.section(names::TEXT_INDEX));
        Ok((text, text::expand(text, index, dictionary, block)?))
    }

    /// The entries of all packages.
    pub(crate) fn affected_section(&self) -> Section<'_> {
        self.section(names::AFFECTED)
    }

    /// What is known of a CVE, whoever says it. `None` also for strings that are no CVE identifier.
    pub fn cve(&self, id: &str) -> Result<Option<CveFacts<'_>>, Error> {
        let Ok(cve) = id.parse::<CveId>() else { return Ok(None) };
        cves::read(&self.cve_sections(), cve)
    }

    fn cve_sections(&self) -> cves::Sections<'_> {
        cves::Sections {
            cves: self.section(names::CVES),
            severities: self.section(names::CVE_SEVERITIES),
            kev: self.section(names::KEV),
            assessments: self.section(names::ASSESSMENTS),
        }
    }

    /// Calls `with` for every CVE of which anything is known, in their order.
    pub(crate) fn each_cve<'db>(&'db self, mut with: impl FnMut(CveId, &CveFacts<'db>)) -> Result<(), Error> {
        cves::each(&self.cve_sections(), &mut with)
    }

    /// Every distinct severity statement, in the order of their numbers.
    pub(crate) fn assessments(&self) -> Result<impl Iterator<Item = Result<Severity<'_>, Error>>, Error> {
        let section = self.section(names::ASSESSMENTS);
        Ok((0..assessments::count(section)?).map(move |number| assessments::read(section, number)))
    }

    /// All texts, compressed as they lie in the file.
    pub(crate) fn texts(&self) -> Result<text::Texts<'_>, Error> {
        let section = |name| self.section(name);
        text::Texts::of(section(names::TEXT), section(names::TEXT_INDEX), section(names::TEXT_DICTIONARY))
    }

    /// The hash of all that is known of a record.
    pub(crate) fn sum(&self, record: RecordId) -> Result<u64, Error> {
        self.section(names::RECORD_SUMS).u64(u64::from(record.0) * 8)
    }

    /// The entries that lie at a place of the key table.
    pub(crate) fn group(&self, value: &KeyValue) -> Result<Candidates<'_>, Error> {
        let assessments = self.section(names::ASSESSMENTS);
        let place = (value.offset, value.length);
        Candidates::open(self.section(names::AFFECTED), assessments, place, self.records()?)
    }

    /// The packages of an ecosystem that have entries, sorted by their bytes.
    pub fn packages<'db>(&'db self, entry: &EcosystemEntry) -> Result<Packages<'db>, Error> {
        Ok(Packages { walk: self.table(entry)?.walk() })
    }

    /// All packages that have entries. Reads the whole key section.
    pub fn keys(&self) -> impl Iterator<Item = Result<Key, Error>> {
        self.ecosystems.iter().flat_map(|entry| {
            let (packages, problem) = match self.packages(entry) {
                Ok(packages) => (Some(packages), None),
                Err(problem) => (None, Some(Err(problem))),
            };
            let name = entry.name.clone();
            let keys = packages.into_iter().flatten();
            keys.map(move |package| package.map(|package| Key { ecosystem: name.clone(), name: package }))
                .chain(problem)
        })
    }

    /// The packages about which `new` says something else than `old`: what a re-scan must look at again.
    pub fn diff<'db>(old: &'db Database, new: &'db Database) -> Diff<'db> {
        Diff::new(old, new)
    }
}

/// The names of an ecosystem's packages: an iterator.
pub struct Packages<'db> {
    walk: Walk<'db, KeyValue>,
}

impl Iterator for Packages<'_> {
    type Item = Result<Box<str>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.walk.next() {
            Ok(found) => found.map(|(name, _)| Ok(String::from_utf8_lossy(name).into())),
            Err(problem) => {
                self.walk.end();
                Some(Err(problem))
            }
        }
    }
}
