//! The finding as it is told: what is remembered, and what facts and advisories add.

use std::sync::Arc;

use pratique_advisory::{Database, Kev, RecordId, System};
use pratique_match::{Finding, Rating};

use super::{
    Exploited, FoundIn, ImageFinding, Score, VulnerablePackage,
    detail::{Details, WhereFound},
    known::chosen_cvss,
    list::Judge,
    package::{fixed_version, manager, parts_of, remediation},
    row::{Held, Row},
    source::{publisher, source_of},
    subject::epss,
};
use crate::{Service, ServiceError, manifests::parse_digest, repositories::Repository};

/// Most characters of a description, and references: Inspector's own limits.
const DESCRIPTION: usize = 1024;
const REFERENCES: usize = 100;

impl Service {
    /// Findings of one image, in the order of `rows`.
    pub(crate) async fn build_findings(
        &self,
        judge: &Judge,
        image: &Arc<Held>,
        rows: Vec<Row>,
    ) -> Result<Vec<ImageFinding>, ServiceError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let found_in = &image.found_in;
        let details = self.details(&found_in.repository, &found_in.digest).await?;
        let tags = {
            let mut session = self.store().read().await?;
            let repository: Option<Repository> = session.repository(&found_in.repository).await?;
            match repository {
                Some(repository) => session.tags_of(repository.id, &parse_digest(&found_in.digest)?).await?,
                None => Vec::new(),
            }
        };
        let found_in = Arc::new(FoundIn { tags, ..found_in.clone() });
        let advisories = judge.advisories.clone();
        let statuses: Vec<_> = rows.iter().map(|row| judge.status(row, Some(&details))).collect();
        self.blocking("telling findings", move |service| {
            let rows = rows.iter().zip(statuses);
            rows.map(|(row, status)| {
                let status = status.unwrap_or(super::Status::Active);
                let finding = build(row, status, &found_in, &details, advisories.as_deref())?;
                service.recent_findings().told(&finding.id, || WhereFound {
                    repository: found_in.repository.clone(),
                    digest: found_in.digest.clone(),
                    vulnerability: finding.vulnerability.clone(),
                });
                Ok(finding)
            })
            .collect()
        })
        .await?
    }
}

fn build(
    row: &Row,
    status: super::Status,
    image: &Arc<FoundIn>,
    details: &Details,
    advisories: Option<&Database>,
) -> Result<ImageFinding, ServiceError> {
    let findings = details.findings(&row.vulnerability);
    let told = match advisories {
        Some(advisories) => told_of(advisories, &row.vulnerability, findings)?,
        None => Told::default(),
    };
    let title = row.title();
    let worst = findings.iter().max_by(|one, other| {
        let score = |finding: &Finding| chosen_cvss(finding).and_then(|rating| rating.score);
        one.level()
            .cmp(&other.level())
            .then_with(|| score(one).unwrap_or(-1.0).total_cmp(&score(other).unwrap_or(-1.0)))
    });
    let score = worst.and_then(chosen_cvss).and_then(score_of);
    let mut scores: Vec<Score> = Vec::new();
    for score in findings.iter().flat_map(|finding| &finding.severities).filter_map(score_of) {
        let is_same = |other: &Score| other.vector == score.vector && other.source == score.source;
        if !scores.iter().any(is_same) {
            scores.push(score);
        }
    }
    let (source, source_url) = match row.parts.first() {
        Some(part) => publisher(&row.vulnerability, &part.component.matchable),
        None => (source_of(&row.vulnerability), String::new()),
    };
    Ok(ImageFinding {
        id: row.id(),
        vulnerability: row.vulnerability.to_string(),
        description: told.description.filter(|text| !text.is_empty()).unwrap_or_else(|| title.clone()),
        title,
        severity: row.level,
        status,
        first_observed: row.first,
        last_observed: row.updated,
        updated: row.updated,
        packages: packages(row, details),
        fix: row.fix(),
        score,
        scores,
        vendor_severity: row.vendor_severity().map(str::to_owned),
        source,
        source_url,
        epss: epss(advisories, &row.vulnerability),
        exploited: told.exploited.or_else(|| row.is_exploited().then(Exploited::default)),
        references: told.references,
        related: details.related(&row.vulnerability).into_iter().map(str::to_owned).collect(),
        published: told.published,
        modified: told.modified,
        image: Arc::clone(image),
    })
}

