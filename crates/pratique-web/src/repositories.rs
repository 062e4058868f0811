//! Repositories.

use std::collections::BTreeMap;

use axum::http::Method;
use jiff::Timestamp;
use pratique_image::Digest;
use pratique_service::{gate::Gate, manifests::parse_digest, repositories::Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    api::{Api, Call, Endpoint, Nothing, Page},
    problem::Problem,
};

pub(crate) fn endpoints(api: Api) -> Api {
    api.add(&Endpoint::list("/repositories", "Repositories, by their names"), list)
        .add(&Endpoint::new(Method::POST, "/repositories", "Make a repository"), create)
        .add(&Endpoint::new(Method::GET, "/repositories/{repository}", "A repository"), show)
        .add(&Endpoint::new(Method::PATCH, "/repositories/{repository}", "Change a repository"), change)
        .add(
            &Endpoint {
                query: &[("force", "`true` removes it with its images")],
                ..Endpoint::new(Method::DELETE, "/repositories/{repository}", "Remove a repository")
            },
            remove,
        )
        .add(
            &Endpoint::new(
                Method::POST,
                "/repositories/{repository}/images/{digest}/release",
                "Let an image out of quarantine for a while",
            ),
            release,
        )
}

/// What becomes of a push whose verdict is a block.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GateName {
    /// Nothing: it is told.
    Open,
    /// It is refused.
    Refuse,
    /// It is kept, and nobody may pull it.
    Quarantine,
}

impl From<GateName> for Gate {
    fn from(name: GateName) -> Self {
        match name {
            GateName::Open => Self::Open,
            GateName::Refuse => Self::Refuse,
            GateName::Quarantine => Self::Quarantine,
        }
    }
}

impl From<Gate> for GateName {
    fn from(gate: Gate) -> Self {
        match gate {
            Gate::Open => Self::Open,
            Gate::Refuse => Self::Refuse,
            Gate::Quarantine => Self::Quarantine,
        }
    }
}

/// A repository.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Repository {
    /// `team/app`
    name: String,
    /// Its ARN.
    arn: String,
    /// When it was made, RFC 3339.
    created_at: String,
    /// Its own gate; absent where the registry's gates hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    gate: Option<GateName>,
    /// Whether anybody may pull.
    anonymous_pull: bool,
    /// Whether it is to be scanned on push where the registry has no rule.
    scan_on_push: bool,
    /// Tags on the repository itself.
    tags: BTreeMap<String, String>,
}

/// A time for people and programs.
pub(crate) fn time(micros: i64) -> String {
    Timestamp::from_microsecond(micros).unwrap_or_default().to_string()
}

fn shown(call: &Call, repository: pratique_service::repositories::Repository) -> Repository {
    Repository {
        arn: call.service.repository_arn(&repository.name),
        name: repository.name,
        created_at: time(repository.created_at),
        gate: repository.settings.gate.map(GateName::from),
        anonymous_pull: repository.settings.anonymous_pull,
        scan_on_push: repository.settings.scan_on_push,
        tags: repository.tags,
    }
}

async fn list(call: Call, _: Nothing) -> Result<Page<Repository>, Problem> {
    let limit = call.limit()?;
    let all = call.service.repositories(&call.caller, call.cursor(), limit + 1).await?;
    Ok(Page::of(all, limit, |last| last.name.clone(), |repository| shown(&call, repository)))
}

/// What a new repository is like.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    /// `team/app`
    name: String,
    #[serde(flatten)]
    settings: Change,
    /// Tags on the repository itself.
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// What is to be changed; what is absent stays.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Change {
    /// What becomes of a push whose verdict is a block.
    gate: Option<GateName>,
    /// Whether anybody may pull.
    anonymous_pull: Option<bool>,
    /// Whether it is to be scanned on push where the registry has no rule.
    scan_on_push: Option<bool>,
}

impl Change {
    fn apply(&self, settings: &mut Settings) {
        settings.gate = self.gate.map(Gate::from).or(settings.gate);
        settings.anonymous_pull = self.anonymous_pull.unwrap_or(settings.anonymous_pull);
        settings.scan_on_push = self.scan_on_push.unwrap_or(settings.scan_on_push);
    }
}

async fn create(call: Call, input: Create) -> Result<Repository, Problem> {
    let mut settings = Settings::default();
    input.settings.apply(&mut settings);
    let made = call.service.create_repository(&call.caller, &input.name, settings, input.tags).await?;
    Ok(shown(&call, made))
}

async fn show(call: Call, _: Nothing) -> Result<Repository, Problem> {
    let repository = call.service.repository(&call.caller, call.path("repository")).await?;
    Ok(shown(&call, repository))
}

async fn change(call: Call, input: Change) -> Result<Repository, Problem> {
    let changed = call
        .service
        .change_repository(&call.caller, call.path("repository"), "pratique:ChangeRepository", |repository| {
            input.apply(&mut repository.settings);
            Ok(repository.clone())
        })
        .await?;
    Ok(shown(&call, changed))
}

async fn remove(call: Call, _: Nothing) -> Result<Nothing, Problem> {
    let forced = call.query("force") == Some("true");
    call.service.delete_repository(&call.caller, call.path("repository"), forced).await?;
    Ok(Nothing {})
}

/// Why an image is let out, and until when.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Release {
    /// Why.
    reason: String,
    /// Until when, RFC 3339.
    until: String,
}

async fn release(call: Call, input: Release) -> Result<Nothing, Problem> {
    let digest: Digest = parse_digest(call.path("digest"))?;
    let until: Timestamp =
        input.until.parse().map_err(|_| Problem::invalid("until is no time such as 2027-01-31T00:00:00Z"))?;
    let (repository, until) = (call.path("repository"), until.as_microsecond());
    call.service.release_image(&call.caller, repository, &digest, &input.reason, until).await?;
    Ok(Nothing {})
}
