//! Pull-through cache rules.

use pratique_service::pull_through::{NewPullThroughRule, PullThroughRule, Upstream};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call, caller, failure, paging};
use crate::ApiError;

/// A rule as it is told. Members that an answer's shape does not have are left out by its caller.
fn told(call: &Call, rule: &PullThroughRule, members: &[&str]) -> Value {
    let mut value = serde_json::to_value(rule).unwrap_or_default();
    if let Some(rule) = value.as_object_mut() {
        rule.insert("registryId".into(), (&*call.account).into());
        rule.retain(|name, _| members.contains(&&**name));
    }
    value
}

const COMMON: [&str; 5] =
    ["ecrRepositoryPrefix", "registryId", "credentialArn", "customRoleArn", "upstreamRepositoryPrefix"];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&COMMON[..], more].concat()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatePullThroughCacheRuleRequest {
    ecr_repository_prefix: String,
    upstream_registry_url: String,
    registry_id: Option<String>,
    upstream_registry: Option<Upstream>,
    credential_arn: Option<String>,
    custom_role_arn: Option<String>,
    upstream_repository_prefix: Option<String>,
}

pub(super) async fn create(call: &Call, input: CreatePullThroughCacheRuleRequest) -> Answer {
    let caller = caller(call, input.registry_id.as_deref()).await?;
    if Upstream::of_host(input.upstream_registry_url.trim_start_matches("https://").trim_end_matches('/'))
        .is_none()
    {
        let message = format!("The upstream registry '{}' is not supported", input.upstream_registry_url);
        return Err(ApiError::new("UnsupportedUpstreamRegistryException", message));
    }
    let new = NewPullThroughRule {
        prefix: input.ecr_repository_prefix,
        url: input.upstream_registry_url,
        upstream: input.upstream_registry,
        credential_arn: input.credential_arn,
        custom_role_arn: input.custom_role_arn,
        upstream_prefix: input.upstream_repository_prefix,
    };
    let rule = call.state.create_pull_through_rule(&caller, new).await.map_err(failure::of(call))?;
    Ok(told(call, &rule, &with(&["upstreamRegistryUrl", "createdAt", "upstreamRegistry"])))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribePullThroughCacheRulesRequest {
    registry_id: Option<String>,
    ecr_repository_prefixes: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

pub(super) async fn describe(call: &Call, input: DescribePullThroughCacheRulesRequest) -> Answer {
    let caller = caller(call, input.registry_id.as_deref()).await?;
    let prefixes = input.ecr_repository_prefixes.unwrap_or_default();
    let rules = call.state.pull_through_rules(&caller, &prefixes).await.map_err(failure::of(call))?;
    let (page, next) = paging::cut(rules, input.next_token.as_deref(), input.max_results)?;
    let members = with(&["upstreamRegistryUrl", "createdAt", "updatedAt", "upstreamRegistry"]);
    let rules: Vec<_> = page.iter().map(|rule| told(call, rule, &members)).collect();
    Ok(json!({ "pullThroughCacheRules": rules, "nextToken": next }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdatePullThroughCacheRuleRequest {
    registry_id: Option<String>,
    ecr_repository_prefix: String,
    credential_arn: Option<String>,
    custom_role_arn: Option<String>,
}

pub(super) async fn update(call: &Call, input: UpdatePullThroughCacheRuleRequest) -> Answer {
    let caller = caller(call, input.registry_id.as_deref()).await?;
    let (prefix, credential, role) =
        (&input.ecr_repository_prefix, input.credential_arn, input.custom_role_arn);
    let rule = call.state.update_pull_through_rule(&caller, prefix, credential, role).await;
    Ok(told(call, &rule.map_err(failure::of(call))?, &with(&["updatedAt"])))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfRule {
    registry_id: Option<String>,
    ecr_repository_prefix: String,
}

pub(super) async fn delete(call: &Call, input: OfRule) -> Answer {
    let caller = caller(call, input.registry_id.as_deref()).await?;
    let rule = call.state.delete_pull_through_rule(&caller, &input.ecr_repository_prefix).await;
    Ok(told(call, &rule.map_err(failure::of(call))?, &with(&["upstreamRegistryUrl", "createdAt"])))
}

pub(super) async fn validate(call: &Call, input: OfRule) -> Answer {
    let caller = caller(call, input.registry_id.as_deref()).await?;
    let rules = call.state.pull_through_rules(&caller, &[input.ecr_repository_prefix]).await;
    let rule = rules.map_err(failure::of(call))?.pop();
    let mut value = rule.map(|rule| told(call, &rule, &with(&["upstreamRegistryUrl"]))).unwrap_or_default();
    if let Some(value) = value.as_object_mut() {
        value.insert("isValid".into(), false.into());
        value.insert(
            "failure".into(),
            "This registry keeps the rule, and does not pull through it yet.".into(),
        );
    }
    Ok(value)
}
