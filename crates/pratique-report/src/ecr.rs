//! What ECR's `DescribeImageScanFindings` answers, so that what reads ECR reads us.
//!
//! Basic scanning has a flat list of findings with attributes, a finding for each vulnerability and *source* package;
//! enhanced scanning has Inspector's findings. Traps: times are seconds since 1970, as the JSON 1.1 protocol has them; the
//! levels are `INFORMATIONAL` and `UNDEFINED` for basic, `UNTRIAGED` for enhanced; counts name only levels that occur.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use jiff::Timestamp;
use pratique_advisory::Level;
use serde_json::{Value, json};

use crate::{
    asff::manager,
    cvss,
    format::{Aws, Context, WriteError},
    identity, json,
    markup::{is_link, shortened},
    model::{FindingRow, Report},
    openvex::advice_for,
    product, publisher,
};

/// Writes `report` in the shape of basic scanning.
///
/// # Errors
/// When `to` cannot be written.
pub fn write_basic(report: &Report, context: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let mut seen = BTreeSet::new();
    let findings: Vec<_> = report
        .findings
        .iter()
        .filter(|row| seen.insert((row.finding.id.as_str(), row.package.built_from())))
        .map(|row| (basic_level(row.finding.level()), basic(row)))
        .collect();
    let counts = counts(findings.iter().map(|(level, _)| *level));
    let findings: Vec<_> = findings.into_iter().map(|(_, finding)| finding).collect();
    let scanned = scan_findings(report, context, &counts, "findings", &findings);
    let description = "The scan was completed successfully.";
    answer(report, context, &scanned, &json!({ "status": "COMPLETE", "description": description }), to)
}

/// Writes `report` in the shape of enhanced scanning.
///
/// # Errors
/// When `to` cannot be written.
pub fn write_enhanced(report: &Report, context: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let time = context.time(report);
    let fingerprints = identity::fingerprints(report);
    let findings: Vec<_> = report
        .findings
        .iter()
        .zip(&fingerprints)
        .map(|(row, fingerprint)| enhanced(report, &context.aws, row, fingerprint, time))
        .collect();
    let counts = counts(report.findings.iter().map(|row| enhanced_level(row.finding.level())));
    let scanned = scan_findings(report, context, &counts, "enhancedFindings", &findings);
    let description = "Continuous scan is selected for image.";
    answer(report, context, &scanned, &json!({ "status": "ACTIVE", "description": description }), to)
}

fn counts<'a>(levels: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    levels.fold(BTreeMap::new(), |mut counts, level| {
        *counts.entry(level).or_default() += 1;
        counts
    })
}

fn scan_findings(
    report: &Report,
    context: &Context,
    counts: &BTreeMap<&str, usize>,
    key: &str,
    findings: &[Value],
) -> Value {
    let updated = report.database.newest.as_ref().unwrap_or(&report.database.created);
    let mut out = json!({
        "imageScanCompletedAt": seconds(context.time(report)),
        "findingSeverityCounts": counts,
        key: findings,
    });
    if let Ok(updated) = updated.parse::<Timestamp>() {
        out["vulnerabilitySourceUpdatedAt"] = seconds(updated);
    }
    out
}

fn answer(
    report: &Report,
    context: &Context,
    scanned: &Value,
    status: &Value,
    to: &mut dyn Write,
) -> Result<(), WriteError> {
    let mut image = json!({});
    if let Some(digest) = &report.target.digest {
        image["imageDigest"] = digest.as_str().into();
    }
    if let Some(tag) = product::reference(&report.target).and_then(|r| r.tag().map(str::to_owned)) {
        image["imageTag"] = tag.into();
    }
    let document = json!({
        "registryId": context.aws.account,
        "repositoryName": product::repository(&report.target),
        "imageId": image,
        "imageScanStatus": status,
        "imageScanFindings": scanned,
    });
    Ok(json::write(&document, to)?)
}

/// Seconds with a fraction, as AWS writes times in JSON.
fn seconds(time: Timestamp) -> Value {
    json!(time.as_second() as f64)
}

fn basic(row: &FindingRow) -> Value {
    let finding = &row.finding;
    let (name, version) = row.package.built_from();
    let mut attributes = vec![
        json!({ "key": "package_version", "value": version }),
        json!({ "key": "package_name", "value": name }),
    ];
    for rating in cvss::vectors(finding) {
        let kind = match cvss::version(rating) {
            Some("2.0") => "CVSS2",
            Some("3.0" | "3.1") => "CVSS3",
            _ => continue,
        };
        if attributes.iter().all(|known| known["key"] != format!("{kind}_VECTOR")) {
            let score = rating.score.map(|score| format!("{score:.1}")).unwrap_or_default();
            attributes.push(json!({ "key": format!("{kind}_VECTOR"), "value": rating.value }));
            attributes.push(json!({ "key": format!("{kind}_SCORE"), "value": score }));
        }
    }
    let mut out = json!({
        "name": finding.id,
        "uri": publisher::page(&finding.id),
        "severity": basic_level(finding.level()),
        "attributes": attributes,
    });
    if let Some(text) = row.description.as_ref().or(finding.title.as_ref()) {
        out["description"] = text.as_str().into();
    }
    out
}

