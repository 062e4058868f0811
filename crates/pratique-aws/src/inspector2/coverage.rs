//! What is watched.

use pratique_service::{
    Service as Deployment,
    coverage::{Covered, CoveredBy},
    findings::criteria::Criteria,
    scanning::ScanFrequency,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    refusal::{invalid, told},
    time,
};
use crate::{ApiError, Context, deployment::person};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListCoverageRequest {
    max_results: Option<usize>,
    next_token: Option<String>,
    filter_criteria: Option<Criteria>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListCoverageResponse {
    covered_resources: Vec<Value>,
    next_token: Option<String>,
}

pub(super) async fn list_coverage(
    context: &Context<Deployment>,
    input: ListCoverageRequest,
) -> Result<ListCoverageResponse, ApiError> {
    const PAGE: usize = 200;
    let person = person(context).await?;
    let criteria = input.filter_criteria.unwrap_or_default();
    let limit = input.max_results.unwrap_or(PAGE).clamp(1, PAGE);
    let token = input.next_token.as_deref().filter(|token| !token.is_empty());
    let (found, next_token) = context.state.coverage(&person, &criteria, limit, token).await.map_err(told)?;
    let covered_resources = found.iter().map(|covered| resource(context, covered)).collect();
    Ok(ListCoverageResponse { covered_resources, next_token })
}

fn resource(context: &Context<Deployment>, covered: &Covered) -> Value {
    let options = context.state.options();
    let metadata = if let Some(image) = &covered.image {
        let mut metadata = json!({ "tags": image.tags });
        if let Some(pulled_at) = image.pulled_at {
            metadata["imagePulledAt"] = time(pulled_at).into();
        }
        json!({ "ecrImage": metadata })
    } else {
        let frequency = match covered.frequency {
            ScanFrequency::Manual => "MANUAL",
            ScanFrequency::ScanOnPush => "SCAN_ON_PUSH",
            ScanFrequency::ContinuousScan => "CONTINUOUS_SCAN",
        };
        json!({ "ecrRepository": { "name": covered.repository, "scanFrequency": frequency } })
    };
    let mut resource = json!({
        "accountId": options.account,
        "provider": "AWS",
        "providerAccountId": options.account,
        "providerRegion": options.region,
        "providerPartition": "aws",
        "resourceId": covered.arn,
        "resourceType": covered.resource_type(),
        "resourceMetadata": metadata,
        "scanStatus": { "statusCode": covered.status_code(), "reason": covered.reason.name() },
        "scanType": "PACKAGE",
    });
    if let Some(scanned_at) = covered.scanned_at {
        resource["lastScannedAt"] = time(scanned_at).into();
    }
    resource
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListCoverageStatisticsRequest {
    filter_criteria: Option<Criteria>,
    group_by: Option<String>,
}

pub(super) async fn list_coverage_statistics(
    context: &Context<Deployment>,
    input: ListCoverageStatisticsRequest,
) -> Result<Value, ApiError> {
    let person = person(context).await?;
    let by = match input.group_by.as_deref() {
        None | Some("ACCOUNT_ID" | "PROVIDER" | "PROVIDER_ACCOUNT_ID" | "PROVIDER_REGION") => {
            CoveredBy::Account
        }
        Some("SCAN_STATUS_CODE") => CoveredBy::StatusCode,
        Some("SCAN_STATUS_REASON") => CoveredBy::StatusReason,
        Some("RESOURCE_TYPE") => CoveredBy::ResourceType,
        Some("ECR_REPOSITORY_NAME") => CoveredBy::Repository,
        Some(other) => return Err(invalid(format!("Nothing here has {other} to group by"))),
    };
    let criteria = input.filter_criteria.unwrap_or_default();
    let groups = context.state.count_coverage(&person, &criteria, by).await.map_err(told)?;
    let total: u64 = groups.values().sum();
    let mut answer = json!({ "totalCounts": total });
    if let Some(key) = &input.group_by {
        // A count says what it is grouped by and not of which group it is: that is AWS's model. Groups come in the order
        // of their names.
        let counts = groups.values().map(|count| json!({ "groupKey": key, "count": count }));
        answer["countsByGroup"] = counts.collect::<Vec<_>>().into();
    }
    Ok(answer)
}
