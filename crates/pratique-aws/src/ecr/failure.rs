//! What went wrong, in ECR's words.

use pratique_service::{ServiceError, Thing, images::Unnamed};

use super::{Call, shapes::ImageIdentifier};
use crate::{ApiError, error::Common};

/// There is no such repository in that registry.
pub(super) fn no_repository(name: &str, registry: &str) -> ApiError {
    let message =
        format!("The repository with name '{name}' does not exist in the registry with id '{registry}'");
    ApiError::new("RepositoryNotFoundException", message)
}

/// Says what became of operations of a call.
pub(super) fn of(call: &Call) -> impl Fn(ServiceError) -> ApiError + '_ {
    move |error| say(call, error)
}

fn say(call: &Call, error: ServiceError) -> ApiError {
    use ServiceError as E;
    let registry = &*call.account;
    let new = |code: &'static str, message: String| ApiError::new(code, message);
    match error {
        E::Denied { what, .. } => denied(call, &what),
        E::Unauthenticated(_) => ApiError::common(Common::MissingToken, "Missing Authentication Token"),
        E::RepositoryUnknown(name) => no_repository(&name, registry),
        E::RepositoryExists(name) => new(
            "RepositoryAlreadyExistsException",
            format!("The repository with name '{name}' already exists in the registry with id '{registry}'"),
        ),
        E::RepositoryNotEmpty(name) => new(
            "RepositoryNotEmptyException",
            format!(
                "The repository with name '{name}' in registry with id '{registry}' cannot be deleted because it still \
                 contains images"
            ),
        ),
        E::ManifestUnknown { reference, repository } => {
            no_image(call, &repository, &ImageIdentifier::of(&reference))
        }
        E::NotScanned(digest) => new(
            "ScanNotFoundException",
            format!(
                "Image scan does not exist for the image with '{{imageDigest:'{digest}'}}' in the registry with id '{registry}'"
            ),
        ),
        E::ImageExists { digest, tag, repository } => {
            let tag = tag.unwrap_or_else(|| "null".into());
            new(
                "ImageAlreadyExistsException",
                format!(
                    "Image with digest '{digest}' and tag '{tag}' already exists in the repository with name \
                     '{repository}' in registry with id '{registry}'"
                ),
            )
        }
        E::TagImmutable { tag, repository } => new(
            "ImageTagAlreadyExistsException",
            format!(
                "The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because \
                 the tag is immutable."
            ),
        ),
        E::BlobUnknown { digest, repository } => new(
            "LayersNotFoundException",
            format!(
                "The layer with digest '{digest}' does not exist in the repository with name '{repository}' in the \
                 registry with id '{registry}'"
            ),
        ),
        E::UploadUnknown(id) => new(
            "UploadNotFoundException",
            format!("The upload with id '{id}' does not exist in the registry with id '{registry}'"),
        ),
        E::Missing { thing, of } => missing(call, thing, &of),
        E::Exists { thing, of } => exists(call, thing, &of),
        E::Archived(digest) => {
            new("ImageArchivedException", format!("The image with digest '{digest}' is archived"))
        }
        E::Unscannable(_) => new(
            "UnsupportedImageTypeException",
            "The operating system and/or package manager are not supported.".into(),
        ),
        E::Limit(message) => new("LimitExceededException", message),
        E::ResourceTagInvalid(message) => new("InvalidTagParameterException", message),
        error @ E::TooManyResourceTags(_) => new("TooManyTagsException", error.to_string()),
        // A gate, a manifest, a digest, a name: what the client sent.
        error if !error.is_ours() => new("InvalidParameterException", error.to_string()),
        error => {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            ApiError::internal(text)
        }
    }
}

fn denied(call: &Call, repository: &str) -> ApiError {
    let resource = call.state.repository_arn(repository);
    match call.caller() {
        Ok(caller) => ApiError::denied(caller, &format!("ecr:{}", call.operation), &resource),
        Err(error) => error,
    }
}

fn missing(call: &Call, thing: Thing, of: &str) -> ApiError {
    let registry = &*call.account;
    let (code, message) = match thing {
        Thing::LifecyclePolicy => (
            "LifecyclePolicyNotFoundException",
            format!(
                "Lifecycle policy does not exist for the repository with name '{of}' in the registry with id '{registry}'"
            ),
        ),
        Thing::LifecyclePreview => (
            "LifecyclePolicyPreviewNotFoundException",
            format!(
                "Lifecycle policy preview does not exist for the repository with name '{of}' in the registry with id \
                 '{registry}'"
            ),
        ),
        Thing::RepositoryPolicy => (
            "RepositoryPolicyNotFoundException",
            format!(
                "Repository policy does not exist for the repository with name '{of}' in the registry with id '{registry}'"
            ),
        ),
        Thing::RegistryPolicy => (
            "RegistryPolicyNotFoundException",
            format!("Registry policy does not exist in the registry with id '{registry}'"),
        ),
        Thing::PullThroughRule => (
            "PullThroughCacheRuleNotFoundException",
            format!(
                "Pull through cache rule with prefix '{of}' does not exist in the registry with id '{registry}'"
            ),
        ),
        Thing::Template => (
            "TemplateNotFoundException",
            format!(
                "Repository creation template with prefix '{of}' does not exist in the registry with id '{registry}'"
            ),
        ),
        Thing::PullTimeExclusion => (
            "ExclusionNotFoundException",
            format!("Pull time update exclusion '{of}' does not exist in the registry with id '{registry}'"),
        ),
    };
    ApiError::new(code, message)
}

fn exists(call: &Call, thing: Thing, of: &str) -> ApiError {
    let code = match thing {
        Thing::PullThroughRule => "PullThroughCacheRuleAlreadyExistsException",
        Thing::Template => "TemplateAlreadyExistsException",
        Thing::PullTimeExclusion => "ExclusionAlreadyExistsException",
        _ => "InvalidParameterException",
    };
    let message = format!("The {thing} '{of}' already exists in the registry with id '{}'", call.account);
    ApiError::new(code, message)
}

/// There is no such image.
pub(super) fn no_image(call: &Call, repository: &str, image: &ImageIdentifier) -> ApiError {
    let message = format!(
        "The image with imageId {} does not exist within the repository with name '{repository}' in the registry with id \
         '{}'",
        image.shown(),
        call.account
    );
    ApiError::new("ImageNotFoundException", message)
}

/// The code and the reason of a failure that is about one image of many.
pub(super) fn of_image(unnamed: &Unnamed) -> (&'static str, String) {
    match unnamed {
        Unnamed::Empty => {
            ("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null".into())
        }
        Unnamed::Digest => (
            "InvalidImageDigest",
            "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'".into(),
        ),
        Unnamed::Tag => (
            "InvalidImageTag",
            "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'".into(),
        ),
        Unnamed::Mismatch => {
            ("ImageTagDoesNotMatchDigest", "Requested image tag does not match the requested digest".into())
        }
        Unnamed::Absent => ("ImageNotFound", "Requested image not found".into()),
        Unnamed::Listed(index) => {
            ("ImageReferencedByManifestList", format!("Requested image referenced by manifest list: [{index}]"))
        }
        Unnamed::Inaccessible(why) => ("ImageInaccessible", why.clone()),
    }
}
