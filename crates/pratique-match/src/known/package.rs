//! What is known of a package, and of one version of it.

use std::collections::BTreeSet;

use pratique_advisory::{Affected, Database, EcosystemEntry, Error, RecordId};
use pratique_inventory::{Inventory, Package, PackageKind};
use pratique_version::Ecosystem;
use serde::Serialize;

use super::{
    ecosystem::edits,
    statement::Statement,
    steps::{self, Step},
};
use crate::{
    MatchOptions, Rating, Verdict, explain,
    find::{is_about_other_versions, names, title_of},
    lookup::{Question, Shelf, Shelves},
    modular,
    severity::{self, Member},
};

/// What is known of a package.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownPackage {
    /// Where was looked, under which names and with which version.
    pub asked: Vec<Asked>,
    /// What each record says, the affecting ones first; several of one record where it says several things.
    pub records: Vec<Answer>,
}

/// One place where was looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// As OSV names it.
    pub ecosystem: String,
    /// As it is filed.
    pub package: String,
    /// The version to compare, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What one record says of the package, and what it comes to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The record and its statement, as published.
    #[serde(flatten)]
    pub statement: Statement,
    /// The flaws that it is about, under their best known names.
    pub ids: Vec<String>,
    /// One line on what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How bad: the statement that counts.
    pub severity: Rating,
    /// What it comes to for the version, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Verdict>,
    /// The record of a feed with more authority that says otherwise of all its flaws: then matching reports none of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overruled_by: Option<String>,
    /// The comparisons behind that, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// What is known of package `name` of these ecosystems. With a version each record is judged; `explain` tells by which
/// comparisons.
///
/// # Errors
/// When the database is damaged where it was touched.
pub fn of_package(
    database: &Database,
    ecosystems: &[&EcosystemEntry],
    name: &str,
    version: Option<&str>,
    explain: bool,
) -> Result<KnownPackage, Error> {
    let mut known = KnownPackage { asked: Vec::new(), records: Vec::new() };
    for ecosystem in ecosystems {
        let family = ecosystem.family;
        let kind = PackageKind::ALL.iter().copied();
        let kind = kind.into_iter().find(|kind| Some(kind.purl_type()) == family.map(Ecosystem::purl_type));
        let package = Package {
            kind: kind.unwrap_or(PackageKind::Generic),
            name: name.to_owned(),
            version: version.unwrap_or_default().to_owned(),
            ..Package::default()
        };
        if let Some(shelf) = Shelf::named(&ecosystem.name, database) {
            let question = Question { shelf: &shelf, name, version: &package.version, subscription: false };
            ask(database, &package, &question, explain, &mut BTreeSet::new(), &mut known)?;
            continue;
        }
        // Versions without an order are not judged, but what is known of the package is.
        for affected in database.affected_in(ecosystem, name)? {
            let affected = affected?;
            known.records.push(answer(database, (&ecosystem.name, name), false, &affected)?);
        }
        known.asked.push(Asked {
            ecosystem: ecosystem.name.to_string(),
            package: name.to_owned(),
            version: version.map(str::to_owned),
        });
    }
    overrule(&mut known.records);
    sort(&mut known.records);
    Ok(known)
}

/// The same for the one package of an inventory that was made of a package URL: looked up and judged as matching does,
/// the distribution's source packages included. `None` where nobody publishes advisories for it, or its release is not
/// told.
///
/// # Errors
/// When the database is damaged where it was touched.
pub fn of_purl(
    database: &Database,
    inventory: &Inventory,
    explain: bool,
) -> Result<Option<KnownPackage>, Error> {
    let shelves = Shelves::new(inventory.distribution.as_ref(), database, MatchOptions { by_cpe: true });
    let Some(package) = inventory.packages.first() else { return Ok(None) };
    let Ok(questions) = shelves.all_questions(package) else { return Ok(None) };
    if questions.absent().is_some() {
        return Ok(None);
    }
    let mut known = KnownPackage { asked: Vec::new(), records: Vec::new() };
    let mut settled = BTreeSet::new();
    for question in questions.iter() {
        ask(database, package, &question, explain, &mut settled, &mut known)?;
    }
    overrule(&mut known.records);
    sort(&mut known.records);
    Ok(Some(known))
}

impl Answer {
    /// Whether matching would report it.
    pub fn is_affected(&self) -> bool {
        self.judgement.as_ref().is_some_and(Verdict::is_affected) && self.overruled_by.is_none()
    }
}

