//! Findings one by one.

use pratique_service::{
    Service as Deployment,
    events::finding::Times,
    findings::{FindingsQuery, ImageFinding, Sort, SortField, criteria::Criteria, decimal},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::refusal::told;
use crate::{ApiError, Context, deployment::person};

/// What Inspector answers at once, whatever is asked for: the model's own limit of the answer.
const MOST: usize = 25;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListFindingsRequest {
    max_results: Option<usize>,
    next_token: Option<String>,
    #[serde(default)]
    filter_criteria: Option<Criteria>,
    sort_criteria: Option<SortCriteria>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SortCriteria {
    field: SortField,
    sort_order: SortOrder,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum SortOrder {
    Asc,
    Desc,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListFindingsResponse {
    findings: Vec<Value>,
    next_token: Option<String>,
}

pub(super) async fn list_findings(
    context: &Context<Deployment>,
    input: ListFindingsRequest,
) -> Result<ListFindingsResponse, ApiError> {
    let person = person(context).await?;
    let sort = input
        .sort_criteria
        .map(|sort| Sort { field: sort.field, descending: sort.sort_order == SortOrder::Desc });
    let query = FindingsQuery {
        criteria: input.filter_criteria.unwrap_or_default(),
        sort,
        limit: input.max_results.unwrap_or(MOST).min(MOST),
        token: input.next_token.filter(|token| !token.is_empty()),
    };
    let page = context.state.list_findings(&person, query).await.map_err(told)?;
    let findings = page.findings.iter();
    let findings = findings.map(|finding| context.state.finding_document(finding, Times::Rfc3339)).collect();
    Ok(ListFindingsResponse { findings, next_token: page.next })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchGetFindingDetailsRequest {
    finding_arns: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchGetFindingDetailsResponse {
    finding_details: Vec<Value>,
    errors: Vec<Value>,
}

pub(super) async fn batch_get_finding_details(
    context: &Context<Deployment>,
    input: BatchGetFindingDetailsRequest,
) -> Result<BatchGetFindingDetailsResponse, ApiError> {
    let person = person(context).await?;
    let (mut finding_details, mut errors) = (Vec::new(), Vec::new());
    for arn in input.finding_arns {
        let id = arn.rsplit_once("finding/").map(|(_, id)| id).unwrap_or_default();
        let is_ours = context.state.finding_arn(id) == arn;
        let found = if is_ours { context.state.finding(&person, id).await.map_err(told)? } else { None };
        match found {
            Some(finding) => finding_details.push(details(&arn, &finding)),
            None => errors.push(json!({
                "findingArn": arn,
                "errorCode": "FINDING_DETAILS_NOT_FOUND",
                "errorMessage": "There is no finding of this ARN",
            })),
        }
    }
    Ok(BatchGetFindingDetailsResponse { finding_details, errors })
}

/// What the catalogues say of the vulnerability, which the finding itself has no room for.
fn details(arn: &str, finding: &ImageFinding) -> Value {
    let mut details = json!({ "findingArn": arn, "referenceUrls": finding.references });
    if let Some(score) = finding.epss {
        details["epssScore"] = decimal(score).into();
    }
    if let Some(exploited) = finding.exploited.as_ref().filter(|exploited| !exploited.since.is_empty()) {
        details["cisaData"] = cisa(&exploited.since, &exploited.due, &exploited.action);
        let since = format!("{}T00:00:00Z", exploited.since);
        details["exploitObserved"] = json!({ "firstSeen": since, "lastSeen": since });
    }
    details
}

/// An entry of CISA's catalogue.
pub(super) fn cisa(added: &str, due: &str, action: &str) -> Value {
    let mut data = json!({ "action": action });
    for (name, date) in [("dateAdded", added), ("dateDue", due)] {
        if let Ok(time) = format!("{date}T00:00:00Z").parse::<jiff::Timestamp>() {
            data[name] = time.to_string().into();
        }
    }
    data
}
