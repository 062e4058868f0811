//! Records and packages by words, with what a person needs to choose among them.

use std::collections::BTreeMap;

use pratique_advisory::{Database, EcosystemEntry, Error, Level, RecordId};
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    Rating,
    find::{names, title_of},
    severity::{self, Member},
};

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery<'q, 'db> {
    /// All of them must occur.
    pub words: Vec<&'q str>,
    /// Only packages of these, and records that speak of one.
    pub ecosystems: Option<Vec<&'db EcosystemEntry>>,
    /// Only records of these levels; all if empty.
    pub levels: Vec<Level>,
    /// How many packages and how many records at most.
    pub limit: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    /// Packages with all words in their name, the best first.
    pub packages: Vec<PackageHit>,
    /// How many there are, shown or not.
    pub packages_found: usize,
    /// Records, the best first.
    pub records: Vec<RecordHit>,
    /// How many there are, shown or not.
    pub records_found: usize,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageHit {
    /// As OSV names it.
    pub ecosystem: String,
    /// As it is filed.
    pub name: String,
    /// How many entries there are about it.
    pub entries: usize,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordHit {
    /// Its identifier.
    pub id: String,
    /// Its other names and the flaws that it is about.
    pub aliases: Vec<String>,
    /// How bad: of all that is stated for all packages, the statement that counts.
    pub severity: Rating,
    /// When it was first published, RFC 3339.
    pub published: Option<String>,
    /// One line on what it is.
    pub title: Option<String>,
    /// The packages that it is about, `ecosystem package`, sorted.
    pub packages: Vec<String>,
}

/// Looks for words.
///
/// # Errors
/// When the database is damaged.
pub fn search(database: &Database, query: &SearchQuery<'_, '_>) -> Result<Search, Error> {
    let hits = database.search(&query.words, query.ecosystems.as_deref())?;
    let records = if query.levels.is_empty() {
        hits.records
    } else {
        let kept: Result<Vec<_>, Error> = hits
            .records
            .into_par_iter()
            .with_min_len(256)
            .map(|record| Ok(query.levels.contains(&severity_of(database, record)?.level).then_some(record)))
            .collect();
        kept?.into_iter().flatten().collect()
    };
    let shown: Vec<RecordId> = records.iter().copied().take(query.limit).collect();
    let mut packages: BTreeMap<RecordId, Vec<String>> = BTreeMap::new();
    for filed in database.packages_of(&shown)? {
        let name = format!("{} {}", filed.key.ecosystem, filed.key.name);
        for entry in &filed.entries {
            let of = packages.entry(entry.record()).or_default();
            if of.last() != Some(&name) {
                of.push(name.clone());
            }
        }
    }
    let hit = |record: &RecordId| -> Result<RecordHit, Error> {
        let view = database.record(*record)?;
        Ok(RecordHit {
            id: view.id().to_owned(),
            aliases: view.aliases().chain(view.upstream()).map(str::to_owned).collect(),
            severity: severity_of(database, *record)?,
            published: view.published().map(|time| time.to_string()),
            title: title_of(&database.text(*record)?),
            packages: packages.remove(record).unwrap_or_default(),
        })
    };
    Ok(Search {
        packages_found: hits.packages.len(),
        records_found: records.len(),
        records: shown.iter().map(hit).collect::<Result<_, _>>()?,
        packages: hits
            .packages
            .into_iter()
            .take(query.limit)
            .map(|(key, entries)| PackageHit {
                ecosystem: key.ecosystem.into(),
                name: key.name.into(),
                entries,
            })
            .collect(),
    })
}

fn severity_of(database: &Database, record: RecordId) -> Result<Rating, Error> {
    let record = database.record(record)?;
    // Which ecosystems speak of it is not known here; only distributions' records name upstream flaws.
    let of_distribution = record.upstream().len() > 0;
    let names = names(&record, of_distribution);
    let facts = match names.vulnerabilities().as_slice() {
        [only] => database.cve(only)?,
        _ => None,
    };
    let member = Member { record: &record, for_package: &[], of_several: names.is_about_several() };
    let statements = severity::gather(database, std::iter::once(member), facts.as_ref())?;
    Ok(severity::choose(&statements, of_distribution))
}
