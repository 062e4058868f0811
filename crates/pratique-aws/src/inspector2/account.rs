//! Whether Inspector is on, and how long images are watched.
//!
//! It is on while the registry is scanned ENHANCED, and switching it off makes the registry BASIC, as AWS does.

use pratique_service::{
    Service as Deployment,
    scanning::{RegistryScanning, ScanType, rescan::RescanSettings},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    refusal::{check_account, invalid, told},
    time,
};
use crate::{ApiError, Context, deployment::person};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Accounts {
    #[serde(default)]
    account_ids: Vec<String>,
    #[serde(default)]
    resource_types: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountsResponse {
    accounts: Vec<Value>,
    failed_accounts: Vec<Value>,
}

/// What only images have a scanner for.
const ECR: &str = "ECR";

async fn is_on(context: &Context<Deployment>) -> Result<bool, ApiError> {
    Ok(context.state.registry_scanning().await.map_err(told)?.scan_type() == ScanType::Enhanced)
}

fn status(is_on: bool) -> &'static str {
    if is_on { "ENABLED" } else { "DISABLED" }
}

/// The accounts that are meant, one of which can only be the deployment's; what is said of the others.
fn failed(context: &Context<Deployment>, ids: &[String]) -> (bool, Vec<Value>) {
    let own = &context.state.options().account;
    let others = ids.iter().filter(|id| *id != own);
    let failed = others.map(|id| {
        json!({
            "accountId": id,
            "errorCode": "ACCESS_DENIED",
            "errorMessage": "The account is not a member of this one",
        })
    });
    (ids.is_empty() || ids.contains(own), failed.collect())
}

/// `Account` of `Enable` and `Disable`.
async fn account(context: &Context<Deployment>) -> Result<Value, ApiError> {
    let ecr = status(is_on(context).await?);
    Ok(json!({
        "accountId": context.state.options().account,
        "status": ecr,
        "resourceStatus": {
            "ec2": "DISABLED", "ecr": ecr, "lambda": "DISABLED", "lambdaCode": "DISABLED",
            "codeRepository": "DISABLED",
        },
    }))
}

/// What is asked for besides images is not there: the answer says DISABLED.
pub(super) async fn enable(
    context: &Context<Deployment>,
    input: Accounts,
) -> Result<AccountsResponse, ApiError> {
    let person = person(context).await?;
    let (is_meant, failed_accounts) = failed(context, &input.account_ids);
    let mut accounts = Vec::new();
    if is_meant {
        if input.resource_types.iter().any(|kind| kind == ECR) && !is_on(context).await? {
            let scanning = RegistryScanning::new(ScanType::Enhanced, None);
            let scanning = scanning.map_err(|error| invalid(error.to_string()))?;
            context.state.put_registry_scanning(&person, &scanning).await.map_err(told)?;
        }
        accounts.push(account(context).await?);
    }
    Ok(AccountsResponse { accounts, failed_accounts })
}

/// Without types all are meant.
pub(super) async fn disable(
    context: &Context<Deployment>,
    input: Accounts,
) -> Result<AccountsResponse, ApiError> {
    let person = person(context).await?;
    let (is_meant, failed_accounts) = failed(context, &input.account_ids);
    let mut accounts = Vec::new();
    if is_meant {
        let types = &input.resource_types;
        if (types.is_empty() || types.iter().any(|kind| kind == ECR)) && is_on(context).await? {
            let scanning = RegistryScanning::default();
            context.state.put_registry_scanning(&person, &scanning).await.map_err(told)?;
        }
        accounts.push(account(context).await?);
    }
    Ok(AccountsResponse { accounts, failed_accounts })
}

pub(super) async fn batch_get_account_status(
    context: &Context<Deployment>,
    input: Accounts,
) -> Result<AccountsResponse, ApiError> {
    person(context).await?;
    let (is_meant, failed_accounts) = failed(context, &input.account_ids);
    let mut accounts = Vec::new();
    if is_meant {
        let ecr = is_on(context).await?;
        // Code and message are required members, also where nothing is wrong.
        let state = |is_on: bool| {
            let (code, message) = if is_on {
                ("ALREADY_ENABLED", "Scanning is enabled")
            } else {
                ("RESOURCE_NOT_FOUND", "Scanning is not enabled")
            };
            json!({ "status": status(is_on), "errorCode": code, "errorMessage": message })
        };
        accounts.push(json!({
            "accountId": context.state.options().account,
            "state": state(ecr),
            "resourceState": {
                "ec2": state(false), "ecr": state(ecr), "lambda": state(false), "lambdaCode": state(false),
                "codeRepository": state(false),
            },
        }));
    }
    Ok(AccountsResponse { accounts, failed_accounts })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GetConfigurationRequest {
    account_id: Option<String>,
}

pub(super) async fn get_configuration(
    context: &Context<Deployment>,
    input: GetConfigurationRequest,
) -> Result<Value, ApiError> {
    person(context).await?;
    if let Some(account) = &input.account_id {
        check_account(context, account)?;
    }
    let (settings, since) = context.state.rescan_settings().await.map_err(told)?;
    let mut state = serde_json::to_value(settings).map_err(ApiError::internal)?;
    state["status"] = "SUCCESS".into();
    if let Some(since) = since {
        state["updatedAt"] = time(since).into();
    }
    if settings.pull_date_rescan_duration.is_none()
        && let Some(state) = state.as_object_mut()
    {
        // A way to count days of which there are none.
        state.remove("pullDateRescanMode");
    }
    Ok(json!({ "ecrConfiguration": { "rescanDurationState": state } }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateConfigurationRequest {
    account_id: Option<String>,
    ecr_configuration: Option<RescanSettings>,
    ec2_configuration: Option<Value>,
    ami_configuration: Option<Value>,
    update_configuration_inheritance: Option<Value>,
}

pub(super) async fn update_configuration(
    context: &Context<Deployment>,
    input: UpdateConfigurationRequest,
) -> Result<Value, ApiError> {
    let person = person(context).await?;
    if let Some(account) = &input.account_id {
        check_account(context, account)?;
    }
    let others = [
        ("ec2Configuration", &input.ec2_configuration),
        ("amiConfiguration", &input.ami_configuration),
        ("updateConfigurationInheritance", &input.update_configuration_inheritance),
    ];
    if let Some((name, _)) = others.iter().find(|(_, value)| value.is_some()) {
        return Err(invalid(format!("{name} cannot be set here: only images are scanned")));
    }
    let Some(settings) = input.ecr_configuration else {
        return Err(invalid("There is nothing to update: give ecrConfiguration"));
    };
    context.state.put_rescan_settings(&person, &settings).await.map_err(told)?;
    Ok(json!({}))
}
