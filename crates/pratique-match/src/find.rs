//! The way from packages to findings.

use std::collections::{BTreeMap, BTreeSet};

use pratique_advisory::{
    Affected, Authority, CveId, Database, Error, FeedId, Record, RecordId, State, Text, VersionPlace,
};
use pratique_inventory::{Inventory, Package, inventory::Scope};
use pratique_version::Scheme;
use rayon::prelude::*;

use crate::{
    Evidence, Finding, FixState, Installed, Matches, Rating, Unknown, Verdict,
    finding::Epss,
    fix, flavour,
    gaps::Gaps,
    judge, lifecycle, local,
    lookup::{Question, Questions, Shelves},
    merge::{self, Names},
    modular,
    precedence::{Cleared, overruled_by},
    severity,
};

/// Matches every package of `inventory` in `scope` against `database`.
///
/// Notices are not findings: what RustSec files as `informational` (unmaintained, unsound without a known way to
/// misuse it) says nothing that a fixed version would clear, and is left out.
///
/// # Errors
/// When the database is damaged where it was touched.
pub fn find(inventory: &Inventory, scope: Scope, database: &Database) -> Result<Matches, Error> {
    find_with(inventory, scope, database, MatchOptions::default())
}

/// How to match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MatchOptions {
    /// Also ask NVD about programs that are known by their CPE name, as no package manager or ecosystem answers for them.
    /// NVD speaks of products in general, so this finds more, and more that is not so.
    pub by_cpe: bool,
}

/// As [`find`], with options.
///
/// # Errors
/// When the database is damaged where it was touched.
pub fn find_with(
    inventory: &Inventory,
    scope: Scope,
    database: &Database,
    options: MatchOptions,
) -> Result<Matches, Error> {
    let shelves = Shelves::new(inventory.distribution.as_ref(), database, options);
    let packages: Vec<(usize, &Package)> =
        inventory.packages.iter().enumerate().filter(|(_, package)| scope.includes(package)).collect();
    // Parts at once, put together in their order.
    let parts: Result<Vec<_>, Error> =
        packages.par_chunks(PART).map(|part| find_part(part, &shelves, database)).collect();
    let mut matches = Matches::default();
    let mut gaps = Gaps::default();
    for (part, part_gaps) in parts? {
        matches.findings.extend(part.findings);
        matches.unknown.extend(part.unknown);
        matches.packages += part.packages;
        gaps.add(part_gaps);
    }
    matches.unknown.sort();
    matches.unknown.dedup();
    matches.gaps = gaps.into_sentences(inventory, shelves.has_release());
    let distribution = inventory.distribution.as_ref();
    matches.gaps.extend(distribution.and_then(|it| lifecycle::past_its_end(it, database)));
    Ok(matches)
}

/// Packages that one thread takes at a time: some tenths of a millisecond's work.
const PART: usize = 256;

fn find_part(
    packages: &[(usize, &Package)],
    shelves: &Shelves<'_>,
    database: &Database,
) -> Result<(Matches, Gaps), Error> {
    let mut matches = Matches::default();
    let mut gaps = Gaps::default();
    for &(index, package) in packages {
        match shelves.questions(package) {
            Ok(questions) => {
                matches.packages += 1;
                gaps.note_absent(&questions);
                find_in(database, package, index, &questions, &mut matches)?;
            }
            Err(why) => gaps.note(why, package),
        }
    }
    Ok((matches, gaps))
}

/// A record that affects the package, with what was learnt on the way.
struct Hit<'db> {
    record: Record<'db>,
    evidence: Evidence,
    /// How the versions of the evidence are ordered.
    scheme: Scheme,
    of_distribution: bool,
    /// What the record says of a fix beside its ranges.
    state: State,
    own: Vec<Rating>,
    /// All that the record says of the package, also where it does not affect the installed version.
    entries: Vec<fix::Entry<'db>>,
}

impl Hit<'_> {
    /// Whoever is still looking decides nothing where anybody else speaks.
    fn authority(&self) -> Authority {
        match self.state {
            State::UnderInvestigation => Authority::General,
            _ => self.record.feed().authority(),
        }
    }
}

