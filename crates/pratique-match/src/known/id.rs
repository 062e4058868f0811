//! All that is known under one identifier.

use std::collections::{BTreeMap, BTreeSet};

use pratique_advisory::{Database, Error, FeedId, Filed, Record, RecordId, Reference, Role, Withdrawn};
use pratique_version::Ecosystem;
use serde::Serialize;

use super::{
    conflict::{self, Conflict},
    statement::{Statement, told},
};
use crate::{Rating, find::names, finding::Epss, severity::rating};

/// Everything that the database has under an identifier.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dossier {
    /// The identifier, as the database spells it.
    pub id: String,
    /// The CVEs that it is, or is about, with what is known of them apart from packages.
    pub cves: Vec<Cve>,
    /// The records that bear or name it: its own first, then aliases, then those that are about it.
    pub records: Vec<RecordRow>,
    /// What those records say of packages, sorted by ecosystem and package.
    pub packages: Vec<Statement>,
    /// Where they contradict each other.
    pub conflicts: Vec<Conflict>,
    /// Records of exactly that identifier that their publishers withdrew. They say nothing any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<Withdrawn>,
}

/// What is known of a CVE, whoever says it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cve {
    /// Its identifier.
    pub id: String,
    /// The chance that it is exploited within 30 days.
    pub epss: Option<Epss>,
    /// Since when CISA knows it exploited (`YYYY-MM-DD`).
    pub known_exploited: Option<String>,
    /// Until when federal agencies must have acted (`YYYY-MM-DD`).
    pub due: Option<String>,
    /// Whether ransomware is known to use it.
    pub ransomware: bool,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordRow {
    /// Its identifier.
    pub id: String,
    /// Where the record comes from.
    pub feed: FeedId,
    /// In what capacity it holds the identifier that was asked for: `id`, `alias`, `upstream`, `related`.
    pub role: Role,
    /// Ids of the same flaw in other databases.
    pub aliases: Vec<String>,
    /// Ids of the flaws that a distribution's record is about.
    pub upstream: Vec<String>,
    /// CVEs that it mentions.
    pub related: Vec<String>,
    /// When it was first published, RFC 3339.
    pub published: Option<String>,
    /// When it last changed, RFC 3339.
    pub modified: String,
    /// One line, as published.
    pub summary: String,
    /// Markdown, as published.
    pub details: String,
    /// Severities that it states for all packages.
    pub severities: Vec<Rating>,
    /// Links.
    pub references: Vec<Reference>,
}

impl RecordRow {
    fn new(database: &Database, record: &Record<'_>, role: Role) -> Result<Self, Error> {
        let owned = |ids: pratique_advisory::Strings<'_>| ids.map(str::to_owned).collect();
        let text = database.text(record.number())?;
        let mut severities: Vec<Rating> =
            record.rating()?.iter().map(|severity| rating(severity, record.id())).collect();
        severities.extend(record.severities()?.iter().map(|severity| rating(severity, record.id())));
        Ok(Self {
            id: record.id().to_owned(),
            feed: record.feed(),
            role,
            aliases: owned(record.aliases()),
            upstream: owned(record.upstream()),
            related: owned(record.related()),
            published: record.published().map(|time| time.to_string()),
            modified: record.modified().to_string(),
            summary: text.summary,
            details: text.details,
            severities,
            references: text.references,
        })
    }
}

