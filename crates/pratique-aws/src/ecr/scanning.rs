//! Scanning: which repositories, how, and what came of it.

use std::collections::BTreeMap;

use pratique_image::Digest;
use pratique_service::{
    ServiceError,
    basic::{BasicFinding, Counts, Outcome, severity},
    findings::{ImageFinding, Status},
    scan::severity_name,
    scanning::{RegistryScanning, ScanFrequency, ScanType, ScanningRule},
};
use pratique_store::Micros;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Answer, Call, caller, caller_in,
    enhanced::enhanced_findings,
    failure, paging,
    shapes::{ImageIdentifier, Nothing, time},
};
use crate::ApiError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutRegistryScanningConfigurationRequest {
    scan_type: Option<ScanType>,
    rules: Option<Vec<ScanningRule>>,
}

pub(super) async fn put_registry(call: &Call, input: PutRegistryScanningConfigurationRequest) -> Answer {
    let caller = caller(call, None).await?;
    let scan_type = match input.scan_type {
        Some(scan_type) => scan_type,
        // Only the rules are to change.
        None => call.state.registry_scanning().await.map_err(failure::of(call))?.scan_type(),
    };
    let scanning = RegistryScanning::new(scan_type, input.rules)
        .map_err(|error| ApiError::new("InvalidParameterException", error.to_string()))?;
    call.state.put_registry_scanning(&caller, &scanning).await.map_err(failure::of(call))?;
    Ok(json!({ "registryScanningConfiguration": scanning }))
}

