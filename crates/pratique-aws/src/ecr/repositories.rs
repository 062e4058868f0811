//! Repositories.

use pratique_service::{
    immutability::{ExclusionFilter, Setting},
    repositories::Settings,
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Answer, Call, caller, caller_in, failure, paging,
    shapes::{Encryption, ImageScanning, Repository, Tag, filters, mutability, tags_of},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateRepositoryRequest {
    registry_id: Option<String>,
    repository_name: String,
    tags: Option<Vec<Tag>>,
    image_tag_mutability: Option<Setting>,
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
    image_scanning_configuration: Option<ImageScanning>,
    encryption_configuration: Option<Encryption>,
}

pub(super) async fn create(call: &Call, input: CreateRepositoryRequest) -> Answer {
    let caller = caller(call, input.registry_id.as_deref()).await?;
    let encryption = input.encryption_configuration;
    let settings = Settings {
        mutability: mutability(input.image_tag_mutability, input.image_tag_mutability_exclusion_filters)?,
        scan_on_push: input.image_scanning_configuration.unwrap_or_default().scan_on_push,
        encryption_type: encryption.as_ref().map(|encryption| encryption.encryption_type.clone()),
        kms_key: encryption.and_then(|encryption| encryption.kms_key),
        ..Settings::default()
    };
    let made =
        call.state.create_repository(&caller, &input.repository_name, settings, tags_of(input.tags)).await;
    Ok(json!({ "repository": Repository::of(call, &made.map_err(failure::of(call))?) }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeRepositoriesRequest {
    registry_id: Option<String>,
    repository_names: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

pub(super) async fn describe(call: &Call, input: DescribeRepositoriesRequest) -> Answer {
    let registry = input.registry_id.as_deref();
    if let Some(names) = input.repository_names {
        let mut repositories = Vec::with_capacity(names.len());
        for name in names {
            let caller = caller_in(call, registry, &name).await?;
            let repository = call.state.repository(&caller, &name).await.map_err(failure::of(call))?;
            repositories.push(Repository::of(call, &repository));
        }
        return Ok(json!({ "repositories": repositories }));
    }
    let caller = caller(call, registry).await?;
    let after: String = paging::start(input.next_token.as_deref())?;
    let size = paging::size(input.max_results);
    let mut found = call.state.repositories(&caller, &after, size + 1).await.map_err(failure::of(call))?;
    let has_more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| has_more).map(|last| paging::token(&last.name));
    let repositories: Vec<_> = found.iter().map(|known| Repository::of(call, known)).collect();
    Ok(json!({ "repositories": repositories, "nextToken": next }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteRepositoryRequest {
    registry_id: Option<String>,
    repository_name: String,
    #[serde(default)]
    force: bool,
}

pub(super) async fn delete(call: &Call, input: DeleteRepositoryRequest) -> Answer {
    let DeleteRepositoryRequest { registry_id, repository_name, force } = input;
    let caller = caller_in(call, registry_id.as_deref(), &repository_name).await?;
    let gone = call.state.delete_repository(&caller, &repository_name, force).await;
    Ok(json!({ "repository": Repository::of(call, &gone.map_err(failure::of(call))?) }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutImageTagMutabilityRequest {
    registry_id: Option<String>,
    repository_name: String,
    image_tag_mutability: Setting,
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
}

pub(super) async fn put_tag_mutability(call: &Call, input: PutImageTagMutabilityRequest) -> Answer {
    let name = input.repository_name;
    let caller = caller_in(call, input.registry_id.as_deref(), &name).await?;
    let new = mutability(Some(input.image_tag_mutability), input.image_tag_mutability_exclusion_filters)?;
    let answer = json!({
        "registryId": *call.account,
        "repositoryName": name,
        "imageTagMutability": new.setting(),
        "imageTagMutabilityExclusionFilters": filters(&new),
    });
    let change = call.state.change_repository(&caller, &name, "ecr:PutImageTagMutability", |repository| {
        repository.settings.mutability = new;
        Ok(())
    });
    change.await.map_err(failure::of(call))?;
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutImageScanningConfigurationRequest {
    registry_id: Option<String>,
    repository_name: String,
    image_scanning_configuration: ImageScanning,
}

pub(super) async fn put_scanning(call: &Call, input: PutImageScanningConfigurationRequest) -> Answer {
    let (name, scanning) = (input.repository_name, input.image_scanning_configuration);
    let caller = caller_in(call, input.registry_id.as_deref(), &name).await?;
    let api = "ecr:PutImageScanningConfiguration";
    let change = call.state.change_repository(&caller, &name, api, |repository| {
        repository.settings.scan_on_push = scanning.scan_on_push;
        Ok(())
    });
    change.await.map_err(failure::of(call))?;
    Ok(json!({ "registryId": *call.account, "repositoryName": name, "imageScanningConfiguration": scanning }))
}
