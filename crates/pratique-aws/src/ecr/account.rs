//! Settings of the account, and whose pulls do not count.

use pratique_service::account::AccountSetting;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call, caller, failure, paging};

#[derive(Deserialize)]
pub(super) struct GetAccountSettingRequest {
    name: String,
}

pub(super) async fn get_setting(call: &Call, input: GetAccountSettingRequest) -> Answer {
    let caller = caller(call, None).await?;
    let setting = AccountSetting::named(&input.name).map_err(|error| failure::of(call)(error.into()))?;
    let value = call.state.account_setting(&caller, setting).await.map_err(failure::of(call))?;
    Ok(json!({ "name": input.name, "value": value }))
}

#[derive(Deserialize)]
pub(super) struct PutAccountSettingRequest {
    name: String,
    value: String,
}

pub(super) async fn put_setting(call: &Call, input: PutAccountSettingRequest) -> Answer {
    let caller = caller(call, None).await?;
    let setting = AccountSetting::named(&input.name).map_err(|error| failure::of(call)(error.into()))?;
    call.state.put_account_setting(&caller, setting, &input.value).await.map_err(failure::of(call))?;
    Ok(json!({ "name": input.name, "value": input.value }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfPrincipal {
    principal_arn: String,
}

pub(super) async fn register_exclusion(call: &Call, input: OfPrincipal) -> Answer {
    let caller = caller(call, None).await?;
    let made = call.state.add_pull_time_exclusion(&caller, &input.principal_arn).await;
    let created = made.map_err(failure::of(call))?;
    Ok(json!({ "principalArn": input.principal_arn, "createdAt": created }))
}

pub(super) async fn deregister_exclusion(call: &Call, input: OfPrincipal) -> Answer {
    let caller = caller(call, None).await?;
    call.state.remove_pull_time_exclusion(&caller, &input.principal_arn).await.map_err(failure::of(call))?;
    Ok(json!({ "principalArn": input.principal_arn }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListPullTimeUpdateExclusionsRequest {
    max_results: Option<usize>,
    next_token: Option<String>,
}

pub(super) async fn list_exclusions(call: &Call, input: ListPullTimeUpdateExclusionsRequest) -> Answer {
    let caller = caller(call, None).await?;
    let all = call.state.pull_time_exclusions(&caller).await.map_err(failure::of(call))?;
    let (page, next) =
        paging::cut(all.into_iter().collect(), input.next_token.as_deref(), input.max_results)?;
    Ok(json!({ "pullTimeUpdateExclusions": page, "nextToken": next }))
}
