//! Inventory × advisories → findings: step 4 of the one flow, and pure.
//!
//! For each package: under which keys its advisories are filed ([`distribution`], `lookup`), what each record
//! says of its version ([`judge`], with the reason), and which of the records speak of the same vulnerability
//! (`merge`). A new database re-runs this step alone.
//!
//! What cannot be told is part of the answer: versions that do not parse are in [`Matches::unknown`], packages
//! that nobody publishes advisories for in [`Matches::gaps`]. Neither looks like "not vulnerable".

pub mod distribution;
pub mod explain;
pub mod finding;
pub mod judge;
mod lookup;
mod merge;
mod modular;
mod severity;

use std::collections::BTreeMap;

use pratique_advisory::{Database, Error, Record, RecordId};
use pratique_inventory::{Inventory, Package, PackageKind, inventory::Scope};
use pratique_version::Ecosystem;

pub use crate::{
    distribution::{FiledUnder, Release, release_of},
    explain::{Explanation, explain},
    finding::{Epss, Evidence, Finding, FixState, Rating, Unknown},
    judge::{Installed, Verdict, judge},
};
use crate::{
    lookup::{Lookup, Unasked, lookups},
    merge::Names,
};

/// What matching an inventory gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Matches {
    /// Vulnerabilities, in the order of the packages.
    pub findings: Vec<Finding>,
    /// Pairs that could not be judged.
    pub unknown: Vec<Unknown>,
    /// What was not matched at all, each a sentence.
    pub gaps: Vec<String>,
    /// Number of packages that were matched.
    pub packages: usize,
}

/// Matches every package of `inventory` in `scope` against `database`.
///
/// # Errors
/// When the database is damaged where it was touched.
pub fn find(inventory: &Inventory, scope: Scope, database: &Database) -> Result<Matches, Error> {
    let release = inventory.distribution.as_ref().and_then(release_of).map(|r| expand(r, database));
    let mut matches = Matches::default();
    let mut gaps = Gaps::default();
    for (index, package) in inventory.packages.iter().enumerate().filter(|(_, p)| scope.includes(p)) {
        match lookups(package, release.as_ref()) {
            Ok(asked) => {
                matches.packages += 1;
                gaps.note_ecosystems(&asked, database);
                find_in(database, package, index, &asked, &mut matches)?;
            }
            Err(why) => gaps.note(why, package),
        }
    }
    matches.unknown.sort();
    matches.unknown.dedup();
    matches.gaps = gaps.into_sentences(inventory, release.as_ref());
    Ok(matches)
}

/// Names that stand for all that begin so become the names that the database has.
fn expand(mut release: Release, database: &Database) -> Release {
    let names = release.names.iter().flat_map(|name| match name.strip_suffix('*') {
        None => vec![name.clone()],
        Some(prefix) => {
            let known = database.ecosystems().iter().map(|entry| entry.name.to_string());
            known.filter(|known| known.starts_with(prefix)).collect()
        }
    });
    release.names = names.collect();
    release
}

/// A record that affects the package, with what was learnt on the way.
struct Hit<'db> {
    record: Record<'db>,
    evidence: Evidence,
    own: Vec<Rating>,
}

