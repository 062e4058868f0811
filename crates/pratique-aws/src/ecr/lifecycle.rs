//! Lifecycle policies.

use pratique_service::lifecycle_runs::PreviewResult;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Answer, Call, caller_in, failure, paging,
    shapes::{ImageIdentifier, OfRepository, time},
};
use crate::ApiError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LifecyclePolicyRequest {
    registry_id: Option<String>,
    repository_name: String,
    lifecycle_policy_text: Option<String>,
}

pub(super) async fn put(call: &Call, input: LifecyclePolicyRequest) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let text = input.lifecycle_policy_text.unwrap_or_default();
    call.state.put_lifecycle_policy(&caller, name, &text).await.map_err(failure::of(call))?;
    Ok(json!({ "registryId": *call.account, "repositoryName": name, "lifecyclePolicyText": text }))
}

pub(super) async fn get(call: &Call, input: OfRepository) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let found = call.state.lifecycle_policy(&caller, name).await;
    let (text, evaluated_at) = found.map_err(failure::of(call))?;
    Ok(policy(call, name, &text, evaluated_at))
}

pub(super) async fn delete(call: &Call, input: OfRepository) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let gone = call.state.delete_lifecycle_policy(&caller, name).await;
    let (text, evaluated_at) = gone.map_err(failure::of(call))?;
    Ok(policy(call, name, &text, evaluated_at))
}

fn policy(call: &Call, name: &str, text: &str, evaluated_at: Option<i64>) -> Value {
    json!({
        "registryId": *call.account,
        "repositoryName": name,
        "lifecyclePolicyText": text,
        "lastEvaluatedAt": evaluated_at.map(time),
    })
}

pub(super) async fn start_preview(call: &Call, input: LifecyclePolicyRequest) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let text = input.lifecycle_policy_text.as_deref();
    let text = call.state.preview_lifecycle_policy(&caller, name, text).await.map_err(failure::of(call))?;
    // It is complete already; clients expect to wait.
    Ok(json!({
        "registryId": *call.account,
        "repositoryName": name,
        "lifecyclePolicyText": text,
        "status": "IN_PROGRESS",
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GetLifecyclePolicyPreviewRequest {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Option<Vec<ImageIdentifier>>,
    next_token: Option<String>,
    max_results: Option<usize>,
    #[serde(default)]
    filter: PreviewFilter,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct PreviewFilter {
    tag_status: Option<String>,
}

pub(super) async fn get_preview(call: &Call, input: GetLifecyclePolicyPreviewRequest) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let is_paged = input.next_token.is_some() || input.max_results.is_some();
    if is_paged && input.image_ids.is_some() {
        let message = "Invalid parameter at 'imageIds' failed to satisfy constraint: 'must be absent where nextToken or \
                       maxResults is given'";
        return Err(ApiError::new("InvalidParameterException", message));
    }
    let preview = call.state.lifecycle_preview(&caller, name).await.map_err(failure::of(call))?;
    if preview.is_over() {
        let status = "EXPIRED";
        return Ok(json!({
            "registryId": *call.account,
            "repositoryName": name,
            "lifecyclePolicyText": preview.text,
            "status": status,
        }));
    }
    let archiving = preview.results.iter().filter(|result| result.archives).count();
    let mut summary = json!({ "expiringImageTotalCount": preview.results.len() - archiving });
    if archiving > 0
        && let Some(summary) = summary.as_object_mut()
    {
        let moving = json!([{ "targetStorageClass": "ARCHIVE", "imageTotalCount": archiving }]);
        summary.insert("transitioningImageTotalCounts".into(), moving);
    }
    let mut results = preview.results;
    match input.filter.tag_status.as_deref() {
        Some("TAGGED") => results.retain(|result| !result.tags.is_empty()),
        Some("UNTAGGED") => results.retain(|result| result.tags.is_empty()),
        _ => {}
    }
    let next = if let Some(ids) = &input.image_ids {
        results.retain(|result| ids.iter().any(|id| is_meant(id, result)));
        None
    } else {
        let (page, next) = paging::cut(results, input.next_token.as_deref(), input.max_results)?;
        results = page;
        next
    };
    let results: Vec<_> = results.iter().map(result).collect();
    Ok(json!({
        "registryId": *call.account,
        "repositoryName": name,
        "lifecyclePolicyText": preview.text,
        "status": "COMPLETE",
        "nextToken": next,
        "previewResults": results,
        "summary": summary,
    }))
}

fn is_meant(id: &ImageIdentifier, result: &PreviewResult) -> bool {
    let by_digest = id.image_digest.as_ref().is_none_or(|digest| *digest == result.digest.to_string());
    let by_tag = id.image_tag.as_ref().is_none_or(|tag| result.tags.contains(tag));
    by_digest && by_tag
}

fn result(result: &PreviewResult) -> Value {
    let action = if result.archives {
        json!({ "type": "TRANSITION", "targetStorageClass": "ARCHIVE" })
    } else {
        json!({ "type": "EXPIRE" })
    };
    json!({
        "imageTags": result.tags,
        "imageDigest": result.digest.to_string(),
        "imagePushedAt": time(result.pushed_at),
        "action": action,
        "appliedRulePriority": result.rule_priority,
        "storageClass": result.storage,
    })
}
