//! Replication.

use pratique_service::{ServiceError, replication::Replication};
use serde::Deserialize;
use serde_json::json;

use super::{
    Answer, Call, caller, caller_in, failure,
    shapes::{ImageIdentifier, Nothing},
};

pub(super) async fn describe_registry(call: &Call, _: Nothing) -> Answer {
    let caller = caller(call, None).await?;
    let replication = call.state.replication(&caller).await.map_err(failure::of(call))?;
    Ok(json!({ "registryId": *call.account, "replicationConfiguration": replication }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutReplicationConfigurationRequest {
    replication_configuration: Replication,
}

pub(super) async fn put(call: &Call, input: PutReplicationConfigurationRequest) -> Answer {
    let caller = caller(call, None).await?;
    let replication = input.replication_configuration;
    call.state.put_replication(&caller, &replication).await.map_err(failure::of(call))?;
    Ok(json!({ "replicationConfiguration": replication }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeImageReplicationStatusRequest {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageIdentifier,
}

pub(super) async fn status(call: &Call, input: DescribeImageReplicationStatusRequest) -> Answer {
    let (name, id) = (&input.repository_name, input.image_id);
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let copies = call.state.copies_of(&caller, name, &id.name()).await;
    copies.map_err(|error| match error {
        ServiceError::ManifestUnknown { .. } => failure::no_image(call, name, &id),
        error => failure::of(call)(error),
    })?;
    // Nothing is copied yet, and so there is nothing to tell of any destination.
    Ok(json!({ "repositoryName": name, "imageId": id, "replicationStatuses": [] }))
}
