//! Basic scanning: the packages of the operating system, looked at when pushed or when asked.
//!
//! A finding is a vulnerability of a *source* package, as distributions publish them. It is found again from the facts of
//! the image's layers (see [`crate::scan`]), so that it is told as the advisories have it now.

use std::collections::{BTreeMap, HashSet};

use pratique_advisory::Level;
use pratique_image::Digest;
use pratique_inventory::Package;
use pratique_report::{cvss, publisher};
use pratique_store::{Micros, Session, credential::Action, image::ScannedImage};

use crate::{
    Caller, Service, ServiceError,
    images::ImageName,
    manifests::Parsed,
    now,
    repositories::Repository,
    scan::{Matchable, Scan, Summary},
    scanning::ScanType,
};

/// Scans of one image that are asked for may follow each other after so long (service quotas of ECR).
const BETWEEN_SCANS: Micros = 24 * 3600 * 1_000_000;

/// How often each severity occurs, by the names of basic scanning.
pub type Counts = BTreeMap<&'static str, u64>;

/// The name that basic scanning has for a level.
pub fn severity(level: Level) -> &'static str {
    match level {
        Level::Critical => "CRITICAL",
        Level::High => "HIGH",
        Level::Medium => "MEDIUM",
        Level::Low => "LOW",
        Level::Negligible => "INFORMATIONAL",
        Level::Unknown => "UNDEFINED",
    }
}

/// What came of scanning an image.
#[derive(Debug, Clone)]
pub struct BasicScan {
    /// Which image.
    pub digest: Digest,
    /// When it was looked at.
    pub completed_at: Micros,
    /// Of when the advisories are, as they say themselves.
    pub advisories: Option<String>,
    /// Whether there was anything to look at.
    pub outcome: Outcome,
    /// The most severe first.
    pub findings: Vec<BasicFinding>,
}

/// Whether there was anything to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// There was.
    Complete,
    /// The image could not be read, and why.
    Failed(String),
    /// There is no distribution in the image that publishes advisories.
    Unsupported,
}

/// A vulnerability of a source package.
#[derive(Debug, Clone, PartialEq)]
pub struct BasicFinding {
    /// Its name: `CVE-2024-1234`.
    pub id: String,
    /// How bad it is.
    pub level: Level,
    /// What it is.
    pub description: Option<String>,
    /// Where more can be read.
    pub uri: String,
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// CVSS: `CVSS3`, the vector, the score.
    pub vectors: Vec<(&'static str, String, f32)>,
}

/// What a package was built from.
fn built_from(package: &Package) -> (&str, &str) {
    match &package.source {
        Some(source) => (&source.name, &source.version),
        None => (&package.name, &package.version),
    }
}

impl Service {
    /// Scans an image that somebody asks to have scanned.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] where the registry scans by itself, [`ServiceError::Limit`] if it was scanned within a
    /// day, [`ServiceError::Unscannable`] for what is no image.
    pub async fn start_basic_scan(
        &self,
        caller: &Caller,
        repository: &str,
        name: &ImageName,
    ) -> Result<Digest, ServiceError> {
        self.allow(caller, Action::Scan, repository).await?;
        let mut session = self.store().read().await?;
        let (_, manifest) = self.image_in(&mut session, caller, repository, name).await?;
        let last = session.image(&manifest.digest).await?.map(|image| image.scanned_at);
        drop(session);
        if self.registry_scanning().await?.scan_type() == ScanType::Enhanced {
            return Err(ServiceError::Invalid(
                "This feature is disabled while the registry's scan type is ENHANCED".into(),
            ));
        }
        if manifest.is_archived() {
            return Err(ServiceError::Archived(manifest.digest));
        }
        let parsed = Parsed::of(&manifest.content, Some(&manifest.media_type))?;
        if !parsed.is_image() {
            return Err(ServiceError::Unscannable(manifest.digest));
        }
        if last.is_some_and(|last| last + BETWEEN_SCANS > now()) {
            return Err(ServiceError::Limit(
                "The scan quota per image has been exceeded. Wait and try again.".into(),
            ));
        }
        let scan = self.scan_image(&parsed).await?;
        self.keep_scan(caller, repository, manifest.digest, &scan).await?;
        Ok(manifest.digest)
    }

