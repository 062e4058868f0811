//! A surface with a few operations that answer what they are asked, one for each way in which members travel.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use pratique_aws::sigv4::{CredentialSource, Found, Lookup, LookupError, Secret, SigningKey};
use pratique_aws::{ApiError, Blob, Caller, Context, Identity, Operations, Surface, sts};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub const ACCOUNT: &str = "123456789012";
pub const ARN: &str = "arn:aws:iam::123456789012:user/admin";

/// Tags by resource.
#[derive(Default)]
pub struct State {
    tags: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
}

struct Credentials;

impl CredentialSource for Credentials {
    fn secret<'a>(&'a self, access_key_id: &'a str, session_token: Option<&'a str>) -> Lookup<'a> {
        Box::pin(async move {
            match (access_key_id, session_token) {
                (KEY, None | Some("session")) => Ok(Found {
                    secret: Secret::new(SECRET),
                    caller: Caller::new(ACCOUNT, ARN, "AIDACKCEVSQ6C2EXAMPLE"),
                }),
                (KEY, Some(_)) => Err(LookupError::Expired),
                ("AKIANOWHERE", _) => Err(LookupError::Unavailable("the database is gone".to_owned())),
                _ => Err(LookupError::Unknown),
            }
        })
    }
}

pub fn signing_key() -> SigningKey {
    SigningKey { access_key_id: KEY.to_owned(), secret: Secret::new(SECRET), session_token: None }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeRepositories {
    repository_names: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    repository_name: String,
    created_at: Timestamp,
    repository_uri: Option<String>,
}

#[derive(Serialize)]
struct Repositories {
    repositories: Vec<Repository>,
}

async fn describe_repositories(
    _: &Context<State>,
    input: DescribeRepositories,
) -> Result<Repositories, ApiError> {
    let names = input.repository_names.unwrap_or_default();
    if names.iter().any(|name| name == "absent") {
        return Err(ApiError::new("RepositoryNotFoundException", "The repository 'absent' does not exist"));
    }
    let created_at = "2026-11-22T07:00:00.25Z".parse().map_err(ApiError::internal)?;
    let repositories = names
        .into_iter()
        .map(|repository_name| Repository { repository_name, created_at, repository_uri: None })
        .collect();
    Ok(Repositories { repositories })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UploadLayerPart {
    upload_id: String,
    part_last_byte: u64,
    layer_part_blob: Blob,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LayerPart {
    last_byte_received: usize,
}

async fn upload_layer_part(_: &Context<State>, input: UploadLayerPart) -> Result<LayerPart, ApiError> {
    if input.part_last_byte + 1 != input.layer_part_blob.0.len() as u64 {
        return Err(ApiError::new("InvalidLayerPartException", "The part is not of this length")
            .with("uploadId", input.upload_id)
            .with("lastValidByteReceived", 41)
            .with("nonsense", true));
    }
    Ok(LayerPart { last_byte_received: input.layer_part_blob.0.len() - 1 })
}

/// Answers something that the model does not know.
async fn drifted(_: &Context<State>, _: Value) -> Result<Value, ApiError> {
    Ok(json!({"registryID": 7}))
}

async fn misnamed(_: &Context<State>, _: Value) -> Result<Value, ApiError> {
    Err(ApiError::new("RepositoryNotFound", "the exception has a longer name"))
}

async fn broken(_: &Context<State>, _: Value) -> Result<Value, ApiError> {
    Err(ApiError::internal("the password of the database is hunter2"))
}

async fn denied(context: &Context<State>, _: Value) -> Result<Value, ApiError> {
    Err(ApiError::denied(
        context.caller()?,
        "ecr:DeleteRepository",
        "arn:aws:ecr:us-east-1:123456789012:repository/a",
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tags {
    resource_arn: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

/// All three operations on tags.
async fn tags(context: &Context<State>, input: Tags) -> Result<Value, ApiError> {
    let mut all = context.state.tags.lock().map_err(ApiError::internal)?;
    if input.resource_arn.ends_with("/absent") {
        return Err(ApiError::new("ResourceNotFoundException", "no such resource"));
    }
    if input.resource_arn.ends_with("/busy") {
        return Err(ApiError::new("ThrottlingException", "too fast").with("retryAfterSeconds", 1));
    }
    let tags = all.entry(input.resource_arn).or_default();
    tags.extend(input.tags);
    for key in &input.tag_keys {
        tags.remove(key);
    }
    Ok(json!({}))
}

async fn list_tags(context: &Context<State>, input: Tags) -> Result<Value, ApiError> {
    let all = context.state.tags.lock().map_err(ApiError::internal)?;
    Ok(json!({ "tags": all.get(&input.resource_arn) }))
}

pub fn surface() -> Surface<State> {
    let operations = Operations::new()
        .with(sts::operations())
        .add("ecr", "DescribeRepositories", describe_repositories)
        .add("ecr", "UploadLayerPart", upload_layer_part)
        .add("ecr", "DescribeRegistry", drifted)
        .add("ecr", "GetRepositoryPolicy", misnamed)
        .add("ecr", "GetRegistryPolicy", broken)
        .add("ecr", "DeleteRepository", denied)
        .add("inspector2", "TagResource", tags)
        .add("inspector2", "UntagResource", tags)
        .add("inspector2", "ListTagsForResource", list_tags);
    let identity = Identity { account: ACCOUNT.into(), region: "us-east-1".into() };
    Surface::new(operations, Arc::new(State::default()), Arc::new(Credentials), identity).unwrap()
}
