//! Layers: which are there, pushed part by part, read.

use pratique_service::{ServiceError, layers::LayerState, manifests::parse_digest};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call, caller_in, failure, shapes::OfRepository, token::endpoint};
use crate::{ApiError, Blob};

/// Bytes of a part that clients are told to send.
const PART: u64 = 10 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchCheckLayerAvailabilityRequest {
    registry_id: Option<String>,
    repository_name: String,
    layer_digests: Vec<String>,
}

pub(super) async fn batch_check(call: &Call, input: BatchCheckLayerAvailabilityRequest) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let states = call.state.layers(&caller, name, &input.layer_digests).await.map_err(failure::of(call))?;
    let (mut layers, mut failures) = (Vec::new(), Vec::new());
    for (digest, state) in input.layer_digests.into_iter().zip(states) {
        match state {
            LayerState::Available(size) => layers.push(json!({
                "layerDigest": digest,
                "layerAvailability": "AVAILABLE",
                "layerSize": size,
            })),
            LayerState::Unavailable => {
                layers.push(json!({ "layerDigest": digest, "layerAvailability": "UNAVAILABLE" }));
            }
            LayerState::Invalid if digest.is_empty() => failures.push(json!({
                "layerDigest": digest,
                "failureCode": "MissingLayerDigest",
                "failureReason": "Invalid request parameters: layer digest cannot be empty",
            })),
            LayerState::Invalid => failures.push(json!({
                "layerDigest": digest,
                "failureCode": "InvalidLayerDigest",
                "failureReason": "Invalid request parameters: layer digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
            })),
        }
    }
    Ok(json!({ "layers": layers, "failures": failures }))
}

pub(super) async fn initiate(call: &Call, input: OfRepository) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let id = call.state.begin_layer(&caller, name).await.map_err(failure::of(call))?;
    Ok(json!({ "uploadId": id, "partSize": PART }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UploadLayerPartRequest {
    registry_id: Option<String>,
    repository_name: String,
    upload_id: String,
    part_first_byte: u64,
    part_last_byte: u64,
    layer_part_blob: Blob,
}

/// Parts come in order. Smaller ones than ECR takes are taken too.
pub(super) async fn upload_part(call: &Call, input: UploadLayerPartRequest) -> Answer {
    let (name, id) = (&input.repository_name, &input.upload_id);
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let Blob(bytes) = input.layer_part_blob;
    let (first, last) = (input.part_first_byte, input.part_last_byte);
    if last.checked_sub(first).and_then(|length| length.checked_add(1)) != Some(bytes.len() as u64) {
        let constraint = "must be as many bytes as partFirstByte and partLastByte say";
        let message =
            format!("Invalid parameter at 'layerPartBlob' failed to satisfy constraint: '{constraint}'");
        return Err(ApiError::new("InvalidParameterException", message));
    }
    let added = call.state.add_part(&caller, name, id, first, bytes).await;
    let length = added.map_err(|error| match error {
        ServiceError::RangeInvalid { have } => {
            let message =
                format!("The layer part that begins at byte {first} is not the next: {have} bytes are there");
            ApiError::new("InvalidLayerPartException", message)
                .with("registryId", &*call.account)
                .with("repositoryName", &**name)
                .with("uploadId", &**id)
                .with("lastValidByteReceived", have.saturating_sub(1))
        }
        error => failure::of(call)(error),
    })?;
    Ok(json!({
        "registryId": *call.account,
        "repositoryName": name,
        "uploadId": id,
        "lastByteReceived": length.saturating_sub(1),
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CompleteLayerUploadRequest {
    registry_id: Option<String>,
    repository_name: String,
    upload_id: String,
    layer_digests: Vec<String>,
}

pub(super) async fn complete(call: &Call, input: CompleteLayerUploadRequest) -> Answer {
    let (name, id) = (&input.repository_name, &input.upload_id);
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let fail = failure::of(call);
    let said = input.layer_digests.first().map(String::as_str).unwrap_or_default();
    let digest = parse_digest(said).map_err(&fail)?;
    if call.state.upload_length(&caller, name, id).await.map_err(&fail)? == 0 {
        let message = format!("The upload with id '{id}' has no parts");
        return Err(ApiError::new("EmptyUploadException", message));
    }
    if call.state.has_layer(&caller, name, &digest).await.map_err(&fail)? {
        call.state.cancel_upload(&caller, name, id).await.map_err(&fail)?;
        let message = format!(
            "Layer with digest '{digest}' already exists in the repository with name '{name}' in registry with id '{}'",
            call.account
        );
        return Err(ApiError::new("LayerAlreadyExistsException", message));
    }
    let finished = call.state.finish_upload(&caller, name, id, &digest).await;
    finished.map_err(|error| match error {
        ServiceError::DigestInvalid(message) => ApiError::new("InvalidLayerException", message),
        error => fail(error),
    })?;
    Ok(json!({
        "registryId": *call.account,
        "repositoryName": name,
        "uploadId": id,
        "layerDigest": digest.to_string(),
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GetDownloadUrlForLayerRequest {
    registry_id: Option<String>,
    repository_name: String,
    layer_digest: String,
}

pub(super) async fn download_url(call: &Call, input: GetDownloadUrlForLayerRequest) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let digest = parse_digest(&input.layer_digest).map_err(failure::of(call))?;
    let download = call.state.offer_download(&caller, name, &digest).await.map_err(failure::of(call))?;
    let query = format!("expires={}&signature={}", download.expires, download.signature);
    let url = format!("{}/v2/{name}/blobs/{digest}?{query}", endpoint(call));
    Ok(json!({ "downloadUrl": url, "layerDigest": digest.to_string() }))
}
