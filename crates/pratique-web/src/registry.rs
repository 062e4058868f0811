//! What holds for the registry as a whole: gates, the risk policy.

use axum::http::Method;
use pratique_policy::RiskPolicy;
use pratique_service::gate::GateRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    api::{Api, Call, Endpoint, Nothing},
    problem::Problem,
    repositories::GateName,
};

pub(crate) fn endpoints(api: Api) -> Api {
    api.add(
        &Endpoint::new(Method::GET, "/gates", "The gates of repositories without one of their own"),
        gates,
    )
    .add(&Endpoint::new(Method::PUT, "/gates", "Set them"), put_gates)
    .add(&Endpoint::new(Method::GET, "/risk-policy", "The rules by which images are judged"), policy)
    .add(
        &Endpoint::new(Method::PUT, "/risk-policy", "Set them; docs/risk-policy.md describes them"),
        put_policy,
    )
}

/// The gate of the repositories that a pattern fits.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// Names of repositories, `*` for any run of characters.
    repositories: String,
    /// Their gate.
    gate: GateName,
}

/// Gates, of which the first that fits counts.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Gates {
    /// In order.
    gates: Vec<Rule>,
}

async fn gates(call: Call, _: Nothing) -> Result<Gates, Problem> {
    call.service.check_admin(&call.caller).await?;
    let rules = call.service.gate_rules().await?;
    let shown = |rule: GateRule| Rule { repositories: rule.repositories, gate: rule.gate.into() };
    Ok(Gates { gates: rules.into_iter().map(shown).collect() })
}

async fn put_gates(call: Call, input: Gates) -> Result<Gates, Problem> {
    let rule = |rule: &Rule| GateRule { repositories: rule.repositories.clone(), gate: rule.gate.into() };
    let rules: Vec<_> = input.gates.iter().map(rule).collect();
    call.service.put_gate_rules(&call.caller, &rules).await?;
    Ok(input)
}

async fn policy(call: Call, _: Nothing) -> Result<Value, Problem> {
    call.service.check_admin(&call.caller).await?;
    let policy = call.service.risk_policy().await?;
    serde_json::to_value(policy).map_err(|error| Problem::invalid(error.to_string()))
}

async fn put_policy(call: Call, input: Value) -> Result<Value, Problem> {
    let policy =
        RiskPolicy::from_json(&input.to_string()).map_err(|error| Problem::invalid(error.to_string()))?;
    call.service.put_risk_policy(&call.caller, &policy).await?;
    Ok(input)
}
