//! Manifest → inventory → findings.
//!
//! Findings belong to components: a package of some version in some distribution is matched once, whatever images it is
//! in. Of an image it is kept which components it has; all that can be told beyond that (layers, paths, texts) is found
//! again from the facts of its layers and the advisories, which is cheaper than keeping it.

use std::collections::{BTreeMap, HashMap};

use pratique_advisory::{Database, Level};
use pratique_image::{Digest, ImageConfig};
use pratique_inventory::{Distribution, Inventory, LayerFacts, Package, Scope};
use pratique_match::{Finding, Matches, filed_under, find};
use pratique_store::{
    Micros,
    component::{ComponentId, NewComponent, Observation, Observations},
    image::ScannedImage,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    Service, ServiceError,
    analysis::FactsError,
    events::SeverityCounts,
    findings,
    manifests::{Layer, Parsed},
};

/// What is told of a scanned image without looking at its layers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Summary {
    /// Operating system of its configuration.
    pub os: String,
    /// Architecture of its configuration.
    pub architecture: String,
    /// Who made it.
    pub author: Option<String>,
    /// The distribution, `debian 12`, if the image says.
    pub distribution: Option<String>,
    /// Packages that were matched.
    pub packages: usize,
    /// What was not covered, each a sentence.
    pub gaps: Vec<String>,
}

/// What came of looking at an image.
#[derive(Debug, Clone)]
pub struct Scan {
    /// Its packages; empty for an image that could not be read.
    pub inventory: Inventory,
    /// What is known of them.
    pub matches: Matches,
    /// Why it could not be read.
    pub failure: Option<String>,
    /// What is told of it.
    pub summary: Summary,
    /// Which advisories it was matched against; empty if there were none.
    pub database: String,
}

/// A package as matching sees it: what a component is.
#[derive(Serialize, Deserialize)]
pub(crate) struct Matchable {
    pub(crate) distribution: Option<Distribution>,
    pub(crate) package: Package,
}

impl Matchable {
    pub(crate) fn of(distribution: Option<&Distribution>, package: &Package) -> Self {
        let package = Package {
            kind: package.kind,
            name: package.name.clone(),
            namespace: package.namespace.clone(),
            version: package.version.clone(),
            purl: package.purl.clone(),
            arch: package.arch.clone(),
            source: package.source.clone(),
            details: package.details.clone(),
            ..Package::default()
        };
        // Language packages are judged alike wherever they are.
        let distribution = distribution.filter(|_| package.kind.is_os()).cloned();
        Self { distribution, package }
    }
}

/// The name AWS has for a level, where enhanced findings are told.
pub fn severity_name(level: Level) -> &'static str {
    match level {
        Level::Critical => "CRITICAL",
        Level::High => "HIGH",
        Level::Medium => "MEDIUM",
        Level::Low => "LOW",
        Level::Negligible => "INFORMATIONAL",
        Level::Unknown => "UNTRIAGED",
    }
}

/// How many vulnerabilities of each severity: each counts once, as severe as it is in any package.
pub fn severity_counts<'a>(findings: impl Iterator<Item = &'a Finding>) -> SeverityCounts {
    let mut worst: HashMap<&str, Level> = HashMap::new();
    for finding in findings {
        let level = worst.entry(&finding.id).or_insert(finding.level());
        *level = (*level).max(finding.level());
    }
    let mut counts = SeverityCounts::new();
    for level in worst.into_values() {
        *counts.entry(severity_name(level)).or_default() += 1;
    }
    counts
}

/// What must be remembered of a finding.
pub(crate) fn observation(finding: &Finding, now: Micros) -> Observation {
    // Evidence, texts and the place in an inventory may differ while the finding is the same.
    let told = (
        finding.level(),
        finding.state,
        &finding.fixed_version,
        &finding.known_exploited,
        &finding.severity.score.map(f32::to_bits),
        &finding.aliases,
    );
    let content = xxh3_64(&postcard::to_stdvec(&told).unwrap_or_default());
    Observation {
        level: Level::ALL.iter().position(|level| *level == finding.level()).unwrap_or(0) as u8,
        fixed: finding.fixed_version.clone(),
        exploited: finding.known_exploited.is_some(),
        score: findings::chosen_cvss(finding).and_then(|rating| rating.score),
        vendor: findings::vendor_word(finding).map(str::to_owned),
        content,
        first_seen: now,
        updated: now,
        closed: None,
    }
}