fn find_in(
    database: &Database,
    package: &Package,
    index: usize,
    questions: &Questions<'_, '_>,
    matches: &mut Matches,
) -> Result<(), Error> {
    let mut hits: BTreeMap<RecordId, Hit<'_>> = BTreeMap::new();
    // Whether there is anybody whose word could count more.
    let ranked = !database.info().feeds.is_empty();
    let mut cleared: BTreeMap<RecordId, bool> = BTreeMap::new();
    // Records that a subscription's shelf has spoken for.
    let mut settled: BTreeSet<RecordId> = BTreeSet::new();
    for question in questions.iter() {
        let Some(candidates) = question.ask(database)? else { continue };
        let place = candidates.locate(question.version);
        let mut installed: Option<Installed<'_>> = None;
        for affected in candidates.clone() {
            let affected = affected?;
            if affected.informational().is_some()
                || is_about_other_versions(database, &question, place, &affected)?
                || modular::is_of_no_module(database, package, question.name, &affected)?
            {
                continue;
            }
            if question.subscription {
                settled.insert(affected.record());
            } else if settled.contains(&affected.record()) {
                continue;
            }
            let installed =
                installed.get_or_insert_with(|| Installed::new(question.version, question.shelf.scheme));
            match judge(installed, place, &affected) {
                Verdict::Affected { reason, fixed } => {
                    if modular::other_stream(database, package, &affected)?.is_some()
                        || flavour::other(&question, &affected).is_some()
                    {
                        continue;
                    }
                    let record = database.record_of(&affected)?;
                    if local::is_a_namesake(package, record.id()) {
                        continue;
                    }
                    let hit = hit(record, &question, reason, fixed, &affected)?;
                    join(&mut hits, hit);
                }
                Verdict::Unknown { reason } => {
                    let record = database.record_of(&affected)?;
                    matches.unknown.push(Unknown {
                        id: record.id().to_owned(),
                        package: index,
                        ecosystem: question.shelf.name.to_string(),
                        reason,
                    });
                }
                Verdict::Fixed { .. } | Verdict::NotAffected { .. } => {
                    // What is about another flavour or stream clears nothing here either.
                    if ranked
                        && flavour::other(&question, &affected).is_none()
                        && modular::other_stream(database, package, &affected)?.is_none()
                    {
                        cleared.insert(affected.record(), question.shelf.ecosystem.is_distribution());
                    }
                }
            }
        }
        if !hits.is_empty() {
            for affected in candidates {
                let affected = affected?;
                if (question.subscription || !settled.contains(&affected.record()))
                    && flavour::other(&question, &affected).is_none()
                    && let Some(hit) = hits.get_mut(&affected.record())
                {
                    hit.entries.push((affected, question.shelf.scheme));
                }
            }
        }
    }
    if hits.is_empty() {
        return Ok(());
    }
    // A record of several entries, one of which affects the version, clears nothing.
    cleared.retain(|record, _| !hits.contains_key(record));
    let hits: Vec<_> = hits.into_values().collect();
    let least = hits.iter().map(Hit::authority).min().unwrap_or(Authority::General);
    let cleared = Cleared::of(database, least, cleared.into_iter())?;
    let mut names: Vec<_> = hits.iter().map(|hit| names(&hit.record, hit.of_distribution)).collect();
    for (names, hit) in names.iter_mut().zip(&hits).filter(|(names, _)| !names.distribution) {
        names.own = own_cve(database, &hit.record)?;
    }
    for group in merge::group(&names) {
        let members: Vec<_> =
            group.records.iter().map(|&member| (&hits[member], names[member].is_about_several())).collect();
        let authority = members.iter().map(|(hit, _)| hit.authority()).max();
        let own: Vec<&str> = members.iter().map(|(hit, _)| hit.record.id()).collect();
        if authority.is_some_and(|authority| overruled_by(&group, &own, authority, &cleared).is_some()) {
            continue;
        }
        matches.findings.push(finding(database, package, index, group.id, group.aliases, &members)?);
    }
    Ok(())
}

/// Whether an entry of a vendor's VEX document lists versions, and not this one: then it says nothing of this one, and does
/// not clear it either. Elsewhere a list of versions is complete.
pub(crate) fn is_about_other_versions(
    database: &Database,
    question: &Question<'_, '_>,
    place: VersionPlace,
    affected: &Affected<'_>,
) -> Result<bool, Error> {
    Ok(affected.ranges().next().is_none()
        && affected.versions().iter().next().is_some()
        && !affected.versions().has(place)
        && database.record_of(affected)?.feed() == FeedId::Vex
        && !judge::is_listed(&Installed::new(question.version, question.shelf.scheme), affected))
}

fn hit<'db>(
    record: Record<'db>,
    question: &Question<'_, 'db>,
    reason: String,
    fixed: Option<String>,
    affected: &Affected<'db>,
) -> Result<Hit<'db>, Error> {
    let scheme = question.shelf.scheme;
    let evidence = Evidence {
        id: record.id().to_owned(),
        feed: record.feed(),
        ecosystem: question.shelf.name.to_string(),
        package: question.filed_name(),
        version: question.version.to_owned(),
        ordering: scheme.name().to_owned(),
        reason,
        fixed_version: fixed,
    };
    let own = severity::stated_for_package(affected, record.id())?;
    let of_distribution = question.shelf.ecosystem.is_distribution();
    Ok(Hit { record, evidence, scheme, of_distribution, state: affected.state(), own, entries: Vec::new() })
}

