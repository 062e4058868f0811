//! The token that `docker login` takes for a password.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use pratique_service::identity::{TOKEN_LIFETIME, TOKEN_USER};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call, caller};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GetAuthorizationTokenRequest {
    registry_ids: Option<Vec<String>>,
}

/// One token opens every repository that the caller may reach; `registryIds` is of the past, and answered one each.
pub(super) async fn get_authorization_token(call: &Call, input: GetAuthorizationTokenRequest) -> Answer {
    let registries = input.registry_ids.unwrap_or_default();
    for registry in &registries {
        caller(call, Some(registry)).await?;
    }
    let caller = caller(call, None).await?;
    let token = call.state.issue_token(&caller, TOKEN_LIFETIME);
    let data = json!({
        "authorizationToken": BASE64_STANDARD.encode(format!("{TOKEN_USER}:{}", token.text)),
        "expiresAt": Timestamp::from_second(token.expires).unwrap_or_default(),
        "proxyEndpoint": endpoint(call),
    });
    Ok(json!({ "authorizationData": vec![data; registries.len().max(1)] }))
}

/// The address of the registry: that which the client has reached.
pub(super) fn endpoint(call: &Call) -> String {
    format!("{}://{}", if call.is_tls { "https" } else { "http" }, call.host)
}
