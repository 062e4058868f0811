//! From records to packages: the way back, which the file has no index for.
//!
//! People ask for it now and then and matching never does, so it is worth no room: all groups are passed over in
//! parallel, reading of each no more than the numbers of its records. That takes some tens of milliseconds.

use rayon::prelude::*;

use crate::{
    Affected, Candidates, Database, EcosystemEntry, Error, Key, RecordId, file::Section, keys::KeyValue,
};

/// Packages that one thread takes at a time.
const PART: usize = 512;

/// A package that some record speaks of, with what those records say of it.
#[derive(Clone)]
pub struct Filed<'db> {
    /// The package.
    pub key: Key,
    /// The ecosystem, as the database has it.
    pub ecosystem: &'db EcosystemEntry,
    /// The entries of the records that were asked for, sorted by record.
    pub entries: Vec<Affected<'db>>,
}

impl Database {
    /// The packages that these records speak of, sorted by ecosystem and name.
    ///
    /// Passes over all packages, on all cores: for answers to people, not for matching.
    pub fn packages_of(&self, records: &[RecordId]) -> Result<Vec<Filed<'_>>, Error> {
        let mut wanted = records.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let Some((first, last)) = wanted.first().zip(wanted.last()) else { return Ok(Vec::new()) };
        let of =
            |record: RecordId| (*first..=*last).contains(&record) && wanted.binary_search(&record).is_ok();
        let groups = Groups::of(self)?;
        groups.visit(self.ecosystems(), |ecosystem, name, value| {
            let mut found = false;
            for record in groups.records(value)? {
                found |= of(record?);
            }
            if !found {
                return Ok(None);
            }
            let key = Key { ecosystem: ecosystem.name.clone(), name: String::from_utf8_lossy(name).into() };
            let mut entries = Vec::new();
            for entry in self.affected_in(ecosystem, &key.name)? {
                let entry = entry?;
                if of(entry.record()) {
                    entries.push(entry);
                }
            }
            Ok(Some(Filed { key, ecosystem, entries }))
        })
    }
}

/// The groups of all packages.
pub(crate) struct Groups<'db> {
    database: &'db Database,
    affected: Section<'db>,
    pub(crate) records: u32,
}

impl<'db> Groups<'db> {
    pub(crate) fn of(database: &'db Database) -> Result<Self, Error> {
        Ok(Groups { database, affected: database.affected_section(), records: database.records()? })
    }

    /// The records of one group.
    pub(crate) fn records(
        &self,
        value: KeyValue,
    ) -> Result<impl Iterator<Item = Result<RecordId, Error>> + use<'db>, Error> {
        Candidates::records_in(self.affected, (value.offset, value.length), self.records)
    }

    /// What `visit` makes of each package of these ecosystems, in their order.
    pub(crate) fn visit<'e, T: Send>(
        &self,
        ecosystems: impl IntoIterator<Item = &'e EcosystemEntry>,
        visit: impl Fn(&'e EcosystemEntry, &[u8], KeyValue) -> Result<Option<T>, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let mut parts = Vec::new();
        for ecosystem in ecosystems {
            parts.extend(self.database.table(ecosystem)?.walks(PART).map(|walk| (ecosystem, walk)));
        }
        let found: Result<Vec<Vec<T>>, Error> = parts
            .into_par_iter()
            .map(|(ecosystem, mut walk)| {
                let mut found = Vec::new();
                while let Some((name, value)) = walk.next()? {
                    found.extend(visit(ecosystem, name, value)?);
                }
                Ok(found)
            })
            .collect();
        Ok(found?.into_iter().flatten().collect())
    }
}