fn enhanced(report: &Report, aws: &Aws, row: &FindingRow, fingerprint: &str, time: Timestamp) -> Value {
    let (finding, package) = (&row.finding, &row.package);
    let Aws { account, region } = aws;
    let partition = aws.partition();
    let title = format!("{} - {}", finding.id, package.full_name());
    let vectors = cvss::vectors(finding);
    let cvss: Vec<_> = vectors
        .iter()
        .map(|rating| {
            json!({
                "baseScore": rating.score.map(json::decimal),
                "scoringVector": rating.value,
                "source": publisher::of(&rating.source).id.to_uppercase(),
                "version": cvss::version(rating),
            })
        })
        .collect();
    let record = finding.advisories.first().map_or(&finding.id, |evidence| &evidence.id);
    let hash = identity::hash(&[fingerprint, &product::repository(&report.target)]);
    let mut out = json!({
        "awsAccountId": account,
        "description": row.description.as_deref().or(finding.title.as_deref()).unwrap_or(&title),
        "findingArn": format!("arn:{partition}:inspector2:{region}:{account}:finding/{hash}"),
        "firstObservedAt": seconds(time),
        "lastObservedAt": seconds(time),
        "updatedAt": seconds(time),
        "packageVulnerabilityDetails": {
            "cvss": cvss,
            "referenceUrls": row.references.iter().filter(|url| is_link(url)).collect::<Vec<_>>(),
            "relatedVulnerabilities": finding.aliases,
            "source": publisher::of(record).id.to_uppercase(),
            "sourceUrl": publisher::page(record),
            "vendorSeverity": finding.level().as_str(),
            "vulnerabilityId": finding.id,
            "vulnerablePackages": [vulnerable_package(row)],
        },
        "remediation": { "recommendation": { "text": advice_for(row) } },
        "resources": [resource(report, aws)],
        "severity": enhanced_level(finding.level()),
        "status": "ACTIVE",
        "title": shortened(&title, 1024),
        "type": "PACKAGE_VULNERABILITY",
        "fixAvailable": if finding.fixed_version.is_some() { "YES" } else { "NO" },
        "exploitAvailable": if finding.known_exploited.is_some() { "YES" } else { "NO" },
    });
    if let Some(score) = cvss::score(finding) {
        out["score"] = json::decimal(score).into();
    }
    if let Some(rating) = vectors.first() {
        out["scoreDetails"] = json!({ "cvss": {
            "adjustments": [],
            "score": rating.score.map(json::decimal),
            "scoreSource": publisher::of(&rating.source).id.to_uppercase(),
            "scoringVector": rating.value,
            "version": cvss::version(rating),
        }});
    }
    out
}

fn vulnerable_package(row: &FindingRow) -> Value {
    let package = &row.package;
    let mut out = json!({
        "name": package.full_name(),
        "version": package.version,
        "packageManager": manager(&package.kind),
    });
    let optional = [
        ("arch", package.arch.clone()),
        ("filePath", package.locations.first().cloned()),
        ("sourceLayerHash", package.layer.known_digest().map(str::to_owned)),
        ("fixedInVersion", row.finding.fixed_version.clone()),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            out[key] = value.into();
        }
    }
    out
}

fn resource(report: &Report, aws: &Aws) -> Value {
    let target = &report.target;
    let repository = product::repository(target);
    let digest = target.digest.as_deref().or(target.image_id.as_deref()).unwrap_or_default();
    let tags: Vec<_> =
        product::reference(target).and_then(|r| r.tag().map(str::to_owned)).into_iter().collect();
    let mut image = json!({
        "imageHash": digest,
        "imageTags": tags,
        "registry": aws.account,
        "repositoryName": repository,
    });
    if let Some(architecture) = product::architecture(target) {
        image["architecture"] = architecture.into();
    }
    if let Some(distribution) = &target.distribution {
        let version = distribution.version.replace('.', "_");
        image["platform"] = format!("{}_{version}", distribution.id).to_uppercase().into();
    }
    let Aws { account, region } = aws;
    json!({
        "type": "AWS_ECR_CONTAINER_IMAGE",
        "id": format!("arn:{}:ecr:{region}:{account}:repository/{repository}/{digest}", aws.partition()),
        "tags": {},
        "details": { "awsEcrContainerImage": image },
    })
}

fn basic_level(level: Level) -> &'static str {
    match level {
        Level::Critical => "CRITICAL",
        Level::High => "HIGH",
        Level::Medium => "MEDIUM",
        Level::Low => "LOW",
        Level::Negligible => "INFORMATIONAL",
        Level::Unknown => "UNDEFINED",
    }
}

fn enhanced_level(level: Level) -> &'static str {
    match level {
        Level::Negligible => "INFORMATIONAL",
        Level::Unknown => "UNTRIAGED",
        rated => basic_level(rated),
    }
}
