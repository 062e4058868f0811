//! Tags, which filters have.

use std::collections::BTreeMap;

use pratique_service::Service as Deployment;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    filters::id_of,
    refusal::{told, told_of_filter, unknown},
};
use crate::{ApiError, Context, deployment::person};

/// Most tags of a resource.
const TAGS: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TagResourceRequest {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

pub(super) async fn tag_resource(
    context: &Context<Deployment>,
    input: TagResourceRequest,
) -> Result<Value, ApiError> {
    let person = person(context).await?;
    if input.tags.len() > TAGS {
        return Err(ApiError::new("BadRequestException", format!("A resource may have {TAGS} tags")));
    }
    let id = id_of(context, &input.resource_arn)?;
    let change = |tags: &mut BTreeMap<String, String>| tags.extend(input.tags);
    let done = context.state.tag_filter(&person, "inspector2:TagResource", id, change).await;
    done.map_err(told_of_filter)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UntagResourceRequest {
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub(super) async fn untag_resource(
    context: &Context<Deployment>,
    input: UntagResourceRequest,
) -> Result<Value, ApiError> {
    let person = person(context).await?;
    let id = id_of(context, &input.resource_arn)?;
    let change = |tags: &mut BTreeMap<String, String>| tags.retain(|key, _| !input.tag_keys.contains(key));
    let done = context.state.tag_filter(&person, "inspector2:UntagResource", id, change).await;
    done.map_err(told_of_filter)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListTagsForResourceRequest {
    resource_arn: String,
}

#[derive(Serialize)]
pub(super) struct ListTagsForResourceResponse {
    tags: BTreeMap<String, String>,
}

pub(super) async fn list_tags_for_resource(
    context: &Context<Deployment>,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, ApiError> {
    person(context).await?;
    let id = id_of(context, &input.resource_arn)?;
    let filters = context.state.finding_filters().await.map_err(told)?;
    let filter = filters.into_iter().find(|filter| filter.id == id);
    let filter = filter.ok_or_else(|| unknown(format!("There is no filter {}", input.resource_arn)))?;
    Ok(ListTagsForResourceResponse { tags: filter.tags })
}
