//! Tags on repositories.

use serde::Deserialize;
use serde_json::json;

use super::{
    Answer, Call, caller_in, failure,
    shapes::{Tag, tag_list, tags_of},
};
use crate::ApiError;

/// Account and name of the repository that an ARN names.
fn repository_of(arn: &str) -> Result<(&str, &str), ApiError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "ecr", _, account, resource] => {
            resource.strip_prefix("repository/").map(|name| (*account, name))
        }
        _ => None,
    }
    .ok_or_else(|| {
        let message = "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'";
        ApiError::new("InvalidParameterException", message)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TagResourceRequest {
    resource_arn: String,
    tags: Vec<Tag>,
}

pub(super) async fn tag(call: &Call, input: TagResourceRequest) -> Answer {
    let (account, name) = repository_of(&input.resource_arn)?;
    let caller = caller_in(call, Some(account), name).await?;
    let tags = tags_of(Some(input.tags));
    call.state.tag_repository(&caller, name, tags).await.map_err(failure::of(call))?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UntagResourceRequest {
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub(super) async fn untag(call: &Call, input: UntagResourceRequest) -> Answer {
    let (account, name) = repository_of(&input.resource_arn)?;
    let caller = caller_in(call, Some(account), name).await?;
    call.state.untag_repository(&caller, name, &input.tag_keys).await.map_err(failure::of(call))?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListTagsForResourceRequest {
    resource_arn: String,
}

pub(super) async fn list(call: &Call, input: ListTagsForResourceRequest) -> Answer {
    let (account, name) = repository_of(&input.resource_arn)?;
    let caller = caller_in(call, Some(account), name).await?;
    let tags = call.state.repository_tags(&caller, name).await.map_err(failure::of(call))?;
    Ok(json!({ "tags": tag_list(tags) }))
}
