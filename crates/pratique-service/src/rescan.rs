//! Continuous re-scan: new advisories meet the images that are there.
//!
//! Findings belong to components, so what changed between two advisory databases (a list of packages, found in
//! milliseconds) leads to the components of these packages, and those alone are matched again: a thousand images with the
//! same package cost one match. Then the findings are up to date. Who holds a changed component is told afterwards, in the
//! order in which it matters: images that run somewhere first. How far that has come is kept with the events themselves, so
//! that it goes on after a crash and says nothing twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pratique_advisory::Database;
use pratique_image::Digest;
use pratique_inventory::{Distribution, Inventory, Package, Scope};
use pratique_match::find;
use pratique_store::{
    Micros,
    component::{Component, ComponentId, Observations},
    event::StoredEvent,
    rescan::{Change, Changes},
};
use pratique_version::Ecosystem;
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    Caller, Service, ServiceError,
    findings::Status,
    now,
    scan::{Matchable, content, observation},
    scanning::{RegistryScanning, ScanFrequency, ScanType},
};

/// Which advisories all components are matched against: the name of the setting.
const MATCHED: &str = "matched-advisories";
/// Components that are read, matched and written at a time.
const COMPONENTS: usize = 4000;

/// What a re-scan did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rescanned {
    /// Packages about which the advisories say something else than before; 0 where all were looked at.
    pub packages: usize,
    /// Components that were matched again.
    pub components: usize,
    /// Findings that were not known before.
    pub new: usize,
    /// Findings of which something else is told.
    pub changed: usize,
    /// Findings that went away.
    pub closed: usize,
}

/// Packages, by ecosystem without release.
pub type Packages = BTreeMap<&'static str, BTreeSet<String>>;

impl Service {
    /// Matches what the change from `old` to the advisories in use concerns; everything, if it is not known from which
    /// advisories the components come.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be done; then it is to be done again.
    pub async fn rescan(&self, old: Option<&Database>) -> Result<Rescanned, ServiceError> {
        let Some(new) = self.advisories() else { return Ok(Rescanned::default()) };
        let matched: Option<String> = self.store().read().await?.setting(MATCHED).await?;
        let target = content(&new);
        if matched.as_deref() == Some(&target) {
            return Ok(Rescanned::default());
        }
        let known = old.filter(|old| matched.as_deref() == Some(&content(old)));
        let packages = known.map(|old| changed_packages(old, &new)).transpose()?;
        let mut done = match &packages {
            Some(packages) => self.rescan_packages(&new, packages).await?,
            None => self.rescan_everything(&new).await?,
        };
        done.packages = packages.iter().flat_map(BTreeMap::values).map(BTreeSet::len).sum();
        let mut session = self.store().write().await?;
        session.put_setting(MATCHED, &target).await?;
        session.commit().await?;
        Ok(done)
    }

    /// Matches the components of these packages again.
    ///
    /// # Errors
    /// [`ServiceError`]
    pub async fn rescan_packages(
        &self,
        advisories: &Database,
        packages: &Packages,
    ) -> Result<Rescanned, ServiceError> {
        let mut ids = Vec::new();
        let mut session = self.store().read().await?;
        for (ecosystem, names) in packages {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            ids.extend(session.components_named(ecosystem, &names).await?);
        }
        drop(session);
        ids.sort_unstable();
        ids.dedup();
        let mut done = Rescanned::default();
        for block in ids.chunks(COMPONENTS) {
            self.rescan_components(advisories, block, &mut done).await?;
        }
        Ok(done)
    }

    async fn rescan_everything(&self, advisories: &Database) -> Result<Rescanned, ServiceError> {
        let mut done = Rescanned::default();
        let mut after = ComponentId(0);
        loop {
            let ids = self.store().read().await?.all_components(after, COMPONENTS as i64).await?;
            let Some(last) = ids.last() else { return Ok(done) };
            after = *last;
            self.rescan_components(advisories, &ids, &mut done).await?;
        }
    }

    /// Matches components again and writes what changed, with the note that their images have to be told.
    async fn rescan_components(
        &self,
        advisories: &Database,
        ids: &[ComponentId],
        done: &mut Rescanned,
    ) -> Result<(), ServiceError> {
        let components = self.store().read().await?.components(ids).await?;
        let time = now();
        done.components += components.len();
        let changed = tokio::task::block_in_place(|| rematch(advisories, components, time))?;
        let mut changes = Changes::new();
        let mut session = self.store().write().await?;
        for (id, findings, of_component) in changed {
            session.update_findings(id, &findings).await?;
            for change in of_component.values() {
                match change {
                    Change::New => done.new += 1,
                    Change::Changed => done.changed += 1,
                    Change::Closed => done.closed += 1,
                }
            }
            changes.insert(id, of_component);
        }
        if !changes.is_empty() {
            session.add_rescan(time, &changes).await?;
        }
        Ok(session.commit().await?)
    }
}

