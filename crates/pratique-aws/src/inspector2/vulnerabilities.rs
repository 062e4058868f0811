//! Vulnerabilities, whatever images have them.

use pratique_service::{
    Service as Deployment,
    findings::{decimal, vulnerability::Vulnerability},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{findings::cisa, refusal::told};
use crate::{ApiError, Context, deployment::person};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SearchVulnerabilitiesRequest {
    filter_criteria: SearchCriteria,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SearchCriteria {
    vulnerability_ids: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct SearchVulnerabilitiesResponse {
    vulnerabilities: Vec<Value>,
}

/// The model allows one id.
pub(super) async fn search_vulnerabilities(
    context: &Context<Deployment>,
    input: SearchVulnerabilitiesRequest,
) -> Result<SearchVulnerabilitiesResponse, ApiError> {
    let person = person(context).await?;
    let mut vulnerabilities = Vec::new();
    for id in input.filter_criteria.vulnerability_ids {
        if let Some(found) = context.state.vulnerability(&person, &id).await.map_err(told)? {
            vulnerabilities.push(shown(&found));
        }
    }
    Ok(SearchVulnerabilitiesResponse { vulnerabilities })
}

fn shown(found: &Vulnerability) -> Value {
    let mut shown = json!({
        "id": found.id,
        "source": "NVD",
        "sourceUrl": format!("https://nvd.nist.gov/vuln/detail/{}", found.id),
        "referenceUrls": found.references,
        "relatedVulnerabilities": found.related,
    });
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            shown[name] = value;
        }
    };
    put("description", found.description.clone().map(Value::from));
    put(
        "vendorSeverity",
        found.vendor_severity.clone().map(|word| word.chars().take(64).collect::<String>().into()),
    );
    put("epss", found.epss.map(|score| json!({ "score": decimal(score) })));
    put("vendorCreatedAt", found.published.map(|time| time.to_string().into()));
    put("vendorUpdatedAt", found.modified.map(|time| time.to_string().into()));
    if let Some(exploited) = found.exploited.as_ref().filter(|exploited| !exploited.since.is_empty()) {
        put("cisaData", Some(cisa(&exploited.since, &exploited.due, &exploited.action)));
        let since = format!("{}T00:00:00Z", exploited.since);
        put("exploitObserved", Some(json!({ "firstSeen": since, "lastSeen": since })));
    }
    // NVD's word before others'.
    for (name, versions) in [("cvss2", &["2.0"][..]), ("cvss3", &["3.1", "3.0"]), ("cvss4", &["4.0"])] {
        let of_version = found.scores.iter().filter(|score| versions.contains(&score.version));
        let score = of_version.min_by_key(|score| score.source != "NVD");
        put(
            name,
            score.map(|score| json!({ "baseScore": decimal(score.score), "scoringVector": score.vector })),
        );
    }
    shown
}
