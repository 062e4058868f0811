//! What stays of an older database when a newer one is made: every record that nobody said anew.
//!
//! Nothing of it is parsed again. Its texts stay in the compressed blocks in which they lie, its severity statements keep
//! their numbers, and its entries go from one package's group to the other's.

use xxhash_rust::xxh3::Xxh3;

use super::{
    gather::{Body, Gathered},
    intake::Facts,
};
use crate::{
    Affected, Database, Error, Record, RecordId,
    section::{
        affected::Draft,
        assessments::{Assessment, Assessments},
        cves::CveBuilder,
    },
};

/// The number of a record that does not stay.
const GONE: u32 = u32::MAX;

/// An older database, and which of its records stay.
pub(crate) struct Kept<'db> {
    pub(crate) database: &'db Database,
    /// For each of its records the number in the newer database.
    numbers: Vec<u32>,
}

impl<'db> Kept<'db> {
    /// What stays of the older database of `gathered`, if there is one.
    pub(crate) fn of(gathered: &Gathered<'db>) -> Option<Self> {
        let database = gathered.old?;
        let mut numbers = vec![GONE; database.info().records as usize];
        for (new, (_, slot)) in gathered.slots.iter().enumerate() {
            if let Body::Kept { record, .. } = slot.body
                && let Some(number) = numbers.get_mut(record.0 as usize)
            {
                *number = new as u32;
            }
        }
        Some(Kept { database, numbers })
    }

    /// The number of `old` in the newer database, if it stays.
    pub(crate) fn number(&self, old: RecordId) -> Option<u32> {
        self.numbers.get(old.0 as usize).copied().filter(|number| *number != GONE)
    }
}

/// The statements of a record besides its entries and text, as [`super::intake::of`] laid them down once.
pub(crate) fn facts<'db>(record: &Record<'db>) -> Result<Facts<'db>, Error> {
    Ok(Facts {
        aliases: record.aliases().collect(),
        upstream: record.upstream().collect(),
        related: record.related().collect(),
        severities: record.severities()?.iter().filter_map(Assessment::of).collect(),
        rating: record.rating()?.as_ref().and_then(Assessment::of),
    })
}

/// An entry, as it was laid down once.
pub(crate) fn draft<'db>(affected: &Affected<'db>) -> Result<Draft<'db>, Error> {
    Ok(Draft {
        severities: affected.severities()?.iter().filter_map(Assessment::of).collect(),
        rating: affected.rating()?.as_ref().and_then(Assessment::of),
        state: affected.state(),
        informational: affected.informational(),
        ranges: affected.ranges().map(|range| (range.kind, range.events.collect())).collect(),
        versions: affected.versions().iter().collect(),
    })
}

/// The severity statements of a database under the numbers that they have there.
pub(crate) fn assessments(database: &Database) -> Result<Assessments, Error> {
    let mut assessments = Assessments::default();
    for severity in database.assessments()? {
        assessments.push(Assessment::of(&severity?));
    }
    Ok(assessments)
}

/// Takes over what is known of CVEs from elsewhere than records.
pub(crate) fn cves(database: &Database, epss: bool, kev: bool, to: &mut CveBuilder) -> Result<(), Error> {
    database.each_cve(|cve, facts| {
        if let Some(found) = facts.epss.filter(|_| epss) {
            to.epss(cve, found);
        }
        if let Some(found) = facts.kev.as_ref().filter(|_| kev) {
            to.kev(cve, found);
        }
    })
}

/// Sums up what a database holds, so that two of the same contents are known as such however they came about.
#[derive(Default)]
pub(crate) struct Content(Xxh3);

impl Content {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(&self) -> String {
        format!("{:032x}", self.0.digest128())
    }
}