impl Scan {
    /// The components of the image, each once.
    pub fn components(&self, now: Micros) -> Vec<NewComponent> {
        let mut of_package: HashMap<usize, Observations> = HashMap::new();
        for finding in &self.matches.findings {
            let known = of_package.entry(finding.package).or_default();
            known.insert(finding.id.clone(), observation(finding, now));
        }
        let distribution = self.inventory.distribution.as_ref();
        let mut components = BTreeMap::new();
        let packages = self.inventory.packages.iter().enumerate();
        for (index, package) in packages.filter(|(_, package)| Scope::default().includes(package)) {
            let matchable = Matchable::of(distribution, package);
            let Ok(bytes) = postcard::to_stdvec(&matchable) else { continue };
            let key = Digest::sha256(&bytes).as_bytes().get(..16).unwrap_or_default().to_vec();
            let names = filed_under(matchable.distribution.as_ref(), &matchable.package);
            let names =
                names.into_iter().map(|(ecosystem, name)| (ecosystem.osv_name().to_owned(), name)).collect();
            components.entry(key.clone()).or_insert_with(|| NewComponent {
                key,
                os: package.kind.is_os(),
                package: bytes,
                names,
                findings: of_package.remove(&index).unwrap_or_default(),
            });
        }
        components.into_values().collect()
    }

    /// What is kept of the scan, once its components have ids.
    pub fn image(&self, digest: Digest, now: Micros, ids: impl Iterator<Item = ComponentId>) -> ScannedImage {
        let mut components: Vec<_> = ids.collect();
        components.sort_unstable();
        components.dedup();
        ScannedImage {
            digest,
            scanned_at: now,
            database: self.database.clone(),
            failure: self.failure.clone(),
            summary: serde_json::to_string(&self.summary).unwrap_or_default(),
            components,
        }
    }
}

impl Service {
    /// Looks at an image whose blobs are there, once all that was pushed of it is read.
    pub(crate) async fn scan_image(&self, manifest: &Parsed) -> Result<Scan, ServiceError> {
        self.layers_settled(&manifest.layers).await;
        let (config, layers) = (manifest.config, manifest.layers.clone());
        self.blocking("scanning an image", move |service| service.look_at(config, &layers)).await?
    }

    pub(crate) fn look_at(&self, config: Option<Digest>, layers: &[Layer]) -> Result<Scan, ServiceError> {
        let advisories = self.advisories();
        let config = config.map(|digest| self.config(&digest)).transpose()?.unwrap_or_default();
        let facts: Result<Vec<Option<LayerFacts>>, FactsError> = layers
            .par_iter()
            .map(|layer| match self.facts(&layer.digest) {
                Err(FactsError::Missing(_)) if layer.is_foreign => Ok(None),
                other => other.map(Some),
            })
            .collect();
        let elsewhere =
            facts.as_ref().map_or(0, |facts| facts.iter().filter(|facts| facts.is_none()).count());
        let (inventory, failure) = match facts {
            Ok(facts) => {
                let facts: Vec<_> = facts.into_iter().map(Option::unwrap_or_default).collect();
                (Inventory::of_layers(&facts), None)
            }
            Err(FactsError::Service(error)) => return Err(error),
            Err(error) => (Inventory::default(), Some(error.to_string())),
        };
        let matches = match advisories.as_deref() {
            Some(database) => find(&inventory, Scope::default(), database)?,
            None => Matches::default(),
        };
        let mut gaps = matches.gaps.clone();
        if advisories.is_none() {
            gaps.push("nothing was matched: the server has no advisory database yet".into());
        }
        if elsewhere > 0 {
            gaps.push(format!("{elsewhere} layers lie elsewhere and were not read"));
        }
        let lost = inventory.problems.iter().filter(|(_, problem)| problem.lost).count();
        if lost > 0 {
            gaps.push(format!("{lost} files could not be read"));
        }
        let summary = Summary {
            os: config.os,
            architecture: config.architecture,
            author: config.author,
            distribution: inventory.distribution.as_ref().map(|it| format!("{} {}", it.id, it.version)),
            packages: matches.packages,
            gaps,
        };
        let database = advisories.as_deref().map(content).unwrap_or_default();
        Ok(Scan { inventory, matches, failure, summary, database })
    }

    /// The configuration of an image; nothing of it for one that cannot be read, which is the layers' to tell.
    fn config(&self, digest: &Digest) -> Result<ImageConfig, ServiceError> {
        const LIMIT: u64 = 8 << 20;
        use std::io::Read as _;
        let (file, _) = self.blobs().read(digest)?;
        let mut bytes = Vec::new();
        let read = file.take(LIMIT).read_to_end(&mut bytes);
        Ok(read.ok().and_then(|_| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }
}

/// What names the advisories in a database, however they came about.
pub(crate) fn content(database: &Database) -> String {
    database.info().content.clone()
}
