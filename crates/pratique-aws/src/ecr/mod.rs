//! Amazon ECR: repositories, images, layers, scanning, policies (API version 2015-09-21).
//!
//! A handler reads its input, calls one operation of the service, and writes the answer. What goes wrong is said in ECR's
//! words in [`failure`], since scripts compare them. Operations of the model that are not in the table (signing, backfills
//! of replication) answer as unknown ones do.

mod account;
mod enhanced;
mod failure;
mod images;
mod layers;
mod lifecycle;
mod paging;
mod policies;
mod pull_through;
mod replication;
mod repositories;
mod scanning;
mod shapes;
mod tags;
mod templates;
mod token;

use pratique_service::{Caller as Person, Service as Deployment};

use crate::{ApiError, Context, Operations, deployment::person};

type Call = Context<Deployment>;
type Answer = Result<serde_json::Value, ApiError>;

/// The operations of the service.
pub(crate) fn operations() -> Operations<Deployment> {
    Operations::new()
        .add("ecr", "GetAuthorizationToken", token::get_authorization_token)
        .add("ecr", "CreateRepository", repositories::create)
        .add("ecr", "DescribeRepositories", repositories::describe)
        .add("ecr", "DeleteRepository", repositories::delete)
        .add("ecr", "PutImageTagMutability", repositories::put_tag_mutability)
        .add("ecr", "PutImageScanningConfiguration", repositories::put_scanning)
        .add("ecr", "TagResource", tags::tag)
        .add("ecr", "UntagResource", tags::untag)
        .add("ecr", "ListTagsForResource", tags::list)
        .add("ecr", "ListImages", images::list)
        .add("ecr", "DescribeImages", images::describe)
        .add("ecr", "BatchGetImage", images::batch_get)
        .add("ecr", "BatchDeleteImage", images::batch_delete)
        .add("ecr", "PutImage", images::put)
        .add("ecr", "ListImageReferrers", images::list_referrers)
        .add("ecr", "UpdateImageStorageClass", images::update_storage_class)
        .add("ecr", "BatchCheckLayerAvailability", layers::batch_check)
        .add("ecr", "InitiateLayerUpload", layers::initiate)
        .add("ecr", "UploadLayerPart", layers::upload_part)
        .add("ecr", "CompleteLayerUpload", layers::complete)
        .add("ecr", "GetDownloadUrlForLayer", layers::download_url)
        .add("ecr", "PutLifecyclePolicy", lifecycle::put)
        .add("ecr", "GetLifecyclePolicy", lifecycle::get)
        .add("ecr", "DeleteLifecyclePolicy", lifecycle::delete)
        .add("ecr", "StartLifecyclePolicyPreview", lifecycle::start_preview)
        .add("ecr", "GetLifecyclePolicyPreview", lifecycle::get_preview)
        .add("ecr", "SetRepositoryPolicy", policies::set_repository)
        .add("ecr", "GetRepositoryPolicy", policies::get_repository)
        .add("ecr", "DeleteRepositoryPolicy", policies::delete_repository)
        .add("ecr", "PutRegistryPolicy", policies::put_registry)
        .add("ecr", "GetRegistryPolicy", policies::get_registry)
        .add("ecr", "DeleteRegistryPolicy", policies::delete_registry)
        .add("ecr", "PutRegistryScanningConfiguration", scanning::put_registry)
        .add("ecr", "GetRegistryScanningConfiguration", scanning::get_registry)
        .add("ecr", "BatchGetRepositoryScanningConfiguration", scanning::batch_get_repository)
        .add("ecr", "StartImageScan", scanning::start)
        .add("ecr", "DescribeImageScanFindings", scanning::describe_findings)
        .add("ecr", "DescribeRegistry", replication::describe_registry)
        .add("ecr", "PutReplicationConfiguration", replication::put)
        .add("ecr", "DescribeImageReplicationStatus", replication::status)
        .add("ecr", "CreatePullThroughCacheRule", pull_through::create)
        .add("ecr", "DescribePullThroughCacheRules", pull_through::describe)
        .add("ecr", "UpdatePullThroughCacheRule", pull_through::update)
        .add("ecr", "DeletePullThroughCacheRule", pull_through::delete)
        .add("ecr", "ValidatePullThroughCacheRule", pull_through::validate)
        .add("ecr", "CreateRepositoryCreationTemplate", templates::create)
        .add("ecr", "DescribeRepositoryCreationTemplates", templates::describe)
        .add("ecr", "UpdateRepositoryCreationTemplate", templates::update)
        .add("ecr", "DeleteRepositoryCreationTemplate", templates::delete)
        .add("ecr", "GetAccountSetting", account::get_setting)
        .add("ecr", "PutAccountSetting", account::put_setting)
        .add("ecr", "RegisterPullTimeUpdateExclusion", account::register_exclusion)
        .add("ecr", "DeregisterPullTimeUpdateExclusion", account::deregister_exclusion)
        .add("ecr", "ListPullTimeUpdateExclusions", account::list_exclusions)
}

/// Who calls, for an operation on the registry that the request names, if it names one.
async fn caller(call: &Call, registry_id: Option<&str>) -> Result<Person, ApiError> {
    if let Some(other) = registry_id.filter(|id| **id != *call.account) {
        let message =
            format!("The registry with id '{other}' is not served here: this is registry '{}'", call.account);
        return Err(ApiError::new("InvalidParameterException", message));
    }
    person(call).await
}

/// Who calls, for an operation on a repository. A registry that is not here has none.
async fn caller_in(call: &Call, registry_id: Option<&str>, repository: &str) -> Result<Person, ApiError> {
    match registry_id {
        Some(other) if *other != *call.account => Err(failure::no_repository(repository, other)),
        _ => person(call).await,
    }
}
