//! Which record, range and comparison made or unmade a match.

use pratique_advisory::{Database, Error};
use pratique_inventory::Inventory;

use crate::{
    Installed, Verdict,
    distribution::{Release, release_of},
    expand, judge,
    lookup::lookups,
    merge, modular, names,
};

/// What one record says of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Index of the package in the inventory.
    pub package: usize,
    /// The record.
    pub record: String,
    /// Whether it is the vulnerability itself, or an advisory about it among others.
    pub ecosystem: String,
    /// The name under which it was looked up.
    pub name: String,
    /// The version that was compared.
    pub version: String,
    /// How versions are ordered.
    pub ordering: &'static str,
    /// The record's ranges, one line each.
    pub ranges: Vec<String>,
    /// How many versions it lists one by one.
    pub listed: usize,
    /// What it comes to.
    pub verdict: Verdict,
}

/// Everything that the records of vulnerability `id` say of packages of `inventory`, owned ones included.
///
/// # Errors
/// When the database is damaged where it was touched.
pub fn explain(inventory: &Inventory, database: &Database, id: &str) -> Result<Vec<Explanation>, Error> {
    let release: Option<Release> =
        inventory.distribution.as_ref().and_then(release_of).map(|release| expand(release, database));
    let mut found = Vec::new();
    for (index, package) in inventory.packages.iter().enumerate() {
        let Ok(asked) = lookups(package, release.as_ref()) else { continue };
        for lookup in asked {
            let candidates = database.affected(&lookup.ecosystem, &lookup.name)?;
            let place = candidates.locate(&lookup.version);
            for affected in candidates {
                let affected = affected?;
                let record = database.record_of(&affected)?;
                if !speaks_of(&names(&record, &lookup.ecosystem), id) {
                    continue;
                }
                let mut installed = Installed::new(&lookup.version, lookup.scheme);
                let mut verdict = judge(&mut installed, place, &affected);
                if verdict.is_affected()
                    && let Some(reason) = modular::other_stream(database, package, &affected)?
                {
                    verdict = Verdict::NotAffected { reason };
                }
                if affected.informational().is_some() {
                    verdict = Verdict::NotAffected {
                        reason: "a notice about the package, not a vulnerability".into(),
                    };
                }
                found.push(Explanation {
                    package: index,
                    record: record.id().to_owned(),
                    ecosystem: lookup.ecosystem.clone().into_owned(),
                    name: lookup.name.clone().into_owned(),
                    version: lookup.version.clone().into_owned(),
                    ordering: lookup.scheme.name(),
                    ranges: affected.ranges().map(|range| events(range.events)).collect(),
                    listed: affected.versions().iter().count(),
                    verdict,
                });
            }
        }
    }
    Ok(found)
}

fn speaks_of(names: &merge::Names, id: &str) -> bool {
    let is = |other: &String| other.eq_ignore_ascii_case(id);
    is(&names.id)
        || names.aliases.iter().any(is)
        || names.upstream.iter().any(is)
        || (names.distribution && names.related.iter().any(is))
}

fn events<'a>(events: impl Iterator<Item = pratique_advisory::Event<'a>>) -> String {
    use pratique_advisory::Event;
    let words: Vec<_> = events
        .map(|event| match event {
            Event::Introduced(version) => format!("introduced {version}"),
            Event::Fixed(version) => format!("fixed {version}"),
            Event::LastAffected(version) => format!("last affected {version}"),
            Event::Limit(version) => format!("limit {version}"),
        })
        .collect();
    words.join(", ")
}