/// A rating as a score, if it is one.
fn score_of(rating: &Rating) -> Option<Score> {
    let version = match rating.system? {
        System::CvssV2 => "2.0",
        System::CvssV30 => "3.0",
        System::CvssV31 => "3.1",
        System::CvssV40 => "4.0",
        _ => return None,
    };
    let source = source_of(&rating.source);
    Some(Score { score: rating.score?, vector: rating.value.clone(), version, source })
}

fn packages(row: &Row, details: &Details) -> Vec<VulnerablePackage> {
    let mut packages = Vec::with_capacity(row.parts.len());
    for part in &row.parts {
        let package = &part.component.matchable.package;
        let parts = parts_of(package.kind, &package.version);
        let told = |path: Option<&str>, layer: Option<&str>| VulnerablePackage {
            name: package.full_name().into_owned(),
            version: parts.version.to_owned(),
            epoch: parts.epoch,
            release: parts.release.map(str::to_owned),
            arch: package.arch.as_ref().map(|arch| arch.to_uppercase()),
            manager: manager(package, path),
            path: path.map(str::to_owned),
            layer: layer.map(str::to_owned),
            fixed: part.seen.fixed.as_deref().map(|version| fixed_version(package.kind, version)),
            remediation: part.seen.fixed.as_ref().and_then(|_| remediation(package.kind)),
        };
        let places = details.places(part.component.key);
        if places.is_empty() {
            packages.push(told(None, None));
        }
        packages.extend(places.iter().map(|place| told(place.path.as_deref(), place.layer.as_deref())));
    }
    packages.sort();
    packages.dedup();
    packages
}

/// What the advisories say in words.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) description: Option<String>,
    pub(crate) references: Vec<String>,
    pub(crate) published: Option<jiff::Timestamp>,
    pub(crate) modified: Option<jiff::Timestamp>,
    pub(crate) exploited: Option<Exploited>,
}

/// What the records of a vulnerability say in words.
pub(crate) fn told_of(
    advisories: &Database,
    vulnerability: &str,
    findings: &[Finding],
) -> Result<Told, pratique_advisory::Error> {
    let mut told = Told::default();
    if let Some(kev) = advisories.cve(vulnerability)?.and_then(|facts| facts.kev) {
        told.exploited = Some(exploited(&kev));
    }
    for record in records(advisories, vulnerability, findings)? {
        let head = advisories.record(record)?;
        let text = advisories.text(record)?;
        if told.published.is_none() {
            told.published = head.published();
        }
        told.modified = told.modified.max(Some(head.modified()));
        if told.description.is_none() {
            let words = if text.details.trim().is_empty() { &text.summary } else { &text.details };
            let words = words.trim();
            told.description = (!words.is_empty()).then(|| words.chars().take(DESCRIPTION).collect());
        }
        for reference in text.references {
            let is_web = reference.url.starts_with("https://") || reference.url.starts_with("http://");
            if is_web && told.references.len() < REFERENCES && !told.references.contains(&reference.url) {
                told.references.push(reference.url);
            }
        }
    }
    Ok(told)
}

/// The records that speak of a vulnerability, the most telling first: those that were evidence, else those that bear the name.
fn records(
    advisories: &Database,
    vulnerability: &str,
    findings: &[Finding],
) -> Result<Vec<RecordId>, pratique_advisory::Error> {
    const READ: usize = 4;
    let mut ids: Vec<&str> =
        findings.iter().flat_map(|finding| &finding.advisories).map(|evidence| &*evidence.id).collect();
    ids.push(vulnerability);
    let mut records = Vec::new();
    for id in ids {
        for record in advisories.find(id)? {
            if !records.contains(&record) {
                records.push(record);
            }
            if records.len() >= READ {
                return Ok(records);
            }
        }
    }
    Ok(records)
}

/// What CISA's catalogue says.
fn exploited(kev: &Kev<'_>) -> Exploited {
    Exploited { since: kev.added.to_owned(), due: kev.due.to_owned(), action: kev.action.to_owned() }
}
