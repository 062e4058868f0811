//! Where records of one flaw contradict each other.
//!
//! Two records of one package are asked about every version that either names, and judged as matching judges. Where
//! their bounds differ only in spelling or between versions that nobody names (`last_affected 1.1` here, `fixed 1.2`
//! there) they agree, and nothing is said.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use pratique_advisory::{Affected, Database, Error, Event, Filed, Level};
use pratique_version::{Parsed, Scheme};
use serde::Serialize;

use super::{id::RecordRow, statement::Statement};
use crate::{Installed, Verdict, judge::judge_listed, lookup::Shelf};

/// A contradiction.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "about", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Conflict {
    /// Which versions are affected.
    Versions {
        /// Of which ecosystem.
        ecosystem: String,
        /// Of which package.
        package: String,
        /// What each record says.
        claims: Vec<Claim>,
        /// Versions of which one says that they are affected and another that they are not, in their order.
        disputed: Vec<Disputed>,
        /// How many more there are.
        more: usize,
    },
    /// How bad it is.
    Severity {
        /// Which level is stated by whom, the worst first.
        levels: Vec<(Level, Vec<String>)>,
    },
    /// Which flaw it is: a record that is called the same as two different CVEs.
    Names {
        /// The record.
        record: String,
        /// The CVEs among its aliases.
        cves: Vec<String>,
    },
}

/// What one record says of the disputed package.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// The record.
    pub record: String,
    /// Whether it is about several flaws, so that it need not speak of this one alone.
    pub several: bool,
    /// Its ranges in a line.
    pub says: String,
}

/// A version about which they disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disputed {
    /// The version.
    pub version: String,
    /// Records that call it affected.
    pub affected: Vec<String>,
    /// Records that do not.
    pub unaffected: Vec<String>,
}

/// Disputed versions that are told of one package.
const TOLD: usize = 5;
/// Listed versions of a package that are asked about.
const MOST_LISTED: usize = 2000;

/// Contradictions about versions. `several` are the records about several flaws.
pub(super) fn of_versions(
    database: &Database,
    filed: &[Filed<'_>],
    several: &BTreeSet<String>,
) -> Result<Vec<Conflict>, Error> {
    let mut found = Vec::new();
    for package in filed {
        let Some(shelf) = Shelf::named(&package.key.ecosystem, database) else { continue };
        let mut by_record: BTreeMap<&str, Vec<&Affected<'_>>> = BTreeMap::new();
        for affected in package.entries.iter().filter(|entry| entry.informational().is_none()) {
            by_record.entry(database.record_of(affected)?.id()).or_default().push(affected);
        }
        if by_record.len() < 2 {
            continue;
        }
        let mut disputed: Vec<Disputed> = Vec::new();
        for version in versions(&by_record, shelf.scheme) {
            let (mut yes, mut no) = (Vec::new(), Vec::new());
            for (record, entries) in &by_record {
                match is_affected(version, shelf.scheme, entries) {
                    Some(true) => yes.push((*record).to_owned()),
                    Some(false) => no.push((*record).to_owned()),
                    None => {}
                }
            }
            if !yes.is_empty() && !no.is_empty() {
                disputed.push(Disputed { version: version.to_owned(), affected: yes, unaffected: no });
            }
        }
        if disputed.is_empty() {
            continue;
        }
        let more = disputed.len().saturating_sub(TOLD);
        disputed.truncate(TOLD);
        let mut says: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for statement in Statement::all(database, package)? {
            says.entry(statement.record.clone()).or_default().push(statement.sentence());
        }
        let claims = says.into_iter().map(|(record, says)| Claim {
            several: several.contains(&record),
            record,
            says: says.join(", "),
        });
        found.push(Conflict::Versions {
            ecosystem: package.key.ecosystem.to_string(),
            package: package.key.name.to_string(),
            claims: claims.collect(),
            disputed,
            more,
        });
    }
    Ok(found)
}

/// All versions that the entries name, in their order, each once; those that do not parse are left out.
fn versions<'a>(by_record: &BTreeMap<&str, Vec<&Affected<'a>>>, scheme: Scheme) -> Vec<&'a str> {
    let entries = || by_record.values().flatten();
    let bounds = entries().flat_map(|entry| entry.ranges()).flat_map(|range| range.events);
    let mut all: Vec<&str> = bounds
        .filter_map(|event| match event {
            Event::Introduced("0") | Event::Limit(_) => None,
            Event::Introduced(version) | Event::Fixed(version) | Event::LastAffected(version) => {
                Some(version)
            }
        })
        .collect();
    all.extend(entries().flat_map(|entry| entry.versions().iter()).take(MOST_LISTED));
    let mut parsed: Vec<_> = all.into_iter().filter_map(|text| Parsed::parse(scheme, text).ok()).collect();
    // All are of one scheme, so there always is an order.
    let order = |a: &Parsed<'_>, b: &Parsed<'_>| a.compare(b).unwrap_or(Ordering::Equal);
    parsed.sort_by(order);
    parsed.dedup_by(|a, b| order(a, b).is_eq());
    parsed.iter().map(Parsed::as_str).collect()
}

/// Whether any entry affects the version; `None` where none can tell.
fn is_affected(version: &str, scheme: Scheme, entries: &[&Affected<'_>]) -> Option<bool> {
    let mut told = None;
    for affected in entries {
        let mut installed = Installed::new(version, scheme);
        let listed = affected.versions().contains(version);
        match judge_listed(&mut installed, listed, affected) {
            Verdict::Affected { .. } => return Some(true),
            Verdict::Fixed { .. } | Verdict::NotAffected { .. } => told = Some(false),
            Verdict::Unknown { .. } => {}
        }
    }
    told
}

/// Different levels, stated by different records. A record about several flaws states the worst of them, and does not
/// count.
pub(super) fn of_severity(records: &[RecordRow], several: &BTreeSet<String>) -> Option<Conflict> {
    let mut levels: BTreeMap<Level, BTreeSet<String>> = BTreeMap::new();
    for record in records.iter().filter(|record| !several.contains(&record.id)) {
        // Of one record's statements the newest language counts: an old vector beside a new one is no contradiction.
        let newest = record.severities.iter().max_by_key(|rating| rating.system);
        if let Some(rating) = newest.filter(|rating| rating.level != Level::Unknown) {
            levels.entry(rating.level).or_default().insert(record.id.clone());
        }
    }
    (levels.len() > 1).then(|| Conflict::Severity {
        levels: levels.into_iter().rev().map(|(level, by)| (level, by.into_iter().collect())).collect(),
    })
}

/// Records that are called the same as two different CVEs, which cannot both be the same flaw.
pub(super) fn of_names(records: &[RecordRow]) -> impl Iterator<Item = Conflict> {
    records.iter().filter_map(|record| {
        let cves: Vec<_> = record.aliases.iter().filter(|id| id.starts_with("CVE-")).cloned().collect();
        // Advisories of distributions list the flaws of an update so, and are about all of them.
        (cves.len() > 1 && record.upstream.is_empty())
            .then(|| Conflict::Names { record: record.id.clone(), cves })
    })
}
