//! Policies of repositories and of the registry.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Answer, Call, caller, caller_in, failure,
    shapes::{Nothing, OfRepository},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SetRepositoryPolicyRequest {
    registry_id: Option<String>,
    repository_name: String,
    policy_text: String,
    #[serde(default)]
    force: bool,
}

pub(super) async fn set_repository(call: &Call, input: SetRepositoryPolicyRequest) -> Answer {
    let (name, text) = (&input.repository_name, &input.policy_text);
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let set = call.state.set_repository_policy(&caller, name, text, input.force).await;
    set.map_err(failure::of(call))?;
    Ok(of_repository(call, name, text))
}

pub(super) async fn get_repository(call: &Call, input: OfRepository) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let text = call.state.repository_policy(&caller, name).await.map_err(failure::of(call))?;
    Ok(of_repository(call, name, &text))
}

pub(super) async fn delete_repository(call: &Call, input: OfRepository) -> Answer {
    let name = &input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), name).await?;
    let text = call.state.delete_repository_policy(&caller, name).await.map_err(failure::of(call))?;
    Ok(of_repository(call, name, &text))
}

fn of_repository(call: &Call, name: &str, text: &str) -> Value {
    json!({ "registryId": *call.account, "repositoryName": name, "policyText": text })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutRegistryPolicyRequest {
    policy_text: String,
}

pub(super) async fn put_registry(call: &Call, input: PutRegistryPolicyRequest) -> Answer {
    let caller = caller(call, None).await?;
    call.state.put_registry_policy(&caller, &input.policy_text).await.map_err(failure::of(call))?;
    Ok(json!({ "registryId": *call.account, "policyText": input.policy_text }))
}

pub(super) async fn get_registry(call: &Call, _: Nothing) -> Answer {
    let caller = caller(call, None).await?;
    let text = call.state.registry_policy(&caller).await.map_err(failure::of(call))?;
    Ok(json!({ "registryId": *call.account, "policyText": text }))
}

pub(super) async fn delete_registry(call: &Call, _: Nothing) -> Answer {
    let caller = caller(call, None).await?;
    let text = call.state.delete_registry_policy(&caller).await.map_err(failure::of(call))?;
    Ok(json!({ "registryId": *call.account, "policyText": text }))
}
