//! The security token service: who am I.

use serde::{Deserialize, Serialize};

use crate::{ApiError, Context, Operations};

#[derive(Deserialize)]
struct GetCallerIdentityRequest {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetCallerIdentityResponse {
    user_id: Box<str>,
    account: Box<str>,
    arn: Box<str>,
}

/// The operations of the service.
pub fn operations<S: Send + Sync + 'static>() -> Operations<S> {
    Operations::new().add("sts", "GetCallerIdentity", get_caller_identity)
}

/// Needs no permission: whoever can sign may ask.
async fn get_caller_identity<S: Send + Sync>(
    context: &Context<S>,
    _: GetCallerIdentityRequest,
) -> Result<GetCallerIdentityResponse, ApiError> {
    let caller = context.caller()?.clone();
    Ok(GetCallerIdentityResponse { user_id: caller.user_id, account: caller.account, arn: caller.arn })
}