    /// What basic scanning says of an image.
    ///
    /// # Errors
    /// [`ServiceError::NotScanned`] if it was never scanned.
    pub async fn basic_scan(
        &self,
        caller: &Caller,
        repository: &str,
        name: &ImageName,
    ) -> Result<BasicScan, ServiceError> {
        let mut session = self.store().read().await?;
        let (_, manifest) = self.image_in(&mut session, caller, repository, name).await?;
        let digest = manifest.digest;
        let image = session.image(&digest).await?.ok_or(ServiceError::NotScanned(digest))?;
        drop(session);
        let advisories = self.advisories().map(|database| database.info().created.to_string());
        let completed_at = image.scanned_at;
        let outcome = outcome(&image);
        let mut told = BasicScan { digest, completed_at, advisories, outcome, findings: Vec::new() };
        if told.outcome != Outcome::Complete {
            return Ok(told);
        }
        let scan = self.scan_image(&Parsed::of(&manifest.content, Some(&manifest.media_type))?).await?;
        let mut seen = HashSet::new();
        for finding in &scan.matches.findings {
            let package = scan.inventory.packages.get(finding.package);
            let Some(package) = package.filter(|package| package.kind.is_os()) else { continue };
            let (name, version) = built_from(package);
            if !seen.insert((&finding.id, name)) {
                continue;
            }
            let mut vectors: Vec<(&'static str, String, f32)> = Vec::new();
            for rating in cvss::vectors(finding) {
                let kind = match cvss::version(rating) {
                    Some("2.0") => "CVSS2",
                    Some("3.0" | "3.1") => "CVSS3",
                    _ => continue,
                };
                if let Some(score) = rating.score
                    && vectors.iter().all(|(known, ..)| *known != kind)
                {
                    vectors.push((kind, rating.value.clone(), score));
                }
            }
            told.findings.push(BasicFinding {
                id: finding.id.clone(),
                level: finding.level(),
                description: finding.title.clone(),
                uri: publisher::page(&finding.id),
                package: name.to_owned(),
                version: version.to_owned(),
                vectors,
            });
        }
        told.findings.sort_by(|a, b| {
            b.level.cmp(&a.level).then_with(|| a.id.cmp(&b.id)).then_with(|| a.package.cmp(&b.package))
        });
        Ok(told)
    }

    /// What basic scanning says of each of these images, in numbers; nothing of those that were never scanned.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be read.
    pub async fn basic_counts(
        &self,
        digests: &[Digest],
    ) -> Result<Vec<Option<(Micros, Outcome, Counts)>>, ServiceError> {
        let mut session = self.store().read().await?;
        let mut told = Vec::with_capacity(digests.len());
        for digest in digests {
            told.push(match session.image(digest).await? {
                Some(image) => {
                    let counts = counts(&mut session, &image).await?;
                    Some((image.scanned_at, outcome(&image), counts))
                }
                None => None,
            });
        }
        Ok(told)
    }
}

fn outcome(image: &ScannedImage) -> Outcome {
    let summary: Summary = serde_json::from_str(&image.summary).unwrap_or_default();
    match (&image.failure, summary.distribution) {
        (Some(failure), _) => Outcome::Failed(failure.clone()),
        (None, None) => Outcome::Unsupported,
        (None, Some(_)) => Outcome::Complete,
    }
}

/// How many findings of each severity, from what is kept of the image's components.
pub(crate) async fn counts(session: &mut Session, image: &ScannedImage) -> Result<Counts, ServiceError> {
    let mut seen: BTreeMap<(String, String), u8> = BTreeMap::new();
    for component in session.components(&image.components).await? {
        if !component.os || component.findings.is_empty() {
            continue;
        }
        let Ok(matchable) = postcard::from_bytes::<Matchable>(&component.package) else { continue };
        let (name, _) = built_from(&matchable.package);
        for (id, known) in component.findings.iter().filter(|(_, known)| known.closed.is_none()) {
            let level = seen.entry((id.clone(), name.to_owned())).or_default();
            *level = known.level.max(*level);
        }
    }
    let mut counts = Counts::new();
    for level in seen.into_values() {
        let level = Level::ALL.get(usize::from(level)).copied().unwrap_or(Level::Unknown);
        *counts.entry(severity(level)).or_default() += 1;
    }
    Ok(counts)
}

impl Service {
    /// Keeps what came of scanning an image, and tells of it.
    async fn keep_scan(
        &self,
        caller: &Caller,
        repository: &str,
        digest: Digest,
        scan: &Scan,
    ) -> Result<(), ServiceError> {
        let time = now();
        let components = scan.components(time);
        let keys: Vec<_> = components.iter().map(|component| component.key.clone()).collect();
        let mut session = self.store().write().await?;
        let known = session.components_by_key(&keys).await?;
        let new: Vec<_> =
            components.into_iter().filter(|component| !known.contains_key(&component.key)).collect();
        let added = session.add_components(&new).await?;
        let image = scan.image(digest, time, known.into_values().chain(added.into_values()));
        session.put_image(&image).await?;
        let found: Option<Repository> = session.repository(repository).await?;
        let tags = match found {
            Some(found) => session.tags_of(found.id, &digest).await?,
            None => Vec::new(),
        };
        let (outcome, counts) = (outcome(&image), counts(&mut session, &image).await?);
        let status = if outcome == Outcome::Complete { "COMPLETE" } else { "FAILED" };
        let event = self.basic_scan_event(time, status, repository, &digest, &tags, &counts)?;
        session.add_event(&event).await?;
        let detail = serde_json::json!({ "imageDigest": digest }).to_string();
        let arn = self.repository_arn(repository);
        session.audit(&Self::entry(caller, "ecr:StartImageScan", &arn, "allowed", &detail)).await?;
        Ok(session.commit().await?)
    }
}
