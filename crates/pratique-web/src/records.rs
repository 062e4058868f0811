//! What happened: events, and the audit log; and what runs where.

use std::collections::BTreeMap;

use axum::http::Method;
use pratique_service::manifests::parse_digest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    api::{Api, Call, Endpoint, Nothing, Page},
    problem::Problem,
    repositories::time,
};

pub(crate) fn endpoints(api: Api) -> Api {
    api.add(&Endpoint::list("/events", "Events in the EventBridge envelope, oldest first"), events)
        .add(&Endpoint::list("/audit", "The audit log, oldest first"), audit)
        .add(&Endpoint::new(Method::GET, "/deployments", "Which images run where"), deployments)
        .add(&Endpoint::new(Method::PUT, "/deployments/{digest}/{place}", "An image runs at a place"), deploy)
        .add(
            &Endpoint::new(Method::DELETE, "/deployments/{digest}/{place}", "It does not any more"),
            undeploy,
        )
}

/// Where a list by numbers goes on.
fn number(call: &Call) -> Result<i64, Problem> {
    match call.cursor() {
        "" => Ok(0),
        text => text.parse().map_err(|_| Problem::invalid("the cursor is not one that this list gave")),
    }
}

async fn events(call: Call, _: Nothing) -> Result<Page<Value>, Problem> {
    let limit = call.limit()?;
    let events = call.service.events(&call.caller, number(&call)?, limit + 1).await?;
    let show = |event: pratique_store::event::StoredEvent| {
        serde_json::from_str(&event.envelope).unwrap_or(Value::Null)
    };
    Ok(Page::of(events, limit, |last| last.seq.to_string(), show))
}

/// Something that was done, or was not allowed.
#[derive(Debug, Serialize, JsonSchema)]
struct Entry {
    /// Its number, counted from 1 without gaps.
    seq: i64,
    /// When, RFC 3339.
    time: String,
    /// Who: an access key id, `anonymous` or `system`.
    actor: String,
    /// What: `ecr:PutImage`, …
    action: String,
    /// To what: an ARN.
    resource: String,
    /// `allowed`, `denied`.
    outcome: String,
    /// More.
    detail: Value,
    /// The digest over the entry and the hash before it.
    hash: String,
}

async fn audit(call: Call, _: Nothing) -> Result<Page<Entry>, Problem> {
    let limit = call.limit()?;
    let entries = call.service.audit_entries(&call.caller, number(&call)?, limit + 1).await?;
    let show = |audited: pratique_store::audit::Audited| Entry {
        seq: audited.seq,
        time: time(audited.entry.time),
        actor: audited.entry.actor,
        action: audited.entry.action,
        resource: audited.entry.resource,
        outcome: audited.entry.outcome,
        detail: serde_json::from_str(&audited.entry.detail).unwrap_or(Value::Null),
        hash: audited.hash,
    };
    Ok(Page::of(entries, limit, |last| last.seq.to_string(), show))
}

/// Which images run where.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Deployments {
    /// Digest → place → when it was last seen there, RFC 3339.
    deployments: BTreeMap<String, BTreeMap<String, String>>,
}

async fn deployments(call: Call, _: Nothing) -> Result<Deployments, Problem> {
    let known = call.service.deployments(&call.caller).await?;
    let shown = |(digest, places): (pratique_image::Digest, BTreeMap<String, i64>)| {
        (digest.to_string(), places.into_iter().map(|(place, seen)| (place, time(seen))).collect())
    };
    Ok(Deployments { deployments: known.into_iter().map(shown).collect() })
}

async fn deploy(call: Call, _: Nothing) -> Result<Nothing, Problem> {
    let digest = parse_digest(call.path("digest"))?;
    call.service.deploy(&call.caller, &digest, call.path("place")).await?;
    Ok(Nothing {})
}

async fn undeploy(call: Call, _: Nothing) -> Result<Nothing, Problem> {
    let digest = parse_digest(call.path("digest"))?;
    call.service.undeploy(&call.caller, &digest, call.path("place")).await?;
    Ok(Nothing {})
}