/// Images that are looked through at a time, and those of them that are told of.
const LOOKED_THROUGH: i64 = 2000;
const TOLD_OF: usize = 20;
/// Where a re-scan stands once the images that run somewhere are told: before all digests.
const AFTER_DEPLOYED: &str = "!";

impl Service {
    /// Tells of some images what a re-scan changed: `Inspector2 Finding` for each finding of each image that is watched.
    /// `false` when there is nothing left to tell.
    ///
    /// # Errors
    /// [`ServiceError`]; what was not told will be.
    pub async fn tell_rescan(&self) -> Result<bool, ServiceError> {
        let mut session = self.store().read().await?;
        let Some(rescan) = session.next_rescan().await? else { return Ok(false) };
        let deployed: BTreeSet<Digest> = session.deployments().await?.into_keys().collect();
        let (mut images, mut reached) = (Vec::new(), None);
        if rescan.told.is_empty() {
            for digest in &deployed {
                images.extend(session.image(digest).await?.map(|image| (image.digest, image.components)));
            }
            reached = Some(AFTER_DEPLOYED.to_owned());
        } else {
            for (digest, components) in session.image_components(&rescan.told, LOOKED_THROUGH).await? {
                reached = Some(digest.to_string());
                if !deployed.contains(&digest) && components.iter().any(|id| rescan.changes.contains_key(id))
                {
                    images.push((digest, components));
                    if images.len() >= TOLD_OF {
                        break;
                    }
                }
            }
        }
        drop(session);
        let scanning = self.registry_scanning().await?;
        let mut events = Vec::new();
        for (digest, components) in &images {
            let changed: BTreeSet<&str> = components
                .iter()
                .filter_map(|id| rescan.changes.get(id))
                .flat_map(|changes| changes.keys().map(String::as_str))
                .collect();
            events.extend(self.changed_findings(&scanning, digest, &changed).await?);
        }
        let mut session = self.store().write().await?;
        // Another replica may have been faster.
        match session.next_rescan().await? {
            Some(same) if same.id == rescan.id && same.told == rescan.told => {}
            _ => return Ok(true),
        }
        for event in &events {
            session.add_event(event).await?;
        }
        match reached {
            Some(reached) => session.advance_rescan(rescan.id, &reached).await?,
            None => session.end_rescan(rescan.id).await?,
        }
        session.commit().await?;
        Ok(true)
    }

    /// Events of these vulnerabilities in an image, for each repository that has it and watches it.
    async fn changed_findings(
        &self,
        scanning: &RegistryScanning,
        digest: &Digest,
        changed: &BTreeSet<&str>,
    ) -> Result<Vec<StoredEvent>, ServiceError> {
        let (system, mut events) = (Caller::system(), Vec::new());
        if changed.is_empty() {
            return Ok(events);
        }
        for name in self.store().read().await?.holders(digest).await? {
            let repository = match self.repository(&system, &name).await {
                Err(ServiceError::RepositoryUnknown(_)) => continue,
                other => other?,
            };
            let watched = scanning.for_repository(&name, repository.settings.scan_on_push);
            if watched.scan_type != ScanType::Enhanced || watched.frequency != ScanFrequency::ContinuousScan {
                continue;
            }
            let findings = match self.image_findings(&system, &name, digest).await {
                // It was removed meanwhile.
                Err(ServiceError::ManifestUnknown { .. } | ServiceError::NotScanned(_)) => continue,
                other => other?,
            };
            for finding in findings {
                if changed.contains(&finding.vulnerability[..]) && finding.status != Status::Suppressed {
                    events.push(self.finding_event(&finding)?);
                }
            }
        }
        Ok(events)
    }
}

/// The packages about which two databases say different things.
fn changed_packages(old: &Database, new: &Database) -> Result<Packages, ServiceError> {
    let mut packages = Packages::new();
    for change in Database::diff(old, new) {
        let (key, _) = change?;
        if let Some((ecosystem, _)) = Ecosystem::from_osv(&key.ecosystem) {
            packages.entry(ecosystem.osv_name()).or_default().insert(key.name.into());
        }
    }
    Ok(packages)
}

/// Components of one distribution, with their packages in the same order.
#[derive(Default)]
struct Group {
    distribution: Option<Distribution>,
    packages: Vec<Package>,
    components: Vec<Component>,
}