fn find_in(
    database: &Database,
    package: &Package,
    index: usize,
    asked: &[Lookup<'_>],
    matches: &mut Matches,
) -> Result<(), Error> {
    let mut hits: BTreeMap<RecordId, Hit<'_>> = BTreeMap::new();
    for lookup in asked {
        let candidates = database.affected(&lookup.ecosystem, &lookup.name)?;
        let place = candidates.locate(&lookup.version);
        let mut installed: Option<Installed<'_>> = None;
        for affected in candidates {
            let affected = affected?;
            if affected.informational().is_some() {
                continue;
            }
            let installed = installed.get_or_insert_with(|| Installed::new(&lookup.version, lookup.scheme));
            match judge(installed, place, &affected) {
                Verdict::Affected { reason, fixed } => {
                    if modular::other_stream(database, package, &affected)?.is_some() {
                        continue;
                    }
                    let record = database.record_of(&affected)?;
                    let evidence = evidence(&record, lookup, reason, fixed);
                    let own = severity::stated_for_package(&affected, record.id())?;
                    join(&mut hits, Hit { record, evidence, own });
                }
                Verdict::Unknown { reason } => {
                    let record = database.record_of(&affected)?;
                    matches.unknown.push(Unknown {
                        id: record.id().to_owned(),
                        package: index,
                        ecosystem: lookup.ecosystem.clone().into_owned(),
                        reason,
                    });
                }
                Verdict::Fixed { .. } | Verdict::NotAffected { .. } => {}
            }
        }
    }
    if hits.is_empty() {
        return Ok(());
    }
    let hits: Vec<_> = hits.into_values().collect();
    let names: Vec<_> = hits.iter().map(|hit| names(&hit.record, &hit.evidence.ecosystem)).collect();
    for group in merge::group(&names) {
        let members: Vec<_> = group.records.iter().map(|&member| &hits[member]).collect();
        matches.findings.push(finding(database, package, index, group.id, group.aliases, &members)?);
    }
    Ok(())
}

/// One record may have several entries for a package; the fix that clears all of them counts.
fn join<'db>(hits: &mut BTreeMap<RecordId, Hit<'db>>, hit: Hit<'db>) {
    match hits.entry(hit.record.number()) {
        std::collections::btree_map::Entry::Vacant(free) => {
            free.insert(hit);
        }
        std::collections::btree_map::Entry::Occupied(mut known) => {
            let known = known.get_mut();
            if known.evidence.fixed_version.is_none() {
                known.evidence.fixed_version = hit.evidence.fixed_version;
            }
            known
                .own
                .extend(hit.own.into_iter().filter(|rating| !known.own.contains(rating)).collect::<Vec<_>>());
        }
    }
}

fn evidence(record: &Record<'_>, lookup: &Lookup<'_>, reason: String, fixed: Option<String>) -> Evidence {
    Evidence {
        id: record.id().to_owned(),
        ecosystem: lookup.ecosystem.clone().into_owned(),
        package: lookup.name.clone().into_owned(),
        version: lookup.version.clone().into_owned(),
        ordering: lookup.scheme.name().to_owned(),
        reason,
        fixed_version: fixed,
    }
}

fn names(record: &Record<'_>, ecosystem: &str) -> Names {
    let owned = |ids: pratique_advisory::Strings<'_>| ids.map(str::to_owned).collect();
    Names {
        id: record.id().to_owned(),
        aliases: owned(record.aliases()),
        upstream: owned(record.upstream()),
        related: owned(record.related()),
        distribution: Ecosystem::from_osv(ecosystem)
            .is_some_and(|(ecosystem, _)| ecosystem.is_distribution()),
    }
}