/// One record may have several entries for a package; the first that affects it is the evidence, and says the
/// fix of its branch.
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
            for rating in hit.own {
                if !known.own.contains(&rating) {
                    known.own.push(rating);
                }
            }
        }
    }
}

/// The names that a record bears. `of_distribution` says whether it is filed for a distribution.
pub(crate) fn names(record: &Record<'_>, of_distribution: bool) -> Names {
    let owned = |ids: pratique_advisory::Strings<'_>| ids.map(str::to_owned).collect();
    Names {
        id: record.id().to_owned(),
        aliases: owned(record.aliases()),
        upstream: owned(record.upstream()),
        related: owned(record.related()),
        distribution: of_distribution,
        own: None,
    }
}

/// Which of several CVE ids among a record's aliases is its own.
///
/// Advisories of one publisher that alias each other by mistake all list each other's CVEs, as many as they are. The
/// publisher wrote them in the order in which the CVEs were given out, so the first has the lowest.
fn own_cve(database: &Database, record: &Record<'_>) -> Result<Option<String>, Error> {
    let cves = |record: &Record<'_>| -> BTreeSet<CveId> {
        record.aliases().filter_map(|id| id.parse().ok()).collect()
    };
    let shared = cves(record);
    if shared.len() < 2 {
        return Ok(None);
    }
    let publisher = record.id().split('-').next();
    let mut siblings = BTreeSet::from([(record.published(), record.id())]);
    for alias in record.aliases().filter(|alias| alias.split('-').next() == publisher) {
        for other in database.find(alias)? {
            let other = database.record(other)?;
            if other.id() == alias && cves(&other) == shared {
                siblings.insert((other.published(), other.id()));
            }
        }
    }
    if siblings.len() != shared.len() {
        return Ok(None);
    }
    let place = siblings.iter().position(|(_, id)| *id == record.id());
    Ok(place.and_then(|place| shared.iter().nth(place)).map(ToString::to_string))
}

fn finding(
    database: &Database,
    package: &Package,
    index: usize,
    id: String,
    aliases: Vec<String>,
    members: &[(&Hit<'_>, bool)],
) -> Result<Finding, Error> {
    let facts = database.cve(&id)?;
    let said = members.iter().map(|&(hit, of_several)| severity::Member {
        record: &hit.record,
        for_package: &hit.own,
        of_several,
    });
    let statements = severity::gather(database, said, facts.as_ref())?;
    let severity = severity::choose(&statements, package.kind.is_os());
    // Those that decide: see `precedence`.
    let authority = members.iter().map(|(hit, _)| hit.authority()).max();
    let deciding: Vec<_> =
        members.iter().map(|(hit, _)| *hit).filter(|hit| Some(hit.authority()) == authority).collect();
    let fixes = deciding.iter().filter_map(|hit| Some((hit.evidence.fixed_version.as_deref()?, hit.scheme)));
    let fixed_version = fix::clearing(fixes, &deciding.iter().flat_map(|hit| &hit.entries));
    let stated = deciding.iter().map(|hit| hit.state).find(|state| *state != State::Unstated);
    let mut title = None;
    for (member, _) in members {
        title = title_of(&database.text(member.record.number())?);
        if title.is_some() {
            break;
        }
    }
    Ok(Finding {
        id,
        aliases,
        package: index,
        state: match &fixed_version {
            Some(_) => FixState::Fixed,
            None => FixState::without_fix(stated.unwrap_or_default()),
        },
        fixed_version,
        severity,
        severities: statements.into_iter().map(|(_, rating)| rating).collect(),
        epss: facts
            .as_ref()
            .and_then(|facts| facts.epss)
            .map(|epss| Epss { score: epss.probability, percentile: epss.percentile.unwrap_or(0.0) }),
        known_exploited: facts.as_ref().and_then(|facts| facts.kev.as_ref()).map(|kev| kev.added.to_owned()),
        title,
        advisories: members.iter().map(|(hit, _)| hit.evidence.clone()).collect(),
    })
}

pub(crate) fn title_of(text: &Text) -> Option<String> {
    let line = text.title()?;
    // A title is a line of text, not a paragraph.
    const LONGEST: usize = 200;
    if line.chars().count() <= LONGEST {
        return Some(line.to_owned());
    }
    Some(line.chars().take(LONGEST).chain(['…']).collect())
}
