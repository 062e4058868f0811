//! `enhancedFindings` of `DescribeImageScanFindings`: Inspector's findings in ECR's words.
//!
//! ECR has them in a shape of its own, older than Inspector's: scores are `score` and `scoreDetails.cvss`, packages have no
//! remediation, images no neutral description.

use pratique_service::{Service as Deployment, events::finding::Times, findings::ImageFinding};
use serde_json::{Map, Value, json};

/// The findings of an image, in their order.
pub(crate) fn enhanced_findings<'a>(
    deployment: &Deployment,
    findings: impl IntoIterator<Item = &'a ImageFinding>,
) -> Vec<Value> {
    findings
        .into_iter()
        .map(|finding| enhanced(deployment.finding_document(finding, Times::Rfc3339)))
        .collect()
}

/// Inspector's document → ECR's.
fn enhanced(document: Value) -> Value {
    let Value::Object(mut finding) = document else { return document };
    if let Some(score) = finding.remove("inspectorScore") {
        finding.insert("score".to_owned(), score);
    }
    let details = finding.remove("inspectorScoreDetails");
    if let Some(mut cvss) = details.and_then(|mut details| details.get_mut("adjustedCvss").map(Value::take)) {
        remove(&mut cvss, &["cvssSource"]);
        finding.insert("scoreDetails".to_owned(), json!({ "cvss": cvss }));
    }
    finding.remove("epss");
    finding.remove("exploitabilityDetails");
    if let Some(packages) = finding
        .get_mut("packageVulnerabilityDetails")
        .and_then(|details| details.get_mut("vulnerablePackages"))
        .and_then(Value::as_array_mut)
    {
        for package in packages {
            remove(package, &["remediation"]);
        }
    }
    if let Some(resources) = finding.get_mut("resources").and_then(Value::as_array_mut) {
        for resource in resources {
            remove(resource, &["partition", "provider", "providerAccountId", "region"]);
            if let Some(details) = resource.get_mut("details") {
                remove(details, &["image"]);
            }
        }
    }
    Value::Object(finding)
}

fn remove(value: &mut Value, names: &[&str]) {
    let object: Option<&mut Map<String, Value>> = value.as_object_mut();
    if let Some(object) = object {
        for name in names {
            object.remove(*name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inspectors_finding_becomes_ecrs() {
        let finding = enhanced(json!({
            "title": "CVE-2024-6119 - openssl",
            "epss": { "score": 0.1 },
            "inspectorScore": 9.8,
            "inspectorScoreDetails": { "adjustedCvss": { "score": 9.8, "cvssSource": "NVD", "scoreSource": "NVD" } },
            "packageVulnerabilityDetails": { "vulnerablePackages": [{ "name": "openssl", "remediation": "update" }] },
            "resources": [{
                "id": "arn", "region": "us-east-1", "partition": "aws", "provider": "AWS",
                "details": { "awsEcrContainerImage": { "registry": "1" }, "image": { "registry": "1" } },
            }],
        }));
        let want = json!({
            "title": "CVE-2024-6119 - openssl",
            "score": 9.8,
            "scoreDetails": { "cvss": { "score": 9.8, "scoreSource": "NVD" } },
            "packageVulnerabilityDetails": { "vulnerablePackages": [{ "name": "openssl" }] },
            "resources": [{ "id": "arn", "details": { "awsEcrContainerImage": { "registry": "1" } } }],
        });
        assert_eq!(finding, want);
    }
}