/// Marks the records whose word does not count: see the module `precedence`.
fn overrule(records: &mut [Answer]) {
    let cleared: Vec<_> = records
        .iter()
        .filter(|answer| {
            matches!(answer.judgement, Some(Verdict::Fixed { .. } | Verdict::NotAffected { .. }))
        })
        .map(|answer| {
            (answer.statement.feed.authority(), answer.statement.record.clone(), answer.ids.clone())
        })
        .collect();
    for answer in records.iter_mut().filter(|answer| answer.is_affected()) {
        let authority = answer.statement.feed.authority();
        let by = |id: &String| {
            cleared
                .iter()
                .find(|(higher, _, ids)| *higher > authority && ids.contains(id))
                .map(|(_, by, _)| by)
        };
        let all: Option<Vec<_>> = answer.ids.iter().map(by).collect();
        answer.overruled_by = all.and_then(|by| by.first().map(ToString::to_string));
    }
}

fn ask(
    database: &Database,
    package: &Package,
    question: &Question<'_, '_>,
    explain: bool,
    settled: &mut BTreeSet<RecordId>,
    known: &mut KnownPackage,
) -> Result<(), Error> {
    let shelf = question.shelf;
    let has_version = !question.version.is_empty();
    let filed = question.filed_name();
    known.asked.push(Asked {
        ecosystem: shelf.name.to_string(),
        package: filed.clone(),
        version: has_version.then(|| question.version.to_owned()),
    });
    let Some(candidates) = question.ask(database)? else { return Ok(()) };
    let place = candidates.locate(question.version);
    for affected in candidates {
        let affected = affected?;
        if has_version
            && (is_about_other_versions(database, question, place, &affected)?
                || modular::is_of_no_module(database, package, question.name, &affected)?)
        {
            continue;
        }
        let mut answer =
            answer(database, (&shelf.name, &filed), shelf.ecosystem.is_distribution(), &affected)?;
        if has_version {
            answer.judgement = Some(explain::settle(database, package, question, place, &affected, settled)?);
        }
        if explain && has_version {
            let listed = affected.versions().has(place);
            answer.steps = steps::steps(question.version, shelf.scheme, listed, &affected);
        }
        known.records.push(answer);
    }
    Ok(())
}

fn answer(
    database: &Database,
    key: (&str, &str),
    of_distribution: bool,
    affected: &Affected<'_>,
) -> Result<Answer, Error> {
    let record = database.record_of(affected)?;
    let statement = Statement::new(database, key, affected)?;
    let names = names(&record, of_distribution);
    let of_several = names.is_about_several();
    let ids = names.vulnerabilities();
    let facts = match ids.as_slice() {
        [only] => database.cve(only)?,
        _ => None,
    };
    let member = Member { record: &record, for_package: &statement.severities, of_several };
    let statements = severity::gather(database, std::iter::once(member), facts.as_ref())?;
    Ok(Answer {
        title: title_of(&database.text(affected.record())?),
        severity: severity::choose(&statements, of_distribution),
        statement,
        ids,
        judgement: None,
        overruled_by: None,
        steps: Vec::new(),
    })
}

/// What affects first, then what could not be told; within that the worst first.
fn sort(records: &mut [Answer]) {
    let rank = |answer: &Answer| match &answer.judgement {
        Some(Verdict::Affected { .. }) if answer.overruled_by.is_none() => 0,
        Some(Verdict::Unknown { .. }) => 1,
        _ => 2,
    };
    records.sort_by(|a, b| {
        let key = |answer: &Answer| (rank(answer), std::cmp::Reverse(answer.severity.level));
        key(a)
            .cmp(&key(b))
            .then_with(|| a.ids.cmp(&b.ids))
            .then_with(|| a.statement.record.cmp(&b.statement.record))
            .then_with(|| a.statement.ecosystem.cmp(&b.statement.ecosystem))
    });
}

/// Names of packages in these ecosystems that are like `name`, for who mistyped one.
///
/// # Errors
/// When the database is damaged where it was touched.
pub fn like(database: &Database, ecosystems: &[&EcosystemEntry], name: &str) -> Result<Vec<String>, Error> {
    const ENOUGH: usize = 5;
    const FARTHEST: usize = 2;
    let wanted = name.to_lowercase();
    let mut found = BTreeSet::new();
    for ecosystem in ecosystems {
        for known in database.packages(ecosystem)? {
            let known = known?;
            let lower = known.to_lowercase();
            let unlike = if wanted.len() > 2 && lower.contains(&wanted) {
                known.len() - wanted.len().min(known.len())
            } else if lower.len().abs_diff(wanted.len()) <= FARTHEST {
                let edits = edits(&lower, &wanted);
                if edits > FARTHEST {
                    continue;
                }
                edits
            } else {
                continue;
            };
            found.insert((unlike, String::from(known)));
        }
    }
    Ok(found.into_iter().map(|(_, name)| name).take(ENOUGH).collect())
}