/// Everything under `id`, in any case; `None` if no record bears or names it, nor did before it was withdrawn.
///
/// # Errors
/// When the database is damaged where it was touched.
pub fn dossier(database: &Database, id: &str) -> Result<Option<Dossier>, Error> {
    let id = id.trim();
    // Publishers write identifiers in upper case, but for the letters of a GHSA.
    let upper = id.to_ascii_uppercase();
    let ghsa = upper.strip_prefix("GHSA-").map(|rest| format!("GHSA-{}", rest.to_ascii_lowercase()));
    for id in [Some(id), Some(&*upper), ghsa.as_deref()].into_iter().flatten() {
        let mut mentions = database.mentions(id)?;
        let withdrawn = database.withdrawn(id)?;
        if mentions.is_empty() && withdrawn.is_empty() {
            continue;
        }
        mentions.sort_by_key(|mention| (mention.role, mention.record));
        mentions.dedup_by_key(|mention| mention.record);
        let mut roles: BTreeMap<RecordId, Role> = BTreeMap::new();
        let mut records = Vec::new();
        for mention in mentions {
            // A record may hold it twice; the closer capacity counts, and comes first.
            if roles.contains_key(&mention.record) {
                continue;
            }
            roles.insert(mention.record, mention.role);
            records.push((database.record(mention.record)?, mention.role));
        }
        return Ok(Some(Dossier { withdrawn, ..about(database, id, &records)? }));
    }
    Ok(None)
}

fn about(database: &Database, id: &str, records: &[(Record<'_>, Role)]) -> Result<Dossier, Error> {
    let numbers: Vec<RecordId> = records.iter().map(|(record, _)| record.number()).collect();
    let mut filed = database.packages_of(&numbers)?;
    // What a distribution calls related is what it fixes; with others it is another flaw.
    let strangers: BTreeSet<RecordId> = records
        .iter()
        .filter(|(_, role)| *role == Role::Related)
        .map(|(record, _)| record.number())
        .collect();
    for package in &mut filed {
        let of_distribution = package.ecosystem.family.is_some_and(Ecosystem::is_distribution);
        package.entries.retain(|entry| of_distribution || !strangers.contains(&entry.record()));
    }
    filed.retain(|package| !package.entries.is_empty());
    let mut packages = Vec::new();
    for package in &filed {
        packages.extend(Statement::all(database, package)?);
    }
    let rows: Result<Vec<_>, Error> =
        records.iter().map(|(record, role)| RecordRow::new(database, record, *role)).collect();
    let rows = rows?;
    let several = about_several(records, &filed);
    let mut conflicts = conflict::of_versions(database, &filed, &several)?;
    conflicts.extend(conflict::of_severity(&rows, &several));
    conflicts.extend(conflict::of_names(&rows));
    Ok(Dossier {
        id: id.to_owned(),
        cves: cves(database, id, records)?,
        records: rows,
        packages,
        conflicts,
        withdrawn: Vec::new(),
    })
}

/// Records about several flaws at once, of each of which they say no more than an upper bound.
fn about_several(records: &[(Record<'_>, Role)], filed: &[Filed<'_>]) -> BTreeSet<String> {
    let by_distributions: BTreeSet<RecordId> = filed
        .iter()
        .filter(|package| package.ecosystem.family.is_some_and(Ecosystem::is_distribution))
        .flat_map(|package| package.entries.iter().map(pratique_advisory::Affected::record))
        .collect();
    let several = records
        .iter()
        .filter(|(record, _)| names(record, by_distributions.contains(&record.number())).is_about_several());
    several.map(|(record, _)| told(record.id(), record.feed())).collect()
}

/// The CVEs that the identifier stands for: itself, or those of the record that bears it.
fn cves(database: &Database, id: &str, records: &[(Record<'_>, Role)]) -> Result<Vec<Cve>, Error> {
    let own = records.iter().filter(|(_, role)| *role == Role::Id);
    let others = own.flat_map(|(record, _)| record.aliases().chain(record.upstream()));
    let mut ids: BTreeSet<&str> = others.filter(|other| other.starts_with("CVE-")).collect();
    if id.starts_with("CVE-") {
        ids = [id].into();
    }
    let mut cves = Vec::new();
    for id in ids {
        let Some(facts) = database.cve(id)? else { continue };
        let kev = facts.kev.as_ref();
        cves.push(Cve {
            id: id.to_owned(),
            epss: facts
                .epss
                .map(|epss| Epss { score: epss.probability, percentile: epss.percentile.unwrap_or(0.0) }),
            known_exploited: kev.map(|kev| kev.added.to_owned()),
            due: kev.map(|kev| kev.due.to_owned()),
            ransomware: kev.is_some_and(|kev| kev.ransomware),
        });
    }
    Ok(cves)
}