pub(super) async fn get_registry(call: &Call, _: Nothing) -> Answer {
    caller(call, None).await?;
    let scanning = call.state.registry_scanning().await.map_err(failure::of(call))?;
    Ok(json!({ "registryId": *call.account, "scanningConfiguration": scanning }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchGetRepositoryScanningConfigurationRequest {
    repository_names: Vec<String>,
}

pub(super) async fn batch_get_repository(
    call: &Call,
    input: BatchGetRepositoryScanningConfigurationRequest,
) -> Answer {
    let caller = caller(call, None).await?;
    let scanning = call.state.registry_scanning().await.map_err(failure::of(call))?;
    let (mut configurations, mut failures) = (Vec::new(), Vec::new());
    for name in input.repository_names {
        match call.state.repository(&caller, &name).await {
            Ok(repository) => {
                let scanning = scanning.for_repository(&name, repository.settings.scan_on_push);
                configurations.push(json!({
                    "repositoryArn": call.state.repository_arn(&name),
                    "repositoryName": name,
                    "scanOnPush": scanning.scans_on_push(),
                    "scanFrequency": scanning.frequency,
                    "appliedScanFilters": scanning.applied_filters,
                }));
            }
            Err(ServiceError::RepositoryUnknown(_)) => failures.push(json!({
                "repositoryName": name,
                "failureCode": "REPOSITORY_NOT_FOUND",
                "failureReason": "The repository was not found.",
            })),
            Err(error) => return Err(failure::of(call)(error)),
        }
    }
    Ok(json!({ "scanningConfigurations": configurations, "failures": failures }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StartImageScanRequest {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageIdentifier,
}

pub(super) async fn start(call: &Call, input: StartImageScanRequest) -> Answer {
    let (name, id) = (&input.repository_name, input.image_id);
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let started = call.state.start_basic_scan(&caller, name, &id.name()).await;
    let digest = started.map_err(|error| match error {
        ServiceError::ManifestUnknown { .. } => failure::no_image(call, name, &id),
        ServiceError::Invalid(message) => ApiError::new("ValidationException", message),
        error => failure::of(call)(error),
    })?;
    // It is over already; clients expect to wait.
    Ok(json!({
        "registryId": *call.account,
        "repositoryName": name,
        "imageId": id.with_digest(digest),
        "imageScanStatus": { "status": "IN_PROGRESS" },
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeImageScanFindingsRequest {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageIdentifier,
    next_token: Option<String>,
    max_results: Option<usize>,
}

pub(super) async fn describe_findings(call: &Call, input: DescribeImageScanFindingsRequest) -> Answer {
    let (name, id) = (&input.repository_name, input.image_id.clone());
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let refused = |error| match error {
        ServiceError::ManifestUnknown { .. } => failure::no_image(call, name, &id),
        ServiceError::NotScanned(_) => {
            let message = format!(
                "Image scan does not exist for the image with '{}' in the repository with name '{name}' in the registry \
                 with id '{}'",
                id.shown(),
                call.account
            );
            ApiError::new("ScanNotFoundException", message)
        }
        error => failure::of(call)(error),
    };
    let scanning = call.state.registry_scanning().await.map_err(failure::of(call))?;
    if scanning.scan_type() == ScanType::Enhanced {
        let digest = call.state.image_digest(&caller, name, &id.name()).await.map_err(refused)?;
        let repository = call.state.repository(&caller, name).await.map_err(refused)?;
        let frequency = scanning.for_repository(name, repository.settings.scan_on_push).frequency;
        let findings = call.state.image_findings(&caller, name, &digest).await.map_err(refused)?;
        return enhanced(call, &input, digest, frequency, findings);
    }
    let scan = call.state.basic_scan(&caller, name, &id.name()).await.map_err(refused)?;
    let mut counts = Counts::new();
    for finding in &scan.findings {
        *counts.entry(severity(finding.level)).or_default() += 1;
    }
    let (page, next) = paging::cut(scan.findings, input.next_token.as_deref(), input.max_results)?;
    let mut findings = summary(call, scan.completed_at, &counts);
    if let Some(findings) = findings.as_object_mut() {
        findings.insert("findings".into(), page.iter().map(basic).collect());
    }
    let findings = Some(findings).filter(|_| scan.outcome == Outcome::Complete);
    Ok(json!({
        "registryId": *call.account,
        "repositoryName": name,
        "imageId": id.with_digest(scan.digest),
        "imageScanStatus": status(&scan.outcome),
        "imageScanFindings": findings,
        "nextToken": next,
    }))
}

/// What Inspector says of an image, in ECR's words.
fn enhanced(
    call: &Call,
    input: &DescribeImageScanFindingsRequest,
    digest: Digest,
    frequency: ScanFrequency,
    findings: Vec<ImageFinding>,
) -> Answer {
    let mut counts = BTreeMap::<&str, u64>::new();
    for finding in findings.iter().filter(|finding| finding.status == Status::Active) {
        *counts.entry(severity_name(finding.severity)).or_default() += 1;
    }
    let seen = findings.iter().map(|finding| finding.last_observed).max();
    let (page, next) = paging::cut(findings, input.next_token.as_deref(), input.max_results)?;
    let (status, description) = match frequency {
        ScanFrequency::ContinuousScan => ("ACTIVE", "Continuous scan is selected for image."),
        _ => ("COMPLETE", "The scan was completed successfully."),
    };
    let advisories = call.state.advisories().map(|database| database.info().created.to_string());
    Ok(json!({
        "registryId": *call.account,
        "repositoryName": input.repository_name,
        "imageId": input.image_id.clone().with_digest(digest),
        "imageScanStatus": { "status": status, "description": description },
        "imageScanFindings": {
            "imageScanCompletedAt": seen.map(time),
            "vulnerabilitySourceUpdatedAt": advisories,
            "findingSeverityCounts": counts,
            "enhancedFindings": enhanced_findings(&call.state, &page),
        },
        "nextToken": next,
    }))
}

/// What came of a basic scan.
pub(super) fn status(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Complete => {
            json!({ "status": "COMPLETE", "description": "The scan was completed successfully." })
        }
        Outcome::Failed(why) => json!({ "status": "FAILED", "description": why }),
        Outcome::Unsupported => json!({
            "status": "UNSUPPORTED_IMAGE",
            "description": "UnsupportedImageError: The operating system and/or package manager are not supported.",
        }),
    }
}

/// Times and counts, of lists and of pages alike.
pub(super) fn summary(call: &Call, completed_at: Micros, counts: &Counts) -> Value {
    let advisories = call.state.advisories().map(|database| database.info().created);
    json!({
        "imageScanCompletedAt": time(completed_at),
        "vulnerabilitySourceUpdatedAt": advisories.map(|created| created.to_string()),
        "findingSeverityCounts": counts,
    })
}

fn basic(finding: &BasicFinding) -> Value {
    let attribute = |key: &str, value: &str| {
        // The model has 1 to 256 characters.
        let value: String = value.chars().take(256).collect();
        json!({ "key": key, "value": Some(value).filter(|value| !value.is_empty()) })
    };
    let mut attributes =
        vec![attribute("package_version", &finding.version), attribute("package_name", &finding.package)];
    for (kind, vector, score) in &finding.vectors {
        attributes.push(attribute(&format!("{kind}_VECTOR"), vector));
        attributes.push(attribute(&format!("{kind}_SCORE"), &format!("{score:.1}")));
    }
    json!({
        "name": finding.id,
        "description": finding.description,
        "uri": finding.uri,
        "severity": severity(finding.level),
        "attributes": attributes,
    })
}
