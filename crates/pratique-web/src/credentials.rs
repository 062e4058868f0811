//! Credentials: robot accounts with what they may do and until when.

use axum::http::Method;
use jiff::Timestamp;
use pratique_store::credential::{Action, Credential, Grant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    api::{Api, Call, Endpoint, Nothing},
    problem::Problem,
    repositories::time,
};

pub(crate) fn endpoints(api: Api) -> Api {
    api.add(&Endpoint::new(Method::GET, "/credentials", "Credentials, without their secrets"), list)
        .add(&Endpoint::new(Method::POST, "/credentials", "Make one; its secret is told this once"), create)
        .add(&Endpoint::new(Method::DELETE, "/credentials/{id}", "Remove one"), remove)
}

/// Something that one may do in some repositories.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Scope {
    /// Names of repositories, `*` for any run of characters.
    repositories: String,
    /// What: pull, push, delete, scan, release, admin.
    actions: Vec<ActionName>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ActionName {
    Pull,
    Push,
    Delete,
    Scan,
    Release,
    Admin,
}

const NAMES: [(ActionName, Action); 6] = [
    (ActionName::Pull, Action::Pull),
    (ActionName::Push, Action::Push),
    (ActionName::Delete, Action::Delete),
    (ActionName::Scan, Action::Scan),
    (ActionName::Release, Action::Release),
    (ActionName::Admin, Action::Admin),
];

/// A credential.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Shown {
    /// The access key id, which is the user name too.
    id: String,
    /// What people call it.
    name: String,
    /// When it was made, RFC 3339.
    created_at: String,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// What it may do.
    scopes: Vec<Scope>,
    /// The secret access key, which is the password too; only of one that was made this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

fn shown(credential: Credential) -> Shown {
    let name = |action: &Action| NAMES.iter().find(|(_, known)| known == action).map(|(name, _)| *name);
    let scope = |grant: Grant| Scope {
        repositories: grant.repositories,
        actions: grant.actions.iter().filter_map(name).collect(),
    };
    Shown {
        id: credential.id,
        name: credential.name,
        created_at: time(credential.created_at),
        expires_at: credential.expires_at.map(time),
        scopes: credential.grants.into_iter().map(scope).collect(),
        secret: None,
    }
}

/// All of them.
#[derive(Debug, Serialize, JsonSchema)]
struct All {
    /// By their ids.
    credentials: Vec<Shown>,
}

async fn list(call: Call, _: Nothing) -> Result<All, Problem> {
    let credentials = call.service.credentials(&call.caller).await?;
    Ok(All { credentials: credentials.into_iter().map(shown).collect() })
}

/// What a new credential is like.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    /// What people call it: letters, digits and `+=,.@_-`.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// When it ends, RFC 3339; never, if absent.
    expires_at: Option<String>,
}

async fn create(call: Call, input: Create) -> Result<Shown, Problem> {
    let action = |name: &ActionName| {
        NAMES.iter().find(|(known, _)| *known as u8 == *name as u8).map(|(_, action)| *action)
    };
    let grants: Vec<Grant> = input
        .scopes
        .iter()
        .map(|scope| Grant {
            repositories: scope.repositories.clone(),
            actions: scope.actions.iter().filter_map(action).collect(),
        })
        .collect();
    let wrong = |_| Problem::invalid("expiresAt is no time such as 2027-01-31T00:00:00Z");
    let expires = input.expires_at.as_deref().map(str::parse::<Timestamp>).transpose().map_err(wrong)?;
    let micros = expires.map(Timestamp::as_microsecond);
    let pair = call.service.create_credential(&call.caller, &input.name, grants, micros).await?;
    Ok(Shown {
        id: pair.id,
        name: input.name,
        created_at: time(pratique_service::now()),
        expires_at: input.expires_at,
        scopes: input.scopes,
        secret: Some(pair.secret),
    })
}

async fn remove(call: Call, _: Nothing) -> Result<Nothing, Problem> {
    call.service.delete_credential(&call.caller, call.path("id")).await?;
    Ok(Nothing {})
}
