//! What only the facts of an image's layers and the advisories tell: found again, and kept for a while.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use pratique_image::Digest;
use pratique_inventory::Scope;
use pratique_match::Finding;

use super::known;
use crate::{
    Service, ServiceError,
    manifests::{Layer, Parsed},
    scan::{Matchable, Scan, content},
};

/// Bytes of details that are kept, about.
const KEPT: usize = 64 << 20;
/// Images of which details are kept: they are looked through one after the other.
const IMAGES: usize = 512;
/// Findings whose places are remembered.
const TOLD: usize = 100_000;

/// Where a package is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The blob of the layer that brought it.
    pub(crate) layer: Option<String>,
    /// The first file that states it.
    pub(crate) path: Option<String>,
}

/// What an image's facts and the advisories tell.
#[derive(Default)]
pub(crate) struct Details {
    /// Where packages are, by the keys of their components.
    places: HashMap<u64, Vec<Place>>,
    /// What matching says, by vulnerability.
    findings: HashMap<String, Vec<Finding>>,
    bytes: usize,
}

impl Details {
    fn of(scan: Scan, layers: &[Layer]) -> Self {
        let distribution = scan.inventory.distribution.as_ref();
        let mut details = Self::default();
        let packages = scan.inventory.packages.iter();
        for package in packages.filter(|package| Scope::default().includes(package)) {
            let Ok(bytes) = postcard::to_stdvec(&Matchable::of(distribution, package)) else { continue };
            let layer = layers.get(package.layer).map(|layer| layer.digest.to_string());
            // The files that state packages of the operating system are the package manager's own.
            let path = package.locations.first().filter(|_| !package.kind.is_os());
            let path = path.map(|location| match &*location.inside {
                "" => location.path.to_string(),
                inside => format!("{}:{inside}", location.path),
            });
            details.bytes += 160 + path.as_ref().map_or(0, String::len);
            details.places.entry(known::key(&bytes)).or_default().push(Place { layer, path });
        }
        for finding in scan.matches.findings {
            details.bytes += 1000 + 200 * (finding.severities.len() + finding.advisories.len());
            details.findings.entry(finding.id.clone()).or_default().push(finding);
        }
        details
    }

    /// Where the component of that key is; nowhere for an image that could not be read.
    pub(crate) fn places(&self, key: u64) -> &[Place] {
        self.places.get(&key).map(Vec::as_slice).unwrap_or_default()
    }

    /// What matching says of a vulnerability, package by package.
    pub(crate) fn findings(&self, vulnerability: &str) -> &[Finding] {
        self.findings.get(vulnerability).map(Vec::as_slice).unwrap_or_default()
    }

    /// Its other names and the advisories about it, sorted.
    pub(crate) fn related(&self, vulnerability: &str) -> Vec<&str> {
        let findings = self.findings(vulnerability).iter();
        let mut names: Vec<&str> = findings
            .flat_map(|finding| {
                finding.aliases.iter().chain(finding.advisories.iter().map(|evidence| &evidence.id))
            })
            .map(String::as_str)
            .filter(|name| *name != vulnerability)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// In which image a finding is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WhereFound {
    pub(crate) repository: String,
    pub(crate) digest: String,
    pub(crate) vulnerability: String,
}

/// What was found or told a moment ago.
#[derive(Default)]
pub(crate) struct Recent {
    details: Mutex<VecDeque<(Digest, String, Arc<Details>)>>,
    told: Mutex<HashMap<String, WhereFound>>,
}

impl Recent {
    fn details(&self, digest: &Digest, database: &str) -> Option<Arc<Details>> {
        let mut kept = self.details.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(of, by, _)| of == digest && by == database)?;
        let entry = kept.remove(at)?;
        let details = Arc::clone(&entry.2);
        kept.push_back(entry);
        Some(details)
    }

    fn keep(&self, digest: Digest, database: String, details: Arc<Details>) {
        let mut kept = self.details.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _, _)| *of != digest);
        kept.push_back((digest, database, details));
        let mut bytes: usize = kept.iter().map(|(_, _, details)| details.bytes).sum();
        while kept.len() > IMAGES || bytes > KEPT && kept.len() > 1 {
            let Some((_, _, oldest)) = kept.pop_front() else { break };
            bytes -= oldest.bytes;
        }
    }

    /// Remembers where a finding is: who is told of one asks for its details next.
    pub(crate) fn told(&self, id: &str, place: impl FnOnce() -> WhereFound) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= TOLD {
            told.clear();
        }
        told.entry(id.to_owned()).or_insert_with(place);
    }

    /// Where a finding was.
    pub(crate) fn place(&self, id: &str) -> Option<WhereFound> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

impl Service {
    /// The details of an image: those that are kept, or found again.
    pub(crate) async fn details(&self, repository: &str, digest: &str) -> Result<Arc<Details>, ServiceError> {
        let digest = crate::manifests::parse_digest(digest)?;
        let database = self.advisories().as_deref().map(content).unwrap_or_default();
        if let Some(details) = self.recent_findings().details(&digest, &database) {
            return Ok(details);
        }
        let manifest = {
            let mut session = self.store().read().await?;
            let found: Option<crate::repositories::Repository> = session.repository(repository).await?;
            match found {
                Some(found) => session.manifest(found.id, &digest).await?,
                None => None,
            }
        };
        // Removed since it was listed: there is nothing more to tell.
        let Some(manifest) = manifest else { return Ok(Arc::default()) };
        let parsed = Parsed::of(&manifest.content, Some(&manifest.media_type))?;
        let scan = self.scan_image(&parsed).await?;
        let database = scan.database.clone();
        let layers = parsed.layers;
        let details = Arc::new(Details::of(scan, &layers));
        self.recent_findings().keep(digest, database, Arc::clone(&details));
        Ok(details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_belongs_to_the_advisories() {
        let recent = Recent::default();
        let digest = |byte: u8| Digest::sha256(&[byte]);
        let details = |bytes| Arc::new(Details { bytes, ..Details::default() });
        for byte in 0..10 {
            recent.keep(digest(byte), "a".into(), details(KEPT / 4));
        }
        let is_kept = |byte: u8| recent.details(&digest(byte), "a").is_some();
        assert_eq!((0..10).filter(|byte| is_kept(*byte)).collect::<Vec<_>>(), [6, 7, 8, 9]);
        assert!(recent.details(&digest(9), "b").is_none());
        recent.keep(digest(9), "b".into(), details(1));
        assert!(recent.details(&digest(9), "a").is_none());
        // One that is larger than all may be is kept until the next comes.
        recent.keep(digest(11), "a".into(), details(2 * KEPT));
        assert!(is_kept(11));
    }
}