type Rematched = (ComponentId, Observations, BTreeMap<String, Change>);

/// What is known of components now, of those alone of which something else is known than before.
fn rematch(
    advisories: &Database,
    components: Vec<Component>,
    time: Micros,
) -> Result<Vec<Rematched>, ServiceError> {
    // Matching wants packages of one distribution at a time.
    let mut groups: HashMap<Vec<u8>, Group> = HashMap::new();
    for component in components {
        // One that cannot be read was written by an older program; its images tell it anew when they are pushed.
        let Ok(matchable) = postcard::from_bytes::<Matchable>(&component.package) else { continue };
        let name = postcard::to_stdvec(&matchable.distribution).unwrap_or_default();
        let group = groups.entry(name).or_default();
        group.distribution = matchable.distribution;
        group.packages.push(matchable.package);
        group.components.push(component);
    }
    let groups: Result<Vec<Vec<Rematched>>, ServiceError> = groups
        .into_par_iter()
        .map(|(_, Group { distribution, packages, components })| {
            let inventory = Inventory { distribution, packages, ..Inventory::default() };
            let mut now: Vec<Observations> = components.iter().map(|_| Observations::new()).collect();
            for finding in find(&inventory, Scope::ALL, advisories)?.findings {
                if let Some(of_component) = now.get_mut(finding.package) {
                    of_component.insert(finding.id.clone(), observation(&finding, time));
                }
            }
            let compared = components.into_iter().zip(now).filter_map(|(component, now)| {
                let (findings, changes) = compare(component.findings, now, time);
                (!changes.is_empty()).then_some((component.id, findings, changes))
            });
            Ok(compared.collect())
        })
        .collect();
    Ok(groups?.into_iter().flatten().collect())
}

/// Puts what is known now beside what was known: times of first sight stay, what went away is closed and not forgotten.
fn compare(
    before: Observations,
    now: Observations,
    time: Micros,
) -> (Observations, BTreeMap<String, Change>) {
    let mut changes = BTreeMap::new();
    let mut findings = before;
    for (id, known) in &mut findings {
        if known.closed.is_none() && !now.contains_key(id) {
            known.closed = Some(time);
            known.updated = time;
            changes.insert(id.clone(), Change::Closed);
        }
    }
    for (id, mut new) in now {
        match findings.get(&id) {
            Some(known) if known.closed.is_none() && known.content == new.content => continue,
            Some(known) if known.closed.is_none() => {
                new.first_seen = known.first_seen;
                changes.insert(id.clone(), Change::Changed);
            }
            Some(known) => {
                // It is back: the same finding, as Inspector has it.
                new.first_seen = known.first_seen;
                changes.insert(id.clone(), Change::New);
            }
            None => {
                changes.insert(id.clone(), Change::New);
            }
        }
        findings.insert(id, new);
    }
    (findings, changes)
}

#[cfg(test)]
mod tests {
    use pratique_store::component::Observation;

    use super::*;

    fn seen(content: u64, first_seen: Micros, closed: Option<Micros>) -> Observation {
        Observation { content, first_seen, updated: first_seen, closed, ..Observation::default() }
    }

    #[test]
    fn findings_keep_their_times() {
        let before = Observations::from([
            ("same".to_owned(), seen(1, 10, None)),
            ("other".to_owned(), seen(2, 10, None)),
            ("gone".to_owned(), seen(3, 10, None)),
            ("long gone".to_owned(), seen(4, 10, Some(20))),
            ("back".to_owned(), seen(5, 10, Some(20))),
        ]);
        let now = Observations::from([
            ("same".to_owned(), seen(1, 100, None)),
            ("other".to_owned(), seen(22, 100, None)),
            ("back".to_owned(), seen(5, 100, None)),
            ("fresh".to_owned(), seen(6, 100, None)),
        ]);
        let (findings, changes) = compare(before, now, 100);
        let told: Vec<_> = changes.iter().map(|(id, change)| (&id[..], *change)).collect();
        assert_eq!(
            told,
            [
                ("back", Change::New),
                ("fresh", Change::New),
                ("gone", Change::Closed),
                ("other", Change::Changed)
            ]
        );
        assert_eq!(findings["same"], seen(1, 10, None));
        assert_eq!(
            (findings["other"].content, findings["other"].first_seen, findings["other"].updated),
            (22, 10, 100)
        );
        assert_eq!(findings["gone"].closed, Some(100));
        assert_eq!(findings["long gone"].closed, Some(20));
        assert_eq!((findings["back"].first_seen, findings["back"].closed), (10, None));
        assert_eq!(findings["fresh"].first_seen, 100);
    }
}
