//! Findings counted.

use std::cmp::Reverse;

use pratique_service::{
    Service as Deployment,
    findings::{
        Level,
        aggregate::{By, Counts, Group},
        criteria::{Condition, Criteria},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    findings::SortOrder,
    refusal::{invalid, told},
};
use crate::{ApiError, Context, deployment::person};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListFindingAggregationsRequest {
    aggregation_type: String,
    next_token: Option<String>,
    max_results: Option<usize>,
    #[serde(default)]
    account_ids: Vec<Condition>,
    /// A union: one member, which is called like the type.
    #[serde(default)]
    aggregation_request: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListFindingAggregationsResponse {
    aggregation_type: String,
    responses: Vec<Value>,
    next_token: Option<String>,
}

/// What all requests have in common, and their lists of conditions.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Request {
    sort_order: Option<SortOrder>,
    sort_by: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Which criterion a member of a request stands for.
fn criterion(member: &str) -> Option<&'static str> {
    Some(match member {
        "repositories" => "ecrImageRepositoryName",
        "resourceIds" => "resourceId",
        "imageShas" => "ecrImageHash",
        "architectures" => "ecrImageArchitecture",
        "imageTags" => "ecrImageTags",
        "titles" => "title",
        "vulnerabilityIds" => "vulnerabilityId",
        "cloudProviders" => "cloudProvider",
        "cloudAccountIds" => "cloudProviderAccountId",
        "cloudRegions" => "cloudProviderRegion",
        "findingType" => "findingType",
        "resourceType" => "resourceType",
        _ => return None,
    })
}

pub(super) async fn list_finding_aggregations(
    context: &Context<Deployment>,
    input: ListFindingAggregationsRequest,
) -> Result<ListFindingAggregationsResponse, ApiError> {
    const PAGE: usize = 100;
    let person = person(context).await?;
    let (by, member) = match &*input.aggregation_type {
        "FINDING_TYPE" => (Some(By::All), "findingTypeAggregation"),
        "ACCOUNT" => (Some(By::All), "accountAggregation"),
        "PACKAGE" => (Some(By::Package), "packageAggregation"),
        "TITLE" => (Some(By::Title), "titleAggregation"),
        "REPOSITORY" => (Some(By::Repository), "repositoryAggregation"),
        "AWS_ECR_CONTAINER" => (Some(By::Image), "awsEcrContainerAggregation"),
        "IMAGE_LAYER" => (Some(By::Layer), "imageLayerAggregation"),
        // Of what is no image there are no findings.
        _ => (None, ""),
    };
    if let Some(other) = input.aggregation_request.keys().find(|name| by.is_some() && **name != member) {
        return Err(invalid(format!(
            "aggregationRequest has {other}, and aggregationType {} needs {member}",
            input.aggregation_type
        )));
    }
    let request = match input.aggregation_request.get(member) {
        Some(request) => {
            serde_json::from_value(request.clone()).map_err(|error| invalid(error.to_string()))?
        }
        None => Request::default(),
    };
    let mut criteria = Criteria::default();
    if !input.account_ids.is_empty() {
        criteria.add("awsAccountId", input.account_ids);
    }
    let (mut names, mut layers) = (Criteria::default(), Criteria::default());
    for (name, value) in request.others {
        let conditions: Vec<Condition> = match value {
            Value::Null => continue,
            Value::String(text) => vec![Condition::equals(text)],
            list => serde_json::from_value(list).map_err(|error| invalid(error.to_string()))?,
        };
        match (&*name, criterion(&name)) {
            ("packageNames", _) => names.add("name", conditions),
            ("layerHashes", _) => layers.add("name", conditions),
            (_, Some(criterion)) => criteria.add(criterion, conditions),
            // About something that images do not have: nothing fits.
            (name, None) => criteria.add(name, conditions),
        }
    }
    let mut groups = match by {
        Some(by) => context.state.count_findings(&person, by, criteria).await.map_err(told)?,
        None => Vec::new(),
    };
    groups.retain(|group| names.fits_name(&group.name) && layers.fits_name(&group.name));
    let key = |group: &Group| match request.sort_by.as_deref() {
        Some("CRITICAL") => group.counts.of(Level::Critical),
        Some("HIGH") => group.counts.of(Level::High),
        Some("AFFECTED_IMAGES") => group.images,
        _ => group.counts.all,
    };
    match request.sort_order {
        Some(SortOrder::Asc) => groups.sort_by_key(key),
        _ => groups.sort_by_key(|group| Reverse(key(group))),
    }
    let from: usize = match input.next_token.as_deref().filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => {
            pratique_service::tokens::read_token(token_of(&input.aggregation_type), token).map_err(told)?
        }
    };
    let to = from.saturating_add(input.max_results.unwrap_or(PAGE).clamp(1, PAGE));
    let account = &context.state.options().account;
    let shown = groups.iter().skip(from).take(to - from);
    let responses = shown.map(|group| json!({ member: response(by, account, group) })).collect();
    let next_token = (to < groups.len())
        .then(|| pratique_service::tokens::write_token(token_of(&input.aggregation_type), &to));
    Ok(ListFindingAggregationsResponse { aggregation_type: input.aggregation_type, responses, next_token })
}

/// Names the aggregation in its tokens.
fn token_of(aggregation: &str) -> u64 {
    aggregation.bytes().fold(0, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)))
}

fn counts(counts: &Counts) -> Value {
    json!({
        "all": counts.all,
        "critical": counts.of(Level::Critical),
        "high": counts.of(Level::High),
        "medium": counts.of(Level::Medium),
        "low": counts.of(Level::Low),
        "informational": counts.of(Level::Negligible),
        "untriaged": counts.of(Level::Unknown),
    })
}

fn response(by: Option<By>, account: &str, group: &Group) -> Value {
    let mut response = json!({ "accountId": account, "severityCounts": counts(&group.counts) });
    match by {
        Some(By::All) => {
            response["exploitAvailableCount"] = group.exploited.into();
            response["fixAvailableCount"] = group.fixable.into();
        }
        Some(By::Package) => response["packageName"] = group.name.clone().into(),
        Some(By::Title) => {
            response["title"] = group.name.clone().into();
            response["vulnerabilityId"] = group.vulnerability.clone().into();
        }
        Some(By::Repository) => {
            response["repository"] = group.name.clone().into();
            response["affectedImages"] = group.images.into();
        }
        Some(By::Image | By::Layer) => {
            let Some(image) = &group.image else { return response };
            response["resourceId"] = image.arn.clone().into();
            response["repository"] = image.repository.clone().into();
            if by == Some(By::Layer) {
                response["layerHash"] = group.name.clone().into();
            } else {
                response["imageSha"] = image.digest.clone().into();
                response["imageTags"] = image.tags.clone().into();
                if !image.architecture.is_empty() {
                    response["architecture"] = image.architecture.clone().into();
                }
            }
        }
        None => {}
    }
    response
}