fn finding(
    database: &Database,
    package: &Package,
    index: usize,
    id: String,
    aliases: Vec<String>,
    members: &[&Hit<'_>],
) -> Result<Finding, Error> {
    let facts = database.cve(&id)?;
    let severities = severity::gather(database, members, facts.as_ref())?;
    let severity = severity::choose(&severities, package.kind.is_os());
    let fixed_version = highest_fix(members);
    let mut title = None;
    for member in members {
        let text = database.text(member.record.number())?;
        title = first_line(&text.summary).or_else(|| first_line(&text.details));
        if title.is_some() {
            break;
        }
    }
    Ok(Finding {
        id,
        aliases,
        package: index,
        state: if fixed_version.is_some() { FixState::Fixed } else { FixState::NotFixed },
        fixed_version,
        severity,
        severities,
        epss: facts
            .as_ref()
            .and_then(|facts| facts.epss)
            .map(|epss| Epss { score: epss.probability, percentile: epss.percentile.unwrap_or(0.0) }),
        known_exploited: facts.as_ref().and_then(|facts| facts.kev.as_ref()).map(|kev| kev.added.to_owned()),
        title,
        advisories: members.iter().map(|member| member.evidence.clone()).collect(),
    })
}

/// The fix that clears every record: the highest of their lowest fixes, or none while one record knows none
/// and no other does.
fn highest_fix(members: &[&Hit<'_>]) -> Option<String> {
    let mut highest: Option<&Evidence> = None;
    for evidence in members.iter().map(|member| &member.evidence) {
        let Some(fix) = &evidence.fixed_version else { continue };
        let lower = |known: &&Evidence| {
            let scheme = pratique_version::Scheme::from_name(&evidence.ordering);
            let known = known.fixed_version.as_deref().unwrap_or_default();
            scheme
                .and_then(|scheme| pratique_version::compare(scheme, known, fix).ok())
                .is_none_or(std::cmp::Ordering::is_lt)
        };
        if highest.as_ref().is_none_or(lower) {
            highest = Some(evidence);
        }
    }
    highest.and_then(|evidence| evidence.fixed_version.clone())
}

fn first_line(text: &str) -> Option<String> {
    let line =
        text.lines().map(|line| line.trim().trim_start_matches('#').trim()).find(|line| !line.is_empty())?;
    // A title is a line of text, not a paragraph.
    const LONGEST: usize = 200;
    if line.chars().count() <= LONGEST {
        return Some(line.to_owned());
    }
    Some(line.chars().take(LONGEST).chain(['…']).collect())
}

/// What was not matched, counted, so that ten thousand packages without advisories are one sentence.
#[derive(Default)]
struct Gaps {
    without: BTreeMap<Unasked, usize>,
    kinds: BTreeMap<PackageKind, usize>,
    absent: BTreeMap<String, usize>,
}

impl Gaps {
    fn note(&mut self, why: Unasked, package: &Package) {
        *self.without.entry(why).or_default() += 1;
        if why == Unasked::Ecosystem {
            *self.kinds.entry(package.kind).or_default() += 1;
        }
    }

    /// A package all of whose ecosystems are missing from the database was not matched.
    fn note_ecosystems(&mut self, asked: &[Lookup<'_>], database: &Database) {
        if asked.iter().all(|lookup| database.ecosystem(&lookup.ecosystem).is_none())
            && let Some(first) = asked.first()
        {
            *self.absent.entry(first.ecosystem.clone().into_owned()).or_default() += 1;
        }
    }

    fn into_sentences(self, inventory: &Inventory, release: Option<&Release>) -> Vec<String> {
        let mut sentences = Vec::new();
        for (why, count) in self.without {
            sentences.push(match why {
                Unasked::Release => match &inventory.distribution {
                    Some(d) if d.version.is_empty() => format!(
                        "{count} packages of {}: the image does not say which release it is, and advisories are filed by release",
                        d.id
                    ),
                    Some(d) => format!(
                        "{count} packages of {} {}: no advisories for this distribution are supported yet",
                        d.id, d.version
                    ),
                    None => format!("{count} packages of an unknown distribution: the image has no os-release"),
                },
                Unasked::Group => {
                    format!("{count} Java archives: nothing in them tells their Maven group")
                }
                Unasked::Version => format!("{count} packages that state no version"),
                Unasked::Ecosystem => {
                    let kinds: Vec<_> = self.kinds.keys().map(|kind| kind.name()).collect();
                    format!("{count} packages of kinds without advisories: {}", kinds.join(", "))
                }
            });
        }
        for (ecosystem, count) in self.absent {
            sentences.push(format!(
                "{count} packages: the advisory database holds nothing for {ecosystem} (see `pratique db status`)"
            ));
        }
        // An image with a release but no packages of it has lost its package database, or never had one.
        if release.is_some() && !inventory.packages.iter().any(|package| package.kind.is_os()) {
            sentences.push("the distribution's packages: the image holds no package database".into());
        }
        sentences
    }
}
