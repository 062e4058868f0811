//! Which record, range and comparison made or unmade a match.

use std::collections::BTreeSet;

use pratique_advisory::{Affected, Database, Error, FeedId, RecordId, VersionPlace};
use pratique_inventory::{Inventory, Package, Scope};

use crate::{
    Evidence, Finding, Installed, MatchOptions, Verdict,
    find::{find_with, is_about_other_versions, names},
    flavour, judge, local,
    lookup::{Question, Shelves},
    merge, modular,
};

/// What one record says of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Index of the package in the inventory.
    pub package: usize,
    /// The record.
    pub record: String,
    /// The feed that it came from.
    pub feed: FeedId,
    /// Where it is filed, as OSV names it: `Debian:12`.
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
    /// The record of a feed with more authority that says otherwise, and decides: see the module `precedence`.
    pub overruled_by: Option<String>,
}

/// Everything that the records of vulnerability `id` say of packages of `inventory`, owned ones included.
///
/// # Errors
/// When the database is damaged where it was touched.
pub fn explain(inventory: &Inventory, database: &Database, id: &str) -> Result<Vec<Explanation>, Error> {
    let options = MatchOptions { by_cpe: true };
    let shelves = Shelves::new(inventory.distribution.as_ref(), database, options);
    // Whether a record's word counts in the end is for matching to say.
    let reported = find_with(inventory, Scope::ALL, database, options)?.findings;
    let mut found = Vec::new();
    for (index, package) in inventory.packages.iter().enumerate() {
        let Ok(questions) = shelves.questions(package) else { continue };
        let mut settled = BTreeSet::new();
        let first = found.len();
        let is = |other: &str| other.eq_ignore_ascii_case(id);
        let about = |finding: &&Finding| {
            finding.package == index
                && (is(&finding.id)
                    || finding.aliases.iter().any(|alias| is(alias))
                    || finding.advisories.iter().any(|evidence| is(&evidence.id)))
        };
        let evidence: Vec<&Evidence> =
            reported.iter().filter(about).flat_map(|finding| &finding.advisories).collect();
        for question in questions.iter() {
            let shelf = question.shelf;
            let Some(candidates) = question.ask(database)? else { continue };
            let place = candidates.locate(question.version);
            for affected in candidates {
                let affected = affected?;
                let record = database.record_of(&affected)?;
                if is_about_other_versions(database, &question, place, &affected)?
                    || modular::is_of_no_module(database, package, question.name, &affected)?
                {
                    continue;
                }
                if !speaks_of(&names(&record, shelf.ecosystem.is_distribution()), id) {
                    continue;
                }
                let verdict = settle(database, package, &question, place, &affected, &mut settled)?;
                found.push(Explanation {
                    package: index,
                    record: record.id().to_owned(),
                    feed: record.feed(),
                    ecosystem: shelf.name.to_string(),
                    name: question.filed_name(),
                    version: question.version.to_owned(),
                    ordering: shelf.scheme.name(),
                    ranges: affected.ranges().map(|range| events(range.events)).collect(),
                    listed: affected.versions().iter().count(),
                    verdict,
                    overruled_by: None,
                });
            }
        }
        overrule(found.get_mut(first..).unwrap_or_default(), &evidence);
    }
    Ok(found)
}

/// Marks the records that say that one package has a flaw and are no evidence of any finding, because somebody with more
/// authority says otherwise.
fn overrule(said: &mut [Explanation], evidence: &[&Evidence]) {
    let counts =
        |one: &Explanation| evidence.iter().any(|known| known.id == one.record && known.feed == one.feed);
    let clears =
        |one: &&Explanation| matches!(one.verdict, Verdict::Fixed { .. } | Verdict::NotAffected { .. });
    let decisive = said.iter().filter(clears).max_by_key(|one| one.feed.authority());
    let Some((by, authority)) = decisive.map(|one| (one.record.clone(), one.feed.authority())) else {
        return;
    };
    for one in said.iter_mut().filter(|one| one.verdict.is_affected()) {
        if !counts(one) && one.feed.authority() < authority {
            one.overruled_by = Some(by.clone());
        }
    }
}

/// What a record says of a package's version in the end: [`judge()`], and the exceptions that matching makes. `settled`
/// are the records that a subscription's shelf has spoken for.
pub(crate) fn settle(
    database: &Database,
    package: &Package,
    question: &Question<'_, '_>,
    place: VersionPlace,
    affected: &Affected<'_>,
    settled: &mut BTreeSet<RecordId>,
) -> Result<Verdict, Error> {
    let mut installed = Installed::new(question.version, question.shelf.scheme);
    let mut verdict = judge(&mut installed, place, affected);
    if question.subscription {
        settled.insert(affected.record());
    } else if settled.contains(&affected.record()) {
        verdict = no("the package is the subscription's, for which the record speaks apart");
    }
    if verdict.is_affected()
        && let Some(reason) = modular::other_stream(database, package, affected)?
    {
        verdict = no(&reason);
    }
    if verdict.is_affected()
        && let Some(reason) = flavour::other(question, affected)
    {
        verdict = no(&reason);
    }
    if verdict.is_affected() && local::is_a_namesake(package, database.record_of(affected)?.id()) {
        verdict = no("it is about the registry's package of that name, and this is none");
    }
    if affected.informational().is_some() {
        verdict = no("a notice about the package, not a vulnerability");
    }
    Ok(verdict)
}

fn no(reason: &str) -> Verdict {
    Verdict::NotAffected { reason: reason.to_owned() }
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
