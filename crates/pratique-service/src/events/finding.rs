//! `Inspector2 Finding` and `Inspector2 Coverage`: findings as Inspector writes them, in events and (but for the form of
//! times) in the answers of its API.

use jiff::Timestamp;
use pratique_store::{Micros, event::StoredEvent};
use serde_json::{Map, Value, json};

use crate::{
    Service, ServiceError,
    coverage::Reason,
    findings::{FoundIn, ImageFinding, Score, VulnerablePackage, decimal},
    scan::severity_name,
};

/// How times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// As in events: `Wed Sep 04 16:55:38.411 UTC 2024`.
    Words,
    /// RFC 3339, which the protocols of the API turn into what they have.
    Rfc3339,
}

impl Times {
    fn micros(self, time: Micros) -> Value {
        self.write(Timestamp::from_microsecond(time).unwrap_or_default())
    }

    fn write(self, time: Timestamp) -> Value {
        match self {
            Self::Words => time.strftime("%a %b %d %H:%M:%S.%3f UTC %Y").to_string().into(),
            Self::Rfc3339 => time.to_string().into(),
        }
    }
}

/// Puts in what is there.
fn put(into: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        into.insert(name.to_owned(), value.into());
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

impl Service {
    /// `arn:aws:inspector2:REGION:ACCOUNT:finding/ID`
    pub fn finding_arn(&self, finding: &str) -> String {
        let options = self.options();
        format!("arn:aws:inspector2:{}:{}:finding/{finding}", options.region, options.account)
    }

    /// A finding as Inspector writes it.
    pub fn finding_document(&self, finding: &ImageFinding, times: Times) -> Value {
        let account = &self.options().account;
        let mut document = object(json!({
            "awsAccountId": account,
            "description": finding.description,
            "exploitAvailable": if finding.exploited.is_some() { "YES" } else { "NO" },
            "findingArn": self.finding_arn(&finding.id),
            "firstObservedAt": times.micros(finding.first_observed),
            "fixAvailable": finding.fix.name(),
            "lastObservedAt": times.micros(finding.last_observed),
            "packageVulnerabilityDetails": vulnerability(finding, times),
            "remediation": {"recommendation": {"text": "None Provided"}},
            "resources": [self.resource(&finding.image, times)],
            "severity": severity_name(finding.severity),
            "status": finding.status.name(),
            "title": finding.title.chars().take(1024).collect::<String>(),
            "type": "PACKAGE_VULNERABILITY",
            "updatedAt": times.micros(finding.updated),
        }));
        put(&mut document, "epss", finding.epss.map(|score| json!({ "score": decimal(score) })));
        if let Some(score) = &finding.score {
            document.insert("inspectorScore".into(), decimal(score.score).into());
            let adjusted = json!({
                "adjustments": [],
                "cvssSource": score.source,
                "score": decimal(score.score),
                "scoreSource": score.source,
                "scoringVector": score.vector,
                "version": score.version,
            });
            document.insert("inspectorScoreDetails".into(), json!({ "adjustedCvss": adjusted }));
        }
        if let Some(exploited) = &finding.exploited
            && let Ok(since) = format!("{}T00:00:00Z", exploited.since).parse::<Timestamp>()
        {
            let details = json!({ "lastKnownExploitAt": times.write(since) });
            document.insert("exploitabilityDetails".into(), details);
        }
        Value::Object(document)
    }

    fn resource(&self, image: &FoundIn, times: Times) -> Value {
        let options = self.options();
        let pushed_at = times.micros(image.pushed_at);
        let mut ecr = object(json!({
            "architecture": image.architecture,
            "imageHash": image.digest,
            "imageTags": image.tags,
            "pushedAt": pushed_at,
            "registry": options.account,
            "repositoryName": image.repository,
        }));
        let mut neutral = object(json!({
            "repositoryName": image.repository,
            "registry": options.account,
            "imageTags": image.tags,
            "imageDigest": image.digest,
            "pushedAt": pushed_at,
            "architecture": image.architecture,
        }));
        for details in [&mut ecr, &mut neutral] {
            // The model allows no empty text.
            if image.architecture.is_empty() {
                details.remove("architecture");
            }
            put(details, "platform", image.platform.clone());
            put(details, "author", image.author.clone());
        }
        json!({
            "details": { "awsEcrContainerImage": ecr, "image": neutral },
            "id": image.arn,
            "partition": "aws",
            "provider": "AWS",
            "providerAccountId": options.account,
            "region": options.region,
            "type": "AWS_ECR_CONTAINER_IMAGE",
        })
    }

    /// `Inspector2 Finding`: what is known of a finding, because it is new, has changed or is closed. Of suppressed ones
    /// nothing is sent, but that they are suppressed now.
    ///
    /// # Errors
    /// When the event cannot be given an id.
    pub fn finding_event(&self, finding: &ImageFinding) -> Result<StoredEvent, ServiceError> {
        let detail = self.finding_document(finding, Times::Words);
        let resources = [finding.image.arn.clone()];
        self.event(finding.updated, "aws.inspector2", "Inspector2 Finding", &resources, &detail)
    }

    /// `Inspector2 Coverage`: whether an image is watched from now on, and why.
    ///
    /// # Errors
    /// When the event cannot be given an id.
    pub fn coverage_event(
        &self,
        time: Micros,
        image_arn: &str,
        reason: Reason,
    ) -> Result<StoredEvent, ServiceError> {
        let at = Timestamp::from_microsecond(time).unwrap_or_default();
        let detail = json!({
            "scanStatus": {
                "reason": reason.name(),
                "statusCodeValue": if reason.is_active() { "ACTIVE" } else { "INACTIVE" },
            },
            "scanType": "PACKAGE",
            "provider": "AWS",
            "providerAccountId": self.options().account,
            "providerRegion": self.options().region,
            "eventTimestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
            "version": "1.0",
        });
        self.event(time, "aws.inspector2", "Inspector2 Coverage", &[image_arn.to_owned()], &detail)
    }
}

/// `packageVulnerabilityDetails`
fn vulnerability(finding: &ImageFinding, times: Times) -> Value {
    let mut details = object(json!({
        "cvss": finding.scores.iter().filter(|score| !score.vector.is_empty()).map(cvss).collect::<Vec<_>>(),
        "referenceUrls": finding.references,
        "relatedVulnerabilities": finding.related,
        "source": finding.source,
        "vulnerabilityId": finding.vulnerability,
        "vulnerablePackages": finding.packages.iter().map(package).collect::<Vec<_>>(),
    }));
    let source_url = Some(&finding.source_url).filter(|url| !url.is_empty());
    put(&mut details, "sourceUrl", source_url.cloned());
    put(&mut details, "vendorSeverity", finding.vendor_severity.clone());
    put(&mut details, "vendorCreatedAt", finding.published.map(|time| times.write(time)));
    put(&mut details, "vendorUpdatedAt", finding.modified.map(|time| times.write(time)));
    Value::Object(details)
}

fn cvss(score: &Score) -> Value {
    json!({
        "baseScore": decimal(score.score),
        "scoringVector": score.vector,
        "source": score.source,
        "version": score.version,
    })
}

fn package(package: &VulnerablePackage) -> Value {
    let mut found = object(json!({ "name": package.name, "version": package.version }));
    put(&mut found, "arch", package.arch.clone());
    put(&mut found, "epoch", package.epoch);
    put(&mut found, "filePath", package.path.clone());
    put(&mut found, "fixedInVersion", package.fixed.clone());
    put(&mut found, "packageManager", package.manager);
    put(&mut found, "release", package.release.clone());
    put(&mut found, "remediation", package.remediation);
    put(&mut found, "sourceLayerHash", package.layer.clone());
    Value::Object(found)
}

#[cfg(test)]
mod tests;
