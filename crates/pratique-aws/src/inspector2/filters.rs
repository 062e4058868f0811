//! Filters: criteria with a name, which may suppress what they fit.

use std::collections::BTreeMap;

use pratique_service::{
    Service as Deployment,
    findings::{
        criteria::Criteria,
        suppress::{Action, FilterChange, FindingFilter},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    refusal::{told, told_of_filter, unknown},
    time,
};
use crate::{ApiError, Context, deployment::person};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateFilterRequest {
    action: Action,
    description: Option<String>,
    filter_criteria: Criteria,
    name: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    reason: Option<String>,
}

#[derive(Serialize)]
pub(super) struct FilterArn {
    arn: String,
}

/// `arn:aws:inspector2:REGION:ACCOUNT:owner/ACCOUNT/filter/ID`
pub(super) fn arn_of(context: &Context<Deployment>, id: &str) -> String {
    let options = context.state.options();
    format!(
        "arn:aws:inspector2:{}:{account}:owner/{account}/filter/{id}",
        options.region,
        account = options.account
    )
}

/// The filter that an ARN names.
pub(super) fn id_of<'a>(context: &Context<Deployment>, arn: &'a str) -> Result<&'a str, ApiError> {
    let id = arn.rsplit('/').next().unwrap_or_default();
    if arn_of(context, id) == arn {
        return Ok(id);
    }
    Err(unknown(format!("There is no filter {arn}")))
}

pub(super) async fn create_filter(
    context: &Context<Deployment>,
    input: CreateFilterRequest,
) -> Result<FilterArn, ApiError> {
    let person = person(context).await?;
    let filter = FindingFilter {
        // Given by the service.
        id: String::new(),
        created_at: 0,
        updated_at: 0,
        name: input.name,
        action: input.action,
        criteria: input.filter_criteria,
        description: input.description,
        reason: input.reason,
        tags: input.tags,
    };
    let made = context.state.create_filter(&person, filter).await.map_err(told_of_filter)?;
    Ok(FilterArn { arn: arn_of(context, &made.id) })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateFilterRequest {
    filter_arn: String,
    action: Option<Action>,
    description: Option<String>,
    filter_criteria: Option<Criteria>,
    name: Option<String>,
    reason: Option<String>,
}

pub(super) async fn update_filter(
    context: &Context<Deployment>,
    input: UpdateFilterRequest,
) -> Result<FilterArn, ApiError> {
    let person = person(context).await?;
    let id = id_of(context, &input.filter_arn)?;
    let change = FilterChange {
        name: input.name,
        action: input.action,
        criteria: input.filter_criteria,
        description: input.description,
        reason: input.reason,
    };
    context.state.update_filter(&person, id, change).await.map_err(told_of_filter)?;
    Ok(FilterArn { arn: input.filter_arn })
}

#[derive(Deserialize)]
pub(super) struct DeleteFilterRequest {
    arn: String,
}

pub(super) async fn delete_filter(
    context: &Context<Deployment>,
    input: DeleteFilterRequest,
) -> Result<FilterArn, ApiError> {
    let person = person(context).await?;
    let id = id_of(context, &input.arn)?;
    context.state.delete_filter(&person, id).await.map_err(told_of_filter)?;
    Ok(FilterArn { arn: input.arn })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListFiltersRequest {
    #[serde(default)]
    arns: Vec<String>,
    action: Option<Action>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListFiltersResponse {
    filters: Vec<Value>,
    next_token: Option<String>,
}

pub(super) async fn list_filters(
    context: &Context<Deployment>,
    input: ListFiltersRequest,
) -> Result<ListFiltersResponse, ApiError> {
    const PAGE: usize = 100;
    /// Filters are few: their tokens are those of this list, whatever is asked of it.
    const TOKEN: u64 = 0x6669_6c74_6572_7301;
    person(context).await?;
    let filters = context.state.finding_filters().await.map_err(told)?;
    // The name of the last that was told; the order is that of their making, which nothing changes.
    let after: Option<String> = match input.next_token.as_deref().filter(|token| !token.is_empty()) {
        Some(token) => Some(pratique_service::tokens::read_token(TOKEN, token).map_err(told)?),
        None => None,
    };
    let from = after
        .map_or(0, |after| filters.iter().position(|filter| filter.id == after).map_or(0, |place| place + 1));
    let mut wanted = filters.iter().skip(from).filter(|filter| {
        (input.arns.is_empty() || input.arns.contains(&arn_of(context, &filter.id)))
            && input.action.is_none_or(|action| action == filter.action)
    });
    let limit = input.max_results.unwrap_or(PAGE).clamp(1, PAGE);
    let page: Vec<&FindingFilter> = wanted.by_ref().take(limit).collect();
    let next_token = match (wanted.next(), page.last()) {
        (Some(_), Some(last)) => Some(pratique_service::tokens::write_token(TOKEN, &last.id)),
        _ => None,
    };
    let filters = page.into_iter().map(|filter| shown(context, filter)).collect();
    Ok(ListFiltersResponse { filters, next_token })
}

fn shown(context: &Context<Deployment>, filter: &FindingFilter) -> Value {
    let mut shown = json!({
        "arn": arn_of(context, &filter.id),
        "ownerId": context.state.options().account,
        "name": filter.name,
        "action": filter.action,
        "criteria": filter.criteria,
        "tags": filter.tags,
        "createdAt": time(filter.created_at),
        "updatedAt": time(filter.updated_at),
    });
    for (name, text) in [("description", &filter.description), ("reason", &filter.reason)] {
        if let Some(text) = text {
            shown[name] = text.clone().into();
        }
    }
    shown
}
